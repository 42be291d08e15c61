"""Sources as people read them: configuration cites in English, and a Vietnamese reader is shown the citation."""

import re

from notifications.catalogue import Language, translate
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.document import CHOSEN

_WORDS = (
    *("article", "articles", "item", "items", "part", "parts", "annex", "table", "tasks", "sets", "set", "form"),
    *("chain", "criterion", "row", "year", "groups"),
    *("of", "to", "and", "prints", "plan", "scheme"),
)
"""The words of a citation that the catalogue translates, as `source.<word>`."""

_JOINING = ("of", "to", "and", "prints")
"""Those that join a citation to what follows, and say nothing at its end."""

_ENGLISH = re.compile(
    r"\b(the|of|and|for|prints|chosen|articles?|items?|parts?|annex|tables?|points|paper|paragraph|within|without|what)\b"
)
_EXPLAINING = re.compile(r"\(?[a-z][a-z'-]+")
_MARKS = "()“”.,;:"

_OF_RULE_SET = re.compile(r"[a-z0-9-]+: ")
"""How the rule of a refusal begins where it is an article of a rule set."""


def source_label(source: str, language: str) -> str:
    """Return a source for readers of a language.

    In Vietnamese the citation at its beginning is kept, with its words translated, and what is chosen for an example
    says so; an explanation in English stays with the English text. A source written in Vietnamese is left as it is.
    """
    if language == Language.EN or not _ENGLISH.search(source):
        return source
    cited = _citation(source)
    chosen = translate(Language.VI, "source.chosen" if not cited else "source.partly_chosen")
    if CHOSEN not in source:
        return cited or source
    return f"{cited}; {chosen}" if cited else chosen


def source_in_both(source: str) -> dict[str, str]:
    """Return a source by language, as a sentence of the catalogue takes it."""
    return {language.value: source_label(source, language) for language in Language}


def tell_in(error: RefusedError, language: Language) -> None:
    """Let a refusal tell itself in a language, and cite its rule in it."""
    error.language = language
    if error.rule is not None:
        rule_set = _OF_RULE_SET.match(error.rule)
        prefix = rule_set.group() if rule_set else ""
        error.rule = prefix + source_label(error.rule.removeprefix(prefix), language)


def _citation(source: str) -> str:
    """Return the words up to the first that explains, translated."""
    words: list[str] = []
    for word in source.replace("table of tasks", "table tasks").split():
        bare = word.strip(_MARKS)
        if bare not in _WORDS and _EXPLAINING.fullmatch(word.rstrip(_MARKS)):
            break
        words.append(word)
        if word.endswith((":", ";")):
            break
    while words and words[-1].strip(_MARKS) in _JOINING:
        words.pop()
    said = " ".join(map(_translated, words))
    if said.count("(") > said.count(")"):
        said = said.rpartition("(")[0]
    return said.strip(",;: ")


def _translated(word: str) -> str:
    bare = word.strip(_MARKS)
    return word.replace(bare, translate(Language.VI, f"source.{bare}")) if bare in _WORDS else word

"""The body of a letter as plain text and as HTML, from one list of things said."""

from dataclasses import dataclass
from functools import cache, partial

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.catalogue import show_weekday, translate
from notifications.letter import Letter, Line, LineKind
from notifications.subject import counted, headline


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of the letter, every part of it said in the letter's language; an empty part is left out."""

    number: int
    label: str
    is_overdue: bool
    headline: str
    about: str
    day: str
    detail: str
    owed_by: str
    why: str
    url: str
    link_label: str


def text_of(letter: Letter) -> str:
    """Return the plain text, which alone says everything."""
    return _rendered(letter, "letter.txt.jinja")


def html_of(letter: Letter) -> str:
    """Return the HTML: one column, its styles in the elements, nothing fetched from elsewhere."""
    return _inliner().inline(_rendered(letter, "letter.html.jinja"))


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("notifications"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    # The media query can't be inlined, so its style element stays; nothing may be fetched while composing.
    return css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)


def _rendered(letter: Letter, template: str) -> str:
    return (
        _templates()
        .get_template(template)
        .render(
            letter=letter,
            say=partial(translate, letter.language),
            counted=counted(letter),
            has_links=any(line.url for line in letter.lines),
            paragraphs=[
                _paragraph(letter, number, line) for number, line in enumerate(letter.lines_in_reading_order(), start=1)
            ],
        )
    )


def _paragraph(letter: Letter, number: int, line: Line) -> Paragraph:
    say = partial(translate, letter.language)
    is_news = line.kind is LineKind.NEWS
    is_overdue = line.is_overdue(letter.local_date)
    shown_headline = headline(letter, line)
    sentence = say(line.act.code, line.act.params)
    label = "overdue" if is_overdue and line.kind is not LineKind.ESCALATION else line.kind.value
    return Paragraph(
        number=number,
        label=say(f"mail.label.{label}"),
        is_overdue=is_overdue,
        headline=shown_headline,
        about="" if line.about in shown_headline else line.about,
        day=_day(letter, line, is_overdue=is_overdue),
        detail="" if sentence == shown_headline else sentence,
        owed_by="" if line.owed_by is None else say("mail.owed_by", {"party": line.owed_by}),
        why="" if line.why is None else say("mail.why", {"why": say(line.why.code, line.why.params)}),
        url=line.url or "",
        link_label=say("mail.open.news" if is_news else "mail.open.task"),
    )


def _day(letter: Letter, line: Line, *, is_overdue: bool) -> str:
    if line.day is None:
        return ""
    weekday = show_weekday(letter.language, line.day)
    if line.last_day is None:
        code, name = "mail.happened", "happened_on"
    else:
        code = "mail.last_day.overdue" if is_overdue else "mail.last_day.expected" if line.expected else "mail.last_day"
        name = "last_on"
    return translate(letter.language, code, {"weekday": weekday, name: line.day.isoformat()})

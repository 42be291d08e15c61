"""Telling what people can do to something now, and what not and why."""

from collections.abc import Sequence

from notifications.catalogue import Language, translate
from ocop_workflow.cli.output import console, print_table
from ocop_workflow.errors import RefusedError
from ocop_workflow.services.source_labels import tell_in


def closed_object(trigger: str, act: str, refusal: RefusedError, language: Language) -> dict[str, str]:
    """Return one act that is not open as the commands print it in JSON: its code and title, and the refusal told."""
    tell_in(refusal, language)
    return {
        "trigger": trigger,
        "act": act,
        "code": refusal.code,
        "rule": refusal.rule or "",
        "sentence": str(refusal),
    }


def print_open_acts(possible: Sequence[str], hindered: Sequence[tuple[str, str]], language: Language) -> None:
    """Print what can be done now, and a table of what is hindered (act and sentence); nothing where there is none."""
    if possible:
        line = f"{translate(language, 'table.open_now')}: {', '.join(possible)}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if hindered:
        columns = [translate(language, f"table.{name}") for name in ("act", "why")]
        print_table(translate(language, "table.not_open"), columns, hindered)

"""Options that many commands share, and how values are read from them."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from notifications.catalogue import Language
from ocop_workflow.clock import OFFICE_ZONE, at_local
from ocop_workflow.errors import InputError
from ocop_workflow.settings import load_settings

DataOption = Annotated[
    Path | None,
    typer.Option("--data", envvar="OCOP_DATA_DIR", help="The data folder.", file_okay=False, show_default=False),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="OCOP_CONFIG_DIR",
        help="The folder with rulesets/, cycles/, units/ and schedules.yaml; by default the one that comes along.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]


def _of_the_installation(context: typer.Context, given: Language) -> Language:
    """Return the language that was asked for, or else the one that the data folder's settings name."""
    source = context.get_parameter_source("language")
    if source is None or source.name != "DEFAULT":  # by name: the class is Typer's own or Click's
        return given
    return load_settings(context.params.get("data")).language


def language_option(help_: str) -> Any:
    """Return the option `--language`: what it gives, else OCOP_LANGUAGE, else the folder's settings, else English."""
    return typer.Option(
        "--language",
        envvar="OCOP_LANGUAGE",
        callback=_of_the_installation,
        help=help_,
        show_default="as in settings.env, else en",
    )


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
CycleOption = Annotated[
    str | None, typer.Option("--cycle", help="The cycle's key, such as PLAN/YEAR; needed when several are here.")
]
LanguageOption = Annotated[Language, language_option("The language of what is printed or written.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        help="Who acts: a position UNIT/ROLE or producer:ID.",
        show_default="the office, on behalf of whoever may",
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="When it happened, such as 2018-03-30T08:00 or 30/03/2018, in the office's zone where none is named. What "
        "came on paper counts from its receipt, not from typing. A live folder takes no instant in the future.",
        show_default="now",
    ),
]


def read_instant(text: str | None) -> datetime | None:
    """Return an instant from ISO 8601, in the office's zone when it names none.

    Raises:
        InputError: It is not one.
    """
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        try:
            instant = datetime.combine(read_day(text), datetime.min.time())
        except InputError as error:
            raise InputError(f"{text[:80]!r} is no instant; write it like 2018-03-30T08:00") from error
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=OFFICE_ZONE)


def read_day(text: str) -> date:
    """Return a day from 2018-03-30 or 30/03/2018.

    Raises:
        InputError: It is neither.
    """
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=OFFICE_ZONE).date()
        except ValueError:
            continue
    raise InputError(f"{text[:80]!r} is no day; write it like 2018-03-30 or 30/03/2018")


def end_of_day(text: str) -> datetime:
    """Return the first instant after a day, as a due date that makes the day the last one in time."""
    day = read_day(text)
    return at_local(date.fromordinal(day.toordinal() + 1), datetime.min.time())

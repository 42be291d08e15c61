"""The command `ocop cycle calendar`: what a plan asks for in a year, before anything is opened."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from notifications.catalogue import Language, Parameter, has_sentence, show_date, show_weekday, translate
from ocop_workflow.cli.cycle import PlanArgument, plan_files
from ocop_workflow.cli.options import ConfigOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import iso, print_csv, print_json, print_table
from ocop_workflow.cli.written_file import write_file
from ocop_workflow.clock import SystemClock, local_day
from ocop_workflow.config_files import PlanFiles
from ocop_workflow.errors import InputError
from ocop_workflow.policy.date_expressions import Firmness, ResolvedDue
from ocop_workflow.policy.ladders import RungMoment
from ocop_workflow.policy.plan import Audience, CyclePlan
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import working_days_of_vietnam
from ocop_workflow.policy.year_calendar import EACH_UNIT, CalendarEntry, year_calendar
from ocop_workflow.services.letters import period_name
from ocop_workflow.services.source_labels import source_label
from ocop_workflow.services.titles import explanation_code, position_title

COLUMNS = ("last_day", "who", "what", "why", "source", "rungs")


def register(app: typer.Typer) -> None:
    """Add this module's command to the commands about cycles."""
    app.command()(calendar)


def calendar(
    plan: PlanArgument,
    year: Annotated[
        int | None, typer.Option(help="The year; needed when the plan has several.", show_default="the plan's only one")
    ] = None,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, as a spreadsheet reads it.")] = False,
    ics: Annotated[
        Path | None,
        typer.Option(
            "--ics", help="Write an iCalendar file to be imported into a calendar; - prints it.", allow_dash=True
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything that a plan asks for in a year, in the order of the dates; nothing is opened or written.

    A step of a round is one line, however many products pass it. What has no date, or a term that only begins to run
    with something else, comes last; the iCalendar file leaves it out. Table, CSV and iCalendar join the reports that
    many units owe on one day.
    """
    files = plan_files(plan, config)
    entries = _entries(files, year)
    if as_json:
        print_json([_entry_object(entry) for entry in entries])
        return
    if ics is not None:
        file = _calendar_file(files, entries, language, year=year_of(files.plan, year))
        write_file(ics, file, said=translate(language, "table.ics"))
        return
    columns = [translate(language, f"table.{name}") for name in COLUMNS]
    rows = list(_rows(entries, files.units, language))
    if as_csv:
        print_csv([columns, *rows])
        return
    dated = sum(entry.due.due_at is not None for entry in entries)
    print_table(
        f"{files.plan.title.in_language(language)} ({files.plan.id})",
        columns,
        rows,
        caption=translate(language, "table.entries", {"count": len(entries), "dated": dated}),
        droppable=(translate(language, "table.source"),),
    )


def why_sentence(due: ResolvedDue, language: Language = Language.EN) -> str:
    """Return how a date came about, or from what its term counts as long as it has no date."""
    params: dict[str, Parameter] = dict(due.params)
    if "anchor" in params:
        params["anchor"] = {language.value: _anchor_title(str(params["anchor"]), language)}
    code = explanation_code(due.code, due.source)
    if due.due_at is None and "anchor" in params:
        waiting = translate(language, f"why.{code}", params)
        return f"{waiting[:1].upper()}{waiting[1:]}"
    reckoned = translate(language, f"due.{code}", params)
    if "rolled_from_on" not in params:
        return reckoned
    moved = {"from_on": params["rolled_from_on"], "last_on": params["last_on"]}
    return f"{reckoned} {translate(language, 'due.rolled', moved)}"


def _anchor_title(anchor: str, language: Language) -> str:
    code = f"anchor.{anchor}"
    return translate(language, code) if has_sentence(code) else anchor.replace("_", " ")


def _entries(files: PlanFiles, year: int | None) -> tuple[CalendarEntry, ...]:
    plan = files.plan
    # Two years more on both sides, as where the plan is checked: a rung lies up to 400 working days from its date.
    days = working_days_of_vietnam(range(plan.first_day.year - 2, plan.runs_until.year + 3), plan.calendar)
    return year_calendar(plan, files.rule_sets, files.units, days=days, year=year_of(plan, year))


def year_of(plan: CyclePlan, year: int | None) -> int:
    """Return the year of a plan that was named, or its only one.

    Raises:
        InputError: The plan has nothing for it, or several years and none was named.
    """
    known = ", ".join(str(each) for each in sorted(plan.years))
    if year is None and len(plan.years) != 1:
        raise InputError(f"plan {plan.id} has the years {known}; name one with --year")
    chosen = next(iter(plan.years)) if year is None else year
    if chosen not in plan.years:
        raise InputError(f"plan {plan.id} has nothing for {chosen}; it has {known}")
    return chosen


def _entry_object(entry: CalendarEntry) -> dict[str, Any]:
    return {
        "due_at": iso(entry.due.due_at),
        "last_day": entry.due.last_day,
        "kind": entry.kind.value,
        "subject": entry.subject,
        "title": entry.title.model_dump(),
        "responsible": entry.responsible,
        "hard": entry.is_hard,
        "source": entry.due.source,
        "why": why_sentence(entry.due),
        "rungs": [
            {
                "at": iso(rung.at),
                "audience": rung.audience.value,
                "useful_until": iso(rung.useful_until),
                "rung": rung.rung,
            }
            for rung in entry.rungs
        ],
    }


def _calendar_file(files: PlanFiles, entries: Iterable[CalendarEntry], language: Language, *, year: int) -> bytes:
    """Return the dated entries as an iCalendar file: one entry for each line of the table, on its last day in time."""
    from notifications.calendar_file import MarkedDay, calendar_file  # noqa: PLC0415 -- icalendar only where it writes

    plan = files.plan
    key, now = f"{plan.id}/{year}", SystemClock().now()
    marked = []
    for line, alike in groupby(entries, key=_line_of):
        entry, *others = alike
        if entry.due.last_day is None:
            continue
        who = _show_responsible(entry.responsible, files.units, language, count=1 + len(others))
        expected = f" ({translate(language, 'table.expected')})" if entry.due.firmness is Firmness.EXPECTED else ""
        marked.append(
            MarkedDay(
                key=f"{key}/{entry.kind}/{line}",
                day=entry.due.last_day,
                summary=f"{_show_title(entry, language)}{expected}",
                description=f"{who}\n{why_sentence(entry.due, language)}\n{source_label(entry.due.source, language)}",
                category=translate(language, f"kind.{entry.kind}"),
                revised_at=now,
                expected=entry.due.firmness is Firmness.EXPECTED,
            )
        )
    name = f"{plan.title.in_language(language)} ({year})"
    return calendar_file(name, marked, key=key, language=language)


def _rows(entries: Iterable[CalendarEntry], units: UnitRegister, language: Language) -> Iterator[tuple[str, ...]]:
    """Yield a line for each entry; the reports of all units on one period are one line."""
    for _, alike in groupby(entries, key=_line_of):
        entry, *others = alike
        rungs = [_show_rung(rung, language) for rung in (entry.rungs[:1] + entry.rungs[-1:])]
        yield (
            _show_last_day(entry.due, language),
            _show_responsible(entry.responsible, units, language, count=1 + len(others)),
            _show_title(entry, language),
            why_sentence(entry.due, language),
            source_label(entry.due.source, language),
            " – ".join(rungs),
        )


def _show_title(entry: CalendarEntry, language: Language) -> str:
    title = entry.title.in_language(language)
    return f"{title} ({period_name(entry.period)})" if entry.period else title


def _line_of(entry: CalendarEntry) -> str:
    return entry.subject.rpartition("/")[0] if entry.period else entry.subject


def _show_last_day(due: ResolvedDue, language: Language) -> str:
    if due.last_day is None:
        return "–"
    day = f"{show_weekday(language, due.last_day)} {show_date(due.last_day)}"
    return f"{day} ({translate(language, 'table.expected')})" if due.firmness is Firmness.EXPECTED else day


def _show_responsible(responsible: str, units: UnitRegister, language: Language, *, count: int) -> str:
    if responsible == PRODUCER:
        return translate(language, "table.any_producer")
    unit_id, _, role_id = responsible.partition("/")
    role = units.roles[role_id].title.in_language(language)
    if count > 1:
        return f"{role} ({translate(language, 'table.units', {'count': count})})"
    if unit_id == EACH_UNIT:
        return f"{role} ({translate(language, 'table.each_unit')})"
    return position_title(units, responsible).in_language(language)


def _show_rung(rung: RungMoment, language: Language) -> str:
    day = show_date(local_day(rung.at))
    if rung.audience is Audience.RESPONSIBLE:
        return day
    return f"{day} ({translate(language, f'audience.{rung.audience}')})"

"""The preview of a year as tables for people and as one object for programs."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from notifications.catalogue import Language, Parameter, show_date, show_weekday, translate
from ocop_workflow.cli.output import console, print_table
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.year_preview import POSITIONS_SHOWN, DayCount, Reader, YearPreview
from ocop_workflow.services.letters import period_name
from ocop_workflow.services.titles import rung_title, show_month
from ocop_workflow.services.year_preview import risk_sentence


def preview_object(preview: YearPreview) -> dict[str, Any]:
    """Return the preview as one JSON object: first the summary as on the page, then everything it is counted from."""
    in_time, late, missing = preview.reports_by_outcome
    summary = {
        "dossiers": preview.dossiers_total,
        "recognised": preview.dossiers.get("recognised", 0),
        "reports": in_time + late + missing,
        "mails": preview.mails_total,
        "busiest_day": preview.busiest[0].day.isoformat() if preview.busiest else None,
        "busiest_count": preview.busiest[0].count if preview.busiest else 0,
        "risks": [
            {"risk": risk.code, "count": risk.part.count, "of": risk.part.of, **risk.params} for risk in preview.risks()
        ],
    }
    return {"simulated": True, "summary": summary, "busiest": _plain(preview.busiest), **_plain(preview)}


def print_preview(preview: YearPreview, language: Language) -> None:
    """Print the preview for people."""
    in_time, late, missing = preview.reports_by_outcome

    def say(code: str, **params: Parameter) -> str:
        return translate(language, f"preview.{code}", params)

    figures = [
        (say("dossiers"), preview.dossiers_total),
        (say("recognised"), preview.dossiers.get("recognised", 0)),
        (say("reports"), in_time + late + missing),
        (say("mails"), preview.mails_total),
    ]
    console.print(
        f"{say('title', year=preview.year)}: {preview.title.in_language(language)}", style="bold", soft_wrap=True
    )
    for name, count in figures:
        console.print(f"  {count:>6} {name}", highlight=False)
    console.print(f"\n{say('risks')}", style="bold")
    for number, risk in enumerate(preview.risks(), start=1):
        console.print(f"  {number}. {risk_sentence(risk, language)}", highlight=False, markup=False, soft_wrap=True)
    console.print()
    print_table(
        say("peaks"), (say("day"), say("mails")), [(_day(each, language), each.count) for each in preview.busiest]
    )
    print_table(
        say("months"),
        (say("month"), *(say(f"reader.{reader}") for reader in Reader), say("total")),
        [(show_month(month), *counts.values(), sum(counts.values())) for month, counts in preview.readers.items()],
    )
    if preview.late:
        print_table(
            say("late"),
            (say("what"), say("late_count"), say("of_all"), say("days_at_most")),
            [
                (each.title.in_language(language), each.late.count, each.late.of, each.days_at_most)
                for each in preview.late
            ],
        )
    print_table(
        say("load"),
        (say("position"), say("heaviest"), say("open_duties")),
        [
            (load.title.in_language(language), show_month(preview.months[load.months.index(load.most)]), load.most)
            for load in preview.loads[:POSITIONS_SHOWN]
        ],
    )
    _print_reports(preview, language)
    for tet in preview.tets:
        days = {"quiet_on": tet.quiet_from, "first_on": tet.first_day_off, "last_on": tet.last_day_off}
        told = say("tet.days", **{name: day.isoformat() for name, day in days.items()})
        count = sum(each.count for each in tet.rungs)
        found = say("tet.rungs", count=count) if count else say("tet.none")
        shown = ", ".join(f"{show_date(each.day)} ({each.count})" for each in tet.rungs)
        console.print(f"{told} {found} {shown}".rstrip(), highlight=False, soft_wrap=True)
    for met in preview.due_on_days_off:
        console.print(
            f"{say('days_off')}: {show_date(met.day)}, {met.title.in_language(language)} "
            f"({say('duties', count=met.duties)})",
            highlight=False,
            soft_wrap=True,
        )
    for silent in preview.silent:
        console.print(
            f"{say('silent')}: {rung_title(silent.rung)[language.value]}, {silent.title.in_language(language)} "
            f"({say('duties', count=silent.duties)})",
            highlight=False,
            soft_wrap=True,
        )
    console.print(say("simulated", seed=preview.seed), style="yellow", highlight=False, soft_wrap=True)


def _print_reports(preview: YearPreview, language: Language) -> None:
    periods = sorted({period for row in preview.reports for period in row.periods})
    if not periods:
        return
    words = [translate(language, f"preview.report.{word}") for word in ("in_time", "late", "missing")]
    rows = [
        (
            row.title.in_language(language),
            *(
                ", ".join(
                    word if count == 1 else f"{count} {word}" for count, word in zip(tally, words, strict=True) if count
                )
                for tally in (row.periods.get(period, (0, 0, 0)) for period in periods)
            ),
        )
        for row in preview.reports
    ]
    print_table(
        translate(language, "preview.matrix"), (translate(language, "preview.unit"), *map(period_name, periods)), rows
    )


def _day(each: DayCount, language: Language) -> str:
    return f"{show_weekday(language, each.day)} {show_date(each.day)}"


def _plain(value: Any) -> Any:
    """Return a value as JSON takes it: titles in both languages, days in ISO 8601."""
    if isinstance(value, LocalText):
        return value.model_dump()
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value

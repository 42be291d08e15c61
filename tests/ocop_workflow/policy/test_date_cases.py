"""Every date of `date_cases.csv` means what the table says: the table came first and is reckoned by hand.

Columns: phrase, document and item as printed; the expression as files write it; the cycle's year; the anchor (an
instant of the office's zone, or the period of a report); the roll-over switch that is not as usual; window start,
first instant too late and last day in time, with `;` between the occurrences of a list; the reckoning.
"""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import yaml
from pydantic import TypeAdapter

from notifications.catalogue import Language, show_date, translate
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, load_calendar
from ocop_workflow.policy.date_expressions import (
    Anchor,
    Due,
    Firmness,
    ReportDue,
    ResolvedDue,
    report_periods,
    resolve_occurrences,
    resolve_report_due,
)
from ocop_workflow.policy.report_periods import ReportInterval
from ocop_workflow.policy.working_days import working_days_of_vietnam

Case = dict[str, str]

CASES: list[Case] = list(
    csv.DictReader((Path(__file__).parent / "date_cases.csv").read_text(encoding="utf-8").splitlines())
)
DAYS = working_days_of_vietnam(range(2013, 2033), load_calendar(default_config_dir()))
REPORT: TypeAdapter[Any] = TypeAdapter(ReportDue)
USUAL = {"roll_counted_terms": True, "roll_fixed_dates": False}
SWITCHES = {
    "": {},
    "roll_fixed_dates": {"roll_fixed_dates": True},
    "no roll_counted_terms": {"roll_counted_terms": False},
}
COUNTED = ("within_days", "within_months", "within_working_days", "cut_off", "before_leaving")

every_case = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"line {line}, {case['document']} {case['item']}: {case['expression']}")
        for line, case in enumerate(CASES, start=2)
    ],
)


def resolve(case: Case) -> tuple[ResolvedDue, ...]:
    """Read a row's expression as a file would and resolve it with the row's anchor and switch."""
    written = {**yaml.load(f"{{{case['expression']}}}", yaml.BaseLoader), "source": case["item"]}  # noqa: S506 -- text
    switches = USUAL | SWITCHES[case["switch"]]
    kind, _, at = case["anchor"].partition(" ")
    if kind in get_args(ReportInterval):
        every = cast("ReportInterval", kind)
        period = next(each for each in report_periods(every, int(at[:4])) if each.id == at)
        due = REPORT.validate_python(written)
        return (resolve_report_due(due, period, zone=OFFICE_ZONE, days=DAYS, **switches),)
    anchors = {Anchor(kind): local(at)} if kind else {}
    due = Due.model_validate(written)
    return resolve_occurrences(due, year=int(case["year"]), zone=OFFICE_ZONE, days=DAYS, anchors=anchors, **switches)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def column(case: Case, name: str) -> list[str]:
    return case[name].split("; ") if case[name] else []


def test_the_table_is_long_enough_and_covers_every_document_and_year() -> None:
    plans = {path.stem for path in (default_config_dir() / "cycles").glob("*.yaml")} & {c["document"] for c in CASES}
    years = {int(day[:4]) for case in CASES for day in column(case, "last_day")}

    assert len(CASES) >= 120
    assert {"cam-pha-2015", "vinh-nguon-2023", "qd-26-2026"} <= {case["document"] for case in CASES}
    assert {"ba-don-2021", "quang-ninh-2017-2020"} <= plans
    assert set(range(2015, 2031)) <= years
    assert all(case["phrase"] and case["item"] and case["reckoning"] for case in CASES)
    assert len({tuple(case.values()) for case in CASES}) == len(CASES)


@every_case
def test_resolve_gives_the_instants_that_a_careful_official_would_name(case: Case) -> None:
    found = resolve(case)
    dated = [each for each in found if each.last_day is not None]

    assert [each.last_day for each in dated] == [date.fromisoformat(day) for day in column(case, "last_day")]
    assert [each.due_at for each in dated] == [local(at) for at in column(case, "too_late_at")]
    assert [each.due_at for each in dated] == [local(day) + timedelta(days=1) for day in column(case, "last_day")]
    if case["expression"].startswith("within"):
        assert [each.opens_at for each in found] == [local(case["anchor"].partition(" ")[2])]
    else:
        opens = [each.opens_at for each in found if each.opens_at is not None]
        assert opens == [local(day) for day in column(case, "opens")]
    expected = case["expression"].startswith("expected")
    assert {each.firmness for each in found} == {Firmness.EXPECTED if expected else Firmness.HARD}


@every_case
@pytest.mark.parametrize("language", list(Language))
def test_every_resolved_date_explains_itself_in_both_languages(case: Case, language: Language) -> None:
    """Dated: the sentence names the last day, as every mail shows it. Why: the same without any day."""
    for resolved in resolve(case):
        params = resolved.params
        if "anchor" in params:
            params = {**params, "anchor": translate(language, f"anchor.{params['anchor']}")}
        said = translate(language, f"due.{resolved.code}", params)
        why = translate(language, f"why.{resolved.code}", params)

        assert (resolved.last_day is None) or show_date(resolved.last_day) in said
        assert "/20" not in why.replace(str(params.get("month", "")), "").replace(str(params.get("quarter", "")), "")
        if "rolled_from_on" in params:
            moved = {"from_on": params["rolled_from_on"], "last_on": params["last_on"]}
            assert show_date(date.fromisoformat(str(moved["from_on"]))) in translate(language, "due.rolled", moved)


@every_case
def test_a_date_moves_only_by_its_own_switch(case: Case) -> None:
    """Fixed dates never move by the switch of counted terms, nor the other way round."""
    counted = resolve(case)[0].code in COUNTED
    other = "roll_fixed_dates" if counted else "no roll_counted_terms"
    if case["switch"] or "leaving" in case["expression"]:
        return

    assert [each.last_day for each in resolve({**case, "switch": other})] == [e.last_day for e in resolve(case)]

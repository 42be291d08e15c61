"""Due dates against the phrases of the published plans: what is printed, and the last day in time."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.policy.date_expressions import (
    Anchor,
    Due,
    Firmness,
    Origin,
    resolve_due,
    resolve_occurrences,
)
from ocop_workflow.policy.periods import add_months
from ocop_workflow.policy.plan import CalendarRules
from ocop_workflow.policy.working_days import DayOutsideCalendarError, working_days_of_vietnam

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DAYS = working_days_of_vietnam(range(2015, 2028), CalendarRules())


def due(**form: object) -> Due:
    return Due.model_validate({**form, "source": "item 1"})


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HANOI)


def day(text: str) -> date:
    return date.fromisoformat(text)


class Phrase(NamedTuple):
    """What a plan prints, where, how it is written here, and what it means."""

    printed: str
    item: str
    form: dict[str, object]
    code: str
    last: str
    first: str | None = None


PHRASES = [
    Phrase("trước ngày 30/6", "qd-26-2026, article 5", {"before": "2026-06-30"}, "before", "2026-06-29"),
    Phrase("Hoàn thiện trong tháng 5/2020", "thai-binh 1", {"by": "2020-05"}, "by_month", "2020-05-31"),
    Phrase("Trong tháng 6/2020", "thai-binh 7.1", {"by": "2020-06"}, "by_month", "2020-06-30"),
    Phrase("Trong tháng 12/2020", "thai-binh 10", {"by": "2020-12"}, "by_month", "2020-12-31"),
    Phrase(
        "Đợt 1: Tháng 4-5/2020", "thai-binh 3", {"window": "2020-04..2020-05"}, "window", "2020-05-31", "2020-04-01"
    ),
    Phrase("Năm 2020", "thai-binh 8", {"by": 2020}, "by_year", "2020-12-31"),
    Phrase("Dự kiến hoàn thành trong tháng 9/2020", "thai-binh 7.3", {"expected": "2020-09"}, "expected", "2020-09-30"),
    Phrase("Dự kiến vào tháng 9/2021", "ba-don", {"expected": "2021-09"}, "expected", "2021-09-30"),
    Phrase("đến cuối năm 2023", "vinh-nguon", {"at": "year-end"}, "year_end", "2023-12-31"),
    Phrase("Quý II/2017", "quang-ninh I.1.1", {"by": "Quý II/2017"}, "by_quarter", "2017-06-30"),
    Phrase("Quý III/2017", "quang-ninh II.2.1.3", {"by": "2017-Q3"}, "by_quarter", "2017-09-30"),
    Phrase(
        "Quý II- III/2017", "quang-ninh II.2.1", {"window": "Quý II- III/2017"}, "window", "2017-09-30", "2017-04-01"
    ),
    Phrase(
        "Quý 2/2017- 4/2020",
        "quang-ninh II.2.2.1",
        {"window": "Quý 2/2017- 4/2020"},
        "window",
        "2020-12-31",
        "2017-04-01",
    ),
    Phrase(
        "Quý 2/2017- 4/2017",
        "quang-ninh II.2.2.4",
        {"window": "Quý 2/2017- 4/2017"},
        "window",
        "2017-12-31",
        "2017-04-01",
    ),
    Phrase(
        "Quý I/2017 - IV/2020",
        "quang-ninh III.3.4",
        {"window": "Quý I/2017 - IV/2020"},
        "window",
        "2020-12-31",
        "2017-01-01",
    ),
    Phrase("Quý I- II/2018", "quang-ninh VI.6.2.1", {"window": "Quý I- II/2018"}, "window", "2018-06-30", "2018-01-01"),
    Phrase(
        "Quý I- II/2018", "quang-ninh VI.6.2.1", {"window": "2018-Q1..2018-Q2"}, "window", "2018-06-30", "2018-01-01"
    ),
    Phrase(
        "Quý III/2017- III/2019",
        "quang-ninh VI.6.3.1",
        {"window": "Quý III/2017- III/2019"},
        "window",
        "2019-09-30",
        "2017-07-01",
    ),
]


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: f"{phrase.item}: {phrase.form}")
def test_resolve_due_gives_the_last_day_that_the_plan_means(phrase: Phrase) -> None:
    last, first = phrase.last, phrase.first
    resolved = resolve_due(due(**phrase.form), year=int(last[:4]), zone=HANOI, days=DAYS)

    assert resolved.last_day == day(last)
    assert resolved.due_at == vn(last) + timedelta(days=1)
    assert resolved.opens_at == (None if first is None else vn(first))
    assert resolved.code == phrase.code
    assert resolved.params["last_on"] == last
    assert resolved.firmness is (Firmness.EXPECTED if phrase.code == "expected" else Firmness.HARD)
    assert (resolved.origin, resolved.source) == (Origin.PLAN, "item 1")


@pytest.mark.parametrize(
    ("form", "params"),
    [
        ({"by": "2020-06"}, {"month": "6/2020", "last_on": "2020-06-30"}),
        ({"by": "Quý II/2017"}, {"quarter": "II/2017", "last_on": "2017-06-30"}),
        ({"by": "quý 4/2018"}, {"quarter": "IV/2018", "last_on": "2018-12-31"}),
        ({"by": 2020}, {"year": 2020, "last_on": "2020-12-31"}),
        ({"by": "2020-02-29"}, {"last_on": "2020-02-29"}),
    ],
)
def test_resolve_due_labels_the_period_for_people(form: dict[str, object], params: dict[str, object]) -> None:
    assert resolve_due(due(**form), year=2020, zone=HANOI, days=DAYS).params == params


@pytest.mark.parametrize("form", [{"at": "none"}, {"at": "ongoing"}])
def test_resolve_due_without_a_date_gives_no_instant(form: dict[str, object]) -> None:
    resolved = resolve_due(due(**form), year=2020, zone=HANOI, days=DAYS)

    assert (resolved.due_at, resolved.last_day, resolved.opens_at) == (None, None, None)
    assert resolved.code == form["at"]


def test_resolve_due_of_a_list_spans_from_its_first_opening_to_its_last_end() -> None:
    """Thái Bình's conferences: đợt 1 in April and May, đợt 2 in October 2020."""
    both = due(list=["2020-04..2020-05", {"by": "2020-10"}])

    span = resolve_due(both, year=2020, zone=HANOI, days=DAYS)
    first, second = resolve_occurrences(both, year=2020, zone=HANOI, days=DAYS)

    assert (span.opens_at, span.last_day, span.code) == (vn("2020-04-01"), day("2020-10-31"), "window")
    assert (first.opens_at, first.last_day) == (vn("2020-04-01"), day("2020-05-31"))
    assert (second.opens_at, second.last_day) == (None, day("2020-10-31"))


@pytest.mark.parametrize(
    ("printed", "ends"),
    [
        ("Quý II/2017 và quý II/2019", ["2017-06-30", "2019-06-30"]),  # quang-ninh VIII.8.1
        ("Quý II/2018 và quý II/2020", ["2018-06-30", "2020-06-30"]),  # quang-ninh VIII.8.2
    ],
)
def test_resolve_occurrences_reads_a_printed_list(printed: str, ends: list[str]) -> None:
    found = resolve_occurrences(due(list=printed), year=2018, zone=HANOI, days=DAYS)

    assert [each.last_day for each in found] == [day(end) for end in ends]


def test_resolve_due_of_a_list_is_expected_only_if_all_are() -> None:
    mixed = due(list=[{"expected": "2020-04"}, {"by": "2020-10"}])
    soft = due(list=[{"expected": "2020-04"}, {"expected": "2020-10"}])

    assert resolve_due(mixed, year=2020, zone=HANOI, days=DAYS).firmness is Firmness.HARD
    assert resolve_due(soft, year=2020, zone=HANOI, days=DAYS).firmness is Firmness.EXPECTED


COUNTED: list[tuple[str, str, str, int]] = [
    # term, local instant of the anchor, last day, days off skipped
    # 15 working days of receipt (qd-26-2026, article 7), over Giỗ Tổ (2/4/2020) and four weekends' days
    ("15 working days of received", "2020-03-20 16:59", "2020-04-13", 9),
    ("2 working days of received", "2018-02-13 09:00", "2018-02-22", 7),  # Tết 14-20/2/2018
    ("1 working days of received", "2018-04-27 23:59", "2018-05-02", 4),
    ("15 days of received", "2018-06-04 00:00", "2018-06-19", 0),
    ("15 days of received", "2018-06-01 10:00", "2018-06-18", 2),  # 16 June is a Saturday
    ("30 days of received", "2018-08-03 10:00", "2018-09-04", 2),  # 2 and 3 September are off
    ("1 months of received", "2018-01-31 10:00", "2018-02-28", 0),
    ("3 months of received", "2018-03-31 10:00", "2018-07-02", 2),  # 30 June is a Saturday
]


@pytest.mark.parametrize(("term", "anchor", "last", "skipped"), COUNTED)
def test_resolve_due_counts_from_the_day_after_the_anchor(term: str, anchor: str, last: str, skipped: int) -> None:
    received = vn(anchor)
    resolved = resolve_due(due(within=term), year=2018, zone=HANOI, days=DAYS, anchors={Anchor.RECEIVED: received})

    assert resolved.last_day == day(last)
    assert resolved.due_at == vn(last) + timedelta(days=1)
    assert resolved.opens_at == received
    assert resolved.code == f"within_{term.split(' ', 1)[1].removesuffix(' of received').replace(' ', '_')}"
    assert resolved.params["start_on"] == (received.date() + timedelta(days=1)).isoformat()
    assert resolved.params["skipped"] == skipped
    assert resolved.params["anchor"] == "received"


def test_resolve_due_takes_the_local_day_of_the_anchor() -> None:
    """17:30 in UTC is already the next day in Hà Nội."""
    anchor = datetime(2018, 6, 4, 17, 30, tzinfo=UTC)
    resolved = resolve_due(
        due(within="1 working day of received"), year=2018, zone=HANOI, days=DAYS, anchors={Anchor.RECEIVED: anchor}
    )

    assert resolved.params["start_on"] == "2018-06-06"
    assert resolved.last_day == day("2018-06-06")


def test_resolve_due_does_not_roll_a_counted_term_when_told_not_to() -> None:
    anchors = {Anchor.RECEIVED: vn("2018-06-01 10:00")}
    form = due(within="15 days of received")

    resolved = resolve_due(form, year=2018, zone=HANOI, days=DAYS, anchors=anchors, roll_counted_terms=False)

    assert resolved.last_day == day("2018-06-16")
    assert "rolled_from_on" not in resolved.params


def test_resolve_due_without_its_anchor_waits() -> None:
    resolved = resolve_due(
        due(within="15 working days of received"),
        year=2018,
        zone=HANOI,
        days=DAYS,
        anchors={Anchor.SUBMITTED: vn("2018-06-01")},
    )

    assert (resolved.due_at, resolved.last_day) == (None, None)
    assert resolved.code == "within_working_days"
    assert resolved.params == {"count": 15, "anchor": "received"}


def test_resolve_due_of_an_expected_window_opens_with_it() -> None:
    resolved = resolve_due(due(expected="2021-08..2021-09"), year=2021, zone=HANOI, days=DAYS)

    assert (resolved.opens_at, resolved.last_day) == (vn("2021-08-01"), day("2021-09-30"))
    assert (resolved.code, resolved.firmness) == ("expected", Firmness.EXPECTED)


def test_resolve_due_of_an_explicitly_empty_date_is_none() -> None:
    resolved = resolve_due(Due(date=None, source="item 1"), year=2021, zone=HANOI, days=DAYS)

    assert (resolved.code, resolved.due_at) == ("none", None)


def test_resolve_due_refuses_a_naive_anchor() -> None:
    naive = datetime(2018, 6, 1)  # noqa: DTZ001 -- the point of the test

    with pytest.raises(ValueError, match="naive"):
        resolve_due(
            due(within="1 days of received"), year=2018, zone=HANOI, days=DAYS, anchors={Anchor.RECEIVED: naive}
        )


@pytest.mark.parametrize(
    ("form", "stays", "moves"),
    [
        ({"by": "2018-04-30"}, "2018-04-30", "2018-05-02"),  # Liberation Day and Labour Day
        ({"before": "2018-05-01"}, "2018-04-30", "2018-05-02"),
        ({"by": "2018-03"}, "2018-03-31", "2018-04-02"),  # a Saturday
        ({"by": "2018-05"}, "2018-05-31", "2018-05-31"),
    ],
)
def test_resolve_due_moves_a_fixed_date_only_when_told_to(form: dict[str, object], stays: str, moves: str) -> None:
    unmoved = resolve_due(due(**form), year=2018, zone=HANOI, days=DAYS)
    moved = resolve_due(due(**form), year=2018, zone=HANOI, days=DAYS, roll_fixed_dates=True)

    assert unmoved.last_day == day(stays)
    assert "rolled_from_on" not in unmoved.params
    assert moved.last_day == day(moves)
    assert moved.code == unmoved.code
    assert moved.params.get("rolled_from_on", stays) == stays


@pytest.mark.parametrize(("cut_off", "on"), [(14, "2018-12-14"), ("2018-06-14", "2018-06-14")])
def test_resolve_due_counts_working_days_from_a_cut_off(cut_off: object, on: str) -> None:
    """Two working days after the 14th (Khánh Hòa, QĐ 01/2023): 14/12/2018 is a Friday, 14/6/2018 a Thursday."""
    resolved = resolve_due(due(cut_off=cut_off, plus="2 working days"), year=2018, zone=HANOI, days=DAYS)

    assert resolved.code == "cut_off"
    assert resolved.params["cut_off_on"] == on
    assert resolved.last_day == {"2018-12-14": day("2018-12-18"), "2018-06-14": day("2018-06-18")}[on]


def test_resolve_due_outside_the_calendar_says_which_years_are_known() -> None:
    anchors = {Anchor.RECEIVED: vn("2027-12-31")}

    with pytest.raises(DayOutsideCalendarError, match="the calendar covers 2015 to 2027"):
        resolve_due(due(within="1 working day of received"), year=2027, zone=HANOI, days=DAYS, anchors=anchors)


DAY_RANGE = st.dates(date(2016, 1, 1), date(2025, 12, 31))


@given(start=DAY_RANGE, count=st.integers(1, 120))
def test_add_months_never_drifts_and_keeps_or_clips_the_day(start: date, count: int) -> None:
    moved = add_months(start, count)

    assert (moved.year - start.year) * 12 + moved.month - start.month == count
    assert moved.day == start.day or (moved.day < start.day and (moved + timedelta(days=1)).day == 1)


@given(start=DAY_RANGE, count=st.integers(1, 60), unit=st.sampled_from(["working days", "days", "months"]))
def test_resolve_due_ends_every_counted_term_on_a_working_day(start: date, count: int, unit: str) -> None:
    count = min(count, 12) if unit == "months" else count
    anchor = datetime(start.year, start.month, start.day, 12, tzinfo=HANOI)
    resolved = resolve_due(
        due(within=f"{count} {unit} of received"),
        year=start.year,
        zone=HANOI,
        days=DAYS,
        anchors={Anchor.RECEIVED: anchor},
    )

    assert resolved.last_day is not None
    assert DAYS.is_working_day(resolved.last_day)
    assert resolved.last_day > start

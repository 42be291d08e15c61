"""A decreed day moves the counted terms that it lies in, and nothing else (I6, issue item 2)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time
from ocop_workflow.errors import InputError
from ocop_workflow.policy.working_days import DayOutsideCalendarError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.calendar_edits import CalendarEdit, moves_by, set_day
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.storage.tables import Event, Obligation
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def vn(text_: str) -> datetime:
    return datetime.fromisoformat(text_).replace(tzinfo=OFFICE_ZONE)


def decree(day: str, *, off: bool = True, actor: str = OFFICE, command: str | None = None) -> CalendarEdit:
    return CalendarEdit(date.fromisoformat(day), off, "bão số 2", "07/QĐ", actor, command)


def decreed(office: "Office", when: str, edit: CalendarEdit) -> list[tuple[str, str, str]]:
    """Decree a day; return what moved by number and step, with the last day before and after."""
    with office.at(when) as work:
        shown = moves_by(work, office.cycle(work), edit)
        moves = set_day(work, office.cycle(work), edit)
        assert [(move.obligation.id, move.after) for move in moves] == [(m.obligation.id, m.after) for m in shown]
        return [
            (
                move.obligation.key.removeprefix("coast-2018/2018/r1/"),
                last_day_in_time(move.before).isoformat() if move.before else "–",
                last_day_in_time(move.after).isoformat(),
            )
            for move in moves
        ]


@pytest.fixture
def received(office: "Office") -> "Office":
    """1-1-1 was received on Tuesday 6 March; the decision is due 10 working days after, on 20 March."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    return office


def owed(office: "Office", step: str = "decision", number: str = "1-1-1") -> Obligation:
    with office.reading() as work:
        return office.obligation(work, step, number)


def test_a_day_off_within_a_counted_term_moves_its_end_and_printed_dates_stay(received: "Office") -> None:
    """The submissions of the other dossiers are printed for 30 March, the reports for 29 March, the meetings too."""
    assert decreed(received, "2018-03-08 08:00", decree("2018-03-14")) == [
        ("1-1-1/registration/decision", "2018-03-20", "2018-03-21")
    ]


@pytest.mark.parametrize(
    ("day", "off", "after"),
    [
        ("2018-03-20", True, "2018-03-21"),  # the last day itself
        ("2018-03-17", False, "2018-03-19"),  # a make-up Saturday shortens
        ("2018-03-21", True, None),  # the day after the last
        ("2018-03-06", True, None),  # the anchor's day is not counted
        ("2018-03-17", True, None),  # a Saturday is off already
        ("2018-03-14", False, None),  # a Wednesday is of work already
    ],
)
def test_only_a_day_that_is_counted_moves_the_end(
    received: "Office", day: str, after: str | None, *, off: bool
) -> None:
    moved = decreed(received, "2018-03-08 08:00", decree(day, off=off))

    assert moved == ([] if after is None else [("1-1-1/registration/decision", "2018-03-20", after)])


def test_the_date_has_a_new_version_its_explanation_follows_and_the_party_is_told(received: "Office") -> None:
    decreed(received, "2018-03-08 08:00", decree("2018-03-14"))

    decision = owed(received)
    assert (decision.due_at, decision.deadline_version) == (vn("2018-03-22 00:00"), 2)
    assert (decision.why_params["last_on"], decision.why_params["skipped"]) == ("2018-03-21", 5)
    with received.reading() as work:
        (news,) = [n for n in received.notices(work, about="1-1-1", rungs=False) if n.code == "news.redated"]
        assert (news.recipient, news.params["last_on"], news.immediate) == ("hill/ocop_team", "2018-03-21", True)
    received.send("2018-03-08 08:00")
    said = [received.text_of(m.message) for m in received.mails() if m.message and "ocop_team.hill" in m.address]
    assert "được tính lại đến hết ngày 21/03/2018" in said[-1]


def test_it_is_one_act_of_the_cycle_and_one_event_of_each_dossier_that_moved(received: "Office") -> None:
    """I6: with the new calendar's hash, so that the record says by which days the date was counted."""
    decreed(received, "2018-03-08 08:00", decree("2018-03-14"))

    with received.reading() as work:
        cycle = received.cycle(work)
        act = work.session.exec(select(Event).where(col(Event.action) == "calendar_changed")).one()
        assert (act.rule, details_of(act)["day"], details_of(act)["days_hash"]) == (
            "07/QĐ",
            "2018-03-14",
            cycle.days_hash,
        )
        event = events_of(work.session, f"dossier:{received.dossier(work).id}")[-1]
        assert (event.action, event.rule) == ("deadlines_recounted", "07/QĐ")
        assert details_of(event)["days_hash"] == cycle.days_hash
        (move,) = details_of(event)["moved"]
        assert (move["due_before"], move["due_after"], move["deadline_version"]) == (
            "2018-03-20T17:00:00+00:00",
            "2018-03-21T17:00:00+00:00",
            2,
        )
        others = events_of(work.session, f"dossier:{received.dossier(work, '2-1-1').id}")
        assert "deadlines_recounted" not in [other.action for other in others]
        assert work.books.of_cycle(work.session, cycle).plan.calendar.days_off == {date(2018, 3, 14): "07/QĐ"}
        assert verify(work.session).faults == ()


def test_the_same_day_again_changes_nothing(received: "Office") -> None:
    assert len(decreed(received, "2018-03-08 08:00", decree("2018-03-14", command="storm"))) == 1
    assert decreed(received, "2018-03-08 08:00", decree("2018-03-14")) == []
    with received.reading() as work:
        assert len(work.session.exec(select(Event).where(col(Event.action) == "calendar_changed")).all()) == 1


def test_taking_a_day_back_brings_the_earlier_date_back(received: "Office") -> None:
    decreed(received, "2018-03-08 08:00", decree("2018-03-14"))
    decreed(received, "2018-03-08 09:00", decree("2018-03-14", off=False))

    assert (owed(received).due_at, owed(received).deadline_version) == (vn("2018-03-21 00:00"), 3)


def test_a_term_that_begins_afterwards_counts_by_the_new_calendar(office: "Office") -> None:
    decreed(office, "2018-03-01 08:00", decree("2018-03-14"))
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)

    assert owed(office).due_at == vn("2018-03-22 00:00")
    with office.reading() as work:
        assert verify(work.session).faults == ()


def test_a_date_that_an_extension_gave_stays(received: "Office") -> None:
    with received.at("2018-03-08 08:00") as work:
        extend(work, received.obligation(work, "decision"), Extension(vn("2018-04-01 00:00"), "x", "1/QĐ", OFFICE))

    assert decreed(received, "2018-03-09 08:00", decree("2018-03-14")) == []


@pytest.mark.parametrize(
    ("when", "day", "off", "moved"),
    [
        # Overdue since 21 March: a day off decreed for the 20th gives a date still to come, on the 21st itself.
        ("2018-03-21 08:00", "2018-03-20", True, ["2018-03-21"]),
        # On the 22nd that date lies in the past: it stays missed since the 21st.
        ("2018-03-22 08:00", "2018-03-20", True, []),
        # A Saturday of work would make today's date one of yesterday.
        ("2018-03-20 08:00", "2018-03-17", False, []),
    ],
)
def test_no_date_moves_into_the_past(received: "Office", when: str, day: str, moved: list[str], *, off: bool) -> None:
    received.enforce(when)
    late_before = owed(received).overdue_at

    assert [after for _, _, after in decreed(received, when, decree(day, off=off))] == moved
    assert owed(received).overdue_at == (None if moved else late_before)


def test_a_lapsed_dossier_is_not_moved(office: "Office") -> None:
    """Returned on 7 March, to be completed by 14 March, lapsed on 24 March whether a sweep has seen it or not (I9)."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.act("2018-03-07 08:00", DossierTrigger.RETURN)
    with office.at("2018-03-26 08:00") as work:
        completion = office.obligation(work, "completion")
        completion.why_params = {**completion.why_params, "count": 20}  # by this count it would end in April
        work.session.add(completion)

    moved = decreed(office, "2018-03-26 08:00", decree("2018-03-27"))
    assert "1-1-1/registration/completion" not in [what for what, _, _ in moved]


def rolling(plan: dict[str, Any]) -> None:
    plan["calendar"] = {"roll_fixed_dates": "true"}


def test_printed_dates_move_where_the_plan_rolls_them_over(office_with: "Callable[..., Office]") -> None:
    """30 March 2018 is a Friday; decreed off, what is printed for it is due on Monday 2 April."""
    office = office_with(plan=rolling)
    office.open()

    moved = decreed(office, "2018-03-08 08:00", decree("2018-03-30"))
    assert moved == [
        (f"{number}/registration/submission", "2018-03-30", "2018-04-02")
        for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2")
    ]
    back = decreed(office, "2018-03-08 09:00", decree("2018-03-30", off=False))
    assert {(before, after) for _, before, after in back} == {("2018-04-02", "2018-03-30")}


def test_a_rung_on_the_new_day_off_moves_and_is_said_once(office: "Office") -> None:
    """A rung never fires on a day off: -7 of 23 March comes on 22 March; the date itself is printed and stays."""
    decreed(office, "2018-03-20 08:00", decree("2018-03-23"))
    office.sweep("2018-03-22 08:00", kinds=(DOSSIER_STEP,))
    office.send("2018-03-22 08:00")
    office.sweep("2018-03-24 08:00", kinds=(DOSSIER_STEP,))

    with office.reading() as work:
        found = {(n.deadline_version, n.rung): (n.moment_at, n.status) for n in office.notices(work, about="1-1-1")}
    assert found[1, "-7"] == (vn("2018-03-22 07:30"), "sent")
    assert len([key for key in found if key[1] == "-7"]) == 1


def test_a_rung_that_had_come_is_decided_by_the_calendar_of_its_day(office: "Office") -> None:
    """I3: -14 came on 16 March and no sweep has seen it; a decree on the 19th does not lose it."""
    decreed(office, "2018-03-19 08:00", decree("2018-03-16"))

    with office.reading() as work:
        (notice,) = [n for n in office.notices(work, about="1-1-1") if n.rung == "-14"]
        assert (notice.moment_at, notice.status) == (vn("2018-03-16 07:30"), "planned")


def test_the_statutory_limit_behind_a_date_is_counted_anew(office_with: "Callable[..., Office]") -> None:
    """Received on 6 March: 15 working days end on 27 March, with a day off on 28 March."""

    def limited(rules: dict[str, Any]) -> None:
        due = {"within": "15 working days of received", "source": "article 9"}
        rules["limits"] = [
            {"id": "term", "stage": "registration", "step": "decision", "due": due, "article": "article 9"}
        ]

    office = office_with(rules=limited)
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    decreed(office, "2018-03-08 08:00", decree("2018-03-14"))

    assert owed(office).limit_at == vn("2018-03-29 00:00")


def test_only_the_office_decrees_with_reason_and_decision_inside_the_calendar(received: "Office") -> None:
    with pytest.raises(OfficeOnlyError):
        decreed(received, "2018-03-08 08:00", decree("2018-03-14", actor="hill/ocop_team"))
    with pytest.raises(DayOutsideCalendarError):
        decreed(received, "2018-03-08 08:00", decree("2045-03-14"))
    with pytest.raises(InputError, match="reason is missing"):
        decreed(received, "2018-03-08 08:00", CalendarEdit(date(2018, 3, 14), True, " ", "07/QĐ", OFFICE))  # noqa: FBT003 -- the day off


def test_a_date_moved_behind_the_record_is_found(received: "Office") -> None:
    decreed(received, "2018-03-08 08:00", decree("2018-03-14"))
    with received.at("2018-03-09 08:00") as work:
        statement = "UPDATE obligation SET due_at = '2018-12-31 00:00:00.000000' WHERE deadline_version > 1"
        work.session.connection().execute(text(statement))
    with received.reading() as work:
        (fault,) = verify(work.session).faults
        assert "registration/decision is not what its acts say" in fault.sentence

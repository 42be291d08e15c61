"""What the regulation itself sets: it dates a step, bounds what may be extended, and is overrun with a reason."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time
from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import events_of
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.overruns import NotOverrunError, overruns_of, record_overrun
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def limit(step: str, due: dict[str, str], *, stage: str = "registration") -> Callable[[dict[str, Any]], None]:
    """Return an edit that lets article 9 set a term for a step."""

    def edit(rules: dict[str, Any]) -> None:
        named = {"step": step} if step else {}
        due_of = {**due, "source": "article 9"}
        rules["limits"] = [{"id": "term", "stage": stage, **named, "due": due_of, "article": "article 9"}]

    return edit


def plan_date(step: str, due: dict[str, str] | None) -> Callable[[dict[str, Any]], None]:
    """Return an edit that gives a step of the registration another date, or none."""

    def edit(plan: dict[str, Any]) -> None:
        dates = plan["years"]["2018"]["rounds"][0]["stages"]["registration"][step]
        del dates["due"]
        if due is not None:
            dates["due"] = {**due, "source": "item 5"}

    return edit


def dated(office: "Office", step: str) -> tuple[str, str, str, str | None, str | None]:
    """Return last day, whose date it is, its source, and the statutory last day behind it with its article."""
    with office.reading() as work:
        owed = office.obligation(work, step)
        assert owed.due_at is not None
        behind = last_day_in_time(owed.limit_at).isoformat() if owed.limit_at else None
        return last_day_in_time(owed.due_at).isoformat(), owed.origin, owed.source, behind, owed.limit_source


@pytest.mark.parametrize(
    ("by_plan", "by_law", "expected"),
    [
        # Received on Tuesday 6 March; 15 working days end on 27 March, 10 on 20 March.
        (None, "15 working days of received", ("2018-03-27", "statutory", "article 9", None, None)),
        (
            "10 working days of received",
            "15 working days of received",
            ("2018-03-20", "plan", "item 5", "2018-03-27", "article 9"),
        ),
        (
            "20 working days of received",
            "15 working days of received",
            ("2018-03-27", "statutory", "article 9", None, None),
        ),
        (
            "15 working days of received",
            "15 working days of received",
            ("2018-03-27", "plan", "item 5", "2018-03-27", "article 9"),
        ),
    ],
)
def test_a_step_goes_by_the_earlier_of_plan_and_regulation(
    office_with: "Callable[..., Office]", by_plan: str | None, by_law: str, expected: tuple[str | None, ...]
) -> None:
    office = office_with(
        plan=plan_date("decision", {"within": by_plan} if by_plan else None),
        rules=limit("decision", {"within": by_law}),
    )
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)

    assert dated(office, "decision") == expected


def test_a_date_that_is_only_expected_gives_way_to_the_regulation(office_with: "Callable[..., Office]") -> None:
    """Received on 6 March, 30 working days end on 17 April; nobody could miss what is foreseen for 31 March."""
    office = office_with(
        plan=plan_date("decision", {"expected": "2018-03-31"}),
        rules=limit("decision", {"within": "30 working days of received"}),
    )
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)

    assert dated(office, "decision")[:2] == ("2018-04-17", "statutory")


def test_a_limit_of_a_stage_is_that_of_its_decision(office_with: "Callable[..., Office]") -> None:
    office = office_with(plan=plan_date("decision", None), rules=limit("", {"within": "15 working days of received"}))
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)

    assert dated(office, "decision")[:3] == ("2018-03-27", "statutory", "article 9")


def grant(office: "Office", when: str, until: str, step: str) -> None:
    with office.at(when) as work:
        extend(work, office.obligation(work, step), Extension(vn(until), "mưa bão", "01/QĐ-GH", OFFICE))


@pytest.mark.parametrize(
    ("step", "law", "acts", "until", "sentence"),
    [
        # The decision's own limit stands behind the plan's date: 27 March.
        (
            "decision",
            limit("decision", {"within": "15 working days of received"}),
            2,
            "2018-03-29 00:00",
            r"28/03/2018 is after 27/03/2018, the statutory last day of decision, which .*\(article 9\)",
        ),
        # A later step's date is fixed by the calendar.
        (
            "submission",
            limit("decision", {"by": "2018-04-10"}),
            0,
            "2018-04-12 00:00",
            r"11/04/2018 is after 10/04/2018, the statutory last day of decision, which .*\(article 9\)",
        ),
        (
            "submission",
            limit("decision", {"by": "2018-04-10"}, stage="evaluation"),
            0,
            "2018-04-12 00:00",
            r"the statutory last day of decision, which depends on this date; .*\(article 9\)",
        ),
        # What a return asks for comes before the decision, whose term runs on.
        (
            "completion",
            limit("decision", {"within": "5 working days of received"}),
            3,
            "2018-04-12 00:00",
            r"is after 13/03/2018, the statutory last day of decision, which .*\(article 9\)",
        ),
        # The date is the regulation's own.
        (
            "decision",
            limit("decision", {"within": "5 working days of received"}),
            2,
            "2018-03-29 00:00",
            r"this date is statutory; it can only be overrun with a reason \(article 9\)",
        ),
    ],
)
def test_no_extension_passes_a_statutory_date(  # noqa: PLR0917 -- a row of the table
    office_with: "Callable[..., Office]",
    step: str,
    law: Callable[[dict[str, Any]], None],
    acts: int,
    until: str,
    sentence: str,
) -> None:
    """Section 4: the refusal cites the article."""
    office = office_with(rules=law)
    office.open()
    for day, trigger in enumerate((DossierTrigger.SUBMIT, DossierTrigger.RECEIVE, DossierTrigger.RETURN)[:acts], 5):
        office.act(f"2018-03-{day:02} 08:00", trigger)

    with pytest.raises(ExtensionRefusedError, match=sentence):
        grant(office, "2018-03-08 08:00", until, step)


@pytest.mark.parametrize("until", ["2018-03-28 00:00", "2018-03-27 00:00"])
def test_an_extension_may_go_up_to_the_statutory_date(office_with: "Callable[..., Office]", until: str) -> None:
    office = office_with(rules=limit("decision", {"within": "15 working days of received"}))
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    grant(office, "2018-03-08 08:00", until, "decision")

    with office.reading() as work:
        assert office.obligation(work, "decision").due_at == vn(until)


def test_a_statutory_date_before_the_extended_one_does_not_bind_it(office_with: "Callable[..., Office]") -> None:
    """The receipt's own limit is over; the decision after it may be extended."""
    office = office_with(rules=limit("receipt", {"within": "3 working days of submitted"}))
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    grant(office, "2018-03-08 08:00", "2018-04-12 00:00", "decision")


# --- overruns ---


@pytest.fixture
def at_council(office: "Office") -> "Office":
    """1-1-1 was received by the council on 9 March; article 7 of the plan gives it 8 working days, to 21 March."""
    office.to_council()
    return office


def record(office: "Office", when: str, reason: str = "Hội đồng thiếu thành viên") -> None:
    with office.at(when) as work:
        record_overrun(work, office.obligation(work, "decision"), reason=reason, actor=OFFICE)


def reported(office: "Office", when: str) -> list[tuple[str, str | None]]:
    with office.reading(when) as work:
        return [(overrun.article, overrun.reason) for overrun in overruns_of(work, office.cycle(work))]


def test_an_overrun_is_reported_with_its_reason_and_the_date_stays(at_council: "Office") -> None:
    assert reported(at_council, "2018-03-21 23:59") == []
    assert reported(at_council, "2018-03-22 00:00") == [("article 7", None)]
    record(at_council, "2018-03-22 08:00")

    assert reported(at_council, "2018-03-23 08:00") == [("article 7", "Hội đồng thiếu thành viên")]
    with at_council.reading() as work:
        event = events_of(work.session, f"dossier:{at_council.dossier(work).id}")[-1]
        assert (event.action, event.rule) == ("statutory_overrun", "article 7")
        assert "Hội đồng" not in event.payload.decode()
        assert at_council.obligation(work, "decision").due_at == vn("2018-03-22 00:00")
        assert verify(work.session).faults == ()


def test_the_same_reason_again_is_no_further_act(at_council: "Office") -> None:
    record(at_council, "2018-03-22 08:00")
    record(at_council, "2018-03-22 08:00")

    with at_council.reading() as work:
        events = events_of(work.session, f"dossier:{at_council.dossier(work).id}")
        assert [event.action for event in events].count("statutory_overrun") == 1


def test_a_date_that_was_kept_has_no_overrun_to_record(at_council: "Office") -> None:
    with pytest.raises(NotOverrunError, match="has overrun no statutory date"):
        record(at_council, "2018-03-21 08:00")


def test_what_was_done_late_stays_reported(at_council: "Office") -> None:
    at_council.score("2018-03-26 08:00", "60")
    record(at_council, "2018-03-27 08:00")

    assert reported(at_council, "2018-06-01 08:00") == [("article 7", "Hội đồng thiếu thành viên")]

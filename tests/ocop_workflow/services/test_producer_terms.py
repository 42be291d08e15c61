"""A producer never pays for an office's delay: what is left of a date that it has eaten up (I5, section 5)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.services.dossiers import DossierLapsedError, Request, apply_trigger
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

TEAM = "hill/ocop_team"
SECOND_DATE = {"by": "2018-05-25", "source": "item 5"}
SECOND_SUBMISSION = {
    "due": SECOND_DATE,
    "ladder": "producer",
    "lapse": {"after_days": "30", "ground": {"vi": "Không nộp", "en": "Not submitted"}, "source": "item 6"},
}


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def producer_forwards(rules: dict[str, Any]) -> None:
    """Let the producer, not the district, submit to the province."""
    stage = rules["route"]["stages"][1]
    stage["submitted_by"], stage["steps"][0]["owner"] = {"producer": "true"}, {"producer": "true"}


def stages_of(plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = plan["years"]["2018"]["rounds"][0]["stages"]
    return found


def with_second_submission(plan: dict[str, Any]) -> None:
    stages_of(plan)["evaluation"]["submission"] = dict(SECOND_SUBMISSION)


def opened(office: "Office") -> "Office":
    """Open the office and bring its first dossier to the district in time."""
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    return office


@pytest.fixture
def two_submissions(office_with: "Callable[..., Office]") -> "Office":
    """The producer submits to the province by 25 May; thirty days later the dossier lapses."""
    return opened(office_with(plan=with_second_submission, rules=producer_forwards))


def owed(office: "Office", step: str) -> tuple[datetime | None, datetime | None, str]:
    with office.reading() as work:
        obligation = office.obligation(work, step)
        return obligation.due_at, obligation.lapse_at, obligation.why_code


def status(office: "Office") -> str:
    with office.reading() as work:
        return office.dossier(work).status


def test_a_decision_in_time_leaves_the_next_date_as_the_plan_has_it(two_submissions: "Office") -> None:
    two_submissions.conclude("2018-03-20 09:00")

    assert owed(two_submissions, "submission") == (vn("2018-05-26 00:00"), vn("2018-06-25 00:00"), "by_day")


def test_a_late_decision_never_lapses_the_dossier_it_sends_on(two_submissions: "Office") -> None:
    """I5: decided on 2 July, five weeks after the producer's next date; nothing lapses, and nothing is late."""
    two_submissions.conclude("2018-07-02 09:00")

    assert owed(two_submissions, "submission") == (vn("2018-07-10 00:00"), vn("2018-08-09 00:00"), "office_delay")
    two_submissions.enforce("2018-07-02 09:15")
    two_submissions.act("2018-07-09 16:00", DossierTrigger.SUBMIT)
    with two_submissions.reading() as work:
        assert two_submissions.obligation(work, "submission").overdue_at is None
    assert status(two_submissions) == "submitted"


def test_a_decision_written_down_late_counts_from_when_the_producer_could_know(two_submissions: "Office") -> None:
    """I5: decided on paper on 20 March, typed in and so told on 2 July."""
    with two_submissions.at("2018-07-02 09:00") as work:
        dossier = two_submissions.dossier(work)
        facts = Request(DossierTrigger.RETURN, TEAM, effective_at=vn("2018-03-20 09:00"))
        apply_trigger(work, dossier, facts)

    assert owed(two_submissions, "completion")[0] == vn("2018-07-10 00:00")
    two_submissions.enforce("2018-07-02 09:30")
    assert status(two_submissions) == "returned"


def test_a_fair_term_that_the_producer_lets_pass_lapses_the_dossier(two_submissions: "Office") -> None:
    """The ground of the plan still holds after the moved date: 9 July, and thirty days."""
    two_submissions.conclude("2018-07-02 09:00")

    two_submissions.enforce("2018-08-09 00:14")
    assert status(two_submissions) == "awaiting_submission"
    with pytest.raises(DossierLapsedError):
        two_submissions.act("2018-08-09 00:00", DossierTrigger.SUBMIT)
    two_submissions.enforce("2018-08-09 00:15")
    assert status(two_submissions) == "lapsed"


def test_a_late_return_leaves_the_producer_five_working_days(office_with: "Callable[..., Office]") -> None:
    """Without a date of its own the completion has the decision's, 20 March; returned on 2 April."""
    office = opened(office_with(plan=lambda plan: stages_of(plan)["registration"].pop("completion")))
    office.act("2018-04-02 08:00", DossierTrigger.RETURN)

    assert owed(office, "completion") == (vn("2018-04-10 00:00"), None, "office_delay")
    office.enforce("2018-04-02 09:00")
    with office.reading() as work:
        assert office.obligation(work, "completion").overdue_at is None


def test_a_term_that_runs_from_the_return_is_as_short_as_the_plan_makes_it(
    office_with: "Callable[..., Office]",
) -> None:
    """No delay, no other date: three working days from a return on Monday 12 March end on Thursday."""

    def short(plan: dict[str, Any]) -> None:
        stages_of(plan)["registration"]["completion"] = {
            "due": {"within": "3 working days of returned", "source": "item 5"}
        }

    office = opened(office_with(plan=short))
    office.act("2018-03-12 08:00", DossierTrigger.RETURN)

    assert owed(office, "completion") == (vn("2018-03-16 00:00"), None, "within_working_days")


def test_a_statutory_date_stays_but_the_dossier_outlives_the_fair_term(office_with: "Callable[..., Office]") -> None:
    """I5: the law's date is past when the office decides; the producer is late by law, and loses nothing by it."""

    def by_law(plan: dict[str, Any]) -> None:
        with_second_submission(plan)
        stages_of(plan)["evaluation"]["submission"]["due"] = {**SECOND_DATE, "origin": "statutory"}

    office = opened(office_with(plan=by_law, rules=producer_forwards))
    office.conclude("2018-07-02 09:00")

    assert owed(office, "submission")[:2] == (vn("2018-05-26 00:00"), vn("2018-07-10 00:00"))
    office.enforce("2018-07-09 23:59")
    assert status(office) == "awaiting_submission"


def test_an_authoritys_own_date_is_not_lengthened(two_submissions: "Office") -> None:
    """A fair term is the producer's; the council's statutory term counts from the receipt, however late all is."""
    two_submissions.conclude("2018-07-02 09:00")
    two_submissions.act("2018-07-03 08:00", DossierTrigger.SUBMIT)
    two_submissions.act("2018-07-04 08:00", DossierTrigger.RECEIVE)

    assert owed(two_submissions, "decision")[0] == vn("2018-07-17 00:00")  # eight working days after 4 July


def test_a_product_registered_late_has_a_fair_term_to_submit(office_with: "Callable[..., Office]") -> None:
    """The office opened its cycle on 28 March, two days before the date of the first submission."""
    office = office_with()
    office.open("2018-03-28 07:30")

    assert owed(office, "submission") == (vn("2018-04-05 00:00"), vn("2018-05-05 00:00"), "office_delay")
    office.enforce("2018-04-04 23:59")
    with office.reading() as work:
        assert office.obligation(work, "submission").overdue_at is None

"""Acts written down after they happened: their instant counts, within what is possible (I9, section 6)."""

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlmodel import select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossiers import Request, TooEarlyError, apply_trigger
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import events_of
from ocop_workflow.services.plan_tasks import complete_task
from ocop_workflow.services.reports import file_report
from ocop_workflow.services.unit_of_work import NotYetError
from ocop_workflow.storage.tables import PlanTask, Report
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

TEAM, OFFICE = "hill/ocop_team", "coast/coordination_office"


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def act(office: "Office", now: str, trigger: DossierTrigger, happened: str) -> None:
    with office.at(now) as work:
        apply_trigger(work, office.dossier(work), Request(trigger, OFFICE, effective_at=vn(happened)))


def test_what_happened_yesterday_counts_from_yesterday(office: "Office") -> None:
    """I9: received on Monday 5 March, typed in on Tuesday; ten working days end on Monday 19 March."""
    act(office, "2018-03-06 09:00", DossierTrigger.SUBMIT, "2018-03-02 10:00")
    act(office, "2018-03-06 09:01", DossierTrigger.RECEIVE, "2018-03-05 16:00")

    with office.reading() as work:
        dossier = office.dossier(work)
        assert (dossier.submitted_at, dossier.received_at) == (vn("2018-03-02 10:00"), vn("2018-03-05 16:00"))
        assert office.obligation(work, "decision").due_at == vn("2018-03-20 00:00")
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]
        assert (event.recorded_at, event.effective_at) == (vn("2018-03-06 09:01"), vn("2018-03-05 16:00"))
        assert verify(work.session).faults == ()


def test_a_submission_in_time_takes_back_a_lateness_that_a_sweep_recorded(office: "Office") -> None:
    """I9: it came on 30 March, the last day, and is typed in on 3 April, when the sweep has called it late."""
    office.enforce("2018-04-02 08:00")
    act(office, "2018-04-03 09:00", DossierTrigger.SUBMIT, "2018-03-30 23:59")

    with office.reading() as work:
        assert office.obligation(work, "submission").overdue_at is None


@pytest.mark.parametrize("minutes", [1, 60 * 24 * 45])
def test_no_service_takes_an_act_of_the_future(office: "Office", minutes: int) -> None:
    """Section 6: an act is recorded when it has happened."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    now = vn("2018-04-02 08:00")
    later = datetime.fromtimestamp(now.timestamp() + minutes * 60, OFFICE_ZONE)
    with office.at(now) as work:
        dossier = office.dossier(work)
        report = work.session.exec(select(Report)).first()
        task = work.session.exec(select(PlanTask)).first()
        assert report is not None
        assert task is not None
        with pytest.raises(NotYetError, match="is in the future"):
            apply_trigger(work, dossier, Request(DossierTrigger.RECEIVE, OFFICE, effective_at=later))
        with pytest.raises(NotYetError):
            conclude(work, dossier, actor=OFFICE, verdict="accepted", effective_at=later)
        with pytest.raises(NotYetError):
            file_report(work, report, actor=OFFICE, figures=None, effective_at=later)
        with pytest.raises(NotYetError):
            complete_task(work, task, actor=OFFICE, effective_at=later)


def test_an_act_of_this_very_instant_is_not_of_the_future(office: "Office") -> None:
    act(office, "2018-03-05 08:00", DossierTrigger.SUBMIT, "2018-03-05 08:00")


def test_nothing_happens_at_a_stage_before_the_dossier_came_to_it(office: "Office") -> None:
    """The district decided on 20 March at 10:00; nobody forwards the dossier before that."""
    act(office, "2018-03-05 08:00", DossierTrigger.SUBMIT, "2018-03-05 08:00")
    act(office, "2018-03-06 08:00", DossierTrigger.RECEIVE, "2018-03-06 08:00")
    with office.at("2018-03-21 09:00") as work:
        conclude(work, office.dossier(work), actor=TEAM, verdict="accepted", effective_at=vn("2018-03-20 10:00"))

    with pytest.raises(TooEarlyError, match="at evaluation since 20/03/2018; nothing can be recorded there before"):
        act(office, "2018-03-22 09:00", DossierTrigger.SUBMIT, "2018-03-20 09:59")
    act(office, "2018-03-22 09:00", DossierTrigger.SUBMIT, "2018-03-20 10:00")


def test_a_withdrawal_is_taken_whenever_the_producer_wrote_it(office: "Office") -> None:
    """The letter of 28 February came before the round opened, and ends the dossier all the same."""
    act(office, "2018-03-06 08:00", DossierTrigger.WITHDRAW, "2018-02-28 08:00")

    with office.reading() as work:
        assert office.dossier(work).closed_at == vn("2018-02-28 08:00")


@pytest.mark.parametrize(("happened", "taken"), [("2018-02-28 23:59", False), ("2018-03-01 00:00", True)])
def test_a_round_takes_dossiers_from_the_day_it_opens(office: "Office", happened: str, *, taken: bool) -> None:
    """Section 3: the round opens on 1 March, whenever the submission is typed in."""
    if taken:
        act(office, "2018-03-02 08:00", DossierTrigger.SUBMIT, happened)
    else:
        with pytest.raises(TooEarlyError, match="at registration since 01/03/2018"):
            act(office, "2018-03-02 08:00", DossierTrigger.SUBMIT, happened)


def test_nobody_submits_before_the_round_has_opened(office: "Office") -> None:
    with pytest.raises(TooEarlyError):
        act(office, "2018-01-05 08:00", DossierTrigger.SUBMIT, "2018-01-05 08:00")


def test_what_came_on_paper_before_the_office_had_the_system_counts_from_its_receipt(unopened_office: "Office") -> None:
    """I9: the cycle is opened on 20 March, in the middle of its round; the dossier came on the 12th."""
    unopened_office.open("2018-03-20 07:30")
    act(unopened_office, "2018-03-20 09:00", DossierTrigger.SUBMIT, "2018-03-12 09:00")
    act(unopened_office, "2018-03-20 09:01", DossierTrigger.RECEIVE, "2018-03-13 09:00")

    with unopened_office.reading() as work:
        assert unopened_office.obligation(work, "decision").due_at == vn("2018-03-28 00:00")
        assert verify(work.session).faults == ()

"""Groups VII and VIII of QĐ 2366 ask for the province's consent before the work: nothing starts without it."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.year_calendar import year_calendar
from ocop_workflow.services.audit import verify
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.plan_tasks import (
    TaskNotOpenError,
    TaskNotPermittedError,
    approve_task,
    complete_task,
    start_task,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import PlanTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

AUTHORITY, LEAD = "coast/province_council", "coast/coordination_office"
CONSENT = {
    "id": "consent",
    "title": {"vi": "Chủ trương của tỉnh", "en": "The province's consent"},
    "authority": {"role": "province_council", "unit": "coast"},
    "source": "item VII",
}


@pytest.fixture
def office(office_with: "Callable[..., Office]") -> "Office":
    """A project from the second quarter on that needs consent."""

    def changed(plan: Any) -> None:
        plan["approvals"] = [CONSENT]
        (task,) = plan["years"]["2018"]["tasks"]
        task |= {"dates": [{"window": "2018-Q2", "source": "item VII.1"}], "needs_approval": "consent"}

    opened = office_with(plan=changed)
    opened.open()
    return opened


def task_of(work: UnitOfWork) -> PlanTask:
    return work.session.exec(select(PlanTask).where(col(PlanTask.occurrence) == 1)).one()


def test_a_task_that_needs_consent_cannot_start_nor_end_without(office: "Office") -> None:
    for act in (start_task, complete_task):
        with (
            office.at("2018-04-02 08:00") as work,
            pytest.raises(TaskNotOpenError, match=f"awaits the approval of {AUTHORITY}; possible here: approve"),
        ):
            act(work, task_of(work), actor=LEAD)


def test_the_authority_owes_its_consent_before_the_window_opens(office: "Office") -> None:
    """The second quarter begins on 1 April: consent is in time until 31 March."""
    with office.reading() as work:
        owed = {o.step: o for o in open_obligations_of(work.session, task_of(work).id)}
        book = work.books.of_cycle(work.session, office.cycle(work))

    assert owed["approval"].party == AUTHORITY
    assert owed["approval"].due_at is not None
    assert owed["approval"].due_at.isoformat() == "2018-03-31T17:00:00+00:00"
    assert owed[None].party == LEAD
    rule_sets = {book.rule_set.id: book.rule_set}
    calendar = year_calendar(book.plan, rule_sets, book.units, days=book.days, year=2018)
    (entry,) = [entry for entry in calendar if entry.subject == "meeting/1/approval"]
    assert (entry.due.due_at, entry.responsible) == (owed["approval"].due_at, AUTHORITY)


def test_consent_opens_the_way_and_settles_only_the_authority(office: "Office") -> None:
    with office.at("2018-03-20 08:00") as work:
        approve_task(work, task_of(work), actor=AUTHORITY, document="12/UBND", command="consent-1")
        approve_task(work, task_of(work), actor=AUTHORITY, document="13/UBND", command="consent-1")
    with office.at("2018-04-02 08:00") as work:
        assert [o.step for o in open_obligations_of(work.session, task_of(work).id)] == [None]
        start_task(work, task_of(work), actor=LEAD)
    with office.at("2018-05-02 08:00") as work:
        task = complete_task(work, task_of(work), actor=LEAD)
        assert (task.status, task.approval_document, task.version) == ("done", "12/UBND", 4)
        assert open_obligations_of(work.session, task.id) == []
        assert verify(work.session).faults == ()


def test_consent_without_document_or_by_somebody_else_is_refused(office: "Office") -> None:
    with office.at("2018-03-20 08:00") as work:
        with pytest.raises(InputError, match="the number of the document that gives the approval is missing"):
            approve_task(work, task_of(work), actor=AUTHORITY, document=" ")
        with pytest.raises(TaskNotPermittedError, match=f"that is for {AUTHORITY}"):
            approve_task(work, task_of(work), actor="hill/ocop_team", document="1/X")


def test_the_authority_is_reminded_with_what_it_is_about(office: "Office") -> None:
    """A week before the last day in time, 31 March 2018, is Saturday 24 March; the rung moves to Friday the 23rd."""
    office.sweep("2018-03-23 07:30", kinds=("plan_task",))
    office.send("2018-03-23 07:30")

    (mail,) = [mail for mail in office.mails() if mail.address.startswith("province_council")]
    text = office.text_of(mail.message or b"")
    assert "Phê duyệt" in text
    assert "Chủ trương của tỉnh" in text
    assert "31/03/2018" in text


@pytest.mark.parametrize("column", ["approval_document = '99/X'", "approved_at = NULL", "started_at = approved_at"])
def test_an_edited_consent_is_found(office: "Office", column: str) -> None:
    with office.at("2018-03-20 08:00") as work:
        approve_task(work, task_of(work), actor=AUTHORITY, document="12/UBND")
    with office.at("2018-03-21 08:00") as work:
        work.session.connection().exec_driver_sql(f"UPDATE plan_task SET {column}")
    with office.reading() as work:
        assert [fault.sentence for fault in verify(work.session).faults] == [
            f"the row's {column.partition(' ')[0]} is not what its events say"
        ]

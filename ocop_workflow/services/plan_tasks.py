"""Dated tasks of the plan, such as the steering meetings: approved where the plan asks for it, started, done."""

from dataclasses import replace
from datetime import datetime

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.approvals import APPROVAL
from ocop_workflow.services.cycle_acts import said
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import Titles
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, PlanTask
from state_machines.lifecycle import TransitionNotAllowedError
from state_machines.plan_task import TaskStatus, TaskTrigger, task_lifecycle

_LIFECYCLE = task_lifecycle()

_STANDING = {
    TaskStatus.AWAITING_APPROVAL: "task_awaiting_approval",
    TaskStatus.OPEN: "task_open",
    TaskStatus.STARTED: "task_started",
    TaskStatus.DONE: "task_done",
    TaskStatus.CANCELLED: "task_cancelled",
}
"""How a refusal tells where a task is, and what is possible there."""


class TaskNotPermittedError(RefusedError):
    """Somebody else leads or approves this task."""


class TaskNotOpenError(RefusedError, TransitionNotAllowedError):
    """The task's state does not take the trigger: it awaits its approval, or is further already."""

    def __init__(self, task: PlanTask, error: TransitionNotAllowedError, *, title: Titles | str, rule: str) -> None:
        """Say where the task is."""
        TransitionNotAllowedError.__init__(self, error.lifecycle, error.state, error.trigger, error.allowed)
        RefusedError.__init__(
            self,
            _STANDING[TaskStatus(task.status)],
            rule=rule,
            task=title,
            occurrence=task.occurrence,
            approver=task.approver or "",
        )


def approve_task(
    work: UnitOfWork,
    task: PlanTask,
    *,
    actor: str,
    document: str,
    effective_at: datetime | None = None,
    command: str | None = None,
) -> PlanTask:
    """Record the consent that a task needs before it starts, with its document, and settle what the authority owed.

    Raises:
        InputError: No document is named.
        TaskNotPermittedError: Neither the authority nor the office records it.
        TaskNotOpenError: It needs no approval, or has it.
    """
    document = said(document, what="the number of the document that gives the approval")
    details = {"document": document}
    act = Act(actor, "task_approved", details=details, effective_at=effective_at, command=command)
    if _apply(work, task, TaskTrigger.APPROVE, act):
        task.approved_at, task.approval_document = work.happened_at(effective_at), document
        _settle(work, task, approval=True)
    return task


def start_task(
    work: UnitOfWork,
    task: PlanTask,
    *,
    actor: str,
    effective_at: datetime | None = None,
    command: str | None = None,
) -> PlanTask:
    """Record that a task was started.

    Raises:
        TaskNotPermittedError: Neither the lead nor the office records it.
        TaskNotOpenError: Its approval is not on file, or it was started before.
    """
    if _apply(work, task, TaskTrigger.START, Act(actor, "task_started", effective_at=effective_at, command=command)):
        task.started_at = work.happened_at(effective_at)
    return task


def complete_task(
    work: UnitOfWork,
    task: PlanTask,
    *,
    actor: str,
    effective_at: datetime | None = None,
    text: str | None = None,
    command: str | None = None,
) -> PlanTask:
    """Record that one occurrence of a plan task was done, and settle what it owed.

    Raises:
        TaskNotPermittedError: Neither the lead nor the office records it.
        TaskNotOpenError: Its approval is not on file, or it is done or cancelled already.
    """
    act = Act(actor, "task_completed", effective_at=effective_at, text=text, command=command)
    if _apply(work, task, TaskTrigger.COMPLETE, act):
        task.done_at = work.happened_at(effective_at)
        _settle(work, task, approval=False)
    return task


def _apply(work: UnitOfWork, task: PlanTask, trigger: TaskTrigger, act: Act) -> bool:
    """Move the task on with its event; return False when this command did it before."""
    if command_done(work.session, act.command):
        return False
    cycle = work.session.get_one(Cycle, task.cycle_id)
    book = work.books.of_cycle(work.session, cycle)
    office = cycle.office_position
    planned = task.approver or office if trigger is TaskTrigger.APPROVE else task.lead
    whose = book.units.successor_of(planned)
    if act.actor not in (whose, office):
        title, rule = _cited(book, task, of_approval=trigger is TaskTrigger.APPROVE)
        raise TaskNotPermittedError("task_not_permitted", rule=rule, actor=act.actor[:80], task=title, permitted=whose)
    before = task.status
    try:
        task.status = _LIFECYCLE.fire(before, trigger)
    except TransitionNotAllowedError as error:
        title, rule = _cited(book, task, of_approval=before == TaskStatus.AWAITING_APPROVAL)
        raise TaskNotOpenError(task, error, title=title, rule=rule) from error
    task.version += 1
    moved = replace(act, from_state=before, to_state=task.status, effective_at=work.happened_at(act.effective_at))
    append_event(work, stream=f"task:{task.id}", seq=task.version, cycle_id=task.cycle_id, act=moved)
    work.session.add(task)
    return True


def _cited(book: Rulebook, task: PlanTask, *, of_approval: bool) -> tuple[Titles | str, str]:
    """Return a task's title and what a refusal cites: the plan's item, or what asks for the task's approval.

    A plan that was amended since may not have the task any more.
    """
    written = next((each for each in book.cycle_year.tasks if each.id == task.task_id), None)
    if written is None:
        return task.task_id, book.plan.source
    approval = book.plan.approval(written.needs_approval) if of_approval else None
    return written.title.model_dump(), written.source if approval is None else approval.source


def _settle(work: UnitOfWork, task: PlanTask, *, approval: bool) -> None:
    """Close what the authority owed, or what the lead owed."""
    at = task.approved_at if approval else task.done_at
    for obligation in open_obligations_of(work.session, task.id):
        if at is not None and (obligation.step == APPROVAL) == approval:
            close_obligation(obligation, status="done", at=at)
            work.session.add(obligation)

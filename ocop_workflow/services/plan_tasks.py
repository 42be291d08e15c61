"""Dated tasks of the plan, such as the steering meetings: approved where the plan asks for it, started, done."""

from dataclasses import replace
from datetime import datetime

from ocop_workflow.errors import InputError
from ocop_workflow.policy.approvals import APPROVAL
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, PlanTask
from state_machines.plan_task import TaskTrigger, task_lifecycle

_LIFECYCLE = task_lifecycle()


class TaskNotPermittedError(InputError):
    """Somebody else leads or approves this task."""


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
        TransitionNotAllowedError: It needs no approval, or has it.
    """
    if not document.strip():
        raise InputError("an approval needs the number of the document that gives it")
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
        TransitionNotAllowedError: Its approval is not on file, or it was started before.
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
        TransitionNotAllowedError: Its approval is not on file, or it is done or cancelled already.
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
    office = cycle.office_position
    planned = task.approver or office if trigger is TaskTrigger.APPROVE else task.lead
    whose = work.books.of_cycle(work.session, cycle).units.successor_of(planned)
    if act.actor not in (whose, office):
        raise TaskNotPermittedError(f"{act.actor} may not {trigger} this task; that is for {whose}")
    before = task.status
    task.status = _LIFECYCLE.fire(before, trigger)
    task.version += 1
    moved = replace(act, from_state=before, to_state=task.status, effective_at=work.happened_at(act.effective_at))
    append_event(work, stream=f"task:{task.id}", seq=task.version, cycle_id=task.cycle_id, act=moved)
    work.session.add(task)
    return True


def _settle(work: UnitOfWork, task: PlanTask, *, approval: bool) -> None:
    """Close what the authority owed, or what the lead owed."""
    at = task.approved_at if approval else task.done_at
    for obligation in open_obligations_of(work.session, task.id):
        if at is not None and (obligation.step == APPROVAL) == approval:
            close_obligation(obligation, status="done", at=at)
            work.session.add(obligation)

"""Dated tasks of the plan, such as the steering meetings."""

from datetime import datetime

from ocop_workflow.errors import InputError
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, PlanTask
from state_machines.plan_task import TaskTrigger, task_lifecycle

_LIFECYCLE = task_lifecycle()


class TaskNotPermittedError(InputError):
    """Somebody else leads this task."""


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
        TransitionNotAllowedError: It is done or cancelled already.
    """
    if command_done(work.session, command):
        return task
    cycle = work.session.get_one(Cycle, task.cycle_id)
    if actor not in (task.lead, cycle.office_position):
        raise TaskNotPermittedError(f"{actor} may not complete this task; that is for {task.lead}")
    at = work.happened_at(effective_at)
    before = task.status
    task.status = _LIFECYCLE.fire(before, TaskTrigger.COMPLETE)
    task.done_at = at
    task.version += 1
    act = Act(
        actor,
        "task_completed",
        from_state=before,
        to_state=task.status,
        effective_at=at,
        text=text,
        command=command,
    )
    append_event(work, stream=f"task:{task.id}", seq=task.version, cycle_id=task.cycle_id, act=act)
    work.session.add(task)
    for obligation in open_obligations_of(work.session, task.id):
        close_obligation(obligation, status="done", at=at)
        work.session.add(obligation)
    return task

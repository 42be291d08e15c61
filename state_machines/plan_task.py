"""The states of a dated task of the plan."""

from enum import StrEnum

from state_machines.lifecycle import Lifecycle, Transition


class TaskStatus(StrEnum):
    """Where a plan task is; one that needs no approval begins open."""

    AWAITING_APPROVAL = "awaiting_approval"
    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskTrigger(StrEnum):
    """What can be done to a plan task."""

    APPROVE = "approve"
    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"


def task_lifecycle() -> Lifecycle:
    """Return the plan task's table."""
    lines = (
        Transition(TaskTrigger.APPROVE, TaskStatus.AWAITING_APPROVAL, TaskStatus.OPEN),
        Transition(TaskTrigger.CANCEL, TaskStatus.AWAITING_APPROVAL, TaskStatus.CANCELLED),
        Transition(TaskTrigger.START, TaskStatus.OPEN, TaskStatus.STARTED),
        Transition(TaskTrigger.COMPLETE, TaskStatus.OPEN, TaskStatus.DONE),
        Transition(TaskTrigger.CANCEL, TaskStatus.OPEN, TaskStatus.CANCELLED),
        Transition(TaskTrigger.COMPLETE, TaskStatus.STARTED, TaskStatus.DONE),
        Transition(TaskTrigger.CANCEL, TaskStatus.STARTED, TaskStatus.CANCELLED),
    )
    return Lifecycle(
        "plan task", TaskStatus.AWAITING_APPROVAL, frozenset({TaskStatus.DONE, TaskStatus.CANCELLED}), lines
    )

"""The states of a dated task of the plan."""

from enum import StrEnum

from state_machines.lifecycle import Lifecycle, Transition


class TaskStatus(StrEnum):
    """Where a plan task is."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskTrigger(StrEnum):
    """What can be done to a plan task."""

    COMPLETE = "complete"
    CANCEL = "cancel"


def task_lifecycle() -> Lifecycle:
    """Return the plan task's table."""
    lines = (
        Transition(TaskTrigger.COMPLETE, TaskStatus.OPEN, TaskStatus.DONE),
        Transition(TaskTrigger.CANCEL, TaskStatus.OPEN, TaskStatus.CANCELLED),
    )
    return Lifecycle("plan task", TaskStatus.OPEN, frozenset({TaskStatus.DONE, TaskStatus.CANCELLED}), lines)

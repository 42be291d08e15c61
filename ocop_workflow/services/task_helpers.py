"""Those who carry a plan task out with its lead or support it: they hear what the lead is reminded of."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from notifications.letter import Wording
from ocop_workflow.policy.approvals import APPROVAL
from ocop_workflow.policy.task_units import TaskRole, helpers_of
from ocop_workflow.services.notices import notice_row
from ocop_workflow.services.obligations import PLAN_TASK
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Notice, Obligation, PlanTask


def helpers(book: Rulebook, task: PlanTask) -> dict[str, TaskRole]:
    """Return the positions besides the lead that have to do with a task, by what they do."""
    planned = next(each for each in book.cycle_year.tasks if each.id == task.task_id)
    return helpers_of(planned, book.plan, book.units, year=book.year)


def helper_rows(
    work: UnitOfWork, cycle: Cycle, book: Rulebook, obligation: Obligation, row: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the notices that tell a task's helpers what its lead is reminded of by `row`, with the same outcome.

    What is late is for the lead alone, and so is everything about a consent.
    """
    if obligation.kind != PLAN_TASK or obligation.step == APPROVAL:
        return
    task = work.session.get_one(PlanTask, obligation.subject_id)
    for position, role in helpers(book, task).items():
        key = f"{obligation.key}|v{obligation.deadline_version}|{row['rung']}|{position}"
        own = notice_row(
            work,
            cycle,
            key=key,
            recipient=position,
            audience=role.value,
            line_kind=row["line_kind"],
            subject_id=row["subject_id"],
            moment_at=row["moment_at"],
        )
        yield {**row, **{name: own[name] for name in ("id", "key", "recipient", "audience")}}


def helper_act(book: Rulebook, task: PlanTask, notice: Notice) -> Wording | None:
    """Return what a helper has to do with a task; None for everybody else."""
    if notice.audience not in {role.value for role in TaskRole}:
        return None
    planned = next(each for each in book.cycle_year.tasks if each.id == task.task_id)
    lead = position_title(book.units, task.lead).model_dump()
    return Wording(f"act.task.{notice.audience}", {"title": planned.title.model_dump(), "lead": lead})


def helping_positions(session: Session, cycle: Cycle, book: Rulebook) -> set[str]:
    """Return everybody whom a reminder of a task may tell besides its lead."""
    with_ladder = {task.id for task in book.cycle_year.tasks if task.ladder is not None}
    if not with_ladder:
        return set()
    rows = session.exec(select(PlanTask).where(col(PlanTask.cycle_id) == cycle.id, col(PlanTask.occurrence) == 1))
    return {position for row in rows if row.task_id in with_ladder for position in helpers(book, row)}

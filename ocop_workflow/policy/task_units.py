"""Who has to do with a task: one task for each unit where every unit of a level owes it, and who helps its lead."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from ocop_workflow.policy.plan import CyclePlan, PlanTask
from ocop_workflow.policy.route import position_of
from ocop_workflow.policy.units import PositionRef, UnitRegister


class TaskRole(StrEnum):
    """What somebody besides the lead has to do with a task."""

    CO_LEAD = "co_lead"
    SUPPORT = "support"


def unfold_tasks(plan: CyclePlan, units: UnitRegister) -> CyclePlan:
    """Return the plan with one task for each unit where a task says `each`: `training` becomes `training.UNIT`.

    The units are those of the lead's level in the office's area that exist when the year begins.
    """
    years = {
        year: content.model_copy(
            update={"tasks": tuple(one for task in content.tasks for one in _unfold(task, plan, units, year))}
        )
        for year, content in plan.years.items()
    }
    return plan.model_copy(update={"years": years})


def _unfold(task: PlanTask, plan: CyclePlan, units: UnitRegister, year: int) -> tuple[PlanTask, ...]:
    if task.each is None:
        return (task,)
    return tuple(
        task.model_copy(
            update={"id": f"{task.id}.{unit}", "each": None, "lead": task.lead.model_copy(update={"unit": unit})}
        )
        for unit in units.units_meant(task.lead, office=plan.office, on=date(year, 1, 1))
    )


def helpers_of(task: PlanTask, plan: CyclePlan, units: UnitRegister, *, year: int) -> dict[str, TaskRole]:
    """Return the positions that carry a task out with its lead or support it, by what they do; the lead left out.

    A reference that names no unit means the one around the lead's unit, or else each unit of its level in the area.
    """
    lead = position_of(task.lead, units=units, unit=plan.office)
    found: dict[str, TaskRole] = {}
    for role, references in ((TaskRole.CO_LEAD, task.co_leads), (TaskRole.SUPPORT, task.support)):
        for reference in references:
            for position in _meant(reference, plan, units, lead=lead, year=year):
                if position != lead:
                    found.setdefault(position, role)
    return found


def _meant(reference: PositionRef, plan: CyclePlan, units: UnitRegister, *, lead: str, year: int) -> Iterator[str]:
    level = reference.level or units.roles[reference.role].level
    around = units.ancestor(lead.partition("/")[0], level)
    if reference.unit is not None or around is not None:
        yield position_of(reference, units=units, unit=lead.partition("/")[0])
        return
    for unit in units.units_meant(reference, office=plan.office, on=date(year, 1, 1)):
        yield f"{unit}/{reference.role}"

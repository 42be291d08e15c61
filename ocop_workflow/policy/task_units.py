"""From a task that every unit of a level owes to one task for each unit."""

from datetime import date

from ocop_workflow.policy.plan import CyclePlan, PlanTask
from ocop_workflow.policy.units import UnitRegister


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

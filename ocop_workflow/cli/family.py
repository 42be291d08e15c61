"""What `ocop cycle check` says of a plan among its family: the plan above it, and those under it."""

from collections.abc import Iterator
from pathlib import Path

from ocop_workflow.config_files import InvalidFilesError, PlanFiles, find_plan, load_plan_files, plans_under
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan_family import dates_after_parent, targets_below_share
from ocop_workflow.policy.working_days import working_days_of_plan
from ocop_workflow.policy.year_calendar import CalendarEntry, year_calendar


def family_notes(files: PlanFiles, config_dir: Path) -> Iterator[str]:
    """Yield where a plan falls behind its parent, and which plans stand under it and would feel a change of it."""
    plan = files.plan
    if plan.parent is not None:
        try:
            above = load_plan_files(find_plan(config_dir, plan.parent), config_dir)
        except InvalidFilesError as error:
            yield f"the parent plan {plan.parent} is not compared: its file has {len(error.faults)} faults"
        except InputError:
            yield f"the parent plan {plan.parent} is not among the configuration's cycles/, so it is not compared"
        else:
            for year in sorted(plan.years.keys() & above.plan.years.keys()):
                yield from dates_after_parent(_calendar(files, year), _calendar(above, year))
            yield from targets_below_share(plan, files.units, above.plan)
    children = plans_under(config_dir, plan.id)
    if children:
        yield f"plans under this one: {', '.join(children)}; look at them again when this one is amended"


def _calendar(files: PlanFiles, year: int) -> tuple[CalendarEntry, ...]:
    plan = files.plan
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    return year_calendar(plan, files.rule_sets, files.units, days=days, year=year)

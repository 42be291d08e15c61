"""A plan beside the plan above it: dates that come too late, targets below their share.

What is compared has the same id in both plans. These are warnings, not faults: a lower office may have agreed on it.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from ocop_workflow.policy.plan import CyclePlan, Target
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.year_calendar import CalendarEntry, CalendarKind


def dates_after_parent(own: Iterable[CalendarEntry], above: Iterable[CalendarEntry]) -> Iterator[str]:
    """Yield a sentence for each step, report or task whose last day comes after the parent's.

    Args:
        own: The calendar of a year of the lower plan.
        above: The calendar of the same year of its parent.
    """
    limits = _last_days(above)
    for (kind, name), last_day in _last_days(own).items():
        limit = limits.get((kind, name))
        if limit is not None and last_day > limit:
            yield (
                f'{kind.value.replace("_", " ")} "{name}" is due by {last_day}, after the parent plan\'s {limit}; '
                "bring it forward, or agree it with the office above"
            )


def targets_below_share(plan: CyclePlan, units: UnitRegister, parent: CyclePlan) -> Iterator[str]:
    """Yield a sentence for each target of the parent, per unit or in percent, that the lower plan undercuts.

    A total of the parent has no share: nothing says how much of it falls to which unit.
    """
    own = {target.id: target for target in plan.targets}
    for target in parent.targets:
        mine = own.get(target.id)
        if mine is None:
            continue
        if target.percent is not None and mine.percent is not None and mine.percent < target.percent:
            yield _below(mine, f"{mine.percent} %", f"{target.percent} %", target)
        if target.least is None or target.per is None or mine.least is None:
            continue
        count = _units_in(units, plan.office, target.per)
        promised = mine.least * (count if mine.per == target.per else 1)
        if promised < target.least * count:
            yield _below(mine, str(promised), str(target.least * count), target)


def _below(mine: Target, promised: str, share: str, target: Target) -> str:
    return (
        f'target "{mine.id}" is {promised}, below its share of {share} in the parent plan ({target.source}); '
        "raise it, or agree it with the office above"
    )


def _units_in(units: UnitRegister, office: str, level: str) -> int:
    """Return how many units of a level lie in an office's area, its own unit included."""
    area = units.unit(office)
    return sum(units.ancestor(unit.id, area.level) == area for unit in units.units_of_level(level))


def _last_days(entries: Iterable[CalendarEntry]) -> dict[tuple[CalendarKind, str], date]:
    """Return the latest last day of each step, report of a period and task occurrence, whoever owes it."""
    found: dict[tuple[CalendarKind, str], date] = {}
    for entry in entries:
        if entry.due.last_day is None:
            continue
        name = entry.subject
        if entry.kind is CalendarKind.DOSSIER_STEP:
            name = name.partition("/")[2]  # a plan names its own rounds
        elif entry.kind is CalendarKind.REPORT:
            name = name.rpartition("/")[0]
        key = (entry.kind, name)
        found[key] = max(found.get(key, entry.due.last_day), entry.due.last_day)
    return found

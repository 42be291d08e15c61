"""What an amendment changes of a plan, and what it may not change under dossiers, reports and tasks of an open year."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocop_workflow.policy.document import Record
from ocop_workflow.policy.plan import CyclePlan, CycleYear

_FIXED = {
    "id": "another plan has a year of its own: open it with `ocop cycle open`",
    "office": "another office's plan has a year of its own: open it with `ocop cycle open`",
    "office_role": "the role that coordinates stays for the year: name its holder with `ocop people`",
    "units": "the year keeps its register of units: name it as it was",
    "first_day": "the horizon of an open year stays: plan what comes later in the next year",
    "runs_until": "the horizon of an open year stays: plan what comes later in the next year",
    "rule_set": "another rule set is a migration and no amendment: name it as it was",
    "councils": "a council stays as the year was opened with: name who holds its positions with `ocop people`",
    "chains": "the planned products stay: register one that comes later with `ocop dossier open`",
    "expansion": "the planned products stay: register one that comes later with `ocop dossier open`",
    "products": "the planned products stay: register one that comes later with `ocop dossier open`",
}
"""What of a plan stays in an open year, each with the remedy."""

_FIXED_OF_ROUND = ("opens_on", "kinds", "rule_set", "stages_off")
_FIXED_OF_DUTY = ("every", "reporters", "collector", "figures", "only_if", "collects")
_FIXED_OF_TASK = ("lead", "each", "co_leads", "support", "needs_approval")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that an amendment changes: its place in the plan, and the value before and after as text, or None."""

    path: str
    before: str | None
    after: str | None


def differences(old: CyclePlan, new: CyclePlan) -> tuple[Difference, ...]:
    """Return every value that differs, in the order of their places."""
    before, after = (dict(_values(plan.model_dump(mode="json"))) for plan in (old, new))
    places = sorted({*before, *after})
    return tuple(
        Difference(place, before.get(place), after.get(place))
        for place in places
        if before.get(place) != after.get(place)
    )


def amended_plan(pinned: CyclePlan, written: CyclePlan) -> CyclePlan:
    """Return an edited plan as a cycle takes it: days off and of work are the cycle's, which only a decree changes."""
    return written.model_copy(update={"calendar": pinned.calendar})


def amendment_faults(pinned: CyclePlan, written: CyclePlan, *, year: int) -> tuple[str, ...]:
    """Return why an edited plan can't amend an open year, one sentence with the remedy for each fault."""
    faults = [f"{name} differs; {remedy}" for name, remedy in _FIXED.items() if _differ(pinned, written, name)]
    faults.extend(_gone("year", map(str, pinned.years), map(str, written.years)))
    faults.extend(_gone("ladder", pinned.ladders, written.ladders))
    faults.extend(_gone("approval", _ids(pinned.approvals), _ids(written.approvals)))
    faults.extend(_changed("approval", pinned.approvals, written.approvals, ("authority",)))
    faults.extend(_gone("support item", _ids(pinned.support), _ids(written.support)))
    if pinned.certificates is not None and written.certificates is None:
        faults.append("certificates are missing; those of this year are followed by them: put them back")
    faults.extend(_calendar(pinned, written))
    if year in written.years:
        faults.extend(_year(pinned.years[year], written.years[year]))
    return tuple(faults)


def _year(old: CycleYear, new: CycleYear) -> Iterator[str]:
    if old.rule_set != new.rule_set:
        yield "the year's rule_set differs; another rule set is a migration and no amendment: name it as it was"
    yield from _gone("round", _ids(old.rounds), _ids(new.rounds))
    yield from _changed("round", old.rounds, new.rounds, _FIXED_OF_ROUND)
    if old.rounds and new.rounds and old.rounds[0].id != new.rounds[0].id:
        yield f"round {new.rounds[0].id} comes before {old.rounds[0].id}; write a new round after those there are"
    for round_ in new.rounds:
        if round_.id not in _ids(old.rounds) and round_.rule_set is not None:
            yield f"the new round {round_.id} names a rule set; a new round is under the year's: leave rule_set out"
    yield from _gone("report duty", _ids(old.report_duties), _ids(new.report_duties))
    yield from _changed("report duty", old.report_duties, new.report_duties, _FIXED_OF_DUTY)
    yield from _gone("task", _ids(old.tasks), _ids(new.tasks))
    yield from _changed("task", old.tasks, new.tasks, _FIXED_OF_TASK)
    after = {task.id: task for task in new.tasks}
    for task in old.tasks:
        if task.id in after and len(after[task.id].dates) < len(task.dates):
            yield f"task {task.id} has fewer dates; what was planned stays: put them back, in their order"


def _calendar(pinned: CyclePlan, written: CyclePlan) -> Iterator[str]:
    """Yield the days within the horizon that are others than the cycle's; days that a decree added may be missing."""
    known, edited = pinned.calendar, written.calendar
    for name in ("roll_counted_terms", "roll_fixed_dates"):
        if _differ(known, edited, name):
            yield f"calendar.{name} differs; how dates roll over stays for the year: write it as it was"
    for name, pinned_days, days in (
        ("days_off", known.days_off, edited.days_off),
        ("working_days", known.working_days, edited.working_days),
    ):
        for day in sorted(set(days) - set(pinned_days)):
            if pinned.first_day <= day < pinned.runs_until:
                yield f"calendar.{name} has {day}, the year has not; decree it with `ocop calendar set-day`"


def _gone(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    for name in sorted(set(old) - set(new)):
        yield f"{what} {name} is missing; what the year was opened with stays: put it back"


def _changed(what: str, old: Sequence[Any], new: Sequence[Any], names: Iterable[str]) -> Iterator[str]:
    after = {each.id: each for each in new}
    for each in old:
        for name in names if each.id in after else ():
            if _differ(each, after[each.id], name):
                yield f"{name} of {what} {each.id} differs; it stays for the year: write it as it was"


def _differ(one: Record, other: Record, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _ids(records: Iterable[Any]) -> list[str]:
    return [record.id for record in records]


def _values(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values of a document by their places; records of a list are placed by their id."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _values(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) and "id" in each for each in value):
        for each in value:
            yield from _values(each, f"{place}.{each['id']}")
    elif value is not None and value not in ([], {}):
        yield place, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

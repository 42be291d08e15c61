"""A succession of units by decision: which units end on a day, and which one takes over from each."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from pydantic import Field

from ocop_workflow.policy.document import Identifier, Record, Source
from ocop_workflow.policy.findings import Finding, repeated_ids, unknown_name
from ocop_workflow.policy.unit_checks import check_register
from ocop_workflow.policy.units import TakenOver, TakeOver, Unit, UnitRegister


class Succession(Record):
    """What a decision about units says. File: any, such as `config/successions/<id>.yaml`.

    `effective_on` is the first day of the successors, and the first day on which the units before are gone.
    """

    id: Identifier
    decision: str = Field(min_length=1, max_length=80)
    source: Source
    effective_on: date
    new_units: tuple[Unit, ...] = ()
    take_overs: tuple[TakeOver, ...] = Field(min_length=1)

    @property
    def ended(self) -> tuple[str, ...]:
        """Return the ids of the units that end."""
        return tuple(unit for each in self.take_overs for unit in each.units)


def concerns(succession: Succession, register: UnitRegister) -> bool:
    """Tell whether a register has a unit that ends by the decision."""
    known = {unit.id for unit in register.units}
    return not known.isdisjoint(succession.ended)


def check_succession(succession: Succession, registers: Iterable[UnitRegister]) -> tuple[Finding, ...]:
    """Return what is wrong in a succession, by itself and for each register that has a unit which ends by it."""
    every = tuple(registers)
    known = {unit.id for register in every for unit in register.units}
    known.update(unit.id for unit in succession.new_units)
    findings = [*_findings_alone(succession), *_unknown_units(succession, known)]
    if not findings:
        for register in every:
            findings += _findings_for(succession, register) if concerns(succession, register) else ()
    return tuple(dict.fromkeys(findings))


def with_succession(register: UnitRegister, succession: Succession) -> UnitRegister:
    """Return a register in which the units that end by a decision are gone from its day, and their successors there.

    No unit is removed: what was written under a name is read under it.
    """
    known = {unit.id for unit in register.units}
    entered = []
    for each in succession.take_overs:
        here = tuple(unit for unit in each.units if unit in known)
        if here:
            values = each.model_dump() | {"units": here}
            entered.append(
                TakenOver(**values, effective_on=succession.effective_on, decision=succession.decision),
            )
    new = [unit for unit in succession.new_units if unit.id not in known]
    before = _predecessors(entered)
    units = []
    for unit in (*register.units, *new):
        update: dict[str, object] = {}
        taken = next((each for each in entered if unit.id in each.units), None)
        if taken is not None:
            heirs = (taken.successor, *taken.producers.values())
            update |= {"valid_until": succession.effective_on, "successors": _joined(unit.successors, heirs)}
        if unit.id in before:
            update["predecessors"] = _joined(unit.predecessors, before[unit.id])
        if unit in new:
            update["valid_from"] = unit.valid_from or succession.effective_on
        units.append(unit.model_copy(update=update) if update else unit)
    return UnitRegister(
        id=register.id,
        source=register.source,
        roles=register.roles,
        units=tuple(units),
        taken_over=(*register.taken_over, *entered),
    )


def _predecessors(entered: Iterable[TakenOver]) -> dict[str, tuple[str, ...]]:
    before: dict[str, tuple[str, ...]] = {}
    for each in entered:
        for heir in (each.successor, *each.producers.values()):
            before[heir] = _joined(before.get(heir, ()), each.units)
    return before


def _joined(first: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *more]))


def _unknown_units(succession: Succession, known: Collection[str]) -> Iterator[Finding]:
    for index, each in enumerate(succession.take_overs):
        named = [(("units", place), unit) for place, unit in enumerate(each.units)]
        for loc, unit in (*named, *_heirs(each)):
            if unit not in known:
                yield unknown_name(("take_overs", index, *loc), "unit", unit, known)


def _heirs(each: TakeOver) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the units that take something over, with their place in the entry."""
    yield ("successor",), each.successor
    for producer, unit in each.producers.items():
        yield ("producers", producer), unit


def _findings_alone(succession: Succession) -> Iterator[Finding]:
    yield from repeated_ids(("new_units",), "unit", [unit.id for unit in succession.new_units])
    seen: set[str] = set()
    for index, each in enumerate(succession.take_overs):
        for place, unit in enumerate(each.units):
            if unit in seen:
                sentence = f'"{unit}" ends twice; one unit takes over, and `producers` names those who went elsewhere'
                yield Finding(("take_overs", index, "units", place), sentence)
            seen.add(unit)
    for index, each in enumerate(succession.take_overs):
        for loc, heir in _heirs(each):
            if heir in seen:
                sentence = f'"{heir}" ends by this decision too; name a unit that stays'
                yield Finding(("take_overs", index, *loc), sentence)


def _findings_for(succession: Succession, register: UnitRegister) -> Iterator[Finding]:
    """Yield what does not fit a register: units gone before, roles that nobody takes over, unknown levels."""
    known = {unit.id: unit for unit in register.units}
    new = {unit.id: unit for unit in succession.new_units if unit.id not in known}
    found = list(_new_unit_findings(succession, register, new))
    there = {**known, **new}
    for index, each in enumerate(succession.take_overs):
        ending = [(place, known[unit]) for place, unit in enumerate(each.units) if unit in known]
        for place, unit in ending:
            found += _time_findings(("take_overs", index, "units", place), unit, succession, register)
            if each.successor in there:
                found += _role_findings(("take_overs", index), each, unit, there[each.successor], register)
        for loc, name in _heirs(each) if ending else ():
            heir = there.get(name)
            if heir is None:
                found.append(unknown_name(("take_overs", index, *loc), "unit", name, there))
            elif heir.valid_until is not None and heir.valid_until <= succession.effective_on:
                sentence = f'"{name}" is gone by then; name a unit that stays'
                found.append(Finding(("take_overs", index, *loc), sentence))
    if not found:
        whole = check_register(with_succession(register, succession))
        found = [Finding(("new_units",), finding.sentence) for finding in whole]
    yield from found


def _new_unit_findings(succession: Succession, register: UnitRegister, new: Mapping[str, Unit]) -> Iterator[Finding]:
    levels = {unit.level for unit in register.units}
    known = {*new, *(unit.id for unit in register.units)}
    for index, unit in enumerate(succession.new_units):
        if unit.level not in levels:
            yield unknown_name(("new_units", index, "level"), "level", unit.level, levels)
        if unit.parent is not None and unit.parent not in known:
            yield unknown_name(("new_units", index, "parent"), "unit", unit.parent, known)


def _time_findings(
    loc: tuple[str | int, ...], unit: Unit, succession: Succession, register: UnitRegister
) -> Iterator[Finding]:
    day = succession.effective_on
    entry = next((each for each in register.taken_over if unit.id in each.units), None)
    if entry is not None:
        since = f"{entry.effective_on:%d/%m/%Y} by {entry.decision}"
        yield Finding(loc, f'"{unit.id}" was taken over by "{entry.successor}" on {since}; leave it out')
    elif unit.valid_until is not None and unit.valid_until != day:
        until = f"{unit.valid_until:%d/%m/%Y}"
        yield Finding(loc, f'"{unit.id}" is gone since {until} by the register; correct `effective_on`')
    elif unit.valid_from is not None and unit.valid_from >= day:
        yield Finding(loc, f'"{unit.id}" begins on {unit.valid_from:%d/%m/%Y} only; correct `effective_on`')


def _role_findings(
    loc: tuple[str | int, ...], each: TakeOver, unit: Unit, heir: Unit, register: UnitRegister
) -> Iterator[Finding]:
    fitting = sorted(name for name, role in register.roles.items() if role.level == heir.level)
    for role_id, role in register.roles.items():
        if role.level == unit.level and each.roles.get(role_id, role_id) not in fitting:
            sentence = (
                f'nobody in "{heir.id}" takes over the role "{role_id}" of "{unit.id}"; name one of '
                f"{', '.join(fitting) or 'the roles of its level, of which there are none'} under `roles`"
            )
            yield Finding((*loc, "roles"), sentence)

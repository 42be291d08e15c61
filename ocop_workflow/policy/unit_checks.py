"""Checks of a unit register, and of whether a rule set fits it."""

from collections.abc import Iterator

from ocop_workflow.policy.findings import Finding, repeated_ids, unknown_name
from ocop_workflow.policy.rule_set import Owner, RuleSet
from ocop_workflow.policy.units import Unit, UnitRegister


def check_register(register: UnitRegister) -> tuple[Finding, ...]:
    """Return what is wrong in a register: repeated ids, unknown units, levels and roles."""
    return (*_unit_findings(register), *_role_findings(register))


def check_rule_set_in_register(rule_set: RuleSet, register: UnitRegister) -> tuple[Finding, ...]:
    """Return where a rule set names levels or roles that the register does not have."""
    levels = {unit.level for unit in register.units}
    findings = [
        unknown_name(("levels", index), "level", level, levels)
        for index, level in enumerate(rule_set.levels)
        if level not in levels
    ]
    for loc, owner in _owners(rule_set):
        role = register.roles.get(owner.role or "")
        if owner.role is not None and role is None:
            findings.append(unknown_name((*loc, "role"), "role", owner.role, register.roles))
        elif role is not None and owner.level is not None and role.level != owner.level:
            sentence = f'the role "{owner.role}" belongs to level "{role.level}", not "{owner.level}"; correct one'
            findings.append(Finding((*loc, "level"), sentence))
    return tuple(findings)


def _owners(rule_set: RuleSet) -> Iterator[tuple[tuple[str | int, ...], Owner]]:
    for index, stage in enumerate(rule_set.route.stages):
        loc = ("route", "stages", index)
        yield (*loc, "submitted_by"), stage.submitted_by
        yield (*loc, "decided_by"), stage.decided_by
        for step_index, step in enumerate(stage.steps):
            yield (*loc, "steps", step_index, "owner"), step.owner


def _unit_findings(register: UnitRegister) -> Iterator[Finding]:
    ids = [unit.id for unit in register.units]
    yield from repeated_ids(("units",), "unit", ids)
    for index, unit in enumerate(register.units):
        for key, name in _named_units(unit):
            if name not in ids:
                yield unknown_name(("units", index, key), "unit", name, ids)
        if unit.valid_from and unit.valid_until and unit.valid_until <= unit.valid_from:
            yield Finding(
                ("units", index, "valid_until"), f'"{unit.id}" ends before it begins; correct one of the days'
            )
        if _is_its_own_ancestor(unit, register):
            yield Finding(("units", index, "parent"), f'"{unit.id}" lies in itself; correct its parent')


def _named_units(unit: Unit) -> Iterator[tuple[str, str]]:
    if unit.parent is not None:
        yield "parent", unit.parent
    for name in unit.predecessors:
        yield "predecessors", name
    for name in unit.successors:
        yield "successors", name


def _is_its_own_ancestor(unit: Unit, register: UnitRegister) -> bool:
    parents = {each.id: each.parent for each in register.units}
    above = unit.parent
    for _ in parents:
        if above == unit.id:
            return True
        above = parents.get(above) if above is not None else None
    return False


def _role_findings(register: UnitRegister) -> Iterator[Finding]:
    levels = {unit.level for unit in register.units}
    for role_id, role in register.roles.items():
        if role.level not in levels:
            yield unknown_name(("roles", role_id, "level"), "level", role.level, levels)
        if role.superior is None:
            continue
        superior = register.roles.get(role.superior)
        if superior is None:
            yield unknown_name(("roles", role_id, "superior"), "role", role.superior, register.roles)
        elif role.superior_in == "unit" and superior.level != role.level:
            sentence = (
                f'"{role.superior}" is of level "{superior.level}"; write superior_in: parent, or a role of the unit'
            )
            yield Finding(("roles", role_id, "superior"), sentence)

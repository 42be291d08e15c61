"""Checks of a plan against the rule sets and the unit register it names."""

from collections.abc import Iterator, Mapping

from ocop_workflow.policy.date_checks import check_dates
from ocop_workflow.policy.findings import Finding, Location, repeated_ids, unknown_name
from ocop_workflow.policy.plan import CyclePlan, CycleYear, Round
from ocop_workflow.policy.report_tree import check_report_duties
from ocop_workflow.policy.route import COMPLETION, lifecycle_of, stages_of
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.units import PositionRef, UnitRegister


def check_plan(plan: CyclePlan, rule_sets: Mapping[str, RuleSet], units: UnitRegister) -> tuple[Finding, ...]:
    """Return what is wrong in a plan.

    Args:
        plan: The plan, with the installation's calendar merged in.
        rule_sets: The rule sets it names, by id; rounds whose rule set is missing here are passed over.
        units: The register it names.
    """
    return (
        *_names(plan, units),
        *_councils(plan, rule_sets),
        *(finding for loc, reference in _positions(plan) for finding in _position(loc, reference, units)),
        *_gone_units(plan, units),
        *_chain_levels(plan, rule_sets, units),
        *_office_levels(plan, units),
        *(finding for year, content in plan.years.items() for finding in _year(plan, year, content, rule_sets)),
        *check_dates(plan, rule_sets),
    )


def _names(plan: CyclePlan, units: UnitRegister) -> Iterator[Finding]:
    unit_ids = [unit.id for unit in units.units]
    if plan.office not in unit_ids:
        yield unknown_name(("office",), "unit", plan.office, unit_ids)
    else:
        yield from _position(
            ("office_role",), PositionRef(role=plan.office_role, unit=plan.office), units, role_key=None
        )
    for index, chain in enumerate(plan.chains):
        if chain.unit not in unit_ids:
            yield unknown_name(("chains", index, "unit"), "unit", chain.unit, unit_ids)
        if chain.number in [earlier.number for earlier in plan.chains[:index]]:
            sentence = f"chain {chain.number} stands twice; give each chain its own number"
            yield Finding(("chains", index, "number"), sentence)
    for name, ladder in plan.ladders.items():
        yield from repeated_ids(("ladders", name, "rungs"), "rung", [rung.id for rung in ladder.rungs])
    yield from repeated_ids(("targets",), "target", [target.id for target in plan.targets])
    yield from repeated_ids(("approvals",), "approval", [approval.id for approval in plan.approvals])


def _gone_units(plan: CyclePlan, units: UnitRegister) -> Iterator[Finding]:
    """Find chains whose unit is gone before the plan's last year begins, or not there yet."""
    if not plan.years:
        return
    last = max(plan.years)
    for index, chain in enumerate(plan.chains):
        unit = next((unit for unit in units.units if unit.id == chain.unit), None)
        if unit is not None and unit.valid_until is not None and unit.valid_until.year < last:
            heirs = ", ".join(unit.successors) or "its successor"
            sentence = f'unit "{unit.id}" ended on {unit.valid_until}, before the year {last}; name {heirs} instead'
            yield Finding(("chains", index, "unit"), sentence)


def _chain_levels(plan: CyclePlan, rule_sets: Mapping[str, RuleSet], units: UnitRegister) -> Iterator[Finding]:
    """Find chains whose unit lies in no unit of a level that acts on the route: nobody could take their dossiers."""
    known = {unit.id for unit in units.units}
    acting = {
        (owner.level or units.roles[owner.role].level): stage.id
        for rule_set in rule_sets.values()
        for stage in reversed(rule_set.route.stages)
        for owner in (stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps))
        if owner.role in units.roles
    }
    levels = {unit.level for unit in units.units}
    for index, chain in enumerate(plan.chains):
        for level, stage_id in acting.items():
            if chain.unit in known and level in levels and units.ancestor(chain.unit, level) is None:
                sentence = (
                    f'unit "{chain.unit}" lies in no unit of level "{level}", which acts at stage "{stage_id}"; '
                    "name a smaller unit"
                )
                yield Finding(("chains", index, "unit"), sentence)


def _office_levels(plan: CyclePlan, units: UnitRegister) -> Iterator[Finding]:
    """Find tasks led by a level below the office without saying in which unit."""
    if plan.office not in {unit.id for unit in units.units}:
        return
    for year, content in plan.years.items():
        for index, task in enumerate(content.tasks):
            role = units.roles.get(task.lead.role)
            if role is None or task.lead.unit is not None:
                continue
            level = task.lead.level or role.level
            if units.ancestor(plan.office, level) is None:
                sentence = f'the office lies in no unit of level "{level}"; name the unit that leads task "{task.id}"'
                yield Finding(("years", year, "tasks", index, "lead"), sentence)


def _councils(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> Iterator[Finding]:
    judged_by = {stage.id: stage.judged_by for rules in rule_sets.values() for stage in rules.route.stages}
    for stage_id in plan.councils:
        if stage_id not in judged_by:
            yield unknown_name(("councils", stage_id), "stage", stage_id, judged_by)
        elif judged_by[stage_id] != "council":
            sentence = f'stage "{stage_id}" is judged by verdict and has no council; remove this one'
            yield Finding(("councils", stage_id), sentence)


def _positions(plan: CyclePlan) -> Iterator[tuple[Location, PositionRef]]:
    for index, approval in enumerate(plan.approvals):
        yield ("approvals", index, "authority"), approval.authority
    for year, content in plan.years.items():
        for index, duty in enumerate(content.report_duties):
            yield ("years", year, "report_duties", index, "reporters"), duty.reporters
            yield ("years", year, "report_duties", index, "collector"), duty.collector
        for index, task in enumerate(content.tasks):
            yield ("years", year, "tasks", index, "lead"), task.lead
            for at, support in enumerate(task.support):
                yield ("years", year, "tasks", index, "support", at), support


def _position(
    loc: Location, reference: PositionRef, units: UnitRegister, *, role_key: str | None = "role"
) -> Iterator[Finding]:
    role_loc = loc if role_key is None else (*loc, role_key)
    role = units.roles.get(reference.role)
    levels = {unit.id: unit.level for unit in units.units}
    level = reference.level
    if reference.unit is not None:
        level = levels.get(reference.unit)
        if level is None:
            yield unknown_name((*loc, "unit"), "unit", reference.unit, levels)
    elif level is not None and level not in levels.values():
        yield unknown_name((*loc, "level"), "level", level, set(levels.values()))
        level = None
    if role is None:
        yield unknown_name(role_loc, "role", reference.role, units.roles)
    elif level is not None and role.level != level:
        sentence = f'the role "{reference.role}" belongs to level "{role.level}", not "{level}"; correct one of them'
        yield Finding(role_loc, sentence)


def _year(plan: CyclePlan, year: int, content: CycleYear, rule_sets: Mapping[str, RuleSet]) -> Iterator[Finding]:
    loc: Location = ("years", year)
    yield from repeated_ids((*loc, "rounds"), "round", [round_.id for round_ in content.rounds])
    yield from repeated_ids((*loc, "report_duties"), "report duty", [duty.id for duty in content.report_duties])
    yield from repeated_ids((*loc, "tasks"), "task", [task.id for task in content.tasks])
    for index, round_ in enumerate(content.rounds):
        rule_set = rule_sets.get(round_.rule_set or content.rule_set or plan.rule_set)
        if rule_set is not None:
            yield from _round((*loc, "rounds", index), plan, round_, rule_set)
    for index, duty in enumerate(content.report_duties):
        yield from _ladder((*loc, "report_duties", index, "ladder"), duty.ladder, plan)
        yield from repeated_ids(
            (*loc, "report_duties", index, "figures"), "figure", [figure.id for figure in duty.figures]
        )
    yield from check_report_duties((*loc, "report_duties"), plan, content)
    approvals = [approval.id for approval in plan.approvals]
    for index, task in enumerate(content.tasks):
        yield from _ladder((*loc, "tasks", index, "ladder"), task.ladder, plan)
        if task.needs_approval is not None and task.needs_approval not in approvals:
            yield unknown_name((*loc, "tasks", index, "needs_approval"), "approval", task.needs_approval, approvals)


def _round(loc: Location, plan: CyclePlan, round_: Round, rule_set: RuleSet) -> Iterator[Finding]:
    yield from _in_force(loc, round_, rule_set)
    yield from _lifecycles(loc, round_, rule_set)
    stages = {stage.id: stage for stage in rule_set.route.stages}
    for at, stage_id in enumerate(round_.stages_off):
        if stage_id not in stages:
            yield unknown_name((*loc, "stages_off", at), "stage", stage_id, stages)
        elif not stages[stage_id].can_be_switched_off:
            sentence = f'stage "{stage_id}" can\'t be switched off under rule set "{rule_set.id}"; remove it here'
            yield Finding((*loc, "stages_off", at), sentence)
    for stage_id, dated in round_.stages.items():
        here = (*loc, "stages", stage_id)
        if stage_id not in stages:
            yield unknown_name(here, "stage", stage_id, stages)
            continue
        steps = {step.id: step for step in stages[stage_id].steps}
        for step_id, dates in dated.items():
            if step_id == COMPLETION:  # what a return asks of whoever submitted; no step of the route
                yield from _ladder((*here, step_id, "ladder"), dates.ladder, plan)
                continue
            if step_id not in steps:
                yield unknown_name((*here, step_id), "step", step_id, steps)
                continue
            yield from _ladder((*here, step_id, "ladder"), dates.ladder, plan)
            if dates.lapse is not None and not steps[step_id].owner.producer:
                sentence = f"step \"{step_id}\" is not the producer's, so it can't lapse a dossier; remove the lapse"
                yield Finding((*here, step_id, "lapse"), sentence)


def _in_force(loc: Location, round_: Round, rule_set: RuleSet) -> Iterator[Finding]:
    """Find a round that takes dossiers under a text that is not in force then."""
    start, until = rule_set.in_force.start, rule_set.in_force.until
    if round_.opens_on < start or (until is not None and round_.opens_on >= until):
        term = f"from {start}" + (f" until {until}" if until else "")
        sentence = (
            f'rule set "{rule_set.id}" is in force {term}, not on {round_.opens_on}; choose the one in force then'
        )
        yield Finding((*loc, "opens_on"), sentence)


def _lifecycles(loc: Location, round_: Round, rule_set: RuleSet) -> Iterator[Finding]:
    """Find a round whose kinds or switched-off stages leave a dossier without a way on (promise I5)."""
    for kind in round_.kinds:
        stages = stages_of(rule_set, round_, kind)
        faults = lifecycle_of(rule_set.route, stages).faults() if stages else ("no stage is left",)
        if faults and round_.stages_off:
            sentence = f"without these stages a dossier gets stuck ({faults[0]}); keep one of them"
            yield Finding((*loc, "stages_off"), sentence)
            return
        if faults:
            sentence = f'a dossier of kind "{kind}" gets stuck on the route ({faults[0]}); take it out of this round'
            yield Finding((*loc, "kinds"), sentence)
            return


def _ladder(loc: Location, name: str | None, plan: CyclePlan) -> Iterator[Finding]:
    if name is not None and name not in plan.ladders:
        yield unknown_name(loc, "ladder", name, plan.ladders)

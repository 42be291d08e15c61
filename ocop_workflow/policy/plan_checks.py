"""Checks of a plan against the rule sets and the unit register it names."""

from collections.abc import Iterator, Mapping

from ocop_workflow.policy.council_checks import check_councils
from ocop_workflow.policy.date_checks import check_dates
from ocop_workflow.policy.findings import Finding, Location, repeated_ids, unknown_name
from ocop_workflow.policy.plan import Counter, CyclePlan, CycleYear, Round, StepDates
from ocop_workflow.policy.report_tree import check_report_duties
from ocop_workflow.policy.route import UNLISTED_STEPS, lifecycle_of, stages_of
from ocop_workflow.policy.rule_set import RuleSet, Step
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
        *check_councils(plan, rule_sets),
        *_certificates(plan, rule_sets),
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
    yield from _targets(plan, units)
    yield from repeated_ids(("support",), "support item", [item.id for item in plan.support])
    yield from repeated_ids(("approvals",), "approval", [approval.id for approval in plan.approvals])


def _targets(plan: CyclePlan, units: UnitRegister) -> Iterator[Finding]:
    """Find counted targets that can't be counted as written."""
    levels = sorted({unit.level for unit in units.units})
    for index, target in enumerate(plan.targets):
        if target.stars_at_least is not None and target.counts is not Counter.RECOGNISED:
            sentence = "stars_at_least counts recognised products only; write counts: recognised beside it"
            yield Finding(("targets", index, "stars_at_least"), sentence)
        if target.counts is not None and target.per is not None and target.per not in levels:
            yield unknown_name(("targets", index, "per"), "level", target.per, levels)


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
            loc = ("years", year, "tasks", index)
            if role is None:
                continue
            level = task.lead.level or role.level
            if task.each is not None:
                if task.each != level or task.lead.unit is not None:
                    sentence = (
                        f'task "{task.id}" is owed by each "{task.each}", so its lead must be a role of that level'
                    )
                    yield Finding((*loc, "each"), f"{sentence} without a unit; correct one of them")
                continue
            if task.lead.unit is None and units.ancestor(plan.office, level) is None:
                sentence = (
                    f'the office lies in no unit of level "{level}"; name the unit that leads task "{task.id}", '
                    f"or write each: {level}"
                )
                yield Finding((*loc, "lead"), sentence)


def _certificates(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> Iterator[Finding]:
    """Find ladders, stages and steps of renewals that are not there; any rule set may hold for one."""
    if plan.certificates is None:
        return
    yield from _ladder(("certificates", "ladder"), plan.certificates.ladder, plan)
    yield from _ladder(("certificates", "withdrawal_ladder"), plan.certificates.withdrawal_ladder, plan)
    steps: dict[str, set[str]] = {}
    for stage in (stage for rules in rule_sets.values() for stage in rules.route.stages):
        steps.setdefault(stage.id, {*UNLISTED_STEPS}).update(step.id for step in stage.steps)
    for stage_id, dated in plan.certificates.renewal_stages.items():
        here: Location = ("certificates", "renewal_stages", stage_id)
        if stage_id not in steps:
            yield unknown_name(here, "stage", stage_id, steps)
            continue
        for step_id, dates in dated.items():
            if step_id not in steps[stage_id]:
                yield unknown_name((*here, step_id), "step", step_id, steps[stage_id])
            yield from _ladder((*here, step_id, "ladder"), dates.ladder, plan)


def _positions(plan: CyclePlan) -> Iterator[tuple[Location, PositionRef]]:
    for index, approval in enumerate(plan.approvals):
        yield ("approvals", index, "authority"), approval.authority
    for stage_id, council in plan.councils.items():
        for index, seat in enumerate(council.seats):
            if seat.position is not None:
                yield ("councils", stage_id, "seats", index, "position"), seat.position
    for year, content in plan.years.items():
        for index, duty in enumerate(content.report_duties):
            yield ("years", year, "report_duties", index, "reporters"), duty.reporters
            yield ("years", year, "report_duties", index, "collector"), duty.collector
        for index, task in enumerate(content.tasks):
            yield ("years", year, "tasks", index, "lead"), task.lead
            for key in ("co_leads", "support"):
                for at, helper in enumerate(getattr(task, key)):
                    yield ("years", year, "tasks", index, key, at), helper


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
            if step_id in UNLISTED_STEPS:
                yield from _ladder((*here, step_id, "ladder"), dates.ladder, plan)
                continue
            if step_id not in steps:
                yield unknown_name((*here, step_id), "step", step_id, steps)
                continue
            yield from _ladder((*here, step_id, "ladder"), dates.ladder, plan)
            yield from _lapse((*here, step_id, "lapse"), steps[step_id], dates)


def _lapse(loc: Location, step: Step, dates: StepDates) -> Iterator[Finding]:
    """Find a lapse on a step that is not the producer's, or that no trigger settles."""
    if dates.lapse is None:
        return
    if not step.owner.producer:
        yield Finding(loc, f"step \"{step.id}\" is not the producer's, so it can't lapse a dossier; remove the lapse")
    elif step.settled_by is None:
        yield Finding(loc, f'step "{step.id}" is done by hand, so missing it can\'t lapse a dossier; remove the lapse')


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

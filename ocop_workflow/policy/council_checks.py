"""Checks of a plan's councils: seats that fit the stage, the number of members and the rules of procedure."""

from collections.abc import Iterator, Mapping

from ocop_workflow.policy.findings import Finding, Location, repeated_ids, unknown_name
from ocop_workflow.policy.plan import Audience, Council, CyclePlan
from ocop_workflow.policy.rule_set import RuleSet


def check_councils(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> Iterator[Finding]:
    """Find councils of stages that have none, and seats that contradict the council's procedure."""
    judged_by = {stage.id: stage.judged_by for rules in rule_sets.values() for stage in rules.route.stages}
    for stage_id, council in plan.councils.items():
        loc = ("councils", stage_id)
        if stage_id not in judged_by:
            yield unknown_name(loc, "stage", stage_id, judged_by)
        elif judged_by[stage_id] != "council":
            sentence = f'stage "{stage_id}" is judged by verdict and has no council; remove this one'
            yield Finding(loc, sentence)
        yield from _seats(loc, council)
        yield from _written(loc, plan, council, rule_sets)


def _seats(loc: Location, council: Council) -> Iterator[Finding]:
    roles = [seat.role for seat in council.seats]
    yield from repeated_ids((*loc, "seats"), "seat", [seat.id for seat in council.seats])
    if council.seats and len(council.seats) != council.members:
        sentence = f"the council has {council.members} members and {len(council.seats)} seats; let both be the same"
        yield Finding((*loc, "members"), sentence)
    if roles.count("chair") > 1:
        yield Finding((*loc, "seats"), f"{roles.count('chair')} seats are the chair's; keep one")
    if council.quorum_needs_chair and "chair" not in roles:
        yield Finding((*loc, "quorum_needs_chair"), "no seat is the chair's; give one seat role: chair")
    if not council.secretary_scores and "secretary" not in roles:
        yield Finding((*loc, "secretary_scores"), "no seat is the secretary's; give one seat role: secretary")
    if not council.secretary_scores and roles and set(roles) == {"secretary"}:
        yield Finding((*loc, "seats"), "no seat scores; give a seat to somebody beside the secretary")


def _written(loc: Location, plan: CyclePlan, council: Council, rule_sets: Mapping[str, RuleSet]) -> Iterator[Finding]:
    """Find written procedures that no rule set allows, that name nobody to ask, or let a missing answer pass."""
    if council.written is None:
        return
    loc = (*loc, "written")
    stages = [stage for rules in rule_sets.values() for stage in rules.route.stages if stage.id == loc[1]]
    if stages and not any(stage.written_opinions for stage in stages):
        sentence = "no rule set of this plan lets the council give written opinions here; remove this"
        yield Finding(loc, sentence)
    if not council.seats:
        yield Finding(loc, "each member is asked by name; give the council its seats")
    ladder = plan.ladders.get(council.written.ladder)
    if ladder is None:
        yield unknown_name((*loc, "ladder"), "ladder", council.written.ladder, plan.ladders)
    elif not any(rung.days > 0 and rung.audience is not Audience.RESPONSIBLE for rung in ladder.rungs):
        sentence = f'ladder "{council.written.ladder}" tells nobody above of a missing answer; add a rung after the day'
        yield Finding((*loc, "ladder"), f"{sentence} with audience superior or office")

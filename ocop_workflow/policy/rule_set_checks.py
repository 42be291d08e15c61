"""Checks of a rule set by itself: criteria, bands, recognition, and the route without dead ends (promise I5)."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ocop_workflow.policy.findings import Finding, Location, repeated_ids, unknown_name
from ocop_workflow.policy.gate_checks import check_gates
from ocop_workflow.policy.result_checks import check_results
from ocop_workflow.policy.route import CERTIFICATE
from ocop_workflow.policy.rule_set import DossierKind, RuleSet, Stage
from state_machines.dossier import FINAL_STATUSES, DossierStatus
from state_machines.guards import HIGHEST_MEAN, LOWEST_MEAN, Guard, partition_fault

ENDS = FINAL_STATUSES - {DossierStatus.LAPSED}
"""The final statuses an outcome may name; a dossier lapses by its dates, never by a decision."""

_GUARD_OF_JUDGEMENT = {"verdict": "verdict_is", "council": "mean_within", "nobody": "always"}


def check_rule_set(rule_set: RuleSet) -> tuple[Finding, ...]:
    """Return what is wrong in a rule set, in the order of its parts; only then whether they fit together."""
    findings = (
        *_repeated(rule_set),
        *_levels(rule_set),
        *_outcomes(rule_set),
        *_written(rule_set),
        *_ways(rule_set),
        *_parts(rule_set),
        *_bands(rule_set),
        *check_gates(rule_set),
        *_recognition(rule_set),
        *_limits(rule_set),
        *_renewal(rule_set),
        *_product_code(rule_set),
        *_batches(rule_set),
        *_taken_over(rule_set),
    )
    return findings or check_results(rule_set)


def _repeated(rule_set: RuleSet) -> Iterator[Finding]:
    stages = rule_set.route.stages
    yield from repeated_ids(("route", "stages"), "stage", [stage.id for stage in stages])
    for index, stage in enumerate(stages):
        yield from repeated_ids(("route", "stages", index, "steps"), "step", [step.id for step in stage.steps])
    yield from repeated_ids(("parts",), "part", [part.id for part in rule_set.parts])
    if rule_set.eligibility is not None:
        yield from repeated_ids(("eligibility", "forms"), "form", [each.form for each in rule_set.eligibility.forms])
    for key, grounds in (
        ("rejection_grounds", rule_set.rejection_grounds),
        ("withdrawal_grounds", rule_set.withdrawal_grounds),
    ):
        yield from repeated_ids((key,), "ground", [ground.id for ground in grounds])


def _levels(rule_set: RuleSet) -> Iterator[Finding]:
    for index, stage in enumerate(rule_set.route.stages):
        loc = ("route", "stages", index)
        named: list[tuple[Location, str | None]] = [
            ((*loc, "level"), stage.level),
            ((*loc, "submitted_by"), stage.submitted_by.level),
            ((*loc, "decided_by"), stage.decided_by.level),
            *(((*loc, "steps", at, "owner"), step.owner.level) for at, step in enumerate(stage.steps)),
        ]
        for where, level in named:
            if level is not None and level not in rule_set.levels:
                yield unknown_name(where, "level", level, rule_set.levels)


def _written(rule_set: RuleSet) -> Iterator[Finding]:
    """Find stages that let nobody's council give written opinions, or for kinds that never come there."""
    for index, stage in enumerate(rule_set.route.stages):
        if stage.written_opinions is None:
            continue
        loc = ("route", "stages", index, "written_opinions")
        if stage.judged_by != "council":
            yield Finding(loc, f'no council judges stage "{stage.id}", so nobody is asked in writing; remove this')
        for kind in stage.written_opinions.kinds:
            if kind not in stage.kinds:
                yield Finding(
                    (*loc, "kinds"), f'stage "{stage.id}" takes no dossiers of kind {kind.value}; leave it out'
                )


def _outcomes(rule_set: RuleSet) -> Iterator[Finding]:
    stages = {stage.id for stage in rule_set.route.stages}
    for index, stage in enumerate(rule_set.route.stages):
        loc = ("route", "stages", index, "outcomes")
        for at, outcome in enumerate(stage.outcomes):
            if outcome.to not in stages and outcome.to not in ENDS:
                yield Finding(
                    (*loc, at, "to"),
                    f'the outcome leads to "{outcome.to}", which is no stage and no end; '
                    f"write a stage of the route or one of {', '.join(sorted(ENDS))}",
                )
        yield from _partition(loc, stage)


def _partition(loc: Location, stage: Stage) -> Iterator[Finding]:
    wanted = _GUARD_OF_JUDGEMENT[stage.judged_by]
    for at, outcome in enumerate(stage.outcomes):
        if outcome.when.guard != wanted:
            sentence = f'stage "{stage.id}" is judged by {stage.judged_by}, so its guard must be {wanted}; correct one'
            yield Finding((*loc, at, "when", "guard"), sentence)
            return
    fault = partition_fault(
        [
            Guard(
                outcome.when.guard,
                outcome.when.verdict,
                LOWEST_MEAN if outcome.when.at_least is None else outcome.when.at_least,
                outcome.when.below,
            )
            for outcome in stage.outcomes
        ]
    )
    if fault is not None:
        yield Finding(loc, f'stage "{stage.id}": {fault}')


def _ways(rule_set: RuleSet) -> Iterator[Finding]:
    """Find stages that nothing leads to, and stages from which no end can be reached."""
    ways = {stage.id: {outcome.to for outcome in stage.outcomes} for stage in rule_set.route.stages}
    starts = {
        next((stage.id for stage in rule_set.route.stages if kind in stage.kinds), "") for kind in DossierKind
    } - {""}
    reached = _closure(starts, ways)
    for index, stage in enumerate(rule_set.route.stages):
        loc = ("route", "stages", index)
        if stage.id not in reached:
            yield Finding((*loc, "id"), f'nothing leads to stage "{stage.id}"; name it in an outcome, or remove it')
        if not _closure({stage.id}, ways) & ENDS:
            sentence = f'stage "{stage.id}" is a dead end: no outcome leads on to an end; let one lead to an end'
            yield Finding((*loc, "outcomes"), sentence)


def _closure(starts: Iterable[str], ways: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    open_ends = set(starts)
    while open_ends:
        reached |= open_ends
        open_ends = {to for name in open_ends for to in ways.get(name, set())} - reached
    return reached


def _parts(rule_set: RuleSet) -> Iterator[Finding]:
    total = sum((part.maximum for part in rule_set.parts), Decimal(0))
    if total != HIGHEST_MEAN:
        yield Finding(("parts",), f"the parts give {total} points together; let their maxima sum to {HIGHEST_MEAN}")


def _bands(rule_set: RuleSet) -> Iterator[Finding]:
    reached: Decimal | None = LOWEST_MEAN
    bands = sorted(enumerate(rule_set.bands), key=lambda numbered: numbered[1].at_least)
    last = 0
    for index, band in bands:
        if reached is None or band.at_least < reached:
            yield Finding(
                ("bands", index), f"two bands hold a mean of {band.at_least}; let the bands meet without overlap"
            )
            return
        if band.at_least > reached:
            sentence = f"no band holds a mean from {reached} to below {band.at_least}; close the gap"
            yield Finding(("bands", index), sentence)
            return
        reached, last = band.below, index
    if reached is not None:
        sentence = f"no band holds a mean from {reached} to {HIGHEST_MEAN}; leave out `below` in the highest band"
        yield Finding(("bands", last), sentence)
    stars = [band.stars for _, band in bands]
    if stars != sorted(set(stars)):
        yield Finding(("bands",), "more points must give more stars, each number once; correct the stars of the bands")


def _recognition(rule_set: RuleSet) -> Iterator[Finding]:
    known = {band.stars for band in rule_set.bands}
    taken: set[int] = set()
    for index, recognition in enumerate(rule_set.recognition):
        if recognition.level not in rule_set.levels:
            yield unknown_name(("recognition", index, "level"), "level", recognition.level, rule_set.levels)
        for stars in recognition.stars:
            if stars not in known:
                yield Finding(
                    ("recognition", index, "stars"), f"no band gives {stars} stars; add the band or drop them"
                )
            if stars in taken:
                sentence = f"{stars} stars are recognised at two levels; keep them at one"
                yield Finding(("recognition", index, "stars"), sentence)
            taken.add(stars)


def _limits(rule_set: RuleSet) -> Iterator[Finding]:
    stages = {stage.id: {CERTIFICATE, *(step.id for step in stage.steps)} for stage in rule_set.route.stages}
    every_step = set().union(*stages.values())
    for index, limit in enumerate(rule_set.limits):
        if limit.stage is not None and limit.stage not in stages:
            yield unknown_name(("limits", index, "stage"), "stage", limit.stage, stages)
            continue
        steps = stages[limit.stage] if limit.stage is not None else every_step
        if limit.step is not None and limit.step not in steps:
            yield unknown_name(("limits", index, "step"), "step", limit.step, steps)


def _renewal(rule_set: RuleSet) -> Iterator[Finding]:
    renewal = rule_set.renewal
    if renewal is None:
        return
    if not 0 <= renewal.closes_days_before <= renewal.opens_days_before:
        sentence = (
            f"the renewal window opens {renewal.opens_days_before} and closes {renewal.closes_days_before} days before "
            "the expiry; let it open first"
        )
        yield Finding(("renewal",), sentence)


def _product_code(rule_set: RuleSet) -> Iterator[Finding]:
    for index, level in enumerate(rule_set.product_code.levels if rule_set.product_code else ()):
        if level not in rule_set.levels:
            yield unknown_name(("product_code", "levels", index), "level", level, rule_set.levels)


def _batches(rule_set: RuleSet) -> Iterator[Finding]:
    stages = {stage.id for stage in rule_set.route.stages}
    yield from repeated_ids(("batches",), "batch", [batch.id for batch in rule_set.batches])
    for index, batch in enumerate(rule_set.batches):
        if batch.stage not in stages:
            yield unknown_name(("batches", index, "stage"), "stage", batch.stage, stages)


def _taken_over(rule_set: RuleSet) -> Iterator[Finding]:
    stages = {stage.id for stage in rule_set.route.stages}
    for index, block in enumerate(rule_set.takes_over):
        for stage, target in block.stages.items():
            if target not in stages:
                yield unknown_name(("takes_over", index, "stages", stage), "stage", target, stages)

"""Checks of a rule set whose parts are right one by one: whether results, recognition and kinds fit together (I5)."""

from collections.abc import Iterator

from ocop_workflow.policy.findings import Finding
from ocop_workflow.policy.route import lifecycle_of
from ocop_workflow.policy.rule_set import Band, DossierKind, Outcome, RuleSet, Stage
from state_machines.dossier import DossierStatus
from state_machines.guards import LOWEST_MEAN


def check_results(rule_set: RuleSet) -> tuple[Finding, ...]:
    """Return where results do not fit recognition, where a kind gets stuck, and an intake out of force."""
    return (*_thresholds(rule_set), *_unreached_stars(rule_set), *_kinds(rule_set), *_intakes(rule_set))


def _thresholds(rule_set: RuleSet) -> Iterator[Finding]:
    """Find an outcome that certifies stars nobody recognises there, or leaves stars uncertified that it could certify.

    A level below the one that recognises may ask for more before it sends a product up.
    """
    level_of = {stars: each.level for each in rule_set.recognition for stars in each.stars}
    for index, stage in enumerate(rule_set.route.stages):
        for at, outcome in enumerate(stage.outcomes):
            loc = ("route", "stages", index, "outcomes", at)
            for band in _bands_met(stage, outcome, rule_set):
                level = level_of.get(band.stars)
                above = level is not None and rule_set.levels.index(level) > rule_set.levels.index(stage.level)
                if outcome.to == DossierStatus.RATED_UNCERTIFIED and level is not None and not above:
                    sentence = f'it leaves {band.stars} stars uncertified, which level "{level}" recognises'
                elif outcome.to == DossierStatus.RECOGNISED and level is None:
                    sentence = f"it recognises {band.stars} stars, which no level does"
                elif outcome.to == DossierStatus.RECOGNISED and above:
                    sentence = f'it recognises {band.stars} stars, which only level "{level}" above may'
                else:
                    continue
                remedy = "correct its interval or the recognition"
                yield Finding(loc, f'stage "{stage.id}": {sentence}; {remedy}')


def _unreached_stars(rule_set: RuleSet) -> Iterator[Finding]:
    """Find stars that a level recognises and no outcome of a council ever gives."""
    stages = [stage for stage in rule_set.route.stages if stage.judged_by == "council"]
    given = {
        band.stars
        for stage in stages
        for outcome in stage.outcomes
        if outcome.to not in (DossierStatus.RATED_UNCERTIFIED, DossierStatus.NOT_PASSED)
        for band in _bands_met(stage, outcome, rule_set)
    }
    for index, recognition in enumerate(rule_set.recognition):
        for stars in recognition.stars:
            if stages and stars not in given:
                sentence = f"{stars} stars are recognised, but no council's outcome leads there; correct one of them"
                yield Finding(("recognition", index, "stars"), sentence)


def _bands_met(stage: Stage, outcome: Outcome, rule_set: RuleSet) -> Iterator[Band]:
    """Yield the bands that share a mean with an outcome of a council."""
    if stage.judged_by != "council":
        return
    low = LOWEST_MEAN if outcome.when.at_least is None else outcome.when.at_least
    for band in rule_set.bands:
        begins_before_its_end = outcome.when.below is None or band.at_least < outcome.when.below
        ends_after_its_beginning = band.below is None or band.below > low
        if begins_before_its_end and ends_after_its_beginning:
            yield band


def _kinds(rule_set: RuleSet) -> Iterator[Finding]:
    """Find a kind of dossier that gets stuck on the stages it passes."""
    for kind in DossierKind:
        stages = [stage for stage in rule_set.route.stages if kind in stage.kinds]
        faults = lifecycle_of(rule_set.route, stages).faults() if stages else ()
        if faults:
            sentence = f'a dossier of kind "{kind}" gets stuck ({faults[0]}); correct the kinds of the stages'
            yield Finding(("route", "stages"), sentence)


def _intakes(rule_set: RuleSet) -> Iterator[Finding]:
    term = rule_set.in_force
    for index, intake in enumerate(rule_set.takes_new):
        ends_late = term.until is not None and (intake.until is None or intake.until > term.until)
        if intake.start < term.start or ends_late:
            sentence = "it takes new dossiers on days on which it is not in force; correct one of the terms"
            yield Finding(("takes_new", index), sentence)

"""Which rule set takes new dossiers: where texts overlap, exactly one for each day, level and kind."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from ocop_workflow.policy.findings import Finding, Location
from ocop_workflow.policy.plan import CyclePlan, Round
from ocop_workflow.policy.route import stages_of
from ocop_workflow.policy.rule_set import DossierKind, Intake, RuleSet
from ocop_workflow.policy.units import UnitRegister


def intakes_of(rule_set: RuleSet) -> tuple[Intake, ...]:
    """Return when a rule set takes new dossiers: as it says, or else all kinds for as long as it is in force."""
    term = rule_set.in_force
    return rule_set.takes_new or (Intake(start=term.start, until=term.until, source=rule_set.source),)


def rule_set_taking_new(
    rule_sets: Iterable[RuleSet], *, on: date, level: str, kind: DossierKind, area: Sequence[str] = ()
) -> RuleSet | None:
    """Return the rule set that takes new dossiers, or None.

    The regulation of the nearest unit goes first, those of the nation last.

    Args:
        rule_sets: All there are, checked together by `check_intakes`.
        on: The day on which the dossier is begun.
        level: The level at which it is begun.
        kind: Its kind.
        area: The office's unit and the units above it, the nearest first.
    """
    taking = {
        rule_set.issued_by: rule_set
        for rule_set in rule_sets
        if any(_covers(intake, rule_set, level, kind) and _holds(intake, on) for intake in intakes_of(rule_set))
    }
    return next((taking[issuer] for issuer in (*area, None) if issuer in taking), None)


def check_intakes(rule_sets: Iterable[RuleSet]) -> Iterator[tuple[str, Finding]]:
    """Yield, by rule set, the days on which two texts of one issuer take the same dossiers, or none of the nation's."""
    known = list(rule_sets)
    told: set[tuple[str, str]] = set()
    for issuer in dict.fromkeys(rule_set.issued_by for rule_set in known):
        own = [rule_set for rule_set in known if rule_set.issued_by == issuer]
        for level in dict.fromkeys(level for rule_set in own for level in rule_set.levels):
            for kind in DossierKind:
                for (before, first), (after, second) in pairwise(_spans(own, level, kind)):
                    sentence = _fault(before, first, after, second, f'kind "{kind}" at level "{level}"')
                    gap_is_covered = issuer is not None and first.until is not None and first.until < second.start
                    if sentence and not gap_is_covered and (before.id, after.id) not in told:
                        told.add((before.id, after.id))
                        yield after.id, Finding(_loc(after), sentence)


def check_plan_intakes(plan: CyclePlan, rule_sets: Mapping[str, RuleSet], units: UnitRegister) -> Iterator[Finding]:
    """Yield the rounds whose rule set takes no new dossiers of one of their kinds on the day they open.

    Args:
        plan: The plan.
        rule_sets: Every rule set of the installation, by id.
        units: The register that the plan names.
    """
    area = _with_units_above(plan.office, units)
    for year, content in plan.years.items():
        for index, round_ in enumerate(content.rounds):
            rule_set = rule_sets.get(round_.rule_set or content.rule_set or plan.rule_set)
            if rule_set is not None:
                yield from _round(("years", year, "rounds", index, "opens_on"), round_, rule_set, rule_sets, area)


def _round(
    loc: Location, round_: Round, rule_set: RuleSet, rule_sets: Mapping[str, RuleSet], area: Sequence[str]
) -> Iterator[Finding]:
    def taker(level: str, kind: DossierKind) -> RuleSet | None:
        return rule_set_taking_new(rule_sets.values(), on=round_.opens_on, level=level, kind=kind, area=area)

    for kind in round_.kinds:
        stages = stages_of(rule_set, round_, kind)
        if not stages or taker(stages[0].level, kind) is rule_set:
            continue  # without a stage the plan's own check tells
        levels = dict.fromkeys((stages[0].level, *(level for each in rule_sets.values() for level in each.levels)))
        others = [other for level in levels if (other := taker(level, kind)) is not None and other is not rule_set]
        remedy = f'"{others[0].id}" does; name it' if others else "none does; open it on another day"
        if rule_set.issued_by not in (None, *area):
            remedy = f'it is the own text of "{rule_set.issued_by}", where "{area[0]}" does not lie; name another'
        sentence = f'rule set "{rule_set.id}" takes no new dossiers of kind "{kind}" on {round_.opens_on}: {remedy}'
        yield Finding(loc, sentence)
        return


def _with_units_above(unit_id: str, units: UnitRegister) -> tuple[str, ...]:
    """Return a unit and those above it; the register's own check refuses a unit that lies in itself."""
    parents = {unit.id: unit.parent for unit in units.units}
    found: list[str] = []
    here: str | None = unit_id
    while here is not None and here not in found:
        found.append(here)
        here = parents.get(here)
    return tuple(found)


def _covers(intake: Intake, rule_set: RuleSet, level: str, kind: DossierKind) -> bool:
    return kind in intake.kinds and level in (intake.levels or rule_set.levels)


def _holds(intake: Intake, on: date) -> bool:
    return intake.start <= on and (intake.until is None or on < intake.until)


def _spans(rule_sets: Iterable[RuleSet], level: str, kind: DossierKind) -> list[tuple[RuleSet, Intake]]:
    found = [(each, i) for each in rule_sets for i in intakes_of(each) if _covers(i, each, level, kind)]
    return sorted(found, key=lambda span: span[1].start)


def _fault(before: RuleSet, first: Intake, after: RuleSet, second: Intake, what: str) -> str | None:
    if first.until is None or first.until > second.start:
        return (
            f'"{before.id}" and "{after.id}" both take new dossiers of {what} on {second.start}; '
            f'let takes_new of "{before.id}" end there'
        )
    if first.until < second.start:
        return (
            f'no rule set takes new dossiers of {what} from {first.until}, when "{before.id}" ends, until '
            f'"{after.id}" begins on {second.start}; close the gap'
        )
    return None


def _loc(rule_set: RuleSet) -> Location:
    return ("takes_new",) if rule_set.takes_new else ("in_force",)

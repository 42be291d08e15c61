"""Checks of a criteria set by itself: sums, options, gates, codes."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby, pairwise

from ocop_workflow.policy.criteria import CriteriaSet, Criterion
from ocop_workflow.policy.findings import Finding, Location, repeated_ids
from state_machines.guards import HIGHEST_MEAN


def check_criteria_set(criteria_set: CriteriaSet) -> tuple[Finding, ...]:
    """Return what is wrong in a criteria set, in the order of its sheet."""
    total = sum((part.maximum for part in criteria_set.parts), Decimal(0))
    findings: list[Finding] = []
    if total != HIGHEST_MEAN:
        findings.append(Finding(("parts",), f"the parts give {total} points; let them sum to {HIGHEST_MEAN}"))
    findings += repeated_ids(("parts",), "part", [part.id for part in criteria_set.parts])
    codes: set[str] = set()
    for index, part in enumerate(criteria_set.parts):
        findings += _sum(("parts", index), f"part {part.id}", part.maximum, part.criteria)
        for at, criterion in enumerate(part.criteria):
            findings += _criterion(("parts", index, "criteria", at), criterion, codes)
    return tuple(findings)


def _sum(loc: Location, what: str, maximum: Decimal, criteria: tuple[Criterion, ...]) -> Iterator[Finding]:
    total = sum((criterion.maximum for criterion in criteria), Decimal(0))
    if total != maximum:
        yield Finding((*loc, "maximum"), f"{what} gives {maximum} points, its criteria {total}; correct one of them")


def _criterion(loc: Location, criterion: Criterion, codes: set[str]) -> Iterator[Finding]:
    code = criterion.code
    if code in codes:
        yield Finding((*loc, "code"), f"criterion {code} stands twice; give each its own code")
    codes.add(code)
    if criterion.criteria and criterion.options:
        yield Finding((*loc, "options"), f"criterion {code} has criteria and options; keep one of the two")
    if criterion.criteria:
        yield from _sum(loc, f"criterion {code}", criterion.maximum, criterion.criteria)
    for at, child in enumerate(criterion.criteria):
        below = (*loc, "criteria", at)
        if child.code.rpartition(".")[0] != code:
            yield Finding((*below, "code"), f"criterion {child.code} stands below {code}; correct its code")
        yield from _criterion(below, child, codes)
    yield from _options((*loc, "options"), criterion)


def _options(loc: Location, criterion: Criterion) -> Iterator[Finding]:
    """Find options out of order, a best one that is not the maximum, and gates that don't rise with the points."""
    numbered = list(enumerate(criterion.options))
    for _, group in groupby(numbered, key=lambda pair: pair[1].case):
        case = list(group)
        for (_, before), (index, option) in pairwise(case):
            if option.points < before.points or (option.points == before.points and option.gate is not None):
                sentence = f"criterion {criterion.code}: {option.points} points follow {before.points}; let them rise"
                yield Finding((*loc, index, "points"), sentence)
        index, best = case[-1]
        if best.points != criterion.maximum:
            yield Finding(
                (*loc, index, "points"),
                f"criterion {criterion.code}: the best option gives {best.points} points, the criterion "
                f"{criterion.maximum}; correct one of them",
            )
        gates = [(at, option.gate) for at, option in case if option.gate is not None]
        for (_, lower), (at, higher) in pairwise(gates):
            if higher <= lower:
                sentence = f"criterion {criterion.code}: the gate of {higher} stars follows that of {lower}"
                yield Finding((*loc, at, "gate"), f"{sentence}; let gates rise with the points")

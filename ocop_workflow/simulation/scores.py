"""What a scripted council gives."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ocop_workflow.policy.rule_set import CriteriaPart
from ocop_workflow.simulation.draws import draw

_HALF = Decimal("0.5")
LOWEST_QUALITY, QUALITY_SPAN, DISAGREEMENT = 0.42, 0.54, 0.08
"""Qualities lie between 42 and 96 of 100; members differ by up to 4 points either way. Chosen for the simulation."""


def sheets_of(
    seed: int, subject: str, stage: str, *, members: Sequence[str], parts: tuple[CriteriaPart, ...]
) -> dict[str, dict[str, Decimal]]:
    """Return one score sheet for each council member who scores, in half points within each part's maximum."""
    quality = LOWEST_QUALITY + QUALITY_SPAN * draw(seed, subject, "quality")
    return {
        member: _sheet(seed, subject, f"{stage}/{number}", quality, parts)
        for number, member in enumerate(members, start=1)
    }


def totals_of(sheets: Mapping[str, Mapping[str, Decimal]]) -> list[Decimal]:
    """Return the members' totals."""
    return [sum(points.values(), Decimal(0)) for points in sheets.values()]


def _sheet(seed: int, subject: str, step: str, quality: float, parts: tuple[CriteriaPart, ...]) -> dict[str, Decimal]:
    points = {}
    for part in parts:
        share = quality + DISAGREEMENT * (draw(seed, subject, f"{step}/{part.id}") - 0.5)
        halves = round(float(part.maximum) * min(max(share, 0.0), 1.0) * 2)
        points[part.id] = min(halves * _HALF, part.maximum)
    return points

"""Exact means and star ratings from score sheets (promise I7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.criteria_sheets import part_sums
from ocop_workflow.policy.rule_set import Band, CriteriaPart

MOST_DECIMALS = 6
"""Points with more decimals are refused, so that sums in decimal arithmetic are exact."""


class ScoreOutOfRangeError(RefusedError):
    """A score sheet does not fit the rule set's parts."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One member's points, checked: by part, by criterion where given so, and together."""

    parts: dict[str, Decimal]
    criteria: dict[str, Decimal]
    total: Decimal


def read_sheet(
    points: Mapping[str, Decimal], parts: Sequence[CriteriaPart], criteria_set: CriteriaSet | None = None
) -> Sheet:
    """Return one member's sheet from points by part id or by criterion code.

    The points of a part that is given by criteria are their sum; where both are given they must agree.

    Args:
        points: Points by part id or criterion code.
        parts: The rule set's parts with their maxima.
        criteria_set: The product's criteria, where they are loaded; without them a code begins with its part's id.

    Raises:
        ScoreOutOfRangeError: As in `sheet_total`, a criterion has points that can't be, or its part says another sum.
        CriteriaError: Points by criterion don't fit the product's criteria.
    """
    ids = {part.id for part in parts}
    if criteria_set is None:
        by_part = {code: value for code, value in points.items() if code in ids or code[:1] not in ids}
    else:
        by_part = {code: value for code, value in points.items() if code in ids}
    by_criterion = {code: value for code, value in points.items() if code not in by_part}
    sums = _sums_by_letter(by_criterion, parts) if criteria_set is None else part_sums(by_criterion, criteria_set)
    for part, total in sums.items():
        if by_part.setdefault(part, total) != total:
            rule = next(each.source for each in parts if each.id == part)
            given = str(by_part[part])[:80]
            raise ScoreOutOfRangeError("part_sum", rule=rule, part=part, given=given, total=str(total))
    return Sheet(by_part, by_criterion, sheet_total(by_part, parts))


def sheet_total(points: Mapping[str, Decimal], parts: Sequence[CriteriaPart]) -> Decimal:
    """Return the sum of one member's points.

    Args:
        points: Points by part id.
        parts: The rule set's parts with their maxima.

    Raises:
        ScoreOutOfRangeError: A part is missing or unknown, or has points below 0, above its maximum, too fine or no
            number.
    """
    for part in parts:
        if part.id not in points:
            raise ScoreOutOfRangeError("part_missing", rule=part.source, part=part.id, known=_ids(parts))
        given = points[part.id]
        if not given.is_finite() or not 0 <= given <= part.maximum:
            said = {"part": part.id, "given": str(given)[:80], "most": str(part.maximum)}
            raise ScoreOutOfRangeError("part_points", rule=part.source, **said)
        _check_decimals(part.id, given, rule=part.source)
    strange = sorted(set(points) - {part.id for part in parts})
    if strange:
        raise ScoreOutOfRangeError("part_unknown", rule=None, part=strange[0], known=_ids(parts))
    return sum(points.values(), Decimal(0))


def mean_score(totals: Sequence[Decimal]) -> Fraction:
    """Return the exact mean of the members' totals; it is never rounded.

    Raises:
        ScoreOutOfRangeError: There is no sheet.
    """
    if not totals:
        raise ScoreOutOfRangeError("no_sheet_given", rule=None)
    return sum((Fraction(total) for total in totals), Fraction(0)) / len(totals)


def spread_of(totals: Sequence[Decimal]) -> Decimal:
    """Return how many points lie between the highest and the lowest total; 0 without sheets."""
    return max(totals) - min(totals) if totals else Decimal(0)


def shown_mean(mean: Fraction) -> str:
    """Return a mean in points with two decimals, rounded down: 89.999 is shown as 89.99, never as 90.00."""
    hundredths = mean.numerator * 100 // mean.denominator
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def stars_of(mean: Fraction, bands: Sequence[Band]) -> int:
    """Return the stars of the band that holds the mean (half-open bands, the highest to 100 inclusive).

    Raises:
        ScoreOutOfRangeError: No band holds it, which a checked rule set rules out for 0 to 100.
    """
    for band in bands:
        if mean >= Fraction(band.at_least) and (band.below is None or mean < Fraction(band.below)):
            return band.stars
    raise ScoreOutOfRangeError("no_band", rule=None, mean=shown_mean(mean))


def _sums_by_letter(points: Mapping[str, Decimal], parts: Sequence[CriteriaPart]) -> dict[str, Decimal]:
    """Return the sums of criteria whose codes begin with their part's id; of them only the part's maximum is known."""
    by_letter = {part.id: part for part in parts}
    sums: dict[str, Decimal] = {}
    for code, value in points.items():
        part = by_letter[code[0]]
        if not value.is_finite() or not 0 <= value <= part.maximum:
            said = {"criterion": code[:40], "given": str(value)[:80], "most": str(part.maximum)}
            raise ScoreOutOfRangeError("criterion_points", rule=part.source, **said)
        _check_decimals(code[:40], value, rule=part.source)
        sums[code[0]] = sums.get(code[0], Decimal(0)) + value
    return sums


def _check_decimals(name: str, given: Decimal, *, rule: str) -> None:
    if given != round(given, MOST_DECIMALS):
        raise ScoreOutOfRangeError("decimals", rule=rule, name=name, most=MOST_DECIMALS)


def _ids(parts: Sequence[CriteriaPart]) -> str:
    return ", ".join(part.id for part in parts)

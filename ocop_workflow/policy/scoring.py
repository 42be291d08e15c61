"""Exact means and star ratings from score sheets (promise I7)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from ocop_workflow.errors import InputError
from ocop_workflow.policy.rule_set import Band, CriteriaPart

MOST_DECIMALS = 6
"""Points with more decimals are refused, so that sums in decimal arithmetic are exact."""


class ScoreOutOfRangeError(InputError):
    """A score sheet does not fit the rule set's parts."""


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
            raise ScoreOutOfRangeError(f"part {part.id} has no points; give each of {_ids(parts)}")
        given = points[part.id]
        if not given.is_finite() or not 0 <= given <= part.maximum:
            raise ScoreOutOfRangeError(f"part {part.id} has {str(given)[:80]} points; give 0 to {part.maximum}")
        if given != round(given, MOST_DECIMALS):
            raise ScoreOutOfRangeError(f"part {part.id} has too many decimals; give {MOST_DECIMALS} at most")
    strange = sorted(set(points) - {part.id for part in parts})
    if strange:
        raise ScoreOutOfRangeError(f"part {strange[0]} is unknown; give each of {_ids(parts)}")
    return sum(points.values(), Decimal(0))


def mean_score(totals: Sequence[Decimal]) -> Fraction:
    """Return the exact mean of the members' totals; it is never rounded.

    Raises:
        ScoreOutOfRangeError: There is no sheet.
    """
    if not totals:
        raise ScoreOutOfRangeError("no score sheet was handed in; record at least one before concluding")
    return sum((Fraction(total) for total in totals), Fraction(0)) / len(totals)


def stars_of(mean: Fraction, bands: Sequence[Band]) -> int:
    """Return the stars of the band that holds the mean (half-open bands, the highest to 100 inclusive).

    Raises:
        ScoreOutOfRangeError: No band holds it, which a checked rule set rules out for 0 to 100.
    """
    for band in bands:
        if mean >= Fraction(band.at_least) and (band.below is None or mean < Fraction(band.below)):
            return band.stars
    raise ScoreOutOfRangeError(f"no band holds a mean of {float(mean):.2f}; check the rule set's bands")


def _ids(parts: Sequence[CriteriaPart]) -> str:
    return ", ".join(part.id for part in parts)

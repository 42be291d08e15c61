"""From a mean and the council's findings to the stars: the lower of the band and the caps of gates not met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.rule_set import Band, Gate
from ocop_workflow.policy.scoring import stars_of


class FindingMissingError(RefusedError):
    """A gate has no finding, so no stars follow."""


@dataclass(frozen=True, slots=True)
class Rating:
    """A council's result.

    Attributes:
        mean: The exact mean in points, 0 to 100.
        band_stars: The stars of its band, before gates.
        stars: The stars it has.
        unmet: The gates that the council found not met, whether or not they cost stars.
        score: What the guards of a route read: the mean, or where a gate took stars away the lowest mean of the
            remaining band, so that a product goes where its stars belong.
    """

    mean: Fraction
    band_stars: int
    stars: int
    unmet: tuple[str, ...]
    score: Fraction


def rate(mean: Fraction, *, bands: Sequence[Band], gates: Sequence[Gate], findings: Mapping[str, bool]) -> Rating:
    """Return the rating of a mean under the findings, one for each gate.

    Raises:
        FindingMissingError: A gate has no finding.
    """
    missing = [gate for gate in gates if gate.id not in findings]
    if missing:
        raise FindingMissingError(
            "finding_missing",
            rule=missing[0].source,
            gates=", ".join(gate.id for gate in missing),
            title=missing[0].title.vi,
        )
    unmet = [gate for gate in gates if not findings[gate.id]]
    band_stars = stars_of(mean, bands)
    stars = min([band_stars, *(gate.cap for gate in unmet)])
    lowest = next(Fraction(band.at_least) for band in bands if band.stars == stars)
    score = mean if stars == band_stars else lowest
    return Rating(mean, band_stars, stars, tuple(gate.id for gate in unmet), score)

"""Where a plan's targets stand: what was counted beside what the plan wants."""

from dataclasses import dataclass
from enum import StrEnum

from ocop_workflow.policy.plan import Target


class Standing(StrEnum):
    """How a count stands to its target."""

    REACHED = "reached"
    SHORT = "short"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class TargetCount:
    """One target with what was counted for it.

    Attributes:
        target: The plan's target.
        unit: The unit it is counted in, where the target is per unit.
        reached: How many; None where nothing is counted for this target.
    """

    target: Target
    unit: str | None
    reached: int | None

    @property
    def standing(self) -> Standing | None:
        """Return how the count stands to the range; None where nothing is counted or the plan prints no number."""
        least, most = self.target.least, self.target.most
        if self.reached is None or (least is None and most is None):
            return None
        if least is not None and self.reached < least:
            return Standing.SHORT
        return Standing.ABOVE if most is not None and self.reached > most else Standing.REACHED

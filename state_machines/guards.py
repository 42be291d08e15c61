"""The guards that a route may name, and the check that the outcomes of a stage leave no value without an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

VERDICTS = ("accepted", "declined")
"""What a deciding office can say where nothing is scored."""

LOWEST_MEAN = Decimal(0)
HIGHEST_MEAN = Decimal(100)


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards may read of a dossier when a trigger is fired.

    Attributes:
        verdict: One of `VERDICTS` where the stage is judged by verdict.
        mean: The council's mean score in points (0 to 100), exact, where the stage is judged by a council; where a gate
            took stars away, the lowest mean of the band that is left.
        ended_from: The state from which it ended, where an end is undone.
    """

    verdict: str | None = None
    mean: Fraction | None = None
    ended_from: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard function's name with its arguments.

    Attributes:
        name: A key of `GUARDS`.
        verdict: The verdict that `verdict_is` waits for.
        at_least: The lowest mean that `mean_within` accepts.
        below: The first mean that `mean_within` no longer accepts; None means up to 100 inclusive.
        state: The state that `ended_from_is` waits for.
    """

    name: str
    verdict: str | None = None
    at_least: Decimal = LOWEST_MEAN
    below: Decimal | None = None
    state: str | None = None

    def holds(self, facts: Facts) -> bool:
        """Return whether the named function accepts the facts."""
        return GUARDS[self.name](self, facts)


def verdict_is(guard: Guard, facts: Facts) -> bool:
    """Return whether the verdict is the one the guard waits for."""
    return facts.verdict == guard.verdict


def mean_within(guard: Guard, facts: Facts) -> bool:
    """Return whether the mean lies in the guard's half-open interval; never rounded."""
    if facts.mean is None:
        return False
    return facts.mean >= Fraction(guard.at_least) and (guard.below is None or facts.mean < Fraction(guard.below))


def always(_guard: Guard, _facts: Facts) -> bool:
    """Return True: a stage that nobody judges has one way on."""
    return True


def ended_from_is(guard: Guard, facts: Facts) -> bool:
    """Return whether the subject ended from the state that the guard waits for."""
    return guard.state is not None and facts.ended_from == guard.state


GUARDS: dict[str, Callable[[Guard, Facts], bool]] = {
    "verdict_is": verdict_is,
    "mean_within": mean_within,
    "always": always,
    "ended_from_is": ended_from_is,
}
"""The guard functions by name; a rule set uses all but `ended_from_is`, which is that of undoing an end."""


def partition_fault(guards: Sequence[Guard]) -> str | None:
    """Return why the guards of one trigger do not partition their domain, or None when they do (promise I5).

    They partition it when exactly one of them accepts each verdict, each mean from 0 to 100, or each state that has led
    to an end; nothing stands beside a guard that always holds.
    """
    names = {guard.name for guard in guards}
    unknown = names - GUARDS.keys()
    if unknown:
        return f"unknown guard {min(unknown)}; known are {', '.join(sorted(GUARDS))}"
    if len(names) > 1:
        return f"the outcomes read different values ({', '.join(sorted(names))}); let all read one"
    if names == {"ended_from_is"}:
        states = [guard.state for guard in guards]
        return None if len(set(states)) == len(states) else "two ways lead back to one state; keep one"
    if names == {"always"}:
        return None if len(guards) == 1 else f"{len(guards)} outcomes always hold; keep one"
    return _verdict_fault(guards) if names == {"verdict_is"} else _interval_fault(guards)


def _verdict_fault(guards: Sequence[Guard]) -> str | None:
    given = [guard.verdict for guard in guards]
    for verdict in VERDICTS:
        if given.count(verdict) != 1:
            return f"the verdict {verdict} has {given.count(verdict)} outcomes; give it exactly one"
    strange = [verdict for verdict in given if verdict not in VERDICTS]
    return f"unknown verdict {strange[0]}; known are {', '.join(VERDICTS)}" if strange else None


def _interval_fault(guards: Sequence[Guard]) -> str | None:
    reached: Decimal | None = LOWEST_MEAN
    for guard in sorted(guards, key=lambda guard: guard.at_least):
        if reached is None or guard.at_least < reached:
            return f"two outcomes accept a mean of {guard.at_least}; let the intervals meet without overlap"
        if guard.at_least > reached:
            return f"no outcome accepts a mean from {reached} to below {guard.at_least}; close the gap"
        reached = guard.below
    if reached is not None:
        return f"no outcome accepts a mean from {reached} to {HIGHEST_MEAN}; leave out `below` in the highest one"
    return None

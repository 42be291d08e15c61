"""State machines in which everything that can happen is met, and which count what their runs have reached.

Hypothesis switches rules off at random in each of its examples (swarm testing), so that few examples meet few of them.
Hence one rule for all that can happen, drawn by weight. The simplest example, which hypothesis runs first, is the most
frequent happening again and again.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import getmembers
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test


@dataclass(frozen=True)
class Happening:
    """Something that can happen, how often it is drawn beside the others, and what is drawn for it."""

    method: Callable[..., None]
    often: int
    drawn: Mapping[str, st.SearchStrategy[Any]]


def happening(often: int = 1, **drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Happening]:
    """Make a method of `Happenings` something that can happen, with these arguments."""
    return lambda method: Happening(method, often, drawn)


class Happenings(RuleBasedStateMachine):
    """A machine of happenings; the test sets where it counts what was reached."""

    reached: ClassVar[Counter[str]]

    @classmethod
    @cache
    def by_weight(cls) -> tuple[str, ...]:
        """Return the names of all that can happen, each as often as it is to be drawn, the most frequent first."""
        often = {name: each.often for name, each in getmembers(cls) if isinstance(each, Happening)}
        return tuple(name for name in sorted(often, key=lambda name: -often[name]) for _ in range(often[name]))

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        happens: Happening = getattr(type(self), data.draw(st.sampled_from(self.by_weight())))
        happens.method(self, **data.draw(st.fixed_dictionaries(dict(happens.drawn))))


def run_at_random(machine: type[Happenings], *, examples: int, steps: int) -> None:
    """Run the same random examples every time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

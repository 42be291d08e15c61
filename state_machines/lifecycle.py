"""A table of states and triggers on one stateless, shared `transitions` machine.

The machine is never bound to a row: `fire` moves a throwaway subject through it and gives back the new state, so
nothing that happens later can leave a row half moved. Guards run here and nowhere else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from transitions import Machine, MachineError

from state_machines.guards import Facts, Guard, partition_fault


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the table: from `source` by `trigger` to `dest`, if the guard holds."""

    trigger: str
    source: str
    dest: str
    guard: Guard | None = None

    @property
    def when(self) -> str:
        """Return what the guard asks for, such as `mean at least 50`; empty when it asks for nothing."""
        if self.guard is None or self.guard.name == "always":
            return ""
        if self.guard.state is not None:
            return f"ended from {self.guard.state}"
        if self.guard.verdict is not None:
            return self.guard.verdict
        upper = "" if self.guard.below is None else f", below {self.guard.below}"
        return f"mean at least {self.guard.at_least}{upper}"


class TransitionNotAllowedError(Exception):
    """The trigger leads nowhere from this state, or every guard refused the facts.

    Attributes:
        lifecycle: Whose table it is.
        state: The present state, unchanged.
        trigger: What was tried.
        allowed: The triggers that the state has.
    """

    def __init__(self, lifecycle: str, state: str, trigger: str, allowed: Sequence[str]) -> None:
        """Keep the parts and make the sentence."""
        self.lifecycle, self.state, self.trigger, self.allowed = lifecycle, state, trigger, tuple(allowed)
        possible = ", ".join(allowed) if allowed else "nothing: this state is final"
        super().__init__(f"a {lifecycle} that is {state} cannot {trigger}; possible here: {possible}")


@dataclass(slots=True)
class _Subject:
    """The throwaway record that the shared machine moves."""

    state: str


@dataclass(frozen=True)
class Lifecycle:
    """The states and transitions of one kind of subject.

    Attributes:
        name: The kind, as it stands in error sentences.
        initial: Where a subject begins.
        final: The states that end it.
        transitions: The table, in order.
    """

    name: str
    initial: str
    final: frozenset[str]
    transitions: tuple[Transition, ...]
    _machine: Machine = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the shared machine. It names an enum's member by its name, so states are given to it as text."""
        names = [str(state) for state in self.states]
        machine = Machine(model=None, states=names, initial=str(self.initial), auto_transitions=False, send_event=True)
        for line in self.transitions:
            machine.add_transition(
                str(line.trigger), str(line.source), str(line.dest), conditions=_condition(line.guard)
            )
        object.__setattr__(self, "_machine", machine)

    @property
    def states(self) -> tuple[str, ...]:
        """Return every state, the initial one first, in the order of the table."""
        named = [self.initial, *(name for line in self.transitions for name in (line.source, line.dest))]
        return tuple(dict.fromkeys([*named, *sorted(self.final)]))

    def triggers_from(self, state: str) -> tuple[str, ...]:
        """Return the triggers that lead out of a state, in the order of the table."""
        return tuple(dict.fromkeys(line.trigger for line in self.transitions if line.source == state))

    def fire(self, state: str, trigger: str, facts: Facts | None = None) -> str:
        """Return the state that `trigger` leads to.

        Raises:
            TransitionNotAllowedError: The table has no such line, or no guard holds for the facts.
        """
        subject = _Subject(str(state))
        event = self._machine.events.get(str(trigger))
        try:
            moved = event is not None and event.trigger(subject, facts=facts or Facts())
        except (MachineError, ValueError):  # no line from this state; ValueError: a state the table does not know
            moved = False
        if not moved:
            raise TransitionNotAllowedError(self.name, state, trigger, self.triggers_from(state))
        return subject.state

    def faults(self) -> tuple[str, ...]:
        """Return what breaks promise I5: unguarded choices, states never reached, states without a way to an end."""
        found = [f"{state} cannot be reached from {self.initial}" for state in self._unreached()]
        found += [f"{state} is a dead end: no trigger leads on" for state in self._dead_ends()]
        found += [f"no end can be reached from {state}" for state in self._endless()]
        for source, trigger in dict.fromkeys((line.source, line.trigger) for line in self.transitions):
            fault = self._choice_fault(source, trigger)
            if fault:
                found.append(f"{trigger} from {source}: {fault}")
        return tuple(found)

    def mermaid(self) -> str:
        """Return the table as a Mermaid state diagram; ways that undo an end are left out, one for each way into it."""
        drawn = [line for line in self.transitions if line.guard is None or line.guard.state is None]
        lines = ["stateDiagram-v2", f"  [*] --> {_node(self.initial)}"]
        lines += [f'  state "{state}" as {_node(state)}' for state in self.states]
        lines += [
            f"  {_node(line.source)} --> {_node(line.dest)}: {line.trigger}{f' [{line.when}]' if line.when else ''}"
            for line in drawn
        ]
        lines += [f"  {_node(state)} --> [*]" for state in sorted(self.final)]
        return "\n".join(lines) + "\n"

    def _choice_fault(self, source: str, trigger: str) -> str | None:
        lines = [line for line in self.transitions if (line.source, line.trigger) == (source, trigger)]
        guards = [line.guard for line in lines if line.guard is not None]
        if not guards:
            return "two lines without a guard; the second is never taken" if len(lines) > 1 else None
        if len(guards) < len(lines):
            return "a line without a guard stands beside guarded ones; guard each of them"
        return partition_fault(guards)

    def _unreached(self) -> tuple[str, ...]:
        reached = _closure({self.initial}, ((line.source, line.dest) for line in self.transitions))
        return tuple(state for state in self.states if state not in reached and state not in self.final)

    def _dead_ends(self) -> tuple[str, ...]:
        return tuple(state for state in self.states if state not in self.final and not self.triggers_from(state))

    def _endless(self) -> tuple[str, ...]:
        ending = _closure(set(self.final), ((line.dest, line.source) for line in self.transitions))
        return tuple(state for state in self.states if state not in ending and self.triggers_from(state))


def _condition(guard: Guard | None) -> list[Any]:
    """Return the guard as a condition for `transitions`."""
    if guard is None:
        return []
    return [lambda event: guard.holds(event.kwargs["facts"])]


def _closure(start: set[str], edges: Iterable[tuple[str, str]]) -> set[str]:
    """Return every state that can be reached from `start` along the edges."""
    known = list(edges)
    reached = set(start)
    frontier = set(start)
    while frontier:
        frontier = {dest for source, dest in known if source in frontier} - reached
        reached |= frontier
    return reached


def _node(state: str) -> str:
    return state.replace(":", "__")

"""A table of states and triggers: what it allows, what it refuses, what is wrong with it (I5)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.guards import GUARDS, Facts, Guard, partition_fault
from state_machines.lifecycle import Lifecycle, Transition, TransitionNotAllowedError


def between(at_least: int | str = 0, below: int | str | None = None) -> Guard:
    return Guard("mean_within", at_least=Decimal(at_least), below=None if below is None else Decimal(below))


def says(verdict: str | None) -> Guard:
    return Guard("verdict_is", verdict=verdict)


def life(*lines: Transition, initial: str = "new", final: frozenset[str] = frozenset({"done"})) -> Lifecycle:
    return Lifecycle("thing", initial, final, lines)


DOOR = life(
    Transition("open", "new", "ajar"),
    Transition("judge", "ajar", "done", between(50)),
    Transition("judge", "ajar", "new", between(below=50)),
)


@pytest.mark.parametrize(
    ("mean", "expected"),
    [
        (Fraction(50), "done"),
        (Fraction(50) - Fraction(1, 10**30), "new"),
        (Fraction(0), "new"),
        (Fraction(100), "done"),
    ],
)
def test_fire_takes_the_line_whose_guard_holds(mean: Fraction, expected: str) -> None:
    """I7: a mean is compared exactly; a hair below 50 is below 50."""
    assert DOOR.fire("ajar", "judge", Facts(mean=mean)) == expected


@pytest.mark.parametrize(
    ("state", "trigger", "facts"),
    [
        ("new", "judge", Facts(mean=Fraction(60))),
        ("done", "open", None),
        ("ajar", "judge", None),
        ("ajar", "break", None),
        ("gone", "open", None),
        ("new", "to_done", None),
    ],
)
def test_fire_refuses_what_the_table_does_not_hold(state: str, trigger: str, facts: Facts | None) -> None:
    """Also triggers and states nobody knows, and the automatic ones of the library."""
    with pytest.raises(TransitionNotAllowedError) as refusal:
        DOOR.fire(state, trigger, facts)

    assert (refusal.value.lifecycle, refusal.value.state, refusal.value.trigger) == ("thing", state, trigger)


def test_refusal_says_what_is_possible_here() -> None:
    with pytest.raises(TransitionNotAllowedError, match="a thing that is new cannot judge; possible here: open"):
        DOOR.fire("new", "judge")
    with pytest.raises(TransitionNotAllowedError, match="nothing: this state is final"):
        DOOR.fire("done", "open")


def test_fire_leaves_no_trace_in_the_shared_machine() -> None:
    """One machine serves every row: what one call does, no other sees."""
    assert [DOOR.fire("new", "open") for _ in range(3)] == ["ajar"] * 3
    with pytest.raises(TransitionNotAllowedError):
        DOOR.fire("new", "judge", Facts(mean=Fraction(60)))
    assert DOOR.fire("new", "open") == "ajar"


def test_states_and_triggers_are_listed_in_the_order_of_the_table() -> None:
    assert DOOR.states == ("new", "ajar", "done")
    assert DOOR.triggers_from("ajar") == ("judge",)
    assert DOOR.faults() == ()


@pytest.mark.parametrize(
    ("lifecycle", "fault"),
    [
        (life(Transition("a", "new", "done"), Transition("b", "island", "done")), "island cannot be reached from new"),
        (life(Transition("a", "new", "done"), Transition("b", "new", "pit")), "pit is a dead end: no trigger leads on"),
        (
            life(Transition("a", "new", "done"), Transition("b", "new", "x"), Transition("c", "x", "x")),
            "no end can be reached from x",
        ),
        (
            life(Transition("a", "new", "done"), Transition("a", "new", "new")),
            "a from new: two lines without a guard; the second is never taken",
        ),
        (
            life(Transition("a", "new", "done", between(50)), Transition("a", "new", "new")),
            "a from new: a line without a guard stands beside guarded ones; guard each of them",
        ),
        (
            life(Transition("a", "new", "done", between(50))),
            "a from new: no outcome accepts a mean from 0 to below 50; close the gap",
        ),
    ],
)
def test_faults_names_each_breach_of_a_lifecycle(lifecycle: Lifecycle, fault: str) -> None:
    """I5: no state without a way to an end, no value of a guard without an answer."""
    assert fault in lifecycle.faults()


@pytest.mark.parametrize(
    ("guards", "fault"),
    [
        ([Guard("coin")], "unknown guard coin"),
        ([says("accepted"), between()], "the outcomes read different values"),
        ([says("accepted")], "the verdict declined has 0 outcomes"),
        ([says("accepted"), says("accepted"), says("declined")], "the verdict accepted has 2 outcomes"),
        ([says("accepted"), says("declined"), says("perhaps")], "unknown verdict perhaps"),
        ([between(1)], "no outcome accepts a mean from 0 to below 1"),
        ([between(0, 50), between(60)], "no outcome accepts a mean from 50 to below 60"),
        ([between(0, 60), between(50)], "two outcomes accept a mean of 50"),
        ([between(0), between(50)], "two outcomes accept a mean of 50"),
        ([between(0, 50), between(50, 100)], "no outcome accepts a mean from 100 to 100; leave out `below`"),
        ([], "no outcome accepts a mean from 0 to 100"),
    ],
)
def test_partition_fault_finds_each_way_to_miss_or_double_a_value(guards: list[Guard], fault: str) -> None:
    """I5: exactly one outcome for each value."""
    found = partition_fault(guards)

    assert found is not None
    assert fault in found


@pytest.mark.parametrize(
    "guards", [[between()], [between(50), between(0, 50)], [between(90), between(50, 90), between(0, 50)]]
)
def test_partition_fault_accepts_intervals_that_meet(guards: list[Guard]) -> None:
    assert partition_fault(guards) is None


def test_partition_fault_accepts_both_verdicts_once() -> None:
    assert partition_fault([says("declined"), says("accepted")]) is None


@given(
    st.lists(
        st.tuples(st.integers(-1, 11), st.none() | st.integers(-1, 12)).filter(
            lambda ends: ends[1] is None or ends[0] < ends[1]
        ),
        max_size=4,
    )
)
def test_partition_fault_is_none_exactly_when_one_guard_holds_for_each_mean(ends: list[tuple[int, int | None]]) -> None:
    """I5, by brute force over means in steps of five from 0 to 100."""
    guards = [between(low * 10, None if high is None else high * 10) for low, high in ends]
    holding = [sum(guard.holds(Facts(mean=Fraction(mean))) for guard in guards) for mean in range(0, 101, 5)]
    if partition_fault(guards) is None:
        assert set(holding) == {1}
    elif all(0 <= low <= 10 for low, _ in ends) and all(high is None or high <= 10 for _, high in ends):
        assert set(holding) != {1}


def test_guards_read_nothing_else_than_they_name() -> None:
    assert set(GUARDS) == {"verdict_is", "mean_within", "always", "ended_from_is"}
    assert not Guard("ended_from_is").holds(Facts())
    assert not Guard("ended_from_is", state="a").holds(Facts(ended_from="b"))
    assert not between().holds(Facts(verdict="accepted"))
    assert not says("accepted").holds(Facts(mean=Fraction(60)))
    assert Guard("always").holds(Facts())


def test_partition_fault_lets_nothing_stand_beside_a_guard_that_always_holds() -> None:
    assert partition_fault([Guard("always")]) is None
    assert partition_fault([Guard("always"), Guard("always")]) == "2 outcomes always hold; keep one"
    assert partition_fault([Guard("always"), says("accepted")]) is not None


def test_mermaid_draws_every_state_and_line() -> None:
    assert DOOR.mermaid() == (
        "stateDiagram-v2\n"
        "  [*] --> new\n"
        '  state "new" as new\n'
        '  state "ajar" as ajar\n'
        '  state "done" as done\n'
        "  new --> ajar: open\n"
        "  ajar --> done: judge [mean at least 50]\n"
        "  ajar --> new: judge [mean at least 0, below 50]\n"
        "  done --> [*]\n"
    )


def test_mermaid_writes_a_stage_with_its_status_as_one_node() -> None:
    drawn = life(Transition("go", "one:open", "done", says("accepted")), initial="one:open").mermaid()

    assert '  state "one:open" as one__open\n' in drawn
    assert "  one__open --> done: go [accepted]\n" in drawn

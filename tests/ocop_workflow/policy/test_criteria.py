"""Gates of a criteria set, and the checks of the set by itself."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.policy.criteria import (
    CriteriaError,
    CriteriaSet,
    Criterion,
    Option,
    Part,
    gate_cap,
    gates_for_rating,
    gates_of,
    scored_criteria,
)
from ocop_workflow.policy.criteria_checks import check_criteria_set


def option(points: int, gate: int | None = None, case: str | None = None) -> Option:
    return Option(points=Decimal(points), label=f"reaches {points}", gate=gate, case=case)


def criterion(code: str, maximum: int, *options: Option, criteria: tuple[Criterion, ...] = ()) -> Criterion:
    return Criterion(code=code, label=f"about {code}", maximum=Decimal(maximum), options=options, criteria=criteria)


def sheet(*criteria: Criterion, rest: int) -> CriteriaSet:
    """Return a set of one part with these criteria and a last one, without options, that fills it to 100."""
    filler = criterion("9", rest)
    part = Part(id="A", title="all", maximum=Decimal(100), criteria=(*criteria, filler))
    return CriteriaSet(number=1, title="a set", group="a group", source="chosen for this example", parts=(part,))


SMALL = sheet(
    criterion(
        "1",
        8,
        criteria=(
            criterion("1.1", 3, option(1, 3), option(2), option(3, 4)),
            criterion("1.2", 5, option(0), option(1), option(5, 5)),
        ),
    ),
    criterion("2", 2, option(0), option(2, 3)),
    rest=90,
)
"""Gates: 1.1 at 1 for three stars and at 3 for four, 1.2 at 5 for five, 2 at 2 for three."""


def reached(**points: int) -> dict[str, Decimal]:
    return {code.replace("c", "").replace("_", "."): Decimal(value) for code, value in points.items()}


def sentences(criteria_set: CriteriaSet) -> list[str]:
    return [finding.sentence for finding in check_criteria_set(criteria_set)]


def test_scored_criteria_are_those_without_others_below() -> None:
    assert [each.code for each in scored_criteria(SMALL)] == ["1.1", "1.2", "2", "9"]


def test_gates_are_the_marked_options_in_the_order_of_the_sheet() -> None:
    assert [(gate.code, gate.stars, int(gate.points)) for gate in gates_of(SMALL)] == [
        ("1.1", 3, 1),
        ("1.1", 4, 3),
        ("1.2", 5, 5),
        ("2", 3, 2),
    ]


@pytest.mark.parametrize(
    ("findings", "cap"),
    [
        (reached(c1_1=3, c1_2=5, c2=2), 5),
        (reached(c1_1=3, c1_2=1, c2=2), 4),
        (reached(c1_1=2, c1_2=5, c2=2), 3),
        (reached(c1_1=1, c1_2=5, c2=2), 3),
        (reached(c1_1=3, c1_2=5, c2=0), 2),
        (reached(c1_1=0, c1_2=0, c2=0), 2),
    ],
)
def test_cap_is_one_star_below_the_lowest_gate_not_reached(findings: dict[str, Decimal], cap: int) -> None:
    """A higher option satisfies the lower gate; a gate for three stars also holds for four and five."""
    assert gate_cap(SMALL, findings) == cap


def test_missing_finding_is_refused_and_not_taken_as_no() -> None:
    with pytest.raises(CriteriaError, match="criterion 2 has no finding"):
        gate_cap(SMALL, reached(c1_1=3, c1_2=5))


def test_unknown_criterion_is_refused() -> None:
    with pytest.raises(CriteriaError, match=r"no criterion 1\.9"):
        gate_cap(SMALL, reached(c1_1=3, c1_2=5, c2=2, c1_9=1))


def test_gates_for_rating_have_an_id_a_cap_and_the_criterion_as_source() -> None:
    gates = gates_for_rating(SMALL)

    assert [(gate.id, gate.cap) for gate in gates] == [("1.1-3", 2), ("1.1-4", 3), ("1.2-5", 4), ("2-3", 2)]
    assert gates[0].title.vi == "1.1. about 1.1: reaches 1"
    assert gates[0].title.en == "1.1. about 1.1: at least 1 points, the least for 3 stars"
    assert gates[0].source == "chosen for this example, criterion 1.1"


@st.composite
def sheets(draw: st.DrawFn) -> CriteriaSet:
    """Criteria with rising points and rising gates, as the checks demand."""
    criteria = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        points = sorted(draw(st.sets(st.integers(0, 9), min_size=1, max_size=5)) | {9})
        marks = sorted(draw(st.sets(st.sampled_from([3, 4, 5]), max_size=min(3, len(points)))))
        marked = dict(zip(points[len(points) - len(marks) :], marks, strict=True))
        criteria.append(criterion(str(number), 9, *(option(each, marked.get(each)) for each in points)))
    return sheet(*criteria, rest=100 - 9 * len(criteria))


@st.composite
def sheets_with_findings(draw: st.DrawFn) -> tuple[CriteriaSet, dict[str, Decimal], dict[str, Decimal]]:
    """A set with findings, and findings that are nowhere lower."""
    criteria_set = draw(sheets())
    lower, higher = {}, {}
    for each in scored_criteria(criteria_set):
        points = sorted(given.points for given in each.options) or [Decimal(0)]
        at = draw(st.integers(0, len(points) - 1))
        lower[each.code], higher[each.code] = points[at], points[draw(st.integers(at, len(points) - 1))]
    return criteria_set, lower, higher


@given(sheets_with_findings())
def test_cap_never_falls_when_a_finding_rises(
    drawn: tuple[CriteriaSet, dict[str, Decimal], dict[str, Decimal]],
) -> None:
    criteria_set, lower, higher = drawn

    assert 2 <= gate_cap(criteria_set, lower) <= gate_cap(criteria_set, higher) <= 5


@given(sheets())
def test_cap_is_five_stars_when_every_gate_is_reached(criteria_set: CriteriaSet) -> None:
    assert check_criteria_set(criteria_set) == ()
    assert gate_cap(criteria_set, {each.code: each.maximum for each in scored_criteria(criteria_set)}) == 5


@given(sheets_with_findings())
def test_cap_is_that_of_the_gates_answered_one_by_one(
    drawn: tuple[CriteriaSet, dict[str, Decimal], dict[str, Decimal]],
) -> None:
    """Whoever records a yes or no for each gate and takes the lowest cap of a no comes to the same stars."""
    criteria_set, findings, _ = drawn
    missed = {f"{gate.code}-{gate.stars}" for gate in gates_of(criteria_set) if findings[gate.code] < gate.points}

    assert gate_cap(criteria_set, findings) == min(
        (gate.cap for gate in gates_for_rating(criteria_set) if gate.id in missed), default=5
    )


def test_a_set_in_order_has_no_finding() -> None:
    assert check_criteria_set(SMALL) == ()


@pytest.mark.parametrize(
    ("criteria_set", "sentence"),
    [
        (sheet(rest=99), "part A gives 100 points, its criteria 99; correct one of them"),
        (
            sheet(criterion("1", 3, criteria=(criterion("1.1", 2),)), rest=97),
            "criterion 1 gives 3 points, its criteria 2; correct one of them",
        ),
        (
            sheet(criterion("1", 3, option(1), option(2)), rest=97),
            "criterion 1: the best option gives 2 points, the criterion 3; correct one of them",
        ),
        (
            sheet(criterion("1", 3, option(1), option(4)), rest=97),
            "criterion 1: the best option gives 4 points, the criterion 3; correct one of them",
        ),
        (
            sheet(criterion("1", 3, option(2), option(1), option(3)), rest=97),
            "criterion 1: 1 points follow 2; let them rise",
        ),
        (
            sheet(criterion("1", 3, option(1), option(1, 3), option(3)), rest=97),
            "criterion 1: 1 points follow 1; let them rise",
        ),
        (
            sheet(criterion("1", 3, option(1, 4), option(3, 3)), rest=97),
            "criterion 1: the gate of 3 stars follows that of 4; let gates rise with the points",
        ),
        (sheet(criterion("9", 3), rest=97), "criterion 9 stands twice; give each its own code"),
        (
            sheet(criterion("1", 3, criteria=(criterion("2.1", 3),)), rest=97),
            "criterion 2.1 stands below 1; correct its code",
        ),
        (
            sheet(criterion("1", 3, option(3), criteria=(criterion("1.1", 3),)), rest=97),
            "criterion 1 has criteria and options; keep one of the two",
        ),
    ],
)
def test_check_finds(criteria_set: CriteriaSet, sentence: str) -> None:
    assert sentences(criteria_set) == [sentence]


def test_parts_must_sum_to_100() -> None:
    part = Part(id="A", title="all", maximum=Decimal(90), criteria=(criterion("1", 90),))
    half = CriteriaSet(number=1, title="a set", group="a group", source="chosen for this example", parts=(part,))

    assert sentences(half) == ["the parts give 90 points; let them sum to 100"]


def test_each_case_has_its_own_rising_options() -> None:
    """Of two alternatives each begins anew, and each must reach the maximum."""
    two = criterion("1", 3, option(1, case="one"), option(3, case="one"), option(1, case="two"), option(3, case="two"))
    short = criterion("1", 3, option(1, case="one"), option(3, case="one"), option(2, case="two"))

    assert sentences(sheet(two, rest=97)) == []
    assert sentences(sheet(short, rest=97)) == [
        "criterion 1: the best option gives 2 points, the criterion 3; correct one of them"
    ]

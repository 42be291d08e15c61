"""Exact means and stars by band edges (I7)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.config_files import default_config_dir, find_plan, load_demo_settings, load_plan, load_rule_set
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.rule_set import Band, CriteriaPart
from ocop_workflow.policy.scoring import MOST_DECIMALS, ScoreOutOfRangeError, mean_score, sheet_total, stars_of

TITLE = LocalText(vi="Phần", en="Part")
PARTS = tuple(
    CriteriaPart(id=part, title=TITLE, maximum=Decimal(maximum), source="article 3")
    for part, maximum in (("A", 35), ("B", 25), ("C", 40))
)
HAIR = Fraction(1, 10**40)


def shipped_bands() -> tuple[Band, ...]:
    config = default_config_dir()
    plan = load_plan(find_plan(config, load_demo_settings(config).plan))
    return load_rule_set(config, plan.rule_set).bands


BANDS = shipped_bands()


@pytest.mark.parametrize(
    ("mean", "stars"),
    [
        (Fraction(100), 5),
        (Fraction(90), 5),
        (Fraction(90) - HAIR, 4),
        (Fraction(179, 2), 4),
        (Fraction(70), 4),
        (Fraction(70) - HAIR, 3),
        (Fraction(50), 3),
        (Fraction(50) - HAIR, 2),
        (Fraction(30), 2),
        (Fraction(30) - HAIR, 1),
        (Fraction(0), 1),
    ],
)
def test_stars_of_takes_half_open_bands(mean: Fraction, stars: int) -> None:
    """The printed law leaves 89.5 in a gap; here a mean below 90 has 4 stars, however near it is."""
    assert stars_of(mean, BANDS) == stars


def test_stars_of_refuses_a_mean_in_a_gap() -> None:
    bands = [band for band in BANDS if band.stars != 4]

    with pytest.raises(ScoreOutOfRangeError, match=r"no band holds a mean of 80\.00"):
        stars_of(Fraction(80), bands)


def test_mean_score_of_three_members_keeps_thirds() -> None:
    assert mean_score([Decimal(90), Decimal(90), Decimal("89.999999")]) == Fraction(269999999, 3000000)
    assert mean_score([Decimal("89.9"), Decimal("90.1"), Decimal(90)]) == 90


def test_mean_score_needs_a_sheet() -> None:
    with pytest.raises(ScoreOutOfRangeError, match="record at least one"):
        mean_score([])


_POINTS = st.fixed_dictionaries(
    {part.id: st.decimals(0, part.maximum, places=MOST_DECIMALS, allow_nan=False) for part in PARTS}
)


@given(st.lists(_POINTS, min_size=1, max_size=9))
def test_mean_score_is_exact_for_every_council(sheets: list[dict[str, Decimal]]) -> None:
    """I7: sums in decimal arithmetic lose nothing within the decimals that are allowed."""
    totals = [sheet_total(points, PARTS) for points in sheets]
    exact = sum((Fraction(value) for points in sheets for value in points.values()), Fraction(0)) / len(sheets)

    assert mean_score(totals) == exact
    assert 0 <= exact <= 100


def test_sheet_total_adds_the_parts() -> None:
    assert sheet_total({"A": Decimal(35), "B": Decimal("12.5"), "C": Decimal(0)}, PARTS) == Decimal("47.5")


@pytest.mark.parametrize("places", [MOST_DECIMALS, MOST_DECIMALS + 1, 40])
def test_sheet_total_refuses_points_too_fine_to_add_exactly(places: int) -> None:
    points = {"A": Decimal(1).scaleb(-places), "B": Decimal(0), "C": Decimal(0)}
    if places <= MOST_DECIMALS:
        assert sheet_total(points, PARTS) == points["A"]
    else:
        with pytest.raises(ScoreOutOfRangeError, match="too many decimals"):
            sheet_total(points, PARTS)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "-0.1", "35.1", "1E+400"])
def test_sheet_total_refuses_what_is_out_of_range(value: str) -> None:
    with pytest.raises(ScoreOutOfRangeError, match=r"part A has .* points; give 0 to 35"):
        sheet_total({"A": Decimal(value), "B": Decimal(0), "C": Decimal(0)}, PARTS)

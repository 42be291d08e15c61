"""Stars are the lower of the band and the caps of gates not met, and a product goes where its stars belong."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.rating import FindingMissingError, rate
from ocop_workflow.policy.rule_set import Band, Gate
from ocop_workflow.policy.scoring import mean_score, shown_mean, spread_of, stars_of

TITLE = LocalText(vi="Cổng", en="Gate")
BANDS = tuple(
    Band(stars=stars, at_least=Decimal(least), below=below and Decimal(below), source="Điều 9")
    for stars, least, below in ((5, "90", None), (4, "70", "90"), (3, "50", "70"), (2, "30", "50"), (1, "0", "30"))
)
GATES = tuple(Gate(id=f"cap-{cap}", title=TITLE, cap=cap, source="annex II") for cap in (2, 3, 4))
ALL_MET = {gate.id: True for gate in GATES}

TABLE = [
    # mean, stars with every gate met, with cap-4 unmet, with cap-3 unmet, with cap-2 unmet: counted by hand from the
    # bands of QĐ 26 (90, 70, 50, 30) and its marks (*** for 3 stars, **** for 4, ***** for 5).
    ("29.99", 1, 1, 1, 1),
    ("30", 2, 2, 2, 2),
    ("49.99", 2, 2, 2, 2),
    ("50", 3, 3, 3, 2),
    ("69.99", 3, 3, 3, 2),
    ("70", 4, 4, 3, 2),
    ("89.5", 4, 4, 3, 2),
    ("89.99", 4, 4, 3, 2),
    ("90", 5, 4, 3, 2),
    ("100", 5, 4, 3, 2),
]


@pytest.mark.parametrize(("mean", "met", "cap_4", "cap_3", "cap_2"), TABLE)
def test_rate_gives_the_lower_of_band_and_cap(mean: str, met: int, cap_4: int, cap_3: int, cap_2: int) -> None:
    def stars(**unmet: bool) -> int:
        findings = ALL_MET | {gate.replace("_", "-"): found for gate, found in unmet.items()}
        return rate(Fraction(mean), bands=BANDS, gates=GATES, findings=findings).stars

    assert stars() == met
    assert (stars(cap_4=False), stars(cap_3=False), stars(cap_2=False)) == (cap_4, cap_3, cap_2)
    assert stars(cap_4=False, cap_2=False) == cap_2


def test_rate_without_gates_is_the_band_alone() -> None:
    rating = rate(Fraction(92), bands=BANDS, gates=(), findings={})

    assert (rating.stars, rating.band_stars, rating.score, rating.unmet) == (5, 5, Fraction(92), ())


def test_rate_names_the_gates_without_a_finding() -> None:
    with pytest.raises(FindingMissingError, match="has not found whether cap-2, cap-4 is met"):
        rate(Fraction(10), bands=BANDS, gates=GATES, findings={"cap-3": True})


def test_rate_names_every_gate_without_a_finding() -> None:
    """A set of QĐ 26/2026 has more than a dozen gates; who finds on those that are named is not refused again."""
    gates = [GATES[0].model_copy(update={"id": f"gate-{number}"}) for number in range(18)]

    with pytest.raises(FindingMissingError) as refused:
        rate(Fraction(10), bands=BANDS, gates=gates, findings={})

    assert all(f"gate-{number}" in str(refused.value) for number in range(18))


def test_rate_keeps_the_mean_and_lowers_what_the_route_reads() -> None:
    """92 points with a cap of 4 are told as 92 points and 4 stars, and go where 4 stars go."""
    rating = rate(Fraction(92), bands=BANDS, gates=GATES, findings=ALL_MET | {"cap-4": False})

    assert (rating.mean, rating.band_stars, rating.stars, rating.unmet) == (Fraction(92), 5, 4, ("cap-4",))
    assert 70 <= rating.score < 90


_TOTALS = st.lists(st.decimals(0, 100, places=3, allow_nan=False), min_size=1, max_size=11)
_FINDINGS = st.fixed_dictionaries({gate.id: st.booleans() for gate in GATES})


@given(_TOTALS, _FINDINGS)
def test_the_route_reads_a_score_in_the_band_of_the_stars(totals: list[Decimal], findings: dict[str, bool]) -> None:
    """Section 4: the guard never sees points of stars that the product does not have, nor more than its mean."""
    rating = rate(mean_score(totals), bands=BANDS, gates=GATES, findings=findings)

    assert stars_of(rating.score, BANDS) == rating.stars <= rating.band_stars == stars_of(rating.mean, BANDS)
    assert rating.score <= rating.mean
    assert all(rating.stars <= gate.cap for gate in GATES if not findings[gate.id])
    assert rating.score == rating.mean or rating.unmet


@given(_TOTALS, _FINDINGS, st.sampled_from(GATES))
def test_a_gate_met_never_costs_a_star(totals: list[Decimal], findings: dict[str, bool], gate: Gate) -> None:
    mean = mean_score(totals)

    def stars(*, met: bool) -> int:
        return rate(mean, bands=BANDS, gates=GATES, findings=findings | {gate.id: met}).stars

    assert stars(met=False) <= stars(met=True)


@given(_TOTALS.flatmap(lambda totals: st.tuples(st.just(totals), st.permutations(totals))))
def test_the_order_of_sheets_does_not_matter(both: tuple[list[Decimal], list[Decimal]]) -> None:
    first, second = both

    assert (mean_score(first), spread_of(first)) == (mean_score(second), spread_of(second))


@given(_TOTALS)
def test_the_shown_mean_never_shows_a_higher_band(totals: list[Decimal]) -> None:
    mean = mean_score(totals)

    assert Fraction(shown_mean(mean)) <= mean < Fraction(shown_mean(mean)) + Fraction(1, 100)
    assert stars_of(Fraction(shown_mean(mean)), BANDS) == stars_of(mean, BANDS)
    assert min(totals) <= mean <= max(totals)


def test_shown_mean_of_three_members_just_below_90_is_not_90() -> None:
    """89.996 is shown as 89.99 and has four stars."""
    mean = mean_score([Decimal("89.996")] * 3)

    assert (shown_mean(mean), stars_of(mean, BANDS)) == ("89.99", 4)


@pytest.mark.parametrize(
    ("totals", "spread"), [((), "0"), (("70",), "0"), (("60", "70"), "10"), (("60", "70.000001", "65"), "10.000001")]
)
def test_spread_of_lies_between_the_highest_and_the_lowest_total(totals: tuple[str, ...], spread: str) -> None:
    assert spread_of([Decimal(total) for total in totals]) == Decimal(spread)

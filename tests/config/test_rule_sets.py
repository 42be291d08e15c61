"""The shipped rule sets against tables written by hand from the documents (tables/): results, routes, intakes."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocop_workflow.config_files import default_config_dir, load_rule_sets
from ocop_workflow.policy.date_forms import Due
from ocop_workflow.policy.intake import rule_set_taking_new
from ocop_workflow.policy.route import lifecycle_of
from ocop_workflow.policy.rule_set import DossierKind, RuleSet
from ocop_workflow.policy.scoring import mean_score, stars_of
from state_machines.dossier import DossierTrigger
from state_machines.guards import VERDICTS, Facts
from state_machines.lifecycle import Lifecycle, TransitionNotAllowedError

TABLES = Path(__file__).parent / "tables"
CONFIG = default_config_dir()


def table(name: str) -> dict[str, Any]:
    text = (TABLES / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 -- BaseLoader gives text only
    return found


BOUNDARIES = table("boundaries")
INTAKES = table("intakes")
MEANS: list[str] = BOUNDARIES["means"]
RULE_SETS: dict[str, Any] = BOUNDARIES["rule_sets"]
NAMES = sorted(RULE_SETS)


@cache
def shipped() -> dict[str, RuleSet]:
    return load_rule_sets(CONFIG)


@cache
def lifecycle(name: str, kind: DossierKind) -> Lifecycle:
    route = shipped()[name].route
    return lifecycle_of(route, [stage for stage in route.stages if kind in stage.kinds])


def test_every_shipped_rule_set_is_in_the_tables() -> None:
    assert sorted(shipped()) == NAMES


# --- Results at the edges of the bands ---


@pytest.mark.parametrize(("name", "at"), list(product(NAMES, range(len(MEANS)))))
def test_a_mean_has_the_stars_of_the_table(name: str, at: int) -> None:
    assert stars_of(Fraction(MEANS[at]), shipped()[name].bands) == int(RULE_SETS[name]["stars"][at])


@pytest.mark.parametrize(("name", "at"), list(product(NAMES, range(len(MEANS)))))
def test_the_level_of_the_table_recognises_the_stars_of_a_mean(name: str, at: int) -> None:
    stars = stars_of(Fraction(MEANS[at]), shipped()[name].bands)
    levels = [each.level for each in shipped()[name].recognition if stars in each.stars]

    assert levels == [level for level in [RULE_SETS[name]["recognised_at"][at]] if level]


@pytest.mark.parametrize(
    ("totals", "stars"),
    [
        (("90", "90", "89"), 4),  # 89 and two thirds
        (("90", "90", "91"), 5),  # 90 and a third
        (("90", "90", "89.999999"), 4),  # a third of a millionth below 90
        (("70", "70", "69"), 3),
        (("50", "49", "50"), 2),
        (("30", "29", "30"), 1),
        (("30", "30", "31"), 2),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_a_mean_that_is_no_finite_decimal_is_never_rounded_over_a_bound(
    name: str, totals: tuple[str, ...], stars: int
) -> None:
    """I7: three members make thirds; what lies a hair below a bound has not reached it."""
    assert stars_of(mean_score([Decimal(total) for total in totals]), shipped()[name].bands) == stars


def test_the_parts_give_the_points_of_each_decision() -> None:
    """35/25/40 under QĐ 1048, 40/25/35 under QĐ 148 and QĐ 26 (Điều 3.1)."""
    found = {name: [int(part.maximum) for part in rule_set.parts] for name, rule_set in shipped().items()}

    assert found == {
        "quang-ninh-2017": [35, 25, 40],
        "qd-1048-2019": [35, 25, 40],
        "qd-148-2023": [40, 25, 35],
        "qd-1489-2025": [40, 25, 35],
        "qd-26-2026": [40, 25, 35],
    }


# --- Every state with every trigger, of every route and kind (I5) ---

OPEN = ("awaiting_submission", "submitted", "received", "under_review", "returned")
ENDS = ("recognised", "rated_uncertified", "not_passed", "rejected", "withdrawn", "lapsed")
INSIDE = {
    ("awaiting_submission", "submit"): "submitted",
    ("returned", "submit"): "under_review",
    ("submitted", "receive"): "received",
    ("received", "review"): "under_review",
    ("received", "return"): "returned",
    ("under_review", "return"): "returned",
    **{(status, "withdraw"): "withdrawn" for status in OPEN},
}


def facts_of(row: dict[str, Any]) -> Iterator[tuple[Facts, str]]:
    """Yield what can be found at a stage, with where the table says it leads."""
    if row["judged_by"] == "nobody":
        yield Facts(), row["to"]
    elif row["judged_by"] == "verdict":
        yield from ((Facts(verdict=verdict), row[verdict]) for verdict in VERDICTS)
    else:
        yield from ((Facts(mean=Fraction(mean)), to) for mean, to in zip(MEANS, row["leads"], strict=True))


def expected(row: dict[str, Any], stage: str, status: str, trigger: str, to: str) -> str | None:
    if trigger == "conclude" and status in ("received", "under_review"):
        return to if to in ENDS else f"{to}:awaiting_submission"
    if trigger == "reject" and status in ("submitted", "received", "under_review") and row["judged_by"] != "nobody":
        return "rejected"
    if trigger == "lapse" and status in ("awaiting_submission", "returned") and row["brought_by"] == "producer":
        return "lapsed"
    inner = INSIDE.get((status, trigger))
    return inner if inner is None or inner in ENDS else f"{stage}:{inner}"


STAGES = [(name, stage, kind) for name in NAMES for stage in RULE_SETS[name]["stages"] for kind in DossierKind]


@pytest.mark.parametrize(("name", "stage", "kind"), STAGES)
def test_every_trigger_from_every_state_of_a_stage_does_what_the_table_says(
    name: str, stage: str, kind: DossierKind
) -> None:
    """Allowed exactly as the table says; refused otherwise, by an error that names the state unchanged."""
    machine, row = lifecycle(name, kind), RULE_SETS[name]["stages"][stage]
    for status, trigger in product(OPEN, DossierTrigger):
        state = f"{stage}:{status}"
        for facts, to in facts_of(row):
            after = expected(row, stage, status, trigger, to)
            if after is not None:
                assert machine.fire(state, trigger, facts) == after
            else:
                with pytest.raises(TransitionNotAllowedError) as refusal:
                    machine.fire(state, trigger, facts)
                assert refusal.value.state == state


@pytest.mark.parametrize(("name", "kind"), list(product(NAMES, DossierKind)))
def test_every_route_has_the_states_of_the_table_and_no_dead_end(name: str, kind: DossierKind) -> None:
    machine = lifecycle(name, kind)
    first, *_ = RULE_SETS[name]["stages"]

    assert machine.faults() == ()
    assert machine.initial == f"{first}:awaiting_submission"
    assert set(machine.states) == {f"{stage}:{status}" for stage in RULE_SETS[name]["stages"] for status in OPEN} | set(
        ENDS
    )
    for end, trigger in product(ENDS, DossierTrigger):
        with pytest.raises(TransitionNotAllowedError):
            machine.fire(end, trigger, Facts(verdict="accepted", mean=Fraction(90)))


@pytest.mark.parametrize(("name", "stage", "kind"), STAGES)
def test_who_brings_the_dossier_and_who_judges_are_those_of_the_table(name: str, stage: str, kind: DossierKind) -> None:
    found, row = shipped()[name].route.stage(stage), RULE_SETS[name]["stages"][stage]

    assert kind in found.kinds
    assert ("producer" if found.submitted_by.producer else found.submitted_by.level) == row["brought_by"]
    assert found.judged_by == row["judged_by"]


# --- Which rule set takes new dossiers ---

PLACES = {"nation": (), "quang-ninh": ("ha-long", "quang-ninh", "vn")}
ROWS = [(place, row) for place, rows in INTAKES.items() for row in rows]


@pytest.mark.parametrize(("place", "row"), ROWS, ids=[f"{place}-{row['on']}" for place, row in ROWS])
@pytest.mark.parametrize("kind", DossierKind)
def test_one_rule_set_takes_new_dossiers(place: str, row: dict[str, str], kind: DossierKind) -> None:
    """For each day, level and kind exactly the one of the table, or none."""
    for level in ("commune", "district", "province", "national"):
        taker = rule_set_taking_new(
            shipped().values(), on=date.fromisoformat(row["on"]), level=level, kind=kind, area=PLACES[place]
        )
        assert (taker.id if taker else "") == row[level], level


# --- The law in force, number by number ---


def _written(due: Due) -> str:
    return str(next(iter(due.model_dump(mode="json")["date"].values())))


def test_decision_26_has_the_terms_of_its_articles() -> None:
    law = shipped()["qd-26-2026"]
    limits = {limit.id: (_written(limit.due), limit.due.origin.value, limit.article) for limit in law.limits}

    assert limits == {
        "commune-assessment": ("15 working days of received", "statutory", "Điều 7.2"),
        "renewal-province": ("45 days of complete", "statutory", "Điều 7.6 g"),
        "renewal-national": ("45 days of complete", "statutory", "Điều 7.6 g"),
    }
    assert law.withdrawal_within is not None
    assert (law.withdrawal_within.days, law.withdrawal_within.source) == (15, "Điều 8.4")
    assert {limit.kinds for limit in law.limits if limit.id.startswith("renewal")} == {(DossierKind.RENEWAL,)}
    assert (law.validity_months, law.validity_source) == (36, "Điều 4.3: 36 months from the day of issue")
    assert law.renewal is not None
    assert (law.renewal.opens_days_before, law.renewal.closes_days_before) == (180, 120)
    assert law.renewal.extended_by_law is not None
    assert (law.renewal.extended_by_law.days, law.renewal.extended_by_law.late_submissions) == (180, True)


def test_decision_26_has_the_four_batches_of_dieu_5() -> None:
    found = [(b.stage, b.requested_before, b.held_before, b.source) for b in shipped()["qd-26-2026"].batches]

    assert found == [
        ("province_evaluation", "04-30", "06-30", "Điều 5.1"),
        ("province_evaluation", "10-30", "12-30", "Điều 5.1"),
        ("national_evaluation", "07-30", "09-30", "Điều 5.2"),
        ("national_evaluation", "01-30", "03-30", "Điều 5.2"),
    ]


def test_decision_26_withdraws_on_its_six_grounds() -> None:
    """Điều 8.1 a to e."""
    assert [ground.source for ground in shipped()["qd-26-2026"].withdrawal_grounds] == [
        f"Điều 8.1 {letter}" for letter in ("a", "b", "c", "d", "đ", "e")
    ]


def test_decision_26_lets_pending_dossiers_finish_under_the_earlier_rules() -> None:
    """Điều 12.2: 22/5/2026 and sixty days is 21/7/2026, and thirty days 21/6/2026; both texts are in force so long."""
    law = shipped()["qd-26-2026"]
    ends = {t.kinds: _written(t.due) for t in law.transitions}

    assert ends == {(DossierKind.FIRST, DossierKind.UPGRADE): "2026-07-21", (DossierKind.RENEWAL,): "2026-06-21"}
    assert {t.of for t in law.transitions} == {("qd-148-2023", "qd-1489-2025")}
    assert {shipped()[name].in_force.until for name in ("qd-148-2023", "qd-1489-2025")} == {date(2026, 7, 22)}
    assert law.old_certificates is not None


def test_decision_26_leaves_its_gates_to_the_criteria_sets() -> None:
    assert shipped()["qd-26-2026"].gates == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_set_comes_back_from_json(name: str) -> None:
    """It is pinned as JSON when a cycle opens, and must be the same when read again."""
    assert RuleSet.model_validate_json(shipped()[name].model_dump_json()) == shipped()[name]

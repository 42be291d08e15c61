"""From a rule set's route to lifecycles and parties (I5)."""

from pathlib import Path

import pytest

from ocop_workflow.config_files import PlanFiles, default_config_dir, load_plan_files, load_rule_set
from ocop_workflow.policy.route import (
    lifecycle_of,
    party_of,
    position_of,
    stages_of,
    step_settled_by,
    steps_opened,
    sure_stages,
)
from ocop_workflow.policy.rule_set import Outcome, Owner, Route, Stage
from ocop_workflow.policy.units import PositionRef
from state_machines.dossier import DossierTrigger
from state_machines.guards import Facts

SMALL = Path(__file__).parents[1] / "small"


@pytest.fixture(scope="module")
def files() -> PlanFiles:
    return load_plan_files(SMALL / "cycles" / "coast-2018.yaml", SMALL)


@pytest.fixture(scope="module")
def route(files: PlanFiles) -> tuple[Stage, ...]:
    """Three stages by verdict: registration, an optional check, evaluation made of the small rule set's two."""
    registration, evaluation = files.rule_sets["two-stages"].route.stages
    declined = outcome(registration, "declined", "not_passed")
    check = registration.model_copy(
        update={
            "id": "check",
            "can_be_switched_off": True,
            "outcomes": (
                outcome(registration, "accepted", "evaluation"),
                outcome(registration, "declined", "not_passed"),
            ),
        }
    )
    first = registration.model_copy(update={"outcomes": (outcome(registration, "accepted", "check"), declined)})
    return first, check, evaluation


def outcome(stage: Stage, verdict: str, to: str) -> Outcome:
    found = next(end for end in stage.outcomes if end.when.verdict == verdict)
    return found.model_copy(update={"to": to})


def with_route(files: PlanFiles, route: tuple[Stage, ...], off: tuple[str, ...], kind: str) -> tuple[str, ...]:
    rule_set = files.rule_sets["two-stages"]
    changed = rule_set.model_copy(update={"route": rule_set.route.model_copy(update={"stages": route})})
    round_ = files.plan.years[2018].rounds[0].model_copy(update={"stages_off": off})
    return tuple(stage.id for stage in stages_of(changed, round_, kind))


def test_stages_of_leaves_out_what_the_round_switches_off(files: PlanFiles, route: tuple[Stage, ...]) -> None:
    """Stages must be optional per locality (domain, section a)."""
    assert with_route(files, route, (), "first") == ("registration", "check", "evaluation")
    assert with_route(files, route, ("check",), "first") == ("registration", "evaluation")


def test_stages_of_keeps_a_stage_that_may_not_be_switched_off(files: PlanFiles, route: tuple[Stage, ...]) -> None:
    assert with_route(files, route, ("evaluation",), "first") == ("registration", "check", "evaluation")


def test_stages_of_leaves_out_stages_that_the_kind_does_not_pass(files: PlanFiles, route: tuple[Stage, ...]) -> None:
    shortened = (route[0].model_copy(update={"kinds": ("first",)}), *route[1:])

    assert with_route(files, shortened, (), "renewal") == ("check", "evaluation")


def test_lifecycle_of_leads_past_a_stage_that_is_left_out(route: tuple[Stage, ...]) -> None:
    """I5: an outcome into a stage left out goes to the one after it."""
    whole, shortened = (lifecycle_of(Route(stages=route), kept) for kept in (route, (route[0], route[2])))
    accepted = Facts(verdict="accepted")

    assert whole.fire("registration:received", DossierTrigger.CONCLUDE, accepted) == "check:awaiting_submission"
    assert (
        shortened.fire("registration:received", DossierTrigger.CONCLUDE, accepted) == "evaluation:awaiting_submission"
    )
    assert whole.faults() == shortened.faults() == ()


IDEA, PLAN, DEVELOPMENT = "idea_registration", "business_plan", "development"


@pytest.mark.parametrize(
    ("off", "first"),
    [
        ((), IDEA),
        ((IDEA,), PLAN),
        ((PLAN,), IDEA),
        ((IDEA, PLAN), DEVELOPMENT),
        ((IDEA, PLAN, DEVELOPMENT), "district"),
    ],
)
def test_a_plan_may_leave_out_idea_business_plan_and_development(off: tuple[str, ...], first: str) -> None:
    """Issue 3, item 4; the domain: stages must be optional for each locality. The rest is a route without a gap."""
    config = default_config_dir()
    rules = load_rule_set(config, "quang-ninh-2017")
    plan = load_plan_files(config / "cycles" / "quang-ninh-2017-2020.yaml", config).plan
    round_ = plan.years[2018].rounds[0].model_copy(update={"stages_off": off})
    stages = stages_of(rules, round_, "first")
    table = lifecycle_of(rules.route, stages)

    assert [stage.id for stage in rules.route.stages if stage not in stages] == list(off)
    assert table.initial == f"{first.replace('district', 'district_evaluation')}:awaiting_submission"
    assert table.faults() == ()


def test_lifecycle_of_lapses_only_where_the_producer_submits(route: tuple[Stage, ...]) -> None:
    """Section 5: only an obligation of the producer can lapse a dossier."""
    lifecycle = lifecycle_of(Route(stages=route), route)

    assert DossierTrigger.LAPSE in lifecycle.triggers_from("registration:awaiting_submission")
    assert DossierTrigger.LAPSE not in lifecycle.triggers_from("evaluation:awaiting_submission")


def test_steps_are_found_by_trigger_and_order(route: tuple[Stage, ...]) -> None:
    stage = route[0]
    receipt = step_settled_by(stage, DossierTrigger.RECEIVE)
    assert receipt is not None

    assert (receipt.id, [step.id for step in steps_opened(stage, receipt.id)]) == ("receipt", ["decision"])
    assert [step.id for step in steps_opened(stage)] == ["submission"]
    assert steps_opened(stage, "decision") == ()
    assert step_settled_by(stage, DossierTrigger.REVIEW) is None


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (Owner(producer=True), "producer:p1"),
        (Owner(level="district", role="ocop_team"), "hill/ocop_team"),
        (Owner(role="ocop_team"), "hill/ocop_team"),
        (Owner(level="province", role="province_council"), "coast/province_council"),
    ],
)
def test_party_of_takes_the_unit_that_the_product_lies_in(files: PlanFiles, owner: Owner, expected: str) -> None:
    assert party_of(owner, units=files.units, unit="hill", producer_id="p1") == expected


def test_position_of_a_named_unit_is_there_whatever_the_product(files: PlanFiles) -> None:
    assert position_of(PositionRef(role="ocop_team", unit="delta"), units=files.units, unit="hill") == "delta/ocop_team"


def test_position_of_refuses_a_level_that_does_not_hold_the_unit(files: PlanFiles) -> None:
    with pytest.raises(KeyError, match="coast lies in no unit of level district"):
        position_of(PositionRef(role="ocop_team", level="district"), units=files.units, unit="coast")


def test_sure_stages_end_with_the_first_that_can_recognise() -> None:
    """QĐ 26 Điều 4.1 and 7.3 e: the province recognises 3 and 4 stars; the ministry sees only what has 90 points."""
    stages = load_rule_set(default_config_dir(), "qd-26-2026").route.stages

    assert len(stages) == 5
    assert sure_stages(stages) == ("commune_assessment", "province_evaluation")
    assert sure_stages(stages[2:]) == ("national_evaluation",)

"""What the checks of plans find, at the edge of each rule; whole files stand in tests/config/bad."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.plan_checks import check_plan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.units import UnitRegister

SMALL = Path(__file__).parents[2] / "config" / "small"


def small(folder: str) -> dict[str, Any]:
    text = (SMALL / folder / "small.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 -- BaseLoader gives text only
    return data


RULES = RuleSet.model_validate(small("rulesets"))
UNITS = UnitRegister.model_validate(small("units"))


def findings_of(plan: dict[str, Any], rules: RuleSet = RULES) -> list[str]:
    return [found.sentence for found in check_plan(CyclePlan.model_validate(plan), {rules.id: rules}, UNITS)]


@pytest.fixture
def plan() -> dict[str, Any]:
    return small("cycles")


@pytest.fixture
def year(plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = plan["years"]["2018"]
    return found


@pytest.fixture
def stages(year: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = year["rounds"][0]["stages"]
    return found


def due(**form: str) -> dict[str, str]:
    return {**form, "source": "item 1"}


def test_check_plan_finds_nothing_in_the_small_plan(plan: dict[str, Any]) -> None:
    assert findings_of(plan) == []


def test_check_plan_names_the_place_of_a_finding(plan: dict[str, Any], stages: dict[str, Any]) -> None:
    stages["idea"]["submission"]["ladder"] = "far"

    (found,) = check_plan(CyclePlan.model_validate(plan), {"small": RULES}, UNITS)

    assert found.loc == ("years", 2018, "rounds", 0, "stages", "idea", "submission", "ladder")


@pytest.mark.parametrize(
    ("form", "inside"),
    [
        ({"by": "2018-12-31"}, True),
        ({"by": "2019-01-01"}, False),
        ({"before": "2019-01-01"}, True),
        ({"at": "year-end"}, True),
        ({"by": "2018"}, True),
        ({"by": "2050"}, False),
        ({"cut_off": "2050-01-01", "plus": "2 working days"}, False),
        ({"list": "2018-10, 2019-01"}, False),
        ({"at": "none"}, True),
    ],
)
def test_check_plan_keeps_dates_before_the_horizon(
    plan: dict[str, Any], stages: dict[str, Any], form: dict[str, str], *, inside: bool
) -> None:
    stages["evaluation"]["decision"] = {"due": due(**form), "ladder": "near"}

    assert (findings_of(plan) == []) is inside


@pytest.mark.parametrize(("day", "inside"), [("2018-01-01", True), ("2017-12-31", False), ("1990-01-01", False)])
def test_check_plan_keeps_dates_from_the_first_day_on(
    plan: dict[str, Any], year: dict[str, Any], day: str, *, inside: bool
) -> None:
    year["tasks"][0] |= {"dates": [due(by=day)], "ladder": None}

    assert (findings_of(plan) == []) is inside


def test_check_plan_refuses_a_year_and_a_horizon_outside_the_plan(plan: dict[str, Any], year: dict[str, Any]) -> None:
    plan["years"] = {"2017": {}, "2018": year}
    assert findings_of(plan) == ["the year 2017 lies outside the plan (2018-01-01 to 2019-01-01); correct one"]

    plan["runs_until"] = "2018-01-01"
    assert findings_of(plan) == ["the plan ends (2018-01-01) before its first day 2018-01-01; correct one of the days"]


@pytest.mark.parametrize(("opens", "fires"), [("2018-03-01", True), ("2018-03-23", True), ("2018-03-24", False)])
def test_check_plan_wants_each_rung_after_the_round_opens(
    plan: dict[str, Any], year: dict[str, Any], opens: str, *, fires: bool
) -> None:
    """The rung -7 of 31 March is the 24th, a Saturday, so it speaks on the 23rd at 7:30."""
    year["rounds"][0]["opens_on"] = opens

    assert (findings_of(plan) == []) is fires


def test_check_plan_allows_a_rung_at_the_very_instant_of_opening(plan: dict[str, Any], year: dict[str, Any]) -> None:
    plan["ladders"]["near"]["at"] = "00:00"
    year["rounds"][0]["opens_on"] = "2018-03-23"

    assert findings_of(plan) == []


@pytest.mark.parametrize(
    ("term", "fires"),
    [
        ("7 days", True),
        ("8 working days", True),
        ("5 working days", True),
        ("4 working days", False),
        ("3 days", False),
        ("1 months", True),
    ],
)
def test_check_plan_wants_a_term_as_long_as_its_rungs(
    plan: dict[str, Any], stages: dict[str, Any], term: str, *, fires: bool
) -> None:
    """Five working days are always seven days; four are at most six, weekend included."""
    stages["idea"]["decision"]["due"] = due(within=f"{term} of submitted")

    assert (findings_of(plan) == []) is fires


def test_check_plan_compares_working_days_with_working_days(plan: dict[str, Any], stages: dict[str, Any]) -> None:
    plan["ladders"]["near"]["rungs"] = [{"days": "-3", "count": "working"}]
    stages["idea"]["decision"]["due"] = due(within="3 working days of submitted")
    assert findings_of(plan) == []

    stages["idea"]["decision"]["due"] = due(within="2 working days of submitted")
    assert findings_of(plan) == [
        (
            'rung -3w of the ladder for "idea/decision" can never fire: the term is shorter than that; '
            "remove the rung, or name another ladder"
        )
    ]


def test_check_plan_refuses_a_term_beyond_all_calendars(plan: dict[str, Any], stages: dict[str, Any]) -> None:
    stages["idea"]["decision"]["due"] = due(within="99 months of submitted")

    assert findings_of(plan) == ['the term of "idea/decision" leads years beyond the plan\'s end; shorten it']


@pytest.mark.parametrize(("window", "allowed"), [("2018-Q3", True), ("2018-07..2018-10", False)])
def test_check_plan_allows_a_ladder_on_a_window_up_to_a_quarter(
    plan: dict[str, Any], year: dict[str, Any], window: str, *, allowed: bool
) -> None:
    year["tasks"][0]["dates"] = [due(window=window)]

    assert (findings_of(plan) == []) is allowed


@pytest.mark.parametrize(("days", "fires"), [("8", True), ("7", False)])
def test_check_plan_wants_a_report_open_before_its_first_rung(
    plan: dict[str, Any], year: dict[str, Any], days: str, *, fires: bool
) -> None:
    """Due at 30 March 0:00, open 8 days before: from 22 March on; the rung of 22 March at 7:30 comes after."""
    year["report_duties"][0]["opens_days_before"] = days

    assert (findings_of(plan) == []) is fires


def test_check_plan_refuses_a_report_due_after_the_horizon(plan: dict[str, Any]) -> None:
    plan["runs_until"] = "2018-12-29"

    assert findings_of(plan) == [
        (
            'the report "progress" on 2018-Q4 falls on 2018-12-29, after the plan\'s horizon (runs_until 2018-12-29); '
            "correct one of the days"
        )
    ]


def test_check_plan_passes_over_reports_on_a_time_before_the_plan(plan: dict[str, Any], year: dict[str, Any]) -> None:
    """A plan signed in September still has its quarters: those before it are no fault, and nobody is reminded."""
    plan["first_day"] = "2018-09-23"
    year["rounds"], year["tasks"] = [], []

    assert findings_of(plan) == []


def test_check_plan_keeps_a_lapse_inside_the_horizon_and_on_the_producer(
    plan: dict[str, Any], stages: dict[str, Any]
) -> None:
    lapse = {"after_days": "275", "ground": {"vi": "Quá hạn", "en": "Late"}, "source": "item 1"}
    stages["idea"]["submission"]["lapse"] = lapse
    assert findings_of(plan) == []

    stages["idea"]["submission"]["lapse"] = lapse | {"after_days": "276"}
    assert findings_of(plan)[0].startswith('the lapse of "idea/submission" falls on 2019-01-01, after')

    del stages["idea"]["submission"]["lapse"]
    stages["evaluation"]["decision"]["lapse"] = lapse | {"after_days": "1"}
    assert findings_of(plan) == [
        "step \"decision\" is not the producer's, so it can't lapse a dossier; remove the lapse"
    ]


def test_check_plan_wants_stages_in_the_order_of_the_route(plan: dict[str, Any], stages: dict[str, Any]) -> None:
    stages["evaluation"]["decision"]["due"] = due(by="2018-03-31")
    assert findings_of(plan) == []

    stages["evaluation"]["decision"]["due"] = due(by="2018-03-30")
    assert findings_of(plan) == [
        (
            '"evaluation/decision" is due by 2018-03-30, before "idea/submission" by 2018-03-31, '
            "which comes earlier in the route; correct one of the dates"
        )
    ]


COUNCIL = {"members": 5, "source": "x"}
CHAIN = {"number": 1, "name": "a", "unit": "hill", "forms": ["b"], "source": "x"}
CONSENT = {"id": "consent", "title": {"vi": "a", "en": "b"}, "source": "x"}
WRONG_LEVEL = 'the role "team" belongs to level "district", not "province"; correct one of them'
CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"office": "nowhere"}, 'unknown unit "nowhere"; known are hill, north'),
    ({"office_role": "team"}, WRONG_LEVEL),
    ({"councils": {"idea": COUNCIL}}, 'stage "idea" is judged by verdict and has no council; remove this one'),
    ({"councils": {"ideas": COUNCIL}}, 'unknown stage "ideas"; did you mean "idea"?'),
    ({"chains": [CHAIN, CHAIN]}, "chain 1 stands twice; give each chain its own number"),
    ({"chains": [CHAIN | {"unit": "hil"}]}, 'unknown unit "hil"; did you mean "hill"?'),
    ({"approvals": [CONSENT | {"authority": {"role": "team", "level": "province"}}]}, WRONG_LEVEL),
    (
        {"approvals": [CONSENT | {"authority": {"role": "team", "level": "nation"}}]},
        'unknown level "nation"; known are district, province',
    ),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES, ids=[str(number) for number in range(len(CHANGES))])
def test_check_plan_refuses_names_that_lead_nowhere(
    plan: dict[str, Any], change: dict[str, Any], sentence: str
) -> None:
    assert findings_of(plan | change) == [sentence]


def test_check_plan_refuses_what_stands_twice(plan: dict[str, Any], year: dict[str, Any]) -> None:
    year["tasks"] *= 2
    year["report_duties"] *= 2
    plan["ladders"]["near"]["rungs"] *= 2

    assert set(findings_of(plan)) == {
        'the task "meeting" stands twice; give each its own id',
        'the report duty "progress" stands twice; give each its own id',
        'the rung "-7" stands twice; give each its own id',
        'the rung "+1" stands twice; give each its own id',
    }


def test_check_plan_switches_off_only_what_the_rule_set_allows(plan: dict[str, Any], year: dict[str, Any]) -> None:
    year["rounds"][0]["stages_off"] = ["idea", "party"]

    assert findings_of(plan) == [
        'stage "idea" can\'t be switched off under rule set "small"; remove it here',
        'unknown stage "party"; known are evaluation, idea',
    ]


def test_check_plan_passes_over_a_round_whose_rule_set_is_missing(plan: dict[str, Any], year: dict[str, Any]) -> None:
    """That it is missing is said where it is loaded; its stages can't be judged."""
    year["rounds"][0]["rule_set"] = "absent"
    year["rounds"][0]["stages"] = {"anything": {}}

    assert findings_of(plan) == []


def test_check_plan_refuses_a_task_that_counts_from_nothing(plan: dict[str, Any], year: dict[str, Any]) -> None:
    year["tasks"][0]["dates"] = [due(within="15 days of received")]

    assert findings_of(plan) == ['task "meeting" has no received day to count from; write a date']


def test_check_plan_looks_at_every_position(plan: dict[str, Any], year: dict[str, Any]) -> None:
    year["tasks"][0]["support"] = [{"role": "team", "level": "district"}, {"role": "team", "unit": "north"}]
    year["report_duties"][0]["collector"] = {"role": "offices"}

    assert findings_of(plan) == ['unknown role "offices"; did you mean "office"?', WRONG_LEVEL]


def test_check_plan_allows_a_report_without_a_date(plan: dict[str, Any], year: dict[str, Any]) -> None:
    year["report_duties"][0]["due"] = None

    assert findings_of(plan) == []


def with_third_stage(**changes: Any) -> dict[str, Any]:
    """Return the small rule set with a check between the idea and the evaluation, changed as given."""
    rules = small("rulesets")
    idea, evaluation = rules["route"]["stages"]
    idea["outcomes"][0]["to"] = "check"
    check = {**small("rulesets")["route"]["stages"][0], "id": "check", **changes}
    rules["route"]["stages"] = [idea, check, evaluation]
    return rules


def test_check_plan_takes_a_stage_in_the_middle_switched_off(plan: dict[str, Any], year: dict[str, Any]) -> None:
    """I5: what leads to the check leads on to the evaluation behind it."""
    year["rounds"][0]["stages_off"] = ["check"]

    assert findings_of(plan, RuleSet.model_validate(with_third_stage(can_be_switched_off="true"))) == []


@pytest.mark.parametrize("off", [["evaluation"], ["check", "evaluation"]])
def test_check_plan_refuses_a_route_without_its_last_stage(
    plan: dict[str, Any], year: dict[str, Any], stages: dict[str, Any], off: list[str]
) -> None:
    """I5: an accepted idea would lead nowhere; the route has no other end for it."""
    rules = with_third_stage(can_be_switched_off="true")
    rules["route"]["stages"][2]["can_be_switched_off"] = "true"
    year["rounds"][0]["stages_off"] = off
    del stages["evaluation"]

    (sentence,) = findings_of(plan, RuleSet.model_validate(rules))
    assert sentence.startswith(f"without these stages a dossier gets stuck ({off[0]}:awaiting_submission")
    assert sentence.endswith("keep one of them")


def test_check_plan_refuses_a_kind_that_cannot_pass_the_last_stage(plan: dict[str, Any]) -> None:
    """I5: an upgrade is accepted into an evaluation that upgrades do not pass."""
    rules = small("rulesets")
    rules["route"]["stages"][1]["kinds"] = ["first", "renewal"]

    (sentence,) = findings_of(plan, RuleSet.model_validate(rules))
    assert sentence.startswith('a dossier of kind "upgrade" gets stuck on the route (evaluation:awaiting_submission')


@pytest.mark.parametrize(
    ("anchor", "why"),
    [
        ("complete", "nothing records when a dossier is complete"),
        ("in_force", "nothing records when a text comes into force for a dossier"),
    ],
)
@pytest.mark.parametrize("step", ["decision", "completion"])
def test_check_plan_refuses_a_term_from_what_nobody_records(
    plan: dict[str, Any], stages: dict[str, Any], step: str, anchor: str, why: str
) -> None:
    """I5: such a decision would never fall due, so that nobody would ever be asked for it."""
    stages["idea"][step] = {"due": due(within=f"10 working days of {anchor}")}

    assert findings_of(plan) == [
        f'"idea/{step}" would never get a date: {why}; count from another act, or write a date'
    ]


@pytest.mark.parametrize("anchor", ["submitted", "received", "forwarded", "decided", "returned"])
def test_check_plan_takes_a_term_from_what_is_recorded(
    plan: dict[str, Any], stages: dict[str, Any], anchor: str
) -> None:
    stages["idea"]["completion"] = {"due": due(within=f"10 working days of {anchor}")}

    assert findings_of(plan) == []


def test_check_plan_takes_the_date_of_a_completion(plan: dict[str, Any], stages: dict[str, Any]) -> None:
    """A return asks for a completion at every stage; it is a step of no route."""
    stages["idea"]["completion"] = {"due": due(within="5 working days of returned"), "ladder": "near"}
    assert findings_of(plan) == []

    stages["idea"]["completion"]["ladder"] = "far"
    assert findings_of(plan) == ['unknown ladder "far"; known are near']


def chain_in(unit: str) -> dict[str, Any]:
    return {"number": "1", "name": "Mật ong", "unit": unit, "forms": ["Mật"], "producers": ["HTX"], "source": "item 5"}


def test_check_plan_wants_a_chain_inside_a_unit_of_every_level_that_acts(plan: dict[str, Any]) -> None:
    """Whose team would take the dossier of a chain that lies in the province at large?"""
    plan["chains"] = [chain_in("hill"), chain_in("north") | {"number": "2"}]

    (found,) = check_plan(CyclePlan.model_validate(plan), {"small": RULES}, UNITS)
    assert found.loc == ("chains", 1, "unit")
    assert found.sentence == (
        'unit "north" lies in no unit of level "district", which acts at stage "idea"; name a smaller unit'
    )


def test_check_plan_wants_a_unit_for_a_task_that_a_lower_level_leads(
    plan: dict[str, Any], year: dict[str, Any]
) -> None:
    """The province's office lies in no district: which of the teams holds the meeting?"""
    year["tasks"][0]["lead"] = {"role": "team", "level": "district"}
    (sentence,) = findings_of(plan)

    assert sentence.startswith(
        'the office lies in no unit of level "district"; name the unit that leads task "meeting"'
    )
    assert sentence.endswith("or write each: district")

    year["tasks"][0]["lead"] = {"role": "team", "unit": "hill"}
    assert findings_of(plan) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"ladder": "far"}, 'unknown ladder "far"'),
        ({"renewal_stages": {"moon": {}}}, 'unknown stage "moon"'),
        ({"renewal_stages": {"idea": {"landing": {}}}}, 'unknown step "landing"'),
        ({"renewal_stages": {"idea": {"submission": {"ladder": "far"}}}}, 'unknown ladder "far"'),
    ],
)
def test_check_plan_wants_ladder_stages_and_steps_of_renewals_known(
    plan: dict[str, Any], changed: dict[str, Any], sentence: str
) -> None:
    plan["certificates"] = {"ladder": next(iter(plan["ladders"])), "source": "item 1", **changed}

    (found,) = findings_of(plan)

    assert found.startswith(sentence)

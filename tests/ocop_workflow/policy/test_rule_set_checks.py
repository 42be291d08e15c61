"""What the checks of rule sets and unit registers find; whole files stand in tests/config/bad."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.rule_set_checks import check_rule_set
from ocop_workflow.policy.unit_checks import check_register, check_rule_set_in_register
from ocop_workflow.policy.units import UnitRegister

SMALL = Path(__file__).parents[2] / "config" / "small"


def small(folder: str) -> dict[str, Any]:
    text = (SMALL / folder / "small.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 -- BaseLoader gives text only
    return data


UNITS = UnitRegister.model_validate(small("units"))


def rules_with(change: dict[str, Any]) -> list[str]:
    return [found.sentence for found in check_rule_set(RuleSet.model_validate(small("rulesets") | change))]


def band(stars: int, at_least: str, below: str | None = None) -> dict[str, Any]:
    return {"stars": stars, "at_least": at_least, "below": below, "source": "x"}


@pytest.mark.parametrize(
    ("bands", "sentences"),
    [
        ([band(3, "0")], []),
        ([band(1, "0", "50"), band(3, "50")], []),
        ([band(3, "10")], ["no band holds a mean from 0 to below 10; close the gap"]),
        (
            [band(3, "0", "100")],
            ["no band holds a mean from 100 to 100; leave out `below` in the highest band"],
        ),
        ([band(1, "0", "50.1"), band(3, "50")], ["two bands hold a mean of 50; let the bands meet without overlap"]),
        ([band(1, "0", "49.9"), band(3, "50")], ["no band holds a mean from 49.9 to below 50; close the gap"]),
        ([band(1, "0"), band(3, "50")], ["two bands hold a mean of 50; let the bands meet without overlap"]),
        (
            [band(3, "0", "50"), band(1, "50")],
            ["more points must give more stars, each number once; correct the stars of the bands"],
        ),
    ],
)
def test_check_rule_set_wants_bands_that_tile_0_to_100(bands: list[dict[str, Any]], sentences: list[str]) -> None:
    changed = RuleSet.model_validate(small("rulesets") | {"bands": bands})

    assert [found.sentence for found in check_rule_set(changed) if found.loc[0] == "bands"] == sentences


def test_check_rule_set_wants_recognition_of_stars_that_exist_at_one_level() -> None:
    recognition = [
        {"stars": [3, 4], "level": "province", "source": "x"},
        {"stars": [3], "level": "district", "source": "x"},
    ]

    assert rules_with({"recognition": recognition}) == [
        "no band gives 4 stars; add the band or drop them",
        "3 stars are recognised at two levels; keep them at one",
    ]


def test_check_rule_set_wants_the_guard_that_fits_the_judgement() -> None:
    data = small("rulesets")
    data["route"]["stages"][0]["judged_by"] = "council"

    assert [found.sentence for found in check_rule_set(RuleSet.model_validate(data))] == [
        'stage "idea" is judged by council, so its guard must be mean_within; correct one'
    ]


def test_check_rule_set_wants_each_verdict_answered() -> None:
    data = small("rulesets")
    del data["route"]["stages"][0]["outcomes"][1]

    (found,) = check_rule_set(RuleSet.model_validate(data))

    assert found.loc == ("route", "stages", 0, "outcomes")
    assert found.sentence.startswith('stage "idea": the verdict declined has 0 outcomes')


def test_check_rule_set_wants_limits_on_stages_and_steps_there_are() -> None:
    limit = {"id": "a", "due": {"within": "15 working days of received", "source": "x"}, "article": "7"}
    limits = [
        limit | {"stage": "ideas"},
        limit | {"stage": "idea", "step": "minutes"},
        limit | {"step": "decision"},
        limit | {"stage": "evaluation", "step": "decision"},
    ]

    assert rules_with({"limits": limits}) == [
        'unknown stage "ideas"; did you mean "idea"?',
        'unknown step "minutes"; known are certificate, decision, submission',
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "is_wrong"),
    [("180", "120", False), ("120", "120", False), ("119", "120", True), ("1", "-1", True)],
)
def test_check_rule_set_wants_a_renewal_window_that_opens_first(opens: str, closes: str, *, is_wrong: bool) -> None:
    renewal = {"opens_days_before": opens, "closes_days_before": closes, "source": "x"}
    sentence = f"the renewal window opens {opens} and closes {closes} days before the expiry; let it open first"

    assert rules_with({"renewal": renewal}) == ([sentence] if is_wrong else [])


def test_check_rule_set_wants_the_levels_of_product_codes_known() -> None:
    (sentence,) = rules_with({"product_code": {"levels": ["galaxy"], "source": "x"}})

    assert sentence.startswith('unknown level "galaxy"')


def test_check_rule_set_wants_its_levels_known_everywhere() -> None:
    found = [
        each.sentence for each in check_rule_set(RuleSet.model_validate(small("rulesets") | {"levels": ["district"]}))
    ]

    assert set(found) == {'unknown level "province"; known are district'}
    assert len(found) == 4  # the stage, who decides it, the step's owner, the recognition


def test_check_rule_set_finds_ids_that_stand_twice() -> None:
    ground = {"id": "forged", "title": {"vi": "a", "en": "b"}, "source": "x"}

    assert rules_with({"rejection_grounds": [ground, ground]}) == [
        'the ground "forged" stands twice; give each its own id'
    ]


def test_check_rule_set_in_register_wants_roles_of_the_right_level() -> None:
    data = small("rulesets")
    data["levels"] = ["district", "province", "nation"]
    data["route"]["stages"][0]["decided_by"] = {"level": "province", "role": "team"}
    data["route"]["stages"][1]["steps"][0]["owner"] = {"level": "province", "role": "clerk"}

    found = check_rule_set_in_register(RuleSet.model_validate(data), UNITS)

    assert [each.sentence for each in found] == [
        'unknown level "nation"; known are district, province',
        'the role "team" belongs to level "district", not "province"; correct one',
        'unknown role "clerk"; known are office, team',
    ]


def test_check_register_finds_a_unit_inside_itself_and_a_superior_of_another_level() -> None:
    data = small("units")
    data["units"][0]["parent"] = "hill"
    data["roles"]["team"]["superior"] = "office"

    found = [each.sentence for each in check_register(UnitRegister.model_validate(data))]

    assert found == [
        '"north" lies in itself; correct its parent',
        '"hill" lies in itself; correct its parent',
        '"office" is of level "province"; write superior_in: parent, or a role of the unit',
    ]


def test_check_register_finds_roles_and_neighbours_that_do_not_exist() -> None:
    data = small("units")
    data["roles"]["team"]["superior"] = "boss"
    data["units"][1] |= {"predecessors": ["vale"], "successors": ["hull"]}

    found = [each.sentence for each in check_register(UnitRegister.model_validate(data))]

    assert found == [
        'unknown unit "vale"; known are hill, north',
        'unknown unit "hull"; did you mean "hill"?',
        'unknown role "boss"; known are office, team',
    ]


def test_check_register_names_only_some_of_many_units() -> None:
    data = small("units")
    data["units"] += [data["units"][1] | {"id": f"q{number:02d}"} for number in range(20)]
    data["units"][1]["parent"] = "zzz"

    (found,) = check_register(UnitRegister.model_validate(data))

    assert found.sentence.startswith('unknown unit "zzz"; known are hill, north, q00, ')
    assert found.sentence.endswith(" and 10 more")

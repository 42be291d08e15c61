"""Exactly one rule set takes each new dossier; a plan whose round names another one is refused."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.config_files import InvalidFilesError, default_config_dir, load_plan_files, load_rule_sets
from ocop_workflow.policy.intake import check_intakes, rule_set_taking_new
from ocop_workflow.policy.rule_set import DossierKind, RuleSet

CONFIG = default_config_dir()
BASE = load_rule_sets(CONFIG)["qd-1048-2019"]


def rule_set(name: str, start: str, until: str | None = None, **changes: Any) -> RuleSet:
    """Return a rule set that takes new dossiers from a day until another, at three levels."""
    data = BASE.model_dump(mode="json") | {"id": name, "in_force": {"start": start, "until": until}} | changes
    return RuleSet.model_validate(data)


def sentences(*rule_sets: RuleSet) -> list[tuple[str, str]]:
    return [(name, finding.sentence) for name, finding in check_intakes(rule_sets)]


WHAT = 'kind "first" at level "district"'
OLD, NEW = rule_set("old", "2019-01-01", "2023-01-01"), rule_set("new", "2023-01-01")


def taker(*rule_sets: RuleSet, on: str, kind: str = "first", area: tuple[str, ...] = ()) -> str | None:
    found = rule_set_taking_new(
        rule_sets, on=date.fromisoformat(on), level="district", kind=DossierKind(kind), area=area
    )
    return found.id if found else None


def test_the_last_day_of_one_text_is_followed_by_the_first_of_the_next() -> None:
    assert sentences(OLD, NEW) == []
    assert [taker(OLD, NEW, on=day) for day in ("2018-12-31", "2019-01-01", "2022-12-31", "2023-01-01")] == [
        None,
        "old",
        "old",
        "new",
    ]


def test_two_texts_that_take_the_same_dossiers_are_refused() -> None:
    assert sentences(rule_set("old", "2019-01-01"), NEW) == [
        (
            "new",
            f'"old" and "new" both take new dossiers of {WHAT} on 2023-01-01; let takes_new of "old" end there',
        )
    ]


def test_days_on_which_no_text_takes_dossiers_are_refused() -> None:
    ((name, sentence),) = sentences(rule_set("old", "2019-01-01", "2022-12-31"), NEW)

    assert name == "new"
    assert sentence == (
        f'no rule set takes new dossiers of {WHAT} from 2022-12-31, when "old" ends, '
        'until "new" begins on 2023-01-01; close the gap'
    )


def test_a_text_in_force_may_have_stopped_taking_new_dossiers() -> None:
    """As QĐ 148 and 1489 do from 22/5/2026: they finish what they have."""
    lapsing = rule_set(
        "old", "2019-01-01", "2023-03-02", takes_new=[{"start": "2019-01-01", "until": "2023-01-01", "source": "x"}]
    )

    assert sentences(lapsing, NEW) == []
    assert taker(lapsing, NEW, on="2023-02-01") == "new"


def test_kinds_may_change_over_on_days_of_their_own() -> None:
    old = rule_set(
        "old",
        "2019-01-01",
        "2023-03-02",
        takes_new=[
            {"kinds": ["first", "upgrade"], "start": "2019-01-01", "until": "2023-01-01", "source": "x"},
            {"kinds": ["renewal"], "start": "2019-01-01", "until": "2023-02-01", "source": "x"},
        ],
    )
    new = rule_set(
        "new",
        "2023-01-01",
        takes_new=[
            {"kinds": ["first", "upgrade"], "start": "2023-01-01", "source": "x"},
            {"kinds": ["renewal"], "start": "2023-02-01", "source": "x"},
        ],
    )

    assert sentences(old, new) == []
    assert (taker(old, new, on="2023-01-15"), taker(old, new, on="2023-01-15", kind="renewal")) == ("new", "old")


def test_a_unit_s_own_text_goes_first_in_its_area_and_nowhere_else() -> None:
    own = rule_set("own", "2020-01-01", "2021-01-01", issued_by="coast")
    area = ("hill", "coast", "nation")

    assert sentences(OLD, own, NEW) == []
    assert taker(OLD, own, NEW, on="2020-06-01", area=area) == "own"
    assert taker(OLD, own, NEW, on="2021-01-01", area=area) == "old"
    assert taker(OLD, own, NEW, on="2020-06-01", area=("delta", "nation")) == "old"


def test_two_own_texts_of_a_unit_may_leave_a_gap_to_the_nation_s_but_not_overlap() -> None:
    first, later = (
        rule_set("a", "2019-01-01", "2020-01-01", issued_by="coast"),
        rule_set("b", "2021-01-01", "2022-01-01", issued_by="coast"),
    )
    assert sentences(OLD, first, later, NEW) == []

    doubled = rule_set("c", "2021-06-01", "2022-06-01", issued_by="coast")
    assert [name for name, _ in sentences(OLD, first, later, doubled, NEW)] == ["c"]


# --- The plan's check ---


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    return folder


def refusal(config: Path, name: str, *changes: tuple[str, str], plan: str = "ba-don-2021") -> str:
    path = config / name
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFilesError) as refused:
        load_plan_files(config / "cycles" / f"{plan}.yaml", config)
    (fault,) = refused.value.faults
    return fault.sentence


def test_load_plan_files_refuses_a_round_under_last_year_s_law_and_names_this_year_s(config: Path) -> None:
    """I6 begins here: last year's law is never applied to this year's dossier."""
    text = refusal(config, "cycles/ba-don-2021.yaml", ("rule_set: qd-1048-2019", "rule_set: qd-148-2023"))

    assert text == (
        'rule set "qd-148-2023" takes no new dossiers of kind "first" on 2021-05-17: "qd-1048-2019" does; name it'
    )


def test_load_plan_files_names_a_text_without_the_level_that_is_gone(config: Path) -> None:
    """In 2024 a district begins under QĐ 148; no later text has a district to begin at."""
    years = ("2021-05-17", "2025-07-06"), ("2021-12-31", "2025-12-31"), ("2022-04-01", "2026-04-01")
    text = refusal(config, "cycles/ba-don-2021.yaml", *years, ("  2021:\n", "  2025:\n"), ("2021-09", "2025-09"))

    assert text.endswith('takes no new dossiers of kind "first" on 2025-07-06: "qd-1489-2025" does; name it')


def test_load_plan_files_refuses_another_province_s_own_text(config: Path) -> None:
    change = ("issued_by: quang-ninh", "issued_by: quang-binh")
    path = config / "rulesets" / "quang-ninh-2017.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as refused:
        load_plan_files(config / "cycles" / "quang-ninh-2017-2020.yaml", config)

    refusals = [fault.sentence for fault in refused.value.faults]
    assert len(refusals) == 3, "2017, 2018 and 2019; in 2020 the decision of the nation holds"
    own = 'it is the own text of "quang-binh", where "quang-ninh" does not lie; name another'
    assert all(sentence.endswith(own) for sentence in refusals)


def test_load_plan_files_refuses_a_configuration_in_which_two_texts_take_the_same(config: Path) -> None:
    text = refusal(config, "rulesets/qd-1048-2019.yaml", ("start: 2019-08-21, until: 2023-02-24", "start: 2019-08-21"))

    assert text.startswith('"qd-1048-2019" and "qd-148-2023" both take new dossiers')


def test_load_plan_files_tells_a_broken_rule_set_beside_the_plan_s_own_and_no_gap_after_it(config: Path) -> None:
    text = refusal(config, "rulesets/qd-148-2023.yaml", ("levels: [district, province, national]", "levels: district"))

    assert text.startswith('"levels" must be a list')

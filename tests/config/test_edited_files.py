"""An office edits its own copy: a threshold, a stage, a rung, the lists a plan names."""

import shutil
from pathlib import Path

import pytest

from ocop_workflow.config_files import (
    InvalidFilesError,
    default_config_dir,
    find_plan,
    load_plan_files,
    load_products,
    load_rule_set,
    load_units,
    write_json_schemas,
)
from ocop_workflow.errors import InputError

PLAN = "cycles/quang-ninh-2017-2020.yaml"
RULE_SETS = sorted(path.stem for path in (default_config_dir() / "rulesets").glob("*.yaml"))
REGISTERS = sorted(path.stem for path in (default_config_dir() / "units").glob("*.yaml"))
RULES = "rulesets/quang-ninh-2017.yaml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(default_config_dir(), folder)
    return folder


def edit(config: Path, name: str, *changes: tuple[str, str]) -> None:
    text = (config / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (config / name).write_text(text, encoding="utf-8")


def test_edited_threshold_is_what_the_rule_set_says(config: Path) -> None:
    edit(
        config,
        RULES,
        ("at_least: 50 }, to: province_evaluation", "at_least: 55 }, to: province_evaluation"),
        ("below: 50 }, to: rated_uncertified", "below: 55 }, to: rated_uncertified"),
    )

    outcomes = (
        load_plan_files(config / PLAN, config).rule_sets["quang-ninh-2017"].route.stage("district_evaluation").outcomes
    )

    assert [(outcome.when.at_least, outcome.when.below) for outcome in outcomes] == [(55, None), (None, 55)]


def test_edited_threshold_that_leaves_a_gap_is_refused(config: Path) -> None:
    edit(config, RULES, ("at_least: 50 }, to: province_evaluation", "at_least: 55 }, to: province_evaluation"))

    with pytest.raises(InvalidFilesError, match="no outcome accepts a mean from 50 to below 55"):
        load_plan_files(config / PLAN, config)


def test_removed_stage_leaves_the_others(config: Path) -> None:
    """Without the business plan an accepted idea goes straight to development."""
    text = (config / RULES).read_text(encoding="utf-8")
    first, second = text.index("    - id: business_plan"), text.index("    - id: development")
    text = (text[:first] + text[second:]).replace("accepted }, to: business_plan", "accepted }, to: development")
    (config / RULES).write_text(text, encoding="utf-8")

    stages = load_rule_set(config, "quang-ninh-2017").route.stages

    assert [stage.id for stage in stages][:2] == ["idea_registration", "development"]
    with pytest.raises(InvalidFilesError, match='unknown stage "business_plan"'):
        load_plan_files(config / PLAN, config)


def test_edited_rung_is_what_the_ladder_says(config: Path) -> None:
    edit(config, PLAN, ("      - { days: -14 }\n", "      - { days: -21, useful_for_days: 2 }\n"))

    rungs = load_plan_files(config / PLAN, config).plan.ladders["producer"].rungs

    assert [rung.id for rung in rungs] == ["-21", "-7", "-3", "-1", "+1", "+3/superior", "+7/office"]
    assert rungs[0].useful_for_days == 2


def test_edited_rung_before_the_round_opens_is_refused(config: Path) -> None:
    edit(config, PLAN, ("      - { days: -14 }\n", "      - { days: -60 }\n"))

    with pytest.raises(InvalidFilesError, match='rung -60 of the ladder for "idea_registration/submission" can never'):
        load_plan_files(config / PLAN, config)


def test_missing_rule_set_and_units_are_faults_of_the_plan(config: Path) -> None:
    edit(config, PLAN, ("rule_set: quang-ninh-2017", "rule_set: quang-ninh-2027"), ("units: vn-2017", "units: vn-2027"))

    with pytest.raises(InvalidFilesError) as refusal:
        load_plan_files(config / PLAN, config)

    assert [fault.sentence for fault in refusal.value.faults] == [
        f'there is no unit register "vn-2027"; there are: {", ".join(REGISTERS)}',
        f'there is no rule set "quang-ninh-2027"; there are: {", ".join(RULE_SETS)}',
    ]


def test_plan_whose_id_is_not_its_file_name_is_refused(config: Path) -> None:
    (config / PLAN).rename(config / "cycles" / "copy.yaml")

    with pytest.raises(InvalidFilesError, match='the id "quang-ninh-2017-2020" is not the file\'s name'):
        load_plan_files(config / "cycles" / "copy.yaml", config)


def test_broken_calendar_is_a_fault_like_any_other(config: Path) -> None:
    (config / "calendar.yaml").write_text("days_off: { 2026-13-01: x }\n", encoding="utf-8")

    with pytest.raises(InvalidFilesError, match=r"calendar\.yaml:1: a key here must be a day written as 2018-06-30"):
        load_plan_files(config / PLAN, config)


HEADER = "key,name,form,producer,unit,planned_level,group,source\n"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_load_products_reads_rows_with_and_without_byte_order_mark(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "list.csv"
    rows = 'p1,Nem chua,Nem chua,"Cơ sở A, B",hill,district,,annex 2\n\np2,Rau sạch,Rau,Cơ sở C,hill,,food,annex 3\n'
    path.write_bytes(mark + (HEADER + rows).encode())

    first, second = load_products(path)

    assert (first.key, first.producer, first.planned_level, first.group) == ("p1", "Cơ sở A, B", "district", None)
    assert (second.chain, second.planned_level, second.group, second.source) == (None, None, "food", "annex 3")


def test_load_products_names_every_wrong_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = ["p1,a,a,b,hill,,,annex", "p1,a,a,b,hill,,,annex", "p2,a,a,b,hill,,", "p3,,a,b,hill,,,", ""]
    path.write_text(HEADER + "\n".join(rows), encoding="utf-8")

    with pytest.raises(InvalidFilesError) as refusal:
        load_products(path)

    assert [(fault.line, fault.sentence) for fault in refusal.value.faults] == [
        (3, 'the key "p1" stands twice; give each product its own key'),
        (4, "the row has 7 cells instead of 8; put cells with a comma in quotes"),
        (5, '"name" is missing; add it'),
        (5, '"source" is missing; name the article or item, or write: chosen for this example'),
    ]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("name,key\n", 1, f"the first line must be the header {HEADER.strip()}; write it so"),
        ("", 1, f"the first line must be the header {HEADER.strip()}; write it so"),
        (HEADER + 'p1,"a"b,a,b,hill,,,annex\n', 2, "the row can't be read ('"),
    ],
)
def test_load_products_refuses_a_table_it_cannot_read(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidFilesError) as refusal:
        load_products(path)

    assert str(refusal.value).startswith(f"{path}:{line}: {sentence}")


def test_load_plan_files_adds_the_products_of_the_plans_table(config: Path) -> None:
    (config / "products").mkdir(exist_ok=True)
    (config / "products" / "more.csv").write_text(
        HEADER + "x-1,Hoa cúc,Hoa cúc,Cơ sở D,hoanh-bo,,,chosen for this example\n", encoding="utf-8"
    )
    edit(config, PLAN, ("expansion:\n", "products: more\nexpansion:\n"))

    products = load_plan_files(config / PLAN, config).products

    assert (len(products), products[-1].key) == (53, "x-1")


def test_load_plan_files_refuses_a_product_key_that_a_chain_has(config: Path) -> None:
    (config / "products").mkdir(exist_ok=True)
    (config / "products" / "more.csv").write_text(
        HEADER + "1-1-1,Hoa cúc,Hoa cúc,Cơ sở D,hoanh,,,annex\n", encoding="utf-8"
    )
    edit(config, PLAN, ("expansion:\n", "products: more\nexpansion:\n"))

    with pytest.raises(InvalidFilesError) as refusal:
        load_plan_files(config / PLAN, config)

    assert sorted(fault.sentence for fault in refusal.value.faults) == [
        'the product "1-1-1" lies in the unknown unit "hoanh"; correct it',
        'the product key "1-1-1" stands twice; give each product its own key',
    ]


@pytest.mark.parametrize("plan_id", ["quang-ninh", "../cycles/quang-ninh-2017-2020", ""])
def test_find_plan_names_the_plans_there_are(plan_id: str) -> None:
    with pytest.raises(InputError, match=r"there is no plan .*; there are: .*quang-ninh-2017-2020"):
        find_plan(default_config_dir(), plan_id)


def test_load_units_refuses_an_unknown_register() -> None:
    with pytest.raises(InputError, match='there is no unit register "mars"; there are: '):
        load_units(default_config_dir(), "mars")


def test_load_plan_files_loads_the_rule_sets_of_years_and_rounds_too(config: Path) -> None:
    terms = {
        "quang-ninh-2017": "start: 2017-06-21, until: 2018-01-01",
        "later": "start: 2018-01-01, until: 2018-02-01",
        "trial": "start: 2018-02-01, until: 2019-08-21",
    }
    text = (config / RULES).read_text(encoding="utf-8")
    for name, term in terms.items():
        changed = text.replace("id: quang-ninh-2017", f"id: {name}", 1)
        changed = changed.replace("start: 2017-06-21, until: 2019-08-21", term)
        (config / "rulesets" / f"{name}.yaml").write_text(changed, encoding="utf-8")
    edit(
        config,
        PLAN,
        ("  2018:\n", "  2018:\n    rule_set: later\n"),
        ("  2019:\n", "  2019:\n    rule_set: trial\n"),
        ("      - id: 2018-1\n", "      - id: 2018-1\n        rule_set: trial\n"),
    )

    assert list(load_plan_files(config / PLAN, config).rule_sets) == [
        "quang-ninh-2017",
        "later",
        "trial",
        "qd-1048-2019",
    ]


def test_write_json_schemas_makes_the_folder_anew(config: Path) -> None:
    committed = {path.name: path.read_bytes() for path in (config / "schema").iterdir()}
    shutil.rmtree(config / "schema")

    write_json_schemas(config)

    assert {path.name: path.read_bytes() for path in (config / "schema").iterdir()} == committed


def test_a_plan_carries_the_criteria_of_its_rule_sets(config: Path) -> None:
    """QĐ 26 is the one rule set with criteria sets; a plan under another has none."""
    new_law = load_plan_files(find_plan(default_config_dir(), "province-2027"), default_config_dir())

    assert {rule_set: len(sets) for rule_set, sets in new_law.criteria.items()} == {"qd-26-2026": 26}
    assert load_plan_files(config / PLAN, config).criteria == {}


def test_a_products_criteria_set_must_be_one_of_the_plans_rule_sets(config: Path) -> None:
    (config / "products").mkdir(exist_ok=True)
    (config / "products" / "more.csv").write_text(
        f"{HEADER.strip()},criteria_set\nx-1,Hoa cúc,Hoa cúc,Cơ sở D,hoanh-bo,,,annex,13\n", encoding="utf-8"
    )
    edit(config, PLAN, ("expansion:\n", "products: more\nexpansion:\n"))

    with pytest.raises(InvalidFilesError, match='"x-1" names criteria set 13, and no rule set of the plan has it'):
        load_plan_files(config / PLAN, config)


def test_a_listed_producer_must_be_one_who_may_take_part(config: Path) -> None:
    (config / "products").mkdir(exist_ok=True)
    (config / "products" / "more.csv").write_text(
        f"{HEADER.strip()},producer_form,registered_on\n"
        "x-1,Hoa cúc,Hoa cúc,Cơ sở D,hoanh-bo,,,annex,household,2016-05-01\n"
        "x-2,Hoa sen,Hoa sen,Công ty E,hoanh-bo,,,annex,large_firm,\n",
        encoding="utf-8",
    )
    edit(config, PLAN, ("expansion:\n", "products: more\nexpansion:\n"))
    rules = config / RULES
    allowed = "{ source: article 6, forms: [{ form: household, registration: true, source: article 6.1 }] }"
    rules.write_text(f"{rules.read_text(encoding='utf-8')}\neligibility: {allowed}\n", encoding="utf-8")

    with pytest.raises(InvalidFilesError) as refused:
        load_plan_files(config / PLAN, config)
    (fault,) = refused.value.faults
    assert '"x-2" is of a large_firm who may not take part under' in fault.sentence
    assert "(article 6)" in fault.sentence


def test_criteria_sets_ask_for_outcomes_at_the_edges_of_bands(config: Path) -> None:
    """I5: a rating that a mark lowered is known as stars, so an outcome at 75 points would be left undecided."""
    shutil.copytree(config / "criteria" / "qd-26-2026", config / "criteria" / "quang-ninh-2017")
    outcome = "        - {{ when: {{ guard: mean_within, at_least: {}, below: {} }}, to: recognised, source: "
    edit(config, RULES, (outcome.format(50, 90), f"{outcome.format(50, 75)}made up }}\n{outcome.format(75, 90)}"))

    with pytest.raises(InvalidFilesError, match="75 points lie inside a band"):
        load_plan_files(config / PLAN, config)

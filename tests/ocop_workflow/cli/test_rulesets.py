"""`ocop ruleset` and `ocop machine diagram`: regulations as people and programs read them, without a data folder."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from notifications.catalogue import Language, has_sentence
from ocop_workflow.cli.output import console
from ocop_workflow.cli.ruleset_lines import differing_lines, rule_lines
from ocop_workflow.config_files import default_config_dir, load_rule_sets
from ocop_workflow.policy.rule_set import DossierKind, Gate, RuleSet

if TYPE_CHECKING:
    from tests.ocop_workflow.cli.conftest import Run

CONFIG = default_config_dir()
RULE_SETS = load_rule_sets(CONFIG)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal so wide that no phrase is broken."""
    monkeypatch.setattr(console, "_width", 400)


def differences(ocop: "Run", left: str, right: str) -> dict[tuple[str, str], dict[str, Any]]:
    ran = ocop("ruleset", "diff", left, right, "--json")
    assert ran.code == 0
    return {(line["section"], line["key"]): line["rules"] for line in json.loads(ran.out)}


def texts(rules: dict[str, Any]) -> list[str | None]:
    return [rule and rule["text"] for rule in rules.values()]


def test_list_names_every_rule_set_in_the_order_of_its_time(ocop: "Run") -> None:
    ran = ocop("ruleset", "list", "--json")
    found = {each["id"]: each for each in json.loads(ran.out)}

    assert list(found) == ["quang-ninh-2017", "qd-1048-2019", "qd-148-2023", "qd-1489-2025", "qd-26-2026"]
    assert found["qd-1489-2025"]["amends"] == ["qd-148-2023"]
    assert found["quang-ninh-2017"]["issued_by"] == "quang-ninh"
    assert found["qd-26-2026"]["takes_new"][0]["start"] == "2026-05-22"


@pytest.mark.parametrize(("language", "shown"), [("vi", "đến hết ngày 21/07/2026"), ("en", "to the end of 21/07/2026")])
def test_list_shows_the_last_day_in_force(ocop: "Run", language: str, shown: str) -> None:
    assert shown in ocop("ruleset", "list", "--language", language).out


@pytest.mark.parametrize("name", sorted(RULE_SETS))
def test_show_as_json_is_the_rule_set_itself(ocop: "Run", name: str) -> None:
    assert RuleSet.model_validate_json(ocop("ruleset", "show", name, "--json").out) == RULE_SETS[name]


def test_show_tells_the_law_in_force_with_its_articles(ocop: "Run") -> None:
    shown = " ".join(ocop("ruleset", "show", "qd-26-2026", "--language", "vi").out.split())

    for phrase in (
        "cấp xã → cấp tỉnh → cấp Trung ương",
        "đề nghị trước ngày 30/04, đánh giá trước ngày 30/06",
        "trong 15 ngày làm việc, tính từ: tiếp nhận hồ sơ",
        "36 tháng",
        "Điều 4.3",
        "Điều 8.1 đ",
        "hoàn thành đến hết ngày 21/07/2026",
    ):
        assert phrase in shown


@pytest.mark.parametrize("name", sorted(RULE_SETS))
def test_a_rule_set_says_the_same_rules_in_both_languages(name: str) -> None:
    vietnamese, english = (rule_lines(RULE_SETS[name], language) for language in Language)

    assert [(line.section, line.key, line.source) for line in vietnamese] == [
        (line.section, line.key, line.source) for line in english
    ]
    assert len({(line.section, line.key) for line in english}) == len(english)
    assert {line.section for line in english if not has_sentence(f"ruleset.section.{line.section}")} == set()


def test_every_rule_has_its_source() -> None:
    assert not [line for rules in RULE_SETS.values() for line in rule_lines(rules, Language.EN) if not line.source]


def test_diff_of_148_and_its_amendment_shows_what_the_end_of_the_district_changed(ocop: "Run") -> None:
    found = differences(ocop, "qd-148-2023", "qd-1489-2025")

    assert texts(found["recognition", "3"]) == ["district", "province"]
    assert texts(found["stage", "district_evaluation"])[1] is None
    assert texts(found["outcome", "commune_assessment"]) == [None, "always → Province evaluation"]
    assert not [key for key in found if key[0] in ("part", "band", "validity")]


def test_diff_of_1048_and_148_shows_the_points_and_who_certifies_three_stars(ocop: "Run") -> None:
    """35/25/40 became 40/25/35; part B and the bands, as we read 1048, stayed."""
    found = differences(ocop, "qd-1048-2019", "qd-148-2023")

    assert {key[1]: texts(rules) for key, rules in found.items() if key[0] == "part"} == {
        "A": ["35 points", "40 points"],
        "C": ["40 points", "35 points"],
    }
    assert texts(found["recognition", "3"]) == ["province", "district"]
    assert not [key for key in found if key[0] == "band"]


def test_diff_of_the_law_in_force_names_limits_that_no_earlier_text_had(ocop: "Run") -> None:
    found = differences(ocop, "qd-1489-2025", "qd-26-2026")

    assert found["limit", "commune-assessment"] == {
        "qd-1489-2025": None,
        "qd-26-2026": {"text": "within 15 working days, counted from: receipt of the dossier", "source": "Điều 7.2"},
    }
    assert {key[1] for key in found if key[0] == "batch"} == {"province-1", "province-2", "national-1", "national-2"}


def test_diff_as_a_table_has_both_articles(ocop: "Run") -> None:
    ran = ocop("ruleset", "diff", "qd-1489-2025", "qd-26-2026")

    assert ran.code == 0
    assert "[Điều 7.6 g]" in ran.out


def test_diff_of_a_rule_set_with_itself_is_empty(ocop: "Run") -> None:
    assert "they differ in nothing" in ocop("ruleset", "diff", "qd-26-2026", "qd-26-2026").out
    assert differences(ocop, "qd-26-2026", "qd-26-2026") == {}


def test_differing_lines_keeps_the_sections_together() -> None:
    left, right = (rule_lines(RULE_SETS[name], Language.EN) for name in ("qd-148-2023", "qd-26-2026"))
    sections = [line.section for pair in differing_lines(left, right) for line in pair[:1] + pair[1:] if line]

    assert sections == sorted(sections, key=sections.index)


def test_what_the_shipped_rule_sets_do_not_use_can_be_shown_too() -> None:
    """A gate, a stage for some kinds only, one that may be left out, an intake of some levels, a printed date."""
    data = RULE_SETS["qd-26-2026"].model_dump(mode="json")
    title = {"vi": "Dấu sao", "en": "Star mark"}
    data["gates"] = [Gate(id="mark", title=title, cap=4, source="annex II").model_dump()]
    data["route"]["stages"][0] |= {"kinds": ["first"], "can_be_switched_off": True}
    data["takes_new"] = [{"levels": ["province"], "kinds": ["renewal"], "start": "2026-06-01", "source": "x"}]
    data["limits"][0] |= {"due": {"at": "year-end", "source": "x"}}
    said = {(line.section, line.key): line for line in rule_lines(RuleSet.model_validate(data), Language.EN)}

    assert said["gate", "mark"].text == "at most 4 stars without it"
    assert said["stage", "commune_assessment"].text.endswith("first evaluation; may be switched off")
    assert said["takes_new", "renewal/province"].subject == "renewal, province"
    assert "year-end" in said["limit", "commune-assessment"].text


def test_show_refuses_an_unknown_rule_set_and_names_those_there_are(ocop: "Run") -> None:
    ran = ocop("ruleset", "show", "qd-27-2026")

    assert ran.code == 2
    assert 'there is no rule set "qd-27-2026"; there are: qd-1048-2019' in ran.err


def test_list_refuses_two_rule_sets_that_take_the_same_dossiers(ocop: "Run", tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    text = (CONFIG / "rulesets" / "qd-26-2026.yaml").read_text(encoding="utf-8")
    copied = text.replace("id: qd-26-2026", "id: qd-99-2028", 1).replace("start: 2026-05-22", "start: 2028-01-01")
    (config / "rulesets" / "qd-99-2028.yaml").write_text(copied, encoding="utf-8")

    ran = ocop("ruleset", "list", "--config", config)

    assert ran.code == 2
    assert '"qd-26-2026" and "qd-99-2028" both take new dossiers' in ran.err


# --- The diagram ---


def test_diagram_draws_the_route_with_its_thresholds(ocop: "Run") -> None:
    ran = ocop("machine", "diagram", "qd-26-2026")
    lines = ran.out.splitlines()

    assert (ran.code, lines[0]) == (0, "stateDiagram-v2")
    assert "  commune_assessment__received --> province_evaluation__awaiting_submission: conclude" in lines
    assert (
        "  province_evaluation__received --> national_evaluation__awaiting_submission: conclude [mean at least 90]"
        in lines
    )
    assert not [line for line in lines if line.startswith("  commune_assessment") and "reject" in line]


@pytest.mark.parametrize("kind", DossierKind)
@pytest.mark.parametrize("name", sorted(RULE_SETS))
def test_diagram_as_json_has_every_state_and_line(ocop: "Run", name: str, kind: str) -> None:
    drawn = json.loads(ocop("machine", "diagram", name, "--kind", kind, "--json").out)
    stages = RULE_SETS[name].route.stages

    assert drawn["initial"] == f"{stages[0].id}:awaiting_submission"
    assert len(drawn["states"]) == 5 * len(stages) + 6
    onward = [line for line in drawn["transitions"] if line["trigger"] != "reopen"]
    assert {line["from"] for line in onward} == set(drawn["states"]) - set(drawn["final"])
    back = {(line["from"], line["to"]) for line in drawn["transitions"] if line["trigger"] == "reopen"}
    assert back == {(line["to"], line["from"]) for line in onward if line["to"] in drawn["final"]}


def test_diagram_refuses_a_kind_that_passes_no_stage(ocop: "Run", tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    path = config / "rulesets" / "quang-ninh-2017.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("      judged_by:", "      kinds: [first]\n      judged_by:"), encoding="utf-8")

    ran = ocop("machine", "diagram", "quang-ninh-2017", "--kind", "renewal", "--config", config)

    assert ran.code == 2
    assert "a dossier of kind renewal passes no stage; choose another --kind" in ran.err

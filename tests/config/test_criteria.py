"""The shipped criteria sets against what was counted by hand in the printed annex, before a program read it."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from ocop_workflow.config_files import (
    InvalidFilesError,
    default_config_dir,
    load_criteria_set,
    load_criteria_sets,
    load_rule_set,
    rule_sets_with_criteria,
)
from ocop_workflow.config_files.criteria import load_misprints
from ocop_workflow.errors import InputError
from ocop_workflow.policy.criteria import CriteriaSet, Criterion, gates_of, scored_criteria

CONFIG = default_config_dir()
RULE_SET = "qd-26-2026"
BY_HAND = Path(__file__).parent / "criteria"

BOXES_IN_THE_TEXT = 2534
"""Lines of annex II that begin with a box; one more option, in set 7, has a letter o where the box is."""


@pytest.fixture(scope="module")
def sets() -> tuple[CriteriaSet, ...]:
    return load_criteria_sets(CONFIG, RULE_SET)


def rows(name: str) -> list[dict[str, str]]:
    with (BY_HAND / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counted(criteria_set: CriteriaSet, row: dict[str, str]) -> tuple[int | Decimal, str]:
    """Return what a row counted, and for gates each of them in the row's words."""
    where = row["where"]
    if row["counted"] == "gates":
        found = [gate for gate in gates_of(criteria_set) if gate.stars == len(where)]
        return len(found), " ".join(f"{gate.code}={gate.points}" for gate in found)
    parts = {part.id: part for part in criteria_set.parts}
    if row["counted"] == "maximum":
        mains = {criterion.code: criterion.maximum for part in criteria_set.parts for criterion in part.criteria}
        return (parts[where].maximum if where in parts else mains[where]), row["reckoning"]
    leaves = list(scored_criteria(criteria_set.model_copy(update={"parts": (parts[where],)})))
    if row["counted"] == "criteria":
        return len(leaves), row["reckoning"]
    return sum(len(criterion.options) for criterion in leaves), row["reckoning"]


@pytest.mark.parametrize(
    "row", rows("counted-by-hand.csv"), ids=lambda row: f"{row['set']}-{row['counted']}-{row['where']}"
)
def test_set_is_as_counted_by_hand(sets: tuple[CriteriaSet, ...], row: dict[str, str]) -> None:
    """Criteria, options, maxima and gates of sets 1, 13 and 26."""
    found = counted(sets[int(row["set"]) - 1], row)

    assert found == (int(row["value"]), row["reckoning"])


def test_sets_are_those_of_the_lines_with_a_product_code(sets: tuple[CriteriaSet, ...]) -> None:
    assert [(each.number, each.title) for each in sets] == [
        (int(row["number"]), row["title"]) for row in rows("sets.csv")
    ]
    assert len(sets) == 26


def test_all_options_are_there(sets: tuple[CriteriaSet, ...]) -> None:
    options = sum(len(criterion.options) for each in sets for criterion in scored_criteria(each))

    assert options == BOXES_IN_THE_TEXT + 1


def test_parts_give_40_25_and_35_points(sets: tuple[CriteriaSet, ...]) -> None:
    """Article 4 names the parts and annex II their points, the same in all sets."""
    assert {tuple((part.id, int(part.maximum)) for part in each.parts) for each in sets} == {
        (("A", 40), ("B", 25), ("C", 35))
    }


def test_criteria_without_options_are_worth_one_point(sets: tuple[CriteriaSet, ...]) -> None:
    """Only the bilingual label is given whole or not at all."""
    bare = [criterion for each in sets for criterion in scored_criteria(each) if not criterion.options]

    assert {criterion.maximum for criterion in bare} == {1}
    assert {criterion.label.partition(" (")[0] for criterion in bare} == {"Ghi nhãn hàng hóa có sử dụng song ngữ"}


def test_two_cases_stand_only_where_one_of_two_is_chosen(sets: tuple[CriteriaSet, ...]) -> None:
    """Three criteria of tourism are answered by one of two lists of options."""
    cases = [
        (each.number, criterion.code, len({option.case for option in criterion.options}))
        for each in sets
        for criterion in scored_criteria(each)
        if any(option.case for option in criterion.options)
    ]

    assert cases == [(26, "8", 2), (26, "9", 2), (26, "15", 2)]


def test_no_label_keeps_marks_of_the_print(sets: tuple[CriteriaSet, ...]) -> None:
    labels = [option.label for each in sets for criterion in scored_criteria(each) for option in criterion.options]

    assert [label for label in labels if set(label) & set("*□|") or label != label.strip()] == []


@pytest.mark.parametrize(
    ("number", "code", "points"),
    [
        (4, "1.2", [0, 1, 2]),
        (4, "7", [0, 1, 3]),
        (7, "3.1", [1, 1, 3]),
        (7, "7", [0, 1, 3, 5]),
        (10, "1.2", [0, 1, 2]),
        (11, "1.2", [0, 1, 2]),
        (11, "6.1.1", [0, 1, 2]),
        (23, "6.2", [1, 1, 3, 5]),
        (23, "9", [2, 4]),
    ],
)
def test_misprint_is_read_as_listed(sets: tuple[CriteriaSet, ...], number: int, code: str, points: list[int]) -> None:
    """The points of each criterion in whose table the list of misprints names a line."""
    (criterion,) = (each for each in scored_criteria(sets[number - 1]) if each.code == code)

    assert [option.points for option in criterion.options] == points


def test_options_with_equal_points_are_listed_as_misprints(sets: tuple[CriteriaSet, ...]) -> None:
    listed = [
        misprint for misprint in load_misprints(CONFIG / "criteria" / RULE_SET) if misprint.read == misprint.printed
    ]

    assert len(listed) == sum(has_equal_points(criterion) for each in sets for criterion in scored_criteria(each))


def has_equal_points(criterion: Criterion) -> bool:
    points = [(option.case, option.points) for option in criterion.options]
    return len(points) != len(set(points))


def test_misprints_are_in_the_order_of_the_text_and_say_why() -> None:
    misprints = load_misprints(CONFIG / "criteria" / RULE_SET)
    lines = [misprint.line for misprint in misprints]

    assert lines == sorted(set(lines))
    assert all(misprint.why.startswith("set ") for misprint in misprints)


@pytest.mark.parametrize("rule_set_id", rule_sets_with_criteria(CONFIG))
def test_sheets_have_the_parts_of_their_rule_set(rule_set_id: str) -> None:
    """A score by criterion and a score by part are of one and the same scale, where both are here."""
    if not (CONFIG / "rulesets" / f"{rule_set_id}.yaml").exists():
        return
    parts = [(part.id, part.maximum) for part in load_rule_set(CONFIG, rule_set_id).parts]

    for each in load_criteria_sets(CONFIG, rule_set_id):
        assert [(part.id, part.maximum) for part in each.parts] == parts


def config_with(tmp_path: Path, name: str, text: str) -> Path:
    folder = tmp_path / "criteria" / "own"
    folder.mkdir(parents=True)
    (folder / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_edited_points_are_refused_with_their_line(tmp_path: Path) -> None:
    """A maximum that the options don't reach is told with file, line and both figures."""
    text = (CONFIG / "criteria" / RULE_SET / "01.yaml").read_text(encoding="utf-8")
    edited = text.replace(
        'label: "Nguồn gốc sản phẩm"\n            maximum: 3', 'label: "Nguồn gốc"\n            maximum: 4'
    )
    line = next(at for at, each in enumerate(edited.splitlines(), 1) if "cấp xã từ 75% đến 100%" in each)

    with pytest.raises(InvalidFilesError) as refused:
        load_criteria_set(config_with(tmp_path, "01.yaml", edited), "own", 1)

    assert [fault.sentence for fault in refused.value.faults] == [
        "criterion 1 gives 18 points, its criteria 19; correct one of them",
        "criterion 1.1: the best option gives 3 points, the criterion 4; correct one of them",
    ]
    assert refused.value.faults[1].line == line


def test_number_must_be_the_files(tmp_path: Path) -> None:
    text = (CONFIG / "criteria" / RULE_SET / "01.yaml").read_text(encoding="utf-8")

    with pytest.raises(InvalidFilesError, match=r"02\.yaml:2: the number is not the file's name"):
        load_criteria_sets(config_with(tmp_path, "02.yaml", text), "own")


def test_unknown_set_or_rule_set_names_what_is_there() -> None:
    with pytest.raises(InputError, match="there are 1 to 26"):
        load_criteria_set(CONFIG, RULE_SET, 27)
    with pytest.raises(InputError, match="there are some for: qd-26-2026"):
        load_criteria_sets(CONFIG, "qd-1048-2019")

"""Reading criteria sets from a decision's text: small invented tables in the form of the printed ones."""

import pytest
import yaml

from ocop_workflow.policy.criteria import CriteriaSet, Misprint, scored_criteria
from tools.read_criteria import UnreadableError, read_criteria, to_yaml

TEXT = """\
 1. Bộ sản phẩm: Gốm, sứ
 (Sản phẩm: Thủ công. Nhóm: Gốm)
 ____
 Tên sản phẩm: ……
 Mã số sản phẩm.(T).-.(X).-.(STT).-20……
 Hồ sơ bị loại khi: Giả mạo hồ sơ
 Các tiêu chí
 | Thang điểm
 |\x20
 Phần A:
 SỨC MẠNH (60 Điểm)
 | 60
 |\x20
 1. TỔ CHỨC
 | 60
 |\x20
 1.1. Nguồn gốc
 (So với nơi khác)
 | 20
 |\x20
 Yêu cầu: Tất cả làm tại địa phương
 |\xa0
 |\x20
 □ Một phần***
 | 5
 |\x20
 □ Toàn bộ ****
 | 20
 |\x20
 1.2 Hai cách
 | 40
 |\x20
 Lựa chọn một trong hai trường hợp sau:
 |\x20
 |\x20
 a. Trường hợp 1: Chung
 |\x20
 |\x20
 □ Có
 | 40
 |\x20
 b. Trường hợp 2: Riêng
 |\x20
 |\x20
 □ Cũng có
 | 40
 |\x20
 PHẦN B
 CHẤT LƯỢNG (40 điểm)
 | 40
 |\x20
 2. NHÃN SONG NGỮ
 | 40
 |\x20
 Ghi chú: Không có phương án
 |
 TỔNG CỘNG
 | 100
 |\x20
"""


def read(text: str = TEXT, *misprints: Misprint) -> CriteriaSet:
    (criteria_set,) = read_criteria(text, misprints, source="a decision")
    return criteria_set


def line_of(words: str) -> int:
    return next(at for at, line in enumerate(TEXT.splitlines(), 1) if words in line)


def test_set_has_heading_group_grounds_and_parts() -> None:
    criteria_set = read()

    assert (criteria_set.number, criteria_set.title, criteria_set.group) == (
        1,
        "Gốm, sứ",
        "Sản phẩm: Thủ công. Nhóm: Gốm",
    )
    assert criteria_set.rejected_when == ("Giả mạo hồ sơ",)
    assert criteria_set.source == "a decision, set 1"
    assert [(part.id, part.title, int(part.maximum)) for part in criteria_set.parts] == [
        ("A", "SỨC MẠNH", 60),
        ("B", "CHẤT LƯỢNG", 40),
    ]


def test_criteria_stand_below_their_own_with_options_gates_cases_and_notes() -> None:
    first, second, third = scored_criteria(read())

    assert [each.code for each in (first, second, third)] == ["1.1", "1.2", "2"]
    assert first.notes == ("(So với nơi khác)", "Yêu cầu: Tất cả làm tại địa phương")
    assert [(int(option.points), option.label, option.gate) for option in first.options] == [
        (5, "Một phần", 3),
        (20, "Toàn bộ", 4),
    ]
    assert [(option.case, option.label) for option in second.options] == [
        ("Trường hợp 1: Chung", "Có"),
        ("Trường hợp 2: Riêng", "Cũng có"),
    ]
    assert (third.options, third.notes) == ((), ("Ghi chú: Không có phương án",))


def test_heading_may_lack_the_words_for_a_set() -> None:
    assert read(TEXT.replace("Bộ sản phẩm: ", "")).title == "Gốm, sứ"


def test_yaml_says_what_was_read() -> None:
    """What is written reads back as the same set, and writing is the same each time."""
    criteria_set = read()
    text = to_yaml(criteria_set)

    assert CriteriaSet.model_validate(yaml.safe_load(text)) == criteria_set
    assert to_yaml(read()) == text
    assert '              - { points: 20, label: "Toàn bộ", gate: 4 }' in text.splitlines()


@pytest.mark.parametrize(
    ("printed", "instead", "told"),
    [
        ("□ Một phần***", "o Một phần***", "expected a part, a criterion, an option or a note"),
        ("□ Một phần***", "□ Một phần**", "expected a part, a criterion, an option or a note"),
        ("□ Một phần***", "□ Một phần* * *", "expected a part, a criterion, an option or a note"),
        ("□ Một phần***\n | 5", "□ Một phần***\n |", 'expected points in the column, not ""'),
        ("□ Một phần***\n | 5", "□ Một phần***\n | 20", "expected points that no other option of the criterion has"),
        ("□ Toàn bộ ****\n | 20", "□ Toàn bộ ****\n | 19", "set 1: criterion 1.1: the best option gives 19 points"),
        ("□ Toàn bộ ****", "□ Toàn bộ ***", "the gate of 3 stars follows that of 3"),
        (" | 60\n | \n 1. TỔ CHỨC", " | 60\n 1\n | \n 1. TỔ CHỨC", "expected a part, a criterion, an option or a note"),
        ("SỨC MẠNH (60 Điểm)", "SỨC MẠNH (55 Điểm)", "expected the same points in the title as in the column, 60"),
        ("SỨC MẠNH (60 Điểm)", "SỨC MẠNH", "expected a part with its title and points"),
        ("1.2 Hai cách", "2.2 Hai cách", "expected a criterion below its own part and criterion"),
        ("(So với nơi khác)", "So với nơi khác", "expected nothing else in this row"),
        ("Phần A:\n SỨC MẠNH (60 Điểm)\n | 60\n | \n", "", "expected a criterion below its own part and criterion"),
        (" TỔNG CỘNG\n", "", 'expected a line "TỔNG CỘNG" below'),
        ("(Sản phẩm: Thủ công. Nhóm: Gốm)", "Thủ công", "expected a group such as"),
        ("1. Bộ sản phẩm: Gốm, sứ", "Gốm, sứ", "expected a heading such as"),
        ("1. Bộ sản phẩm: Gốm, sứ", "2. Bộ sản phẩm: Gốm, sứ", "set 2 stands where set 1 is due"),
        ("□ Cũng có\n | 40\n", "□ Cũng có\n | 40\n | 41\n", "expected a label before the points"),
    ],
)
def test_what_does_not_fit_stops_the_reading(printed: str, instead: str, told: str) -> None:
    """Nothing is guessed: the message names the line and what was expected there."""
    assert printed in TEXT

    with pytest.raises(UnreadableError) as stopped:
        read(TEXT.replace(printed, instead))

    assert told in str(stopped.value)


def test_listed_misprint_is_read_as_the_list_says() -> None:
    misprinted = TEXT.replace("□ Một phần***", "o  Một phần***")
    line = line_of("□ Một phần***")

    assert (
        read(misprinted, Misprint(line=line, printed="o Một phần***", read="□ Một phần***", why="a letter")) == read()
    )


def test_misprint_that_is_not_printed_so_is_refused() -> None:
    """The list belongs to one text; with another text it must not change what happens to stand on the line."""
    with pytest.raises(UnreadableError, match="line 2 is not printed as the misprint says"):
        read(TEXT, Misprint(line=2, printed="(Sản phẩm: Gốm)", read="", why="another text"))


def test_equal_points_pass_where_they_are_listed() -> None:
    """An odd value that nothing contradicts is kept, once somebody has looked at it."""
    odd = TEXT.replace("□ Một phần***\n | 5", "□ Ít\n | 5\n |\n □ Một phần\n | 5")
    line = line_of("□ Một phần***") + 4
    kept = read(odd, Misprint(line=line, printed="| 5", read="| 5", why="kept"))

    assert [option.points for option in next(scored_criteria(kept)).options] == [5, 5, 20]

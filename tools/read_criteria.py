"""Read the criteria sets of a decision's text into YAML: `python tools/read_criteria.py REFERENCE_TEXT OUT_DIR`.

The text has a line for each cell of the printed tables: a label, then the points after a bar. What does not fit that
form stops the reading; it is never guessed. Misprints stand in OUT_DIR/misprints.yaml, each with its line, what is
printed and what is read instead.
"""

import argparse
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ocop_workflow.config_files.criteria import MISPRINTS_FILE, load_misprints
from ocop_workflow.policy.criteria import CriteriaSet, Misprint
from ocop_workflow.policy.criteria_checks import check_criteria_set

HEADING = re.compile(r"(\d+)\. (?:Bộ sản phẩm: )?(.+)")
GROUP = re.compile(r"\((Sản phẩm: .+)\)")
CODE_LINE = "Mã số sản phẩm."
REJECTED = "Hồ sơ bị loại khi: "
TABLE_BEGINS = "Các tiêu chí"
TABLE_ENDS = "TỔNG CỘNG"
HEADING_ABOVE_CODE = 5
"""Lines; further up no heading is looked for."""

PART = re.compile(r"Phần ([A-C]):?", re.IGNORECASE)
PART_TITLE = re.compile(r"(.+) \((\d+) Điểm\)", re.IGNORECASE)
CRITERION = re.compile(r"(\d+(?:\.\d+)*)\.? (\S.*)")
OPTION = re.compile(r"□ ([^*]+?) ?(\*{3,5})?")
CASE = re.compile(r"[a-z]\. (Trường hợp \d+: .+)")
NOTE = re.compile(r"\(|Ghi chú:|Chú ý:|Yêu cầu:|Chất lượng|Chỉ áp dụng khi |Áp dụng bắt buộc |Lựa chọn một ")
POINTS = re.compile(r"\d+")


class UnreadableError(Exception):
    """The text has something that this program does not know how to read."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the lines of its label and its points if any, with the numbers of the first and the last."""

    line: int
    label: tuple[str, ...]
    points: str
    points_line: int


def read_criteria(text: str, misprints: tuple[Misprint, ...], *, source: str) -> list[CriteriaSet]:
    """Return the criteria sets of a text, in its order.

    Args:
        text: The decision's text; lines are counted from 1.
        misprints: Which lines are read otherwise than printed.
        source: The annex, for the `source` of each set.

    Raises:
        UnreadableError: Something does not fit; the message names the line.
    """
    lines = _corrected([_plain(line) for line in text.split("\n")], misprints)
    codes = [number for number, line in enumerate(lines) if line.startswith(CODE_LINE)]
    listed = frozenset(misprint.line for misprint in misprints)
    sets = [_read_set(lines, at, source, listed) for at in codes]
    for expected, criteria_set in enumerate(sets, start=1):
        if criteria_set.number != expected:
            raise UnreadableError(f"set {criteria_set.number} stands where set {expected} is due")
    return sets


def to_yaml(criteria_set: CriteriaSet) -> str:
    """Return a set as its file holds it: one line for each option."""
    head = criteria_set.model_dump(include={"number", "title", "group", "source", "rejected_when"}, mode="json")
    lines = ["# yaml-language-server: $schema=../../schema/criteria-set.schema.json"]
    lines += [f"{key}: {_scalar(value)}" for key, value in head.items() if value]
    lines.append("parts:")
    for part in criteria_set.parts:
        lines.append(f"  - id: {part.id}")
        lines += [f"    title: {_scalar(part.title)}", f"    maximum: {part.maximum}"]
        lines += ["    criteria:", *_criteria_lines(part.model_dump()["criteria"], "      ")]
    return "\n".join(lines) + "\n"


def _criteria_lines(criteria: list[dict[str, Any]], indent: str) -> Iterator[str]:
    for criterion in criteria:
        yield f"{indent}- code: {_scalar(criterion['code'])}"
        yield f"{indent}  label: {_scalar(criterion['label'])}"
        yield f"{indent}  maximum: {criterion['maximum']}"
        if criterion["notes"]:
            yield f"{indent}  notes:"
            yield from (f"{indent}    - {_scalar(note)}" for note in criterion["notes"])
        if criterion["criteria"]:
            yield f"{indent}  criteria:"
            yield from _criteria_lines(criterion["criteria"], f"{indent}    ")
        if criterion["options"]:
            yield f"{indent}  options:"
            for option in criterion["options"]:
                keys = {key: _scalar(value) for key, value in option.items() if value is not None}
                yield f"{indent}    - {{ {', '.join(f'{key}: {value}' for key, value in keys.items())} }}"


def _scalar(value: Any) -> str:
    """Return a value as YAML on one line; texts stand in double quotes."""
    if isinstance(value, list):
        return f"[{', '.join(_scalar(each) for each in value)}]"
    if not isinstance(value, str):
        return str(value)
    dumped: str = yaml.safe_dump(value, allow_unicode=True, default_style='"', width=sys.maxsize)
    return dumped.strip()


def _plain(line: str) -> str:
    """Return a line in NFC with single blanks."""
    return " ".join(unicodedata.normalize("NFC", line).split())


def _corrected(lines: list[str], misprints: tuple[Misprint, ...]) -> list[str]:
    for misprint in misprints:
        at = misprint.line - 1
        if at >= len(lines) or lines[at] != misprint.printed:
            raise UnreadableError(f"line {misprint.line} is not printed as the misprint says: {misprint.printed[:80]}")
        lines[at] = misprint.read
    return lines


def _read_set(lines: list[str], code_at: int, source: str, listed: frozenset[int]) -> CriteriaSet:
    heading_at = _group_line(lines, code_at) - 1
    heading = HEADING.fullmatch(lines[heading_at])
    group = GROUP.fullmatch(lines[heading_at + 1])
    if heading is None or group is None:
        _stop(heading_at, lines[heading_at], "a heading such as: 1. Bộ sản phẩm: … and its group below")
    begin = _index(lines, TABLE_BEGINS, code_at)
    end = _index(lines, TABLE_ENDS, begin)
    rejected = [line.removeprefix(REJECTED) for line in lines[code_at:begin] if line.startswith(REJECTED)]
    sheet = _Sheet(listed)
    for row in _rows(lines, begin, end):
        sheet.take(row)
    criteria_set = CriteriaSet.model_validate(
        {
            "number": int(heading[1]),
            "title": heading[2],
            "group": group[1],
            "source": f"{source}, set {heading[1]}",
            "rejected_when": rejected,
            "parts": sheet.parts,
        }
    )
    for finding in check_criteria_set(criteria_set):
        raise UnreadableError(f"set {criteria_set.number}: {finding.sentence}")
    return criteria_set


def _group_line(lines: list[str], code_at: int) -> int:
    above = range(code_at - 1, max(code_at - HEADING_ABOVE_CODE, 0), -1)
    found = next((at for at in above if GROUP.fullmatch(lines[at])), None)
    if found is None:
        _stop(code_at, lines[code_at], "a group such as (Sản phẩm: …) a few lines above")
    return found


def _index(lines: list[str], wanted: str, start: int) -> int:
    if wanted not in lines[start:]:
        _stop(start, lines[start], f'a line "{wanted}" below')
    return lines.index(wanted, start)


def _rows(lines: list[str], begin: int, end: int) -> Iterator[Row]:
    """Yield the rows of a table: the head is skipped, empty cells between rows too."""
    label: list[str] = []
    first = begin
    for at in range(begin + 1, end):
        line = lines[at]
        if not line:
            continue
        if not line.startswith("|"):
            first = first if label else at
            label.append(line)
            continue
        points = line.removeprefix("|").strip()
        if label:
            yield Row(first + 1, tuple(label), points, at + 1)
        elif points and at != begin + 1:
            _stop(at, line, "a label before the points")
        label = []
    if label:
        _stop(first, label[0], "a cell with points after it")


@dataclass(slots=True)
class _Sheet:
    """The parts read so far; the last criterion of `open` is the one that options and notes belong to."""

    listed: frozenset[int]
    parts: list[dict[str, Any]] = field(default_factory=list)
    open: list[dict[str, Any]] = field(default_factory=list)
    case: str | None = None

    def take(self, row: Row) -> None:
        """Read one row into its part or criterion."""
        first, *rest = row.label
        if PART.fullmatch(first):
            self._part(row)
        elif option := OPTION.fullmatch(first):
            self._notes(row, rest, is_wanted=True)
            self._option(row, option[1], len(option[2]) if option[2] else None)
        elif criterion := CRITERION.fullmatch(first):
            self._criterion(row, criterion[1], criterion[2])
            self._notes(row, rest, is_wanted=True)
        elif case := CASE.fullmatch(first):
            self._notes(row, [*rest, row.points], is_wanted=False)
            self.case = case[1]
        elif NOTE.match(first):
            self._notes(row, row.label, is_wanted=True)
            self._notes(row, [row.points], is_wanted=False)
        else:
            _stop(row.line - 1, first, "a part, a criterion, an option or a note")

    def _part(self, row: Row) -> None:
        letter = PART.fullmatch(row.label[0])
        title = PART_TITLE.fullmatch(row.label[1]) if len(row.label) == 2 else None  # noqa: PLR2004 -- letter, title
        if letter is None or title is None:
            _stop(row.line - 1, row.label[0], "a part with its title and points")
        if title[2] != row.points:
            _stop(row.line, row.label[1], f"the same points in the title as in the column, {row.points}")
        self.parts.append({"id": letter[1].upper(), "title": title[1], "maximum": _points(row), "criteria": []})
        self.open = []

    def _criterion(self, row: Row, code: str, label: str) -> None:
        while self.open and not code.startswith(f"{self.open[-1]['code']}."):
            self.open.pop()
        if not self.parts or (not self.open and "." in code):
            _stop(row.line - 1, row.label[0], "a criterion below its own part and criterion")
        siblings = (self.open or self.parts)[-1]["criteria"]
        criterion = {"code": code, "label": label, "maximum": _points(row), "notes": [], "criteria": [], "options": []}
        siblings.append(criterion)
        self.open.append(criterion)
        self.case = None

    def _option(self, row: Row, label: str, gate: int | None) -> None:
        option = {"points": _points(row), "label": label, "gate": gate, "case": self.case}
        options = self._last(row)["options"]
        alike = [each for each in options if (each["points"], each["case"]) == (option["points"], self.case)]
        if alike and row.points_line not in self.listed:
            _stop(row.points_line - 1, row.points, "points that no other option of the criterion has")
        options.append(option)

    def _notes(self, row: Row, lines: tuple[str, ...] | list[str], *, is_wanted: bool) -> None:
        for line in lines:
            if not line:
                continue
            if not is_wanted or not NOTE.match(line):
                _stop(row.line - 1, line, "nothing else in this row")
            self._last(row)["notes"].append(line)

    def _last(self, row: Row) -> dict[str, Any]:
        if not self.open:
            _stop(row.line - 1, row.label[0], "a criterion before it")
        return self.open[-1]


def _points(row: Row) -> int:
    if POINTS.fullmatch(row.points) is None:
        _stop(row.line - 1, row.label[0], f'points in the column, not "{row.points}"')
    return int(row.points)


def _stop(at: int, line: str, wanted: str) -> NoReturn:
    raise UnreadableError(f"line {at + 1}: {line[:80]}: expected {wanted}; list a misprint, or teach this program")


def main() -> None:
    """Write a file for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reference", type=Path, help="the decision's text")
    parser.add_argument("out", type=Path, help="the folder that holds misprints.yaml and receives the sets")
    parser.add_argument("--source", default="QĐ 26/2026/QĐ-TTg, annex II", help="what the sets' source begins with")
    given = parser.parse_args()
    misprints = load_misprints(given.out)
    sets = read_criteria(given.reference.read_text(encoding="utf-8"), misprints, source=given.source)
    for criteria_set in sets:
        (given.out / f"{criteria_set.number:02}.yaml").write_text(to_yaml(criteria_set), encoding="utf-8")
    print(f"{len(sets)} sets, {len(misprints)} misprints from {MISPRINTS_FILE}")


if __name__ == "__main__":
    main()

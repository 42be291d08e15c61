"""A council's score sheets as a table: one row for each member with a column for each part or criterion, or turned."""

import csv
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path

from ocop_workflow.config_files.csv_rows import header_of, read_csv
from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened
from ocop_workflow.errors import InputError
from ocop_workflow.policy.criteria import CriteriaSet, scored_criteria
from ocop_workflow.policy.criteria_sheets import allowed_points
from ocop_workflow.policy.rule_set import CriteriaPart
from ocop_workflow.policy.scoring import read_sheet

MEMBER = "member"
"""The header of the first column; the others are the ids of parts or the codes of criteria."""

TURNED = ("criterion", "label", "points")
"""The first columns of a table with a row for each criterion; the others are the members."""


def empty_sheet(criteria_set: CriteriaSet, members: Sequence[str]) -> bytes:
    """Return a table to be filled in: a row for each criterion with the points it can have, a column for each member.

    UTF-8 with a mark, so that a spreadsheet opens it as what it is.
    """
    text = StringIO()
    table = csv.writer(text)
    table.writerow([*TURNED, *members])
    for criterion in scored_criteria(criteria_set):
        points = " / ".join(str(each) for each in allowed_points(criterion))
        table.writerow([criterion.code, criterion.label, points, *("" for _ in members)])
    return text.getvalue().encode("utf-8-sig")


def load_sheets(
    path: Path, parts: Sequence[CriteriaPart], criteria_set: CriteriaSet | None = None
) -> dict[str, dict[str, Decimal]]:
    """Load points by part or criterion, by member; a decimal comma is taken as a point, an empty cell as not given.

    Args:
        path: A table with a row for each member, or one that `empty_sheet` made.
        parts: The rule set's parts.
        criteria_set: The product's criteria, where they are loaded.

    Raises:
        InvalidFilesError: The file can't be read or rows are wrong; one fault for each, with its line.
    """
    header = header_of(path)
    if header[: len(TURNED)] == TURNED:
        return _load_turned(path, header, parts, criteria_set)
    by_parts = (MEMBER, *(part.id for part in parts))
    sheets: dict[str, dict[str, Decimal]] = {}
    faults: list[Fault] = []
    for found in read_csv(path, (header if header[:1] == (MEMBER,) and len(header) > 1 else by_parts,)):
        if isinstance(found, Fault):
            faults.append(found)
            continue
        line, cells = found
        member = cells.pop(MEMBER)
        try:
            sheets[member] = _sheet(member, cells, known=sheets)
            read_sheet(sheets[member], parts, criteria_set)
        except InputError as error:
            faults.append(Fault(str(path), line, str(error)))
    if faults:
        raise InvalidFilesError(faults)
    return sheets


def _load_turned(
    path: Path, header: tuple[str, ...], parts: Sequence[CriteriaPart], criteria_set: CriteriaSet | None
) -> dict[str, dict[str, Decimal]]:
    """Return the points of a table with a row for each criterion; a member without any point handed in no sheet.

    A fault of a whole sheet is told at the header, where the member stands.
    """
    members = header[len(TURNED) :]
    if len(set(members)) < len(members) or "" in members:
        raise InvalidFilesError([Fault(str(path), 1, "a member is missing or stands twice; give each one column")])
    faults: list[Fault] = []
    sheets = _by_member(path, header, faults)
    for member, points in () if faults else sheets.items():
        try:
            read_sheet(points, parts, criteria_set)
        except InputError as error:
            faults.append(Fault(str(path), 1, f"{shortened(member)}: {error}"))
    if faults:
        raise InvalidFilesError(faults)
    return sheets


def _by_member(path: Path, header: tuple[str, ...], faults: list[Fault]) -> dict[str, dict[str, Decimal]]:
    sheets: dict[str, dict[str, Decimal]] = {}
    codes: set[str] = set()
    for found in read_csv(path, (header,)):
        if isinstance(found, Fault):
            faults.append(found)
            continue
        line, cells = found
        code = cells[TURNED[0]]
        if code in codes:
            faults.append(Fault(str(path), line, f"criterion {shortened(code)} stands twice; keep one of the rows"))
        codes.add(code)
        for member in header[len(TURNED) :]:
            try:
                if cells[member]:
                    sheets.setdefault(member, {})[code] = _points(code, cells[member])
            except InputError as error:
                faults.append(Fault(str(path), line, f"{shortened(member)}: {error}"))
    return sheets


def _sheet(member: str, cells: Mapping[str, str], *, known: Collection[str]) -> dict[str, Decimal]:
    if not member:
        raise InputError("the member is missing; write who gave these points")
    if member in known:
        raise InputError(f"{shortened(member)} has two rows; keep one for each member")
    return {code: _points(code, cell) for code, cell in cells.items() if cell}


def _points(code: str, cell: str) -> Decimal:
    try:
        return Decimal(cell.replace(",", "."))
    except InvalidOperation:
        raise InputError(f"{shortened(cell)} is no number of points for {shortened(code)}") from None

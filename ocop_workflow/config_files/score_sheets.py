"""A council's score sheets as a table: one row for each member, one column for each part or criterion."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ocop_workflow.config_files.csv_rows import header_of, read_csv
from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened
from ocop_workflow.policy.rule_set import CriteriaPart
from ocop_workflow.policy.scoring import ScoreOutOfRangeError, read_sheet

MEMBER = "member"
"""The header of the first column; the others are the ids of parts or the codes of criteria."""


def load_sheets(path: Path, parts: Sequence[CriteriaPart]) -> dict[str, dict[str, Decimal]]:
    """Load points by part or criterion, by member; a decimal comma is taken as a point, an empty cell as not given.

    Raises:
        InvalidFilesError: The file can't be read or rows are wrong; one fault for each, with its line.
    """
    header = header_of(path)
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
            sheets[member] = _sheet(member, cells, parts, known=sheets)
        except ScoreOutOfRangeError as error:
            faults.append(Fault(str(path), line, str(error)))
    if faults:
        raise InvalidFilesError(faults)
    return sheets


def _sheet(
    member: str, cells: Mapping[str, str], parts: Sequence[CriteriaPart], *, known: Collection[str]
) -> dict[str, Decimal]:
    if not member:
        raise ScoreOutOfRangeError("the member is missing; write who gave these points")
    if member in known:
        raise ScoreOutOfRangeError(f"{shortened(member)} has two rows; keep one for each member")
    points = {code: _points(code, cell) for code, cell in cells.items() if cell}
    read_sheet(points, parts)
    return points


def _points(code: str, cell: str) -> Decimal:
    try:
        return Decimal(cell.replace(",", "."))
    except InvalidOperation:
        raise ScoreOutOfRangeError(f"{shortened(cell)} is no number of points for {shortened(code)}") from None

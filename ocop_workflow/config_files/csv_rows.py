"""Tables as people save them from a spreadsheet: UTF-8 with or without a mark, commas or semicolons."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import TypeVar

from ocop_workflow.config_files.documents import read_text
from ocop_workflow.config_files.faults import Fault, InvalidFilesError

Row = TypeVar("Row")

NOT_UTF8 = 'the file is not UTF-8; in Excel choose "CSV UTF-8 (comma delimited)" when saving'


def read_csv(path: Path, headers: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, dict[str, str]] | Fault]:
    """Yield each row as its line and its cells by column, without blanks around them; or what is wrong with it.

    Args:
        path: The file.
        headers: The headers that are taken; an empty line is passed over.

    Raises:
        InvalidFilesError: The file can't be read at all, or has none of the headers.
    """
    text = _text_of(path)
    reader = csv.reader(StringIO(text, newline=""), strict=True, delimiter=_delimiter(text))
    try:
        header = tuple(name.strip() for name in next(reader, []))
        if header not in headers:
            raise _refusal(path, 1, f"the first line must be the header {','.join(headers[0])}; write it so")
        for row in reader:
            if not any(row):
                continue
            if len(row) == len(header):
                yield reader.line_num, {name: cell.strip() for name, cell in zip(header, row, strict=True)}
            else:
                sentence = f"the row has {len(row)} cells instead of {len(header)}; put cells with a comma in quotes"
                yield Fault(str(path), reader.line_num, sentence)
    except csv.Error as error:
        yield Fault(str(path), reader.line_num, f"the row can't be read ({error}); check its quotes")


def read_rows(
    path: Path,
    headers: Sequence[tuple[str, ...]],
    *,
    faults_of: Callable[[dict[str, str]], Iterable[str]],
    row_of: Callable[[int, dict[str, str]], Row],
) -> tuple[Row, ...]:
    """Return every row of a table as `row_of` makes it from line and cells, or refuse the table whole.

    Raises:
        InvalidFilesError: The file can't be read, or `faults_of` finds rows wrong; one fault for each, with its line.
    """
    rows, faults = [], []
    for found in read_csv(path, headers):
        if isinstance(found, Fault):
            faults.append(found)
            continue
        line, cells = found
        wrong = [Fault(str(path), line, sentence) for sentence in faults_of(cells)]
        faults += wrong
        if not wrong:
            rows.append(row_of(line, cells))
    if faults:
        raise InvalidFilesError(faults)
    return tuple(rows)


def day_of(text: str) -> date | None:
    """Return a day from 2018-03-30 or 30/03/2018; None when it is neither."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 -- a calendar day has no zone
        except ValueError:
            continue
    return None


def header_of(path: Path) -> tuple[str, ...]:
    """Return the headers of a table's first line, without blanks around them.

    Raises:
        InvalidFilesError: The file can't be read at all.
    """
    text = _text_of(path)
    return tuple(name.strip() for name in next(csv.reader(StringIO(text), delimiter=_delimiter(text)), []))


def _delimiter(text: str) -> str:
    return ";" if text.partition("\n")[0].count(";") > 0 else ","


def _text_of(path: Path) -> str:
    """Return the text of the file; UTF-16 and the old Vietnamese code page are told from UTF-8 by their bytes."""
    if path.is_file():
        written = path.read_bytes()
        try:
            if "\0" in written.decode("utf-8-sig"):
                raise _refusal(path, 1, NOT_UTF8)
        except UnicodeDecodeError as error:
            raise _refusal(path, written[: error.start].count(b"\n") + 1, NOT_UTF8) from error
    return read_text(path)


def _refusal(path: Path, line: int, sentence: str) -> InvalidFilesError:
    return InvalidFilesError([Fault(str(path), line, sentence)])

"""Who holds which position and where mail goes, as a table."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from notifications.addresses import is_public_address
from notifications.catalogue import Language
from ocop_workflow.config_files.csv_rows import day_of, read_rows
from ocop_workflow.config_files.faults import shortened

COLUMNS = ("party", "name", "email", "language", "from", "until")
"""The header of the table, in this order; the last column may be missing."""

PRODUCER_ROW = "producer"
"""The word in the column `party` of a producer's row, alone or behind the producer's unit: `unit/producer`."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row: an official with a position, or a producer's address.

    Attributes:
        line: Its line in the file.
        party: A position `unit/role`, the word producer, or `unit/producer` where several have the same name.
        name: The official's name, or that of a registered producer.
        email: The address, or None.
        language: Which language the mails have.
        start_on: The official's first day; None for a producer.
        until_on: The first day no longer, where one is known.
    """

    line: int
    party: str
    name: str
    email: str | None
    language: Language
    start_on: date | None
    until_on: date | None

    @property
    def is_producer(self) -> bool:
        """Whether the row is a producer's address."""
        return _names_producer(self.party)


def load_people(path: Path) -> tuple[PersonRow, ...]:
    """Load a table of people. That a position or a producer exists is not looked at here.

    Raises:
        InvalidFilesError: The file can't be read or rows are wrong; one fault for each, with its line.
    """
    return read_rows(path, (COLUMNS, COLUMNS[:-1]), faults_of=_faults_of, row_of=_row)


def _names_producer(party: str) -> bool:
    return party.rpartition("/")[2] == PRODUCER_ROW


def _faults_of(cells: dict[str, str]) -> list[str]:
    """Return what is wrong in one row."""
    sentences = []
    email, language = cells["email"], cells["language"]
    if not cells["name"]:
        sentences.append("the name is missing; write it, or remove the row")
    if email and not is_public_address(email):
        sentences.append(f"{shortened(email)} is no e-mail address; write one like name@office.example")
    if language and language not in set(Language):
        sentences.append(f"unknown language {shortened(language)}; write vi or en")
    sentences += [
        f"{shortened(cells[name])} is no day; write it like 2018-03-30 or 30/03/2018"
        for name in ("from", "until")
        if cells.get(name) and day_of(cells[name]) is None
    ]
    if not _names_producer(cells["party"]) and not cells["from"]:
        sentences.append("the first day in office is missing; write it in the column from")
    return sentences


def _row(line: int, cells: dict[str, str]) -> PersonRow:
    return PersonRow(
        line=line,
        party=cells["party"],
        name=cells["name"],
        email=cells["email"] or None,
        language=Language(cells["language"] or Language.VI),
        start_on=day_of(cells["from"]),
        until_on=day_of(cells.get("until", "")),
    )

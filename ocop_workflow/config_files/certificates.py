"""Certificates that were issued before the office began with this software, as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ocop_workflow.config_files.csv_rows import day_of, read_rows
from ocop_workflow.config_files.faults import shortened

COLUMNS = ("product", "unit", "producer", "stars", "number", "issued_on", "expires_on")
"""The header of the table, in this order; `expires_on` is the last valid day, and may be empty."""

STARS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """One row: the product of a producer in a unit, its stars, and what stands on the certificate.

    Attributes:
        line: Its line in the file.
        product: The product's name.
        unit: The id of the producer's unit.
        producer: The producer's name.
        stars: The stars.
        number: The certificate's number.
        issued_on: The day of issue.
        expires_on: The last valid day, where the table says it.
    """

    line: int
    product: str
    unit: str
    producer: str
    stars: int
    number: str
    issued_on: date
    expires_on: date | None


def load_certificates(path: Path) -> tuple[CertificateRow, ...]:
    """Load a table of certificates. That units exist and numbers are free is not looked at here.

    Raises:
        InvalidFilesError: The file can't be read or rows are wrong; one fault for each, with its line.
    """
    return read_rows(path, (COLUMNS,), faults_of=_faults_of, row_of=_row)


def _faults_of(cells: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong in one row."""
    for name in COLUMNS[:-1]:
        if not cells[name]:
            yield f"the column {name} is empty; fill it in"
    if cells["stars"] and cells["stars"] not in STARS:
        yield f"{shortened(cells['stars'])} is no number of stars; write 1 to 5"
    for name in ("issued_on", "expires_on"):
        if cells[name] and day_of(cells[name]) is None:
            yield f"{shortened(cells[name])} is no day; write it like 2018-03-30 or 30/03/2018"


def _row(line: int, cells: dict[str, str]) -> CertificateRow:
    return CertificateRow(
        line=line,
        product=cells["product"],
        unit=cells["unit"],
        producer=cells["producer"],
        stars=int(cells["stars"]),
        number=cells["number"],
        issued_on=day_of(cells["issued_on"]) or date.min,
        expires_on=day_of(cells["expires_on"]),
    )

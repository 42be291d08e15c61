"""A plan's product list as a table: `config/products/<id>.csv`."""

import csv
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from pydantic import ValidationError

from ocop_workflow.config_files.documents import read_text
from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened
from ocop_workflow.config_files.sentences import model_sentences
from ocop_workflow.policy.chains import PlannedProduct

COLUMNS = ("key", "name", "form", "producer", "unit", "planned_level", "group", "source")
"""The header of the table, in this order."""


def load_products(path: Path) -> tuple[PlannedProduct, ...]:
    """Load a product list; empty cells of `planned_level` and `group` mean that the plan says nothing.

    Raises:
        InvalidFilesError: The file can't be read or rows are wrong; one fault for each, with its line.
    """
    rows = _Rows(path)
    reader = csv.reader(StringIO(read_text(path), newline=""), strict=True)
    try:
        header = next(reader, [])
        if tuple(header) == COLUMNS:
            for row in reader:
                rows.take(row, reader.line_num)
        else:
            rows.refuse(1, f"the first line must be the header {','.join(COLUMNS)}; write it so")
    except csv.Error as error:
        rows.refuse(reader.line_num, f"the row can't be read ({error}); check its quotes")
    if rows.faults:
        raise InvalidFilesError(rows.faults)
    return tuple(rows.products.values())


@dataclass(slots=True)
class _Rows:
    """The products and the faults found so far."""

    path: Path
    products: dict[str, PlannedProduct] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, line: int, sentence: str) -> None:
        self.faults.append(Fault(str(self.path), line, sentence))

    def take(self, row: list[str], line: int) -> None:
        """Keep one row as a product, or its faults; an empty line is passed over."""
        if not row:
            return
        if len(row) != len(COLUMNS):
            sentence = f"the row has {len(row)} cells instead of {len(COLUMNS)}; put cells with a comma in quotes"
            self.refuse(line, sentence)
            return
        cells = {name: cell.strip() for name, cell in zip(COLUMNS, row, strict=True)}
        present = {name: cell for name, cell in cells.items() if cell}
        try:
            product = PlannedProduct.model_validate(present)
        except ValidationError as error:
            for sentence in model_sentences(error, PlannedProduct, present):
                self.refuse(line, sentence)
            return
        if product.key in self.products:
            self.refuse(line, f"the key {shortened(product.key)} stands twice; give each product its own key")
        self.products[product.key] = product

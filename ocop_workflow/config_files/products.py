"""A plan's product list as a table: `config/products/<id>.csv`."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ocop_workflow.config_files.csv_rows import read_csv
from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened
from ocop_workflow.config_files.sentences import model_sentences
from ocop_workflow.policy.chains import PlannedProduct

COLUMNS = ("key", "name", "form", "producer", "unit", "planned_level", "group", "source")
"""The header of the table, in this order."""

CRITERIA_SET = "criteria_set"
"""A further column that a list may have: the number of the criteria set on which a product is scored."""

OF_PRODUCER = ("producer_form", "registered_on")
"""Two further columns, at the end: the producer's legal form, and the day of its business registration."""

HEADERS = (
    COLUMNS,
    (*COLUMNS, CRITERIA_SET),
    (*COLUMNS, *OF_PRODUCER),
    (*COLUMNS, CRITERIA_SET, *OF_PRODUCER),
)
"""The headers that are taken."""


def load_products(path: Path) -> tuple[PlannedProduct, ...]:
    """Load a product list; an empty cell of `planned_level`, `group` or a further column means that it says nothing.

    Raises:
        InvalidFilesError: The file can't be read or rows are wrong; one fault for each, with its line.
    """
    rows = _Rows(path)
    for found in read_csv(path, HEADERS):
        if isinstance(found, Fault):
            rows.faults.append(found)
        else:
            rows.take(*found)
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

    def take(self, line: int, cells: dict[str, str]) -> None:
        """Keep one row as a product, or its faults."""
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

"""Tables as spreadsheets write them, and the two examples that come along."""

from pathlib import Path

import pytest

from ocop_workflow.config_files import InvalidFilesError, default_config_dir, load_products, load_units
from ocop_workflow.config_files.people import load_people

HEADER = "key,name,form,producer,unit,planned_level,group,source"
ROW = "1,Mật ong,Mật ong,HTX Đồi Ong,ba-che,,,phụ lục 1"
EXAMPLES = default_config_dir() / "examples"


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "products.csv"
    file.write_bytes(text.encode(encoding, errors="replace"))
    return file


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"{HEADER}\n{ROW}\n", "utf-8"),
        (f"{HEADER}\r\n{ROW}\r\n", "utf-8-sig"),
        (f"{HEADER}\n{ROW}\n\n,,,,,,,\n".replace(",", ";"), "utf-8"),
    ],
)
def test_products_are_read_from_commas_or_semicolons(tmp_path: Path, text: str, encoding: str) -> None:
    (product,) = load_products(write(tmp_path, text, encoding))

    assert (product.name, product.producer, product.unit) == ("Mật ong", "HTX Đồi Ong", "ba-che")


@pytest.mark.parametrize(("cell", "number"), [("13", 13), ("", None)])
def test_products_may_name_their_criteria_set(tmp_path: Path, cell: str, number: int | None) -> None:
    (product,) = load_products(write(tmp_path, f"{HEADER},criteria_set\n{ROW},{cell}\n"))

    assert product.criteria_set == number


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1258"])
def test_products_in_another_encoding_are_refused_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(InvalidFilesError, match=r"products\.csv:\d+: the file is not UTF-8; in Excel choose"):
        load_products(write(tmp_path, f"{HEADER}\n{ROW}\n", encoding))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,key\n", "1: the first line must be the header key,name,form"),
        (f"{HEADER}\n1,Mật ong\n", "2: the row has 2 cells instead of 8"),
        (f'{HEADER}\n1,"Mật ong\n', "the row can't be read"),
        (f"{HEADER}\n{ROW}\n{ROW}\n", '3: the key "1" stands twice'),
        (f"{HEADER},criteria_set\n{ROW},coffee\n", '2: "criteria_set"'),
    ],
)
def test_products_name_file_and_line_of_each_fault(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InvalidFilesError) as caught:
        load_products(write(tmp_path, text))

    assert "products.csv:" in str(caught.value)
    assert sentence in str(caught.value)


def test_the_examples_are_read_whole() -> None:
    people, products = load_people(EXAMPLES / "people.csv"), load_products(EXAMPLES / "products.csv")

    assert {row.party for row in people} >= {"ba-che/ocop_team", "producer"}
    assert {product.producer for product in products} == {row.name for row in people if row.party == "producer"}
    assert all(row.email is None or row.email.endswith(".example") for row in people)


def test_the_example_for_the_law_in_force_names_communes_of_its_plan() -> None:
    """Forty made-up products over the 38 communes of Lai Châu, for the preview of 2027."""
    products = load_products(EXAMPLES / "products-2027.csv")
    communes = {unit.id for unit in load_units(default_config_dir(), "province-2027").units_of_level("commune")}

    assert len(products) == 40
    assert {product.unit for product in products} == communes
    assert len(communes) == 38

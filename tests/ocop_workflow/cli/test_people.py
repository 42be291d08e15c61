"""Who holds which position: people import, list, template."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

HEADER = "party,name,email,language,from"
DAY = "2018-03-02T08:00"


@pytest.fixture
def people(tmp_path: Path) -> Any:
    """Write a table of people and return its file."""

    def write(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
        file = tmp_path / "people.csv"
        file.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
        return file

    return write


def holders(ocop: Any, office: Path, position: str) -> list[dict[str, Any]]:
    """Return who holds a position, the earliest first."""
    listed = json.loads(ocop("people", "list", "--data", office, "--json").out)
    return [row for row in listed if row["position"] == position]


def test_import_is_all_or_nothing_with_a_sentence_for_each_bad_row(ocop: Any, office: Path, people: Any) -> None:
    rows = people(
        "ba-che/ocop_team,Nguyễn Văn A,a@office.example,vi,2018-03-01",
        "ba-che/district_leader,B,không-phải,fr,01/13/2018",
        "producer,Nobody,c@office.example,vi,",
    )
    refused = ocop("people", "import", rows, "--data", office, "--at", DAY)

    assert refused.code == 2
    for sentence in ("is no e-mail address", 'unknown language "fr"; write vi or en', '"01/13/2018" is no day'):
        assert f"{rows}:3: " in refused.err
        assert sentence in refused.err
    assert "Nguyễn Văn A" not in ocop("people", "list", "--data", office).out


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            "ba-che/Tổ OCOP,A,a@office.example,vi,2018-03-01",
            '2: unknown position "ba-che/Tổ OCOP"; known for ba-che are district_leader, economic_office, ocop_team',
        ),
        ("bache/ocop_team,A,a@office.example,vi,2018-03-01", '2: unknown position "bache/ocop_team"; did you mean the'),
        ("producer,Nobody,c@office.example,vi,", '2: no producer is called "Nobody"; `ocop people template`'),
        ("ba-che/ocop_team,A,a..b@office.example,vi,2018-03-01", '2: "a..b@office.example" is no e-mail address'),
        ("ba-che/ocop_team,A,b@office,vi,2018-03-01", '2: "b@office" is no e-mail address'),
        ("ba-che/ocop_team,A,a@office.example,vi,", "2: the first day in office is missing"),
        ("ba-che/ocop_team,A", "2: the row has 2 cells instead of 5"),
    ],
)
def test_import_refuses_what_nobody_could_be_told_by(
    ocop: Any, office: Path, people: Any, row: str, sentence: str
) -> None:
    refused = ocop("people", "import", people(row), "--data", office, "--at", DAY)

    assert refused.code == 2
    assert f"people.csv:{sentence}" in refused.err


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [
        ((HEADER, "ba-che/ocop_team,Trần B,b@office.example,vi,2018-03-01"), "utf-8-sig"),
        ((HEADER.replace(",", ";"), "ba-che/ocop_team;Trần B;b@office.example;vi;01/03/2018"), "utf-8"),
        ((f"{HEADER},until", "ba-che/ocop_team,Trần B,b@office.example,vi,2018-03-01,2018-09-01"), "utf-8"),
    ],
)
def test_import_reads_what_spreadsheets_write(
    ocop: Any, office: Path, people: Any, lines: tuple[str, str], encoding: str
) -> None:
    file = people(lines[1], header=lines[0], encoding=encoding)
    done = ocop("people", "import", file, "--data", office, "--at", DAY)

    assert (done.code, done.out.strip()) == (0, "1 people are registered.")
    assert "Trần B" in [holder["name"] for holder in holders(ocop, office, "ba-che/ocop_team")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1258"])
def test_import_says_how_to_save_a_file_that_is_not_utf8(ocop: Any, office: Path, people: Any, encoding: str) -> None:
    file = people("ba-che/ocop_team,Đinh Bô,b@office.example,vi,2018-03-01", encoding=encoding)
    refused = ocop("people", "import", file, "--data", office)

    assert refused.code == 2
    assert 'is not UTF-8; in Excel choose "CSV UTF-8' in refused.err
    assert "Traceback" not in refused.err


def test_a_new_holder_ends_the_holding_of_the_one_before(ocop: Any, office: Path, people: Any) -> None:
    row = "ba-che/ocop_team,Trần B,b@office.example,vi,2018-03-02"
    ocop("people", "import", people(row), "--data", office, "--at", DAY)
    *before, present = holders(ocop, office, "ba-che/ocop_team")

    assert (present["name"], present["until"]) == ("Trần B", None)
    assert {holder["until"] for holder in before} == {"2018-03-02"}


def test_the_same_name_with_another_address_is_a_correction(ocop: Any, office: Path, people: Any) -> None:
    for address in ("b@office.example", "tran.b@office.example"):
        ocop(
            "people",
            "import",
            people(f"ba-che/ocop_team,Trần B,{address},vi,2018-03-02"),
            "--data",
            office,
            "--at",
            DAY,
        )
    named = [holder for holder in holders(ocop, office, "ba-che/ocop_team") if holder["name"] == "Trần B"]

    assert [holder["email"] for holder in named] == ["tran.b@office.example"]


def test_an_address_of_somebody_elsewhere_is_refused(ocop: Any, office: Path, people: Any) -> None:
    rows = people(
        "ba-che/ocop_team,Trần B,b@office.example,vi,2018-03-02",
        "ha-long/ocop_team,Lê C,b@office.example,vi,2018-03-02",
    )
    refused = ocop("people", "import", rows, "--data", office, "--at", DAY)

    assert refused.code == 2
    assert "people.csv:3: b@office.example is the address of 'Trần B'" in refused.err


def test_producers_get_their_address(ocop: Any, office: Path, people: Any) -> None:
    assert ocop("people", "import", people("producer,HTX Một,,vi,"), "--data", office, "--at", DAY).code == 0
    without = json.loads(ocop("people", "list", "--without-address", "--data", office, "--json").out)
    ocop("people", "import", people("producer,HTX Một,htx1@office.example,en,"), "--data", office, "--at", DAY)
    after = json.loads(ocop("people", "list", "--without-address", "--data", office, "--json").out)

    assert {"party": "producer", "name": "HTX Một"} in without
    assert {"party": "producer", "name": "HTX Một"} not in after


def test_vacant_positions_are_those_needed_and_held_by_nobody(ocop: Any, office: Path, people: Any) -> None:
    assert json.loads(ocop("people", "list", "--vacant", "--data", office, "--json").out) == []
    row = "ba-che/ocop_team,Trần B,b@office.example,vi,2018-02-01,2018-03-01"
    file = people("ba-che/ocop_team,Lê C,c@office.example,vi,2018-03-01", row, header=f"{HEADER},until")
    assert "instead of 6" in ocop("people", "import", file, "--data", office, "--at", DAY).err
    last = people("ba-che/ocop_team,Lê C,c@office.example,vi,2018-03-02,2018-03-02", header=f"{HEADER},until")
    ocop("people", "import", last, "--data", office, "--at", DAY)

    assert json.loads(ocop("people", "list", "--vacant", "--data", office, "--json").out) == ["ba-che/ocop_team"]
    assert "ba-che/ocop_team" in ocop("people", "list", "--vacant", "--data", office).out
    assert "1 of" in ocop("doctor", "--data", office).out


def test_template_can_be_imported_again(ocop: Any, office: Path, tmp_path: Path) -> None:
    """Every needed position and producer is in it; in this office somebody holds each."""
    printed = ocop("people", "template", "--data", office).out
    file = tmp_path / "template.csv"
    file.write_text(printed, encoding="utf-8")
    parties = [row["party"] for row in csv.DictReader(io.StringIO(printed))]
    done = ocop("people", "import", file, "--data", office, "--at", DAY)

    assert {"ba-che/ocop_team", "ba-che/district_leader", "quang-ninh/coordination_office", "producer"} <= set(parties)
    assert "quang-ninh/agriculture_department" not in parties
    assert done.code == 0
    assert f"{len(parties)} people are registered." in done.out


NAMESAKES = """key,name,form,producer,unit,planned_level,group,source
90,Chả mực,Chả,Hộ Ví Dụ,ba-che,,,phụ lục 1
91,Miến dong,Miến,Hộ Ví Dụ,binh-lieu,,,phụ lục 1
"""


def test_producers_of_one_name_are_told_apart_by_their_units(
    ocop: Any, office: Path, people: Any, tmp_path: Path
) -> None:
    """Households share names; the table that is printed to be filled in names each so that it can be imported."""
    products = tmp_path / "products.csv"
    products.write_text(NAMESAKES, encoding="utf-8")
    assert ocop("products", "import", products, "--data", office).code == 0
    printed = ocop("people", "template", "--data", office).out
    parties = [row["party"] for row in csv.DictReader(io.StringIO(printed)) if row["name"] == "Hộ Ví Dụ"]
    unclear = ocop("people", "import", people("producer,Hộ Ví Dụ,ho@vi-du.example,vi,"), "--data", office)
    unknown = ocop("people", "import", people("producer,Hộ Khác,ho@vi-du.example,vi,"), "--data", office)
    row = "ba-che/producer,Hộ Ví Dụ,ho@vi-du.example,vi,"
    done = ocop("people", "import", people(row), "--data", office)
    missing = json.loads(ocop("people", "list", "--without-address", "--data", office, "--json").out)

    assert parties == ["ba-che/producer", "binh-lieu/producer"]
    assert (unclear.code, unknown.code, done.code) == (2, 2, 0)
    assert '2 producers are called "Hộ Ví Dụ"; write as party one of ba-che/producer, binh-lieu/producer' in unclear.err
    assert 'no producer is called "Hộ Khác"; `ocop people template` lists those that are here' in unknown.err
    assert [each["party"] for each in missing if each["name"] == "Hộ Ví Dụ"] == ["binh-lieu/producer"]

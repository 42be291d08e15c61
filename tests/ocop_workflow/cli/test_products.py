"""`ocop products import`: a verdict on every row, and all rows or none."""

import csv
import json
import shutil
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, func, select
from typer.testing import CliRunner

from ocop_workflow.cli import app
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import InvalidFilesError, default_config_dir, find_plan, load_plan_files
from ocop_workflow.config_files.products import COLUMNS
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.replay import documents_for
from ocop_workflow.runtime import Runtime, create_data_folder, open_runtime
from ocop_workflow.services.cycles import CycleDocuments, CycleError, close_intake, find_cycle, open_cycle
from ocop_workflow.services.events import events_of
from ocop_workflow.services.installation import SIMULATED
from ocop_workflow.services.product_lists import IntakeClosedError, Verdict, import_products
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.storage.tables import Dossier, Event, Producer, Product, StatusLink

CYCLE, PROVINCE_CYCLE = "ba-don-2021/2021", "province-2021/2021"
OPENED_AT = datetime(2021, 6, 1, 7, 30, tzinfo=OFFICE_ZONE)
OFFICE = "ba-don/economic_office"

RICE = ("i-1", "Gạo sạch", "HTX sản xuất và chế biến Nông sản sạch Quảng Hòa", "ba-don.quang-hoa", "province")
CAKE = ("moi-1", "Bánh xèo", "Cơ sở Quảng Lộc", "ba-don.quang-loc", "district")
WINE = ("moi-2", "Rượu nếp", "HTX Quảng Tân", "ba-don.quang-tan", "")
CRACKER = ("moi-3", "Bánh đa", "Cơ sở sấy khô Lâm An", "ba-don.quang-thuan", "district")


@dataclass(frozen=True)
class Folder:
    """A simulated data folder in which the town's cycle is open, with a product list beside it."""

    data: Path
    file: Path

    def write(self, *rows: tuple[str, str, str, str, str]) -> None:
        """Write the list; each row is key, name, producer, unit and planned level."""
        with self.file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            for key, name, producer, unit, level in rows:
                writer.writerow((key, name, name, producer, unit, level, "", "registered at the commune"))

    def run(self, *arguments: str, cycle: str = CYCLE, exit_code: int = 0) -> dict[str, Any]:
        """Import the list and return what `--json` prints."""
        command = ["products", "import", str(self.file), "--data", str(self.data), "--cycle", cycle, "--json"]
        result = CliRunner().invoke(app, [*command, *arguments], catch_exceptions=False)

        assert result.exit_code == exit_code
        printed: dict[str, Any] = json.loads(result.stdout)
        return printed

    def refusal(self, row: tuple[str, str, str, str, str], *, cycle: str = CYCLE) -> str:
        """Import one row that must be refused, see that nothing was written, and return why."""
        before = self.counts()
        self.write(row)
        (verdict,) = self.run(cycle=cycle, exit_code=2)["rows"]

        assert verdict["verdict"] == "refused"
        assert self.counts() == before
        return str(verdict["reason"])

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of everything that an import may add."""
        tables = (Producer, Product, Dossier, StatusLink, Event)
        with open_runtime(self.data) as runtime, runtime.database.reading() as session:
            return {table.__name__: session.exec(select(func.count()).select_from(table)).one() for table in tables}


def open_year(runtime: Runtime, documents: CycleDocuments) -> None:
    with runtime.transaction(OPENED_AT) as work:
        cycle = open_cycle(work, documents, year=2021, actor=OFFICE)
        register_products(work, cycle, missing_products(work, cycle), actor="system:open-cycle")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's cycle with its nine products, and beside it one of its province without any."""
    data = tmp_path_factory.mktemp("opened") / "data"
    create_data_folder(data, mode=SIMULATED, seed="1", now=OPENED_AT)
    files = load_plan_files(find_plan(default_config_dir(), "ba-don-2021"), default_config_dir())
    documents = documents_for(files, 2021)
    office = {"id": "province-2021", "office": "quang-binh", "office_role": "agriculture_department"}
    provincial = documents.plan.model_copy(update=office)
    with open_runtime(data) as runtime:
        open_year(runtime, documents)
        open_year(runtime, replace(documents, plan=provincial, products=()))
    return data


@pytest.fixture
def folder(opened: Path, tmp_path: Path) -> Folder:
    shutil.copytree(opened, tmp_path / "data")
    return Folder(tmp_path / "data", tmp_path / "products.csv")


def verdicts(printed: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["key"], row["verdict"]) for row in printed["rows"]]


def test_import_registers_new_products_with_producer_dossier_and_link(folder: Folder) -> None:
    before = folder.counts()
    folder.write(CAKE, WINE)
    printed = folder.run()

    assert (printed["cycle"], printed["dry_run"], printed["registered"]) == (CYCLE, False, 2)
    assert verdicts(printed) == [("moi-1", "new"), ("moi-2", "new")]
    after = folder.counts()
    assert {name: after[name] - before[name] for name in ("Producer", "Product", "Dossier", "StatusLink")} == {
        "Producer": 2,
        "Product": 2,
        "Dossier": 2,
        "StatusLink": 2,
    }
    with open_runtime(folder.data) as runtime, runtime.database.reading() as session:
        dossier = session.exec(select(Dossier).where(col(Dossier.key) == f"{CYCLE}/2021-1/moi-1")).one()
        assert (dossier.stage, dossier.status) == ("district_evaluation", "awaiting_submission")
        assert (dossier.planned_level, dossier.kind) == ("district", "first")
        events = events_of(session, f"dossier:{dossier.id}")
        assert {event.action for event in events} == {"dossier_opened", "link_issued"}
        assert {event.actor for event in events} == {OFFICE}


def test_import_finds_the_producer_that_is_registered(folder: Folder) -> None:
    before = folder.counts()
    folder.write(CRACKER)

    assert folder.run()["registered"] == 1
    assert folder.counts()["Producer"] == before["Producer"]


def test_import_of_the_same_list_again_finds_everything_there(folder: Folder) -> None:
    folder.write(RICE, CAKE)
    first = folder.run()
    after_first = folder.counts()
    again = folder.run()

    assert verdicts(first) == [("i-1", "already there"), ("moi-1", "new")]
    assert first["rows"][0]["reason"] == (
        "dossier ba-don-2021/2021/2021-1/i-1 was opened on 01/06/2021 and is awaiting_submission"
    )
    assert verdicts(again) == [("i-1", "already there"), ("moi-1", "already there")]
    assert again["registered"] == 0
    assert folder.counts() == after_first


def test_import_of_the_plans_own_list_finds_its_nine_products(folder: Folder) -> None:
    shutil.copy(default_config_dir() / "products" / "ba-don-2021.csv", folder.file)

    assert [verdict for _, verdict in verdicts(folder.run())] == 9 * ["already there"]


def test_import_compares_names_however_they_are_composed(folder: Folder) -> None:
    key, name, producer, unit, level = RICE
    folder.write((key, unicodedata.normalize("NFD", name), unicodedata.normalize("NFD", producer), unit, level))

    assert verdicts(folder.run()) == [("i-1", "already there")]


def test_import_writes_nothing_when_one_row_is_refused(folder: Folder) -> None:
    before = folder.counts()
    folder.write(CAKE, ("moi-9", "Bánh gai", "HTX Xa", "ba-don.quang-xa", ""), WINE)
    printed = folder.run(exit_code=2)

    assert verdicts(printed) == [("moi-1", "new"), ("moi-9", "refused"), ("moi-2", "new")]
    assert printed["registered"] == 0
    assert folder.counts() == before


def test_dry_run_gives_the_verdicts_and_writes_nothing(folder: Folder) -> None:
    before = folder.counts()
    folder.write(RICE, CAKE)
    printed = folder.run("--dry-run")

    assert verdicts(printed) == [("i-1", "already there"), ("moi-1", "new")]
    assert (printed["dry_run"], printed["registered"]) == (True, 0)
    assert folder.counts() == before


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            ("x", "Bánh", "HTX", "ba-don.quang-lok", ""),
            'unknown unit "ba-don.quang-lok"; did you mean "ba-don.quang-loc"?',
        ),
        (
            ("x", "Bánh", "HTX", "ha-long", ""),
            "the unit ha-long lies outside ba-don; leave the product to the office of its area",
        ),
        (
            ("x", "Bánh", "HTX", "quang-binh", ""),
            "the unit quang-binh lies outside ba-don; leave the product to the office of its area",
        ),
        (
            ("x", "Bánh", "HTX", "ba-don", "ward"),
            'unknown planned_level "ward"; known are district, national, province',
        ),
        (
            ("i-1", "Gạo lứt", RICE[2], RICE[3], ""),
            "the plan gives this key to another product, 'Gạo sạch'; choose another key",
        ),
        (
            ("x", *RICE[1:]),
            "the product is in this round as ba-don-2021/2021/2021-1/i-1; use that key, or drop the row",
        ),
    ],
)
def test_row_is_refused_with_a_remedy(folder: Folder, row: tuple[str, str, str, str, str], reason: str) -> None:
    assert folder.refusal(row) == reason


def test_row_is_refused_when_its_key_is_another_products(folder: Folder) -> None:
    folder.write(CAKE)
    folder.run()

    assert folder.refusal(("moi-1", *WINE[1:])) == (
        "the key is taken by another product of this round; choose another key"
    )


def test_row_is_refused_while_its_product_has_an_open_dossier_elsewhere(folder: Folder) -> None:
    assert folder.refusal(RICE, cycle=PROVINCE_CYCLE) == (
        "its dossier ba-don-2021/2021/2021-1/i-1 is still open; import it once that one is decided or withdrawn"
    )


def test_row_is_refused_when_its_unit_is_too_large_for_a_stage(folder: Folder) -> None:
    """The district judges first, and a product of the whole province lies in no district."""
    assert folder.refusal(("x", "Bánh", "HTX", "quang-binh", ""), cycle=PROVINCE_CYCLE) == (
        "the unit quang-binh lies in no unit of level district, which acts at district_evaluation; name a smaller unit"
    )


def test_rows_are_refused_when_a_product_stands_twice(folder: Folder) -> None:
    folder.write(CAKE, ("moi-7", *CAKE[1:]))
    printed = folder.run(exit_code=2)

    assert verdicts(printed) == [("moi-1", "new"), ("moi-7", "refused")]
    assert printed["rows"][1]["reason"] == (
        "the same product of the same producer stands in the list as moi-1; keep one of the rows"
    )


def planned(key: str, row: tuple[str, str, str, str, str]) -> PlannedProduct:
    _, name, producer, unit, _ = row
    return PlannedProduct(key=key, name=name, form=name, producer=producer, unit=unit, source="a letter")


def test_service_itself_refuses_the_whole_list_for_one_row(folder: Folder) -> None:
    """Also for callers who judged nothing before: here a key stands twice."""
    before = folder.counts()
    with open_runtime(folder.data) as runtime, runtime.transaction(OPENED_AT) as work:
        cycle = find_cycle(work.session, CYCLE)
        rows = import_products(work, cycle, (planned("moi-1", CAKE), planned("moi-1", WINE)), actor=OFFICE)

    assert [row.verdict for row in rows] == [Verdict.NEW, Verdict.REFUSED]
    assert rows[1].reason == "the key stands twice in the list; give each product its own key"
    assert folder.counts() == before


def test_unreadable_rows_are_refused_with_their_lines(folder: Folder) -> None:
    folder.write(CAKE, ("", "Bánh", "HTX", "ba-don", ""), (CAKE[0], *WINE[1:]))
    rows = folder.run(exit_code=2)["rows"]

    assert [(row["line"], row["verdict"]) for row in rows] == [(3, "refused"), (4, "refused")]
    assert rows[1]["reason"] == 'the key "moi-1" stands twice; give each product its own key'
    with pytest.raises(InvalidFilesError):
        CliRunner().invoke(
            app, ["products", "import", str(folder.file), "--data", str(folder.data)], catch_exceptions=False
        )


def test_import_is_refused_after_the_round_has_closed(folder: Folder) -> None:
    """The round closes on 31 December; nobody has to record it first."""
    folder.write(CAKE)

    assert folder.run("--at", "2021-12-31T23:59", "--dry-run")["rows"][0]["verdict"] == "new"
    with pytest.raises(IntakeClosedError, match="took dossiers until 2021-12-31; import the list into a later round"):
        folder.run("--at", "2022-01-01T00:00")


def test_import_is_refused_when_the_office_has_closed_the_intake(folder: Folder) -> None:
    with open_runtime(folder.data) as runtime, runtime.transaction(OPENED_AT) as work:
        close_intake(work, find_cycle(work.session, CYCLE), actor=OFFICE)
    folder.write(CAKE)

    with pytest.raises(IntakeClosedError, match="is intake_closed"):
        folder.run()


def test_import_asks_which_cycle_when_two_are_open(folder: Folder) -> None:
    folder.write(CAKE)
    command = ["products", "import", str(folder.file), "--data", str(folder.data)]

    with pytest.raises(CycleError, match="name one with --cycle"):
        CliRunner().invoke(app, command, catch_exceptions=False)


def test_import_shows_people_a_table_and_the_sum(folder: Folder) -> None:
    folder.write(RICE, CAKE)
    command = ["products", "import", str(folder.file), "--data", str(folder.data), "--cycle", CYCLE]
    tried = CliRunner().invoke(app, [*command, "--dry-run"], catch_exceptions=False)
    vietnamese = CliRunner().invoke(app, [*command, "--dry-run", "--language", "vi"], catch_exceptions=False)
    done = CliRunner().invoke(app, command, catch_exceptions=False)

    assert "1 new, 1 already there, 0 refused: nothing written." in tried.stdout
    assert "1 new, 1 already there, 0 refused: 1 products registered." in done.stdout
    assert "1 sản phẩm mới, 1 đã có, 0 bị từ chối: chưa ghi nhận sản phẩm nào." in vietnamese.stdout
    assert "already there" not in vietnamese.stdout
    assert tried.stdout.count("Rule set qd-1048-2019: ") == 1
    assert vietnamese.stdout.count("Quy định qd-1048-2019: ") == 1
    assert "moi-1" in done.stdout


def test_import_goes_into_the_round_named_or_the_earliest_that_is_not_over(tmp_path: Path) -> None:
    """The law asks for two batches a year: what comes after the first one closed belongs to the second."""
    files = load_plan_files(find_plan(default_config_dir(), "ba-don-2021"), default_config_dir())
    documents = documents_for(files, 2021)
    (first,) = documents.plan.years[2021].rounds
    early = first.model_copy(update={"closes_on": date(2021, 6, 30)})
    second = first.model_copy(update={"id": "batch-2", "opens_on": date(2021, 7, 1)})
    year = documents.plan.years[2021].model_copy(update={"rounds": (early, second)})
    plan = documents.plan.model_copy(update={"years": {2021: year}})
    create_data_folder(tmp_path / "data", mode=SIMULATED, seed="1", now=OPENED_AT)
    with open_runtime(tmp_path / "data") as runtime:
        open_year(runtime, replace(documents, plan=plan, products=()))
    folder = Folder(tmp_path / "data", tmp_path / "products.csv")

    folder.write(CAKE)
    folder.run("--at", "2021-07-02T09:00")
    folder.write(WINE)
    with pytest.raises(IntakeClosedError, match="took dossiers until 2021-06-30"):
        folder.run("--round", early.id, "--at", "2021-07-02T09:00")
    with pytest.raises(IntakeClosedError, match=f"has no round 'batch-3'; it has {early.id}, batch-2"):
        folder.run("--round", "batch-3", "--at", "2021-07-02T09:00")
    with open_runtime(tmp_path / "data") as runtime, runtime.database.reading() as session:
        assert [dossier.round_id for dossier in session.exec(select(Dossier))] == ["batch-2"]

"""A council under QĐ 26 by command: the criteria set is named, the template filled in, the result explained."""

import csv
import json
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.config_files.products import COLUMNS
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.replay import documents_for
from ocop_workflow.runtime import create_data_folder, open_runtime
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.installation import SIMULATED
from ocop_workflow.services.projection import missing_products, register_products
from state_machines.dossier import DossierTrigger

OFFICE, COMMUNE = "lai-chau/coordination_office", "lai-chau.muong-te/commune_officer"
COFFEE = PlannedProduct(
    key="coffee", name="Cà phê", form="Cà phê", producer="HTX Ví Dụ", unit="lai-chau.muong-te", source="made up"
)
REACHED = "1.1=2 2.2=2 2.3=3 3.5=2 4.1=5 5.3=1 8=2 9=3 1.5=3 1.6=1 2.1=3 3.4=2 5.1=5 7=3"
"""The marks of set 13 as counted by hand, but 7 (***** at 5 points) reaches the option of **** only."""


def at(data: Path) -> tuple[object, ...]:
    return ("--data", data, "--at", "2027-05-20T09:00")


MEMBERS = ("chair", "agriculture", "trade", "health", "science", "culture", "quality", "extension", "office")


@pytest.fixture(scope="module")
def before_council(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a province's year and one product before its council, which names no criteria set."""
    data = tmp_path_factory.mktemp("criteria") / "data"
    now = datetime(2027, 1, 4, 9, tzinfo=OFFICE_ZONE)
    create_data_folder(data, mode=SIMULATED, seed="1", now=now)
    files = load_plan_files(find_plan(default_config_dir(), "province-2027"), default_config_dir())
    documents = documents_for(replace(files, products=(COFFEE,)), 2027)
    with open_runtime(data) as runtime:
        with runtime.transaction(now) as work:
            cycle = open_cycle(work, documents, year=2027, actor=OFFICE)
            register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
        with runtime.transaction(datetime(2027, 5, 19, 9, tzinfo=OFFICE_ZONE)) as work:
            row = find_dossier(work.session, "coffee")
            submit, receive = Request(DossierTrigger.SUBMIT, OFFICE), Request(DossierTrigger.RECEIVE, OFFICE)
            apply_trigger(work, row, submit)
            apply_trigger(work, row, receive)
            conclude(work, row, actor=COMMUNE)
            apply_trigger(work, row, submit)
            apply_trigger(work, row, receive)
    return data


@pytest.fixture
def opened(before_council: Path, tmp_path: Path) -> Path:
    """A copy of that folder for one test."""
    shutil.copytree(before_council, tmp_path / "data")
    return tmp_path / "data"


def test_imported_products_name_their_set(ocop: Any, opened: Path, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    row = "tea,Chè,Chè,HTX Ví Dụ,lai-chau.muong-te,,,made up"
    command = ("products", "import", file, *at(opened), "--round", "2027-2", "--json")
    file.write_text(f"{','.join(COLUMNS)},criteria_set\n{row},27\n", encoding="utf-8")
    refused = ocop(*command)
    assert (refused.code, "no criteria set 27, but 1 to 26" in refused.out) == (2, True)

    file.write_text(f"{','.join(COLUMNS)},criteria_set\n{row},11\n", encoding="utf-8")
    assert ocop(*command).code == 0
    with open_runtime(opened) as runtime, runtime.database.reading() as session:
        assert find_dossier(session, "tea").criteria_set == 11
        assert verify(session).faults == ()


def test_a_council_scores_by_criterion_from_an_empty_sheet(ocop: Any, opened: Path, tmp_path: Path) -> None:
    """All members give every maximum but 3 of 5 points for 7: 98 points, and 4 stars by the ***** mark of 7."""
    sheet = tmp_path / "sheet.csv"
    refused = ocop("dossier", "scores", "template", "coffee", "--csv", sheet, "--data", opened)
    assert (refused.code, "names none of the criteria sets of qd-26-2026" in refused.err) == (2, True)
    named = ocop("dossier", "scores", "criteria", "coffee", 13, *at(opened))
    assert "the product is scored on criteria set 13" in named.out

    assert ocop("dossier", "scores", "template", "coffee", "--csv", sheet, "--data", opened).code == 0
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["criterion", "label", "points", *MEMBERS]
    assert len(rows) == 16 + 6 + 12
    assert rows[4][:3] == ["1.5", "Liên kết chuỗi trong sản xuất", "0 / 1 / 2 / 3"]

    filled = [[*row[:3], *["3" if row[0] == "7" else row[2].rpartition(" ")[2]] * 9] for row in rows]
    fill(sheet, header, [[*row[:3], "2", *row[4:]] if row[0] == "7" else row for row in filled])
    wrong = ocop("dossier", "scores", "record", "coffee", "--sheets", sheet, *at(opened))
    assert wrong.code == 2
    assert 'sheet.csv:1: "chair": criterion 7 (TÍNH ĐỘC ĐÁO) has 2 points; give 0, 1, 3 or 5' in wrong.err
    fill(sheet, header, filled)
    recorded = ocop("dossier", "scores", "record", "coffee", "--sheets", sheet, *at(opened))
    assert "session 1 of province_evaluation has the sheets of chair" in recorded.out

    waiting = ocop("dossier", "decide", "coffee", *at(opened))
    assert (waiting.code, "1.1. Nguồn nguyên liệu" in waiting.err) == (2, True)
    reached = [word for each in REACHED.split() for word in ("--reached", each)]
    assert ocop("dossier", "scores", "findings", "coffee", *reached, *at(opened)).code == 0
    assert ocop("dossier", "decide", "coffee", *at(opened)).code == 0

    shown = json.loads(ocop("dossier", "scores", "show", "coffee", "--data", opened, "--json").out)
    (session,) = shown["sessions"]
    assert (session["criteria_set"], session["mean"], session["stars"], session["unmet"]) == (13, "98", 4, ["7-5"])
    english = ocop("dossier", "show", "coffee", "--data", opened, "--language", "en").out
    assert "7. TÍNH ĐỘC ĐÁO: at least 5 points, the least for 5 stars" in english
    assert "no more than 4 stars are given (QĐ 26/2026/QĐ-TTg, annex II, set 13, criterion 7)" in english
    assert "7. TÍNH ĐỘC ĐÁO: " in ocop("dossier", "show", "coffee", "--data", opened, "--language", "vi").out
    assert ocop("audit", "verify", "--data", opened).code == 0


def fill(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def test_findings_refuse_in_one_sentence(ocop: Any, opened: Path) -> None:
    ocop("dossier", "scores", "criteria", "coffee", 13, *at(opened))
    ocop("dossier", "scores", "open", "coffee", *at(opened))
    for options, sentence in (
        (("--reached", "1.5"), "says of no criterion what it reaches; write CRITERION=POINTS, such as 1.5=2"),
        (("--reached", "1.5=2", "--reached", "1.5=3"), "a criterion stands twice"),
        (("--reached", "2.4=1"), "criterion 2.4 has no gate in criteria set 13"),
    ):
        refused = ocop("dossier", "scores", "findings", "coffee", *options, *at(opened))
        assert (refused.code, sentence in refused.err) == (2, True)

"""`ocop unit list|show|draft|succeed`: the units of today, a draft from them, and the act."""

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from sqlmodel import select

from ocop_workflow.config_files import default_config_dir
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.audit import verify
from ocop_workflow.storage.tables import Dossier, Event, Obligation, SuccessionAct

if TYPE_CHECKING:
    from tests.ocop_workflow.cli.conftest import Run

SHIPPED = default_config_dir() / "successions" / "ba-don-2025.yaml"
BA_CHE = """\
id: ba-che-2025
decision: 1679/NQ-UBTVQH15
source: made up for the tests
effective_on: 2025-07-01
take_overs:
  - units: [ba-che]
    successor: quang-ninh
    roles: { ocop_team: coordination_office, economic_office: coordination_office, district_leader: province_leader }
"""
LATER = ("--at", "2025-07-02T09:00")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ba-che.yaml"
    path.write_text(BA_CHE, encoding="utf-8")
    return path


def test_list_shows_the_units_of_a_province_of_today(ocop: "Run") -> None:
    units = json.loads(ocop("unit", "list", "--today", "quảng trị", "--json").out)

    assert len(units) == 79
    assert {"19009": "phường Ba Đồn"}.items() <= {each["code"]: each["name"] for each in units}.items()
    assert "tên gọi" in ocop("unit", "list", "--register", "vn-2017", "--language", "vi").out


def test_show_finds_a_unit_by_id_and_name_and_says_what_it_may_have_become(ocop: "Run") -> None:
    for name in ("ba-don.ba-don", "phường Ba Đồn"):
        shown = json.loads(ocop("unit", "show", name, "--register", "vn-2017", "--today", "44", "--json").out)
        assert (shown["unit"], shown["valid_until"]) == ("ba-don.ba-don", "2025-07-01")
        assert shown["may_have_become"] == ["19009 phường Ba Đồn"]

    printed = ocop("unit", "show", "ba-don.ba-don", "--register", "vn-2017", "--today", "44", "--language", "vi").out
    assert "đến trước ngày: 01/07/2025" in printed
    assert "có thể đã thành: 19009 phường Ba Đồn" in printed
    refused = ocop("unit", "show", "Ba Đồn", "--register", "vn-2017")
    assert refused.code == 2
    assert "2 units are called" in refused.err


def draft(ocop: "Run", *choices: str) -> tuple[int, str, str]:
    chosen = [part for choice in choices for part in ("--choose", choice)]
    ran = ocop("unit", "draft", "vn-2017", "--province", "44", "--decision", "1680", "--within", "quang-binh", *chosen)
    return ran.code, ran.out, ran.err


def test_a_draft_asks_a_person_for_what_neither_code_nor_name_tells(ocop: "Run") -> None:
    code, out, err = draft(ocop)

    assert (code, out) == (2, "")
    assert "ba-don.quang-hai (xã Quảng Hải) has neither code nor name in tỉnh Quảng Trị" in err
    assert "ba-don.ba-don (" not in err  # its name is there
    assert draft(ocop, "ba-don.quang-hai=1")[2].count("is no code in tỉnh Quảng Trị") == 1
    assert draft(ocop, "quang-hai=19009")[2].count("is no unit of vn-2017") == 1


def test_a_draft_with_every_choice_made_is_the_shipped_file_but_for_the_roles(ocop: "Run") -> None:
    shipped = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    codes = {unit["id"]: unit["code"] for unit in shipped["new_units"]}
    expected = {unit: each["successor"] for each in shipped["take_overs"] for unit in each["units"]}
    code, out, _ = draft(ocop, *(f"{unit}={codes[heir]}" for unit, heir in expected.items()))
    drafted = yaml.safe_load(out)

    assert code == 0
    assert {unit: each["successor"] for each in drafted["take_overs"] for unit in each["units"]} == expected
    by_id = {unit["id"]: unit for unit in drafted["new_units"]}
    assert by_id == {unit["id"]: unit for unit in shipped["new_units"]}


def test_succeed_shows_what_moves_and_without_a_yes_changes_nothing(
    ocop: "Run", office: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = ocop("unit", "succeed", file, "--data", office, *LATER)

    assert refused.code == 1
    assert "Positions that end" in refused.out
    assert "quang-ninh/coordination_office" in refused.out
    with open_runtime(office) as runtime, runtime.reading(runtime.business_now()) as work:
        assert work.session.exec(select(SuccessionAct)).all() == []
        assert not [each for each in work.session.exec(select(Event)) if each.action == "units_succeeded"]


def test_succeed_moves_everything_and_a_second_time_is_refused_with_its_line(
    ocop: "Run", office: Path, file: Path
) -> None:
    done = ocop("unit", "succeed", file, "--data", office, "--yes", *LATER)

    assert done.code == 0, done.err
    assert "Entered in 1 cycles" in done.out
    with open_runtime(office) as runtime, runtime.reading(runtime.business_now()) as work:
        parties = {each.superior for each in work.session.exec(select(Obligation)) if each.status == "open"}
        assert not [party for party in parties if party is not None and party.startswith("ba-che/")]
        assert {dossier.unit_id for dossier in work.session.exec(select(Dossier))} >= {"ba-che"}
        assert verify(work.session).faults == ()
    again = ocop("unit", "succeed", file, "--data", office, "--yes", *LATER)
    assert again.code == 2
    assert f"{file}:6: " in again.err
    assert '"ba-che" was taken over by "quang-ninh" on 01/07/2025 by 1679/NQ-UBTVQH15; leave it out' in again.err
    listed = json.loads(ocop("unit", "list", "--data", office, "--json").out)
    assert {each["unit"]: each["successors"] for each in listed}["ba-che"] == ["quang-ninh"]


def test_people_of_a_unit_that_is_gone_are_told_where_they_went(
    ocop: "Run", office: Path, file: Path, tmp_path: Path
) -> None:
    """Last year's list of people would be entered, and the position that answers now would stay vacant unseen."""
    assert ocop("unit", "succeed", file, "--data", office, "--yes", *LATER).code == 0
    people = tmp_path / "people.csv"
    row = "ba-che/ocop_team,Lê Văn Mới,moi@office.invalid,vi,2025-07-02,"
    people.write_text(f"party,name,email,language,from,until\n{row}\n", encoding="utf-8")
    taken_over = "was taken over by quang-ninh/coordination_office; name that one"

    refused = ocop("people", "import", people, "--data", office, *LATER)
    assert refused.code == 2
    assert f'{people}:2: "ba-che/ocop_team" {taken_over}' in refused.err
    handover = ("people", "handover", "ba-che/ocop_team", "--to", "Lê Văn Mới", "--from", "2025-07-02")
    assert f"ba-che/ocop_team {taken_over}" in ocop(*handover, "--data", office, *LATER).err


def test_faults_of_a_file_come_all_at_once_with_their_lines(ocop: "Run", office: Path, file: Path) -> None:
    file.write_text(BA_CHE.replace("[ba-che]", "[ba-chee]").replace("decision: 1679/NQ-UBTVQH15\n", ""), "utf-8")
    ran = ocop("unit", "succeed", file, "--data", office, "--yes", *LATER)
    assert ran.code == 2
    assert "decision is missing" in ran.err.replace('"', "").replace("`", "")

    file.write_text(BA_CHE.replace("[ba-che]", "[ba-chee]").replace("successor: quang", "successor: kuang"), "utf-8")
    ran = ocop("unit", "succeed", file, "--data", office, "--yes", *LATER)
    assert f'{file}:6: unknown unit "ba-chee"; did you mean "ba-che"?' in ran.err
    assert f'{file}:7: unknown unit "kuang-ninh"; did you mean "quang-ninh"?' in ran.err

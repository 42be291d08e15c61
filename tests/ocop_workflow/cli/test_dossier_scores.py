"""What councils do, by command: sessions, sheets from a table, findings, interests, and why the result is so."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.cli.dossier_scores import opening_on
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.storage.tables import Cycle
from state_machines.dossier import DossierTrigger

TABLE = "member;A;B;C\nm1;30,5;20;35\nm2;30;20;36\nm3;31;20;35\n"


@pytest.fixture(scope="module")
def before_council(opened_spring: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with dossier 1-1-1 before the district's council since 8 March 2018."""
    folder = tmp_path_factory.mktemp("scores") / "data"
    shutil.copytree(opened_spring, folder)
    with open_runtime(folder) as runtime:
        for day in (5, 6, 7, 8):
            now = datetime(2018, 3, day, 9, tzinfo=OFFICE_ZONE)
            with runtime.transaction(now) as work:
                row = find_dossier(work.session, "1-1-1")
                office = work.session.get_one(Cycle, row.cycle_id).office_position
                apply_trigger(work, row, Request(DossierTrigger.SUBMIT, office))
                apply_trigger(work, row, Request(DossierTrigger.RECEIVE, office))
                if day < 8:
                    conclude(work, row, actor=office, verdict="accepted")
    return folder


@pytest.fixture
def scored(before_council: Path, tmp_path: Path) -> Path:
    """A copy of that folder for one test."""
    folder = tmp_path / "scored"
    shutil.copytree(before_council, folder)
    return folder


def at(office: Path) -> tuple[object, ...]:
    return ("--data", office, "--at", "2018-03-09T09:00")


def test_sheets_from_a_table_are_recorded_shown_and_explained(ocop: Any, scored: Path, tmp_path: Path) -> None:
    """85.5, 86 and 86 points: the mean 85.8333 is shown rounded down, and has 4 stars."""
    table = tmp_path / "sheets.csv"
    table.write_text(TABLE, encoding="utf-8")
    recorded = ocop("dossier", "scores", "record", "1-1-1", "--sheets", table, "--from-paper", *at(scored))
    assert "session 1 of district_evaluation has the sheets of m1, m2, m3" in recorded.out
    assert ocop("dossier", "decide", "1-1-1", *at(scored)).code == 0

    shown = json.loads(ocop("dossier", "scores", "show", "1-1-1", "--data", scored, "--json").out)
    (session,) = shown["sessions"]
    assert (session["mean"], session["mean_shown"], session["spread"], session["stars"]) == ("515/6", "85.83", "0.5", 4)
    assert (session["state"], session["kind"], session["held_on"]) == ("conclusive", "ordinary", "2018-03-09")
    assert [sheet["points"]["A"] for sheet in session["sheets"]] == ["30.5", "30", "31"]
    assert {sheet["from_paper"] for sheet in session["sheets"]} == {True}

    english = ocop("dossier", "show", "1-1-1", "--data", scored).out
    vietnamese = ocop("dossier", "scores", "show", "1-1-1", "--data", scored, "--language", "vi").out
    assert "the mean of 3 score sheets is 85.83 points (rounded down); they lie 0.5 points apart" in english
    assert "These points are in the band of 4 stars" in english
    assert "điểm trung bình của 3 phiếu là 85.83 điểm (làm tròn xuống)" in vietnamese
    assert "Kết quả là 4 sao; bước tiếp theo căn cứ:" in vietnamese
    assert "coast" not in vietnamese
    assert ocop("audit", "verify", "--data", scored).code == 0


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("member,A,B,C\nm1,30,20\n", ":2: the row has 3 cells instead of 4"),
        ("member,A,B,C\nm1,36,20,30\n", ":2: part A has 36 points; give 0 to 35"),
        ("member,A,B,C\nm1,30,-1,30\n", ":2: part B has -1 points; give 0 to 25"),
        ("member,A,B,C\nm1,30,x,30\n", ":2: "),
        ("member,A,B,C\nm1,3,2,3\nm1,3,2,3\n", ":3: "),
        ("member,A,B,C\n,3,2,3\n", ":2: the member is missing"),
        ("member,A,A.1,B,C\nm1,3,2,2,3\n", ":2: part A has 3 points, its criteria 2 together"),
        ("name,A,B,C\nm1,3,2,2\n", ":1: the first line must be the header member,A,B,C"),
        ("", ":1: the first line must be the header member,A,B,C"),
    ],
)
def test_a_wrong_table_is_refused_whole_with_file_and_line(
    ocop: Any, scored: Path, tmp_path: Path, table: str, sentence: str
) -> None:
    file = tmp_path / "sheets.csv"
    file.write_text(table, encoding="utf-8")
    refused = ocop("dossier", "scores", "record", "1-1-1", "--sheets", file, *at(scored))

    assert refused.code == 2
    assert f"sheets.csv{sentence}" in refused.err
    assert json.loads(ocop("dossier", "show", "1-1-1", "--data", scored, "--json").out)["sessions"] == []


def test_sessions_interests_and_sheets_one_by_one(ocop: Any, scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocop_workflow.cli.output.console._width", 200)
    sheet = ("--sheet", "m1=30/20/30")
    assert "session 1 of district_evaluation is open" in ocop("dossier", "scores", "open", "1-1-1", *at(scored)).out
    interest = ("interest", "1-1-1", "--member", "m2", "--reason", "em trai là chủ cơ sở")
    assert "m2 does not score" in ocop("dossier", "scores", *interest, *at(scored)).out
    assert (
        "session 1 of district_evaluation has the sheets of m1"
        in ocop("dossier", "scores", "record", "1-1-1", *sheet, *at(scored)).out
    )
    refused = ocop("dossier", "scores", "record", "1-1-1", "--sheet", "m2=30/20/30", *at(scored))
    assert (refused.code, "who did does not score it" in refused.err) == (2, True)
    redo = ("--kind", "redo", "--document", "15/QĐ-UBND", "--reason", "khiếu nại", "--held", "09/03/2018")
    assert "session 2 of" in ocop("dossier", "scores", "record", "1-1-1", *sheet, *redo, *at(scored)).out

    shown = ocop("dossier", "scores", "show", "1-1-1", "--data", scored).out
    assert "redo by a superior's order (15/QĐ-UBND)" in shown
    assert "superseded" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("record", "1-1-1"), "no score sheet was handed in"),
        (("record", "1-1-1", "--sheet", "m1=1/1/1", "--held", "2018-03-09"), "give its --kind as well"),
        (("record", "1-1-1", "--sheet", "m1=1/1/1", "--sheet", "m1=2/1/1"), "m1 has two sheets"),
        (("findings", "1-1-1", "--met", "a", "--unmet", "a"), "it is met or it is not"),
        (("findings", "1-1-1", "--met", "a"), "no session was opened"),
        (("open", "1-1-1", "--kind", "redo"), "give the number of its document and the reason"),
    ],
)
def test_scores_refuse_in_one_sentence(ocop: Any, scored: Path, arguments: tuple[str, ...], sentence: str) -> None:
    refused = ocop("dossier", "scores", *arguments, *at(scored))

    assert refused.code == 2
    assert sentence in refused.err


def test_a_session_is_held_when_the_act_happened_unless_a_day_is_given() -> None:
    """What is recorded later was held on its own day, in the office's zone."""
    late_evening = datetime(2018, 3, 8, 18, tzinfo=UTC)

    assert opening_on(late_evening).held_on == date(2018, 3, 9)
    assert opening_on(late_evening, held="07/03/2018").held_on == date(2018, 3, 7)
    assert opening_on(None).held_on is None


def test_reject_names_the_ground_to_everybody(ocop: Any, scored: Path) -> None:
    unknown = ocop("dossier", "reject", "1-1-1", "--ground", "late", *at(scored))
    assert (unknown.code, "the rule set knows" in unknown.err) == (2, True)
    ground = unknown.err.partition("the rule set knows ")[2].split(",")[0].strip()
    assert "rejected" in ocop("dossier", "reject", "1-1-1", "--ground", ground, *at(scored)).out

    assert "Whatever its points are, the dossier is rejected" in ocop("dossier", "show", "1-1-1", "--data", scored).out


def test_step_is_done_by_hand_only_where_the_route_has_one(ocop: Any, scored: Path) -> None:
    """The stages of this rule set list no step by hand."""
    refused = ocop("dossier", "step", "1-1-1", "minutes", "--document", "3/BB", *at(scored))

    assert (refused.code, "'minutes' is not done by hand at district_evaluation" in refused.err) == (2, True)


def test_a_dossier_without_a_session_says_so(ocop: Any, office: Path) -> None:
    shown = ocop("dossier", "scores", "show", "1-1-1", "--data", office, "--language", "vi")

    assert (shown.code, shown.out) == (0, "Hội đồng chưa họp phiên nào về hồ sơ này.\n")

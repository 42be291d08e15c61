"""What the office decides by command: escalations, notices, deputies, handovers, extensions, decreed days."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

DAY = "2018-03-02T08:00"
SPRING = Path(__file__).parents[2] / "replay" / "spring.yaml"


@pytest.fixture
def late(ocop: Any, office: Path) -> Path:
    """A folder where a sweep of 20 March has found that nobody submitted by the 14th; escalations wait as drafts."""
    assert ocop("run", "send-reminders", "--data", office, "--at", "2018-03-20T08:00").code == 0
    with closing(sqlite3.connect(office / "ocop.db")) as database, database:  # this plan lets them leave by themselves
        database.execute("UPDATE notice SET status = 'draft' WHERE audience = 'superior' AND status = 'planned'")
    return office


def waiting(ocop: Any, office: Path, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ocop("escalations", "list", "--data", office, "--json", *more).out)
    return found


def test_escalations_are_listed_released_and_dropped(ocop: Any, late: Path) -> None:
    drafts = waiting(ocop, late)
    assert drafts
    assert {draft["status"] for draft in drafts} == {"draft"}
    first, *others = drafts
    released = ocop("escalations", "release", first["id"][:10], "--data", late)
    assert (released.code, released.out.strip()) == (0, "1 escalations are released.")
    dropped = ocop("escalations", "drop", "--all", "--reason", "đã họp", "--data", late)

    assert f"{len(others)} escalations are dropped" in dropped.out
    assert waiting(ocop, late) == []
    assert ocop("audit", "verify", "--data", late).code == 0


@pytest.mark.parametrize("scope", [(), ("--all", "--unit", "ba-che")])
def test_which_escalations_has_to_be_said(ocop: Any, late: Path, scope: tuple[str, ...]) -> None:
    refused = ocop("escalations", "release", *scope, "--data", late)

    assert refused.code == 2
    assert "say which drafts: numbers, --unit UNIT, or --all" in refused.err


def test_notices_are_listed_and_fulfilled_by_hand(ocop: Any, late: Path) -> None:
    planned = json.loads(ocop("notices", "list", "--status", "planned", "--data", late, "--json").out)
    done = ocop("notices", "fulfil", planned[0]["id"], "--how", "telephone", "--by", "Nguyễn Thị Hoa", "--data", late)
    told = json.loads(ocop("notices", "list", "--status", "fulfilled", "--data", late, "--json").out)

    assert (done.code, done.out.strip()) == (0, "1 notices are fulfilled by telephone.")
    assert [notice["id"] for notice in told] == [planned[0]["id"]]
    assert ocop("notices", "list", "--to-do", "--status", "sent", "--data", late).code == 2


def test_what_reached_nobody_is_the_offices_list_of_things_to_do(ocop: Any, late: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("party,name,email,language,from\nproducer,HTX Một,,vi,\n", encoding="utf-8")
    assert ocop("people", "import", people, "--data", late).code == 0
    assert ocop("run", "deliver-mail", "--data", late, "--at", "2018-03-20T09:00").code in (0, 1)  # no server is here
    to_do = json.loads(ocop("notices", "list", "--to-do", "--data", late, "--json").out)

    assert {(notice["suppression"], notice["owed_by"]) for notice in to_do} == {("no_address", "HTX Một")}


def test_a_deputy_and_a_handover(ocop: Any, office: Path) -> None:
    away = ("people", "away", "ba-che/ocop_team", "--from", "2018-03-05", "--until", "12/03/2018")
    named = ocop(*away, "--deputy", "Lê C", "--email", "c@office.example", "--data", office, "--at", DAY)
    assert (named.code, named.out.strip()) == (
        0,
        "Lê C reads the mail of ba-che/ocop_team from 05/03/2018 until 12/03/2018.",
    )
    handed = ocop(
        *("people", "handover", "ba-che/ocop_team", "--to", "Trần B", "--email", "b@office.example"),
        *("--from", "2018-03-02", "--data", office, "--at", DAY),
    )

    assert handed.code == 0
    assert "Trần B holds ba-che/ocop_team from 02/03/2018" in handed.out
    unknown = ocop("people", "away", "nowhere/x", "--from", "2018-03-05", "--until", "2018-03-06", "--deputy", "A",
                   "--data", office)  # fmt: skip
    assert unknown.code == 2
    assert 'no open cycle knows the position "nowhere/x"' in unknown.err


EXTEND = ("extend", "--decision", "05/QĐ", "--reason", "mưa bão")


def test_extending_shows_what_moves_asks_once_and_is_taken_back(
    ocop: Any, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    more = ("--step", "submission", "--to", "2018-08-01", "--data", office, "--at", DAY)
    asked = ocop(*EXTEND, *more)
    assert asked.code == 1
    assert "01/08/2018" in asked.out
    done = ocop(*EXTEND, *more, "--yes")
    assert done.code == 0
    assert "dates are extended; those concerned are told" in done.out
    back = ocop(*EXTEND, "--undo", "--data", office, "--at", DAY)

    assert back.code == 0
    assert "Taken back" in back.out
    assert "no date moves" in ocop(*EXTEND, "--undo", "--data", office, "--at", DAY).out
    assert ocop("audit", "verify", "--data", office).code == 0


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((), "give the new last day with --to DAY"),
        (("--to", "2018-08-01"), "say what is extended"),
        (("--to", "2018-08-01", "--round", "r9"), "nothing is open with a date in round_id 'r9'"),
        (("--to", "2018-08-01", "--undo"), "give only the decision and a reason"),
        (("--undo",), "no extension rests on the decision '05/QĐ'"),
    ],
)
def test_an_extension_of_nothing_is_refused(ocop: Any, office: Path, more: tuple[str, ...], sentence: str) -> None:
    refused = ocop(*EXTEND, *more, "--data", office, "--at", DAY)

    assert refused.code == 2
    assert sentence in refused.err


def test_a_day_is_decreed_once(ocop: Any, office: Path) -> None:
    decree = ("calendar", "set-day", "2018-03-14", "off", "--reason", "bão", "--decision", "07/QĐ")
    done = ocop(*decree, "--yes", "--data", office, "--at", DAY)
    again = ocop(*decree, "--yes", "--data", office, "--at", DAY)

    assert done.code == again.code == 0
    assert "14/03/2018 is a day off;" in done.out
    assert "is a day off already" in again.out
    assert ocop("audit", "verify", "--data", office).code == 0


AMEND = ("--reason", "mưa bão", "--decision", "09/QĐ")


def test_a_plan_is_amended_once_after_showing_what_follows(
    ocop: Any, office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = tmp_path / "spring.yaml"
    printed = SPRING.read_text(encoding="utf-8")
    edited.write_text(printed.replace("by: 2018-03-14", "by: 2018-03-19", 1), encoding="utf-8")
    amend = ("cycle", "amend", edited, *AMEND, "--data", office, "--at", DAY)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = ocop(*amend)
    done = ocop(*amend, "--yes")
    again = ocop(*amend, "--yes")

    assert (asked.code, done.code, again.code) == (1, 0, 0)
    assert "years.2018.rounds.spring-1.stages.idea_registration.submission.due.date.by" in asked.out
    assert "14/03/2018" in asked.out
    assert "19/03/2018" in asked.out
    assert "The plan of spring/2018 is amended; 8 dates moved" in done.out
    assert "has this plan already; nothing is amended" in again.out
    assert ocop("audit", "verify", "--data", office).code == 0


def test_a_plan_of_another_office_amends_nothing(ocop: Any, office: Path) -> None:
    refused = ocop("cycle", "amend", "ba-don-2021", *AMEND, "--data", office, "--at", DAY)

    assert refused.code == 2
    assert "another plan has a year of its own" in refused.err


def test_overruns_are_listed_and_refused_where_there_are_none(ocop: Any, office: Path) -> None:
    assert json.loads(ocop("overrun", "list", "--data", office, "--json").out) == []
    number = json.loads(ocop("dossier", "list", "--data", office, "--json").out)[0]["key"]
    refused = ocop("overrun", "add", number, "--reason", "x", "--data", office)

    assert refused.code == 2
    assert "no statutory date was overrun by" in refused.err

"""Folders, flows, outbox, record: init, run, tick, outbox list, audit verify, people, cycle."""

import json
import socket
import sqlite3
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.cli import IN_ORDER_OF_USE
from ocop_workflow.clock import at_local
from ocop_workflow.config_files import default_config_dir
from ocop_workflow.runtime import create_data_folder
from ocop_workflow.services.installation import SIMULATED

SPRING = Path(__file__).parents[2] / "replay" / "spring.yaml"
TABLES_WITHOUT_TRIGGERS = "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete"


def test_init_makes_a_live_folder_and_says_the_next_step(ocop: Any, tmp_path: Path) -> None:
    made = ocop("init", "--data", tmp_path / "office")

    assert made.code == 0
    assert "ocop cycle open PLAN" in made.out
    assert (tmp_path / "office" / "settings.env").is_file()
    assert (tmp_path / "office" / "link-keys").stat().st_mode & 0o077 == 0


def test_init_leaves_a_used_folder_alone(ocop: Any, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    refused = ocop("init", "--data", tmp_path)

    assert (refused.code, [path.name for path in tmp_path.iterdir()]) == (2, ["letters.txt"])
    assert "is not empty; choose a new folder" in refused.err


def test_live_folder_refuses_the_future(ocop: Any, tmp_path: Path) -> None:
    ocop("init", "--data", tmp_path / "office")
    refused = ocop("tick", "--data", tmp_path / "office", "--at", "2999-01-01T00:00")

    assert refused.code == 2
    assert "is in the future and this folder is live" in refused.err


@pytest.mark.parametrize("arguments", [("dossier", "list"), ("cycle", "list"), ("audit", "verify"), ("tick",)])
def test_commands_without_a_folder_say_how_to_name_one(ocop: Any, arguments: tuple[str, ...]) -> None:
    refused = ocop(*arguments)

    assert refused.code == 2
    assert "give --data DIR or set OCOP_DATA_DIR" in refused.err


def test_settings_file_with_a_misspelt_key_is_refused(ocop: Any, tmp_path: Path) -> None:
    ocop("init", "--data", tmp_path / "office")
    (tmp_path / "office" / "settings.env").write_text("OCOP_SMTP_HOTS=mail.example\n", encoding="utf-8")
    refused = ocop("cycle", "list", "--data", tmp_path / "office")

    assert refused.code == 2
    assert "OCOP_SMTP_HOTS" in refused.err


def test_run_names_the_flows_when_one_is_unknown(ocop: Any, office: Path) -> None:
    refused = ocop("run", "send-flowers", "--data", office)

    assert refused.code == 2
    assert "known are check-health, open-cycle, watch-certificates, send-reminders, chase-reports" in refused.err


def test_run_twice_does_nothing_the_second_time(ocop: Any, office: Path) -> None:
    """A week before 14 March each of the eight producers is reminded once."""
    first = ocop("run", "send-reminders", "--at", "2018-03-07T07:30", "--data", office)
    second = ocop("run", "send-reminders", "--at", "2018-03-07T07:30", "--data", office)

    assert first.out.strip() == "send-reminders: planned 8"
    assert second.out.strip() == "send-reminders: nothing to do"


def test_tick_runs_every_flow_and_reports_json(ocop: Any, office: Path) -> None:
    ran = ocop("tick", "--at", "2018-03-02T07:30", "--data", office, "--json")
    reports = json.loads(ran.out)["reports"]

    assert list(reports) == [
        "check-health",
        "open-cycle",
        "watch-certificates",
        "send-reminders",
        "chase-reports",
        "enforce-deadlines",
        "close-cycle",
        "deliver-mail",
    ]


def test_outbox_lists_what_waits_when_the_server_is_away(
    ocop: Any, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens on port 1: mails are frozen and wait, with the reason."""
    monkeypatch.setenv("OCOP_SMTP_PORT", "1")
    monkeypatch.setenv("OCOP_SMTP_TLS", "none")
    ocop("run", "send-reminders", "--at", "2018-03-07T07:30", "--data", office)
    ocop("run", "deliver-mail", "--at", "2018-03-07T07:31", "--data", office)
    mails = json.loads(ocop("outbox", "list", "--status", "frozen", "--data", office, "--json").out)

    assert len(mails) >= 4
    assert {mail["attempts"] for mail in mails} == {1}
    assert all(mail["reply"] for mail in mails)


def test_verify_is_well_and_names_its_last_seal(ocop: Any, office: Path) -> None:
    ocop("run", "deliver-mail", "--at", "2018-03-02T07:30", "--data", office)
    verified = ocop("audit", "verify", "--data", office, "--json")
    found = json.loads(verified.out)

    assert verified.code == 0
    assert (found["verified"], found["faults"], len(found["seal"])) == (True, [], 64)
    assert ocop("audit", "verify", "--seal", found["seal"], "--data", office).code == 0


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE event SET recorded_at = 'nonsense' WHERE rowid = 5",
        "UPDATE event SET payload = x'00' WHERE rowid = 5",
        "UPDATE event SET hash_version = 'two' WHERE rowid = 5",
        "UPDATE event SET rule = 'another law' WHERE rowid = 5",
        "DELETE FROM event WHERE rowid = 5",
    ],
)
def test_verify_exits_3_naming_stream_and_number(ocop: Any, office: Path, tampering: str) -> None:
    connection = sqlite3.connect(office / "ocop.db")
    stream, seq = connection.execute("SELECT stream, seq FROM event WHERE rowid = 5").fetchone()
    connection.executescript(TABLES_WITHOUT_TRIGGERS)
    with connection:
        connection.execute(tampering)
    connection.close()
    verified = ocop("audit", "verify", "--data", office)

    assert verified.code == 3
    assert f"{stream} event {seq}" in verified.err
    assert "Traceback" not in verified.err


def test_verify_with_an_unknown_seal_exits_3(ocop: Any, office: Path) -> None:
    verified = ocop("audit", "verify", "--seal", "0" * 64, "--data", office)

    assert verified.code == 3
    assert "no seal has the hash" in verified.err


def test_cycle_check_accepts_a_right_plan_and_refuses_a_wrong_one(ocop: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "plan.yaml"
    wrong.write_text(
        SPRING.read_text(encoding="utf-8").replace("due: { by: 2018-03-14", "due: { bye: 2018-03-14"), encoding="utf-8"
    )
    refused = ocop("cycle", "check", wrong)

    assert ocop("cycle", "check", SPRING).code == 0
    assert refused.code == 2
    assert f"{wrong}:" in refused.err
    assert "by" in refused.err


def test_cycle_check_says_what_a_file_is_that_is_no_plan(ocop: Any) -> None:
    refused = ocop("cycle", "check", default_config_dir() / "rulesets" / "quang-ninh-2017.yaml")

    assert refused.code == 2
    assert "is a rule set, not a plan; give the plan that names it" in refused.err


def test_cycle_check_of_a_wrong_plan_names_the_option_for_files_elsewhere(ocop: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "plan.yaml"
    wrong.write_text(SPRING.read_text(encoding="utf-8").replace("rule_set: quang", "rule_set: quan"), encoding="utf-8")

    assert "--config DIR" in ocop("cycle", "check", wrong).err


def test_cycle_open_refuses_a_year_the_plan_does_not_have(ocop: Any, office: Path) -> None:
    refused = ocop("cycle", "open", SPRING, "--year", 2030, "--data", office)

    assert refused.code == 2
    assert "plan spring has nothing for 2030; it has 2018" in refused.err


def test_cycle_close_closes_and_open_dossiers_go_on(ocop: Any, office: Path) -> None:
    closed = ocop("cycle", "close", "--data", office, "--at", "2018-03-05T08:00")
    again = ocop("cycle", "close", "--data", office, "--at", "2018-03-05T08:00")
    moved = ocop("dossier", "submit", "1-1-1", "--data", office, "--at", "2018-03-06T08:00")

    assert (closed.code, again.code, moved.code) == (0, 2, 0)
    assert json.loads(ocop("cycle", "list", "--data", office, "--json").out)[0]["status"] == "closed"


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "demo",
        "serve",
        "doctor",
        "migrate",
        "run",
        "tick",
        "cycle check",
        "cycle open",
        "cycle close",
        "dossier list",
        "dossier show",
        "dossier submit",
        "dossier receive",
        "dossier decide",
        "dossier return",
        "dossier withdraw",
        "extend",
        "overrun list",
        "outbox list",
        "audit verify",
        "people import",
        "people list",
        "people template",
        "dossier link",
        "report list",
        "report accept",
        "report return",
        "report excuse",
        "report link",
        "report matrix",
        "report consolidate",
        "cycle calendar",
    ],
)
def test_every_command_has_help(ocop: Any, command: str) -> None:
    ran = ocop(*command.split(), "--help")

    assert ran.code == 0
    assert len(ran.out.splitlines()) > 6


def test_report_file_settles_it_and_list_missing_names_the_others(ocop: Any, office: Path) -> None:
    """14 districts owe the first quarter's report before 30 March; one came in time with its figures."""
    filed = ocop(
        "report", "file", "2018-Q1", "ba-che", "--figure", "products=9", "--data", office, "--at", "2018-03-20T09:00"
    )
    ocop("run", "chase-reports", "--at", "2018-03-30T07:30", "--data", office)
    missing = json.loads(ocop("report", "list", "--missing", "--data", office, "--json").out)

    assert (filed.code, filed.out.strip()) == (0, "progress 2018-Q1 of ba-che is submitted")
    assert len(missing) == 13
    assert "ba-che" not in {row["unit"] for row in missing}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("2018-Q1", "ba-che"), "give the figures with --figure NAME=NUMBER, or --nothing"),
        (("2018-Q9", "ba-che", "--nothing"), '"2018-Q9" is no period; write the period as 2018-Q1'),
        (("2018-Q1", "nowhere", "--nothing"), "0 reports of nowhere for 2018-Q1"),
        (("2018-Q4", "ba-che", "--nothing"), "the period quarter IV/2018 has not begun; it begins on 01/10/2018"),
        (("2018-Q1", "ba-che", "--figure", "sales=3"), '"sales=3" is no figure; write NAME=NUMBER with products'),
        (("2018-Q1", "ba-che", "--figure", "products=many"), '"products=many": “Products'),
        (("2018-Q1", "ba-che", "--figure", "products=many"), "must be a whole number from 0 on, such as 13 or 1.250"),
    ],
)
def test_report_file_refuses_wrong_figures(ocop: Any, office: Path, arguments: tuple[str, ...], sentence: str) -> None:
    refused = ocop("report", "file", *arguments, "--data", office)

    assert refused.code == 2
    assert sentence in refused.err


def test_task_done_settles_the_meeting(ocop: Any, office: Path) -> None:
    done = ocop("task", "done", "meeting", "--data", office, "--at", "2018-04-10T09:00")
    again = ocop("task", "done", "meeting", "--data", office, "--at", "2018-04-10T09:00")

    assert (done.code, done.out.strip()) == (0, "meeting 1 is done")
    assert again.code == 2
    assert json.loads(ocop("task", "list", "--data", office, "--json").out)[0]["status"] == "done"


def test_help_lists_every_command_once_in_the_order_of_use(ocop: Any) -> None:
    listed = ocop("--help").out.partition("Commands:\n")[2].splitlines()

    assert [line.split()[0] for line in listed if line.startswith("  ") and line[2] != " "] == list(IN_ORDER_OF_USE)


def test_a_year_without_products_and_reports_says_so_and_what_comes_next(ocop: Any, tmp_path: Path) -> None:
    """Under the law in force nobody asks for reports, and a new office has no products yet."""
    folder = tmp_path / "office"
    create_data_folder(folder, mode=SIMULATED, seed="1", now=at_local(date(2027, 1, 4), time(8)))
    opened = ocop("cycle", "open", "province-2027", "--year", 2027, "--data", folder)
    nothing = [ocop("report", "matrix", "--data", folder, "--language", language).out for language in ("en", "vi")]

    assert "province-2027/2027 is open: 0 dossiers, 0 reports, 2 tasks." in opened.out
    assert "Next: `ocop products import FILE`" in opened.out
    assert nothing == ["This plan asks for no reports.\n", "Kế hoạch này không yêu cầu báo cáo.\n"]


@pytest.mark.parametrize("command", [("tick",), ("run", "send-reminders"), ("dossier", "submit", "1-1-1")])
def test_time_that_would_go_back_is_told_in_the_office_s_own_time(
    ocop: Any, office: Path, command: tuple[str, ...]
) -> None:
    """The spring year was opened at 07:30 in Vietnam; nothing is begun, so no flow fails of it by itself."""
    refused = ocop(*command, "--data", office, "--at", "2018-02-28T08:00")

    assert refused.code == 2
    assert "Traceback" not in refused.err
    assert "2018-02-28T08:00:00+07:00 is before the last instant 2018-03-01T07:30:00+07:00" in refused.err


def test_serve_refuses_a_port_that_another_program_has(ocop: Any, office: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = ocop("serve", "--data", office, "--port", port)
    impossible = ocop("serve", "--data", office, "--port", 99999)

    assert (refused.code, impossible.code) == (2, 2)
    assert f"127.0.0.1:{port} can't be listened on: it is taken" in refused.err

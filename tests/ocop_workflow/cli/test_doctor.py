"""What would keep an installation from working, each fault with its remedy and exit code 3."""

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from notifications.catcher import MailCatcher
from ocop_workflow.cli import folder
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir
from ocop_workflow.runtime import open_runtime
from ocop_workflow.storage.tables import Producer

NOBODY = 65534


@pytest.fixture
def live(ocop: Any, tmp_path: Path) -> Path:
    """A live folder without a cycle."""
    folder = tmp_path / "office"
    assert ocop("init", "--data", folder).code == 0
    return folder


@pytest.fixture
def mail_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[MailCatcher, None, None]:
    """A mail server on this machine, named in the environment."""
    with MailCatcher(tmp_path / "mail") as catcher:
        monkeypatch.setenv("OCOP_SMTP_PORT", str(catcher.port))
        monkeypatch.setenv("OCOP_SMTP_TLS", "none")
        yield catcher


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pages are and who sends, as an office names them."""
    monkeypatch.setenv("OCOP_BASE_URL", "https://ocop.tinh.example")
    monkeypatch.setenv("OCOP_SENDER_ADDRESS", "ocop@tinh.example")


def faults(ran: Any) -> dict[str, str]:
    """Return the faults by the name of their check."""
    return {check["check"]: check["sentence"] for check in json.loads(ran.out) if not check["well"]}


def test_doctor_finds_a_simulated_folder_with_a_cycle_well(ocop: Any, office: Path) -> None:
    ran = ocop("doctor", "--data", office)

    assert ran.code == 0
    assert "FAULT" not in ran.out


def test_doctor_finds_flows_that_stand_still(ocop: Any, office: Path) -> None:
    """The cycle was opened on 1 March at 07:30; somebody acts on the 10th at 08:30, and nothing was delivered."""
    with open_runtime(office) as runtime, runtime.transaction(datetime(2018, 3, 10, 8, 30, tzinfo=OFFICE_ZONE)):
        pass

    ran = ocop("doctor", "--data", office, "--json")

    assert ran.code == 3
    assert faults(ran) == {
        "health": "Nothing was swept for 217 hours; what was missed is sent now. Look at the server and its schedules."
    }


@pytest.mark.usefixtures("mail_server", "public")
def test_doctor_misses_an_open_cycle(ocop: Any, live: Path) -> None:
    ran = ocop("doctor", "--data", live, "--json")

    assert ran.code == 3
    assert faults(ran) == {"cycle": "no cycle is open; run `ocop cycle open PLAN --year YEAR`"}


def test_doctor_names_the_mail_server_that_does_not_answer(
    ocop: Any, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCOP_SMTP_PORT", "1")
    found = faults(ocop("doctor", "--data", live, "--json"))

    assert found["mail server"].startswith("127.0.0.1:1 can't be reached")
    assert found["mail server"].endswith("mend OCOP_SMTP_… in settings.env")


def test_doctor_sends_no_mail(ocop: Any, live: Path, mail_server: MailCatcher) -> None:
    ocop("doctor", "--data", live)

    assert mail_server.count == 0


def test_doctor_sees_migrations_behind(ocop: Any, live: Path) -> None:
    connection = sqlite3.connect(live / "ocop.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    found = faults(ocop("doctor", "--data", live, "--json"))

    assert "of revision 0000, this version has" in found["database"]
    assert "then `ocop migrate`" in found["database"]


@pytest.mark.usefixtures("mail_server")
def test_doctor_sees_a_clock_before_the_last_act(ocop: Any, live: Path) -> None:
    connection = sqlite3.connect(live / "ocop.db")
    with connection:
        connection.execute("UPDATE installation SET last_now = '2999-01-01 00:00:00'")
    connection.close()
    found = faults(ocop("doctor", "--data", live, "--json"))

    assert found["clock"].endswith("before the last act here; set the clock")


def test_doctor_without_a_folder_says_how_to_make_one(ocop: Any, tmp_path: Path) -> None:
    ran = ocop("doctor", "--data", tmp_path / "nowhere", "--json")

    assert ran.code == 3
    assert "`ocop init --data DIR` makes one" in faults(ran)["data folder"]


@pytest.fixture
def as_nobody() -> Generator[None, None, None]:
    """As root, act as a user without rights: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


@pytest.fixture
def unwritable(ocop: Any) -> Generator[Path, None, None]:
    """A data folder that everybody can read and nobody but root can write."""
    base = Path(tempfile.mkdtemp())
    base.chmod(0o755)
    folder = base / "office"
    ocop("init", "--data", folder)
    (folder / "settings.env").chmod(0o644)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(base)


def test_doctor_sees_a_folder_that_cannot_be_written(ocop: Any, unwritable: Path, as_nobody: None) -> None:
    assert as_nobody is None
    found = faults(ocop("doctor", "--data", unwritable, "--json"))

    assert "can't be written; give this user the right to it" in found["data folder"]


def test_doctor_sees_missing_zone_data(ocop: Any, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without zone data is one on which the zone's name is unknown."""
    monkeypatch.setattr("ocop_workflow.cli.doctor.ZONE", "Asia/Nowhere")
    found = faults(ocop("doctor", "--data", office, "--json"))

    assert found["zone data"] == "Asia/Nowhere is unknown to this machine; install the package tzdata"


@pytest.mark.usefixtures("mail_server")
def test_doctor_of_a_live_folder_wants_a_public_address_and_a_sender_that_can_be_answered(
    ocop: Any, live: Path
) -> None:
    found = faults(ocop("doctor", "--data", live, "--json"))

    assert found["base URL"] == "127.0.0.1 can't be reached from a phone; set OCOP_BASE_URL in settings.env"
    assert found["sender"].startswith("ocop@localhost.invalid can't receive answers; set OCOP_SENDER_ADDRESS")


@pytest.mark.usefixtures("mail_server", "public")
def test_doctor_counts_vacant_positions_once_a_cycle_is_open(ocop: Any, live: Path, tmp_path: Path) -> None:
    """The plan of Ba Đồn runs until 1 April 2022; a plan for years to come is the same with another year."""
    config = tmp_path / "config"
    shutil.copytree(default_config_dir(), config)
    plan = config / "cycles" / "ba-don-2021.yaml"
    plan.write_text(
        plan.read_text(encoding="utf-8").replace("runs_until: 2022-04-01", "runs_until: 2090-04-01"), encoding="utf-8"
    )
    opened = ocop("cycle", "open", "ba-don-2021", "--year", 2021, "--data", live, "--config", config)
    found = faults(ocop("doctor", "--data", live, "--json"))

    assert opened.code == 0, opened.err
    assert "are vacant, so their mails are not sent; `ocop people list --vacant`" in found["positions"]


def test_doctor_says_who_has_no_address_and_what_waits(ocop: Any, office: Path) -> None:
    """Seven producers; the seed of this folder leaves the made-up people as they are."""
    sentences = {c["check"]: c["sentence"] for c in json.loads(ocop("doctor", "--data", office, "--json").out)}

    assert sentences["producers"].endswith("have no address")
    assert sentences["notices"].startswith("0 were not sent in the last 30 days")
    assert sentences["escalations"] == "0 drafts wait for the office"
    assert sentences["positions"].startswith("all ")


def test_doctor_notes_producers_to_whom_nothing_can_be_mailed(ocop: Any, office: Path) -> None:
    """It is no fault, so the exit code stays 0, but work for the office."""
    with open_runtime(office) as runtime, runtime.transaction(runtime.business_now()) as work:
        for producer in work.session.exec(select(Producer)).all()[:2]:
            producer.email = None
    looked = ocop("doctor", "--data", office)

    assert looked.code == 0
    (line,) = [line for line in looked.out.splitlines() if " producers: " in line]
    assert line.startswith("note  producers: 2 of 5 have no address; `ocop people list --without-address`")


def test_serve_of_a_live_folder_begins_with_its_faults(live: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mail server is not asked, so that nothing delays the start."""
    with open_runtime(live) as runtime:
        folder._warn(runtime)
    warned = capsys.readouterr().err

    assert "FAULT base URL: 127.0.0.1 can't be reached from a phone" in warned
    assert "FAULT cycle: no cycle is open" in warned
    assert "mail server" not in warned


def test_serve_of_a_simulated_folder_warns_of_nothing(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_runtime(office) as runtime:
        folder._warn(runtime)

    assert capsys.readouterr().err == ""

"""What would keep an installation from working, each fault with its remedy and exit code 3."""

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from notifications.catcher import MailCatcher

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


def faults(ran: Any) -> dict[str, str]:
    """Return the faults by the name of their check."""
    return {check["check"]: check["sentence"] for check in json.loads(ran.out) if not check["well"]}


def test_doctor_finds_a_simulated_folder_with_a_cycle_well(ocop: Any, office: Path) -> None:
    ran = ocop("doctor", "--data", office)

    assert ran.code == 0
    assert "FAULT" not in ran.out


@pytest.mark.usefixtures("mail_server")
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

"""Take the pictures in docs/screens from a demo's folder: `python tools/take_screens.py demo-data`.

Needs Chromium on the machine; it is only looked for, never installed.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import date, time
from email.message import EmailMessage
from pathlib import Path

import uvicorn
from sqlmodel import col, select

from notifications.catcher import read_messages
from notifications.composing import notice_keys
from ocop_workflow.clock import at_local
from ocop_workflow.config_files import default_config_dir
from ocop_workflow.runtime import Runtime, create_data_folder, open_runtime
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.installation import SIMULATED
from ocop_workflow.services.links import links_of, token_of
from ocop_workflow.storage.tables import Dossier
from ocop_workflow.web.app import create_app

SCREENS = Path(__file__).parents[1] / "docs" / "screens"
EXAMPLES = default_config_dir() / "examples"
PHONE, DESK, WHOLE = (360, 1000), (900, 700), (1100, 1560)
PORT = 8911
OCOP = (sys.executable, "-m", "ocop_workflow")
CERTIFICATE = """product,unit,producer,stars,number,issued_on,expires_on
Mật ong,lai-chau.muong-te,HTX Ví Dụ,4,1/GCN,01/11/2024,
"""
"""An example whose renewal can be submitted in June 2027."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def main() -> None:
    """Take two pictures of a dossier's page, three of mails, one of a member's form, and the preview of a year."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-data")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no Chromium was found on this machine; install it and try again")
    with open_runtime(folder) as runtime:
        _pages(browser, runtime)
    _mails(browser, read_messages(folder / "mail"))
    _opinion(browser)
    _preview(browser, "preview-2027.png", "province-2027", "--products", str(EXAMPLES / "products-2027.csv"))


def _preview(browser: str, name: str, plan: str, *options: str) -> None:
    """Take the preview of a plan's year; it takes as long as replaying it."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "preview.html"
        simulate = [*OCOP, "cycle", "simulate", plan, *options]
        subprocess.run([*simulate, "--html", page, "--language", "vi"], check=True, timeout=1800)
        _shoot(browser, f"file://{page}", SCREENS / name, WHOLE)


def _pages(browser: str, runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        dossier = session.exec(
            select(Dossier).where(col(Dossier.status) == "recognised").order_by(col(Dossier.stars), col(Dossier.key))
        ).first()
        assert dossier is not None
        path = f"/s/{token_of(links_of(session, dossier.id)[0], runtime.link_keys)}"
    shots = {"status-page-phone": (path, PHONE), "status-page-desk-english": (f"{path}?lang=en", DESK)}
    _serve(browser, runtime, shots)


def _opinion(browser: str) -> None:
    """Take the form on which a member answers in writing, of a renewal that commands bring before the council."""
    at = ("--at", "2027-06-01T09:00")
    asked = ("--by", "15/06/2027", "--points", "30/20/25", "--document", "12/HĐ", *at)
    with tempfile.TemporaryDirectory() as parent:
        folder, certificates = Path(parent) / "data", Path(parent) / "certificates.csv"
        create_data_folder(folder, mode=SIMULATED, seed="1", now=at_local(date(2027, 1, 4), time(9)))
        certificates.write_text(CERTIFICATE, encoding="utf-8")
        for command in (
            ("cycle", "open", "province-2027", "--year", "2027"),
            ("certificate", "import", str(certificates)),
            ("dossier", "open", "--renewal", "1/GCN", "--criteria-set", "4", *at),
            ("dossier", "submit", "R1", *at),
            ("dossier", "receive", "R1", *at),
            ("dossier", "decide", "R1", *at),
            ("dossier", "submit", "R1", *at),
            ("dossier", "receive", "R1", *at),
            ("dossier", "consultation", "open", "R1", *asked),
        ):
            subprocess.run([*OCOP, *command, "--data", folder], check=True, timeout=120)
        with open_runtime(folder) as runtime:
            with runtime.database.reading() as session:
                links = links_of(session, find_dossier(session, "R1").id)
                member = next(link for link in links if link.recipient == "lai-chau/coordination_office")
                path = f"/s/{token_of(member, runtime.link_keys)}"
            _serve(browser, runtime, {"opinion-form-phone": (f"{path}?lang=vi", PHONE)})


def _serve(browser: str, runtime: Runtime, shots: dict[str, tuple[str, tuple[int, int]]]) -> None:
    """Serve a folder's pages while pictures of some are taken, each under its name with path and size."""
    server = uvicorn.Server(uvicorn.Config(create_app(runtime), port=PORT, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for name, (path, size) in shots.items():
            _shoot(browser, f"http://127.0.0.1:{PORT}{path}", SCREENS / f"{name}.png", size)
    finally:
        server.should_exit = True
        thread.join()


def _mails(browser: str, messages: list[EmailMessage]) -> None:
    def longest_with(part: str) -> EmailMessage:
        """The mail with most lines among those with a notice whose key holds `part`."""
        return max(
            (message for message in messages if part in str(message["X-OCOP-Notices"])),
            key=lambda message: len(notice_keys(message)),
        )

    chosen = {
        "mail-reminder-phone": (longest_with("|-3|producer"), PHONE),
        "mail-digest-phone": (longest_with("/superior|"), (360, 1170)),
        "mail-result-desk": (longest_with("news.recognised"), DESK),
    }
    for name, (message, size) in chosen.items():
        part = message.get_body(("html",))
        assert part is not None
        with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as page:
            page.write(part.get_content())
            page.flush()
            _shoot(browser, f"file://{page.name}", SCREENS / f"{name}.png", size)


def _shoot(browser: str, address: str, target: Path, size: tuple[int, int]) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                *FLAGS,
                f"--user-data-dir={profile}",
                f"--window-size={size[0]},{size[1]}",
                f"--screenshot={target}",
                address,
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
    print(target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target)


if __name__ == "__main__":
    main()

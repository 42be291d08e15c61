"""Take the pictures in docs/screens from a demo's folder: `python tools/take_screens.py demo-data`.

Needs Chromium on the machine; it is only looked for, never installed.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
from email.message import EmailMessage
from pathlib import Path

import uvicorn
from sqlmodel import col, select

from notifications.catcher import read_messages
from notifications.composing import notice_keys
from ocop_workflow.config_files import default_config_dir, load_demo_settings
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.links import links_of, token_of
from ocop_workflow.storage.tables import Dossier
from ocop_workflow.web.app import create_app

SCREENS = Path(__file__).parents[1] / "docs" / "screens"
EXAMPLES = default_config_dir() / "examples"
PHONE, DESK, WHOLE = (360, 1000), (900, 700), (1100, 1560)
PORT = 8911
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
    """Take one picture of a page on a phone, one on a desk, three of mails, and the preview of a year."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-data")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no Chromium was found on this machine; install it and try again")
    with open_runtime(folder) as runtime:
        _pages(browser, runtime)
    _mails(browser, read_messages(folder / "mail"))
    demo = load_demo_settings(default_config_dir())
    _preview(browser, "preview.png", demo.plan, "--year", str(demo.year))
    _preview(browser, "preview-2027.png", "province-2027", "--products", str(EXAMPLES / "products-2027.csv"))


def _preview(browser: str, name: str, plan: str, *options: str) -> None:
    """Take the preview of a plan's year; it takes as long as replaying it."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "preview.html"
        simulate = [sys.executable, "-m", "ocop_workflow", "cycle", "simulate", plan, *options]
        subprocess.run([*simulate, "--html", page, "--language", "vi"], check=True, timeout=1800)
        _shoot(browser, f"file://{page}", SCREENS / name, WHOLE)


def _pages(browser: str, runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        dossier = session.exec(
            select(Dossier).where(col(Dossier.status) == "recognised").order_by(col(Dossier.stars), col(Dossier.key))
        ).first()
        assert dossier is not None
        path = f"/s/{token_of(links_of(session, dossier.id)[0], runtime.link_keys)}"
    server = uvicorn.Server(uvicorn.Config(create_app(runtime), port=PORT, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for name, size, query in (("phone", PHONE, ""), ("desk-english", DESK, "?lang=en")):
            _shoot(browser, f"http://127.0.0.1:{PORT}{path}{query}", SCREENS / f"status-page-{name}.png", size)
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

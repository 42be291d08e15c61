"""A small simulated data folder for the flows, with a mail catcher on this machine."""

import shutil
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path

import pytest

from notifications.catcher import MailCatcher
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import load_plan_files
from ocop_workflow.replay import documents_for
from ocop_workflow.runtime import Runtime, create_data_folder, open_runtime
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.people import appoint
from ocop_workflow.settings import Settings

SMALL = Path(__file__).parents[1] / "ocop_workflow" / "small"


@pytest.fixture(scope="session")
def vn() -> Callable[[str], datetime]:
    """Give the instant of a local time in the office's zone, such as `2018-03-30 08:00`."""
    return lambda text: datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


@pytest.fixture(scope="session")
def staged_folder(tmp_path_factory: pytest.TempPathFactory, vn: Callable[[str], datetime]) -> Path:
    """A simulated folder with the small cycle opened on 2 January 2018, nothing projected; copied by each test."""
    folder = tmp_path_factory.mktemp("staged") / "folder"
    opened_at = vn("2018-01-02 07:30")
    create_data_folder(folder, mode="simulated", seed="flows", now=opened_at)
    documents = documents_for(load_plan_files(SMALL / "cycles" / "coast-2018.yaml", SMALL), 2018)
    with open_runtime(folder, settings=Settings()) as runtime, runtime.transaction(opened_at) as work:
        open_cycle(work, documents, year=2018, actor="coast/coordination_office")
        for position in ("hill/ocop_team", "delta/ocop_team", "coast/coordination_office"):
            unit, _, role = position.partition("/")
            appoint(
                work,
                position=position,
                name=f"Cán bộ {unit}",
                email=f"{role}.{unit}@office.example",
                language="vi",
                start_on=date(2018, 1, 2),
            )
    return folder


@pytest.fixture
def open_folder(
    staged_folder: Path, tmp_path: Path
) -> Generator[Callable[[], AbstractContextManager[Runtime]], None, None]:
    """A way to open this test's copy of the staged folder; its mail goes to a catcher that writes to `mail`."""
    folder = tmp_path / "folder"
    shutil.copytree(staged_folder, folder)
    with MailCatcher(tmp_path / "mail") as catcher:
        settings = Settings(smtp_port=catcher.port, smtp_tls="none", sender_address="ocop@office.example")

        @contextmanager
        def opening() -> Generator[Runtime, None, None]:
            with open_runtime(folder, settings=settings) as runtime, runtime.active():
                yield runtime

        yield opening


@pytest.fixture
def runtime(open_folder: Callable[[], AbstractContextManager[Runtime]]) -> Generator[Runtime, None, None]:
    """The folder opened and active, so that flows called as plain functions use it."""
    with open_folder() as opened:
        yield opened

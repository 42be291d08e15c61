"""Fixtures that every folder of tests shares."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from ocop_workflow.storage.database import Database, open_database
from ocop_workflow.storage.migrating import migrate


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with all tables, made once and copied by each test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(migrated_database: Path, tmp_path: Path) -> Generator[Database, None, None]:
    """A database of its own for one test: a SQLite file in WAL mode."""
    path = tmp_path / "test.db"
    shutil.copy(migrated_database, path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.dispose()


_left_out: list[str] = []


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the slow tests that a run leaves out."""
    _left_out.extend(item.nodeid for item in items if item.get_closest_marker("slow"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how many tests were left out, and why."""
    if _left_out:
        files = sorted({name.partition("::")[0] for name in _left_out})
        terminalreporter.write_line(
            f"{len(_left_out)} slow tests were left out (a real Prefect server, the wheel, the demo's whole year): "
            f"{', '.join(files)}. `make slow` runs them, `make check` everything."
        )

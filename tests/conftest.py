"""Fixtures that every folder of tests shares."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

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


LEFT_OUT: set[str] = set()
"""The slow tests that this run leaves out, by their ids."""


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note the slow tests that a run leaves out."""
    LEFT_OUT.update(item.nodeid for item in items if item.get_closest_marker("slow"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was left out to the process that sums up, where several processes share the tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = sorted(LEFT_OUT)


class _SumUp:
    """Takes what the other processes left out; they all leave out the same."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        LEFT_OUT.update(getattr(node, "workeroutput", {}).get("left_out", []))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_SumUp())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end how many tests were left out, and why."""
    if LEFT_OUT:
        files = sorted({name.partition("::")[0] for name in LEFT_OUT})
        terminalreporter.write_line(
            f"{len(LEFT_OUT)} slow tests were left out (a real Prefect server, the wheel, the demo's whole year): "
            f"{', '.join(files)}. `make slow` runs them, `make check` everything."
        )

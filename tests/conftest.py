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

"""Bringing a database to this version's tables with Alembic."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

_FOLDER = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Create or upgrade the tables at a database URL to the newest revision."""
    command.upgrade(alembic_config(url), "head")


def current_revision(url: str) -> str | None:
    """Return the revision a database is at, or None when it has no tables."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def head_revision() -> str | None:
    """Return the newest revision that this version knows."""
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for a database URL; no file is needed."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config

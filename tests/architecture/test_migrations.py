"""The tables that the code declares are those that the migrations make."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from ocop_workflow.storage import tables
from ocop_workflow.storage.migrating import alembic_config, current_revision, head_revision, migrate


def test_migrations_make_the_declared_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    migrate(url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, SQLModel.metadata)

    assert len(SQLModel.metadata.tables) == len(tables.__all__) - 1
    assert differences == []
    assert current_revision(url) == head_revision()


def test_migrations_go_down_to_nothing_and_up_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    migrate(url)
    command.downgrade(alembic_config(url), "base")
    engine = create_engine(url, poolclass=NullPool)

    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate(url)
    assert "dossier" in inspect(engine).get_table_names()

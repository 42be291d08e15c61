"""The engine and the two ways into it: a write transaction and a reading one."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import Session, create_engine

SQLITE_BUSY_TIMEOUT_MILLISECONDS = 30_000


@dataclass(frozen=True, slots=True)
class Database:
    """An installation's database.

    On SQLite a writer takes the lock at once (BEGIN IMMEDIATE), so that read-modify-write never fails half way;
    readers use connections that cannot write.
    """

    writing: Engine
    reading_only: Engine

    @contextmanager
    def transaction(self) -> Generator[Session, None, None]:
        """Open one unit of work: committed at the end, rolled back when anything is raised.

        It remembers every row it has read, so that a batch asks for each cycle, product or producer once.
        """
        with Session(self.writing, expire_on_commit=False) as session, session.begin(), _remembering(session):
            yield session

    @contextmanager
    def reading(self, *, remembering: bool = False) -> Generator[Session, None, None]:
        """Open a session that cannot write.

        Args:
            remembering: Whether it keeps every row it has read until its end; not for reading whole tables.
        """
        with Session(self.reading_only, expire_on_commit=False) as session:
            if not remembering:
                yield session
                return
            with _remembering(session):
                yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.writing.dispose()
        self.reading_only.dispose()


@contextmanager
def _remembering(session: Session) -> Generator[None, None, None]:
    """Hold every row of a session: by itself it forgets one that nobody holds, and asks for it again."""
    rows: list[object] = []

    def hold(_session: Session, row: object) -> None:
        rows.append(row)

    event.listen(session, "loaded_as_persistent", hold)
    event.listen(session, "pending_to_persistent", hold)
    yield
    rows.clear()


def open_database(url: str) -> Database:
    """Return the database at an SQLAlchemy URL (`sqlite:///…` or `postgresql+psycopg://…`); nothing is created."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True)
        return Database(engine, engine.execution_options(postgresql_readonly=True))
    return Database(_sqlite_engine(url, "BEGIN IMMEDIATE"), _sqlite_engine(url, "BEGIN", query_only=True))


def _sqlite_engine(url: str, begin: str, *, query_only: bool = False) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below, not the driver's
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        if query_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine

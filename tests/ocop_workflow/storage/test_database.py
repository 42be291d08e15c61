"""The two ways into the database: a write transaction and a reading one."""

import threading
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import select

from ocop_workflow.storage.database import Database
from ocop_workflow.storage.tables import Holding, Installation, Official

NOW = datetime(2018, 3, 30, 17, tzinfo=UTC)


def test_transaction_commits_at_the_end(database: Database) -> None:
    with database.transaction() as session:
        session.add(Official(id="o1", name="Ông A"))

    with database.reading() as session:
        assert session.get_one(Official, "o1").language == "vi"


def test_transaction_rolls_back_whatever_is_raised(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as session:
            session.add(Official(id="o1", name="Ông A"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with database.reading() as session:
        assert session.get(Official, "o1") is None


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"), database.reading() as session:
        session.execute(text("INSERT INTO official (id, name, language) VALUES ('o1', 'A', 'vi')"))


def test_reading_sees_what_was_committed_when_it_began(database: Database) -> None:
    """A long read neither blocks a writer nor sees half of what it does (WAL)."""
    with database.reading() as reader:
        assert reader.exec(select(Official)).all() == []
        with database.transaction() as writer:
            writer.add(Official(id="o1", name="Ông A"))
        assert reader.exec(select(Official)).all() == []


def test_writers_wait_for_each_other_instead_of_failing(database: Database) -> None:
    """Read-modify-write in four threads: nothing is lost, nobody meets "database is locked"."""
    with database.transaction() as session:
        session.add(Official(id="o1", name="0"))

    def count_up() -> None:
        for _ in range(25):
            with database.transaction() as session:
                official = session.get_one(Official, "o1")
                official.name = str(int(official.name) + 1)
                session.add(official)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as session:
        assert session.get_one(Official, "o1").name == "100"


def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Holding(id="h1", official_id="nobody", position="a/b", start_on=date(2018, 1, 1)))


def test_instants_are_stored_in_utc_and_come_back_aware(database: Database) -> None:
    local = NOW.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    with database.transaction() as session:
        session.add(Installation(id=1, mode="live", created_at=local, last_now=local))

    with database.reading() as session:
        row = session.get_one(Installation, 1)
        stored = session.execute(text("SELECT last_now FROM installation")).scalar_one()
    assert (row.last_now, row.last_now.tzinfo) == (NOW, UTC)
    assert stored == "2018-03-30 17:00:00.000000"


def test_naive_instants_are_refused(database: Database) -> None:
    naive = NOW.replace(tzinfo=None)

    with pytest.raises(StatementError, match="timezone"), database.transaction() as session:
        session.add(Installation(id=1, mode="live", created_at=naive, last_now=naive))


@pytest.mark.parametrize(("row_id", "mode"), [(2, "live"), (1, "both")])
def test_there_is_one_installation_live_or_simulated(database: Database, row_id: int, mode: str) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Installation(id=row_id, mode=mode, created_at=NOW, last_now=NOW))

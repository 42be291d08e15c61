"""What a sweep asks the database does not grow with the number of offices."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench.nation import nation_documents
from ocop_workflow.config_files import default_config_dir, load_rule_set
from ocop_workflow.services.certificate_facts import cycles_of_the_day
from ocop_workflow.services.cycles import cycles_of, open_cycle
from ocop_workflow.services.enforcement import overdue_by_cycle
from ocop_workflow.services.health import troubles_by_office
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, project_reports, register_products
from ocop_workflow.services.reminders import due_by_cycle
from ocop_workflow.services.reports import reports_to_open_by_cycle
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database, open_database
from ocop_workflow.storage.migrating import migrate

RULE_SET = load_rule_set(default_config_dir(), "qd-1048-2019")
OPENED_AT = datetime(2020, 1, 2, 0, 30, tzinfo=UTC)
IN_SPRING = datetime(2020, 4, 20, 1, 0, tzinfo=UTC)


@contextmanager
def statements(database: Database) -> Generator[list[str], None, None]:
    """List the statements of a reading session; what a rulebook's documents take is read before."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    event.listen(database.reading_only, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.reading_only, "before_cursor_execute", note)


def sweep(database: Database, books: RulebookShelf) -> int:
    """Look at everything at once, as the flows do, and return how many statements it took."""
    with database.reading() as session, statements(database) as asked:
        work = UnitOfWork(session, IN_SPRING, SeededIds("1"), books)
        cycles = cycles_of(session)
        troubles = troubles_by_office(work)
        due = due_by_cycle(session, cycles, kinds=(DOSSIER_STEP,), now=IN_SPRING)
        overdue_by_cycle(session, cycles, now=IN_SPRING)
        opened = reports_to_open_by_cycle(session, cycles, now=IN_SPRING)
        assert len(cycles_of_the_day(session)) == len(troubles) == len(cycles)
        assert all(due.values())
        assert all(opened.values())
    return len(asked)


def open_nation(database: Database, books: RulebookShelf, *, offices: int) -> None:
    with database.transaction() as session:
        work = UnitOfWork(session, OPENED_AT, SeededIds("1"), books)
        for documents in nation_documents(RULE_SET, scale=0.001, offices=offices):
            cycle = open_cycle(work, documents, year=2020, actor="system:test")
            project_reports(work, cycle, actor="system:test")
            register_products(work, cycle, missing_products(work, cycle), actor="system:test")


def cost_of_a_sweep(path: Path, *, offices: int) -> int:
    url = f"sqlite:///{path}"
    migrate(url)
    database, books = open_database(url), RulebookShelf()
    try:
        open_nation(database, books, offices=offices)
        sweep(database, books)  # reads the documents, which are kept
        return sweep(database, books)
    finally:
        database.dispose()


def test_sweep_asks_as_often_for_six_offices_as_for_one(tmp_path: Path) -> None:
    """Section 7: a sweep costs what is due; a query or two for each of 34 offices was most of an empty day."""
    assert cost_of_a_sweep(tmp_path / "one.db", offices=1) == cost_of_a_sweep(tmp_path / "six.db", offices=6) < 25

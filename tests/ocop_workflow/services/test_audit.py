"""Verifying the record: whatever is changed, filled, deleted, reordered or cut is found and named (I1)."""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, select

from ocop_workflow.services.audit import Verdict, verify
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.plan_tasks import complete_task
from ocop_workflow.services.reports import file_report
from ocop_workflow.services.sealing import seal_day, seal_through
from ocop_workflow.storage.tables import Event, PlanTask, Report, Seal
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

    Opening = Callable[[Path, Path], AbstractContextManager[Office]]

COLUMNS = tuple(SQLModel.metadata.tables["event"].c.keys())
NULLABLE = tuple(name for name, column in SQLModel.metadata.tables["event"].c.items() if column.nullable)
INTEGERS = ("seq", "hash_version")
INSTANTS = ("recorded_at", "effective_at")


@pytest.fixture(scope="module")
def recorded(open_office: "Opening", opened_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dossier 1-1-1 with seven events, the fourth with a text and a command; all of them sealed."""
    path = tmp_path_factory.mktemp("recorded") / "recorded.db"
    with open_office(opened_database, path) as office:
        office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
        with office.at("2018-03-06 08:00") as work:
            dossier = office.dossier(work)
            actor = dossier.responsible or ""
            request = Request(DossierTrigger.RECEIVE, actor, text="Bà B nộp hộ", command="receive-1")
            apply_trigger(work, dossier, request)
        office.act("2018-03-06 09:00", DossierTrigger.REVIEW)
        office.act("2018-03-06 10:00", DossierTrigger.RETURN)
        office.act("2018-03-07 08:00", DossierTrigger.SUBMIT)
        with office.at("2018-03-08 07:30") as work:
            seal_day(work)
    return path


@pytest.fixture
def history(open_office: "Opening", recorded: Path, tmp_path: Path) -> Generator["Office", None, None]:
    """The recorded history in a database of its own."""
    with open_office(recorded, tmp_path / "history.db") as office:
        yield office


def stream(office: "Office") -> str:
    with office.reading() as work:
        return f"dossier:{office.dossier(work).id}"


@contextmanager
def tampering(office: "Office") -> Generator[sqlite3.Connection, None, None]:
    """Open the file beside the application, without the append-only triggers, as somebody who has it could."""
    connection = sqlite3.connect(office.database.writing.url.database or "")
    for table in ("event", "seal"):
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER {table}_no_{verb}")
    yield connection
    connection.commit()
    connection.close()


def verdict(office: "Office", expected_seal: str | None = None) -> Verdict:
    with office.reading() as work:
        return verify(work.session, expected_seal=expected_seal)


def places(office: "Office", expected_seal: str | None = None) -> set[tuple[str, int | None]]:
    return {(fault.stream, fault.seq) for fault in verdict(office, expected_seal).faults}


def test_verify_finds_nothing_in_an_untouched_record(history: "Office") -> None:
    """I1: a record with dossiers, reports, tasks and a seal verifies."""
    with history.at("2018-03-08 09:00") as work:
        report = work.session.exec(select(Report)).first()
        task = work.session.exec(select(PlanTask)).first()
        assert report is not None
        assert task is not None
        file_report(work, report, actor=report.reporter, figures={"rated": 3})
        complete_task(work, task, actor=task.lead)
        events = len(work.session.exec(select(Event.seq)).all())
        seal = work.session.exec(select(Seal)).one()

    found = verdict(history, expected_seal=seal.hash)

    assert found == Verdict(events=events, seals=1, seal=seal.hash, faults=())


def other_value(column: str) -> object:
    if column in INTEGERS:
        return 99
    if column in INSTANTS:
        return "2017-01-01 00:00:00.000000"
    return b"{}" if column == "payload" else "changed"


@contextmanager
def changed(office: "Office", column: str, value: object, *, seq: int) -> Generator[str, None, None]:
    """Change one column of an event of dossier 1-1-1 for a while; gives the stream."""
    name = stream(office)
    with closing(sqlite3.connect(office.database.writing.url.database or "")) as connection:
        rowid, before = connection.execute(
            f"SELECT rowid, {column} FROM event WHERE stream = ? AND seq = ?", (name, seq)
        ).fetchone()
        connection.execute(f"UPDATE event SET {column} = ? WHERE rowid = ?", (value, rowid))
        connection.commit()
        yield name
        connection.execute(f"UPDATE event SET {column} = ? WHERE rowid = ?", (before, rowid))
        connection.commit()


@pytest.mark.parametrize("column", COLUMNS)
def test_verify_names_the_event_whose_column_was_changed(history: "Office", column: str) -> None:
    """I1: no column of an event can be changed unseen, be it the first, a middle or the last one."""
    with tampering(history):
        pass
    for seq in (1, 4, 7):
        with changed(history, column, other_value(column), seq=seq) as name:
            expected = {"stream": ("changed", seq), "seq": (name, 99)}.get(column, (name, seq))
            assert expected in places(history)
    assert verdict(history).faults == ()


@pytest.mark.parametrize("column", COLUMNS)
def test_verify_reports_unreadable_values_instead_of_failing(history: "Office", column: str) -> None:
    """I1: whatever a column holds, `verify` ends with a fault that names the stream, never with a traceback."""
    with tampering(history):
        pass
    for value in ("no instant, no number", b"\xff\x00", -1, 10**15):
        with changed(history, column, value, seq=4) as name:
            assert name in {where for where, _ in places(history)}


@pytest.mark.parametrize("column", NULLABLE)
def test_verify_finds_a_filled_null(history: "Office", column: str) -> None:
    """I1: an empty column is as much recorded as a full one; the cycle's opening has the most of them."""
    name = stream(history)
    with tampering(history) as connection:
        where = "stream = :stream AND seq = 2"  # the link's issue: no states, no rule, no text, no command
        filled = connection.execute(f"SELECT {column} FROM event WHERE {where}", {"stream": name}).fetchone()[0]
        statement = f"UPDATE event SET {column} = :value WHERE {where}"
        connection.execute(statement, {"stream": name, "value": "filled" if filled is None else None})

    assert (name, 2) in places(history)


def test_verify_finds_a_deleted_middle_event(history: "Office") -> None:
    name = stream(history)
    with tampering(history) as connection:
        connection.execute("DELETE FROM event WHERE stream = :stream AND seq = 3", {"stream": name})

    found = verdict(history).faults

    assert f"{name} event 4: event 3 before it is missing" in [str(fault) for fault in found]


def test_verify_finds_two_events_whose_places_were_swapped(history: "Office") -> None:
    name = stream(history)
    with tampering(history) as connection:
        for before, after in ((3, 1000), (4, 3), (1000, 4)):
            statement = "UPDATE event SET seq = :after WHERE stream = :stream AND seq = :before"
            connection.execute(statement, {"after": after, "before": before, "stream": name})

    assert {(name, 3), (name, 4)} <= places(history)


def test_verify_finds_a_middle_event_rewritten_with_a_fitting_hash(history: "Office") -> None:
    """I1: whoever forges one event with a right hash breaks the link of the next one."""
    name = stream(history)
    with tampering(history) as connection:
        statement = "UPDATE event SET previous_hash = hash WHERE stream = :stream AND seq = 5"
        connection.execute(statement, {"stream": name})

    assert (name, 5) in places(history)


def test_verify_finds_the_last_event_cut_off_by_the_row_and_by_the_seal(history: "Office") -> None:
    """I1: a cut tail shows in the row's version, and in the seal even when the row was set back too."""
    name = stream(history)
    with tampering(history) as connection:
        connection.execute("DELETE FROM event WHERE stream = :stream AND seq = 7", {"stream": name})
    assert (name, 7) in places(history)

    with history.database.writing.begin() as connection:
        statement = text("UPDATE dossier SET version = 6, status = 'returned' WHERE 'dossier:' || id = :stream")
        connection.execute(statement, {"stream": name})

    assert [str(fault) for fault in verdict(history).faults] == [f"{name} event 7: it is missing; seal 1 saw it"]


def test_verify_with_a_seal_kept_outside_finds_the_tail_cut_together_with_its_seal(history: "Office") -> None:
    """I1: who deletes the last seal too is found by the hash that was printed in a digest."""
    name, kept = stream(history), verdict(history).seal
    with tampering(history) as connection:
        connection.execute("DELETE FROM event WHERE stream = :stream AND seq = 7", {"stream": name})
        connection.execute("DELETE FROM seal")
        before = "SELECT max(effective_at) FROM event WHERE stream = :stream AND action = 'dossier_submitted'"
        statement = (
            f"UPDATE dossier SET version = 6, status = 'returned', submitted_at = ({before}) "
            "WHERE 'dossier:' || id = :stream"
        )
        connection.execute(statement, {"stream": name})

    assert verdict(history).faults == ()
    assert [fault.stream for fault in verdict(history, expected_seal=kept).faults] == ["seals"]


@pytest.mark.parametrize(
    ("column", "value"), [("status", "recognised"), ("stage", "evaluation"), ("version", 8), ("version", 6)]
)
def test_verify_finds_a_dossiers_row_changed_alone(history: "Office", column: str, value: object) -> None:
    """I1: a row whose state is not what its events say is found."""
    name = stream(history)
    with history.database.writing.begin() as connection:
        statement = text(f"UPDATE dossier SET {column} = :value WHERE 'dossier:' || id = :stream")
        connection.execute(statement, {"value": value, "stream": name})

    assert {where for where, _ in places(history)} == {name}


@pytest.mark.parametrize(("column", "value"), [("status", "rejected"), ("stage", "evaluation")])
def test_verify_finds_an_ended_dossiers_row_changed_alone(history: "Office", column: str, value: str) -> None:
    """I1: also the stage at which a dossier ended is what its events say."""
    history.act("2018-03-08 09:00", DossierTrigger.WITHDRAW, actor="coast/coordination_office")
    name = stream(history)
    assert verdict(history).faults == ()

    with history.database.writing.begin() as connection:
        statement = text(f"UPDATE dossier SET {column} = :value WHERE 'dossier:' || id = :stream")
        connection.execute(statement, {"value": value, "stream": name})

    assert places(history) == {(name, 8)}


@pytest.mark.parametrize("table", ["dossier", "report", "plan_task", "cycle"])
def test_verify_finds_a_subjects_row_that_is_gone(history: "Office", table: str) -> None:
    with tampering(history) as connection:
        connection.execute(f"DELETE FROM {table}")

    sentences = {fault.sentence for fault in verdict(history).faults}

    assert "its row is missing" in sentences


def test_verify_finds_a_changed_free_text(history: "Office") -> None:
    name = stream(history)
    with history.database.writing.begin() as connection:
        connection.execute(text("UPDATE event_text SET body = 'Bà C nộp hộ'"))

    assert [str(fault) for fault in verdict(history).faults] == [f"{name} event 4: its free text was changed"]


def test_seal_day_makes_one_seal_for_each_day_and_chains_them(history: "Office") -> None:
    """I1: one seal a day; each names only the streams that grew, and binds the seal before."""
    with history.at("2018-03-08 12:00") as work:
        assert seal_day(work) is None
    history.act("2018-03-08 13:00", DossierTrigger.WITHDRAW, actor="coast/coordination_office")
    with history.at("2018-03-09 07:30") as work:
        second = seal_day(work)
    with history.at("2018-03-12 07:30") as work:
        third = seal_day(work)
        first = work.session.get_one(Seal, 1)

    assert second is not None
    assert third is not None
    assert (second.number, second.previous_hash) == (2, first.hash)
    assert (third.number, third.previous_hash) == (3, second.hash)
    assert second.payload.count(b"dossier:") == 1
    assert third.payload.count(b"dossier:") == 0
    assert verdict(history).faults == ()


def test_seal_through_leaves_out_what_was_recorded_at_its_end(office: "Office") -> None:
    """A day is half-open: an event at its end belongs to the next seal."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    with office.at("2018-03-06 07:30") as work:
        dossier = office.dossier(work)
        submitted = work.session.get_one(Event, (f"dossier:{dossier.id}", 3))
        seal = seal_through(work, submitted.recorded_at)

    assert seal is not None
    assert f'["dossier:{dossier.id}",2,' in seal.payload.decode()


@pytest.mark.parametrize("value", ["x", 7])
@pytest.mark.parametrize("column", ["until", "sealed_at", "payload", "previous_hash", "hash"])
def test_verify_finds_a_changed_seal(history: "Office", column: str, value: object) -> None:
    with tampering(history) as connection:
        connection.execute(f"UPDATE seal SET {column} = :value", {"value": value})

    assert any(fault.stream == "seal 1" for fault in verdict(history).faults)


def test_verify_finds_a_missing_seal_between_others(history: "Office") -> None:
    for day in (9, 10):
        with history.at(f"2018-03-{day:02d} 07:30") as work:
            seal_day(work)
    with tampering(history) as connection:
        connection.execute("DELETE FROM seal WHERE number = 2")

    assert "seal 3: seal 2 before it is missing" in [str(fault) for fault in verdict(history).faults]


def test_payloads_name_people_by_id(history: "Office") -> None:
    """I1: neither a person's name nor an address stands in the record, so a person can be erased."""
    with history.reading("2018-03-08 08:00") as work:
        producer = addressee_of(work.session, history.dossier(work).responsible or "", on=work.now.date())
        assert producer is not None
        payloads = b"".join(work.session.exec(select(Event.payload)).all()).decode()

    assert producer.name not in payloads
    assert "@" not in payloads

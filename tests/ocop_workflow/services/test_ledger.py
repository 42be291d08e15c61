"""What tasks write down at the same time is one transaction; none sinks another, none is lost."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlmodel import col, select

from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.ledger import Ledger
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Event

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office


class Book:
    """An office's database, with a count of the transactions that were committed in it."""

    def __init__(self, office: "Office") -> None:
        self.office = office
        self.committed = 0

    @contextmanager
    def writing(self) -> Generator[UnitOfWork, None, None]:
        with self.office.at("2018-03-20 08:00") as work:
            yield work
        self.committed += 1

    def noted(self) -> list[str]:
        with self.office.reading() as work:
            return sorted(work.session.exec(select(Event.stream).where(col(Event.action) == "noted")))


def note(work: UnitOfWork, names: Sequence[str]) -> list[str]:
    for name in names:
        if name == "bad":
            raise ValueError(name)
        append_event(work, stream=f"note:{name}", seq=1, cycle_id=None, act=Act("system:test", "noted"))
    return [name.upper() for name in names]


async def write_all(book: Book, *names: str) -> list[str | BaseException]:
    ledger = Ledger(book.writing)
    return await asyncio.gather(*(ledger.write(note, name) for name in names), return_exceptions=True)


def test_items_of_one_turn_share_a_transaction_and_each_task_gets_its_own_result(office: "Office") -> None:
    book = Book(office)

    assert asyncio.run(write_all(book, "a", "b", "c")) == ["A", "B", "C"]
    assert book.committed == 1
    assert book.noted() == ["note:a", "note:b", "note:c"]


def test_items_of_different_kinds_share_a_transaction_too_each_kind_written_at_once(office: "Office") -> None:
    book = Book(office)
    written: list[list[str]] = []

    def note_apart(work: UnitOfWork, names: Sequence[str]) -> list[str]:
        written.append(list(names))
        return note(work, names)

    async def write_in_turn() -> list[str]:
        ledger = Ledger(book.writing)
        records = (note_apart, note, note_apart)
        return await asyncio.gather(*(ledger.write(each, name) for each, name in zip(records, "abc", strict=True)))

    assert asyncio.run(write_in_turn()) == ["A", "B", "C"]
    assert (book.committed, written) == (1, [["a", "c"]])


def test_a_task_goes_on_only_when_its_item_is_committed(office: "Office") -> None:
    book = Book(office)

    async def one_after_the_other() -> list[int]:
        ledger, seen = Ledger(book.writing), list[int]()
        for name in ("a", "b"):
            await ledger.write(note, name)
            seen.append(len(book.noted()))
        return seen

    assert asyncio.run(one_after_the_other()) == [1, 2]
    assert book.committed == 2


def test_an_item_that_fails_is_told_to_its_own_task_and_sinks_no_other(office: "Office") -> None:
    book = Book(office)
    first, bad, last = asyncio.run(write_all(book, "a", "bad", "c"))

    assert (first, last) == ("A", "C")
    assert isinstance(bad, ValueError)
    assert book.noted() == ["note:a", "note:c"]


def test_an_item_alone_that_fails_is_told_to_its_task(office: "Office") -> None:
    book = Book(office)

    (failure,) = asyncio.run(write_all(book, "bad"))

    assert isinstance(failure, ValueError)
    assert book.noted() == []


def test_what_a_cancelled_task_gave_is_written_all_the_same(office: "Office") -> None:
    """A hand-over that the server has answered is on record, also when its task is stopped in that moment."""
    book = Book(office)

    async def give_and_stop() -> None:
        ledger = Ledger(book.writing)

        async def give() -> None:
            await ledger.write(note, "a")

        stopped = asyncio.create_task(give())
        await asyncio.sleep(0)
        stopped.cancel()
        await ledger.write(note, "b")

    asyncio.run(give_and_stop())

    assert book.noted() == ["note:a", "note:b"]

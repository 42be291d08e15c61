"""Writing down in one transaction what happens at the same time, as soon as it has happened."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ocop_workflow.services.unit_of_work import UnitOfWork

Transactions = Callable[[], AbstractContextManager[UnitOfWork]]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Record = Callable[[UnitOfWork, Sequence[Any]], Sequence[Any]]
_Entry = tuple[_Record, Any, "asyncio.Future[Any]"]


class Ledger:
    """Joins what tasks of one event loop write down in the same turn of it, each kind of thing at once.

    Nobody waits for others to come: a task goes on when its item is committed, and an item alone is a transaction of
    its own. When a transaction with several fails, each item is repeated alone, so that none sinks another.
    """

    def __init__(self, writing: Transactions) -> None:
        """Keep the way to open a write transaction."""
        self._writing = writing
        self._waiting: list[_Entry] = []

    def write(
        self, record: Callable[[UnitOfWork, Sequence[_Item]], Sequence[_Result]], item: _Item
    ) -> "asyncio.Future[_Result]":
        """Let `record` write an item down, with those of others; the item's result is there once it is committed."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit)
        done: asyncio.Future[_Result] = loop.create_future()
        self._waiting.append((record, item, done))
        return done

    def _commit(self) -> None:
        entries, self._waiting = self._waiting, []
        if not self._written(entries) and len(entries) > 1:
            for entry in entries:
                self._written([entry])

    def _written(self, entries: list[_Entry]) -> bool:
        """Write entries down in one transaction and tell their tasks; of a failure only a task that is alone."""
        by_record: dict[_Record, list[_Entry]] = defaultdict(list)
        for entry in entries:
            by_record[entry[0]].append(entry)
        try:
            with self._writing() as work:
                results = [
                    (done, result)
                    for record, same in by_record.items()
                    for done, result in _recorded(work, record, same)
                ]
        except Exception as error:  # noqa: BLE001 -- raised where the item was given
            (*_, done), *others = entries
            if not others and not done.done():
                done.set_exception(error)
            return False
        for done, result in results:
            if not done.done():  # its task was cancelled meanwhile; what happened is on record all the same
                done.set_result(result)
        return True


def _recorded(work: UnitOfWork, record: _Record, entries: Sequence[_Entry]) -> list[tuple["asyncio.Future[Any]", Any]]:
    results = record(work, [item for _, item, _ in entries])
    return [(done, result) for (_, _, done), result in zip(entries, results, strict=True)]

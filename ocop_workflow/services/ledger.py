"""Writing down in one transaction what happens at the same time, as soon as it has happened."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any, TypeVar

from ocop_workflow.services.unit_of_work import UnitOfWork

Transactions = Callable[[], AbstractContextManager[UnitOfWork]]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Entry = tuple[Callable[[UnitOfWork, Sequence[Any]], Sequence[Any]], Any, "asyncio.Future[Any]"]


class Ledger:
    """Joins what tasks of one event loop write down in the same turn of it.

    Nobody waits for others to come: a task goes on when its item is committed, and an item alone is a transaction of
    its own. When a transaction with several fails, each item is repeated alone, so that none sinks another.
    """

    def __init__(self, writing: Transactions) -> None:
        """Keep the way to open a write transaction."""
        self._writing = writing
        self._waiting: list[_Entry] = []

    async def write(self, record: Callable[[UnitOfWork, Sequence[_Item]], Sequence[_Result]], item: _Item) -> _Result:
        """Let `record` write an item down, with those of others; return the item's result once it is committed."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit)
        done: asyncio.Future[_Result] = loop.create_future()
        self._waiting.append((record, item, done))
        return await done

    def _commit(self) -> None:
        entries, self._waiting = self._waiting, []
        if not self._written(entries) and len(entries) > 1:
            for entry in entries:
                self._written([entry])

    def _written(self, entries: list[_Entry]) -> bool:
        """Write entries down in one transaction and tell their tasks; of a failure only a task that is alone."""
        try:
            with self._writing() as work:
                results = [
                    (done, result)
                    for record, same in groupby(entries, key=lambda entry: entry[0])
                    for done, result in _recorded(work, record, list(same))
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


def _recorded(
    work: UnitOfWork, record: Callable[[UnitOfWork, Sequence[Any]], Sequence[Any]], entries: list[_Entry]
) -> list[tuple["asyncio.Future[Any]", Any]]:
    results = record(work, [item for _, item, _ in entries])
    return [(done, result) for (_, _, done), result in zip(entries, results, strict=True)]

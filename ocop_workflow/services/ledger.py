"""Writing down what happens at the same time in one transaction, as soon as it has happened."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ocop_workflow.services.unit_of_work import UnitOfWork

Transactions = Callable[[], AbstractContextManager[UnitOfWork]]

_T = TypeVar("_T")
_Entry = tuple[Callable[[UnitOfWork], Any], "asyncio.Future[Any]"]


class Ledger:
    """Joins the entries of tasks of one event loop that are made in the same turn of it.

    Nobody waits for others to come: a task goes on when its entry is committed, and an entry alone is a transaction of
    its own. When a transaction with several entries fails, each is repeated alone, so that none sinks another.
    """

    def __init__(self, writing: Transactions) -> None:
        """Keep the way to open a write transaction."""
        self._writing = writing
        self._waiting: list[_Entry] = []

    async def write(self, entry: Callable[[UnitOfWork], _T]) -> _T:
        """Carry out an entry and return what it returns, once that is committed."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit)
        done: asyncio.Future[_T] = loop.create_future()
        self._waiting.append((entry, done))
        return await done

    def _commit(self) -> None:
        entries, self._waiting = self._waiting, []
        if not self._carried_out(entries) and len(entries) > 1:
            for each in entries:
                self._carried_out([each])

    def _carried_out(self, entries: list[_Entry]) -> bool:
        """Carry out entries in one transaction; tell their tasks, but of a failure only a task that is alone."""
        try:
            with self._writing() as work:
                results = [entry(work) for entry, _ in entries]
        except Exception as error:  # noqa: BLE001 -- raised where the entry was made
            (_, done), *others = entries
            if not others and not done.done():
                done.set_exception(error)
            return False
        for (_, done), result in zip(entries, results, strict=True):
            if not done.done():  # its task was cancelled meanwhile; what happened is on record all the same
                done.set_result(result)
        return True

"""How a flow runs its batches: as Prefect tasks inside a flow run, as plain calls outside of one."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prefect import Task
from prefect.context import FlowRunContext

from ocop_workflow.runtime import Runtime

BATCH_SIZE = 500
"""At most so many items in one transaction."""

_log = logging.getLogger(__name__)


class SweepFailedError(Exception):
    """Some batches or items failed; the others are committed."""

    def __init__(self, report: "SweepReport") -> None:
        """Keep the report and say which items failed."""
        self.report = report
        shown = "; ".join(report.failures[:5])
        super().__init__(f"{len(report.failures)} failed, the rest is committed: {shown}")


@dataclass(slots=True)
class SweepReport:
    """What one run of a flow did.

    Attributes:
        flow: The flow's name.
        counts: Whatever the batches counted, summed.
        batches: How many batches were committed.
        failures: One sentence for each item that failed.
    """

    flow: str
    counts: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, counts: dict[str, int]) -> None:
        """Add one committed batch's counts."""
        self.batches += 1
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def fail(self, item: str, error: Exception) -> None:
        """Note that an item failed; the run fails at the end, not here."""
        _log.error("%s: %s failed", self.flow, item, exc_info=error)
        self.failures.append(f"{item}: {error}")

    def checked(self) -> "SweepReport":
        """Return the report, or raise when something failed.

        Raises:
            SweepFailedError: At least one item failed.
        """
        if self.failures:
            raise SweepFailedError(self)
        return self


@dataclass(frozen=True, slots=True)
class Shard:
    """What all batches of one cycle share."""

    runtime: Runtime
    cycle_id: str
    now: datetime


def in_flow_run() -> bool:
    """Return whether Prefect tracks what is running here."""
    return FlowRunContext.get() is not None


def call_batch(batch: Task[..., dict[str, int]], *arguments: Any) -> dict[str, int]:
    """Run one batch: as a task with its retries and time-out inside a flow run, as its plain function outside."""
    return batch(*arguments) if in_flow_run() else batch.fn(*arguments)


def sweep_items(report: SweepReport, batch: Task[..., dict[str, int]], shard: Shard, items: Sequence[str]) -> None:
    """Run items in batches, each its own transaction; a failed batch is repeated item by item.

    Args:
        report: Where counts and failures go.
        batch: The flow's one task: `(runtime, cycle_id, items, now)`.
        shard: Runtime, cycle and business time.
        items: What is to be done; every batch checks again what is still due.
    """
    for chunk in _chunks(items):
        try:
            report.add(call_batch(batch, shard.runtime, shard.cycle_id, chunk, shard.now))
        except Exception as error:  # noqa: BLE001 -- whatever failed is found by repeating its items one by one
            if len(chunk) == 1:
                report.fail(chunk[0], error)
                continue
            _log.warning("a batch of %d failed (%s); repeating it item by item", len(chunk), error)
            for item in chunk:
                sweep_items(report, batch, shard, [item])


def _chunks(items: Sequence[str]) -> Iterable[list[str]]:
    for start in range(0, len(items), BATCH_SIZE):
        yield list(items[start : start + BATCH_SIZE])

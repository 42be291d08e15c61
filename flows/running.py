"""How a flow runs its batches: as Prefect tasks inside a flow run, as plain calls outside of one."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from prefect import Flow, Task
from prefect.artifacts import create_table_artifact
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from ocop_workflow.runtime import Runtime

if TYPE_CHECKING:
    from prefect import State

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


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """A run that Prefect tracked: its id, and why it failed or None."""

    run_id: str
    failure: str | None


@dataclass(frozen=True, slots=True)
class Shard:
    """What all batches of one cycle share."""

    runtime: Runtime
    cycle_id: str
    now: datetime


def finish(report: SweepReport) -> dict[str, Any]:
    """End a run: publish its counts as a table where Prefect tracks it, and return the report.

    Raises:
        SweepFailedError: At least one item failed; the others are committed.
    """
    if in_flow_run():
        table = [{"counted": name, "number": count} for name, count in report.counts.items()]
        table += [{"counted": "failed", "number": failure} for failure in report.failures]
        create_table_artifact(table, key=report.flow, description=f"{report.batches} batches committed")
    if report.failures:
        raise SweepFailedError(report)
    return asdict(report)


def run_tracked(flow: Flow[..., dict[str, Any]], *, at: datetime | None = None) -> TrackedRun:
    """Run a flow in this process as a run that Prefect tracks.

    The heartbeat thread is off: it sleeps in steps of a second and every run of a sync flow would wait for it.

    Returns:
        The run's id, and why it failed or None.
    """
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        state = cast("State[dict[str, Any]]", flow(at=at, return_state=True))
    failure = None if state.is_completed() else str(state.message)
    return TrackedRun(str(state.state_details.flow_run_id), failure)


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

"""Record what has become overdue or lapsed. Handles no rungs."""

from dataclasses import asdict
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import Shard, SweepReport, finish, sweep_items
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.enforcement import enforce, overdue_by_cycle
from ocop_workflow.storage.tables import Cycle

FLOW = "enforce-deadlines"


@task(name="enforce_batch", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def enforce_batch(runtime: Runtime, cycle_id: str, items: list[str], now: datetime) -> dict[str, int]:
    """Record the lateness of one batch of obligations."""
    with runtime.transaction(now) as work:
        return asdict(enforce(work, work.session.get_one(Cycle, cycle_id), items))


@flow(name=FLOW)
def enforce_deadlines(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Record what is late at `at` (now when None), for one office where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            due = overdue_by_cycle(work.session, cycles_of(work.session, office=office), now=now)
        for cycle_id, items in due.items():
            sweep_items(report, enforce_batch, Shard(runtime, cycle_id, now), items)
    return finish(report)

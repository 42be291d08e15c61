"""Open the periods of reports, plan the notices of their rungs, close those that nobody owed."""

from dataclasses import asdict
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import Shard, SweepReport, finish, sweep_items
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.obligations import REPORT
from ocop_workflow.services.reminders import due_by_cycle, queue_due_notices
from ocop_workflow.services.reports import close_empty_reports, open_reports, reports_to_close, reports_to_open_by_cycle
from ocop_workflow.storage.tables import Cycle

FLOW = "chase-reports"


@task(name="chase", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def chase(runtime: Runtime, cycle_id: str, items: list[str], now: datetime) -> dict[str, int]:
    """Open or close some reports and plan the notices of some obligations: the items are ids of both."""
    with runtime.transaction(now) as work:
        cycle = work.session.get_one(Cycle, cycle_id)
        opened = open_reports(work, items, actor=f"system:{FLOW}")
        closed = close_empty_reports(work, cycle, items, actor=f"system:{FLOW}")
        queued = queue_due_notices(work, cycle, items)
        return {"opened": opened, "closed": closed, **asdict(queued)}


@flow(name=FLOW)
def chase_reports(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Open and chase what is due at `at` (now when None), for one office where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            cycles = cycles_of(work.session, office=office)
            to_open = reports_to_open_by_cycle(work.session, cycles, now=now)
            to_chase = due_by_cycle(work.session, cycles, kinds=(REPORT,), now=now)
            due = [
                (cycle.id, to_open[cycle.id] + reports_to_close(work, cycle) + to_chase[cycle.id]) for cycle in cycles
            ]
        for cycle_id, items in due:
            sweep_items(report, chase, Shard(runtime, cycle_id, now), items)
    return finish(report)

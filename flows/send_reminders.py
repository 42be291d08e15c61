"""Plan the notices of every rung that has come, of all kinds of obligations but reports."""

from dataclasses import asdict
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import Shard, SweepReport, finish, sweep_items
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.obligations import DOSSIER_STEP, OPINION, PLAN_TASK, RENEWAL, WITHDRAWAL
from ocop_workflow.services.reminders import due_by_cycle, queue_due_notices
from ocop_workflow.storage.tables import Cycle

FLOW = "send-reminders"
KINDS = (DOSSIER_STEP, OPINION, PLAN_TASK, RENEWAL, WITHDRAWAL)
"""The kinds of obligations whose rungs this flow handles; `chase_reports` has the others."""


@task(name="remind", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def remind(runtime: Runtime, cycle_id: str, items: list[str], now: datetime) -> dict[str, int]:
    """Plan the notices of one batch of obligations."""
    with runtime.transaction(now) as work:
        return asdict(queue_due_notices(work, work.session.get_one(Cycle, cycle_id), items))


@flow(name=FLOW)
def send_reminders(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Plan what is due at `at` (now when None), for one office where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            due = due_by_cycle(work.session, cycles_of(work.session, office=office), kinds=KINDS, now=now)
        for cycle_id, items in due.items():
            sweep_items(report, remind, Shard(runtime, cycle_id, now), items)
    return finish(report)

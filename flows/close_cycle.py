"""Stop a cycle's intake when its rounds are over, and close it after its horizon; open dossiers go on."""

from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import Shard, SweepReport, finish, sweep_items
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services import cycles
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.storage.tables import Cycle

FLOW = "close-cycle"


@task(name="close_batch", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def close_batch(runtime: Runtime, cycle_id: str, items: list[str], now: datetime) -> dict[str, int]:
    """Take the steps that one cycle has come to: the items are `close-intake` and `close`."""
    actor = f"system:{FLOW}"
    with runtime.transaction(now) as work:
        cycle = work.session.get_one(Cycle, cycle_id)
        due = [step for step in cycles.steps_due(work, cycle) if step in items]
        if cycles.CLOSE_INTAKE in due:
            cycles.close_intake(work, cycle, actor=actor)
        if cycles.CLOSE in due:
            cycles.close_cycle(work, cycle, actor=actor)
        return dict.fromkeys(due, 1)


@flow(name=FLOW)
def close_cycle(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Move every cycle on whose time has come at `at` (now when None), for one office where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            due = [(cycle.id, cycles.steps_due(work, cycle)) for cycle in cycles_of(work.session, office=office)]
        for cycle_id, steps in due:
            sweep_items(report, close_batch, Shard(runtime, cycle_id, now), steps)
    return finish(report)

"""Tell each office what is wrong with its own installation. Handles no rungs."""

from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import Shard, SweepReport, finish, sweep_items
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.health import alarm, troubles_by_office

FLOW = "check-health"


@task(name="check_offices", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def check_offices(runtime: Runtime, cycle_id: str, items: list[str], now: datetime) -> dict[str, int]:  # noqa: ARG001 -- the signature of every batch
    """Look at some offices and plan their alarms of the day, where there is anything to say."""
    with runtime.transaction(now) as work:
        return {"troubles": sum(alarm(work, items).values())}


@flow(name=FLOW)
def check_health(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Look at every office at `at` (now when None), or at one where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            looked_at = troubles_by_office(work, offices=None if office is None else [office])
        troubled = [name for name, troubles in looked_at.items() if troubles]
        sweep_items(report, check_offices, Shard(runtime, "", now), troubled)
    return finish(report)

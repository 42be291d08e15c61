"""Tell each office what is wrong with its own installation. Handles no rungs."""

from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import SweepReport, call_batch, finish
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.health import Trouble, plan_alarms, troubles_by_office

FLOW = "check-health"


@task(name="plan_alarms", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def alarm(runtime: Runtime, found: dict[str, tuple[Trouble, ...]], now: datetime) -> dict[str, int]:
    """Plan the alarms of the day for some offices, with what was found wrong there."""
    with runtime.transaction(now) as work:
        return {"troubles": plan_alarms(work, found)}


@flow(name=FLOW)
def check_health(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Look at every office at `at` (now when None), or at one where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            looked_at = troubles_by_office(work, offices=None if office is None else [office])
        found = {name: troubles for name, troubles in looked_at.items() if troubles}
        for name, troubles in found.items():
            try:
                report.add(call_batch(alarm, runtime, {name: troubles}, now))
            except Exception as error:  # noqa: BLE001 -- one office's trouble must not hide the others'
                report.fail(name, error)
    return finish(report)

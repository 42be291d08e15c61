"""Tell each office what is wrong with its own installation. Handles no rungs."""

from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import SweepReport, call_batch, finish
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.health import alarm, troubles_by_office

FLOW = "check-health"


@task(name="check_office", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def check_office(runtime: Runtime, office: str, now: datetime) -> dict[str, int]:
    """Look at one office and plan its alarm of the day, if there is anything to say."""
    with runtime.transaction(now) as work:
        return {"troubles": alarm(work, office)}


@flow(name=FLOW)
def check_health(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Look at every office at `at` (now when None), or at one where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            troubled = [name for name, troubles in troubles_by_office(work, office=office).items() if troubles]
        for name in troubled:
            try:
                report.add(call_batch(check_office, runtime, name, now))
            except Exception as error:  # noqa: BLE001 -- one office's trouble must not hide the others'
                report.fail(name, error)
    return finish(report)

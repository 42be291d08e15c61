"""Record what certificates have become by their dates, and ask for their renewal in time. Handles no rungs."""

from dataclasses import asdict
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import Shard, SweepReport, finish, sweep_items
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.certificate_facts import cycles_of_the_day
from ocop_workflow.services.certificate_watch import certificates_to_watch, watch

FLOW = "watch-certificates"


@task(name="watch_batch", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def watch_batch(runtime: Runtime, cycle_id: str, items: list[str], now: datetime) -> dict[str, int]:  # noqa: ARG001 -- the signature of every batch
    """Watch one batch of certificates."""
    with runtime.transaction(now) as work:
        return asdict(watch(work, items))


@flow(name=FLOW)
def watch_certificates(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Watch every certificate that comes near its expiry at `at` (now when None), of one office where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            cycles = cycles_of_the_day(work.session, office=office).values()
            due = [(cycle.id, certificates_to_watch(work, cycle)) for cycle in cycles]
        for cycle_id, items in due:
            sweep_items(report, watch_batch, Shard(runtime, cycle_id, now), items)
    return finish(report)

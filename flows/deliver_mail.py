"""Bundle planned notices into mails, seal the day, and hand the mails over."""

from dataclasses import asdict
from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import SweepReport, call_batch, finish
from ocop_workflow.errors import OcopError
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.bundling import PARTIES_AT_ONCE, bundle, offices_with_mail, parties_waiting
from ocop_workflow.services.delivery import deliver
from ocop_workflow.services.sealing import seal_day

FLOW = "deliver-mail"


class MailsFailedError(OcopError):
    """Some mails could not be made or handed over for a reason of our own; they are tried again later."""

    def __init__(self, count: int) -> None:
        """Say how many."""
        super().__init__(f"{count} mails failed and are tried again later; the log says why")


@task(name="deliver", retries=2, retry_delay_seconds=5, timeout_seconds=900, cache_policy=NO_CACHE)
def deliver_office(runtime: Runtime, office: str, now: datetime) -> dict[str, int]:
    """Bundle and hand over one office's mail, batch by batch, until nothing is due."""
    domain = runtime.settings.sender_address.rpartition("@")[2]
    counts = {"bundled": 0, "unreachable": 0, "failed": 0}
    post = runtime.post_office(now)
    with post.reading() as work:
        parties = parties_waiting(work.session, office)
    for start in range(0, len(parties), PARTIES_AT_ONCE):
        with post.writing() as work:  # not at `now`: the offices before this one may have taken hours
            bundled = bundle(work, office, parties[start : start + PARTIES_AT_ONCE], sender_domain=domain)
        counts["bundled"] += bundled.notices
        counts["unreachable"] += bundled.unreachable
    more = True
    while more:
        delivered, more = deliver(runtime.post_office(now), office)
        for name, count in asdict(delivered).items():
            counts[name] = counts.get(name, 0) + count
        # With the server away every other mail would only run into the same wall; the next run tries again.
        more = more and delivered.accepted + delivered.refused + delivered.withdrawn > 0
    return counts


@flow(name=FLOW)
def deliver_mail(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Deliver what is due at `at` (now when None), for one office where named."""
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.transaction(now) as work:
            seal_day(work)
            offices = [office] if office is not None else offices_with_mail(work.session)
        for name in offices:
            try:
                counts = call_batch(deliver_office, runtime, name, now)
            except Exception as error:  # noqa: BLE001 -- one office's trouble must not hold up the others' mail
                report.fail(name, error)
                continue
            report.add(counts)
            if counts["failed"]:
                report.fail(name, MailsFailedError(counts["failed"]))
    return finish(report)

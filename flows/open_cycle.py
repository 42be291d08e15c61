"""Project what the open cycles ask of whom: dossiers, reports of all periods, plan tasks."""

from datetime import datetime

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.running import Shard, SweepReport, finish, sweep_items
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.cycles import INTAKE_CLOSED, OPEN, cycles_of
from ocop_workflow.services.projection import (
    are_duties_missing,
    missing_products,
    project_reports,
    project_tasks,
    register_products,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle

FLOW = "open-cycle"
DUTIES = "reports and tasks"
"""The item that stands for a cycle's reports and tasks beside its products."""


@task(name="project", retries=2, retry_delay_seconds=5, timeout_seconds=300, cache_policy=NO_CACHE)
def project(runtime: Runtime, cycle_id: str, items: list[str], now: datetime) -> dict[str, int]:
    """Project one batch of a cycle: some products, or its reports and tasks."""
    actor = f"system:{FLOW}"
    with runtime.transaction(now) as work:
        cycle = work.session.get_one(Cycle, cycle_id)
        counts = {"dossiers": 0, "reports": 0, "tasks": 0}
        if DUTIES in items:
            counts["reports"] = project_reports(work, cycle, actor=actor)
            counts["tasks"] = project_tasks(work, cycle, actor=actor)
        missing = set(missing_products(work, cycle))
        keys = [item for item in items if item in missing]
        counts["dossiers"] = register_products(work, cycle, keys, actor=actor)
        return counts


@flow(name=FLOW)
def open_cycle(at: datetime | None = None, office: str | None = None) -> dict[str, object]:
    """Project every open cycle, of one office where named; again adds only what is missing, and writes nothing else.

    A cycle whose intake is closed gets no more dossiers, but still its reports and tasks.
    """
    report = SweepReport(FLOW)
    with open_runtime() as runtime:
        now = runtime.business_now(at)
        with runtime.reading(now) as work:
            due = [
                (cycle.id, _missing(work, cycle))
                for cycle in cycles_of(work.session, office=office, statuses=(OPEN, INTAKE_CLOSED))
            ]
        for cycle_id, items in due:
            sweep_items(report, project, Shard(runtime, cycle_id, now), items)
    return finish(report)


def _missing(work: UnitOfWork, cycle: Cycle) -> list[str]:
    """Return the items of a cycle that have no rows yet."""
    duties = [DUTIES] if are_duties_missing(work, cycle) else []
    return [*duties, *(missing_products(work, cycle) if cycle.status == OPEN else ())]

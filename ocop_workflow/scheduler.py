"""Which flow runs when: one tick, and APScheduler's clock around it.

Flows are reached by the name that `config/schedules.yaml` gives them, so no import leads back from the application to
`flows`; a test resolves every name.
"""

import importlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import Schedule
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import Runtime

_log = logging.getLogger(__name__)


class EmbeddedFlow(Protocol):
    """What the application uses of a Prefect flow: its plain function."""

    fn: Callable[..., dict[str, Any]]


class UnknownFlowError(InputError):
    """No schedule has a flow of this name."""


@dataclass(slots=True)
class Tick:
    """What one tick did: the report of each flow, and what failed."""

    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def resolve_flow(entrypoint: str) -> EmbeddedFlow:
    """Return the flow that an entry point such as `flows.send_reminders:send_reminders` names."""
    module, _, name = entrypoint.partition(":")
    return cast("EmbeddedFlow", getattr(importlib.import_module(module), name))


def schedule_of(schedules: Sequence[Schedule], flow: str) -> Schedule:
    """Return the schedule of a flow.

    Raises:
        UnknownFlowError: There is none; the sentence names those there are.
    """
    for schedule in schedules:
        if schedule.flow == flow:
            return schedule
    known = ", ".join(schedule.flow for schedule in schedules)
    raise UnknownFlowError(f"no flow {flow[:80]!r}; known are {known}")


def run_flow(runtime: Runtime, schedule: Schedule, *, at: datetime | None = None) -> dict[str, Any]:
    """Run one flow in this process, untracked, at `at` (now when None)."""
    with runtime.active():
        return resolve_flow(schedule.entrypoint).fn(at=at)


def tick(runtime: Runtime, schedules: Sequence[Schedule], *, at: datetime | None = None) -> Tick:
    """Run every flow once, in the order of the schedules; one that fails does not stop the others."""
    result = Tick()
    now = runtime.business_now(at)
    for schedule in schedules:
        try:
            result.reports[schedule.flow] = run_flow(runtime, schedule, at=now)
        except Exception as error:  # noqa: BLE001 -- logged and returned; the other flows of the tick must run
            _log.exception("the flow %s failed", schedule.flow)
            result.failures[schedule.flow] = str(error)
    return result


def embedded_scheduler(schedules: Sequence[Schedule], run: Callable[[Schedule], None]) -> BackgroundScheduler:
    """Return a scheduler, not started, that calls `run` for each schedule at its times and once at the start.

    What was missed while the process was down is found by that first run in the database, so nothing is stored here.
    Flows run one after the other, those due at the same instant in the order of the schedules: side by side they would
    only wait for each other's transactions, and Prefect is slow with many runs in one process.
    """
    scheduler = BackgroundScheduler(
        timezone=OFFICE_ZONE,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )
    for place, schedule in enumerate(schedules):
        # Of jobs due at the same instant APScheduler takes the one with the smallest id first.
        job = f"{place:02d}-{schedule.flow}"
        scheduler.add_job(run, trigger_of(schedule), args=[schedule], id=job, name=schedule.title.en)
        scheduler.add_job(run, args=[schedule], id=f"{job}-at-start")
    return scheduler


def trigger_of(schedule: Schedule) -> CronTrigger:
    """Return APScheduler's trigger for a schedule, in the office's zone."""
    return CronTrigger(
        minute=schedule.minute,
        hour=schedule.hour,
        day=schedule.day,
        month=schedule.month,
        day_of_week=schedule.day_of_week,
        timezone=OFFICE_ZONE,
    )


def run_logged(runtime: Runtime, schedule: Schedule) -> None:
    """Run a flow for the scheduler: a failure is logged, the next run tries again."""
    try:
        run_flow(runtime, schedule)
    except Exception:  # noqa: BLE001 -- logged; the scheduler must go on
        _log.exception("the flow %s failed; its next run tries again", schedule.flow)


__all__ = [
    "EmbeddedFlow",
    "Tick",
    "UnknownFlowError",
    "embedded_scheduler",
    "resolve_flow",
    "run_flow",
    "run_logged",
    "schedule_of",
    "tick",
    "trigger_of",
]

"""Strings that bind two systems: every scheduled name is a flow, and both schedulers read its times alike."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from prefect import Flow

from ocop_workflow.config_files import default_config_dir, load_schedules
from ocop_workflow.scheduler import embedded_scheduler, resolve_flow, trigger_of

FLOWS = [
    "check-health",
    "open-cycle",
    "watch-certificates",
    "send-reminders",
    "chase-reports",
    "enforce-deadlines",
    "close-cycle",
    "deliver-mail",
]


def test_schedules_name_every_flow_with_mail_last() -> None:
    """One tick runs them in this order, so that what was planned leaves in the same tick."""
    assert [schedule.flow for schedule in load_schedules(default_config_dir())] == FLOWS


def test_every_entrypoint_is_a_flow_of_that_name() -> None:
    """A misspelt entry point is found here, not at night by the scheduler."""
    for schedule in load_schedules(default_config_dir()):
        flow = resolve_flow(schedule.entrypoint)

        assert isinstance(flow, Flow)
        assert flow.name == schedule.flow


def test_every_schedule_is_a_trigger_in_the_offices_zone() -> None:
    for schedule in load_schedules(default_config_dir()):
        trigger = trigger_of(schedule)

        assert isinstance(trigger, CronTrigger)
        assert trigger.timezone == ZoneInfo("Asia/Ho_Chi_Minh")


def test_embedded_scheduler_has_each_flow_on_time_and_once_at_the_start() -> None:
    schedules = load_schedules(default_config_dir())
    scheduler = embedded_scheduler(schedules, lambda _schedule: None)
    scheduler.start(paused=True)
    jobs = [job.id for job in scheduler.get_jobs()]
    scheduler.shutdown(wait=False)

    assert sorted(jobs) == sorted(f"{n:02d}-{flow}{end}" for n, flow in enumerate(FLOWS) for end in ("", "-at-start"))


def test_flows_due_at_the_same_instant_run_in_the_order_of_the_schedules() -> None:
    """At 07:30 the sweeps plan before the digest leaves; otherwise it would leave without them."""
    schedules = [
        schedule.model_copy(update={"cron": "30 7 * * *"}) for schedule in load_schedules(default_config_dir())
    ]
    scheduler = embedded_scheduler(list(reversed(schedules)), lambda _schedule: None)
    scheduler.start(paused=True)
    for job in scheduler.get_jobs():
        if job.id.endswith("-at-start"):
            job.remove()
    due = scheduler._lookup_jobstore("default").get_due_jobs(datetime(2999, 1, 1, tzinfo=UTC))
    scheduler.shutdown(wait=False)

    assert [job.args[0].flow for job in due] == list(reversed(FLOWS))

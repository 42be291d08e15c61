"""Strings that bind two systems: every scheduled name is a flow, and both schedulers read its times alike."""

from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from prefect import Flow

from ocop_workflow.config_files import default_config_dir, load_schedules
from ocop_workflow.scheduler import embedded_scheduler, resolve_flow, trigger_of

FLOWS = ["open-cycle", "send-reminders", "chase-reports", "enforce-deadlines", "close-cycle", "deliver-mail"]


def test_schedules_name_the_six_flows_with_mail_last() -> None:
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


def test_embedded_scheduler_has_each_flow_once_on_time_and_once_at_the_start() -> None:
    schedules = load_schedules(default_config_dir())
    scheduler = embedded_scheduler(schedules, lambda _schedule: None)
    scheduler.start(paused=True)
    jobs = {job.id for job in scheduler.get_jobs()}
    scheduler.shutdown(wait=False)

    assert jobs == {*FLOWS, *(f"{flow}-at-start" for flow in FLOWS)}

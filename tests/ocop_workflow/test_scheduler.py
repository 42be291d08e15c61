"""Which flow runs when: one tick of all, one after the other, whatever fails."""

from collections.abc import Generator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import Schedule, default_config_dir, load_schedules
from ocop_workflow.runtime import Runtime, create_data_folder, open_runtime
from ocop_workflow.scheduler import UnknownFlowError, run_flow, run_logged, schedule_of, tick, trigger_of
from ocop_workflow.services.installation import ClockRefusedError
from ocop_workflow.settings import Settings

START = datetime(2018, 1, 2, 7, 30, tzinfo=OFFICE_ZONE)
SCHEDULES = load_schedules(default_config_dir())


@pytest.fixture
def runtime(tmp_path: Path) -> Generator[Runtime, None, None]:
    """A simulated folder with no cycle in it."""
    folder = tmp_path / "folder"
    create_data_folder(folder, mode="simulated", seed="1", now=START)
    with open_runtime(folder, settings=Settings()) as opened:
        yield opened


def test_tick_runs_every_flow_in_the_order_of_the_schedules(runtime: Runtime) -> None:
    result = tick(runtime, SCHEDULES, at=START)

    assert list(result.reports) == [schedule.flow for schedule in SCHEDULES]
    assert result.failures == {}


def test_tick_goes_on_after_a_flow_that_failed(runtime: Runtime) -> None:
    """One failing flow does not hold up the others, and its error is told."""
    with runtime.database.transaction() as session:
        session.execute(text("DROP TABLE seal"))

    result = tick(runtime, SCHEDULES, at=START)

    assert list(result.failures) == ["deliver-mail"]
    assert "seal" in result.failures["deliver-mail"]
    assert len(result.reports) == len(SCHEDULES) - 1


def test_tick_without_an_instant_takes_the_folders(runtime: Runtime) -> None:
    tick(runtime, SCHEDULES, at=START + timedelta(days=3))
    result = tick(runtime, SCHEDULES)

    assert result.failures == {}
    assert runtime.business_now() == START + timedelta(days=3)


def test_run_flow_refuses_an_instant_before_the_last(runtime: Runtime) -> None:
    tick(runtime, SCHEDULES, at=START + timedelta(days=3))

    with pytest.raises(ClockRefusedError):
        run_flow(runtime, schedule_of(SCHEDULES, "deliver-mail"), at=START)


def test_run_logged_swallows_nothing_but_goes_on(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    with runtime.database.transaction() as session:
        session.execute(text("DROP TABLE seal"))

    run_logged(runtime, schedule_of(SCHEDULES, "deliver-mail"))

    assert "the flow deliver-mail failed; its next run tries again" in caplog.text


def test_schedule_of_names_the_flows_there_are() -> None:
    with pytest.raises(
        UnknownFlowError, match="no flow 'sendreminders'; known are check-health, open-cycle, watch-certificates"
    ):
        schedule_of(SCHEDULES, "sendreminders")


def test_trigger_of_fires_at_the_offices_time() -> None:
    schedule = Schedule.model_validate(
        {
            "flow": "a-flow",
            "entrypoint": "flows.a:b",
            "cron": "30 7 * * mon-fri",
            "title": {"vi": "Thử", "en": "A trial"},
        }
    )
    friday_evening = datetime(2018, 3, 30, 20, tzinfo=OFFICE_ZONE)

    assert trigger_of(schedule).get_next_fire_time(None, friday_evening) == datetime(
        2018, 4, 2, 7, 30, tzinfo=OFFICE_ZONE
    )

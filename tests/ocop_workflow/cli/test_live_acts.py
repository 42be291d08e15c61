"""Acts by command in a live folder, written down on another day than they happened (section 6, I9)."""

import dataclasses
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ocop_workflow.clock import OFFICE_ZONE, SetClock, SystemClock, at_local, local_day
from ocop_workflow.config_files import load_plan_files
from ocop_workflow.replay import documents_for
from ocop_workflow.runtime import create_data_folder, open_runtime
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.events import events_of
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.storage.tables import Event

SMALL = Path(__file__).parents[1] / "small"
OFFICE = "coast/coordination_office"


def plan_of_this_year(config: Path, machine_now: datetime) -> int:
    """Write the small plan for the year at hand: its round opened twelve days ago, submissions in thirty days."""
    today = local_day(machine_now)
    shutil.copytree(SMALL, config)
    path = config / "cycles" / "coast-2018.yaml"
    plan = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 -- gives text only
    year = plan["years"].pop("2018")
    (round_,) = year["rounds"]
    round_ |= {"opens_on": str(today - timedelta(days=12)), "closes_on": str(today + timedelta(days=60))}
    round_["stages"]["registration"]["submission"]["due"]["by"] = str(today + timedelta(days=30))
    year["tasks"] = []
    plan |= {"years": {str(today.year): year}, "first_day": f"{today.year - 1}-01-01"}
    plan["runs_until"] = f"{today.year + 2}-04-01"
    path.write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")
    return today.year


@pytest.fixture(scope="module")
def machine_now() -> datetime:
    """The machine's time when the module began."""
    return SystemClock().now()


@pytest.fixture
def live(tmp_path: Path, machine_now: datetime) -> Path:
    """A live folder in which the cycle was opened ten days ago, at noon."""
    year = plan_of_this_year(tmp_path / "config", machine_now)
    files = load_plan_files(tmp_path / "config" / "cycles" / "coast-2018.yaml", tmp_path / "config")
    opened_at = at_local(local_day(machine_now) - timedelta(days=10), datetime.min.time().replace(hour=12))
    folder = tmp_path / "live"
    create_data_folder(folder, mode="live", now=opened_at)
    with open_runtime(folder) as opened:
        runtime = dataclasses.replace(opened, clock=SetClock(opened_at))
        with runtime.transaction(opened_at) as work:
            cycle = open_cycle(work, documents_for(files, year), year=year, actor=OFFICE)
            register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
    return folder


def at(instant: datetime) -> str:
    return instant.astimezone(OFFICE_ZONE).strftime("%Y-%m-%dT%H:%M")


def shown(ocop: Any, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ocop("dossier", "show", "1-1-1", "--data", folder, "--json").out)
    return found


def last_event(folder: Path) -> Event:
    """Return the last event of dossier 1-1-1."""
    with open_runtime(folder) as runtime, runtime.reading(runtime.business_now()) as work:
        return events_of(work.session, f"dossier:{find_dossier(work.session, '1-1-1').id}")[-1]


def test_a_submission_of_yesterday_is_taken_today_and_counts_from_yesterday(
    ocop: Any, live: Path, machine_now: datetime
) -> None:
    """I9: what came on paper counts from its receipt, not from typing; business time still never goes back."""
    yesterday = machine_now - timedelta(hours=26)
    done = ocop("dossier", "submit", "1-1-1", "--data", live, "--at", at(yesterday))

    assert (done.code, done.err) == (0, "")
    event = last_event(live)
    assert event.effective_at == yesterday.replace(second=0, microsecond=0)
    assert machine_now <= event.recorded_at <= SystemClock().now()


def test_a_submission_of_tomorrow_is_refused_in_one_sentence(ocop: Any, live: Path, machine_now: datetime) -> None:
    done = ocop("dossier", "submit", "1-1-1", "--data", live, "--at", at(machine_now + timedelta(days=1)))

    assert done.code == 2
    assert "in the future" in done.err
    assert shown(ocop, live)["status"] == "awaiting_submission"


@pytest.mark.parametrize(("days", "code"), [(11, 0), (13, 2)])
def test_a_submission_from_before_the_round_is_refused_and_one_from_before_the_opening_is_not(
    ocop: Any, live: Path, machine_now: datetime, days: int, code: int
) -> None:
    """The round opened twelve days ago, and the office began to work with this two days later."""
    done = ocop("dossier", "submit", "1-1-1", "--data", live, "--at", at(machine_now - timedelta(days=days)))

    assert done.code == code
    assert ("nothing can be recorded there before" in done.err) == bool(code)


def test_an_act_from_before_its_stage_is_refused(ocop: Any, live: Path, machine_now: datetime) -> None:
    """Forwarded before the district had decided: one of the two instants is mistyped."""
    for command, days, more in (("submit", 9, ()), ("receive", 8, ()), ("decide", 5, ("--verdict", "accepted"))):
        moment = at(machine_now - timedelta(days=days))
        assert ocop("dossier", command, "1-1-1", "--data", live, "--at", moment, *more).code == 0
    refused = ocop("dossier", "submit", "1-1-1", "--data", live, "--at", at(machine_now - timedelta(days=6)))
    taken = ocop("dossier", "submit", "1-1-1", "--data", live, "--at", at(machine_now - timedelta(days=4)))

    assert (refused.code, taken.code) == (2, 0)
    assert "nothing can be recorded there before" in refused.err
    assert last_event(live).effective_at == (machine_now - timedelta(days=4)).replace(second=0, microsecond=0)

"""A real Prefect server, a worker in a process of its own, and a schedule that fires by itself."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.cli.demo import default_staging, prepare_folder
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, load_plan_files, load_schedules
from ocop_workflow.replay import Staging, stage_year
from ocop_workflow.runtime import open_runtime
from ocop_workflow.scheduler import run_flow, schedule_of
from ocop_workflow.tracking import PrefectServer, prefect_server

pytestmark = pytest.mark.slow

SPRING = Path(__file__).parents[1] / "replay" / "spring.yaml"
FLOWS = ("send-reminders", "chase-reports", "enforce-deadlines")
POOL = "test-pool"
WATCHED = ("obligation", "notice", "event", "dossier", "report", "cycle", "plan_task")


@dataclass(frozen=True)
class PrefectApi:
    """The few calls of Prefect's REST API that the tests need."""

    url: str

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """GET, or POST a body, and return the answer; a server that is busy for a moment is asked again."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api{path}", data, {"Content-Type": "application/json"})

        def answered() -> tuple[Any, ...]:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return (json.loads(answer.read()),)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                return ()

        return wait_for(answered, 30)[0]

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """Return a flow's runs, the first expected first."""
        body = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": 100}
        found: list[dict[str, Any]] = self.ask("/flow_runs/filter", body)
        return found

    def start(self, flow: str) -> str:
        """Ask for a run now and return its id."""
        deployment = self.ask(f"/deployments/name/{flow}/ocop")
        run: dict[str, str] = self.ask(
            f"/deployments/{deployment['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}}
        )
        return run["id"]

    def ended(self, run_id: str) -> str | None:
        """Return how a run ended, or None while it goes on."""
        kind: str = self.ask(f"/flow_runs/{run_id}")["state_type"]
        return kind if kind in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None


def wait_for(found: Callable[[], Any], seconds: float) -> Any:
    """Ask again until there is an answer; a bounded wait for another process."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        answer = found()
        if answer:
            return answer
        pause.wait(0.5)
    pytest.fail(f"nothing within {seconds} seconds")


def rows_of(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the watched tables."""
    connection = sqlite3.connect(folder / "ocop.db")
    rows = {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr) for table in WATCHED}
    connection.close()
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated folder in which nobody did anything until 31 March: reports are late, reminders due, dossiers over.

    The first submission was due by 14 March and lapses eight days later; the reports were due before the 30th.
    """
    path = tmp_path_factory.mktemp("prefect") / "data"
    config = default_config_dir()
    base = default_staging(config)
    demo = base.demo.model_copy(update={"opens": "03-01"})
    staging = Staging(load_plan_files(SPRING, config), 2018, 5, demo, base.schedules)
    prepare_folder(path, staging)
    with open_runtime(path) as runtime:
        stage_year(runtime, staging)
        with runtime.transaction(datetime(2018, 3, 31, 8, tzinfo=OFFICE_ZONE)):
            pass
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[PrefectServer, None, None]:
    """A Prefect server of our own on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        pytest.MonkeyPatch.context() as patched,
        prefect_server(tmp_path_factory.mktemp("server"), port=port) as running,
    ):
        for name in running.environment:
            patched.delenv(name)
        yield running


@pytest.fixture(scope="module")
def api(server: PrefectServer) -> PrefectApi:
    """The server's REST API."""
    return PrefectApi(server.url)


@pytest.fixture(scope="module")
def registered(server: PrefectServer, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The work pool with the flows that the command registered, reminders at every minute."""
    config = tmp_path_factory.mktemp("config") / "config"
    shutil.copytree(default_config_dir(), config)
    schedules = config / "schedules.yaml"
    text = schedules.read_text(encoding="utf-8")
    text = "\n".join(
        line.split('cron: "')[0] + 'cron: "0 3 1 1 *"' if "cron:" in line else line for line in text.splitlines()
    )
    head, _, tail = text.partition("flow: send-reminders")
    schedules.write_text(
        head + "flow: send-reminders" + tail.replace('"0 3 1 1 *"', '"* * * * *"', 1), encoding="utf-8"
    )
    command = [
        sys.executable,
        "-m",
        "flows.deployments",
        "--data",
        str(folder),
        "--pool",
        POOL,
        "--config",
        str(config),
    ]
    done = subprocess.run(command, env=environment(server), capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "send-reminders/ocop: * * * * * (Asia/Ho_Chi_Minh)" in done.stdout
    return POOL


@pytest.fixture(scope="module")
def worker(
    server: PrefectServer, registered: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[None, None, None]:
    """A worker in a process of its own, stopped before its server."""
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", registered]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**environment(server), "PREFECT_WORKER_QUERY_SECONDS": "2"}, stdout=output, stderr=output
        )
        yield
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(server: PrefectServer) -> dict[str, str]:
    """Return the environment of processes that use the server."""
    return {**os.environ, **server.environment}


@pytest.mark.usefixtures("worker")
def test_scheduled_run_fires_by_itself_and_does_what_an_embedded_tick_does(
    api: PrefectApi, folder: Path, tmp_path: Path
) -> None:
    """With the wrong SQLAlchemy the server starts and never schedules; here a run comes within two minutes."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with open_runtime(copy) as runtime:
        for flow in FLOWS:
            run_flow(runtime, schedule_of(load_schedules(default_config_dir()), flow))

    def completed_by_schedule() -> list[dict[str, Any]]:
        return [run for run in api.runs("send-reminders") if run["auto_scheduled"] and run["state_type"] == "COMPLETED"]

    wait_for(completed_by_schedule, 120)
    for flow in FLOWS[1:]:
        run_id = api.start(flow)
        assert wait_for(partial(api.ended, run_id), 90) == "COMPLETED"
    connection = sqlite3.connect(folder / "ocop.db")
    found = [
        connection.execute(question).fetchone()[0]
        for question in (
            "SELECT count(*) FROM dossier WHERE status = 'lapsed'",
            "SELECT count(*) FROM obligation WHERE kind = 'report' AND overdue_at IS NOT NULL",
            "SELECT count(*) FROM notice WHERE rung IS NOT NULL AND status = 'planned'",
        )
    ]
    connection.close()

    assert rows_of(folder) == rows_of(copy)
    assert all(found), found


@pytest.mark.usefixtures("worker")
def test_second_run_adds_nothing(api: PrefectApi, folder: Path) -> None:
    """Every notice and event has a key of its own."""
    before = rows_of(folder)
    for flow in FLOWS:
        run_id = api.start(flow)
        wait_for(partial(api.ended, run_id), 90)

    assert rows_of(folder) == before


@pytest.mark.usefixtures("worker")
def test_flow_with_a_bad_item_ends_failed_with_the_others_committed(api: PrefectApi, folder: Path) -> None:
    """One obligation names a ladder that the plan does not have; the others' notices are there all the same."""
    connection = sqlite3.connect(folder / "ocop.db")
    with connection:
        connection.execute("DELETE FROM notice WHERE obligation_id IS NOT NULL")
        keys = [key for (key,) in connection.execute("SELECT id FROM obligation WHERE kind = 'report' ORDER BY id")]
        connection.execute("UPDATE obligation SET next_action_at = '2018-03-20 00:00:00' WHERE kind = 'report'")
        connection.execute("UPDATE obligation SET ladder = 'torn' WHERE id = ?", (keys[0],))
    run_id = api.start("chase-reports")
    ended = wait_for(partial(api.ended, run_id), 120)
    message = api.ask(f"/flow_runs/{run_id}")["state"]["message"]
    noticed = {row for (row,) in connection.execute("SELECT DISTINCT obligation_id FROM notice WHERE rung IS NOT NULL")}
    connection.close()

    assert ended == "FAILED"
    assert keys[0] in message
    assert keys[0] not in noticed
    assert len(noticed) > 1

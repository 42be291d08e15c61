"""One process: pages always, flows only in a live folder that is told to tick itself, tokens in no log."""

import logging
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler
from fastapi.testclient import TestClient

from ocop_workflow.clock import at_local
from ocop_workflow.config_files import default_config_dir, load_schedules
from ocop_workflow.runtime import create_data_folder
from ocop_workflow.services.installation import SIMULATED
from ocop_workflow.settings import Settings
from ocop_workflow.web.app import create_app
from ocop_workflow.web.serving import announcement, scheduler_for, server_config, ticking

if TYPE_CHECKING:
    from tests.ocop_workflow.web.conftest import Counter


def test_scheduler_for_a_live_folder_ticks_every_flow_of_the_schedules(counter: "Counter") -> None:
    schedules = load_schedules(default_config_dir())

    scheduler = scheduler_for(counter.runtime, schedules)

    assert scheduler is not None
    assert {schedule.flow for schedule in schedules} == {job.args[0].flow for job in scheduler.get_jobs()}
    assert not scheduler.running


def test_scheduler_for_a_simulated_folder_is_none(simulated_counter: "Counter") -> None:
    assert scheduler_for(simulated_counter.runtime, load_schedules(default_config_dir())) is None


@pytest.mark.parametrize("choice", ["prefect", "off"])
def test_scheduler_for_a_folder_that_others_tick_is_none(counter: "Counter", choice: str) -> None:
    runtime = replace(counter.runtime, settings=Settings.model_validate({"scheduler": choice}))

    assert scheduler_for(runtime, load_schedules(default_config_dir())) is None


def test_announcement_says_what_ticks(counter: "Counter") -> None:
    live, simulated = counter.runtime, replace(counter.runtime, mode=SIMULATED)
    left = replace(live, settings=Settings.model_validate({"scheduler": "off"}))

    assert "nothing ticks" in announcement(simulated, None)
    assert "OCOP_SCHEDULER=off" in announcement(left, None)
    assert "schedules.yaml" in announcement(live, BackgroundScheduler())


def test_ticking_runs_the_scheduler_as_long_as_the_application_serves(counter: "Counter") -> None:
    scheduler = BackgroundScheduler()

    with TestClient(create_app(counter.runtime, lifespan=ticking(scheduler))) as client:
        assert client.get("/healthz").status_code == 200
        assert scheduler.running

    assert not scheduler.running


def test_ticking_of_nothing_serves_the_pages(simulated_counter: "Counter") -> None:
    with TestClient(create_app(simulated_counter.runtime, lifespan=ticking(None))) as client:
        assert client.get("/healthz").status_code == 200


def test_served_token_stands_in_no_log(
    counter: "Counter",
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real server on the loopback; what it prints and what loggers pass on is looked through."""
    token = counter.token()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(server_config(create_app(counter.runtime), host="127.0.0.1", port=0))
        monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
        caplog.set_level(logging.DEBUG)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with urlopen(f"http://127.0.0.1:{listening.getsockname()[1]}/s/{token}", timeout=10) as answer:
                page, server_header = answer.read().decode(), answer.headers["server"]
        finally:
            server.should_exit = True
            thread.join(timeout=10)

    assert "Mật ong hoa nhãn" in page
    assert server_header is None
    printed = capsys.readouterr()
    assert "Uvicorn" in printed.err or "server process" in printed.err
    assert token not in printed.out + printed.err + caplog.text


@pytest.mark.slow
def test_serve_shows_a_simulated_folder_until_it_is_interrupted(tmp_path: Path) -> None:
    """The command itself, in a process of its own: it announces, answers, and ends at once."""
    folder = tmp_path / "folder"
    create_data_folder(folder, mode=SIMULATED, seed="1", now=at_local(date(2018, 1, 2), time(8)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ocop_workflow", "serve", "--data", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            started = next(line for line in process.stderr if "Uvicorn running" in line)
            assert str(port) in started
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
                assert answer.read() == b"ok"
        finally:
            process.send_signal(signal.SIGINT)
            printed, _ = process.communicate(timeout=20)

    assert "nothing ticks" in printed

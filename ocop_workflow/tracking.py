"""A Prefect server beside the application, and flows run in this process as runs that it tracks.

Truth is in our own tables: with the server away a flow runs untracked, and nothing is lost.
"""

import importlib
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ocop_workflow.config_files import Schedule
from ocop_workflow.errors import OcopError
from ocop_workflow.runtime import Runtime
from ocop_workflow.scheduler import resolve_flow, run_flow

TRACKED_RUNNER = ("flows.running", "run_tracked")
"""The function that runs a flow tracked, by name, since no import leads from here to `flows`."""

HOME = "prefect"
"""Prefect's own folder in the data folder: its database, disposable."""

DEFAULT_PORT = 4200
STARTUP_SECONDS = 120.0
STOP_SECONDS = 15.0

_log = logging.getLogger(__name__)


class PrefectServerError(OcopError):
    """The Prefect server did not start."""


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """A running server of our own.

    Attributes:
        url: Where people see it.
        environment: The variables that make this and other processes use it.
    """

    url: str
    environment: dict[str, str]

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page."""
        return f"{self.url}/runs/flow-run/{run_id}"


@dataclass(frozen=True, slots=True)
class TickedFlow:
    """One flow of a tracked tick: its run's page where it was tracked, and why it failed or None."""

    flow: str
    page: str | None
    failure: str | None


def prefect_environment(home: Path, port: int) -> dict[str, str]:
    """Return the variables for a server and its clients that keep to this machine and to one folder."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    }


@contextmanager
def prefect_server(data_dir: Path, *, port: int = DEFAULT_PORT) -> Generator[PrefectServer, None, None]:
    """Start a Prefect server as a child, let this process use it, and stop it at the end.

    Must be entered before Prefect is imported, since it reads its settings then.

    Raises:
        PrefectServerError: The port is taken, or the server did not answer in two minutes; its log is named.
    """
    if "prefect" in sys.modules:
        _log.warning("Prefect was imported before its server's settings were known; runs may not be tracked")
    _refuse_taken(port)
    home = data_dir / HOME
    home.mkdir(exist_ok=True)
    environment = prefect_environment(home.absolute(), port)
    log_file = home / "server.log"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log_file.open("ab") as log:
        child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)  # noqa: S603 -- our own interpreter
        try:
            _await_health(child, port, log_file)
            os.environ.update(environment)
            yield PrefectServer(f"http://127.0.0.1:{port}", environment)
        finally:
            _stop(child)


def run_flow_tracked(
    runtime: Runtime, server: PrefectServer, schedule: Schedule, *, at: datetime | None = None
) -> TickedFlow:
    """Run one flow in this process as a tracked run; untracked when the server can't be reached."""
    module, name = TRACKED_RUNNER
    run_tracked = getattr(importlib.import_module(module), name)
    try:
        with runtime.active():
            tracked = run_tracked(resolve_flow(schedule.entrypoint), at=at)
    except RuntimeError as error:  # Prefect: "Failed to reach API at …"
        _log.error("Prefect is out of reach (%s); %s runs untracked", error, schedule.flow)
        return _untracked(runtime, schedule, at)
    return TickedFlow(schedule.flow, server.run_page(tracked.run_id), tracked.failure)


def run_tracked_logged(runtime: Runtime, server: PrefectServer, schedule: Schedule) -> None:
    """Run a flow for the scheduler: a failure is logged, the next run tries again."""
    ticked = run_flow_tracked(runtime, server, schedule)
    if ticked.failure is not None:
        _log.error("the flow %s failed (%s): %s", schedule.flow, ticked.page, ticked.failure)


def _untracked(runtime: Runtime, schedule: Schedule, at: datetime | None) -> TickedFlow:
    try:
        run_flow(runtime, schedule, at=at)
    except Exception as error:  # noqa: BLE001 -- logged and returned; the next tick tries again
        _log.exception("the flow %s failed", schedule.flow)
        return TickedFlow(schedule.flow, None, str(error))
    return TickedFlow(schedule.flow, None, None)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PrefectServerError(
                f"port {port} is taken, perhaps by another Prefect server; stop it or give another --prefect-port"
            ) from error


def _await_health(child: subprocess.Popen[bytes], port: int, log_file: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise PrefectServerError(f"the Prefect server stopped with {child.returncode}; see {log_file}")
        if _is_healthy(port):
            return
        time.sleep(0.2)
    raise PrefectServerError(f"the Prefect server did not answer within {STARTUP_SECONDS:.0f} seconds; see {log_file}")


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:  # loopback
            return bool(answer.read() == b"true")
    except OSError:
        return False


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Stop the server; kill it when it does not listen."""
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()

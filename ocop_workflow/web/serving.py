"""One process: the pages, and in a live folder the flows at their times."""

import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler
from fastapi import FastAPI
from rich.console import Console
from starlette.types import Lifespan

from ocop_workflow.config_files import Schedule
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import Runtime
from ocop_workflow.scheduler import embedded_scheduler, run_logged
from ocop_workflow.web.app import create_app


class AddressNotFreeError(InputError):
    """The address is taken by another program, or is not one of this machine."""


STOPPING_SECONDS = 5
"""How long open connections may take to end when the server is stopped."""


Run = Callable[[Schedule], None]
"""What the scheduler calls when a flow's time has come."""


def serve(runtime: Runtime, *, host: str, port: int, schedules: Sequence[Schedule], run: Run | None = None) -> None:
    """Serve the pages until the process is told to stop; what ticks is said on the console.

    Args:
        runtime: The data folder.
        host: The address to listen on.
        port: The port to listen on.
        schedules: The flows with their times.
        run: What runs a flow; untracked in this process when None.

    Raises:
        AddressNotFreeError: The address can't be listened on.
    """
    _check_free(host, port)
    scheduler = scheduler_for(runtime, schedules, run)
    Console().print(announcement(runtime, scheduler), highlight=False, soft_wrap=True)
    app = create_app(runtime, lifespan=ticking(scheduler))
    uvicorn.Server(server_config(app, host=host, port=port)).run()


def _check_free(host: str, port: int) -> None:
    """Refuse an address that is taken or not this machine's, before anything ticks."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise AddressNotFreeError(
            f"{host}:{port} can't be listened on: it is taken, reserved or not this machine's; "
            "give another --port or --host"
        ) from error


def scheduler_for(
    runtime: Runtime, schedules: Sequence[Schedule], run: Run | None = None
) -> BackgroundScheduler | None:
    """Return the scheduler of this process, not started, or None where nothing is to tick.

    A simulated folder is only shown; with `OCOP_SCHEDULER` other than `embedded` somebody else ticks.
    """
    if runtime.simulated or runtime.settings.scheduler != "embedded":
        return None
    return embedded_scheduler(schedules, run or partial(run_logged, runtime))


def ticking(scheduler: BackgroundScheduler | None) -> Lifespan[FastAPI]:
    """Return a lifespan that starts the scheduler with the server and stops it, after what it is at, at the end."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        if scheduler is None:
            yield
            return
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown()

    return lifespan


def server_config(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """Return how the application is served: without an access log, since its lines would hold the tokens."""
    return uvicorn.Config(
        app, host=host, port=port, access_log=False, server_header=False, timeout_graceful_shutdown=STOPPING_SECONDS
    )


def announcement(runtime: Runtime, scheduler: BackgroundScheduler | None) -> str:
    """Return what the console says about what ticks."""
    if runtime.simulated:
        return "This folder is simulated: its pages are shown, nothing ticks, and its time stands still."
    if scheduler is None:
        return f"OCOP_SCHEDULER={runtime.settings.scheduler}: the pages are served, nothing ticks in this process."
    return "The pages are served, and the flows run at the times of schedules.yaml."

"""Commands about the data folder itself: init, migrate, serve."""

from contextlib import ExitStack
from functools import partial
from typing import Annotated

import typer

from ocop_workflow.cli.doctor import folder_checks
from ocop_workflow.cli.options import ConfigOption, DataOption
from ocop_workflow.cli.output import console, error_console
from ocop_workflow.config_files import default_config_dir, load_schedules
from ocop_workflow.runtime import DataFolderError, Runtime, create_data_folder, migrate_data_folder, open_runtime
from ocop_workflow.services.installation import LIVE
from ocop_workflow.settings import SETTINGS_FILE
from ocop_workflow.tracking import DEFAULT_PORT, prefect_server, run_tracked_logged


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(init)
    app.command()(migrate)
    app.command()(serve)


def init(data: DataOption = None) -> None:
    """Make a new data folder for an office, live for good.

    It holds the database, the keys of the status links and `settings.env`, where the mail server is named. The same
    settings can be given as environment variables OCOP_….
    """
    if data is None:
        raise DataFolderError("no folder was named; give --data DIR")
    create_data_folder(data, mode=LIVE)
    console.print(f"A live data folder is ready: {data}", highlight=False)
    console.print(f"Next: name your mail server in {data / SETTINGS_FILE},", highlight=False)
    console.print(f"then `ocop cycle open PLAN --year YEAR --data {data}`.", highlight=False)


def migrate(data: DataOption = None) -> None:
    """Bring a data folder's database to this version's tables. Make a copy of the folder before."""
    console.print(f"The database is at revision {migrate_data_folder(data)}.", highlight=False)


def serve(
    data: DataOption = None,
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    prefect: Annotated[
        bool, typer.Option("--prefect", help="Start a Prefect server too, which tracks every run of a flow.")
    ] = False,
    prefect_port: Annotated[int, typer.Option(min=1, max=65535, help="The port of the Prefect server.")] = DEFAULT_PORT,
) -> None:
    """Serve the status pages and, in a live folder, run the flows at the times of schedules.yaml.

    A simulated folder is only shown: nothing ticks in it. With --prefect a Prefect server of our own runs beside, on
    this machine only, with its files in the data folder; should it fail, the flows run all the same, untracked.
    """
    schedules = load_schedules(config or default_config_dir())
    with open_runtime(data) as runtime, ExitStack() as stack:
        _warn(runtime)
        run = None
        if prefect:
            console.print("Starting a Prefect server; the first time takes half a minute.")
            server = stack.enter_context(prefect_server(runtime.data_dir, port=prefect_port))
            console.print(f"Prefect tracks every run: {server.url}", highlight=False)
            run = partial(run_tracked_logged, runtime, server)
        from ocop_workflow.web.serving import serve as serve_pages  # noqa: PLC0415 -- FastAPI only where it serves

        serve_pages(runtime, host=host, port=port, schedules=schedules, run=run)


def _warn(runtime: Runtime) -> None:
    """Say at the start of a live folder what would keep mails or links from their readers."""
    if runtime.simulated:
        return
    for check in folder_checks(runtime):
        if not check.well:
            error_console.print(f"FAULT {check.name}: {check.sentence}", style="red", highlight=False, soft_wrap=True)

"""The command `ocop demo-prefect`: a week of the demo's year as runs that a real Prefect server tracks."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from notifications.catcher import MailCatcher
from ocop_workflow.cli.demo import MAIL_FOLDER, catcher_settings, default_staging, prepare_folder
from ocop_workflow.cli.options import ConfigOption
from ocop_workflow.cli.output import console, error_console, show_instant
from ocop_workflow.clock import local_day
from ocop_workflow.config_files import default_config_dir
from ocop_workflow.replay import Replayed, Staging, replay, stage_year
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.scheduler import Tick, tick
from ocop_workflow.tracking import DEFAULT_PORT, PrefectServer, TickedFlow, prefect_server, run_flow_tracked

DEFAULT_FOLDER = Path("demo-prefect-data")


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("demo-prefect")(demo_prefect)


def demo_prefect(
    data: Annotated[
        Path, typer.Option("--data", help="The folder to make; an earlier demo there is replaced.", file_okay=False)
    ] = DEFAULT_FOLDER,
    prefect_port: Annotated[int, typer.Option(min=1, max=65535, help="The port of the Prefect server.")] = DEFAULT_PORT,
    config: ConfigOption = None,
) -> None:
    """Replay one week of the demo's year with every flow run tracked by a local Prefect server.

    The weeks before are replayed untracked. At the end the address of each run's page is printed; the server stops, and
    `ocop serve --prefect` on the same folder brings it back with these runs.
    """
    staging = _up_to_the_tracked_days(default_staging(config or default_config_dir()))
    prepare_folder(data, staging)
    console.print("Starting a Prefect server; the first time takes half a minute.")
    with (
        prefect_server(data, port=prefect_port) as server,
        MailCatcher(data / MAIL_FOLDER) as catcher,
        open_runtime(data, settings=catcher_settings(data, catcher.port)) as runtime,
    ):
        replayed = _replay(runtime, server, staging)
        console.print(f"{catcher.count} mails lie in {data / MAIL_FOLDER}.", highlight=False)
    console.print(
        f"The server has stopped. `ocop serve --data {data} --prefect --prefect-port {prefect_port}` brings it back "
        f"with these runs at {server.url}; people's behaviour is simulated.",
        highlight=False,
        soft_wrap=True,
    )
    for sentence in [*replayed.refused, *replayed.failures][:10]:
        error_console.print(f"trouble: {sentence}", style="red", markup=False, soft_wrap=True)
    if replayed.refused or replayed.failures:
        raise typer.Exit(3)


def first_tracked_day(staging: Staging) -> date:
    """Return the first day whose ticks are tracked."""
    return date.fromisoformat(f"{staging.year}-{staging.demo.tracked.start}")


def _up_to_the_tracked_days(staging: Staging) -> Staging:
    last = first_tracked_day(staging) + timedelta(days=staging.demo.tracked.days - 1)
    return replace(staging, demo=staging.demo.model_copy(update={"until": f"{last:%m-%d}"}))


def _replay(runtime: Runtime, server: PrefectServer, staging: Staging) -> Replayed:
    first = first_tracked_day(staging)

    def ticker(at: datetime) -> Tick:
        if local_day(at) < first:
            return tick(runtime, staging.schedules, at=at)
        result = Tick()
        for schedule in staging.schedules:
            ticked = run_flow_tracked(runtime, server, schedule, at=at)
            _show(at, ticked)
            if ticked.failure is not None:
                result.failures[schedule.flow] = ticked.failure
        return result

    return replay(runtime, staging, stage_year(runtime, staging), ticker=ticker)


def _show(at: datetime, ticked: TickedFlow) -> None:
    state = "failed" if ticked.failure else "done"
    console.print(
        f"{show_instant(at)}  {ticked.flow:<18} {state:<7} {ticked.page or 'untracked'}",
        highlight=False,
        soft_wrap=True,
    )

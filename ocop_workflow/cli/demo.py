"""The command `ocop demo`: a whole year of a published plan, replayed in a minute."""

import shutil
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from notifications.catcher import MailCatcher
from ocop_workflow.cli.demo_summary import DemoSummary, print_summary, summarise, summary_object
from ocop_workflow.cli.options import ConfigOption, JsonOption, read_day
from ocop_workflow.cli.output import console, error_console, print_json
from ocop_workflow.clock import at_local
from ocop_workflow.config_files import (
    default_config_dir,
    find_plan,
    load_demo_settings,
    load_plan_files,
    load_schedules,
)
from ocop_workflow.errors import InputError
from ocop_workflow.replay import Replayed, Staging, replay, stage_year
from ocop_workflow.runtime import Runtime, create_data_folder, open_runtime
from ocop_workflow.services.installation import SIMULATED
from ocop_workflow.settings import Settings, load_settings

DEFAULT_FOLDER = Path("demo-data")
MAIL_FOLDER = "mail"
MARKER = "SIMULATED"
"""A file in the folder that the demo made; a folder without it is never replaced."""


class DemoFolderError(InputError):
    """The folder holds something that the demo did not make."""


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(demo)


def demo(
    plan: Annotated[str | None, typer.Option(help="The plan's id.", show_default="the one in demo.yaml")] = None,
    year: Annotated[int | None, typer.Option(help="The plan's year.", show_default="the one in demo.yaml")] = None,
    data: Annotated[
        Path, typer.Option("--data", help="The folder to make; an earlier demo there is replaced.", file_okay=False)
    ] = DEFAULT_FOLDER,
    seed: Annotated[int | None, typer.Option(min=0, help="The seed of people's behaviour.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Stop after this day of the year, such as 2018-04-10, to look at it half way.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay a whole yearly cycle of a published plan in simulated time.

    The plan, its product chains and stages are real; days and ladders that it does not print were chosen for this
    example. What people do is simulated: a script fixed by the seed says who is in time, late or never comes, and how
    councils score. The same flows and services run as in production, and every
    mail is sent over SMTP to a catcher on this machine, which keeps it as an .eml file.
    """
    started = time.monotonic()
    staging = default_staging(config or default_config_dir(), plan=plan, year=year, seed=seed)
    if until is not None:
        staging = _stopping(staging, read_day(until))
    prepare_folder(data, staging)
    with (
        MailCatcher(data / MAIL_FOLDER) as catcher,
        open_runtime(data, settings=catcher_settings(data, catcher.port)) as runtime,
    ):
        replayed = replay_with_progress(runtime, staging, quiet=as_json)
        summary = summarise(runtime, staging, emls=catcher.count)
    wall_seconds = round(time.monotonic() - started, 1)
    if as_json:
        print_json(summary_object(summary, wall_seconds=wall_seconds))
    else:
        print_summary(summary, data=data, mail=data / MAIL_FOLDER, wall_seconds=wall_seconds)
    _report_trouble(replayed, summary)


def _stopping(staging: Staging, day: date) -> Staging:
    if not staging.opens_on <= day <= date(staging.year, 12, 31):
        raise InputError(f"the demo runs from {staging.opens_on} on; give --until a later day of {staging.year}")
    return replace(staging, demo=staging.demo.model_copy(update={"until": f"{day:%m-%d}"}))


def default_staging(
    config_dir: Path, *, plan: str | None = None, year: int | None = None, seed: int | None = None
) -> Staging:
    """Return what the demo replays: plan, year and seed of demo.yaml where none is given."""
    settings = load_demo_settings(config_dir)
    return Staging(
        files=load_plan_files(find_plan(config_dir, plan or settings.plan), config_dir),
        year=year or settings.year,
        seed=settings.seed if seed is None else seed,
        demo=settings,
        schedules=load_schedules(config_dir),
    )


def prepare_folder(data: Path, staging: Staging) -> None:
    """Make the simulated folder, in place of an earlier one of the demo's.

    Raises:
        DemoFolderError: The folder was not made by the demo.
    """
    if data.exists() and any(data.iterdir()):
        if not (data / MARKER).is_file():
            raise DemoFolderError(f"{data} was not made by the demo and is left alone; give another --data")
        shutil.rmtree(data)
    opened_at = at_local(staging.opens_on, staging.demo.ticks[0])
    create_data_folder(data, mode=SIMULATED, seed=str(staging.seed), now=opened_at)
    (data / MARKER).write_text("Everything in this folder is simulated; `ocop demo` replaces it.\n", encoding="utf-8")


def catcher_settings(data: Path, port: int) -> Settings:
    """Return the folder's settings with the mail catcher as server and one connection, so that mails come in order."""
    changes: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "smtp_connections": 1}
    return load_settings(data).model_copy(update=changes)


def replay_with_progress(runtime: Runtime, staging: Staging, *, quiet: bool) -> Replayed:
    """Stage and replay the year, with a progress bar on a terminal unless `quiet`."""
    script = stage_year(runtime, staging)
    with _progress(staging, quiet=quiet) as advance:
        return replay(runtime, staging, script, on_day=advance)


@contextmanager
def _progress(staging: Staging, *, quiet: bool) -> Generator[Any, None, None]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    visible = not quiet and sys.stderr.isatty()
    with Progress(*columns, console=error_console, disable=not visible) as progress:
        task = progress.add_task(f"{staging.opens_on:%d/%m/%Y}", total=(staging.last_day - staging.opens_on).days + 2)

        def advance(day: date) -> None:
            progress.update(task, advance=1, description=f"{day:%d/%m/%Y}")

        yield advance


def _report_trouble(replayed: Replayed, summary: DemoSummary) -> None:
    """Say what went wrong, and exit with 3 when a check found a fault."""
    for sentence in [*replayed.refused, *replayed.failures][:10]:
        error_console.print(f"trouble: {sentence}", style="red", markup=False, soft_wrap=True)
    if summary.mails != summary.emls:
        error_console.print(f"trouble: {summary.mails} mails were sent, {summary.emls} arrived", style="red")
    if replayed.refused or replayed.failures or not summary.verified or summary.mails != summary.emls:
        raise typer.Exit(3)
    console.file.flush()

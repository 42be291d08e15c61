"""Commands that run flows: run, tick."""

from datetime import datetime
from typing import Annotated

import typer

from ocop_workflow.cli.options import AtOption, ConfigOption, DataOption, JsonOption, read_instant
from ocop_workflow.cli.output import console, error_console, print_json
from ocop_workflow.config_files import default_config_dir, load_schedules
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.scheduler import run_flow, schedule_of
from ocop_workflow.scheduler import tick as tick_once


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(run)
    app.command()(tick)


def run(
    flow: Annotated[str, typer.Argument(help="The flow's name in schedules.yaml, such as send-reminders.")],
    data: DataOption = None,
    config: ConfigOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run one flow once, in this process.

    Running it again does nothing twice: everything a flow does has a key of its own.
    """
    schedules = load_schedules(config or default_config_dir())
    schedule = schedule_of(schedules, flow)
    with open_runtime(data) as runtime:
        report = run_flow(runtime, schedule, at=_instant(runtime, at))
    if as_json:
        print_json(report)
    else:
        console.print(f"{flow}: {_counts(report)}", highlight=False)


def tick(
    data: DataOption = None, config: ConfigOption = None, at: AtOption = None, as_json: JsonOption = False
) -> None:
    """Run every flow once, in the order of schedules.yaml; one that fails does not stop the others."""
    with open_runtime(data) as runtime:
        result = tick_once(runtime, load_schedules(config or default_config_dir()), at=_instant(runtime, at))
    if as_json:
        print_json({"reports": result.reports, "failures": result.failures})
    else:
        for flow, report in result.reports.items():
            console.print(f"{flow}: {_counts(report)}", highlight=False)
        for flow, why in result.failures.items():
            error_console.print(f"{flow} failed: {why}", style="red", markup=False, soft_wrap=True)
    if result.failures:
        raise typer.Exit(1)


def _instant(runtime: Runtime, at: str | None) -> datetime | None:
    """Return the instant that was given, once the folder takes it: else each flow would fail of it by itself."""
    now = read_instant(at)
    if now is not None:
        with runtime.transaction(now):
            pass
    return now


def _counts(report: dict[str, object]) -> str:
    counts = report["counts"]
    shown = ", ".join(f"{name} {count}" for name, count in counts.items() if count) if isinstance(counts, dict) else ""
    return shown or "nothing to do"

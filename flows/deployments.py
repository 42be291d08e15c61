"""Register the flows on a Prefect work pool, with the times of schedules.yaml: `python -m flows.deployments`.

For an installation of several machines. The server's address is Prefect's own setting PREFECT_API_URL; a worker is
started with `prefect worker start --pool POOL`. Set OCOP_SCHEDULER=prefect on the machine that serves the pages, so
that not two schedulers tick.
"""

from pathlib import Path
from typing import Annotated

import typer
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.types.entrypoint import EntrypointType

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import Schedule, default_config_dir, load_schedules
from ocop_workflow.scheduler import resolve_flow

DEPLOYMENT = "ocop"
DEFAULT_POOL = "ocop"


def deployment_of(schedule: Schedule, *, pool: str, data_dir: Path) -> RunnerDeployment:
    """Return a flow's deployment: its times in the office's zone, one run at a time, later ones cancelled.

    The flow is named by its module, so that a worker imports the installed package and not a loose file.
    """
    return RunnerDeployment.from_flow(
        resolve_flow(schedule.entrypoint),  # type: ignore[arg-type]  # a Prefect flow, found by its name
        name=DEPLOYMENT,
        schedules=[CronSchedule(cron=schedule.cron, timezone=OFFICE_ZONE.key, day_or=False)],
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=pool,
        job_variables={"env": {"OCOP_DATA_DIR": str(data_dir)}},
        description=schedule.title.en,
    )


def register(schedules: tuple[Schedule, ...], *, pool: str, data_dir: Path) -> list[str]:
    """Make the work pool where it is missing, register every flow, and return the deployments' ids."""
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(pool)
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
    return [str(deployment_of(schedule, pool=pool, data_dir=data_dir).apply()) for schedule in schedules]


def main(
    data: Annotated[
        Path, typer.Option("--data", envvar="OCOP_DATA_DIR", help="The data folder, as the workers see it.")
    ],
    pool: Annotated[
        str, typer.Option(help="The work pool; made as a process pool where it is missing.")
    ] = DEFAULT_POOL,
    config: Annotated[
        Path | None, typer.Option("--config", envvar="OCOP_CONFIG_DIR", help="The configuration.", show_default=False)
    ] = None,
) -> None:
    """Register the flows on a Prefect work pool, with the times of schedules.yaml."""
    schedules = load_schedules(config or default_config_dir())
    register(schedules, pool=pool, data_dir=data.absolute())
    for schedule in schedules:
        typer.echo(f"{schedule.flow}/{DEPLOYMENT}: {schedule.cron} ({OFFICE_ZONE.key})")
    typer.echo(f"Next: prefect worker start --pool {pool}")


if __name__ == "__main__":
    typer.run(main)

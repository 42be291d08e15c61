"""Commands about dated tasks of the plan: task list, done."""

from typing import Annotated

import typer
from sqlmodel import col, select

from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant, show_last_day
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.plan_tasks import complete_task
from ocop_workflow.storage.tables import PlanTask

app = typer.Typer(
    help="See the plan's dated tasks, and record those done.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def task() -> None:
    """See the plan's dated tasks, such as its meetings, and record those done."""


@app.command("list")
def list_tasks(data: DataOption = None, cycle: CycleOption = None, as_json: JsonOption = False) -> None:
    """List a cycle's dated tasks."""
    with open_runtime(data) as runtime, runtime.database.reading() as session:
        found = find_cycle(session, cycle)
        query = select(PlanTask).where(col(PlanTask.cycle_id) == found.id)
        rows = list(session.exec(query.order_by(col(PlanTask.task_id), col(PlanTask.occurrence))))
    if as_json:
        print_json(
            [
                {
                    "task": r.task_id,
                    "occurrence": r.occurrence,
                    "lead": r.lead,
                    "status": r.status,
                    "due_at": iso(r.due_at),
                    "done_at": iso(r.done_at),
                }
                for r in rows
            ]
        )
        return
    print_table(
        f"Tasks of {found.key}",
        ("task", "no.", "lead", "status", "last day", "done"),
        ((r.task_id, r.occurrence, r.lead, r.status, show_last_day(r.due_at), show_instant(r.done_at)) for r in rows),
    )


@app.command()
def done(
    task_id: Annotated[str, typer.Argument(metavar="TASK", help="The task's id in the plan.")],
    occurrence: Annotated[int, typer.Argument(min=1, help="Which of its dates, counted from 1.")] = 1,
    data: DataOption = None,
    cycle: CycleOption = None,
    at: AtOption = None,
) -> None:
    """Record that one occurrence of a task was done."""
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            found = find_cycle(work.session, cycle)
            query = select(PlanTask).where(
                col(PlanTask.cycle_id) == found.id,
                col(PlanTask.task_id) == task_id,
                col(PlanTask.occurrence) == occurrence,
            )
            row = work.session.exec(query).first()
            if row is None:
                raise InputError(f"no task {task_id[:60]!r} number {occurrence}; `ocop task list` shows them")
            complete_task(work, row, actor=found.office_position, effective_at=moment.effective_at)
    console.print(f"{row.task_id} {row.occurrence} is {row.status}", highlight=False)

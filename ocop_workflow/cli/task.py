"""Commands about dated tasks of the plan: task list, approve, start, done."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from notifications.catalogue import Language, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_day, show_last_day, titles_of
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.plan_tasks import approve_task, complete_task, start_task
from ocop_workflow.services.titles import position_title
from ocop_workflow.storage.tables import Cycle, PlanTask

app = command_group()

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="The task's id in the plan.")]
OccurrenceArgument = Annotated[int, typer.Argument(min=1, help="Which of its dates, counted from 1.")]


@app.callback()
def task() -> None:
    """See the plan's dated tasks, such as its meetings, and record those approved, started and done."""


@app.command("list")
def list_tasks(
    data: DataOption = None,
    cycle: CycleOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List a cycle's dated tasks with who leads them; a narrow window leaves out what the plan says."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        found = find_cycle(work.session, cycle)
        query = select(PlanTask).where(col(PlanTask.cycle_id) == found.id)
        rows = list(work.session.exec(query.order_by(col(PlanTask.task_id), col(PlanTask.occurrence))))
        book = work.books.of_cycle(work.session, found)
    if as_json:
        print_json(
            [
                {
                    "task": r.task_id,
                    "occurrence": r.occurrence,
                    "lead": r.lead,
                    "status": r.status,
                    "due_at": iso(r.due_at),
                    "approver": r.approver,
                    "approval_document": r.approval_document,
                    "approved_at": iso(r.approved_at),
                    "started_at": iso(r.started_at),
                    "done_at": iso(r.done_at),
                }
                for r in rows
            ]
        )
        return
    columns = titles_of(("task", "occurrence", "what", "lead", "status", "approval", "last_day", "done"), language)
    print_table(
        translate(language, "table.tasks", {"cycle": found.key}),
        columns,
        (_row(each, book, language) for each in rows),
        droppable=(*columns[2:4], columns[5]),
    )


def _row(task: PlanTask, book: Rulebook, language: Language) -> tuple[object, ...]:
    title = next(each.title for each in book.cycle_year.tasks if each.id == task.task_id)
    approver = position_title(book.units, task.approver).in_language(language) if task.approver else ""
    return (
        task.task_id,
        task.occurrence,
        title.in_language(language),
        position_title(book.units, task.lead).in_language(language),
        translate(language, f"task.{task.status}"),
        task.approval_document or approver,
        show_last_day(task.due_at),
        show_day(task.done_at),
    )


@app.command()
def approve(
    task_id: TaskArgument,
    document: Annotated[str, typer.Option(help="The number of the document that gives the consent.")],
    occurrence: OccurrenceArgument = 1,
    data: DataOption = None,
    cycle: CycleOption = None,
    at: AtOption = None,
) -> None:
    """Record the consent that a task needs before it can start."""
    _record(partial(approve_task, document=document), task_id, occurrence, data=data, cycle=cycle, at=at)


@app.command()
def start(
    task_id: TaskArgument,
    occurrence: OccurrenceArgument = 1,
    data: DataOption = None,
    cycle: CycleOption = None,
    at: AtOption = None,
) -> None:
    """Record that a task was started; one that needs approval can't start without."""
    _record(start_task, task_id, occurrence, data=data, cycle=cycle, at=at)


@app.command()
def done(
    task_id: TaskArgument,
    occurrence: OccurrenceArgument = 1,
    data: DataOption = None,
    cycle: CycleOption = None,
    at: AtOption = None,
) -> None:
    """Record that one occurrence of a task was done."""
    _record(complete_task, task_id, occurrence, data=data, cycle=cycle, at=at)


def _record(
    act: Callable[..., PlanTask],
    task_id: str,
    occurrence: int,
    *,
    data: Path | None,
    cycle: str | None,
    at: str | None,
) -> None:
    """Let the office record an act on one occurrence of a task, and say where that task now is."""
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            found = find_cycle(work.session, cycle)
            row = _find(work.session, found, task_id, occurrence)
            act(work, row, actor=found.office_position, effective_at=moment.effective_at)
    console.print(f"{row.task_id} {row.occurrence} is {row.status}", highlight=False)


def _find(session: Session, cycle: Cycle, task_id: str, occurrence: int) -> PlanTask:
    query = select(PlanTask).where(
        col(PlanTask.cycle_id) == cycle.id,
        col(PlanTask.task_id) == task_id,
        col(PlanTask.occurrence) == occurrence,
    )
    row = session.exec(query).first()
    if row is None:
        raise InputError(f"no task {task_id[:60]!r} number {occurrence}; `ocop task list` shows them")
    return row

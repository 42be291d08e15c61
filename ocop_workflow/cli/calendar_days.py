"""The command `ocop calendar set-day`: a decreed day off or of work, and the dates that follow from it."""

from enum import StrEnum
from typing import Annotated

import typer

from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.moves import ask, print_moves
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, read_day, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.calendar_edits import CalendarEdit, moves_by, set_day
from ocop_workflow.services.cycles import find_cycle

app = command_group()


class DayKind(StrEnum):
    """What a day becomes."""

    OFF = "off"
    WORK = "work"


@app.callback()
def calendar() -> None:
    """Decree a day off or of work in an open year."""


@app.command("set-day")
def set_day_(
    day: Annotated[str, typer.Argument(help="The day, such as 2018-04-14.")],
    kind: Annotated[DayKind, typer.Argument(help="A day off, or a day of work.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    decision: Annotated[str, typer.Option(help="The number of the decision that decrees it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    cycle: CycleOption = None,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Make a day one off or one of work, show which open dates move, and ask once.

    Counted terms are counted anew; printed dates stay, unless the plan has roll_fixed_dates. No date moves into the
    past, and what an extension gave stays. Those who owe are told; each dossier records what moved.
    """
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            edit = CalendarEdit(read_day(day), kind is DayKind.OFF, reason, decision, found.office_position)
            is_so = work.books.of_cycle(work.session, found).days.is_working_day(edit.day) is not edit.off
            moves = moves_by(work, found, edit)
        if is_so:
            console.print(f"{edit.day:%d/%m/%Y} is a day {_named(kind)} already in {found.key}.", highlight=False)
            return
        print_moves(moves, title="Dates that move")
        ask(f"Make {edit.day:%d/%m/%Y} a day {_named(kind)} in {found.key}?", yes=yes)
        with runtime.transaction(now) as work:
            done = set_day(work, find_cycle(work.session, cycle), edit)
    console.print(
        f"{edit.day:%d/%m/%Y} is a day {_named(kind)}; {len(done)} dates moved, those concerned are told.",
        highlight=False,
    )


def _named(kind: DayKind) -> str:
    return "off" if kind is DayKind.OFF else "of work"

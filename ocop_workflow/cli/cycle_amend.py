"""The command `ocop cycle amend`: an edited plan for an open year, and the dates and duties that follow from it."""

from typing import Annotated

import typer

from ocop_workflow.cli.cycle import plan_files
from ocop_workflow.cli.moves import ask, print_moves
from ocop_workflow.cli.options import AtOption, ConfigOption, CycleOption, DataOption, read_instant
from ocop_workflow.cli.output import console, print_table, show_last_day
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.amendments import Amended, Amendment, amend, amendment_of
from ocop_workflow.services.cycles import find_cycle


def register(app: typer.Typer) -> None:
    """Add this module's command to the commands about cycles."""
    app.command("amend")(amend_)


def amend_(
    plan: Annotated[str, typer.Argument(help="The edited plan: its file, or its id in the configuration's cycles/.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    decision: Annotated[str, typer.Option(help="The number of the decision that amends the plan.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    cycle: CycleOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Amend the plan of an open year: show what differs and which open dates move, and ask once.

    The edited plan is checked as `cycle check` does. What an extension gave stays, and so does what has lapsed; no date
    moves into the past. Where only the reminders changed, those to come follow the new ladder. Those whose date moves
    are told; each dossier, report and task records it. Office, units, rule sets, councils and planned products stay as
    the year was opened with, and nothing that was planned may be missing.
    """
    files = plan_files(plan, config)
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            amendment = Amendment(files.plan, reason, decision, found.office_position)
            shown = amendment_of(work, found, files.plan)
        if not shown.differences:
            console.print(f"{found.key} has this plan already; nothing is amended.", highlight=False)
            return
        _show(shown)
        ask(f"Amend the plan of {found.key}?", yes=yes)
        with runtime.transaction(now) as work:
            done = amend(work, find_cycle(work.session, cycle), amendment)
    console.print(
        f"The plan of {found.key} is amended; {len(done.moves)} dates moved, those concerned are told; "
        f"{len(done.new)} reports and tasks are new.",
        highlight=False,
        soft_wrap=True,
    )


def _show(amended: Amended) -> None:
    print_table(
        "What differs",
        ("place in the plan", "before", "after"),
        ((each.path, each.before or "–", each.after or "–") for each in amended.differences),
    )
    print_moves(amended.moves, title="Dates that move")
    if amended.new:
        print_table(
            "New reports and tasks",
            ("what", "who", "last day"),
            ((duty.key, duty.party, show_last_day(duty.due_at)) for duty in amended.new),
            caption=f"{len(amended.new)} new",
        )

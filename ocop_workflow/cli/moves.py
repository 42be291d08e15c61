"""Showing which dates move from when to when, and asking once."""

from collections.abc import Sequence

import typer

from ocop_workflow.cli.output import print_table, show_last_day
from ocop_workflow.services.redating import Move


def print_moves(moves: Sequence[Move], *, title: str) -> None:
    """Print every date that moves, or moved, with its last day before and after."""
    print_table(
        title,
        ("what", "who", "last day", "new last day"),
        ((m.obligation.key, m.obligation.party, show_last_day(m.before), show_last_day(m.after)) for m in moves),
        caption="no date moves" if not moves else f"{len(moves)} dates",
    )


def ask(question: str, *, yes: bool) -> None:
    """Ask once; anything but yes ends the command with nothing done.

    Raises:
        typer.Abort: The answer is no, or nobody is there to answer.
    """
    if not yes:
        typer.confirm(question, abort=True)

"""How a family of commands presents itself: each command with the whole of what it does, those that only look first."""

import re
from typing import Any

import typer
from typer.core import TyperGroup

LOOKING = ("list", "show")
"""The names of commands that change nothing, in the order in which they are needed."""

_END_OF_CLAUSE = re.compile(r"[.;](?=\s|$)")


class CommandGroup(TyperGroup):
    """A family of commands whose help is made to be read in a narrow window, without dots for what does not fit."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, those that only look first."""
        names = super().list_commands(ctx)
        return [*(name for name in LOOKING if name in names), *(name for name in names if name not in LOOKING)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command beside the first clause of its help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, _first_clause(each.help or "")) for name, each in commands if each and not each.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def command_group() -> typer.Typer:
    """Return a family without commands yet; the docstring of its callback is its help."""
    return typer.Typer(cls=CommandGroup, no_args_is_help=True, rich_markup_mode=None)


def _first_clause(help_: str) -> str:
    """Return what stands before the first full stop or semicolon, on one line."""
    return " ".join(_END_OF_CLAUSE.split(help_, maxsplit=1)[0].split())

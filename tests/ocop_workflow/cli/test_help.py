"""The help of each family is enough to choose a command by: whole clauses, those that only look first."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from ocop_workflow.cli import app


def families(group: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the path to every group of commands, the whole program's first."""
    yield path
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from families(command, *path, name)


@pytest.mark.parametrize("path", list(families(typer.main.get_command(app))), ids=" ".join)
def test_a_family_says_of_each_command_what_it_does(
    ocop: Any, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = ocop(*path, "--help").out.split("Commands:\n")[1].splitlines()

    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.endswith("...")] == []
    commands = [line.split(maxsplit=1) for line in lines if line.startswith("  ") and not line.startswith("   ")]
    assert [name for name, *text in commands if not text] == []


def test_commands_that_only_look_come_first(ocop: Any) -> None:
    lines = ocop("dossier", "--help").out.split("Commands:\n")[1].splitlines()

    assert [line.split()[0] for line in lines if line[2] != " "][:3] == ["list", "show", "link"]

"""One rule for the language of every command: what is asked for, else the installation's, else English."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from ocop_workflow.cli import app

WITHOUT_LANGUAGE = {
    "audit verify": "names faults of the record for whoever looks after the machine",
    "certificate import": "an act; its lines name files and rows",
    "cycle check": "names faults of files, as every refusal of input does",
    "demo": "tells what was replayed, once",
    "doctor": "names faults of the machine for whoever looks after it",
    "dossier migrate": "an act; it shows what it asks about",
    "machine diagram": "draws codes, as the programs have them",
    "run": "counts what a flow did, by codes",
    "tick": "counts what flows did, by codes",
}
"""Commands with `--json` that speak one language, with the reason."""

LISTS = (
    *("certificate checks", "cycle list", "notices list", "outbox list", "overrun list", "people list"),
    *("support list", "task list", "unit list"),
)


def commands(group: Any, *path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every command with its parameters by the option that names them."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        else:
            yield " ".join([*path, name]), {option: each for each in command.params for option in each.opts}


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_each_reading_command_takes_a_language_or_says_why_not() -> None:
    reading = {name for name, options in COMMANDS.items() if "--json" in options}

    assert len(reading) > 30
    assert {name for name in reading if "--language" not in COMMANDS[name]} == set(WITHOUT_LANGUAGE)


def test_all_of_them_follow_the_same_rule() -> None:
    """But for `people`, where the option is the language in which somebody gets mail."""
    options = {name: COMMANDS[name]["--language"] for name in COMMANDS if "--language" in COMMANDS[name]}
    rules = {(each.default, each.envvar) for name, each in options.items() if not name.startswith("people ")}

    assert {(str(default), variable) for default, variable in rules} == {("en", "OCOP_LANGUAGE")}


def test_what_is_asked_for_goes_before_the_environment_and_that_before_the_folders_settings(
    ocop: Any, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def title(*arguments: str) -> str:
        return str(ocop("cycle", "list", *arguments).out.splitlines()[0])

    here = ("--data", str(office))
    assert title(*here) == "Cycles"
    with (office / "settings.env").open("a", encoding="utf-8") as settings:
        settings.write("OCOP_LANGUAGE=vi\n")
    assert title(*here) == "Các chu trình thường niên"
    assert title(*here, "--language", "en") == "Cycles"
    monkeypatch.setenv("OCOP_DATA_DIR", str(office))
    assert title() == "Các chu trình thường niên"
    monkeypatch.setenv("OCOP_LANGUAGE", "en")
    assert title() == "Cycles"
    assert title("--language", "vi") == "Các chu trình thường niên"


def test_an_unknown_language_in_the_settings_is_named_with_its_file(ocop: Any, office: Path) -> None:
    with (office / "settings.env").open("a", encoding="utf-8") as settings:
        settings.write("OCOP_LANGUAGE=fr\n")
    refused = ocop("cycle", "list", "--data", office)

    assert refused.code == 2
    assert f"{office}/settings.env: OCOP_LANGUAGE: input should be 'vi' or 'en'" in refused.err


def test_titles_are_in_the_language_that_was_asked_for(ocop: Any, office: Path, subtests: Any) -> None:
    """No word of the English titles stands among the Vietnamese ones."""
    for command in LISTS:
        with subtests.test(command):
            english, vietnamese = (
                ocop(*command.split(), "--data", office, "--language", language).out.splitlines()
                for language in ("en", "vi")
            )

            assert english[0] != vietnamese[0]
            assert titles_of(english) & titles_of(vietnamese) == set()


def titles_of(lines: list[str]) -> set[str]:
    """Return the words above a table's columns."""
    titles = (re.split(r"\s*┃\s*", line) for line in lines if line.startswith("┃"))
    return {cell for cells in titles for cell in cells if cell.isalpha()}

"""What the README and the guides tell people to type exists."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ocop_workflow.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = [README, *((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("plans.md", "operating.md"))]
COMMANDS = sorted(
    {found for text in GUIDES for found in re.findall(r"^(?:\.venv/bin/)?ocop ([^#\n]+)", text, re.MULTILINE)}
)
TARGETS = sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)))
PICTURES = sorted(set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)))


def test_readme_shows_the_two_commands_first() -> None:
    first = README[README.index("```sh") :].splitlines()[1:3]

    assert [line.split("#")[0].strip() for line in first] == ["make demo", "make test"]


@pytest.mark.parametrize("target", TARGETS)
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_ocop_commands_exist_with_these_options(line: str) -> None:
    """Each command is parsed, not run."""
    words = shlex.split(line)
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}

    assert [word for word in words if word.startswith("--") and word not in known] == []


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_are_there_and_small(picture: str) -> None:
    assert 5_000 < (ROOT / picture).stat().st_size < 300_000


def test_links_to_documents_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / target).exists(), target

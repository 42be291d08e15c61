"""What starts quickly stays quick: the command's help and the plan check load no heavy library."""

import subprocess
import sys

import pytest

HEAVY = ("prefect", "fastapi", "uvicorn")


@pytest.mark.parametrize("arguments", [["--help"], ["cycle", "check", "quang-ninh-2017-2020"]])
def test_light_commands_import_neither_prefect_nor_fastapi(arguments: list[str]) -> None:
    code = (
        "import sys; from ocop_workflow.cli import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit as stop: code = stop.code\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.splitlines()[-1] == "LOADED [] 0"

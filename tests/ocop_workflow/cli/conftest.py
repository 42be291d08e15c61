"""The command line as people use it: arguments in, output and exit code out."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocop_workflow import cli
from ocop_workflow.cli.demo import default_staging, prepare_folder
from ocop_workflow.cli.output import console, error_console
from ocop_workflow.config_files import default_config_dir, load_plan_files
from ocop_workflow.replay import Staging, stage_year
from ocop_workflow.runtime import open_runtime

SPRING = Path(__file__).parents[2] / "replay" / "spring.yaml"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def ocop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one `ocop` command in this process, with its own error handling."""
    monkeypatch.delenv("OCOP_DATA_DIR", raising=False)
    for screen in (console, error_console):
        monkeypatch.setattr(screen, "_width", 200)  # the environment counts only when the program starts

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["ocop", *(str(argument) for argument in arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return Ran(int(stop.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def opened_spring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated folder in which the cycle of a small plan was opened on 1 March 2018; nobody has acted yet."""
    config = default_config_dir()
    base = default_staging(config)
    demo = base.demo.model_copy(update={"opens": "03-01"})
    staging = Staging(load_plan_files(SPRING, config), 2018, 5, demo, base.schedules)
    folder = tmp_path_factory.mktemp("spring") / "data"
    prepare_folder(folder, staging)
    with open_runtime(folder) as runtime:
        stage_year(runtime, staging)
    return folder


@pytest.fixture
def office(opened_spring: Path, tmp_path: Path) -> Path:
    """A copy of that folder for one test."""
    folder = tmp_path / "office"
    shutil.copytree(opened_spring, folder)
    return folder

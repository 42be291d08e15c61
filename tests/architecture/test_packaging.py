"""The wheel, not the checkout: its top-level names, its data, and that it runs from another folder."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {"ocop_workflow", "flows", "state_machines", "notifications"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_wheel_has_the_four_packages_and_no_other_name(wheel: Path) -> None:
    """A fifth top-level name could overwrite somebody else's package without a word from pip."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {name for name in tops if not name.endswith(".dist-info")} == TOP_LEVEL


@pytest.mark.slow
def test_wheel_carries_configuration_templates_catalogues_and_migrations(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    for needed in (
        "ocop_workflow/py.typed",
        "ocop_workflow/config/schedules.yaml",
        "ocop_workflow/storage/migrations/versions/0001_first_tables.py",
        "notifications/locale/vi.po",
        "notifications/locale/en.po",
    ):
        assert needed in names
    for folder, ending in (
        ("config/criteria/qd-26-2026", ".yaml"),
        ("config/cycles", ".yaml"),
        ("config/rulesets", ".yaml"),
        ("config/units", ".yaml"),
    ):
        files = {path.name for path in (ROOT / folder).glob(f"*{ending}")}
        assert files == {Path(name).name for name in names if name.startswith(f"ocop_workflow/{folder}/")}
    for folder in ("notifications/templates", "ocop_workflow/web/templates", "ocop_workflow/web/static"):
        files = {path.name for path in (ROOT / folder).iterdir()}
        assert files
        assert files == {Path(name).name for name in names if name.startswith(f"{folder}/")}


@pytest.mark.slow
def test_wheel_runs_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere and put first on the path, it finds its own configuration and flows."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'unpacked')!r})\n"
        "from ocop_workflow.cli import app; from ocop_workflow.config_files import default_config_dir, load_schedules\n"
        "from ocop_workflow.scheduler import resolve_flow\n"
        "print(default_config_dir()); [resolve_flow(s.entrypoint) for s in load_schedules(default_config_dir())]\n"
        "import flows.deliver_mail; print(flows.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    config_dir, flows_file = done.stdout.splitlines()

    assert Path(config_dir) == tmp_path / "unpacked" / "ocop_workflow" / "config"
    assert Path(flows_file).is_relative_to(tmp_path / "unpacked")

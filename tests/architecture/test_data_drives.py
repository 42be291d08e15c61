"""The data drives the outcome: no module knows a plan, a rule set or a place."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGES = ("ocop_workflow", "flows", "state_machines", "notifications")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def _ids_and_names() -> list[str]:
    """Every plan's and rule set's id, every unit's id and name, as the configuration has them."""
    found: list[str] = [
        path.stem for folder in ("cycles", "rulesets") for path in (ROOT / "config" / folder).glob("*.yaml")
    ]
    for path in (ROOT / "config" / "units").glob("*.yaml"):
        for unit in yaml.safe_load(path.read_text(encoding="utf-8"))["units"]:
            found.append(unit["id"])
            found.append(re.sub("^(tỉnh|thành phố|thị xã|huyện|xã|phường) ", "", unit["name"]["vi"]))
    return sorted({name for name in found if len(name) > 3})


def test_there_are_names_to_look_for() -> None:
    """The search below can fail: it looks for the plan, its rule set and the 14 units at least."""
    names = _ids_and_names()

    assert len(names) >= 16
    assert MODULES


@pytest.mark.parametrize("name", _ids_and_names())
def test_no_module_names(name: str) -> None:
    pattern = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)

    assert [path.relative_to(ROOT) for path in MODULES if pattern.search(path.read_text(encoding="utf-8"))] == []

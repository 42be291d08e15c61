"""The demo of a plan that prints no products, and opening each shipped plan's years in a folder."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, load_plan
from ocop_workflow.runtime import create_data_folder
from ocop_workflow.services.installation import SIMULATED


def test_demo_without_products_says_why_nothing_is_rated(ocop: Any, tmp_path: Path) -> None:
    ran = ocop(
        "demo", "--plan", "thai-binh-2020", "--year", 2020, "--until", "2020-03-31", "--data", tmp_path / "demo"
    )  # fmt: skip

    assert ran.code == 0
    assert "no dossier was opened, since the plan has no products to open one for" in ran.out
    assert "The plan asks for no dated report in this year." in ran.out
    assert "Dossiers by status" not in ran.out
    assert "Status pages" not in ran.out
    assert "verified, all as recorded" in ran.out


YEARS = [
    (path.stem, year)
    for path in sorted((default_config_dir() / "cycles").glob("*.yaml"))
    for year in sorted(load_plan(path).years)
]


@pytest.mark.parametrize(("plan", "year"), YEARS)
def test_every_year_of_every_shipped_plan_opens_in_a_folder(ocop: Any, tmp_path: Path, plan: str, year: int) -> None:
    folder = tmp_path / "office"
    create_data_folder(folder, mode=SIMULATED, seed="1", now=datetime(year, 12, 1, 8, tzinfo=OFFICE_ZONE))

    opened = ocop("cycle", "open", plan, "--year", year, "--data", folder)

    assert opened.code == 0
    assert f"{plan}/{year}" in ocop("cycle", "list", "--data", folder).out

"""`ocop criteria list|show`: the score sheets of a rule set, for people and for programs."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ocop_workflow.cli import app
from ocop_workflow.cli.output import console
from ocop_workflow.config_files import default_config_dir
from ocop_workflow.errors import InputError


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["criteria", *arguments], catch_exceptions=False)

    assert result.exit_code == 0
    return result.stdout


def test_list_counts_each_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set 13 has 34 criteria, 107 options and 8, 10 and 3 gates, as counted by hand."""
    monkeypatch.setattr(console, "_width", 200)
    (coffee,) = (line for line in run("list").splitlines() if "cà phê" in line)

    assert [cell.strip() for cell in coffee.strip("│").split("│")][3:] == ["34", "107", "8", "10", "3"]
    assert "bộ sản phẩm" in run("list", "--language", "vi")
    assert "product set" in run("list")


def test_list_as_json_holds_all_sets() -> None:
    sets = json.loads(run("list", "--json"))

    assert [each["number"] for each in sets] == list(range(1, 27))
    assert sets[25]["gates"] == {"3": 1, "4": 2, "5": 0}


def test_show_prints_options_with_points_and_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 300)
    text = run("show", "1", "--language", "vi")
    (line,) = (line for line in text.splitlines() if "– Đóng gói sáng tạo, bao bì đẹp " in line)

    assert [cell.strip() for cell in line.strip("│").split("│")] == ["", "– Đóng gói sáng tạo, bao bì đẹp", "2", "★★★"]
    assert "Hồ sơ bị loại khi: Giả mạo hồ sơ" in text


def test_show_names_the_two_cases_above_their_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 300)

    assert run("show", "26").count("Trường hợp 2:") == 3


def test_show_as_json_is_the_set() -> None:
    shown = json.loads(run("show", "13", "--json"))

    assert shown["number"] == 13
    assert shown["parts"][2]["criteria"][0]["criteria"][0]["criteria"][0]["code"] == "6.1.1"


def test_rule_set_must_be_named_when_several_have_sets(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(default_config_dir() / "criteria" / "qd-26-2026", tmp_path / "criteria" / name)

    with pytest.raises(InputError, match="criteria sets are here for: one, two; name one with --rule-set"):
        run("list", "--config", str(tmp_path))
    assert "(two)" in run("list", "--config", str(tmp_path), "--rule-set", "two")

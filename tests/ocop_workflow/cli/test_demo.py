"""`ocop demo --json`: one object with everything counted; one seed gives one object but for the time."""

import json
from pathlib import Path
from typing import Any

import pytest

from notifications.catcher import read_messages

KEYS = ("plan", "year", "products", "dossiers", "stars", "obligations", "notices", "reports", "mails", "audit")


def demo(ocop: Any, data: Path, *arguments: str) -> dict[str, Any]:
    done = ocop("demo", "--data", data, "--json", *arguments)
    assert done.code == 0, done.err
    printed: dict[str, Any] = json.loads(done.out)
    return printed


def test_one_seed_gives_one_object_but_for_the_time(ocop: Any, tmp_path: Path) -> None:
    town = ("--plan", "ba-don-2021", "--year", "2021", "--until", "2021-06-15")
    first, again, other = (
        demo(ocop, tmp_path / name, *town, "--seed", seed) for name, seed in (("a", "3"), ("b", "3"), ("c", "4"))
    )

    assert first.pop("wall_seconds") > 0
    again.pop("wall_seconds")
    assert first == again
    assert first["audit"]["seal"] != other["audit"]["seal"]
    assert all(key in first for key in KEYS)
    assert (first["plan"], first["year"], first["products"]) == ("ba-don-2021", 2021, 9)
    assert sum(first["dossiers"].values()) == 9
    assert first["audit"]["verified"] is True
    assert first["mails"] == len(read_messages(tmp_path / "a" / "mail")) > 0


def test_the_demo_replaces_only_what_the_demo_made(ocop: Any, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "kept.txt").write_text("mine", encoding="utf-8")

    refused = ocop("demo", "--data", tmp_path / "letters")

    assert refused.code == 2
    assert "was not made by the demo and is left alone" in refused.err
    assert (tmp_path / "letters" / "kept.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.slow
def test_the_shipped_year_counts_what_the_plan_prints(ocop: Any, tmp_path: Path) -> None:
    """31 chains give 52 products; 14 districts owe four quarterly reports."""
    printed = demo(ocop, tmp_path / "demo")

    assert (printed["plan"], printed["year"], printed["products"]) == ("quang-ninh-2017-2020", 2018, 52)
    assert sum(printed["dossiers"].values()) == 52
    assert sum(printed["stars"].values()) <= 52
    assert sum(printed["reports"][key] for key in ("on_time", "late", "missing")) == 14 * 4
    assert printed["mails"] == len(list((tmp_path / "demo" / "mail").glob("*.eml")))
    assert printed["audit"]["verified"] is True
    assert printed["audit"]["events"] > 52
    assert len(printed["audit"]["seal"]) == 64

"""The command `ocop dossier migrate`: what changes is shown, asked for once, and done to all or none."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.config_files import default_config_dir

DAY = "2018-03-05T08:00"
AMENDED = "quang-ninh-2018"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with a text that amends the province's: an idea is due within 8 working days."""
    folder = tmp_path / "config"
    shutil.copytree(default_config_dir(), folder)
    written = (folder / "rulesets" / "quang-ninh-2017.yaml").read_text(encoding="utf-8")
    limit = (
        "\nlimits:\n  - { id: idea, stage: idea_registration, step: submission, article: Điều 5, due: { within: "
        "8 working days of decided, origin: statutory, source: Điều 5 } }\n"
    )
    amended = written.replace("id: quang-ninh-2017\n", f"id: {AMENDED}\n", 1) + limit
    (folder / "rulesets" / f"{AMENDED}.yaml").write_text(amended, encoding="utf-8")
    return folder


@pytest.fixture
def migrate(office: Path, config: Path) -> tuple[Any, ...]:
    """The command up to the dossiers that it names."""
    named = ("--to", AMENDED, "--decision", "12/QĐ", "--reason", "sửa đổi", "--config", config)
    return ("dossier", "migrate", *named, "--data", office, "--at", DAY)


def test_dossiers_are_moved_once_after_showing_what_changes(
    ocop: Any, office: Path, migrate: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened on Thursday 1 March, 8 working days end on 13 March, a day before the plan's 14 March."""
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = ocop(*migrate, "--unit", "ba-che")
    done = ocop(*migrate, "--unit", "ba-che", "--yes")
    again = ocop(*migrate, "--unit", "ba-che", "--yes")
    shown = json.loads(ocop("dossier", "list", "--data", office, "--unit", "ba-che", "--json").out)
    others = json.loads(ocop("dossier", "list", "--data", office, "--unit", "ha-long", "--json").out)

    assert (asked.code, done.code, again.code) == (1, 0, 0)
    assert "Move 4 dossiers of spring/2018" in asked.out
    assert "14/03/2018" in asked.out
    assert "13/03/2018" in asked.out
    assert "Điều 5" in asked.out
    assert f"4 dossiers are under {AMENDED} now" in done.out
    assert f"They are under {AMENDED} already" in again.out
    assert {row["due_at"] for row in shown} == {"2018-03-14T00:00:00+07:00"}
    assert {row["due_at"] for row in others} == {"2018-03-15T00:00:00+07:00"}
    assert ocop("audit", "verify", "--data", office).code == 0


def test_each_change_is_told_to_programs_and_moves_nothing(ocop: Any, office: Path, migrate: tuple[Any, ...]) -> None:
    (told,) = json.loads(ocop(*migrate, "1-1-1", "--json").out)
    (shown,) = [
        row for row in json.loads(ocop("dossier", "list", "--data", office, "--json").out) if row["key"] == told["key"]
    ]

    assert (told["rule_set_before"], told["rule_set"]) == ("quang-ninh-2017", AMENDED)
    assert (told["stage_before"], told["stage"], told["status"]) == (
        "idea_registration",
        "idea_registration",
        "awaiting_submission",
    )
    (duty,) = told["duties"]
    assert (duty["due_before"], duty["due_at"]) == ("2018-03-15T00:00:00+07:00", "2018-03-14T00:00:00+07:00")
    assert [each["stage"] for each in told["stages_to_come"]][:2] == ["idea_registration", "business_plan"]
    assert shown["due_at"] == duty["due_before"]


def test_a_moved_dossier_shows_its_act(ocop: Any, office: Path, migrate: tuple[Any, ...]) -> None:
    ocop(*migrate, "1-1-1", "--yes")
    told = json.loads(ocop("dossier", "show", "1-1-1", "--data", office, "--json").out)
    shown = ocop("dossier", "show", "1-1-1", "--data", office, "--language", "vi")
    why = ocop("why", "1-1-1", "--data", office)

    assert "Chuyển sang thực hiện theo quy định khác" in shown.out
    assert "12/QĐ" in why.out
    assert (told["rule_set"], told["earlier_rule_sets"]) == (AMENDED, ["quang-ninh-2017"])
    (positions,) = [
        each for each in json.loads(ocop("doctor", "--data", office, "--json").out) if each["check"] == "positions"
    ]
    assert positions["well"]


def test_dossiers_that_can_not_move_are_named(ocop: Any, office: Path, migrate: tuple[Any, ...]) -> None:
    ocop("dossier", "withdraw", "1-1-1", "--data", office, "--at", DAY)
    refused = ocop(*migrate, "1-1-1", "1-2-1", "--yes")

    assert refused.code == 2
    assert "1-1-1 is withdrawn; a dossier that has ended stays under its rule set: leave it out" in refused.err

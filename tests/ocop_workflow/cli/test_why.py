"""`ocop why`: one deadline, for people in both languages and for programs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocop_workflow.cli.output import console

if TYPE_CHECKING:
    from tests.ocop_workflow.cli.conftest import Run

DEADLINE = "1-1-1/idea_registration/submission"


def test_why_explains_a_deadline_in_english_and_vietnamese(
    ocop: "Run", office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan of the spring writes by 2018-03-14, a Wednesday."""
    monkeypatch.setattr(console, "_width", 200)
    english = ocop("why", DEADLINE, "--data", office)
    vietnamese = ocop("why", DEADLINE, "--data", office, "--language", "vi")

    assert (english.code, vietnamese.code) == (0, 0)
    assert "last day in time: Wednesday 14/03/2018" in english.out
    assert "in the plan: by: 2018-03-14 (made up)" in english.out
    assert "7 days before the last day" in english.out
    assert "ngày cuối cùng còn kịp: Thứ Tư 14/03/2018" in vietnamese.out
    assert "7 ngày trước ngày cuối" in vietnamese.out
    assert "chưa đến lượt" in vietnamese.out


def test_why_gives_everything_to_programs(ocop: "Run", office: Path) -> None:
    """Seven days before Wednesday the 14th is the 7th; nothing was sent yet, the year has just been opened."""
    explained = json.loads(ocop("why", DEADLINE, "--data", office, "--json").out)

    assert explained["key"] == "spring/2018/spring-1/1-1-1/idea_registration/submission"
    assert (explained["due_at"], explained["last_day"]) == ("2018-03-15T00:00:00+07:00", "2018-03-14")
    assert (explained["deadline_version"], explained["extensions"]) == (1, [])
    first = explained["rungs"][0]
    assert (first["rung"], first["at"], first["outcome"]) == ("-7", "2018-03-07T07:30:00+07:00", "to_come")


def test_why_refuses_what_it_does_not_know(ocop: "Run", office: Path) -> None:
    ran = ocop("why", "99-9-9", "--data", office)

    assert ran.code == 2
    assert "no deadline matches '99-9-9'" in ran.err

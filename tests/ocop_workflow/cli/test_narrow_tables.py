"""Every table at 80 columns, as a small screen shows it: no word, day or number is broken, nothing is cut."""

import re
from pathlib import Path
from typing import Any

import pytest

from ocop_workflow.cli.column_widths import column_widths
from ocop_workflow.cli.output import console

KEY = re.compile(r"[a-z].*[-/.@_]")  # what may be broken: a key, a position, an address

LISTS = [
    ("dossier", "list"),
    ("dossier", "show", "1-1-1"),
    ("dossier", "papers", "1-1-1"),
    ("why", "1-1-1"),
    ("notices", "list"),
    ("outbox", "list"),
    ("escalations", "list"),
    ("report", "matrix"),
    ("report", "list"),
    ("task", "list"),
    ("certificate", "list"),
    ("cycle", "list"),
    ("cycle", "targets"),
    ("people", "list"),
    ("overrun", "list"),
    ("producer", "list"),
    ("unit", "list"),
    ("cycle", "calendar", "quang-ninh-2017-2020", "--year", "2018"),
    ("ruleset", "list"),
    ("ruleset", "show", "qd-26-2026"),
]
WITHOUT_DATA = {("cycle", "calendar"), ("ruleset", "list"), ("ruleset", "show")}


@pytest.fixture
def busy(ocop: Any, office: Path) -> Path:
    """The folder after reminders and escalations: notices and mails are there."""
    for flow in ("enforce-deadlines", "send-reminders", "deliver-mail"):
        assert ocop("run", flow, "--at", "2018-03-22T07:30", "--data", office).code == 0
    return office


def words_of(text: str) -> set[str]:
    """Return the words that a table shows, without its lines."""
    return set(re.sub("[│┃┏┓┗┛┡┩└┘━─┳┴╇┻]", " ", text).split())


def test_no_table_breaks_a_word_or_a_day_at_80_columns(
    ocop: Any, busy: Path, monkeypatch: pytest.MonkeyPatch, subtests: Any
) -> None:
    for command in LISTS:
        with subtests.test(" ".join(command)):
            arguments = [*command, "--language", "vi"]
            if command[:2] not in WITHOUT_DATA:
                arguments += ["--data", str(busy)]
            monkeypatch.setattr(console, "_width", 1000)
            wide = ocop(*arguments)
            monkeypatch.setattr(console, "_width", 80)
            narrow = ocop(*arguments)

            assert (wide.code, narrow.code) == (0, 0)
            table = [line for line in narrow.out.splitlines() if line.startswith(("│", "┃"))]
            assert max(map(len, table)) <= 80
            pieces = words_of("\n".join(table)) - words_of(wide.out)
            keys = [word for word in words_of(wide.out) if KEY.search(word)]
            assert {piece for piece in pieces if not any(piece in key for key in keys)} == set()


def test_a_cycle_is_shown_to_the_last_day_in_it(ocop: Any, office: Path) -> None:
    """The plan runs until 1 January 2019, which is no longer in it."""
    assert "│ spring/2018 │ " in (shown := ocop("cycle", "list", "--data", office).out)
    assert "│ 01/03/2018 │ 31/12/2018 │" in shown


@pytest.mark.parametrize(
    ("columns", "room", "widths"),
    [
        ([["id", "1-1-1"], ["day", "05/01/2019"]], 80, [5, 10]),
        ([["id", "161078f3"], ["says", "Gửi báo cáo kết quả thực hiện"], ["day", "05/01/2019"]], 30, [8, 12, 10]),
        ([["when", "05/01/2019 07:00"], ["why", "a word " * 20]], 40, [16, 24]),  # a short cell keeps to one line
        ([["when", "05/01/2019 07:00"], ["why", "responsibility " * 9]], 26, [12, 14]),  # else its words do
        ([["key", "ba-che/ocop_team"], ["day", "05/01/2019"]], 20, [10, 10]),  # a key is broken before a day
        ([["cycle", "quang-ninh-2017-2020/2018"], ["is", "intake closed"], ["day", "05/01/2019"]], 44, [25, 9, 10]),
        ([["a", "05/01/2019"], ["b", "05/01/2019"]], 10, [5, 5]),
    ],
)
def test_what_room_there_is_goes_to_days_and_words_first(
    columns: list[list[str]], room: int, widths: list[int]
) -> None:
    assert column_widths(columns, room) == widths

"""What is overdue, and in which order a letter is read."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from notifications.letter import Letter, Line, LineKind

TODAY = date(2018, 3, 30)


@pytest.mark.parametrize(
    ("last_day", "is_overdue"),
    [(date(2018, 3, 29), True), (date(2018, 3, 30), False), (date(2018, 3, 31), False), (None, False)],
)
def test_reminder_is_overdue_from_the_day_after_the_last(
    reminder: Line, last_day: date | None, *, is_overdue: bool
) -> None:
    assert replace(reminder, last_day=last_day).is_overdue(TODAY) is is_overdue


def test_expected_day_is_never_overdue(foreseen: Line) -> None:
    assert not replace(foreseen, last_day=date(2017, 1, 1)).is_overdue(TODAY)


def test_news_is_never_overdue(news: Line) -> None:
    assert not news.is_overdue(TODAY)
    assert not replace(news, last_day=date(2017, 1, 1)).is_overdue(TODAY)


def test_line_shows_its_last_day_before_the_day_of_the_event(news: Line) -> None:
    assert news.day == date(2018, 3, 20)
    assert replace(news, last_day=date(2018, 4, 1)).day == date(2018, 4, 1)


def test_letter_is_read_overdue_first_then_by_day_then_events(letter: Letter) -> None:
    news, foreseen, reminder, overdue, escalation = letter.lines
    undated = replace(reminder, last_day=None, notice_key="task|v1|0")
    wanted = (escalation, overdue, reminder, foreseen, undated, news)

    for lines in permutations(wanted):
        assert replace(letter, lines=lines).lines_in_reading_order() == wanted


def test_news_of_a_new_last_day_stands_among_the_days(letter: Letter, reminder: Line, news: Line) -> None:
    extended = replace(news, last_day=date(2018, 4, 1), happened_on=None)

    assert replace(letter, lines=(reminder, extended)).lines_in_reading_order() == (extended, reminder)


def test_lines_of_one_day_keep_the_order_in_which_they_came(letter: Letter, reminder: Line) -> None:
    twins = tuple(replace(reminder, notice_key=f"key-{number}") for number in (3, 1, 2))

    assert replace(letter, lines=twins).lines_in_reading_order() == twins


def test_line_kinds_are_the_stored_words() -> None:
    assert [kind.value for kind in LineKind] == ["reminder", "overdue", "escalation", "news"]

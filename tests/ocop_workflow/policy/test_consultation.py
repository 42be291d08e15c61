"""What written answers come to: quorum and share at their edges, and when the proposal is out of reach."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.policy.consultation import (
    Answer,
    Tally,
    can_be_confirmed,
    is_confirmed,
    refusal_to_conclude,
    replies_needed,
    tally_of,
)
from ocop_workflow.policy.plan import WrittenProcedure


def procedure(quorum: int = 75, agree: int = 67) -> WrittenProcedure:
    return WrittenProcedure(quorum_percent=quorum, agree_percent=agree, ladder="opinion", source="Quy chế, Điều 9")


@pytest.mark.parametrize(
    ("asked", "percent", "needed"),
    [(4, 75, 3), (4, 76, 4), (9, 67, 7), (9, 66, 6), (9, 100, 9), (9, 1, 1), (1, 50, 1)],
)
def test_the_quorum_is_a_share_of_those_asked_rounded_up(asked: int, percent: int, needed: int) -> None:
    """67 % of nine are 6.03, so seven; 66 % are 5.94, so six."""
    assert replies_needed(Tally(asked, 0, 0), procedure(percent)) == needed


@pytest.mark.parametrize(
    ("replies", "agree", "percent", "confirmed"),
    [(4, 3, 75, True), (4, 3, 76, False), (3, 2, 66, True), (3, 2, 67, False), (1, 1, 100, True), (0, 0, 1, False)],
)
def test_the_share_of_agreement_is_of_the_replies_and_its_edge_counts(
    replies: int, agree: int, percent: int, *, confirmed: bool
) -> None:
    assert is_confirmed(Tally(9, replies, agree), percent) is confirmed


def test_a_reply_without_opinion_is_a_reply_and_an_interested_member_is_none() -> None:
    answers = {"chair": "agree", "trade": "none", "health": None, "clerk": "disagree"}
    assert tally_of(answers, set()) == Tally(4, 3, 1)
    assert tally_of(answers, {"clerk", "health"}) == Tally(2, 2, 1)
    assert Tally(4, 3, 1).awaited == 1


@pytest.mark.parametrize(
    ("tally", "day_is_over", "code"),
    [
        (Tally(4, 3, 3), False, "opinions_awaited"),
        (Tally(4, 3, 3), True, None),
        (Tally(4, 4, 4), False, None),
        (Tally(4, 2, 2), True, "opinions_quorum"),
        (Tally(4, 4, 2), False, "opinions_differ"),
        (Tally(4, 0, 0), True, "opinions_quorum"),
    ],
)
def test_why_a_consultation_can_not_decide(tally: Tally, *, day_is_over: bool, code: str | None) -> None:
    refusal = refusal_to_conclude(tally, procedure(), day_is_over=day_is_over)
    assert (refusal and refusal.code) == code


@given(
    given_answers=st.lists(st.sampled_from(Answer), max_size=4),
    awaited=st.integers(min_value=0, max_value=3),
    percent=st.integers(min_value=1, max_value=100),
)
def test_out_of_reach_means_that_no_further_answers_confirm(
    given_answers: list[Answer], awaited: int, percent: int
) -> None:
    """Turning early takes nothing away: however those who are awaited answer, nothing would be confirmed."""
    known = {str(number): answer.value for number, answer in enumerate(given_answers)}
    now = tally_of({**known, **{f"w{number}": None for number in range(awaited)}}, set())
    ways = product([*Answer, None], repeat=awaited)
    later = [tally_of({**known, **{f"w{n}": a and a.value for n, a in enumerate(way)}}, set()) for way in ways]
    if now.asked:
        assert can_be_confirmed(now, percent) == any(is_confirmed(tally, percent) for tally in later)

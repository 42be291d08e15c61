"""Who of a council scores, and how many sheets make its quorum."""

from typing import Any

import pytest

from notifications.letter import Wording
from ocop_workflow.policy.council import chair_missing, quorum_of, scoring_names, sheet_refusal
from ocop_workflow.policy.plan import Council

SEATS = [
    {"id": "chair", "title": {"vi": "Chủ tịch Hội đồng", "en": "Chair"}, "role": "chair"},
    {"id": "trade", "title": {"vi": "Sở Công Thương", "en": "Trade"}},
    {"id": "health", "title": {"vi": "Sở Y tế", "en": "Health"}},
    {"id": "clerk", "title": {"vi": "Thư ký", "en": "Secretary"}, "role": "secretary"},
]


def council(**rules: Any) -> Council:
    return Council.model_validate({"members": 4, "seats": SEATS, "source": "Quy chế, Điều 5"} | rules)


def test_without_seats_members_are_counted_not_named() -> None:
    assert scoring_names(council(seats=[], members=2)) == ("member-1", "member-2")
    assert sheet_refusal(council(seats=[], members=2), "ông A", set()) is None


def test_the_secretary_scores_or_not_by_the_rules_of_procedure() -> None:
    """A public system of one province takes the secretary out of the mean; others don't say so: data decides."""
    assert scoring_names(council()) == ("chair", "trade", "health", "clerk")
    assert scoring_names(council(secretary_scores=False)) == ("chair", "trade", "health")
    assert sheet_refusal(council(), "clerk", set()) is None
    refusal = sheet_refusal(council(secretary_scores=False), "clerk", set())
    assert refusal == Wording("secretary", {"member": "clerk"})


def test_a_stranger_and_an_interested_member_are_refused_by_rule() -> None:
    no_seat = {"member": "press", "known": "chair, trade, health, clerk"}
    assert sheet_refusal(council(), "press", set()) == Wording("no_seat", no_seat)
    assert sheet_refusal(council(), "trade", {"trade"}) == Wording("interested", {"member": "trade"})


@pytest.mark.parametrize(
    ("rules", "interested", "quorum"),
    [
        ({"quorum_percent": 75}, set(), 3),  # 75 of 100 of four are three exactly
        ({"quorum_percent": 76}, set(), 4),
        ({"quorum_percent": 1}, set(), 1),
        ({}, set(), 4),  # a plan that is silent asks for everybody
        ({"secretary_scores": False}, set(), 3),
        ({"secretary_scores": False, "quorum_percent": 67}, set(), 3),
        ({"secretary_scores": False, "quorum_percent": 66}, set(), 2),
        ({}, {"trade"}, 3),  # who may not score is not waited for
        ({"quorum_percent": 75}, {"trade"}, 3),  # 2.25 of three
        ({"secretary_scores": False}, {"clerk"}, 3),  # the secretary would not have scored anyway
        ({}, {"chair", "trade", "health", "clerk"}, 1),
        ({"seats": [], "members": 5, "quorum_percent": 60}, {"ông A"}, 3),  # 2.4 of four
    ],
)
def test_quorum_of_is_a_share_rounded_up_of_those_who_may_score(
    rules: dict[str, Any], interested: set[str], quorum: int
) -> None:
    assert quorum_of(council(**rules), interested) == quorum


def test_the_chair_is_needed_where_the_procedure_says_so() -> None:
    """Tây Ninh's councils meet with 75 of 100 of the members, among them the chair."""
    needed = council(quorum_needs_chair=True)

    assert chair_missing(needed, {"trade", "health"}, set()) == "chair"
    assert chair_missing(needed, {"chair"}, set()) is None
    assert chair_missing(needed, {"trade"}, {"chair"}) is None
    assert chair_missing(council(), {"trade"}, set()) is None

"""A written consultation (lấy ý kiến bằng văn bản): what the members' answers come to by the council's procedure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from notifications.letter import Wording
from ocop_workflow.policy.plan import WrittenProcedure


class Answer(StrEnum):
    """What a member answers; `NONE` is a reply without an opinion, not a missing one."""

    AGREE = "agree"
    DISAGREE = "disagree"
    OTHER = "other"
    NONE = "none"


EXPLAINED = frozenset({Answer.DISAGREE, Answer.OTHER})
"""Answers that say nothing without words: a meeting would not know what to discuss."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many members were asked, replied and agreed; who declared an interest is none of them."""

    asked: int
    replies: int
    agree: int

    @property
    def awaited(self) -> int:
        """Return how many have not answered."""
        return self.asked - self.replies


def tally_of(answers: Mapping[str, str | None], interested: Collection[str]) -> Tally:
    """Return the tally of the answers by member; None stands for a missing one."""
    counted = [answer for member, answer in answers.items() if member not in interested]
    return Tally(len(counted), sum(answer is not None for answer in counted), counted.count(Answer.AGREE))


def replies_needed(tally: Tally, procedure: WrittenProcedure) -> int:
    """Return the quorum: the share of those asked, rounded up, at least one."""
    return max(-(-tally.asked * procedure.quorum_percent // 100), 1)


def is_confirmed(tally: Tally, agree_percent: int) -> bool:
    """Return whether the share of the replies that agree lets the proposal stand."""
    return tally.replies > 0 and tally.agree * 100 >= agree_percent * tally.replies


def can_be_confirmed(tally: Tally, agree_percent: int) -> bool:
    """Return whether the proposal would stand if everybody who is awaited agreed."""
    return (tally.agree + tally.awaited) * 100 >= agree_percent * tally.asked


def refusal_to_conclude(tally: Tally, procedure: WrittenProcedure, *, day_is_over: bool) -> Wording | None:
    """Return why a consultation can't decide yet, or None when it can; a meeting is always open instead.

    Before the day is over everybody is waited for; after it the quorum is enough.
    """
    counts = {"asked": tally.asked, "replies": tally.replies, "agree": tally.agree, "awaited": tally.awaited}
    if tally.awaited and not day_is_over:
        return Wording("opinions_awaited", counts)
    quorum = replies_needed(tally, procedure)
    if tally.replies < quorum:
        return Wording("opinions_quorum", {**counts, "quorum": quorum})
    if not is_confirmed(tally, procedure.agree_percent):
        return Wording("opinions_differ", {**counts, "least": procedure.agree_percent})
    return None

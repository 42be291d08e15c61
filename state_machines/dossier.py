"""The dossier's states and triggers, and its table generated from a route.

A dossier is at a stage with a status, written `stage:status` in the table, or at an end, written by its status.
"""

from dataclasses import dataclass
from enum import StrEnum

from state_machines.guards import Guard
from state_machines.lifecycle import Lifecycle, Transition


class DossierStatus(StrEnum):
    """Where a dossier is within its stage, or how it ended."""

    AWAITING_SUBMISSION = "awaiting_submission"
    SUBMITTED = "submitted"
    RECEIVED = "received"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    RECOGNISED = "recognised"
    RATED_UNCERTIFIED = "rated_uncertified"
    NOT_PASSED = "not_passed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


FINAL_STATUSES = frozenset(
    {
        DossierStatus.RECOGNISED,
        DossierStatus.RATED_UNCERTIFIED,
        DossierStatus.NOT_PASSED,
        DossierStatus.REJECTED,
        DossierStatus.WITHDRAWN,
        DossierStatus.LAPSED,
    }
)
"""The ends; a final dossier is opened again only by an act that cites a superior's decision."""


class DossierTrigger(StrEnum):
    """What can be done to a dossier."""

    SUBMIT = "submit"
    RECEIVE = "receive"
    REVIEW = "review"
    RETURN = "return"
    CONCLUDE = "conclude"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """One way a stage can end: under the guard, on to a stage or to a final status."""

    guard: Guard
    to: str


@dataclass(frozen=True, slots=True)
class StageShape:
    """What the table needs to know of a stage.

    Attributes:
        id: The stage.
        outcomes: Its ways to end.
        lapses: Whether the producer submits here, so that a missed date can lapse the dossier.
        judges: Whether the dossier is judged here; an office that only passes it on cannot reject it.
    """

    id: str
    outcomes: tuple[StageOutcome, ...]
    lapses: bool
    judges: bool = True


def state_of(stage: str, status: str) -> str:
    """Return the table's name of a stage and status."""
    return status if status in FINAL_STATUSES else f"{stage}:{status}"


def split_state(state: str, stage: str) -> tuple[str, DossierStatus]:
    """Return (stage, status) of a table's state; a final state stays at the stage where it was reached."""
    if ":" not in state:
        return stage, DossierStatus(state)
    next_stage, _, status = state.partition(":")
    return next_stage, DossierStatus(status)


def dossier_lifecycle(shapes: tuple[StageShape, ...]) -> Lifecycle:
    """Return the table of a route: each stage with the same inner steps, joined by its outcomes.

    An end is undone by going back to the state from which it was reached.
    """
    lines = [line for shape in shapes for line in _stage_lines(shape)]
    ways = dict.fromkeys((line.dest, line.source) for line in lines if line.dest in FINAL_STATUSES)
    lines += [
        Transition(DossierTrigger.REOPEN, end, source, Guard("ended_from_is", state=source)) for end, source in ways
    ]
    first = state_of(shapes[0].id, DossierStatus.AWAITING_SUBMISSION)
    return Lifecycle("dossier", first, frozenset(FINAL_STATUSES), tuple(lines))


def _stage_lines(shape: StageShape) -> list[Transition]:
    def at(status: DossierStatus) -> str:
        return state_of(shape.id, status)

    s, t = DossierStatus, DossierTrigger
    lines = [
        Transition(t.SUBMIT, at(s.AWAITING_SUBMISSION), at(s.SUBMITTED)),
        Transition(t.SUBMIT, at(s.RETURNED), at(s.UNDER_REVIEW)),
        Transition(t.RECEIVE, at(s.SUBMITTED), at(s.RECEIVED)),
        Transition(t.REVIEW, at(s.RECEIVED), at(s.UNDER_REVIEW)),
        Transition(t.RETURN, at(s.RECEIVED), at(s.RETURNED)),
        Transition(t.RETURN, at(s.UNDER_REVIEW), at(s.RETURNED)),
    ]
    for source in (s.RECEIVED, s.UNDER_REVIEW):
        lines += [Transition(t.CONCLUDE, at(source), _dest(end.to), end.guard) for end in shape.outcomes]
    if shape.judges:
        lines += [Transition(t.REJECT, at(source), s.REJECTED) for source in (s.SUBMITTED, s.RECEIVED, s.UNDER_REVIEW)]
    open_statuses = (s.AWAITING_SUBMISSION, s.SUBMITTED, s.RECEIVED, s.UNDER_REVIEW, s.RETURNED)
    lines += [Transition(t.WITHDRAW, at(source), s.WITHDRAWN) for source in open_statuses]
    if shape.lapses:
        lines += [Transition(t.LAPSE, at(source), s.LAPSED) for source in (s.AWAITING_SUBMISSION, s.RETURNED)]
    return lines


def _dest(to: str) -> str:
    return to if to in FINAL_STATUSES else state_of(to, DossierStatus.AWAITING_SUBMISSION)

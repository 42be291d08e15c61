"""The checklist of a dossier: which papers it needs, and how each of them stands on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ocop_workflow.policy.rule_set import Paper, RuleSet

WARNED_DAYS = 60
"""A paper that expires within so many days is told early: a new one can take weeks."""


class PaperState(StrEnum):
    """How one item of the checklist stands on a day."""

    UNCHECKED = "unchecked"
    MISSING = "missing"
    PRESENT = "present"
    EXPIRING = "expiring"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PaperOnFile:
    """What was recorded of an item.

    Attributes:
        present: Whether it is there and in order.
        last_day: The last day on which it is valid; None for a paper without end.
    """

    present: bool
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One item with how it stands; `last_day` as in `PaperOnFile`."""

    paper: Paper
    state: PaperState
    last_day: date | None


def checklist(
    rule_set: RuleSet, *, kind: str, group: str | None, on_file: Mapping[str, PaperOnFile], today: date
) -> tuple[ChecklistItem, ...]:
    """Return the papers that a dossier of this kind and product group needs, in the rule set's order.

    Args:
        rule_set: The dossier's.
        kind: Its kind, such as `first`.
        group: The product's group as its list names it.
        on_file: What was recorded, by the paper's id.
        today: The local day for which it holds; what has expired follows from it, not from any sweep (promise I9).
    """
    return tuple(
        _item(paper, on_file.get(paper.id), today)
        for paper in rule_set.papers
        if kind in paper.kinds and group not in paper.not_for_groups
    )


def _item(paper: Paper, found: PaperOnFile | None, today: date) -> ChecklistItem:
    last_day = found.last_day if found is not None else None
    if found is None:
        state = PaperState.UNCHECKED
    elif not found.present:
        state = PaperState.MISSING
    elif last_day is None or last_day > today + timedelta(days=WARNED_DAYS):
        state = PaperState.PRESENT
    else:
        state = PaperState.EXPIRED if last_day < today else PaperState.EXPIRING
    return ChecklistItem(paper, state, last_day)

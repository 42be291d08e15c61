"""A score sheet's criteria as data: parts, criteria, options with points, gates. Files: `config/criteria/<id>/`.

A gate is an option that must be reached, or a higher one of its criterion, for a star level and each above it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.document import LocalText, Record, Source
from ocop_workflow.policy.rule_set import Gate

MOST_STARS = 5

Code = Annotated[str, StringConstraints(pattern=r"^\d{1,2}(\.\d{1,2}){0,3}$")]
"""A criterion's number as printed, without the last dot: `6.1.2`."""


class CriteriaError(RefusedError):
    """Findings don't fit the criteria set they are about."""


class Option(Record):
    """One answer to a criterion. `case` names the alternative that it belongs to, where a criterion has two."""

    points: Decimal = Field(ge=0)
    label: str = Field(min_length=1)
    gate: int | None = Field(default=None, ge=3, le=MOST_STARS)
    case: str | None = None


class Criterion(Record):
    """A criterion: divided into others, or scored by one of its options, or without options given whole or not."""

    code: Code
    label: str = Field(min_length=1)
    maximum: Decimal = Field(gt=0)
    notes: tuple[str, ...] = ()
    criteria: tuple["Criterion", ...] = ()
    options: tuple[Option, ...] = ()


class Part(Record):
    """A part of the sheet with the most points it can give."""

    id: str = Field(pattern="^[A-Z]$")
    title: str = Field(min_length=1)
    maximum: Decimal = Field(gt=0)
    criteria: tuple[Criterion, ...] = Field(min_length=1)


class CriteriaSet(Record):
    """The score sheet of one set of products. Titles and labels are the regulation's own words, in Vietnamese.

    `group` is the branch and group the set belongs to; `rejected_when` are the grounds on which a dossier is out
    before it is scored.
    """

    number: int = Field(ge=1)
    title: str = Field(min_length=1)
    group: str = Field(min_length=1)
    source: Source
    rejected_when: tuple[str, ...] = ()
    parts: tuple[Part, ...] = Field(min_length=1)


class Misprint(Record):
    """A line of the printed decision that is read otherwise than printed, and why."""

    line: int = Field(ge=1)
    printed: str = Field(min_length=1)
    read: str
    why: str = Field(min_length=1)


class Misprints(Record):
    """All lines of one text that are read otherwise; lines are counted in `text`."""

    text: Source
    misprints: tuple[Misprint, ...]


@dataclass(frozen=True, slots=True)
class GatedOption:
    """What a criterion must reach for a star level: at least `points`, by the option that is marked for `stars`."""

    code: str
    criterion: str
    stars: int
    points: Decimal
    label: str

    @property
    def id(self) -> str:
        """Return the name of its gate, such as `2.2-3`."""
        return f"{self.code}-{self.stars}"


def set_of_group(criteria: Mapping[int, CriteriaSet], group: str) -> int | None:
    """Return the number of the one set whose title is a product's group; None where there is no such or several."""
    found = [number for number, each in criteria.items() if each.title.casefold() == group.strip().casefold()]
    return found[0] if len(found) == 1 else None


def scored_criteria(criteria_set: CriteriaSet) -> Iterator[Criterion]:
    """Yield the criteria that are scored by themselves, in the order of the sheet."""
    for part in criteria_set.parts:
        for criterion in part.criteria:
            yield from _leaves(criterion)


def gates_of(criteria_set: CriteriaSet) -> tuple[GatedOption, ...]:
    """Return the marked options in the order of the sheet; a criterion can have one for each star level."""
    return tuple(
        GatedOption(criterion.code, criterion.label, option.gate, option.points, option.label)
        for criterion in scored_criteria(criteria_set)
        for option in criterion.options
        if option.gate is not None
    )


def gate_cap(criteria_set: CriteriaSet, reached: Mapping[str, Decimal]) -> int:
    """Return the most stars that the council's findings allow; the rating is the lower of this and the band.

    Args:
        criteria_set: The product's criteria.
        reached: The points of the option that the council found reached, by criterion code; criteria without gate
            may be left out or not. A higher option satisfies the gates of the lower ones.

    Raises:
        CriteriaError: A gated criterion has no finding, or a code is unknown.

    Source: annex II of QĐ 26/2026/QĐ-TTg, the note below each sheet: a mark is the least for its star level.
    """
    known = {criterion.code for criterion in scored_criteria(criteria_set)}
    strange = sorted(set(reached) - known)
    if strange:
        raise CriteriaError(
            "criterion_unknown", rule=criteria_set.source, number=criteria_set.number, criterion=strange[0][:80]
        )
    cap = MOST_STARS
    for gate in gates_of(criteria_set):
        if gate.code not in reached:
            raise CriteriaError("criterion_without_finding", rule=criteria_set.source, criterion=gate.code)
        if reached[gate.code] < gate.points:
            cap = min(cap, gate.stars - 1)
    return cap


def gates_for_rating(criteria_set: CriteriaSet) -> tuple[Gate, ...]:
    """Return the gates as a rule set writes them: one yes or no each, and the cap that a no sets.

    The id is `<criterion>-<stars>`, such as `2.2-3`; the labels are the regulation's own words in both languages.
    """
    return tuple(
        Gate(
            id=gate.id,
            title=LocalText(
                vi=f"{gate.code}. {gate.criterion}: {gate.label}",
                en=f"{gate.code}. {gate.criterion}: at least {gate.points} points, the least for {gate.stars} stars",
            ),
            cap=gate.stars - 1,
            source=f"{criteria_set.source}, criterion {gate.code}",
        )
        for gate in gates_of(criteria_set)
    )


def _leaves(criterion: Criterion) -> Iterator[Criterion]:
    if not criterion.criteria:
        yield criterion
    for child in criterion.criteria:
        yield from _leaves(child)

"""A regulation as data: levels, route, criteria, bands, recognition, limits. File: `config/rulesets/<id>.yaml`."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ocop_workflow.policy.date_forms import Due
from ocop_workflow.policy.document import Identifier, LocalText, Record, Source
from ocop_workflow.policy.eligibility import Eligibility


def _read_month_day(value: str) -> str:
    try:
        date.fromisoformat(f"2001-{value}")  # 29 February is no day of every year
    except ValueError:
        raise ValueError(f'"{value[:80]}" is no day of the year; write it as "04-30"') from None
    return value


MonthDay = Annotated[str, AfterValidator(_read_month_day)]
"""A day of every year, written `04-30`."""


class DossierKind(StrEnum):
    """Why a product is assessed."""

    FIRST = "first"
    UPGRADE = "upgrade"
    RENEWAL = "renewal"


class GuardChoice(Record):
    """A guard chosen by name, with its arguments: a verdict, or a half-open interval of mean scores.

    `mean_within` takes `at_least` (0 if left out) and `below` (to 100 inclusive if left out);
    `verdict_is` takes `verdict`; `always` takes nothing. The functions stand in `state_machines.guards`.
    """

    guard: Literal["mean_within", "verdict_is", "always"]
    verdict: str | None = None
    at_least: Decimal | None = None
    below: Decimal | None = None


class Outcome(Record):
    """One way a stage can end: under this guard the dossier goes to a stage or to a final status."""

    when: GuardChoice
    to: Identifier
    source: Source | None = None


class Owner(Record):
    """Who does a step: the producer, or a role at the level of the product's own unit."""

    level: Identifier | None = None
    role: Identifier | None = None
    producer: bool = False


class Step(Record):
    """A dated act inside a stage. `settled_by` is the trigger that fulfils it; without one it is recorded by hand."""

    id: Identifier
    title: LocalText
    owner: Owner
    settled_by: Identifier | None = None
    document_number: bool = False
    source: Source | None = None


class WrittenOpinions(Record):
    """For which kinds of dossiers a council may give written opinions instead of meeting."""

    kinds: tuple[DossierKind, ...] = Field(min_length=1)
    source: Source


class Stage(Record):
    """A stage of the route: who submits, who decides, how it is judged, which ways it can end.

    A stage judged by `nobody` adds its assessment and passes the dossier on, or returns it; it gives no result.
    """

    id: Identifier
    title: LocalText
    level: Identifier
    submitted_by: Owner
    decided_by: Owner
    judged_by: Literal["verdict", "council", "nobody"]
    steps: tuple[Step, ...] = Field(min_length=1)
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    kinds: tuple[DossierKind, ...] = tuple(DossierKind)
    can_be_switched_off: bool = False
    written_opinions: WrittenOpinions | None = None
    source: Source


class Route(Record):
    """The stages in their order; a dossier starts at the first one that its kind passes."""

    stages: tuple[Stage, ...] = Field(min_length=1)

    def stage(self, stage_id: str) -> Stage:
        """Return the stage with this id.

        Raises:
            KeyError: The route has no such stage.
        """
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise KeyError(stage_id)


class CriteriaPart(Record):
    """A part of the score sheet with the most points it can give."""

    id: str = Field(pattern="^[A-Z]$")
    title: LocalText
    maximum: Decimal
    source: Source


class Band(Record):
    """The stars of a mean score: half-open, `at_least` <= mean < `below`; the top band includes 100."""

    stars: int = Field(ge=1, le=5)
    at_least: Decimal
    below: Decimal | None = None
    source: Source


class Gate(Record):
    """A finding without which no more than `cap` stars are given."""

    id: Identifier
    title: LocalText
    cap: int = Field(ge=1, le=5)
    source: Source


class Recognition(Record):
    """Which level recognises which stars."""

    stars: tuple[int, ...]
    level: Identifier
    source: Source


class StatutoryLimit(Record):
    """A term that the regulation itself sets: it can be overrun with a reason, never extended.

    It is that of a step of a stage, or has a title of its own.
    """

    id: Identifier
    stage: Identifier | None = None
    step: Identifier | None = None
    kinds: tuple[DossierKind, ...] = tuple(DossierKind)
    title: LocalText | None = None
    due: Due
    article: Source


class ExtendedByLaw(Record):
    """A certificate stays in force while its renewal awaits the decision, at most `days` after its last valid day.

    `late_submissions` says whether that also holds for a renewal submitted after the window but before the expiry.
    """

    days: int = Field(ge=1)
    late_submissions: bool = False
    source: Source


class Batch(Record):
    """A yearly batch that the regulation itself sets: what was requested before one day is evaluated before another.

    Both days are strict ("trước ngày") and written as month and day, `04-30`.
    """

    id: Identifier
    stage: Identifier
    requested_before: MonthDay
    held_before: MonthDay
    source: Source


class Renewal(Record):
    """When a renewal may be requested: first and last day in time, in days before the certificate's last valid day."""

    opens_days_before: int
    closes_days_before: int
    extended_by_law: ExtendedByLaw | None = None
    source: Source


class Ground(Record):
    """A ground of rejection or withdrawal that an act must cite."""

    id: Identifier
    title: LocalText
    source: Source


class Paper(Record):
    """One item of a dossier's checklist: a form, a proof, samples.

    `not_for_groups` names product groups that need none (a service has no samples); `expires` says that the paper has
    a last day of its own.
    """

    id: Identifier
    title: LocalText
    kinds: tuple[DossierKind, ...] = tuple(DossierKind)
    not_for_groups: tuple[str, ...] = ()
    expires: bool = False
    source: Source


class Withdrawal(Record):
    """Within how many days of its finding a certificate is withdrawn; an overrun is recorded, never refused."""

    days: int = Field(ge=1)
    source: Source


class ProductCodeRule(Record):
    """How a product's code is made: the codes of the units of these levels, a serial number, the year of evaluation.

    The unit of the last level gives the serial number.
    """

    levels: tuple[Identifier, ...] = Field(min_length=1)
    source: Source


class InForce(Record):
    """From the first day to the first day no longer (`until`), or for good."""

    start: date
    until: date | None = None


class Intake(Record):
    """The days on which this rule set takes new dossiers of these kinds at these levels, where texts overlap.

    Without `levels` it takes them at every level of the rule set; `until` is the first day it no longer does.
    """

    kinds: tuple[DossierKind, ...] = tuple(DossierKind)
    levels: tuple[Identifier, ...] = ()
    start: date
    until: date | None = None
    source: Source


class Transition(Record):
    """What becomes of dossiers pending under an earlier rule set: they are finished under it until this date."""

    of: tuple[Identifier, ...]
    kinds: tuple[DossierKind, ...]
    due: Due
    source: Source


class TakenOver(Record):
    """Where an office's open dossiers go on when it moves them here from an earlier rule set, by their stages there.

    A stage that is not named goes on as the one of the same id.
    """

    of: tuple[Identifier, ...] = Field(min_length=1)
    stages: dict[Identifier, Identifier] = Field(min_length=1)
    source: Source


class RuleSet(Record):
    """One regulation, whole. A mean score is in points from 0 to 100.

    `issued_by` is the unit whose own regulation it is; in its area it goes before those of the nation, which have none.
    `old_certificates` is where it says that certificates from before keep their own expiry. Without `eligibility` it
    says nothing of who may take part.
    """

    id: Identifier
    title: LocalText
    source: Source
    issued_by: Identifier | None = None
    in_force: InForce
    takes_new: tuple[Intake, ...] = ()
    amends: tuple[Identifier, ...] = ()
    levels: tuple[Identifier, ...] = Field(min_length=1)
    eligibility: Eligibility | None = None
    route: Route
    parts: tuple[CriteriaPart, ...]
    bands: tuple[Band, ...]
    gates: tuple[Gate, ...] = ()
    recognition: tuple[Recognition, ...]
    batches: tuple[Batch, ...] = ()
    limits: tuple[StatutoryLimit, ...] = ()
    validity_months: int | None = None
    validity_source: Source | None = None
    renewal: Renewal | None = None
    papers: tuple[Paper, ...] = ()
    rejection_grounds: tuple[Ground, ...] = ()
    withdrawal_grounds: tuple[Ground, ...] = ()
    withdrawal_within: Withdrawal | None = None
    product_code: ProductCodeRule | None = None
    transitions: tuple[Transition, ...] = ()
    takes_over: tuple[TakenOver, ...] = ()
    old_certificates: Source | None = None

    def cited(self, article: str) -> str:
        """Return an article of this rule set as a refusal cites it."""
        return f"{self.id}: {article}"

    def article_on_stars(self, stars: int) -> str:
        """Return what a refusal cites about who recognises so many stars, or that nobody does."""
        articles = [each.source for each in self.recognition if stars in each.stars]
        articles += [each.source for each in self.recognition]
        return self.cited(articles[0] if articles else self.source)

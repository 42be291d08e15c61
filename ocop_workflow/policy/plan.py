"""An office's plan as data: rounds, dates, ladders, report duties, tasks, chains. File: `config/cycles/<id>.yaml`."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ocop_workflow.policy.date_forms import Due, ReportDue
from ocop_workflow.policy.document import Identifier, LocalText, Record, Source
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.policy.units import PositionRef


class Audience(StrEnum):
    """To whom a rung speaks: the one who owes, the position above, or the coordination office."""

    RESPONSIBLE = "responsible"
    SUPERIOR = "superior"
    OFFICE = "office"


class Rung(Record):
    """One reminder (before) or escalation (after the last day in time).

    `days` counts from the last day in time: -7 is a week before, 3 is three days after. `useful_for_days`
    says until when a late rung still makes sense; before the date it never outlives the deadline.
    """

    days: int = Field(ge=-400, le=400)
    count: Literal["calendar", "working"] = "calendar"
    audience: Audience = Audience.RESPONSIBLE
    useful_for_days: int | None = Field(default=None, ge=1)

    @property
    def id(self) -> str:
        """Return the rung's name in keys and reports, such as `-7` or `+3w/superior`."""
        count = "w" if self.count == "working" else ""
        audience = "" if self.audience is Audience.RESPONSIBLE else f"/{self.audience.value}"
        return f"{self.days:+d}{count}{audience}"


class Ladder(Record):
    """The rungs of one kind of obligation and the hour at which they fire, in the office's zone."""

    at: time
    rungs: tuple[Rung, ...] = Field(min_length=1)
    source: Source


class Lapse(Record):
    """The producer's dossier lapses this many days after a missed date, on the ground the plan cites."""

    after_days: int = Field(ge=1)
    ground: LocalText
    source: Source


class StepDates(Record):
    """The date of one step in one round, with its ladder."""

    due: Due | None = None
    ladder: Identifier | None = None
    lapse: Lapse | None = None


class Round(Record):
    """A round (đợt): when it takes dossiers, and the dates of each stage's steps."""

    id: Identifier
    title: LocalText
    opens_on: date
    closes_on: date
    kinds: tuple[DossierKind, ...] = (DossierKind.FIRST, DossierKind.UPGRADE)
    rule_set: Identifier | None = None
    stages_off: tuple[Identifier, ...] = ()
    stages: dict[Identifier, dict[Identifier, StepDates]]
    source: Source


class CertificateRules(Record):
    """How an office follows its certificates: the ladder of renewals, and the dates of a renewal's steps.

    The ladder counts from the last day on which a renewal is in time; its early rungs come long before the window.
    `withdrawal_ladder` is that of the withdrawal which a finding asks for.
    """

    ladder: Identifier
    withdrawal_ladder: Identifier | None = None
    renewal_stages: dict[Identifier, dict[Identifier, StepDates]] = Field(default_factory=dict)
    source: Source


class Figure(Record):
    """A number or words that a report states, in its `unit` where one is counted (such as million VND).

    One that is `optional` may be left blank.
    """

    id: Identifier
    title: LocalText
    kind: Literal["count", "money", "percent", "text"] = "count"
    unit: LocalText | None = None
    optional: bool = False


class ReportDuty(Record):
    """A periodic report: who owes it to whom, for which period, due by which rule.

    `collects` names the duty whose reports this one adds up: what their collector sends on. `only_if` says when there
    is something to report at all ("nếu có"): such a report is reminded of once and never late; with nothing sent by
    its date it closes as nothing to report. A duty that an amendment adds in mid-year is owed `since` a day: a report
    that was due before it is nobody's.
    """

    id: Identifier
    title: LocalText
    every: Literal["month", "quarter", "half-year", "year"]
    reporters: PositionRef
    collector: PositionRef
    due: ReportDue | None
    opens_days_before: int = Field(default=30, ge=1, le=120)
    ladder: Identifier | None = None
    figures: tuple[Figure, ...] = ()
    only_if: LocalText | None = None
    collects: Identifier | None = None
    since: date | None = None
    source: Source


class Approval(Record):
    """A consent that must be on file before something starts."""

    id: Identifier
    title: LocalText
    authority: PositionRef
    source: Source


class PlanTask(Record):
    """A dated task of the plan; one obligation for each occurrence in `dates`.

    `each` names the lead's level: every unit of it owes the task for itself. The lead owes it; `co_leads`, who carry it
    out together with the lead, and those who `support` it are reminded with the lead before the date.
    """

    id: Identifier
    title: LocalText
    lead: PositionRef
    each: Identifier | None = None
    co_leads: tuple[PositionRef, ...] = ()
    support: tuple[PositionRef, ...] = ()
    dates: tuple[Due, ...] = ()
    ladder: Identifier | None = None
    needs_approval: Identifier | None = None
    source: Source


class Counter(StrEnum):
    """What of a cycle's dossiers a target counts."""

    PRODUCTS = "products"
    PRODUCERS = "producers"
    RECOGNISED = "recognised"


class Target(Record):
    """A number the plan wants reached: at least `least`, at most `most` where a range is printed.

    `counts` says what is counted for it, in all the plan's years; with `per` a level, in each unit of that level. A
    target without `counts` is for people to follow.
    """

    id: Identifier
    title: LocalText
    least: int | None = None
    most: int | None = None
    percent: int | None = None
    of: int | None = None
    per: Identifier | None = None
    counts: Counter | None = None
    stars_at_least: int | None = Field(default=None, ge=1, le=5)
    source: Source


class SupportItem(Record):
    """A kind of support from the state's budget, given once to a producer or for a product (`once_per`).

    A product needs a recognition with at least `from_stars`.
    """

    id: Identifier
    title: LocalText
    once_per: Literal["producer", "product"]
    from_stars: int = Field(default=3, ge=1, le=5)
    source: Source


class Seat(Record):
    """One member of a council: the id that score sheets name, and where known the position whose holder sits there.

    `position` is seen from the product's unit; its holder may enter the own sheet.
    """

    id: Identifier
    title: LocalText
    role: Literal["chair", "member", "secretary"] = "member"
    position: PositionRef | None = None


class WrittenProcedure(Record):
    """How a council is consulted in writing where the rule set allows it.

    `quorum_percent` of those asked must answer. The proposed result stands when `agree_percent` of the answers agree;
    otherwise the council meets. The `ladder` reminds each member, and climbs when the last day has passed.
    """

    quorum_percent: int = Field(ge=1, le=100)
    agree_percent: int = Field(ge=1, le=100)
    ladder: Identifier
    source: Source


class Council(Record):
    """The council of an evaluating stage, by its rules of procedure.

    Without `seats` any names are taken, as many as there are `members`. `quorum_percent` is of those who score; without
    it each of them must. `max_spread` is the most points that may lie between two totals without a re-score.
    """

    members: int = Field(ge=1)
    quorum_percent: int | None = Field(default=None, ge=1, le=100)
    quorum_needs_chair: bool = False
    secretary_scores: bool = True
    max_spread: int | None = Field(default=None, ge=1, le=100)
    seats: tuple[Seat, ...] = ()
    written: WrittenProcedure | None = None
    source: Source


class Chain(Record):
    """A key-product chain (chuỗi sản phẩm) of one unit, with the forms and producers the plan prints."""

    number: int = Field(ge=1)
    name: str
    unit: Identifier
    forms: tuple[str, ...]
    producers: tuple[str, ...] = ()
    note: str | None = None
    source: Source


class Expansion(Record):
    """How chains become products. `form-by-producer`: one product for each form of each producer."""

    rule: Literal["form-by-producer"]
    source: Source


class CalendarRules(Record):
    """Days off and working days decreed besides the public holidays, and the two roll-over switches."""

    days_off: dict[date, str] = Field(default_factory=dict)
    working_days: dict[date, str] = Field(default_factory=dict)
    roll_counted_terms: bool = True
    roll_fixed_dates: bool = False


class ExtensionRules(Record):
    """How far and how often a date may be extended; days are calendar days after the first date."""

    at_most_days: int | None = Field(default=None, ge=1, le=400)
    at_most_times: int | None = Field(default=None, ge=1, le=20)
    source: Source


class CycleYear(Record):
    """What the plan does in one year."""

    rounds: tuple[Round, ...] = ()
    report_duties: tuple[ReportDuty, ...] = ()
    tasks: tuple[PlanTask, ...] = ()
    rule_set: Identifier | None = None


def _integer_years(value: object) -> object:
    """Read the keys of a year table as integers; YAML here gives text."""
    if isinstance(value, dict):
        return {int(key) if isinstance(key, str) and key.isdigit() else key: year for key, year in value.items()}
    return value


class CyclePlan(Record):
    """One plan, whole. `runs_until` is the first day after its horizon.

    `producer_days_at_least` working days are left to a producer whose date an office's delay has eaten up. From the
    day `next_year_by` (month-day) of a year on, the office is alarmed while nothing is configured for the next year.
    """

    id: Identifier
    title: LocalText
    number: str | None = None
    signed_on: date | None = None
    source: Source
    office: Identifier
    office_role: Identifier
    units: Identifier
    first_day: date
    runs_until: date
    parent: Identifier | None = None
    rule_set: Identifier
    calendar: CalendarRules = CalendarRules()
    escalations: Literal["drafts", "automatic"] = "drafts"
    escalations_source: Source | None = None
    extensions: ExtensionRules | None = None
    digest_at: time
    producer_days_at_least: int = Field(default=5, ge=1, le=60)
    next_year_by: str | None = Field(default=None, pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")
    ladders: dict[Identifier, Ladder]
    councils: dict[Identifier, Council] = Field(default_factory=dict)
    certificates: CertificateRules | None = None
    approvals: tuple[Approval, ...] = ()
    targets: tuple[Target, ...] = ()
    support: tuple[SupportItem, ...] = ()
    chains: tuple[Chain, ...] = ()
    expansion: Expansion | None = None
    products: Identifier | None = None
    years: Annotated[dict[int, CycleYear], BeforeValidator(_integer_years)]

    def approval(self, approval_id: str | None) -> Approval | None:
        """Return the approval with this id, or None where none is needed."""
        return next((approval for approval in self.approvals if approval.id == approval_id), None)

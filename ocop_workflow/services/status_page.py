"""What one dossier's page says: names, days, codes with parameters. It reads only, and makes no sentence."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from notifications.letter import Wording
from ocop_workflow.clock import local_day
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.papers import ChecklistItem
from ocop_workflow.policy.plan import StepDates
from ocop_workflow.policy.route import step_settled_by, sure_stages
from ocop_workflow.policy.rule_set import Stage
from ocop_workflow.policy.scoring import shown_mean
from ocop_workflow.services.batch_offers import batch_joined
from ocop_workflow.services.certificate_lines import certificate_of_page
from ocop_workflow.services.earlier_attempts import earlier_attempts
from ocop_workflow.services.obligations import ENFORCEMENT_MARGIN, OPINION, open_obligations_of, resolve
from ocop_workflow.services.papers import checklist_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.status_history import HistoryEntry, history_of
from ocop_workflow.services.status_tasks import OpenTask, Party, act_at, open_task, party_named
from ocop_workflow.services.titles import position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation, Producer, Product
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger

_SCORED_ENDS = frozenset({DossierStatus.RECOGNISED, DossierStatus.RATED_UNCERTIFIED})


class StageState(StrEnum):
    """Where a dossier stands towards one stage of its route."""

    DONE = "done"
    PRESENT = "present"
    COMING = "coming"
    POSSIBLE = "possible"
    ENDED_HERE = "ended_here"


@dataclass(frozen=True, slots=True)
class RouteStage:
    """One stage of the dossier's route."""

    title: LocalText
    state: StageState


@dataclass(frozen=True, slots=True)
class ProducersDate:
    """The producer's next date; `owed` unless the dossier must first reach a later stage."""

    act: Wording
    last_on: date
    owed: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the dossier ended.

    Attributes:
        told: What happened.
        closed_on: The local day of it.
        stars: The stars, where the end is a rating.
        mean: The mean score with two decimals, rounded down so that it never shows a higher band; None without rating.
    """

    told: Wording
    closed_on: date
    stars: int | None
    mean: str | None


@dataclass(frozen=True, slots=True)
class StatusPage:
    """Everything that one dossier's page shows. Names of officials and ids of rows are not in it.

    Attributes:
        product: The product's name.
        form: Its form.
        producer: The producer's name.
        office: The coordination office: role and unit.
        round_title: The round, or what stands for it.
        number: The dossier's number within its round.
        receipt_number: The receipt's number, once there is one.
        status: The dossier's status code.
        step: The number of the present (or last) stage, from 1.
        route: The stages of the dossier; after an end only those it passed.
        turn: Whose move it is; None after an end.
        asked: What a returned dossier must be completed with; None otherwise.
        tasks: What is owed now, the move's party first.
        batch: In which batch a dossier is evaluated that was passed on too late for its own and waits for its receipt.
        producers_next: The producer's next date, where one is known.
        outcome: How it ended, or None.
        papers: The checklist with what is there and what is missing; empty where the rule set has none, and once rated.
        certificate: What is said of the product's certificate, where it has one.
        attempts: How the product fared before, the earliest first.
        history: What happened, the earliest first.
        as_of: The instant for which all this holds.
    """

    product: str
    form: str
    producer: str
    office: LocalText
    round_title: LocalText
    number: str
    receipt_number: str | None
    status: str
    step: int
    route: tuple[RouteStage, ...]
    turn: Party | None
    asked: Wording | None
    tasks: tuple[OpenTask, ...]
    batch: Wording | None
    producers_next: ProducersDate | None
    outcome: Outcome | None
    papers: tuple[ChecklistItem, ...]
    certificate: tuple[Wording, ...]
    attempts: tuple[Wording, ...]
    history: tuple[HistoryEntry, ...]
    as_of: datetime

    @property
    def steps(self) -> int:
        """Return how many stages there are, those left out that depend on a result."""
        return sum(stage.state is not StageState.POSSIBLE for stage in self.route)

    @property
    def task_of_turn(self) -> OpenTask | None:
        """Return what the party whose move it is owes first, or None."""
        return next((task for task in self.tasks if task.party == self.turn), None)


@dataclass(frozen=True, slots=True)
class _Case:
    """One dossier with what its page is read from, at one instant."""

    dossier: Dossier
    producer: Producer
    book: Rulebook
    stages: tuple[Stage, ...]
    obligations: list[Obligation]
    now: datetime

    @property
    def lapsed_at(self) -> datetime | None:
        """Return when an open dossier lapsed that no sweep has recorded yet, or None (promise I9)."""
        instants = [o.lapse_at for o in self.obligations if o.lapse_at and self.now >= o.lapse_at + ENFORCEMENT_MARGIN]
        return min(instants, default=None)

    @property
    def status(self) -> str:
        """Return the status code that holds at this instant."""
        return self.dossier.status if self.lapsed_at is None else DossierStatus.LAPSED.value

    @property
    def step(self) -> int:
        """Return the place of the dossier's stage in its route, from 0."""
        return [stage.id for stage in self.stages].index(self.dossier.stage)


def status_page(work: UnitOfWork, dossier: Dossier) -> StatusPage:
    """Return what the page of one dossier says at the unit of work's `now`; reads only.

    What is overdue or lapsed follows from the dates and `now`, not from what a sweep has recorded (promise I9).
    """
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    book = work.books.of_dossier(work.session, cycle, dossier)
    product = work.session.get_one(Product, dossier.product_id)
    producer = work.session.get_one(Producer, product.producer_id)
    stages = book.stages(dossier.round_id, dossier.kind)
    owed = [owed for owed in open_obligations_of(work.session, dossier.id) if owed.kind != OPINION]
    case = _Case(dossier, producer, book, stages, owed, work.now)
    history = history_of(work.session, book, dossier)
    ended = case.status in FINAL_STATUSES
    turn = None if ended or dossier.responsible is None else party_named(book, producer, dossier.responsible)
    tasks = () if ended else _tasks(case, turn)
    return StatusPage(
        product=product.name,
        form=product.form,
        producer=producer.name,
        office=position_title(book.units, cycle.office_position),
        round_title=book.round(dossier.round_id).title,
        number=dossier.key.rpartition("/")[2],
        receipt_number=dossier.receipt_number,
        status=case.status,
        step=case.step + 1,
        route=_route(case, ended=ended),
        turn=turn,
        asked=_last_told(history, "news.returned") if case.status == DossierStatus.RETURNED else None,
        tasks=tasks,
        batch=None if ended else batch_joined(work, dossier),
        producers_next=None if ended else _producers_next(case, tasks),
        outcome=_outcome(case, history) if ended else None,
        papers=() if case.status in _SCORED_ENDS else checklist_of(work, dossier),
        certificate=certificate_of_page(work.session, work.books, dossier, now=work.now),
        attempts=tuple(attempt.told for attempt in earlier_attempts(work, dossier)),
        history=history,
        as_of=work.now,
    )


def _route(case: _Case, *, ended: bool) -> tuple[RouteStage, ...]:
    """Return the stages with their states; those after an end are never reached and left out."""
    here = StageState.ENDED_HERE if ended else StageState.PRESENT
    passed = [RouteStage(stage.title, StageState.DONE) for stage in case.stages[: case.step]]
    sure = sure_stages(case.stages[case.step :])
    coming = [
        RouteStage(stage.title, StageState.COMING if stage.id in sure else StageState.POSSIBLE)
        for stage in case.stages[case.step + 1 :]
    ]
    return (*passed, RouteStage(case.stages[case.step].title, here), *(() if ended else coming))


def _tasks(case: _Case, turn: Party | None) -> tuple[OpenTask, ...]:
    """Return what is owed now: first that of the party whose move it is, then by date."""
    tasks = [open_task(case.book, case.producer, obligation, now=case.now) for obligation in case.obligations]
    return tuple(sorted(tasks, key=lambda task: task.party != turn))


def _producers_next(case: _Case, tasks: tuple[OpenTask, ...]) -> ProducersDate | None:
    """Return the earliest date that the producer owes now, or else the plan's next one at a later stage."""
    for task in tasks:
        if task.party.is_producer and task.last_on is not None:
            return ProducersDate(task.act, task.last_on, owed=True)
    round_ = case.book.round(case.dossier.round_id)
    for stage in case.stages[case.step + 1 :]:
        step = step_settled_by(stage, DossierTrigger.SUBMIT)
        if step is None or not step.owner.producer:
            continue
        due = round_.stages.get(stage.id, {}).get(step.id, StepDates()).due
        last_day = resolve(case.book, due).last_day if due else None
        if last_day is not None and last_day >= local_day(case.now):
            return ProducersDate(act_at(stage, step.id), last_day, owed=False)
    return None


def _outcome(case: _Case, history: tuple[HistoryEntry, ...]) -> Outcome:
    dossier, lapsed_at = case.dossier, case.lapsed_at
    if lapsed_at is not None:
        return Outcome(Wording("page.lapsed"), local_day(lapsed_at), stars=None, mean=None)
    rated = dossier.status in _SCORED_ENDS
    return Outcome(
        told=_last_told(history, f"news.{dossier.status}"),
        closed_on=local_day(dossier.closed_at or case.now),
        stars=dossier.stars if rated else None,
        mean=shown_mean(Fraction(dossier.mean)) if rated and dossier.mean is not None else None,
    )


def _last_told(history: tuple[HistoryEntry, ...], code: str) -> Wording:
    """Return the last thing of this code that happened; the dossier's status says that it did."""
    return next(entry.told for entry in reversed(history) if entry.told.code == code)

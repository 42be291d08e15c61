"""What an edited plan makes of the open dates of a cycle: reckoned beside the pinned plan, before anything is written.

Only what the edited plan dates otherwise is reckoned anew. What an extension gave stays, and so does what has lapsed or
was missed and would be late again; a producer's date comes no nearer than the working days that the plan grants.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, start_of_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.approvals import APPROVAL, approval_due
from ocop_workflow.policy.date_expressions import Anchor
from ocop_workflow.policy.date_forms import Due, Firmness
from ocop_workflow.policy.plan import CyclePlan, StepDates
from ocop_workflow.policy.producer_terms import fair_last_day
from ocop_workflow.policy.report_turns import ReportTurn, report_turns
from ocop_workflow.policy.rule_set import Stage
from ocop_workflow.policy.statutory_limits import DatedStep
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossier_dates import anchors_of, dated_step, step_dates
from ocop_workflow.services.obligations import (
    DOSSIER_STEP,
    OPINION,
    PLAN_TASK,
    REPORT,
    WITHDRAWAL,
    is_as_reckoned,
    resolve,
)
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.redating import Move
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation, PlanTask, Report
from state_machines.report import ReportStatus


class AmendmentRefusedError(InputError):
    """The edited plan can't amend the year; each line says why and what to do."""


@dataclass(frozen=True, slots=True)
class Revised:
    """An open obligation under an edited plan.

    Attributes:
        obligation: The row, as it is.
        ladder: The ladder it follows from now on, or None.
        dated: Its new date with the limit behind it; None when the date stays.
        opens_at: From when it is owed, where that follows from the date.
    """

    obligation: Obligation
    ladder: str | None
    dated: DatedStep | None = None
    opens_at: datetime | None = None

    @property
    def move(self) -> Move | None:
        """Return the move of the date, or None where it stays."""
        due_at, present = self.dated.due.due_at if self.dated is not None else None, self.obligation.due_at
        return None if due_at in (None, present) else Move(self.obligation, present, due_at.astimezone(UTC))


def under(book: Rulebook, plan: CyclePlan) -> Rulebook:
    """Return a rulebook with another plan."""
    return Rulebook(book.year, plan, book.rule_set, book.units, book.days, book.products, book.criteria, book.earlier)


def revisions(work: UnitOfWork, cycle: Cycle, plan: CyclePlan) -> list[Revised]:
    """Return what an edited plan makes of every open obligation of a cycle, the earliest date first.

    Raises:
        AmendmentRefusedError: Something open would have no date any more, another ground on which it lapses, or a date
            that is over although it is in time today.
    """
    reader = Reader(work, work.books.of_cycle(work.session, cycle), plan)
    query = select(Obligation).where(col(Obligation.cycle_id) == cycle.id, col(Obligation.status) == "open")
    found, faults = [], []
    for obligation in work.session.exec(query.order_by(col(Obligation.due_at), col(Obligation.key))):
        try:
            found.append(reader.revised(obligation))
        except AmendmentRefusedError as error:
            faults.append(f"{obligation.key} {error}")
    if faults:
        raise AmendmentRefusedError("\n".join(faults))
    return found


class Reader:
    """Reads open obligations by one plan and by another that amends it."""

    def __init__(self, work: UnitOfWork, book: Rulebook, plan: CyclePlan) -> None:
        self._work = work
        self._old = book
        self._new = under(book, plan)
        self._turns = _turns_of(self._new)

    def revised(self, obligation: Obligation) -> Revised:
        """Return what the other plan makes of an obligation; raises as `revisions`, without its key."""
        if obligation.kind == DOSSIER_STEP:
            return self._step(obligation)
        if obligation.kind == REPORT:
            return self._report(obligation)
        if obligation.kind == PLAN_TASK:
            return self._task(obligation)
        if obligation.kind == WITHDRAWAL:
            return Revised(obligation, obligation.ladder)  # a regulation's own term
        if obligation.kind == OPINION:  # its day is the consultation's own
            council = self._new.plan.councils.get(obligation.stage or "")
            written = council.written if council is not None else None
            return Revised(obligation, written.ladder if written is not None else obligation.ladder)
        rules = self._new.plan.certificates  # the date of a renewal follows from its certificate
        return Revised(obligation, rules.ladder if rules is not None else obligation.ladder)

    def _step(self, obligation: Obligation) -> Revised:
        case = _under(case_of(self._work, self._work.session.get_one(Dossier, obligation.subject_id)), self._old.plan)
        stage, step = case.stage_named(obligation.stage or "", obligation.step), obligation.step or ""
        new_case = _under(case, self._new.plan)
        before, after = step_dates(case, stage, step), step_dates(new_case, stage, step)
        dated = None
        if _written(before.due) != _written(after.due):
            dated = self._checked(obligation, self._dated(obligation, new_case, after, stage=stage))
        if obligation.lapse_at is not None and before.lapse != after.lapse:
            raise AmendmentRefusedError("is open under another lapse; what ends a dossier stays: write it as it was")
        if dated is not None and obligation.party == case.producer:
            dated = self._fair(obligation, dated)
        return Revised(obligation, after.ladder, dated)

    def _dated(self, obligation: Obligation, case: DossierCase, dates: StepDates, *, stage: Stage) -> DatedStep | None:
        """Return the date of a dossier's step by the edited plan; a term runs from the same act as before."""
        anchors = anchors_of(case, obligation.opens_at)
        if stage.id != case.dossier.stage or case.dossier.closed_at is not None:
            # What is left to do by hand counts from the decision that opened it.
            anchors = {Anchor.DECIDED: obligation.opens_at}
        return dated_step(
            self._work,
            case,
            dates,
            stage=stage,
            step=obligation.step or "",
            opens_at=obligation.opens_at,
            of_producer=obligation.party == case.producer,
            anchors=anchors,
        )

    def _report(self, obligation: Obligation) -> Revised:
        report = self._work.session.get_one(Report, obligation.subject_id)
        turn = self._turns.get((report.duty_id, report.unit_id, report.period_id))
        if turn is None and self._old.units.unit_today(report.unit_id) != report.unit_id:
            return Revised(obligation, obligation.ladder)  # its unit has ended; the successor owes it as it is
        if turn is None:
            raise AmendmentRefusedError("is open and the edited plan asks for no such report; keep its date")
        duty = turn.duty
        before = next(each for each in self._old.cycle_year.report_duties if each.id == duty.id)
        if (before.due, before.opens_days_before) == (duty.due, duty.opens_days_before):
            return Revised(obligation, duty.ladder)
        due = turn.due if duty.only_if is None else replace(turn.due, firmness=Firmness.EXPECTED)
        dated = self._checked(obligation, DatedStep(due))
        if dated is None or dated.due.due_at is None or report.status != ReportStatus.UPCOMING:
            return Revised(obligation, duty.ladder, dated)
        return Revised(obligation, duty.ladder, dated, dated.due.due_at - timedelta(days=duty.opens_days_before))

    def _task(self, obligation: Obligation) -> Revised:
        row = self._work.session.get_one(PlanTask, obligation.subject_id)
        before, task = (
            next(each for each in book.cycle_year.tasks if each.id == row.task_id) for book in (self._old, self._new)
        )
        planned = task.dates[row.occurrence - 1]
        if before.dates[row.occurrence - 1] == planned:
            return Revised(obligation, task.ladder)
        due = resolve(self._new, planned)
        approval = self._new.plan.approval(task.needs_approval)
        if obligation.step == APPROVAL and approval is not None:
            consent = resolve(self._new, approval_due(due, approval, year=self._new.year))
            return Revised(obligation, task.ladder, self._checked(obligation, DatedStep(consent)))
        return Revised(obligation, task.ladder, self._checked(obligation, DatedStep(due)), due.opens_at)

    def _checked(self, obligation: Obligation, dated: DatedStep | None) -> DatedStep | None:
        """Return a new date, or None where the present one stays.

        Raises:
            AmendmentRefusedError: There is none, or it is over for what is in time today.
        """
        now, present = self._work.now, obligation.due_at
        if not is_as_reckoned(obligation) or (obligation.lapse_at is not None and obligation.lapse_at <= now):
            return None
        if dated is None or dated.due.due_at is None:
            if present is None:
                return None
            raise AmendmentRefusedError("is open and would have no date any more; give it one")
        if dated.due.due_at > now:
            return dated
        if present is None or present > now:
            last_day = last_day_in_time(dated.due.due_at)
            raise AmendmentRefusedError(
                f"is in time today and would be late since {last_day:%d/%m/%Y}; give it a date that is to come"
            )
        return None  # what was missed stays missed

    def _fair(self, obligation: Obligation, dated: DatedStep) -> DatedStep | None:
        """Return a producer's date; one that comes nearer must leave the days that the plan grants, else none moves."""
        due_at, present = dated.due.due_at, obligation.due_at
        if due_at is None or present is None or due_at >= present:
            return dated
        at_least = self._new.plan.producer_days_at_least
        last_day = fair_last_day(self._work.now, days=self._new.days, at_least=at_least)
        return dated if due_at > start_of_day(last_day) else None


def _written(due: Due | None) -> tuple[object, ...] | None:
    """Return what of a plan's date decides about the day; another source alone moves nothing."""
    return None if due is None else (due.date, due.origin)


def _under(case: DossierCase, plan: CyclePlan) -> DossierCase:
    book = under(case.book, plan)
    return replace(case, book=book, round=book.round(case.dossier.round_id))


def _turns_of(book: Rulebook) -> dict[tuple[str, str, str], ReportTurn]:
    turns = report_turns(book.plan, book.units, year=book.year, days=book.days)
    return {(turn.duty.id, turn.unit, turn.period.id): turn for turn in turns}

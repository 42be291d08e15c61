"""The act that makes a day one off or one of work: a new calendar for the cycle, and the dates that follow (I6)."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import col, select

from ocop_workflow.clock import start_of_day
from ocop_workflow.policy.calendar_edits import Recounted, days_with, recounted, rules_with
from ocop_workflow.policy.plan import CalendarRules, CyclePlan
from ocop_workflow.policy.statutory_limits import limits_of
from ocop_workflow.policy.working_days import WorkingDays
from ocop_workflow.services.cycle_acts import check_office, record_cycle_act, said
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_dates import anchors_of, since_reopening
from ocop_workflow.services.events import Act, command_done
from ocop_workflow.services.moved_dates import record_moves
from ocop_workflow.services.obligations import (
    DOSSIER_STEP,
    OPINION,
    PLAN_TASK,
    RENEWAL,
    REPORT,
    WITHDRAWAL,
    is_as_reckoned,
    moments_of,
    resolve,
)
from ocop_workflow.services.pinned_documents import Rulebook, pin
from ocop_workflow.services.redating import DEADLINES_RECOUNTED, Move, redate
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation

CALENDAR_CHANGED = "calendar_changed"


@dataclass(frozen=True, slots=True)
class CalendarEdit:
    """A decreed day.

    Attributes:
        day: Which.
        off: Whether it is a day off; else a day of work.
        reason: Free text, kept beside the event.
        decision: The number of the decision.
        actor: The office.
        command: Makes the act idempotent.
    """

    day: date
    off: bool
    reason: str
    decision: str
    actor: str
    command: str | None = None


def moves_by(work: UnitOfWork, cycle: Cycle, edit: CalendarEdit) -> list[Move]:
    """Return the open dates that a decreed day would move, the earliest first; nothing is written."""
    book = work.books.of_cycle(work.session, cycle)
    days = days_with(book.days, edit.day, off=edit.off)
    return [] if days == book.days else [move for move, _ in _moves(work, cycle, days, book.plan.calendar)]


def set_day(work: UnitOfWork, cycle: Cycle, edit: CalendarEdit) -> list[Move]:
    """Make a day one off or one of work in a cycle, and return the open dates that moved.

    The cycle is pinned to a new calendar and plan. Counted terms are counted anew, fixed dates move only where the plan
    rolls them over, a date that an extension gave stays. A date moves only to one that is still to come: what would
    come to lie in the past stays as it is, and so does a dossier whose term has lapsed. What was missed and is to come
    again is late no more. Rungs that had come by the old calendar are decided by it first. Each subject whose dates
    moved records one act, and those who owe are told. Nothing happens when the day is such a day already.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
        DayOutsideCalendarError: The day lies outside the years of the cycle's calendar.
        InputError: Reason or decision is missing.
    """
    check_office(cycle, edit.actor, act="decree_days")
    reason, decision = said(edit.reason, what="the reason"), said(edit.decision, what="the number of the decision")
    old = work.books.of_cycle(work.session, cycle)
    days = days_with(old.days, edit.day, off=edit.off)
    if command_done(work.session, edit.command) or days == old.days:
        return []
    kinds = (DOSSIER_STEP, OPINION, REPORT, PLAN_TASK)
    queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=kinds, now=work.now))
    rules = rules_with(old.plan.calendar, edit.day, off=edit.off, decision=decision)
    moves = _moves(work, cycle, days, rules)
    waiting = _undecided(work, cycle, old)
    _pin(work, cycle, old.plan.model_copy(update={"calendar": rules}), days)
    details = {
        "day": edit.day.isoformat(),
        "off": edit.off,
        "plan_hash": cycle.plan_hash,
        "days_hash": cycle.days_hash,
    }
    act = Act(edit.actor, CALENDAR_CHANGED, rule=decision, details=details, text=reason, command=edit.command)
    record_cycle_act(work, cycle, act)
    moved = {move.obligation.id for move, _ in moves}
    for obligation, rungs in waiting:
        if obligation.id not in moved:
            _shift_rungs(work, cycle, obligation, rungs)
    for move, reckoning in moves:
        redate(work, cycle, move)
        move.obligation.why_params = reckoning.params
    _relimit(work, cycle)
    act = Act(edit.actor, DEADLINES_RECOUNTED, rule=decision, details={"days_hash": cycle.days_hash})
    record_moves(work, cycle, [move for move, _ in moves], act, news="news.redated")
    return [move for move, _ in moves]


def _moves(work: UnitOfWork, cycle: Cycle, days: WorkingDays, rules: CalendarRules) -> list[tuple[Move, Recounted]]:
    """Return the dates that a calendar moves, with the new reckoning."""
    found = []
    for obligation in _open(work, cycle):
        if obligation.due_at is None or not is_as_reckoned(obligation):
            continue
        if obligation.kind in (RENEWAL, WITHDRAWAL):
            continue  # they follow from the certificate in calendar days
        if obligation.lapse_at is not None and obligation.lapse_at <= work.now:
            continue
        reckoning = recounted(obligation.why_code, obligation.why_params, days=days, rules=rules)
        if reckoning is None:
            continue
        after = start_of_day(reckoning.last_day + timedelta(days=1))
        if after != obligation.due_at and after > work.now:
            found.append((Move(obligation, obligation.due_at, after), reckoning))
    return found


def _open(work: UnitOfWork, cycle: Cycle) -> list[Obligation]:
    query = select(Obligation).where(col(Obligation.cycle_id) == cycle.id, col(Obligation.status) == "open")
    return list(work.session.exec(query.order_by(col(Obligation.due_at), col(Obligation.key))))


def _undecided(work: UnitOfWork, cycle: Cycle, book: Rulebook) -> list[tuple[Obligation, set[str]]]:
    """Return the rungs still to come by the present calendar, by obligation."""
    found = []
    for obligation in _open(work, cycle):
        since = obligation.next_action_at
        if since is not None:
            found.append((obligation, {moment.rung for moment in moments_of(book, obligation) if moment.at >= since}))
    return found


def _shift_rungs(work: UnitOfWork, cycle: Cycle, obligation: Obligation, rungs: set[str]) -> None:
    """Set when the next undecided rung comes by the new calendar; one before the opening never does (I3)."""
    book = work.books.of_cycle(work.session, cycle)
    floor = max(obligation.opens_at, cycle.opened_at)
    moments = [moment.at for moment in moments_of(book, obligation) if moment.rung in rungs and moment.at >= floor]
    obligation.next_action_at = min(moments, default=None)
    work.session.add(obligation)


def _pin(work: UnitOfWork, cycle: Cycle, plan: CyclePlan, days: WorkingDays) -> None:
    """Pin a cycle to a new version of its plan and calendar."""
    name = f"{plan.id}/{cycle.year}"
    cycle.plan_hash = pin(work.session, kind="plan", name=plan.id, value=plan.model_dump(mode="json"))
    cycle.days_hash = pin(work.session, kind="days", name=name, value=days.snapshot())


def _relimit(work: UnitOfWork, cycle: Cycle) -> None:
    """Count the statutory limits behind open dates anew."""
    query = select(Obligation).where(
        col(Obligation.cycle_id) == cycle.id,
        col(Obligation.status) == "open",
        col(Obligation.limit_at).is_not(None),
    )
    for obligation in work.session.exec(query):
        case = case_of(work, work.session.get_one(Dossier, obligation.subject_id))
        stage = case.stage_named(obligation.stage or "", obligation.step)
        limits = limits_of(case.book.rule_set, stage, obligation.step or "", kind=case.dossier.kind)
        dues = [limit.due for limit in limits]
        opens_at = obligation.opens_at
        anchors = since_reopening(work, case, anchors_of(case, opens_at), dues=dues, opens_at=opens_at)
        instants = [resolve(case.book, due, anchors).due_at for due in dues]
        obligation.limit_at = min((at for at in instants if at is not None), default=obligation.limit_at)
        work.session.add(obligation)

"""The act that amends the plan of an open year: a new plan version, the dates that follow, and what is new (I6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.amendments import Difference, amended_plan, amendment_faults, differences
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.report_turns import report_turns
from ocop_workflow.policy.route import position_of
from ocop_workflow.services.amended_dates import AmendmentRefusedError, Revised, revisions, under
from ocop_workflow.services.cycle_acts import check_office, record_cycle_act, said
from ocop_workflow.services.cycles import CLOSED, INTAKE_CLOSED
from ocop_workflow.services.events import Act, command_done
from ocop_workflow.services.moved_dates import record_moves, tell_of_new
from ocop_workflow.services.obligations import (
    KINDS,
    PLAN_TASK,
    REPORT,
    enforcement_of,
    moments_of,
    resolve,
)
from ocop_workflow.services.pinned_documents import Rulebook, pin
from ocop_workflow.services.projection import project_reports, project_tasks
from ocop_workflow.services.redating import DEADLINES_AMENDED, Move, redate
from ocop_workflow.services.reminders import due_obligations, move_next_action, queue_due_notices
from ocop_workflow.services.subjects import dated_subject
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event, Obligation, PlanTask, Report

PLAN_AMENDED = "plan_amended"


@dataclass(frozen=True, slots=True)
class Amendment:
    """An edited plan, checked as for opening a year.

    Attributes:
        plan: The whole plan as it is to be.
        reason: Free text, kept beside the event.
        decision: The number of the decision.
        actor: The office.
        command: Makes the act idempotent.
    """

    plan: CyclePlan
    reason: str
    decision: str
    actor: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class NewDuty:
    """A report or plan task that an amendment adds: its key, who owes it, and the first instant too late."""

    key: str
    party: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Amended:
    """What an amendment changes: values of the plan, open dates, and what is new. Empty when nothing changes."""

    differences: tuple[Difference, ...] = ()
    moves: tuple[Move, ...] = ()
    new: tuple[NewDuty, ...] = ()


def amendment_of(work: UnitOfWork, cycle: Cycle, written: CyclePlan) -> Amended:
    """Return what an edited plan would change in a cycle; nothing is written.

    Raises:
        AmendmentRefusedError: It may not amend this year; each line is one reason with its remedy.
    """
    old = work.books.of_cycle(work.session, cycle)
    _refuse(amendment_faults(old.plan, written, year=cycle.year))
    plan = amended_plan(old.plan, written)
    changed = differences(old.plan, plan)
    if not changed:
        return Amended()
    _check_status(cycle, old, under(old, plan))
    moves = [revised.move for revised in revisions(work, cycle, plan)]
    new = tuple(sorted(_new_duties(work, cycle, under(old, plan)), key=attrgetter("key")))
    _refuse([_passed(d.key, d.due_at) for d in new if d.due_at is not None and d.due_at <= work.now])
    return Amended(changed, tuple(move for move in moves if move is not None), new)


def amend(work: UnitOfWork, cycle: Cycle, amendment: Amendment) -> Amended:
    """Amend the plan of an open year and return what changed; nothing happens when the plan says so already.

    The cycle is pinned to the edited plan. A date moves where the plan dates it otherwise now, and only to one that is
    to come; what an extension gave stays, and so does what has lapsed. Where only the ladder changed, its rungs from
    now on are said and no date gets a new version. Rungs that had come are decided by the plan of their day. A step
    that had no date gets one for the dossiers that come to it afterwards. Each subject whose date moved records one
    act, and those who owe are told.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
        InputError: Reason or decision is missing.
        AmendmentRefusedError: The edited plan may not amend this year.
    """
    check_office(cycle, amendment.actor, act="amend")
    reason = said(amendment.reason, what="the reason")
    decision = said(amendment.decision, what="the number of the decision")
    if command_done(work.session, amendment.command):
        return Amended()
    amended = amendment_of(work, cycle, amendment.plan)
    if not amended.differences:
        return amended
    queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=KINDS, now=work.now))
    old = work.books.of_cycle(work.session, cycle)
    plan = amended_plan(old.plan, amendment.plan)
    revised = revisions(work, cycle, plan)
    before = cycle.plan_hash
    cycle.plan_hash = pin(work.session, kind="plan", name=plan.id, value=plan.model_dump(mode="json"))
    details = {
        "plan_before": before,
        "plan_hash": cycle.plan_hash,
        "changed": [difference.path for difference in amended.differences],
        "dates": len(amended.moves),
    }
    act = Act(amendment.actor, PLAN_AMENDED, rule=decision, details=details, text=reason, command=amendment.command)
    event = record_cycle_act(work, cycle, act)
    moves = [move for each in revised if (move := apply_revision(work, cycle, old, each)) is not None]
    act = Act(amendment.actor, DEADLINES_AMENDED, rule=decision, details={"plan_hash": cycle.plan_hash})
    record_moves(work, cycle, moves, act, news="news.amended")
    project_reports(work, cycle, actor=amendment.actor)
    project_tasks(work, cycle, actor=amendment.actor)
    _tell_of_new(work, cycle, amended, event)
    return amended


def apply_revision(work: UnitOfWork, cycle: Cycle, old: Rulebook, revised: Revised) -> Move | None:
    """Give an obligation its ladder and date under the amended plan; return the move where its date moved."""
    obligation, move = revised.obligation, revised.move
    ladders = work.books.of_cycle(work.session, cycle).plan.ladders
    is_other_ladder = (obligation.ladder, old.plan.ladders.get(obligation.ladder or "")) != (
        revised.ladder,
        ladders.get(revised.ladder or ""),
    )
    obligation.ladder = revised.ladder
    if revised.dated is not None:
        _explain(work, revised)
    if move is not None:
        redate(work, cycle, move)
    elif is_other_ladder:
        _plan_rungs(work, cycle, obligation)
    work.session.add(obligation)
    return move


def _tell_of_new(work: UnitOfWork, cycle: Cycle, amended: Amended, event: Event) -> None:
    work.session.flush()
    query = select(Obligation).where(
        col(Obligation.cycle_id) == cycle.id,
        col(Obligation.kind).in_((REPORT, PLAN_TASK)),
        col(Obligation.due_at).is_not(None),
    )
    keys = {duty.key for duty in amended.new}
    found = work.session.exec(query.order_by(col(Obligation.due_at), col(Obligation.key)))
    added = [obligation for obligation in found if obligation.key in keys]
    tell_of_new(work, cycle, added, event, news="news.duty_added")


def _explain(work: UnitOfWork, revised: Revised) -> None:
    """Say on the row how its date comes about now, and from when it is owed."""
    obligation, dated = revised.obligation, revised.dated
    if dated is None:
        return
    due = dated.due
    obligation.firmness, obligation.origin = due.firmness.value, due.origin.value
    obligation.why_code, obligation.why_params, obligation.source = due.code, dict(due.params), due.source
    obligation.limit_at, obligation.limit_source = dated.limit_at, dated.limit_source
    enforcement_of(obligation, work.now)
    if revised.opens_at is None:
        return
    obligation.opens_at = revised.opens_at
    subject = dated_subject(work.session, obligation)
    if isinstance(subject, Report):
        subject.opens_at = revised.opens_at
        work.session.add(subject)


def _plan_rungs(work: UnitOfWork, cycle: Cycle, obligation: Obligation) -> None:
    """Set the next rung of a ladder that changed under a date that stays: the first one that is still to come."""
    floor = max(obligation.opens_at, cycle.opened_at)
    book = work.books.of_cycle(work.session, cycle)
    moments = [moment for moment in moments_of(book, obligation) if moment.at >= floor]
    move_next_action(obligation, moments, work.now)


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise AmendmentRefusedError("\n".join(faults))


def _check_status(cycle: Cycle, old: Rulebook, new: Rulebook) -> None:
    if cycle.status == CLOSED:
        raise AmendmentRefusedError(
            f"cycle {cycle.key} is closed; give what is still open another date with `ocop extend`"
        )
    closing = {round_.id: round_.closes_on for round_ in old.cycle_year.rounds}
    if cycle.status == INTAKE_CLOSED and any(
        round_.closes_on > closing.get(round_.id, old.plan.first_day) for round_ in new.cycle_year.rounds
    ):
        raise AmendmentRefusedError(
            f"the intake of {cycle.key} is closed; a round that takes dossiers again belongs to the next year"
        )


def _passed(key: str, due_at: datetime) -> str:
    last_day = last_day_in_time(due_at)
    return (
        f"{key} is new and would be late since {last_day:%d/%m/%Y}; a new duty begins with what is to come: write "
        f"`since` in a report duty ({local_day(due_at):%Y-%m-%d} or later), or leave a task's date out"
    )


def _new_duties(work: UnitOfWork, cycle: Cycle, book: Rulebook) -> Iterator[NewDuty]:
    """Yield the reports and tasks of an edited plan that have no row yet."""
    reports = select(Report.duty_id, Report.period_id, Report.unit_id).where(col(Report.cycle_id) == cycle.id)
    there = set(work.session.exec(reports))
    for duty, unit, period, due in report_turns(book.plan, book.units, year=book.year, days=book.days):
        if (duty.id, period.id, unit) not in there:
            party = position_of(duty.reporters, units=book.units, unit=unit)
            yield NewDuty(f"{cycle.key}/report/{duty.id}/{period.id}/{unit}", party, due.due_at)
    tasks = select(PlanTask.task_id, PlanTask.occurrence).where(col(PlanTask.cycle_id) == cycle.id)
    planned = set(work.session.exec(tasks))
    for task in book.cycle_year.tasks:
        for occurrence, date_ in enumerate(task.dates, start=1):
            if (task.id, occurrence) not in planned:
                party = position_of(task.lead, units=book.units, unit=cycle.office_id)
                yield NewDuty(f"{cycle.key}/task/{task.id}/{occurrence}", party, resolve(book, date_).due_at)

"""Extensions: an act that gives open dates a later one, raises their deadline version and tells those affected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.policy.date_expressions import Origin
from ocop_workflow.policy.extension_rules import ExtensionRefusedError, Granted, check_not_too_far
from ocop_workflow.services.cycle_acts import check_office, record_cycle_act, said
from ocop_workflow.services.events import Act, command_done, details_of, events_of
from ocop_workflow.services.notices import tell
from ocop_workflow.services.obligations import OPINION, PLAN_TASK, REPORT, open_obligations_of
from ocop_workflow.services.redating import DEADLINE_EXTENDED, EXTENSION_UNDONE, Move, redate
from ocop_workflow.services.statutory_bounds import bound_of
from ocop_workflow.services.subjects import record_on_subject, stream_of
from ocop_workflow.services.titles import in_both, period_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Obligation, Report

EXTENSION_GRANTED = "extension_granted"


@dataclass(frozen=True, slots=True)
class Extension:
    """What is extended to when, why and by whom.

    Attributes:
        due_at: The new first instant too late.
        reason: Free text, kept beside the event.
        decision: The number of the decision that grants it.
        actor: The office.
        command: Makes the act idempotent.
    """

    due_at: datetime
    reason: str
    decision: str
    actor: str
    command: str | None = None


def obligation_to_extend(session: Session, dossier: Dossier, *, step: str | None = None) -> Obligation:
    """Return what a dossier owes now: the open obligation of a step, or the only one when no step is named.

    Raises:
        ExtensionRefusedError: Nothing is open, nothing of that name, or several and no step was named.
    """
    open_now = [owed for owed in open_obligations_of(session, dossier.id) if owed.kind != OPINION]
    steps = ", ".join(obligation.step or obligation.kind for obligation in open_now)
    if not open_now:
        raise ExtensionRefusedError("owes_nothing", rule=None, dossier=dossier.key)
    found = [obligation for obligation in open_now if step in (None, obligation.step)]
    if not found:
        raise ExtensionRefusedError("step_not_owed", rule=None, step=(step or "")[:40], steps=steps)
    if len(found) > 1:
        raise ExtensionRefusedError("several_owed", rule=None, dossier=dossier.key, steps=steps)
    return found[0]


def extend(work: UnitOfWork, obligation: Obligation, extension: Extension) -> None:
    """Give one open obligation of a dossier or report a later date, also after the old one.

    The deadline version goes up, rungs of the old version that were not said are suppressed as re-dated, the new
    ladder begins now, and the party is told at once.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
        ExtensionRefusedError: It is a plan task, closed or lapsed, statutory, without a date, not later than now and
            before, or further than the plan or a statutory date behind it allows.
    """
    if not command_done(work.session, extension.command):
        cycle = work.session.get_one(Cycle, obligation.cycle_id)
        _extend(work, cycle, _checked(work, cycle, obligation, extension), extension, command=extension.command)


def moves_of(work: UnitOfWork, cycle: Cycle, obligations: Sequence[Obligation], extension: Extension) -> list[Move]:
    """Return which of a scope's dates an extension would move; those that are as late already stay.

    Raises:
        ExtensionRefusedError: One of them can't be moved so; then none is.
    """
    earlier = [owed for owed in obligations if owed.due_at is not None and owed.due_at < extension.due_at]
    moves = []
    for obligation in earlier:
        try:
            moves.append(_checked(work, cycle, obligation, extension))
        except ExtensionRefusedError as error:
            told = in_both(error.code, error.params)
            raise ExtensionRefusedError(
                "scope_not_extended", rule=error.rule, obligation=obligation.key, told=told
            ) from error
    return moves


def extend_scope(
    work: UnitOfWork,
    cycle: Cycle,
    obligations: Sequence[Obligation],
    extension: Extension,
    *,
    scope: Mapping[str, str],
) -> list[Move]:
    """Give every date of a scope the same later one, all or none; return what moved.

    One act of the cycle names the scope, and each subject records its own. Nothing moves the second time.

    Args:
        work: The unit of work.
        cycle: Whose.
        obligations: The open obligations of the scope.
        extension: To when, why, by which decision.
        scope: How it was named, such as `{"unit": …, "round": …}`, for the record.

    Raises:
        ExtensionRefusedError: One of them can't be moved so; then none is.
    """
    if command_done(work.session, extension.command):
        return []
    moves = moves_of(work, cycle, obligations, extension)
    if moves:
        details = {"scope": dict(scope), "due_after": extension.due_at.isoformat(), "dates": len(moves)}
        act = Act(
            extension.actor,
            EXTENSION_GRANTED,
            rule=extension.decision,
            details=details,
            text=extension.reason,
            command=extension.command,
        )
        record_cycle_act(work, cycle, act)
    for move in moves:
        _extend(work, cycle, move, extension)
    return moves


def granted_before(session: Session, obligation: Obligation) -> list[Event]:
    """Return the extensions of a date that were not undone, the earliest first."""
    standing: list[Event] = []
    for event in events_of(session, stream_of(obligation)):
        if event.action == DEADLINE_EXTENDED and details_of(event)["obligation"] == obligation.key:
            standing.append(event)
        elif event.action == EXTENSION_UNDONE and details_of(event)["obligation"] == obligation.key:
            standing.pop()
    return standing


def _extend(work: UnitOfWork, cycle: Cycle, move: Move, extension: Extension, *, command: str | None = None) -> None:
    redate(work, cycle, move)
    act = Act(
        extension.actor,
        DEADLINE_EXTENDED,
        rule=extension.decision,
        details=move.details,
        text=extension.reason,
        command=command,
    )
    event = record_on_subject(work, move.obligation, act)
    _tell(work, cycle, move.obligation, event, last_on=last_day_in_time(move.after).isoformat())


def _tell(work: UnitOfWork, cycle: Cycle, obligation: Obligation, event: Event, *, last_on: str) -> None:
    """Tell the party of its new last day."""
    code, params = "news.extended", {"last_on": last_on}
    if obligation.kind == REPORT:
        report = work.session.get_one(Report, obligation.subject_id)
        duties = work.books.of_cycle(work.session, cycle).cycle_year.report_duties
        duty = next(duty for duty in duties if duty.id == report.duty_id)
        code = "news.report_extended"
        titles = {"report": duty.title.model_dump(), "period": period_title(report.period_id)}
    else:
        dossier = work.session.get_one(Dossier, obligation.subject_id)
        book = work.books.of_dossier(work.session, cycle, dossier)
        titles = {"stage": book.stage_known(obligation.stage or "").title.model_dump()}
    tell(
        work,
        cycle,
        recipient=obligation.party,
        code=code,
        params={**titles, **params},
        subject_id=obligation.subject_id,
        stream=event.stream,
        seq=event.seq,
    )


def _checked(work: UnitOfWork, cycle: Cycle, obligation: Obligation, extension: Extension) -> Move:
    """Return the move that an extension makes.

    Raises:
        ExtensionRefusedError: It can't be made.
    """
    now = work.now
    said(extension.reason, what="the reason")
    said(extension.decision, what="the number of the decision")
    check_office(cycle, extension.actor, act="extend")
    if obligation.kind == PLAN_TASK:
        raise ExtensionRefusedError("task_not_extended", rule=obligation.source)
    if obligation.status != "open":
        raise ExtensionRefusedError("settled", rule=obligation.source)
    if obligation.origin == Origin.STATUTORY:
        raise ExtensionRefusedError("statutory_date", rule=obligation.source)
    if obligation.due_at is None:
        raise ExtensionRefusedError("no_date", rule=obligation.source)
    if obligation.lapse_at is not None and now >= obligation.lapse_at:  # I9: whether or not a sweep has recorded it
        raise ExtensionRefusedError("lapsed_before", rule=obligation.source, lapsed_at=obligation.lapse_at.isoformat())
    if extension.due_at <= max(obligation.due_at, now):
        raise ExtensionRefusedError("not_later", rule=obligation.source)
    before = granted_before(work.session, obligation)
    first = datetime.fromisoformat(details_of(before[0])["due_before"]) if before else obligation.due_at
    rules = work.books.of_cycle(work.session, cycle).plan.extensions
    check_not_too_far(
        extension.due_at, granted=Granted(len(before), first), rules=rules, bound=bound_of(work, obligation)
    )
    return Move(obligation, obligation.due_at, extension.due_at)

"""The one function that applies a trigger to a dossier, and finding the dossier it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError, RefusedError
from ocop_workflow.policy.route import COMPLETION, step_settled_by, steps_opened
from ocop_workflow.services.certificates import follow_renewal
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossier_duties import open_step, settle_duties
from ocop_workflow.services.dossier_news import tell_producer
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.session_rows import void_open_session
from ocop_workflow.services.titles import any_of, in_both, listed_in_both, status_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.withdrawals import check_not_replaced
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation, Product
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger, split_state, state_of
from state_machines.guards import Facts
from state_machines.lifecycle import TransitionNotAllowedError

SYSTEM = "system"
"""The prefix of actors that are not people, as in `system:enforce-deadlines`."""

ACTIONS = {
    DossierTrigger.SUBMIT: "dossier_submitted",
    DossierTrigger.RECEIVE: "dossier_received",
    DossierTrigger.REVIEW: "review_begun",
    DossierTrigger.RETURN: "dossier_returned",
    DossierTrigger.CONCLUDE: "stage_concluded",
    DossierTrigger.REJECT: "dossier_rejected",
    DossierTrigger.WITHDRAW: "dossier_withdrawn",
    DossierTrigger.LAPSE: "dossier_lapsed",
    DossierTrigger.REOPEN: "dossier_reopened",
}
"""The past fact that the event of each trigger is called."""

BY_FLOWS = (DossierTrigger.LAPSE,)
"""The triggers for which people have no command."""

_RECEIPTED = select(Dossier.id).where(
    col(Dossier.cycle_id) == bindparam("cycle"), col(Dossier.receipt_number) == bindparam("number")
)


class NotPermittedError(RefusedError):
    """The actor may not do this to the dossier."""


class DossierLapsedError(RefusedError):
    """The producer's term ended before, on the ground that the plan cites."""


class TooEarlyError(RefusedError):
    """The act is said to have happened before the dossier was where it could."""


class ReceiptNumberTakenError(RefusedError):
    """Another dossier of the cycle has this receipt number."""


class NotOpenHereError(RefusedError, TransitionNotAllowedError):
    """The dossier's state does not take the trigger."""

    def __init__(self, case: DossierCase, error: TransitionNotAllowedError) -> None:
        """Name what was tried and what people can do instead; what is ended only a superior's decision opens."""
        possible = [each for each in error.allowed if each not in (*BY_FLOWS, DossierTrigger.REOPEN)]
        TransitionNotAllowedError.__init__(self, error.lifecycle, error.state, error.trigger, error.allowed)
        RefusedError.__init__(
            self,
            "not_open" if possible else "ended",
            rule=case.rule(),
            status=status_title(case.dossier.status),
            stage=case.stage.title.model_dump(),
            trigger=in_both(f"trigger.{error.trigger}"),
            possible=listed_in_both([f"trigger.{trigger}" for trigger in possible]),
        )


class DossierNotFoundError(InputError):
    """No dossier has this id or number."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants done to a dossier.

    Attributes:
        trigger: What.
        actor: The party that acts: `producer:<id>`, `unit/role`, or `system:<flow>`.
        facts: What the guards read.
        effective_at: When it happened, if not now: the instant of receipt counts, not of typing (promise I9).
        details: Codes and numbers for the event, such as a receipt number or the ground.
        rule: What it rests on; the article of the stage when None.
        text: Free text, kept beside the event.
        command: A name unique for good; the second time nothing happens.
    """

    trigger: DossierTrigger
    actor: str
    facts: Facts = field(default_factory=Facts)
    effective_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    rule: str | None = None
    text: str | None = None
    command: str | None = None


def find_dossier(session: Session, reference: str) -> Dossier:
    """Return the dossier with this id (or an unambiguous beginning of it) or this number (or its last part).

    A number goes before the beginning of an id: products are often numbered 1, 2, 3, and ids begin with digits too.

    Raises:
        DossierNotFoundError: None or several match.
    """
    exact = (col(Dossier.id) == reference) | (col(Dossier.key) == reference)
    last_part = col(Dossier.key).endswith(f"/{reference}", autoescape=True)
    beginning = col(Dossier.id).startswith(reference, autoescape=True)
    for way in (exact, last_part, beginning) if reference else ():
        found = session.exec(select(Dossier).where(way)).all()
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(sorted(dossier.key for dossier in found)[:5])
            raise DossierNotFoundError(f"{len(found)} dossiers match {reference[:80]!r}; write one of {some}")
    raise DossierNotFoundError(f"no dossier matches {reference[:80]!r}; `ocop dossier list` shows the numbers")


def apply_trigger(work: UnitOfWork, dossier: Dossier, request: Request) -> Dossier:
    """Apply one trigger: actor, time, guards, version, event, row, obligations, news, in one transaction.

    Idempotent by `request.command`. Sends nothing, commits nothing.

    Raises:
        NotPermittedError: The actor may not do this at this stage.
        NotYetError: The act is said to have happened in the future.
        TooEarlyError: It is said to have happened before the dossier came to this stage, or before its round opened.
        DossierLapsedError: The dossier lapsed before the act's instant.
        ReceiptNumberTakenError: The receipt's number belongs to another dossier.
        NotOpenHereError: The table has no way for this trigger from here.
        DossierReplacedError: It was split or merged.
        VersionConflictError: Somebody else changed the dossier meanwhile.
    """
    if command_done(work.session, request.command):
        return dossier
    case = case_of(work, dossier)
    at = work.happened_at(request.effective_at)
    _check_actor(case, request)
    check_not_replaced(work.session, dossier, rule=case.rule())
    obligations = open_obligations_of(work.session, dossier.id)
    if request.trigger is not DossierTrigger.LAPSE:
        _check_time(case, request.trigger, at)
        _check_not_lapsed(obligations, at)
    before = state_of(dossier.stage, dossier.status)
    after = state_after(case, request)
    settled = _step_of(case, request.trigger, dossier.status)
    if request.trigger is DossierTrigger.RECEIVE:
        request = replace(request, details={**request.details, "receipt_number": _receipt_number(work, case, request)})
    _move(dossier, request, after, at)
    act = Act(
        actor=request.actor,
        action=ACTIONS[request.trigger],
        from_state=before,
        to_state=after,
        rule=request.rule or case.stage.source,
        details=request.details,
        effective_at=at,
        text=request.text,
        command=request.command,
    )
    append_event(work, stream=case.stream, seq=dossier.version, cycle_id=case.cycle.id, act=act)
    void_open_session(work, dossier, request.trigger)
    if request.trigger is not DossierTrigger.REOPEN:  # what it asks anew follows in services/reopening
        settle_duties(work, case, obligations, settled=settled, at=at)
    tell_producer(work, case, request.trigger, request.details, at=at)
    follow_renewal(work, dossier, request.trigger, at=at, actor=request.actor)
    dossier.responsible = case.responsible()
    work.session.add(dossier)
    return dossier


def state_after(case: DossierCase, request: Request) -> str:
    """Return the state that a trigger leads to, by the table of the dossier's route and its guards.

    Raises:
        NotOpenHereError: The table has no way for this trigger from here.
    """
    dossier = case.dossier
    lifecycle = case.book.lifecycle(dossier.round_id, dossier.kind)
    try:
        return lifecycle.fire(state_of(dossier.stage, dossier.status), request.trigger, request.facts)
    except TransitionNotAllowedError as error:
        raise NotOpenHereError(case, error) from error


def begin(
    work: UnitOfWork,
    cycle: Cycle,
    book: Rulebook,
    dossier: Dossier,
    product: Product,
    *,
    actor: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record that a dossier was opened, with what `details` tell of its origin, and what its producer owes first."""
    dossier.version, dossier.unit_id = 1, product.unit_id
    stage = next(stage for stage in book.stages(dossier.round_id, dossier.kind) if stage.id == dossier.stage)
    case = DossierCase(dossier, product, cycle, book, stage, book.round(dossier.round_id))
    state = state_of(dossier.stage, dossier.status)
    told: dict[str, Any] = {"kind": dossier.kind, **(details or {})}
    if dossier.criteria_set is not None:
        told["criteria_set"] = dossier.criteria_set
    act = Act(actor=actor, action="dossier_opened", to_state=state, rule=case.round.source, details=told)
    append_event(work, stream=case.stream, seq=1, cycle_id=cycle.id, act=act)
    for step in steps_opened(stage):
        open_step(work, case, stage, step, opens_at=max(work.now, dossier.opened_at))
    dossier.responsible = case.responsible()


def _check_actor(case: DossierCase, request: Request) -> None:
    trigger = request.trigger
    permitted = {f"{SYSTEM}:enforce-deadlines"} if trigger is DossierTrigger.LAPSE else case.permitted(trigger)
    if request.actor not in permitted:
        raise NotPermittedError(
            "not_permitted",
            rule=case.rule(),
            actor=request.actor,
            trigger=in_both(f"trigger.{trigger}"),
            stage=case.stage.title.model_dump(),
            permitted=any_of(permitted),
        )


def _check_time(case: DossierCase, trigger: DossierTrigger, at: datetime) -> None:
    since = case.dossier.stage_at
    if trigger is not DossierTrigger.WITHDRAW and at < since:
        raise TooEarlyError(
            "too_early",
            rule=case.rule(),
            stage=case.stage.title.model_dump(),
            since_on=local_day(since).isoformat(),
        )


def _check_not_lapsed(obligations: list[Obligation], at: datetime) -> None:
    for obligation in obligations:
        if obligation.lapse_at is not None and at >= obligation.lapse_at:
            raise DossierLapsedError(
                "lapsed",
                rule=obligation.source,
                lapsed_at=obligation.lapse_at.isoformat(),
                step=obligation.step or "",
            )


def _receipt_number(work: UnitOfWork, case: DossierCase, request: Request) -> str:
    """Return the receipt's number: the one given, or the next of the cycle's receipt book, such as `0042/2018`."""
    cycle = case.cycle
    given = str(request.details.get("receipt_number", ""))
    if given and not _is_taken(work.session, cycle, given):
        return given
    if given:
        raise ReceiptNumberTakenError("receipt_number_taken", rule=case.rule(), number=given[:40])
    while True:
        cycle.receipts += 1
        work.session.add(cycle)
        number = f"{cycle.receipts:04d}/{cycle.year}"
        if not _is_taken(work.session, cycle, number):
            return number


def _is_taken(session: Session, cycle: Cycle, number: str) -> bool:
    with session.no_autoflush:  # the act before this one is stored
        return session.exec(_RECEIPTED, params={"cycle": cycle.id, "number": number}).first() is not None


def _move(dossier: Dossier, request: Request, after: str, at: datetime) -> None:
    """Change the row as the trigger says."""
    stage_id, status = split_state(after, dossier.stage)
    if request.trigger is DossierTrigger.RECEIVE:
        dossier.received_at = at
        dossier.receipt_number = str(request.details["receipt_number"])
    if request.trigger is DossierTrigger.SUBMIT:
        dossier.submitted_at = at
    if stage_id != dossier.stage:
        dossier.stage_at = at
    dossier.stage, dossier.status = stage_id, status.value
    dossier.version += 1
    dossier.closed_at = at if status in FINAL_STATUSES else None


def _step_of(case: DossierCase, trigger: DossierTrigger, status: str) -> str | None:
    """Return the step that a trigger fulfils at this stage: bringing back a returned dossier is the completion."""
    if trigger is DossierTrigger.SUBMIT and status == DossierStatus.RETURNED:
        return COMPLETION
    step = step_settled_by(case.stage, trigger)
    return step.id if step else None

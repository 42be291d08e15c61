"""The one function that applies a trigger to a dossier, and the acts of people that use it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.date_expressions import Anchor
from ocop_workflow.policy.plan import Round, StepDates
from ocop_workflow.policy.route import PRODUCER, party_of, step_after, step_settled_by
from ocop_workflow.policy.rule_set import Owner, Stage, Step
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.notices import tell
from ocop_workflow.services.obligations import (
    DOSSIER_STEP,
    Duty,
    close_obligation,
    open_obligation,
    open_obligations_of,
    resolve,
)
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Obligation, Product
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger, split_state, state_of
from state_machines.guards import Facts

SYSTEM = "system"
"""The prefix of actors that are not people, as in `system:enforce-deadlines`."""

COMPLETION = "completion"
"""The producer's step that a return opens."""

_ANCHORS = {DossierTrigger.SUBMIT: Anchor.SUBMITTED, DossierTrigger.RECEIVE: Anchor.RECEIVED}

_FACTS_DONE = {
    DossierTrigger.SUBMIT: "dossier_submitted",
    DossierTrigger.RECEIVE: "dossier_received",
    DossierTrigger.REVIEW: "review_begun",
    DossierTrigger.RETURN: "dossier_returned",
    DossierTrigger.CONCLUDE: "stage_concluded",
    DossierTrigger.REJECT: "dossier_rejected",
    DossierTrigger.WITHDRAW: "dossier_withdrawn",
    DossierTrigger.LAPSE: "dossier_lapsed",
}


class NotPermittedError(InputError):
    """The actor may not do this to the dossier."""


class DossierLapsedError(InputError):
    """The producer's term ended before, on the ground that the plan cites."""


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
        text: Free text, kept beside the event.
        command: A name unique for good; the second time nothing happens.
    """

    trigger: DossierTrigger
    actor: str
    facts: Facts = field(default_factory=Facts)
    effective_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """A dossier with all that decides about it."""

    dossier: Dossier
    product: Product
    cycle: Cycle
    book: Rulebook
    stage: Stage
    round: Round

    @property
    def stream(self) -> str:
        return f"dossier:{self.dossier.id}"

    def stage_named(self, stage_id: str) -> Stage:
        return next(s for s in self.book.stages(self.dossier.round_id, self.dossier.kind) if s.id == stage_id)

    def party(self, owner: Owner) -> str:
        return party_of(owner, units=self.book.units, unit=self.product.unit_id, producer_id=self.product.producer_id)

    @property
    def producer(self) -> str:
        return f"{PRODUCER}:{self.product.producer_id}"


def find_dossier(session: Session, reference: str) -> Dossier:
    """Return the dossier with this id (or an unambiguous beginning of it) or this number (or its last part).

    Raises:
        DossierNotFoundError: None or several match.
    """
    matches = (
        (col(Dossier.key) == reference)
        | col(Dossier.key).endswith(f"/{reference}", autoescape=True)
        | col(Dossier.id).startswith(reference, autoescape=True)
    )
    found = list(session.exec(select(Dossier).where(matches))) if reference else []
    exact = [dossier for dossier in found if reference in (dossier.id, dossier.key)]
    found = exact or found
    if len(found) != 1:
        problem = "no dossier" if not found else f"{len(found)} dossiers"
        raise DossierNotFoundError(f"{problem} matches {reference[:80]!r}; `ocop dossier list` shows ids and numbers")
    return found[0]


def apply_trigger(work: UnitOfWork, dossier: Dossier, request: Request) -> Dossier:
    """Apply one trigger: actor, lapse, guards, version, event, row, obligations, news, in one transaction.

    Idempotent by `request.command`. Sends nothing, commits nothing.

    Raises:
        NotPermittedError: The actor may not do this at this stage.
        DossierLapsedError: The dossier lapsed before the act's instant.
        TransitionNotAllowedError: The table has no way for this trigger from here.
        VersionConflictError: Somebody else changed the dossier meanwhile.
    """
    if command_done(work.session, request.command):
        return dossier
    case = _case(work, dossier)
    _check_actor(case, request)
    at = work.happened_at(request.effective_at)
    obligations = open_obligations_of(work.session, dossier.id)
    if request.trigger is not DossierTrigger.LAPSE:
        _check_not_lapsed(obligations, at)
    before = state_of(dossier.stage, dossier.status)
    lifecycle = case.book.lifecycle(dossier.round_id, dossier.kind)
    after = lifecycle.fire(before, request.trigger, request.facts)
    settles = _step_of(case, request.trigger, dossier.status)
    if request.trigger is DossierTrigger.RECEIVE and "receipt_number" not in request.details:
        number = _next_receipt_number(work, case.cycle)
        request = replace(request, details={**request.details, "receipt_number": number})
    _move(dossier, request, after, at)
    append_event(
        work,
        stream=case.stream,
        seq=dossier.version,
        cycle_id=case.cycle.id,
        act=Act(
            actor=request.actor,
            action=_FACTS_DONE[request.trigger],
            from_state=before,
            to_state=after,
            rule=case.stage.source,
            details=request.details,
            effective_at=at,
            text=request.text,
            command=request.command,
        ),
    )
    _settle(work, case, obligations, settles, at)
    _tell_of(work, case, request, at)
    dossier.responsible = _responsible(case)
    work.session.add(dossier)
    return dossier


def check_decider(work: UnitOfWork, dossier: Dossier, actor: str) -> None:
    """Refuse an actor who neither decides at the dossier's present stage nor is the office.

    Raises:
        NotPermittedError: The actor is somebody else.
    """
    case = _case(work, dossier)
    permitted = {case.party(case.stage.decided_by), case.cycle.office_position}
    if actor not in permitted:
        raise NotPermittedError(
            f"{actor} may not score at {case.stage.id}; that is for {' or '.join(sorted(permitted))}"
        )


def begin(work: UnitOfWork, cycle: Cycle, book: Rulebook, dossier: Dossier, product: Product, *, actor: str) -> None:
    """Record that a dossier was opened and what its producer owes first."""
    stage = book.stages(dossier.round_id, dossier.kind)[0]
    case = _Case(dossier, product, cycle, book, stage, book.round(dossier.round_id))
    dossier.version = 1
    state = state_of(dossier.stage, dossier.status)
    act = Act(
        actor=actor, action="dossier_opened", to_state=state, rule=case.round.source, details={"kind": dossier.kind}
    )
    append_event(work, stream=case.stream, seq=1, cycle_id=cycle.id, act=act)
    _open_step(work, case, stage, stage.steps[0], opens_at=max(work.now, dossier.opened_at))
    dossier.responsible = _responsible(case)


def _case(work: UnitOfWork, dossier: Dossier) -> _Case:
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    book = work.books.of_dossier(work.session, cycle, dossier)
    product = work.session.get_one(Product, dossier.product_id)
    stage = next(s for s in book.stages(dossier.round_id, dossier.kind) if s.id == dossier.stage)
    return _Case(dossier, product, cycle, book, stage, book.round(dossier.round_id))


def _check_actor(case: _Case, request: Request) -> None:
    """Refuse an actor who is neither the one whose act this is nor the office recording it for them."""
    trigger = request.trigger
    if trigger is DossierTrigger.LAPSE:
        permitted = {f"{SYSTEM}:enforce-deadlines"}
    elif trigger is DossierTrigger.SUBMIT:
        owner = case.stage.submitted_by if case.dossier.status == DossierStatus.AWAITING_SUBMISSION else None
        permitted = {case.party(owner) if owner else _completing_party(case), case.cycle.office_position}
    elif trigger is DossierTrigger.WITHDRAW:
        permitted = {case.producer, case.cycle.office_position}
    else:
        step = step_settled_by(case.stage, trigger)
        owner = step.owner if step else case.stage.decided_by
        permitted = {case.party(owner), case.party(case.stage.decided_by), case.cycle.office_position}
    if request.actor not in permitted:
        raise NotPermittedError(
            f"{request.actor} may not {trigger} this dossier at {case.stage.id}; "
            f"that is for {' or '.join(sorted(permitted))}"
        )


def _completing_party(case: _Case) -> str:
    """Return who brings a returned dossier back: whoever submitted it at this stage."""
    return case.party(case.stage.submitted_by)


def _check_not_lapsed(obligations: list[Obligation], at: datetime) -> None:
    for obligation in obligations:
        if obligation.lapse_at is not None and at >= obligation.lapse_at:
            raise DossierLapsedError(
                f"this dossier lapsed at {obligation.lapse_at.isoformat()} because {obligation.step} was not done in "
                "time; `ocop run enforce-deadlines` records it"
            )


def _next_receipt_number(work: UnitOfWork, cycle: Cycle) -> str:
    """Return the next number of the cycle's receipt book, such as `0042/2018`."""
    taken = work.session.exec(
        select(func.count()).where(
            col(Event.cycle_id) == cycle.id, col(Event.action) == _FACTS_DONE[DossierTrigger.RECEIVE]
        )
    ).one()
    return f"{taken + 1:04d}/{cycle.year}"


def _move(dossier: Dossier, request: Request, after: str, at: datetime) -> None:
    """Change the row as the trigger says."""
    stage_id, status = split_state(after, dossier.stage)
    if request.trigger is DossierTrigger.RECEIVE:
        dossier.received_at = at
        dossier.receipt_number = str(request.details.get("receipt_number", "")) or None
    if request.trigger is DossierTrigger.SUBMIT:
        dossier.submitted_at = at
    dossier.stage, dossier.status = stage_id, status.value
    dossier.version += 1
    if status in FINAL_STATUSES:
        dossier.closed_at = at


def _step_of(case: _Case, trigger: DossierTrigger, status: str) -> str | None:
    """Return the step that a trigger fulfils at this stage: bringing back a returned dossier is the completion."""
    if trigger is DossierTrigger.SUBMIT and status == DossierStatus.RETURNED:
        return COMPLETION
    step = step_settled_by(case.stage, trigger)
    return step.id if step else None


def _settle(work: UnitOfWork, case: _Case, obligations: list[Obligation], settled: str | None, at: datetime) -> None:
    """Close what is done or has become void and open what follows."""
    dossier = case.dossier
    left = dossier.stage != case.stage.id or dossier.status in FINAL_STATUSES
    for obligation in obligations:
        if obligation.step == settled and obligation.stage == case.stage.id:
            close_obligation(obligation, status="done", at=at)
            work.session.add(obligation)
        elif left:
            close_obligation(obligation, status="cancelled", at=at)
            work.session.add(obligation)
    if dossier.status in FINAL_STATUSES:
        return
    if left:
        stage = case.stage_named(dossier.stage)
        _open_step(work, case, stage, stage.steps[0], opens_at=at)
    elif dossier.status == DossierStatus.RETURNED:
        _open_completion(work, case, at)
    elif settled is not None and settled != COMPLETION:
        following = step_after(case.stage, settled)
        if following is not None:
            _open_step(work, case, case.stage, following, opens_at=at)


def _open_step(work: UnitOfWork, case: _Case, stage: Stage, step: Step, *, opens_at: datetime) -> None:
    dates = case.round.stages.get(stage.id, {}).get(step.id, StepDates())
    if dates.due is None:
        return
    dossier, owner = case.dossier, case.party(step.owner)
    anchors = {
        Anchor.SUBMITTED: dossier.submitted_at,
        Anchor.RECEIVED: dossier.received_at,
        Anchor.FORWARDED: opens_at,
        Anchor.DECIDED: opens_at,
    }
    due = resolve(case.book, dates.due, {name: at for name, at in anchors.items() if at is not None})
    handler = case.party(stage.steps[1].owner if len(stage.steps) > 1 else stage.decided_by)
    superior = handler if owner == case.producer else case.book.units.superior_of(owner)
    duty = Duty(
        key=f"{dossier.key}/{stage.id}/{step.id}",
        kind=DOSSIER_STEP,
        subject_id=dossier.id,
        unit_id=case.product.unit_id,
        party=owner,
        superior=superior,
        due=due,
        opens_at=opens_at,
        ladder=dates.ladder,
        stage=stage.id,
        step=step.id,
        lapse_after_days=dates.lapse.after_days if dates.lapse and owner == case.producer else None,
    )
    open_obligation(work, case.cycle, case.book, duty)


def _open_completion(work: UnitOfWork, case: _Case, at: datetime) -> None:
    """Open what a return asks of whoever submitted: bring the dossier back complete.

    Its date is the plan's for the step `completion` of this stage; without one, the decision's own date, since the
    clock of the decision runs on.
    """
    dossier, book = case.dossier, case.book
    dates = case.round.stages.get(case.stage.id, {})
    chosen = dates.get(COMPLETION) or dates.get(case.stage.steps[-1].id) or StepDates()
    if chosen.due is None:
        return
    owner = _completing_party(case)
    duty = Duty(
        key=f"{dossier.key}/{case.stage.id}/{COMPLETION}/{dossier.version}",
        kind=DOSSIER_STEP,
        subject_id=dossier.id,
        unit_id=case.product.unit_id,
        party=owner,
        superior=case.party(case.stage.decided_by) if owner == case.producer else book.units.superior_of(owner),
        due=resolve(book, chosen.due, {Anchor.RETURNED: at, Anchor.RECEIVED: dossier.received_at or at}),
        opens_at=at,
        ladder=chosen.ladder,
        stage=case.stage.id,
        step=COMPLETION,
        lapse_after_days=chosen.lapse.after_days if chosen.lapse and owner == case.producer else None,
    )
    open_obligation(work, case.cycle, book, duty)


def _responsible(case: _Case) -> str | None:
    """Return the one party whose move it is (promise I5), or None at an end."""
    status = case.dossier.status
    if status in FINAL_STATUSES:
        return None
    stage = case.stage_named(case.dossier.stage)
    if status in (DossierStatus.AWAITING_SUBMISSION, DossierStatus.RETURNED):
        return case.party(stage.submitted_by)
    if status == DossierStatus.SUBMITTED:
        receipt = step_settled_by(stage, DossierTrigger.RECEIVE)
        return case.party(receipt.owner if receipt else stage.decided_by)
    return case.party(stage.decided_by)


def _tell_of(work: UnitOfWork, case: _Case, request: Request, at: datetime) -> None:
    """Plan the news for the producer."""
    news = _news(case, request)
    if news is None:
        return
    code, params = news
    tell(
        work,
        case.cycle,
        recipient=case.producer,
        code=code,
        params={"stage": case.stage.title.model_dump(), **params},
        subject_id=case.dossier.id,
        stream=case.stream,
        seq=case.dossier.version,
        happened_at=at,
    )


def _news(  # noqa: PLR0911 -- one answer for each trigger
    case: _Case, request: Request
) -> tuple[str, dict[str, Any]] | None:
    """Return the catalogue code of what the producer is told, with what goes into it; None when nothing is."""
    dossier, details = case.dossier, request.details
    match request.trigger:
        case DossierTrigger.RECEIVE:
            return "news.received", {"number": dossier.receipt_number or ""}
        case DossierTrigger.RETURN:
            return "news.returned", {"items": ", ".join(details.get("items", ()))}
        case DossierTrigger.CONCLUDE if dossier.status not in FINAL_STATUSES:
            return "news.advanced", {"next_stage": case.stage_named(dossier.stage).title.model_dump()}
        case DossierTrigger.CONCLUDE:
            return f"news.{dossier.status}", {"stars": dossier.stars or 0}
        case DossierTrigger.REJECT | DossierTrigger.LAPSE:
            return f"news.{dossier.status}", {"ground": details.get("ground", "")}
        case DossierTrigger.WITHDRAW:
            return "news.withdrawn", {}
        case DossierTrigger.SUBMIT | DossierTrigger.REVIEW:
            return None  # the receipt follows, with its number

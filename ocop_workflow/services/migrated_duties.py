"""What becomes of a dossier's open duties under another rule set, reckoned before anything is written.

A step that the other rule set has too goes on, with its date, under whoever owes it there. Its date is reckoned anew
only where plan or regulation date it otherwise; what an extension gave stays, and so does what was missed. What is in
time today is not late by the act: a term that would be over already counts from the act instead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ocop_workflow.clock import start_of_day
from ocop_workflow.policy.date_expressions import Anchor
from ocop_workflow.policy.plan import StepDates
from ocop_workflow.policy.producer_terms import fair_last_day
from ocop_workflow.policy.route import COMPLETION, steps_asked
from ocop_workflow.policy.rule_set import Step
from ocop_workflow.policy.statutory_limits import DatedStep, limits_of
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.dossier_dates import anchors_of, dated_step, step_dates
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.obligations import DOSSIER_STEP, is_as_reckoned, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Obligation


@dataclass(frozen=True, slots=True)
class Carried:
    """An open duty that goes on.

    Attributes:
        obligation: The row, as it is.
        stage: Where it goes on.
        party: Who owes it there.
        superior: The position above.
        ladder: The ladder it follows, or None.
        dated: Its new date with the limit behind it; None when the date stays.
    """

    obligation: Obligation
    stage: str
    party: str
    superior: str | None
    ladder: str | None
    dated: DatedStep | None

    @property
    def due_at(self) -> datetime | None:
        """Return the first instant too late from now on."""
        return self.obligation.due_at if self.dated is None else self.dated.due.due_at


@dataclass(frozen=True, slots=True)
class Added:
    """A step that only the other rule set asks for now, with its date and the instants that its terms run from."""

    step: Step
    party: str
    dated: DatedStep
    anchors: dict[Anchor, datetime]


@dataclass(frozen=True, slots=True)
class Duties:
    """The open duties of a dossier's stage: those that go on, those that are new, those that nobody asks for any more.

    What is left to do by hand after an earlier decision is none of them; it stays as it was asked for.
    """

    carried: tuple[Carried, ...]
    added: tuple[Added, ...]
    ended: tuple[Obligation, ...]


def duties_under(work: UnitOfWork, before: DossierCase, after: DossierCase) -> Duties:
    """Return what becomes of the open duties of a dossier's present stage.

    Args:
        work: The unit of work; nothing is written.
        before: The dossier as it is.
        after: The same dossier under the other rule set, with the stage at which it goes on.
    """
    known = {COMPLETION, *(step.id for step in after.stage.steps)}
    present = [o for o in open_obligations_of(work.session, before.dossier.id) if o.stage == before.stage.id]
    carried = [owed for owed in present if owed.kind == DOSSIER_STEP and owed.step in known]  # no opinion is a step
    return Duties(
        tuple(_carried(work, each, before, after) for each in carried),
        tuple(_added(work, before, after, {each.step for each in carried})),
        tuple(each for each in present if each not in carried),
    )


def _carried(work: UnitOfWork, obligation: Obligation, before: DossierCase, after: DossierCase) -> Carried:
    dates = step_dates(after, after.stage, obligation.step or "")
    party, superior = _parties(after, obligation.step or "")
    return Carried(
        obligation,
        after.stage.id,
        party,
        superior,
        dates.ladder if dates.due is not None else obligation.ladder,
        _date(work, obligation, before, after, dates),
    )


def _parties(case: DossierCase, step_id: str) -> tuple[str, str | None]:
    """Return who owes a step of the case's stage, and the position above; a producer's is who takes the dossier in."""
    stage = case.stage
    handler = stage.decided_by if step_id == COMPLETION or len(stage.steps) == 1 else stage.steps[1].owner
    owner = stage.submitted_by
    if step_id != COMPLETION:
        owner = next(step.owner for step in stage.steps if step.id == step_id)
    party = case.party(owner)
    return party, case.party(handler) if party == case.producer else case.book.units.superior_of(party)


def _date(
    work: UnitOfWork, obligation: Obligation, before: DossierCase, after: DossierCase, dates: StepDates
) -> DatedStep | None:
    """Return the new date of a duty, or None where the present one stays."""
    now, step, present = work.now, obligation.step or "", obligation.due_at
    if not is_as_reckoned(obligation) or _written(before, step) == _written(after, step):
        return None
    dated = _reckoned(work, after, step, dates, anchors_of(after, obligation.opens_at), opens_at=obligation.opens_at)
    if _is_over(dated, now):
        if present is not None and present <= now:
            return None
        dated = _reckoned(work, after, step, dates, dict.fromkeys(Anchor, now), opens_at=obligation.opens_at)
    if dated is None or dated.due.due_at is None or dated.due.due_at <= now:
        return None
    of_producer = _parties(after, step)[0] == after.producer
    if of_producer and present is not None and dated.due.due_at < present:
        last_day = fair_last_day(now, days=after.book.days, at_least=after.book.plan.producer_days_at_least)
        return dated if dated.due.due_at > start_of_day(last_day) else None
    return dated


def _reckoned(
    work: UnitOfWork,
    case: DossierCase,
    step: str,
    dates: StepDates,
    anchors: Mapping[Anchor, datetime],
    *,
    opens_at: datetime,
) -> DatedStep | None:
    return dated_step(
        work,
        case,
        dates,
        stage=case.stage,
        step=step,
        opens_at=opens_at,
        of_producer=_parties(case, step)[0] == case.producer,
        anchors=anchors,
    )


def _is_over(dated: DatedStep | None, now: datetime) -> bool:
    return dated is not None and dated.due.due_at is not None and dated.due.due_at <= now


def _written(case: DossierCase, step: str) -> tuple[object, ...]:
    """Return what plan and regulation say of a step's day; another source alone moves nothing."""
    due = step_dates(case, case.stage, step).due
    limits = limits_of(case.book.rule_set, case.stage, step, kind=case.dossier.kind)
    return due and (due.date, due.origin), [(limit.due.date, limit.due.origin) for limit in limits]


def _added(work: UnitOfWork, before: DossierCase, after: DossierCase, present: set[str | None]) -> Iterator[Added]:
    """Yield the dated steps that the stage asks for now, that are not open, and that were not done by hand."""
    done = {
        details_of(event)["step"]
        for event in events_of(work.session, before.stream)
        if event.action == "step_done" and details_of(event)["stage"] == before.stage.id
    }
    for step in steps_asked(after.stage, before.dossier.status):
        if step.id in present or step.id in done:
            continue
        dates, anchors = step_dates(after, after.stage, step.id), anchors_of(after, work.now)
        dated = _reckoned(work, after, step.id, dates, anchors, opens_at=work.now)
        if _is_over(dated, work.now):
            anchors = dict.fromkeys(Anchor, work.now)
            dated = _reckoned(work, after, step.id, dates, anchors, opens_at=work.now)
        if dated is not None:
            yield Added(step, after.party(step.owner), dated, anchors)

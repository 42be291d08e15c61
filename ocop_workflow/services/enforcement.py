"""Recording what has become late: overdue obligations and dossiers whose producer's term has ended (promise I9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ocop_workflow.services.cycles import ids_by_cycle
from ocop_workflow.services.dossiers import SYSTEM, Request, apply_trigger
from ocop_workflow.services.obligations import DOSSIER_STEP, ENFORCEMENT_MARGIN, enforcement_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation
from state_machines.dossier import DossierTrigger

ENFORCER = f"{SYSTEM}:enforce-deadlines"


@dataclass(frozen=True, slots=True)
class Enforced:
    """How many obligations were recorded as overdue and how many dossiers as lapsed."""

    overdue: int = 0
    lapsed: int = 0


def overdue_obligations(session: Session, cycle: Cycle, *, now: datetime) -> list[str]:
    """Return the ids of a cycle's obligations with lateness to record, the earliest first."""
    return overdue_by_cycle(session, [cycle], now=now)[cycle.id]


def overdue_by_cycle(session: Session, cycles: Sequence[Cycle], *, now: datetime) -> dict[str, list[str]]:
    """Return for each cycle the ids of obligations with lateness to record, the earliest first."""
    query = select(Obligation.cycle_id, Obligation.id).where(
        col(Obligation.cycle_id).in_([cycle.id for cycle in cycles]), col(Obligation.enforce_at) <= now
    )
    return ids_by_cycle(session, cycles, query.order_by(col(Obligation.enforce_at), col(Obligation.id)))


def enforce(work: UnitOfWork, cycle: Cycle, obligation_ids: Sequence[str]) -> Enforced:
    """Record lateness with the instant at which it became true; lapse a dossier where the plan cites a ground.

    Only a producer's own obligation can lapse a dossier; an authority's lateness only escalates.
    """
    overdue = lapsed = 0
    for obligation in work.session.exec(
        select(Obligation)
        .where(col(Obligation.id).in_(obligation_ids), col(Obligation.enforce_at) <= work.now)
        .order_by(col(Obligation.enforce_at), col(Obligation.key))
        .with_for_update()
    ):
        if obligation.status != "open":
            continue  # closed by a lapse in this very batch
        overdue += obligation.overdue_at is None
        again_at = enforcement_of(obligation, work.now)
        work.session.add(obligation)
        if again_at is not None and again_at <= work.now and obligation.kind == DOSSIER_STEP:
            _lapse(work, cycle, obligation)
            lapsed += 1
    return Enforced(overdue, lapsed)


def _lapse(work: UnitOfWork, cycle: Cycle, obligation: Obligation) -> None:
    dossier = work.session.get_one(Dossier, obligation.subject_id)
    book = work.books.of_dossier(work.session, cycle, dossier)
    steps = book.round(dossier.round_id).stages[obligation.stage or dossier.stage]
    lapse = next(dates.lapse for step, dates in steps.items() if step == obligation.step and dates.lapse)
    request = Request(
        DossierTrigger.LAPSE,
        ENFORCER,
        effective_at=obligation.lapse_at,
        details={
            "ground": lapse.ground.model_dump(),
            "source": lapse.source,
            "step": obligation.step,
            "margin_minutes": ENFORCEMENT_MARGIN.seconds // 60,
        },
    )
    apply_trigger(work, dossier, request)

"""Counting what a plan's targets ask for, over all cycles that were opened under the plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from ocop_workflow.policy.plan import Counter, Target
from ocop_workflow.policy.targets import TargetCount
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.storage.tables import Cycle, Dossier, DossierSuccession, Product
from state_machines.dossier import DossierStatus


@dataclass(frozen=True, slots=True)
class _Attempt:
    product: str
    producer: str
    unit: str
    stars: int | None
    """What it was recognised with; None unless it was."""


def count_targets(session: Session, cycle: Cycle, book: Rulebook) -> tuple[TargetCount, ...]:
    """Return every target of a cycle's plan with its count, in the plan's order; per unit, one for each unit.

    A plan's target spans its years, so dossiers of all its cycles count, each product and producer once; an idea that
    was split or merged counts as what came of it.
    """
    query = (
        select(Product, Dossier)
        .join(Dossier, col(Dossier.product_id) == col(Product.id))
        .join(Cycle, col(Cycle.id) == col(Dossier.cycle_id))
        .where(
            col(Cycle.office_id) == cycle.office_id,
            col(Cycle.plan_id) == cycle.plan_id,
            col(Dossier.id).not_in(select(DossierSuccession.dossier_id)),
        )
    )
    attempts = [
        _Attempt(
            product=product.id,
            producer=product.producer_id,
            unit=dossier.unit_id,
            stars=dossier.stars if dossier.status == DossierStatus.RECOGNISED else None,
        )
        for product, dossier in session.exec(query)
    ]
    return tuple(count for target in book.plan.targets for count in _counts(target, attempts, book.units))


def _counts(target: Target, attempts: Sequence[_Attempt], units: UnitRegister) -> list[TargetCount]:
    if target.counts is None:
        return [TargetCount(target, None, None)]
    if target.per is None:
        return [TargetCount(target, None, _count(target, target.counts, attempts))]
    of_unit = {unit.id: list[_Attempt]() for unit in units.units_of_level(target.per)}
    for attempt in attempts:
        unit = units.ancestor(attempt.unit, target.per)
        if unit is not None:
            of_unit[unit.id].append(attempt)
    return [TargetCount(target, unit, _count(target, target.counts, here)) for unit, here in of_unit.items()]


def _count(target: Target, counter: Counter, attempts: Sequence[_Attempt]) -> int:
    match counter:
        case Counter.PRODUCTS:
            return len({attempt.product for attempt in attempts})
        case Counter.PRODUCERS:
            return len({attempt.producer for attempt in attempts})
        case Counter.RECOGNISED:
            least = target.stars_at_least or 1
            return len({a.product for a in attempts if a.stars is not None and a.stars >= least})

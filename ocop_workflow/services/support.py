"""Support for producers of recognised products: each content once, from the stars that the plan asks for."""

from datetime import datetime

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import CyclePlan, SupportItem
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Product, Support
from state_machines.dossier import DossierStatus

GIVEN = "given"


class SupportRefusedError(InputError):
    """The plan does not let this support be given."""


def give_support(
    work: UnitOfWork,
    dossier: Dossier,
    item_id: str,
    *,
    actor: str,
    document: str,
    effective_at: datetime | None = None,
) -> Support:
    """Record that a producer was given one support item for the product of a dossier.

    Raises:
        SupportRefusedError: The plan has no such item, the product has too few stars, or it was given before; the
            sentence cites the plan's item.
    """
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    item = _item(work.books.of_cycle(work.session, cycle).plan, item_id)
    product = work.session.get_one(Product, dossier.product_id)
    if not document.strip():
        raise SupportRefusedError("support needs the number of the document that gives it")
    if dossier.status != DossierStatus.RECOGNISED or (dossier.stars or 0) < item.from_stars:
        raise SupportRefusedError(
            f"{item.id} is for products recognised with {item.from_stars} stars or more ({item.source}); "
            f"{dossier.key} is {dossier.status}" + (f" with {dossier.stars}" if dossier.stars else "")
        )
    whose = product.id if item.once_per == "product" else product.producer_id
    key = f"{cycle.office_id}|{item.id}|{item.once_per}:{whose}"
    before = work.session.exec(select(Support).where(col(Support.key) == key)).first()
    if before is not None:
        raise SupportRefusedError(
            f"{item.id} was given to this {item.once_per} on {local_day(before.given_at):%d/%m/%Y} "
            f"by {before.document}; it is given once ({item.source})"
        )
    given = Support(
        id=work.ids.new("support", key),
        key=key,
        cycle_id=cycle.id,
        item_id=item.id,
        dossier_id=dossier.id,
        status=GIVEN,
        version=1,
        given_at=work.happened_at(effective_at),
        document=document,
    )
    work.session.add(given)
    details = {"key": key, "item": item.id, "dossier": dossier.id, "document": document}
    act = Act(actor, "support_given", to_state=GIVEN, rule=item.source, details=details, effective_at=given.given_at)
    append_event(work, stream=f"support:{given.id}", seq=1, cycle_id=cycle.id, act=act)
    return given


def support_given(session: Session, cycle: Cycle) -> list[tuple[Support, Dossier]]:
    """Return what was given in a cycle, in the order of time."""
    query = (
        select(Support, Dossier)
        .join(Dossier, col(Dossier.id) == col(Support.dossier_id))
        .where(col(Support.cycle_id) == cycle.id)
        .order_by(col(Support.given_at), col(Support.key))
    )
    return list(session.exec(query))


def _item(plan: CyclePlan, item_id: str) -> SupportItem:
    for item in plan.support:
        if item.id == item_id:
            return item
    known = ", ".join(item.id for item in plan.support) or "none"
    raise SupportRefusedError(f"the plan has no support item {item_id[:60]!r}; it has {known}")

"""Support for producers of recognised products: each content once, from the stars that the plan asks for."""

from datetime import datetime

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.plan import CyclePlan, SupportItem
from ocop_workflow.services.cycle_acts import said
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.titles import status_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Product, Support
from state_machines.dossier import DossierStatus

GIVEN = "given"


class SupportRefusedError(RefusedError):
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
        InputError: The document's number is missing.
    """
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    item = _item(work.books.of_cycle(work.session, cycle).plan, item_id)
    product = work.session.get_one(Product, dossier.product_id)
    document = said(document, what="the number of the document that gives the support")
    if dossier.status != DossierStatus.RECOGNISED or (dossier.stars or 0) < item.from_stars:
        raise SupportRefusedError(
            "support_few_stars" if dossier.stars else "support_not_recognised",
            rule=item.source,
            item=item.title.model_dump(),
            least=item.from_stars,
            dossier=dossier.key,
            status=status_title(dossier.status),
            stars=dossier.stars or 0,
        )
    whose = product.id if item.once_per == "product" else product.producer_id
    key = f"{cycle.office_id}|{item.id}|{item.once_per}:{whose}"
    before = work.session.exec(select(Support).where(col(Support.key) == key)).first()
    if before is not None:
        raise SupportRefusedError(
            "support_given_to_product" if item.once_per == "product" else "support_given_to_producer",
            rule=item.source,
            item=item.title.model_dump(),
            given_on=local_day(before.given_at).isoformat(),
            document=before.document,
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
    known = ", ".join(item.id for item in plan.support)
    raise SupportRefusedError(
        "support_unknown" if plan.support else "no_support", rule=plan.source, item=item_id[:60], known=known
    )

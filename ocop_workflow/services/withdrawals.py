"""Why a dossier was withdrawn, where it was not the producer's own wish, and what goes on in its place."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from notifications.catalogue import Parameter
from ocop_workflow.errors import RefusedError
from ocop_workflow.services.titles import in_both
from ocop_workflow.storage.tables import Dossier, DossierSuccession, Product

PRODUCER_CLOSED, SPLIT, MERGED = "producer_closed", "split", "merged"
"""The grounds that an event of withdrawal may name."""


class DossierReplacedError(RefusedError):
    """The dossier was split or merged; nothing is done to it, and not even a superior's decision opens it again."""


def successors_of(session: Session, dossier: Dossier) -> list[Dossier]:
    """Return the dossiers that replaced one, by number."""
    replaced = select(DossierSuccession.successor_id).where(col(DossierSuccession.dossier_id) == dossier.id)
    return list(session.exec(select(Dossier).where(col(Dossier.id).in_(replaced)).order_by(col(Dossier.key))))


def check_not_replaced(session: Session, dossier: Dossier, *, rule: str) -> None:
    """Refuse an act on a dossier that goes on as others.

    Raises:
        DossierReplacedError: It was split or merged; the sentence names what took its place.
    """
    successors = successors_of(session, dossier) if dossier.closed_at is not None else []
    if successors:
        keys = ", ".join(each.key for each in successors)
        raise DossierReplacedError("replaced", rule=rule, dossier=dossier.key, successors=keys)


def withdrawal_reason(session: Session, details: Mapping[str, Any]) -> dict[str, Parameter]:
    """Return what is put into the news of a withdrawal: its reason by language, empty where none is named."""
    ground = details.get("ground")
    if ground is None:
        return {"because": ""}
    query = select(Product.name).join(Dossier, col(Dossier.product_id) == col(Product.id))
    names = session.exec(query.where(col(Dossier.id).in_(details.get("successors", ()))).order_by(col(Dossier.key)))
    params: dict[str, Parameter] = {"document": str(details.get("document", "")), "products": "; ".join(names)}
    reasons = in_both(f"withdrawn.{ground}", params)
    return {"because": {language: f" {reason}" for language, reason in reasons.items()}}

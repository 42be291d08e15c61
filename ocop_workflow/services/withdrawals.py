"""Why a dossier was withdrawn, where it was not the producer's own wish: what its event names, as a sentence."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from notifications.catalogue import Parameter
from ocop_workflow.services.titles import in_both
from ocop_workflow.storage.tables import Dossier, Product

PRODUCER_CLOSED, SPLIT, MERGED = "producer_closed", "split", "merged"
"""The grounds that an event of withdrawal may name."""


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

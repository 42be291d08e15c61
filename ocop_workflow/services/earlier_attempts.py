"""What became of a product before: the dossiers that ended, and those that a split or merge replaced."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, or_, select

from notifications.catalogue import has_sentence
from notifications.letter import Wording
from ocop_workflow.clock import local_day
from ocop_workflow.services.titles import in_both
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, DossierSuccession, Product
from state_machines.dossier import DossierStatus


@dataclass(frozen=True, slots=True)
class Attempt:
    """An earlier dossier: how and when it ended.

    Attributes:
        key: The dossier's number.
        product: The product's name; another one only where ideas were split or merged.
        kind: Why it was assessed.
        stage: The stage at which it ended.
        status: Its end.
        stars: What it was rated with, where it was.
        closed_on: The local day of its end.
        told: All that as a sentence.
    """

    key: str
    product: str
    kind: str
    stage: str
    status: str
    stars: int | None
    closed_on: date
    told: Wording


def earlier_attempts(work: UnitOfWork, dossier: Dossier) -> tuple[Attempt, ...]:
    """Return the ended dossiers before this one, the earliest first: of its product, and those that it came of."""
    session = work.session
    origins = select(DossierSuccession.dossier_id).where(col(DossierSuccession.successor_id) == dossier.id)
    query = select(Dossier).where(
        or_(col(Dossier.product_id) == dossier.product_id, col(Dossier.id).in_(origins)),
        col(Dossier.id) != dossier.id,
        col(Dossier.opened_at) <= dossier.opened_at,
        col(Dossier.closed_at).is_not(None),
    )
    return tuple(_attempt(work, row) for row in session.exec(query.order_by(col(Dossier.closed_at), col(Dossier.key))))


def _attempt(work: UnitOfWork, row: Dossier) -> Attempt:
    cycle = work.session.get_one(Cycle, row.cycle_id)
    book = work.books.of_dossier(work.session, cycle, row)
    product = work.session.get_one(Product, row.product_id).name
    stage = next(stage.title for stage in book.stages(row.round_id, row.kind) if stage.id == row.stage)
    stars = row.stars if row.status in (DossierStatus.RECOGNISED, DossierStatus.RATED_UNCERTIFIED) else None
    closed_on = local_day(row.closed_at or row.stage_at)
    short = f"state.{row.status}.short"
    outcome = in_both(short if has_sentence(short) else f"state.{row.status}")
    told = Wording(
        "page.attempt" if stars is None else "page.attempt.rated",
        {
            "product": product,
            "round": book.round(row.round_id).title.model_dump(),
            "year": str(cycle.year),
            "stage": stage.model_dump(),
            "outcome": outcome,
            "stars": stars or 0,
            "closed_on": closed_on.isoformat(),
        },
    )
    return Attempt(row.key, product, row.kind, row.stage, row.status, stars, closed_on, told)

"""What the letters of one batch need, read in a few queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, or_, select

from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.people import Addressee, addressee_of
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    Mail,
    Notice,
    Official,
    PlanTask,
    Producer,
    Product,
    Report,
    StatusLink,
)


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """Links and readers for the letters of one batch; the rows that are found by their ids the session remembers."""

    session: Session
    _links: dict[str | None, list[StatusLink]]
    _readers: dict[tuple[str, date], Addressee | None] = field(default_factory=dict)

    def links_of(self, subject_id: str) -> Sequence[StatusLink]:
        """Return the links to a dossier or report, the oldest first."""
        return self._links[subject_id]

    def reader_of(self, position: str, on: date) -> Addressee | None:
        """Return who reads a position's mail on a day; None where nobody does."""
        if (position, on) not in self._readers:
            self._readers[position, on] = addressee_of(self.session, position, on=on)
        return self._readers[position, on]


def read_ahead(session: Session, mails: Sequence[Mail], notices: Sequence[Notice]) -> ReadAhead:
    """Read cycles, subjects, products, producers, links and readers of some mails, in a session that remembers."""
    subjects = {notice.subject_id for notice in notices}
    session.exec(select(Cycle).where(col(Cycle.id).in_({notice.cycle_id for notice in notices}))).all()
    session.exec(select(Report).where(col(Report.id).in_(subjects))).all()
    session.exec(select(PlanTask).where(col(PlanTask.id).in_(subjects))).all()
    dossiers = session.exec(select(Dossier).where(col(Dossier.id).in_(subjects))).all()
    made = {dossier.product_id for dossier in dossiers}
    products = session.exec(select(Product).where(col(Product.id).in_(made))).all()
    readers = [mail.recipient.partition(":") for mail in mails]
    producers = {person_id for kind, _, person_id in readers if kind == PRODUCER}
    producers |= {product.producer_id for product in products}
    session.exec(select(Producer).where(col(Producer.id).in_(producers))).all()
    officials = {person_id for kind, _, person_id in readers if kind != PRODUCER}
    session.exec(select(Official).where(col(Official.id).in_(officials))).all()
    links: dict[str | None, list[StatusLink]] = defaultdict(list)
    leads_there = or_(col(StatusLink.dossier_id).in_(subjects), col(StatusLink.report_id).in_(subjects))
    in_order = select(StatusLink).where(leads_there).order_by(col(StatusLink.issued_at), col(StatusLink.id))
    for link in session.exec(in_order):
        links[link.dossier_id or link.report_id].append(link)
    return ReadAhead(session, links)

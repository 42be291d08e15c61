"""What the letters of one batch need, read in a few queries."""

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from sqlmodel import Session, col, or_, select

from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.obligations import DOSSIER_STEP, OPINION, PLAN_TASK, RENEWAL, REPORT, WITHDRAWAL
from ocop_workflow.services.people import Addressee, addressee_of
from ocop_workflow.storage.tables import (
    Certificate,
    Cycle,
    Dossier,
    Mail,
    Notice,
    Obligation,
    Official,
    PlanTask,
    Producer,
    Product,
    Report,
    StatusLink,
)

NEWS = None
"""Stands for the kind of obligation where a notice is about none."""

_Row = TypeVar("_Row", Certificate, Cycle, Dossier, Official, PlanTask, Producer, Product, Report)


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
    about: dict[str | None, set[str]] = defaultdict(set)
    for notice in notices:
        kind = session.get_one(Obligation, notice.obligation_id).kind if notice.obligation_id else NEWS
        about[kind].add(notice.subject_id)
    _rows(session, Cycle, {notice.cycle_id for notice in notices})
    _rows(session, PlanTask, about[PLAN_TASK])
    reports = _rows(session, Report, about[REPORT] | about[NEWS])
    certificates = _rows(session, Certificate, about[RENEWAL] | about[WITHDRAWAL] | about[NEWS])
    certified = {dossier_id for each in certificates for dossier_id in (each.dossier_id, each.renewal_id) if dossier_id}
    dossiers = _rows(session, Dossier, about[DOSSIER_STEP] | about[OPINION] | about[NEWS] | certified)
    made = {dossier.product_id for dossier in dossiers} | {certificate.product_id for certificate in certificates}
    products = _rows(session, Product, made)
    readers = [mail.recipient.partition(":") for mail in mails]
    reading = {person_id for kind, _, person_id in readers if kind == PRODUCER}
    _rows(session, Producer, reading | {product.producer_id for product in products})
    _rows(session, Official, {person_id for kind, _, person_id in readers if kind != PRODUCER})
    linked = {dossier.id for dossier in dossiers} | {report.id for report in reports}
    return ReadAhead(session, _links(session, linked))


def _rows(session: Session, table: type[_Row], ids: AbstractSet[str]) -> Sequence[_Row]:
    """Read rows by their ids; when there are none, nothing is asked."""
    return session.exec(select(table).where(col(table.id).in_(ids))).all() if ids else []


def _links(session: Session, subjects: AbstractSet[str]) -> dict[str | None, list[StatusLink]]:
    links: dict[str | None, list[StatusLink]] = defaultdict(list)
    if subjects:
        leads_there = or_(col(StatusLink.dossier_id).in_(subjects), col(StatusLink.report_id).in_(subjects))
        in_order = select(StatusLink).where(leads_there).order_by(col(StatusLink.issued_at), col(StatusLink.id))
        for link in session.exec(in_order):
            links[link.dossier_id or link.report_id].append(link)
    return links

"""Reading what many letters are about in a few queries, into a session that remembers."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Notice, Official, PlanTask, Producer, Product, Report


def read_ahead(session: Session, mails: Sequence[Mail], notices: Sequence[Notice]) -> None:
    """Read cycles, subjects, products, producers and readers of some mails; the session must remember its rows."""
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

"""Importing certificates that were issued before: a verdict on every row, then all of them or none."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.config_files.certificates import CertificateRow
from ocop_workflow.policy.certificate_terms import expiry_of
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.findings import unknown_name
from ocop_workflow.services.certificate_facts import cycle_of_the_day
from ocop_workflow.services.certificates import (
    CertificateRefusedError,
    authority_for,
    certificates_not_ended,
    enter,
    record_changes,
)
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.producer_register import producer_named, product_named
from ocop_workflow.services.product_lists import Verdict
from ocop_workflow.services.projection import producer_of, product_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Product
from state_machines.certificate import CertificateStatus


@dataclass(frozen=True, slots=True)
class CertificateVerdict:
    """One row of the list, what becomes of it, and why: what to mend, or since when it is there."""

    row: CertificateRow
    verdict: Verdict
    reason: str = ""


def import_certificates(
    work: UnitOfWork, office_id: str, rows: Sequence[CertificateRow], *, actor: str
) -> tuple[CertificateVerdict, ...]:
    """Enter the new certificates of a list with their products and producers, unless a row is refused.

    Idempotent: what is there already stays as it is. With one refused row nothing at all is written. They are pinned
    to the rule set of the office's cycle of the day, and nobody is told of what is long past.
    """
    verdicts = judge_certificates(work, office_id, rows)
    if any(each.verdict is Verdict.REFUSED for each in verdicts):
        return verdicts
    cycle = cycle_of_the_day(work.session, office_id)
    book = work.books.of_cycle(work.session, cycle)
    for each in verdicts:
        if each.verdict is Verdict.NEW:
            _enter(work, cycle, book, each.row, actor=actor)
    return verdicts


def judge_certificates(
    work: UnitOfWork, office_id: str, rows: Sequence[CertificateRow]
) -> tuple[CertificateVerdict, ...]:
    """Return what importing a list would do with each row; nothing is written. Names are compared in NFC."""
    cycle = cycle_of_the_day(work.session, office_id)
    book = work.books.of_cycle(work.session, cycle)
    numbers: set[str] = set()
    products: set[tuple[str, str, str]] = set()
    verdicts = []
    for row in map(_in_nfc, rows):
        verdict = _verdict(work, cycle, book, row)
        identity = (row.unit, row.producer, row.product)
        if row.number in numbers:
            verdict = _refused(row, "the number stands twice in the list; keep one of the rows")
        elif identity in products and verdict.verdict is Verdict.NEW:
            verdict = _refused(row, "the product stands twice in the list; keep the certificate that is in force")
        numbers.add(row.number)
        products.add(identity)
        verdicts.append(verdict)
    return tuple(verdicts)


def _verdict(work: UnitOfWork, cycle: Cycle, book: Rulebook, row: CertificateRow) -> CertificateVerdict:
    known = work.session.exec(
        select(Certificate).where(col(Certificate.office_id) == cycle.office_id, col(Certificate.number) == row.number)
    ).first()
    product = _registered(work.session, row)
    if known is not None:
        if product is None or known.product_id != product.id:
            return _refused(row, "the number belongs to another product's certificate; correct it")
        return CertificateVerdict(row, Verdict.PRESENT, f"it is here since before, and {known.status}")
    fault = _fault(work, cycle, book, row)
    if fault is not None:
        return _refused(row, fault)
    for other in certificates_not_ended(work.session, product.id) if product is not None else []:
        if other.status != CertificateStatus.EXPIRED:
            return _refused(row, f"the product has the certificate {other.number}, which is {other.status}")
    return CertificateVerdict(row, Verdict.NEW)


def _fault(work: UnitOfWork, cycle: Cycle, book: Rulebook, row: CertificateRow) -> str | None:
    """Return what is wrong with a row by itself, with its remedy; None when nothing is."""
    return _unit_fault(cycle, book, row) or _term_fault(book, row, today=local_day(work.now))


def _unit_fault(cycle: Cycle, book: Rulebook, row: CertificateRow) -> str | None:
    units, office = book.units, cycle.office_id
    known = [unit.id for unit in units.units]
    if row.unit not in known:
        return unknown_name((), "unit", row.unit[:80], known).sentence
    if units.unit_today(row.unit) != row.unit:
        return f"the unit {row.unit} was taken over by {units.unit_today(row.unit)}; name that one"
    if not units.lies_in(row.unit, office):
        return f"the unit {row.unit} lies outside {office}; leave the certificate to the office of its area"
    try:
        authority_for(book.rule_set, units, row.unit, row.stars)
    except CertificateRefusedError:
        return f"{row.stars} stars are not certified under rule set {book.rule_set.id}; correct the stars"
    return None


def _term_fault(book: Rulebook, row: CertificateRow, *, today: date) -> str | None:
    if row.issued_on > today:
        return f"the day of issue {row.issued_on:%d/%m/%Y} lies in the future; correct it"
    if row.expires_on is None and book.rule_set.validity_months is None:
        return f"rule set {book.rule_set.id} gives no validity; fill in expires_on"
    if row.expires_on is not None and row.expires_on <= row.issued_on:
        return "the certificate ends before it begins; correct issued_on or expires_on"
    return None


def _enter(work: UnitOfWork, cycle: Cycle, book: Rulebook, row: CertificateRow, *, actor: str) -> None:
    planned = PlannedProduct(
        key=row.number, name=row.product, form=row.product, producer=row.producer, unit=row.unit, source=row.number
    )
    product = product_of(work, planned, producer_of(work, planned))
    certificate = Certificate(
        id=work.ids.new("certificate", f"{cycle.office_id}|{row.number}"),
        office_id=cycle.office_id,
        product_id=product.id,
        rule_set_hash=cycle.rule_set_hash,
        number=row.number,
        stars=row.stars,
        authority=authority_for(book.rule_set, book.units, row.unit, row.stars),
        issued_on=row.issued_on,
        expires_at=_expiry(row.issued_on, row.expires_on, book.rule_set.validity_months),
        status=CertificateStatus.VALID.value,
        status_at=start_of_day(row.issued_on),
    )
    enter(work, certificate, cycle, action="certificate_imported", actor=actor)
    record_changes(work, certificate, actor=actor, tells=False)


def _expiry(issued_on: date, expires_on: date | None, months: int | None) -> datetime:
    """Return the first instant no longer valid: after the printed last day, or by the rule set's months."""
    return start_of_day(expires_on + timedelta(days=1)) if expires_on else expiry_of(issued_on, months or 0)


def _registered(session: Session, row: CertificateRow) -> Product | None:
    producer = producer_named(session, row.unit, row.producer)
    return product_named(session, producer, row.product) if producer is not None else None


def _refused(row: CertificateRow, reason: str) -> CertificateVerdict:
    return CertificateVerdict(row, Verdict.REFUSED, reason)


def _in_nfc(row: CertificateRow) -> CertificateRow:
    product, producer, number = (unicodedata.normalize("NFC", text) for text in (row.product, row.producer, row.number))
    return replace(row, product=product, producer=producer, number=number)

"""From notices to a letter: names, titles, days and links are looked up here, outside any write transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from notifications.catalogue import Language, Parameter, translate
from notifications.letter import Letter, LetterKind, Line, LineKind, Wording
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.date_expressions import Firmness
from ocop_workflow.services.links import links_of, token_of
from ocop_workflow.services.obligations import DOSSIER_STEP, REPORT
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.pinned_documents import Rulebook, RulebookShelf
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    Mail,
    Notice,
    Obligation,
    PlanTask,
    Producer,
    Product,
    Report,
    Seal,
)


@dataclass(frozen=True, slots=True)
class Stationery:
    """What every letter of an installation needs: where pages are, the link keys, whether it is simulated."""

    base_url: str
    link_keys: tuple[bytes, ...]
    simulated: bool
    sender_name: str
    sender_address: str


def letter_of(
    session: Session, books: RulebookShelf, mail: Mail, notices: Sequence[Notice], *, stationery: Stationery
) -> Letter:
    """Return the letter that a mail's notices make, in the recipient's language."""
    lines = tuple(_line(session, books, notice, mail, stationery) for notice in notices)
    cycle = session.get_one(Cycle, notices[0].cycle_id)
    book = books.of_cycle(session, cycle)
    office = book.units.unit(mail.office_id).name.in_language(mail.language)
    role = book.units.roles[book.plan.office_role].title.in_language(mail.language)
    return Letter(
        kind=LetterKind(mail.kind),
        recipient_name=mail.recipient_name,
        recipient_address=mail.address,
        language=Language(mail.language),
        office_name=f"{role}, {office}",
        local_date=mail.local_date,
        lines=lines,
        seal=_seal(session, mail, cycle),
        simulated=stationery.simulated,
    )


def act_of(book: Rulebook, obligation: Obligation, subject: Dossier | Report | PlanTask) -> Wording:
    """Return what an obligation asks for, as a catalogue code with titles."""
    if isinstance(subject, Dossier):
        stage = next(s for s in book.stages(subject.round_id, subject.kind) if s.id == obligation.stage)
        step = next((s for s in stage.steps if s.id == obligation.step), None)
        if step is None:
            return Wording(f"act.{obligation.step}", {"stage": stage.title.model_dump()})
        return Wording("act.step", {"title": step.title.model_dump()})
    if isinstance(subject, Report):
        duty = next(d for d in book.cycle_year.report_duties if d.id == subject.duty_id)
        return Wording("act.report", {"title": duty.title.model_dump(), "period": period_name(subject.period_id)})
    task = next(t for t in book.cycle_year.tasks if t.id == subject.task_id)
    return Wording("act.task", {"title": task.title.model_dump()})


def about_of(session: Session, book: Rulebook, subject: Dossier | Report | PlanTask, language: str) -> str:
    """Return what people call the subject: the product with its producer, the reporting unit, or the leading unit."""
    if isinstance(subject, Dossier):
        product = session.get_one(Product, subject.product_id)
        producer = session.get_one(Producer, product.producer_id)
        return f"{product.name} – {producer.name}"
    unit = subject.unit_id if isinstance(subject, Report) else subject.lead.partition("/")[0]
    return book.units.unit(unit).name.in_language(language)


def party_name(session: Session, book: Rulebook, party: str, language: str) -> str:
    """Return a party as people read it: the producer's name, or role and unit of a position."""
    unit_id, _, role_id = party.partition("/")
    if not role_id:
        return session.get_one(Producer, party.partition(":")[2]).name
    title = book.units.roles[role_id].title.in_language(language)
    return f"{title}, {book.units.unit(unit_id).name.in_language(language)}"


def subject_of(session: Session, kind: str, subject_id: str) -> Dossier | Report | PlanTask:
    """Return the row that an obligation of this kind is about."""
    if kind == DOSSIER_STEP:
        return session.get_one(Dossier, subject_id)
    if kind == REPORT:
        return session.get_one(Report, subject_id)
    return session.get_one(PlanTask, subject_id)


def why_of(code: str, params: dict[str, Any]) -> Wording:
    """Return a date's explanation without dates, as it stands in mails."""
    said = dict(params)
    if "anchor" in said:
        code_of_anchor = f"anchor.{said['anchor']}"
        said["anchor"] = {language.value: translate(language, code_of_anchor) for language in Language}
    return Wording(f"why.{code}", _parameters(said))


def period_name(period_id: str) -> str:
    """Return a period as people write it: `2018-Q1` as `I/2018`, `2018-03` as `3/2018`, a year as it is."""
    year, _, part = period_id.partition("-")
    if not part:
        return year
    if part[0] in "QH":
        return f"{('I', 'II', 'III', 'IV')[int(part[1:]) - 1]}/{year}"
    return f"{int(part)}/{year}"


def _seal(session: Session, mail: Mail, cycle: Cycle) -> str | None:
    """Return the last daily seal for the digest of the office itself, so that a cut record shows; None for others."""
    if mail.kind != LetterKind.DIGEST:
        return None
    holder = addressee_of(session, cycle.office_position, on=mail.local_date)
    if holder is None or holder.key != mail.recipient:
        return None
    return session.exec(select(Seal.hash).order_by(col(Seal.number).desc())).first()


def _line(session: Session, books: RulebookShelf, notice: Notice, mail: Mail, stationery: Stationery) -> Line:
    if notice.obligation_id is None:
        return _news_line(session, books, notice, mail, stationery)
    cycle = session.get_one(Cycle, notice.cycle_id)
    obligation = session.get_one(Obligation, notice.obligation_id)
    subject = subject_of(session, obligation.kind, obligation.subject_id)
    book = books.of_cycle(session, cycle)
    return Line(
        notice_key=notice.key,
        kind=LineKind(notice.line_kind),
        act=act_of(book, obligation, subject),
        about=about_of(session, book, subject, mail.language),
        last_day=last_day_in_time(obligation.due_at) if obligation.due_at else None,
        expected=obligation.firmness == Firmness.EXPECTED,
        why=why_of(obligation.why_code, obligation.why_params) if obligation.deadline_version == 1 else None,
        url=_url(session, subject, notice.recipient, stationery),
        owed_by=party_name(session, book, obligation.party, mail.language)
        if notice.line_kind == LineKind.ESCALATION
        else None,
    )


def _news_line(session: Session, books: RulebookShelf, notice: Notice, mail: Mail, stationery: Stationery) -> Line:
    cycle = session.get_one(Cycle, notice.cycle_id)
    dossier = session.get_one(Dossier, notice.subject_id)
    book = books.of_dossier(session, cycle, dossier)
    params = dict(notice.params)
    last_on = params.pop("last_on", None)
    return Line(
        notice_key=notice.key,
        kind=LineKind.NEWS,
        act=Wording(notice.code or "", _parameters(params)),
        about=about_of(session, book, dossier, mail.language),
        last_day=date.fromisoformat(last_on) if last_on else None,
        expected=False,
        why=None,
        url=_url(session, dossier, notice.recipient, stationery),
        happened_on=local_day(notice.moment_at),
    )


def _url(session: Session, subject: Dossier | Report | PlanTask, recipient: str, stationery: Stationery) -> str | None:
    """Return the recipient's own status link to a dossier, derived anew; other subjects have none."""
    if not isinstance(subject, Dossier):
        return None
    link = next((k for k in links_of(session, subject.id) if k.recipient == recipient and k.revoked_at is None), None)
    return f"{stationery.base_url}/s/{token_of(link, stationery.link_keys)}" if link else None


def _parameters(params: dict[str, Any]) -> dict[str, Parameter]:
    return {name: value for name, value in params.items() if isinstance(value, str | int | dict)}

"""From notices to a letter: names, titles, days and links are looked up here, outside any write transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from notifications.catalogue import Language
from notifications.letter import Letter, LetterKind, Line, LineKind, Wording
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.approvals import APPROVAL
from ocop_workflow.policy.date_expressions import Firmness
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.batch_offers import batch_offered
from ocop_workflow.services.certificate_facts import certificate_case
from ocop_workflow.services.certificate_lines import (
    CERTIFICATE_NEWS,
    certificate_act,
    certificate_details,
    link_about,
    renewal_act,
)
from ocop_workflow.services.line_details import for_doing, for_follow_up, number, receiver
from ocop_workflow.services.links import token_of
from ocop_workflow.services.news_lines import (
    alarm_line,
    asking,
    completion_asked_by,
    parameters_of,
    plain_news_line,
)
from ocop_workflow.services.notices import ALARM
from ocop_workflow.services.obligations import DOSSIER_STEP, OPINION, RENEWAL, REPORT, WITHDRAWAL, is_as_reckoned
from ocop_workflow.services.people import Addressee
from ocop_workflow.services.pinned_documents import Rulebook, RulebookShelf
from ocop_workflow.services.producer_acts import PRODUCER_NEWS
from ocop_workflow.services.read_ahead import ReadAhead
from ocop_workflow.services.report_letters import REPORT_LINK, REPORT_NEWS, report_act, report_news_line
from ocop_workflow.services.summary import waiting_drafts
from ocop_workflow.services.task_helpers import helper_act
from ocop_workflow.services.titles import (
    explanation_code,
    in_both,
    is_above,
    position_title,
    seat_title,
    told,
)
from ocop_workflow.storage.tables import (
    Certificate,
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

Subject = Dossier | Report | PlanTask | Certificate | Producer
"""What an obligation or news can be about; nothing is owed about a producer itself."""

UrlOf = Callable[[Subject], str | None]
"""The recipient's own link to a subject's page."""


@dataclass(frozen=True, slots=True)
class Stationery:
    """What every letter of an installation needs: where pages are, the link keys, whether it is simulated."""

    base_url: str
    link_keys: tuple[bytes, ...]
    simulated: bool
    sender_name: str
    sender_address: str


def letter_of(
    session: Session,
    books: RulebookShelf,
    mail: Mail,
    notices: Sequence[Notice],
    *,
    person: Addressee,
    stationery: Stationery,
    ahead: ReadAhead,
) -> Letter:
    """Return the letter that a mail's notices make for the recipient as they are now, in the mail's language."""
    lines = tuple(_line(session, books, notice, mail, partial(_url, notice, stationery, ahead)) for notice in notices)
    cycle = session.get_one(Cycle, notices[0].cycle_id)
    book = books.of_cycle(session, cycle)
    is_to_office = _is_digest_of_office(mail, cycle, ahead)
    return Letter(
        kind=LetterKind(mail.kind),
        recipient_name=person.name,
        recipient_address=person.address or "",
        language=Language(mail.language),
        office_name=position_title(book.units, cycle.office_position).in_language(mail.language),
        local_date=mail.local_date,
        lines=lines,
        seal=_last_seal(session) if is_to_office else None,
        simulated=stationery.simulated,
        drafts=waiting_drafts(session, mail.office_id) if is_to_office else 0,
        to_superior=any(is_above(book.units, n.recipient, office=cycle.office_position) for n in notices),
    )


def book_of(session: Session, books: RulebookShelf, cycle: Cycle, subject: Subject) -> Rulebook:
    """Return the rulebook by which a subject goes; that of a dossier may have another rule set than its cycle's."""
    return books.of_dossier(session, cycle, subject) if isinstance(subject, Dossier) else books.of_cycle(session, cycle)


def act_of(book: Rulebook, obligation: Obligation, subject: Subject) -> Wording:
    """Return what an obligation asks for, as a catalogue code with titles."""
    if isinstance(subject, Dossier):
        return _dossier_act(book, obligation)
    if isinstance(subject, Report):
        return report_act(book, subject)
    if isinstance(subject, Certificate):
        return certificate_act(subject, obligation)
    if isinstance(subject, Producer):
        raise TypeError("nothing is owed about a producer itself")
    task = next(t for t in book.cycle_year.tasks if t.id == subject.task_id)
    approval = book.plan.approval(task.needs_approval)
    if obligation.step == APPROVAL and approval is not None:
        return Wording("act.approval", {"title": approval.title.model_dump(), "task": task.title.model_dump()})
    return Wording("act.task", {"title": task.title.model_dump()})


def _dossier_act(book: Rulebook, obligation: Obligation) -> Wording:
    if obligation.kind == OPINION:
        return Wording("act.opinion", {"member": seat_title(book, obligation.stage or "", obligation.step or "")})
    stage = book.stage_known(obligation.stage or "", obligation.step)
    step = next((s for s in stage.steps if s.id == obligation.step), None)
    if step is None:
        return Wording(f"act.{obligation.step}", {"stage": stage.title.model_dump()})
    return Wording("act.step", {"title": step.title.model_dump()})


def about_of(session: Session, book: Rulebook, subject: Subject, language: str) -> str:
    """Return what people call the subject: the product with its producer, the reporting unit, or the leading unit."""
    if isinstance(subject, Dossier | Certificate):
        product = session.get_one(Product, subject.product_id)
        producer = session.get_one(Producer, product.producer_id)
        return f"{product.name} – {producer.name}"
    if isinstance(subject, Producer):
        return subject.name
    unit = subject.unit_id if isinstance(subject, Report) else subject.lead.partition("/")[0]
    return book.units.unit(unit).name.in_language(language)


def party_name(session: Session, book: Rulebook, party: str, language: str) -> str:
    """Return a party as people read it: the producer's name, or role and unit of a position."""
    kind, _, producer_id = party.partition(":")
    if kind == PRODUCER:
        return session.get_one(Producer, producer_id).name
    return position_title(book.units, party).in_language(language)


def subject_of(session: Session, kind: str | None, subject_id: str) -> Subject:
    """Return the row that an obligation of this kind is about, or that news tells of when no kind is named."""
    if kind in (DOSSIER_STEP, OPINION):
        return session.get_one(Dossier, subject_id)
    if kind == REPORT:
        return session.get_one(Report, subject_id)
    if kind in (RENEWAL, WITHDRAWAL):
        return session.get_one(Certificate, subject_id)
    if kind is None:
        of_news: Subject | None = session.get(Dossier, subject_id) or session.get(Report, subject_id)
        of_news = of_news or session.get(Certificate, subject_id) or session.get(Producer, subject_id)
        if of_news is not None:
            return of_news
    return session.get_one(PlanTask, subject_id)


def why_of(code: str, params: dict[str, Any], *, source: str) -> Wording:
    """Return a date's explanation without dates, as it stands in mails."""
    said = dict(params)
    if "anchor" in said:
        said["anchor"] = in_both(f"anchor.{said['anchor']}")
    return Wording(f"why.{explanation_code(code, source)}", parameters_of(said))


def period_name(period_id: str) -> str:
    """Return a period as people write it: `2018-Q1` as `I/2018`, `2018-03` as `3/2018`, a year as it is."""
    year, _, part = period_id.partition("-")
    if not part:
        return year
    if part[0] in "QH":
        return f"{('I', 'II', 'III', 'IV')[int(part[1:]) - 1]}/{year}"
    return f"{int(part)}/{year}"


def _is_digest_of_office(mail: Mail, cycle: Cycle, ahead: ReadAhead) -> bool:
    """Return whether a mail is the office's own digest, which tells it more than others."""
    if mail.kind != LetterKind.DIGEST:
        return False
    holder = ahead.reader_of(cycle.office_position, mail.local_date)
    return holder is not None and holder.key == mail.recipient


def _last_seal(session: Session) -> str | None:
    """Return the last daily seal, so that a cut record shows."""
    return session.exec(select(Seal.hash).order_by(col(Seal.number).desc()).limit(1)).first()


def _line(session: Session, books: RulebookShelf, notice: Notice, mail: Mail, url_of: UrlOf) -> Line:
    if notice.obligation_id is None:
        return _news_line(session, books, notice, mail, url_of)
    cycle = session.get_one(Cycle, notice.cycle_id)
    obligation = session.get_one(Obligation, notice.obligation_id)
    subject = subject_of(session, obligation.kind, obligation.subject_id)
    book = book_of(session, books, cycle, subject)
    is_escalation = notice.line_kind == LineKind.ESCALATION
    warned = notice.line_kind == LineKind.OVERDUE and obligation.lapse_at and notice.recipient == obligation.party
    details = for_follow_up(session, obligation, mail) if is_escalation else for_doing(session, book, obligation)
    act = act_of(book, obligation, subject)
    if isinstance(subject, Certificate) and obligation.kind == RENEWAL:
        act = renewal_act(subject, of_producer=is_escalation or notice.recipient == obligation.party)
        details = certificate_details(session, certificate_case(session, books, subject), obligation, mail)
    if isinstance(subject, PlanTask):
        act = helper_act(book, subject, notice) or act
    offered = batch_offered(book, obligation, on=mail.local_date)
    return Line(
        notice_key=notice.key,
        kind=LineKind(notice.line_kind),
        act=act,
        about=_about(session, book, subject, notice, mail),
        last_day=last_day_in_time(obligation.due_at) if obligation.due_at else None,
        expected=obligation.firmness == Firmness.EXPECTED,
        why=why_of(obligation.why_code, obligation.why_params, source=obligation.source)
        if is_as_reckoned(obligation)
        else None,
        url=url_of(subject),
        owed_by=party_name(session, book, obligation.party, mail.language) if is_escalation else None,
        details=(*number(subject), *details, *offered),
        lapses_on=last_day_in_time(obligation.lapse_at) if warned and obligation.lapse_at else None,
        link_code=REPORT_LINK if isinstance(subject, Report) else None,
    )


def _news_line(session: Session, books: RulebookShelf, notice: Notice, mail: Mail, url_of: UrlOf) -> Line:
    cycle = session.get_one(Cycle, notice.cycle_id)
    if notice.code == ALARM:
        return alarm_line(books.of_cycle(session, cycle), cycle, notice, mail)
    if (notice.code or "").startswith(PRODUCER_NEWS):
        return plain_news_line(notice, about=session.get_one(Producer, notice.subject_id).name, url=None)
    if (notice.code or "").startswith(CERTIFICATE_NEWS):
        certificate = session.get_one(Certificate, notice.subject_id)
        about = _about(session, books.of_cycle(session, cycle), certificate, notice, mail)
        return plain_news_line(notice, about=about, url=url_of(certificate))
    if (notice.code or "") in REPORT_NEWS:
        report = session.get_one(Report, notice.subject_id)
        url = url_of(report)
        return report_news_line(session, books.of_cycle(session, cycle), notice, report, mail, url=url)
    subject = subject_of(session, None, notice.subject_id)
    book = book_of(session, books, cycle, subject)
    last_on = notice.params.get("last_on")
    line = Line(
        notice_key=notice.key,
        kind=LineKind.NEWS,
        act=told(book, notice.code or "", parameters_of(notice.params)),
        about=_about(session, book, subject, notice, mail),
        last_day=date.fromisoformat(last_on) if last_on else None,
        expected=False,
        why=None,
        url=url_of(subject),
        happened_on=local_day(notice.moment_at),
        details=number(subject),
    )
    completion = completion_asked_by(session, notice)
    if completion is None or not isinstance(subject, Dossier):
        return line
    taker = receiver(session, book, subject, completion)
    return asking(line, completion, act=act_of(book, completion, subject), taker=taker)


def _about(session: Session, book: Rulebook, subject: Subject, notice: Notice, mail: Mail) -> str:
    """Return what people call the subject; a producer is not told their own name."""
    if isinstance(subject, Dossier | Certificate) and notice.recipient.startswith(f"{PRODUCER}:"):
        return session.get_one(Product, subject.product_id).name
    return about_of(session, book, subject, mail.language)


def _url(notice: Notice, stationery: Stationery, ahead: ReadAhead, subject: Subject) -> str | None:
    """Return the recipient's own link to a dossier's or report's page, derived anew; a plan task has none."""
    if isinstance(subject, Certificate):
        link = link_about(ahead, subject, notice)
    elif isinstance(subject, PlanTask | Producer):
        return None
    else:
        link = next(
            (k for k in ahead.links_of(subject.id) if k.recipient == notice.recipient and k.revoked_at is None), None
        )
    return f"{stationery.base_url}/s/{token_of(link, stationery.link_keys)}" if link else None

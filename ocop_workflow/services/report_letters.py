"""What letters say of reports: what is asked, where it goes, why one was returned, what a sent one lacks."""

from datetime import date

from sqlmodel import Session

from notifications.catalogue import Language
from notifications.letter import Line, LineKind, Wording
from ocop_workflow.clock import local_day
from ocop_workflow.policy.plan import Figure
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import period_title, position_title
from ocop_workflow.storage.tables import EventText, Mail, Notice, Report
from state_machines.report import ReportStatus

RETURNED, SUPPLEMENT = "news.report_returned", "news.report_supplement"
REPORT_NEWS = frozenset({RETURNED, SUPPLEMENT})
"""The codes of news whose subject is a report."""

REPORT_LINK = "mail.open.report"
"""What the link to a report's page is called."""


def report_act(book: Rulebook, report: Report) -> Wording:
    """Return what a report asks for: sending it on its period."""
    duty = next(d for d in book.cycle_year.report_duties if d.id == report.duty_id)
    return Wording("act.report", {"report": duty.title.model_dump(), "period": period_title(report.period_id)})


def for_reporting(book: Rulebook, report: Report) -> tuple[Wording, ...]:
    """Return what helps a reporter: whether anything is owed at all, where it goes, which figures it has."""
    duty = next(d for d in book.cycle_year.report_duties if d.id == report.duty_id)
    said = [] if duty.only_if is None else [Wording("mail.only_if", {"only_if": duty.only_if.model_dump()})]
    collector = position_title(book.units, book.units.successor_of(report.collector))
    said.append(Wording("mail.report_to", {"collector": collector.model_dump()}))
    if duty.figures:
        figures = {
            language.value: "; ".join(_shown(figure, language) for figure in duty.figures) for language in Language
        }
        said.append(Wording("mail.figures", {"figures": figures}))
    return tuple(said)


def report_news_line(
    session: Session, book: Rulebook, notice: Notice, report: Report, mail: Mail, *, url: str | None
) -> Line:
    """Return the news of a return as something to do by its own day, or that a sent report lacks something.

    A report that was corrected before its letter was written asks for nothing any more.
    """
    asks = notice.code == RETURNED and report.status == ReportStatus.RETURNED
    told = Wording(notice.code or "", {name: value for name, value in notice.params.items() if name != "last_on"})
    last_on = notice.params.get("last_on")
    reason = _reason(session, notice) if asks else None
    return Line(
        notice_key=notice.key,
        kind=LineKind.NEWS,
        act=report_act(book, report) if asks else told,
        about=book.units.unit(report.unit_id).name.in_language(mail.language),
        last_day=date.fromisoformat(last_on) if last_on and asks else None,
        expected=False,
        why=None,
        url=url,
        happened_on=local_day(notice.moment_at),
        details=(
            *((told,) if asks else ()),
            *((Wording("mail.report_reason", {"reason": reason}),) if reason else ()),
            *(for_reporting(book, report) if asks else ()),
        ),
        asks=asks,
        link_code=REPORT_LINK,
    )


def reason_of(session: Session, *, stream: str, seq: int) -> str | None:
    """Return the free text of an event, unless it was erased."""
    text = session.get(EventText, (stream, seq))
    return text.body if text else None


def _reason(session: Session, notice: Notice) -> str | None:
    stream, _, seq = notice.key.partition("|")[0].rpartition("/")
    return reason_of(session, stream=stream, seq=int(seq))


def _shown(figure: Figure, language: Language) -> str:
    title = figure.title.in_language(language)
    return title if figure.unit is None else f"{title} ({figure.unit.in_language(language)})"

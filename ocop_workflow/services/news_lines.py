"""News as lines of a letter: of certificates, of the installation's troubles, and of returns that ask for something."""

from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from notifications.catalogue import Parameter
from notifications.letter import Line, LineKind, Wording
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.route import COMPLETION
from ocop_workflow.services.notices import ALARM
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import position_title
from ocop_workflow.storage.tables import Cycle, Mail, Notice, Obligation


def plain_news_line(notice: Notice, *, about: str, url: str | None) -> Line:
    """Return news that says all by itself: of a certificate or a producer."""
    return Line(
        notice_key=notice.key,
        kind=LineKind.NEWS,
        act=Wording(notice.code or "", parameters_of(notice.params)),
        about=about,
        last_day=None,
        expected=False,
        why=None,
        url=url,
        happened_on=local_day(notice.moment_at),
    )


def alarm_line(book: Rulebook, cycle: Cycle, notice: Notice, mail: Mail) -> Line:
    """Return what is wrong with the installation, a sentence for each trouble."""
    return Line(
        notice_key=notice.key,
        kind=LineKind.NEWS,
        act=Wording(ALARM, {"count": notice.params["count"]}),
        about=position_title(book.units, cycle.office_position).in_language(mail.language),
        last_day=None,
        expected=False,
        why=None,
        url=None,
        happened_on=local_day(notice.moment_at),
        details=tuple(Wording(each["code"], parameters_of(each["params"])) for each in notice.params["troubles"]),
    )


def completion_asked_by(session: Session, notice: Notice) -> Obligation | None:
    """Return what a return asks of the reader of its news, while it is owed; None for all other news."""
    if notice.code != "news.returned":
        return None
    event = notice.key.partition("|")[0]
    query = select(Obligation).where(
        col(Obligation.subject_id) == notice.subject_id,
        col(Obligation.step) == COMPLETION,
        col(Obligation.party) == notice.recipient,
        col(Obligation.status) == "open",
        col(Obligation.key).endswith(f"/{event.rpartition('/')[2]}"),
    )
    return session.exec(query).first()


def asking(line: Line, completion: Obligation, *, act: Wording, taker: dict[str, str]) -> Line:
    """Return the news of a return as something to do, with its own last day, and to whom it is brought."""
    happened_on = line.happened_on.isoformat() if line.happened_on else ""
    last_day = last_day_in_time(completion.due_at) if completion.due_at else None
    asked = (
        Wording("mail.bring_to", {"receiver": taker})
        if last_day is None
        else Wording("mail.resubmit", {"receiver": taker, "last_on": last_day.isoformat()})
    )
    return replace(
        line,
        act=act,
        last_day=last_day,
        details=(line.act, asked, Wording("mail.returned_on", {"happened_on": happened_on}), *line.details),
        asks=True,
    )


def parameters_of(params: dict[str, Any]) -> dict[str, Parameter]:
    """Return of stored parameters what a sentence can take."""
    return {name: value for name, value in params.items() if isinstance(value, str | int | dict)}

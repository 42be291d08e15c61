"""An official's calendar: what every position that they hold owes, as a calendar program subscribes to it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from notifications.calendar_file import MarkedDay, calendar_file
from notifications.catalogue import Language, translate
from notifications.letter import Wording
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.date_expressions import Firmness
from ocop_workflow.services.cycles import CLOSED
from ocop_workflow.services.letters import about_of, act_of, book_of, party_name, subject_of, why_of
from ocop_workflow.services.line_details import number
from ocop_workflow.services.obligations import is_as_reckoned
from ocop_workflow.services.people import positions_of
from ocop_workflow.services.subjects import stream_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event, Obligation, Official

REFRESH = timedelta(hours=1)
"""How often a calendar program is asked to look again."""


def calendar_feed(work: UnitOfWork, official: Official, *, simulated: bool) -> bytes:
    """Return the open dates of the positions that an official holds at `now` or reads as a deputy, as iCalendar.

    A date that moved keeps its identifier, with a higher sequence. What is settled, or owed by a position that somebody
    else holds now, is no longer in it: programs that subscribe show what stands there.
    """
    language = Language(official.language)
    positions = positions_of(work.session, official.id, on=local_day(work.now))
    owed = _owed(work.session, positions)
    revised = _last_acts(work.session, [obligation for obligation, _ in owed])
    name = translate(language, "feed.name", {"name": official.name})
    if simulated:
        name = f"{name} ({translate(language, 'page.simulated')})"
    return calendar_file(
        name,
        [
            _marked(
                work,
                cycle,
                obligation,
                language,
                day=last_day_in_time(obligation.due_at),
                revised_at=revised.get(stream_of(obligation), cycle.opened_at),
            )
            for obligation, cycle in owed
            if obligation.due_at is not None
        ],
        key=f"feed/{official.id}",
        language=language,
        refresh=REFRESH,
    )


def _owed(session: Session, positions: Sequence[str]) -> list[tuple[Obligation, Cycle]]:
    """Return what positions owe, also what opens later, the earliest due first."""
    query = (
        select(Obligation, Cycle)
        .join(Cycle, col(Cycle.id) == col(Obligation.cycle_id))
        .where(
            col(Obligation.party).in_(positions),
            col(Obligation.status) == "open",
            col(Cycle.status) != CLOSED,
        )
    )
    return list(session.exec(query.order_by(col(Obligation.due_at), col(Obligation.key))))


def _last_acts(session: Session, owed: Sequence[Obligation]) -> dict[str, datetime]:
    """Return when each subject's last act was recorded, by stream; every act that moves a date is among them."""
    streams = {stream_of(obligation) for obligation in owed}
    query = select(Event.stream, func.max(Event.recorded_at)).where(col(Event.stream).in_(streams))
    return dict(session.exec(query.group_by(col(Event.stream))).all())


def _marked(
    work: UnitOfWork, cycle: Cycle, obligation: Obligation, language: Language, *, day: date, revised_at: datetime
) -> MarkedDay:
    subject = subject_of(work.session, obligation.kind, obligation.subject_id)
    book = book_of(work.session, work.books, cycle, subject)

    def say(wording: Wording) -> str:
        return translate(language, wording.code, wording.params)

    act, about = say(act_of(book, obligation, subject)), about_of(work.session, book, subject, language)
    summary = act if about in act else f"{act}: {about}"
    expected = obligation.firmness == Firmness.EXPECTED
    if expected:
        summary = f"{summary} ({translate(language, 'table.expected')})"
    said = [party_name(work.session, book, obligation.party, language), *map(say, number(subject))]
    if is_as_reckoned(obligation):
        why = say(why_of(obligation.why_code, obligation.why_params, source=obligation.source))
        said.append(translate(language, "mail.why", {"why": why}))
    if obligation.deadline_version > 1:
        said.append(translate(language, "feed.moved"))
    return MarkedDay(
        key=f"obligation/{obligation.id}",
        day=day,
        summary=summary,
        description="\n".join(said),
        category=translate(language, f"kind.{obligation.kind}"),
        revised_at=revised_at,
        moves=obligation.deadline_version - 1,
        expected=expected,
    )

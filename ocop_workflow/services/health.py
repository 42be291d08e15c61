"""What the installation sees of its own trouble: sweeps that stand still, mail that stays, positions without holder."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from ocop_workflow.clock import local_day
from ocop_workflow.policy.route import CERTIFICATE
from ocop_workflow.services.cycles import CLOSED, cycles_of
from ocop_workflow.services.notices import ALARM, NEWS, insert_notices, notice_row
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.positions import vacant_positions
from ocop_workflow.services.reminders import recipient_of
from ocop_workflow.services.titles import position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Obligation, Seal

SWEEP_AT_LEAST_EVERY = timedelta(hours=26)
"""A day, and two hours for a machine that was slow or restarted."""

MAIL_LEAVES_WITHIN = timedelta(hours=24)
"""Temporary refusals are tried again for at least a day; what stays longer is trouble."""

CERTIFICATE_FOLLOWS_WITHIN = timedelta(days=30)
"""Where neither rule set nor plan dates the certificate, the office is asked about it after this time."""

NO_SWEEP, UNDECIDED, NEXT_CYCLE, UNREACHABLE, OUTBOX, VACANT, UNCERTIFIED = (
    "no_sweep",
    "undecided",
    "next_cycle",
    "unreachable",
    "outbox",
    "vacant",
    "uncertified",
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: a code of the catalogue (`health.<code>`) with what goes into the sentence."""

    code: str
    params: dict[str, str | int | dict[str, str]] = field(default_factory=dict)


def watched_offices(session: Session) -> list[str]:
    """Return the offices with a cycle that is not closed."""
    return sorted({cycle.office_id for cycle in cycles_of(session) if cycle.status != CLOSED})


def troubles_of(work: UnitOfWork, office_id: str) -> tuple[Trouble, ...]:
    """Return what is wrong for an office at the unit of work's `now`; a healthy one has nothing.

    Reads only. An outage shows in the first look after it, before the sweeps make up for it.
    """
    session, now = work.session, work.now
    cycles = [cycle for cycle in cycles_of(session, office=office_id) if cycle.status != CLOSED]
    if not cycles:
        return ()
    return (
        *_sweeps(session, cycles, now),
        *(trouble for cycle in cycles for trouble in _next_cycle(work, cycle)),
        *(trouble for cycle in cycles for trouble in _unreachable(work, cycle)),
        *_outbox(session, office_id, now),
        *_vacant(work, office_id),
        *_uncertified(session, cycles, now),
    )


def alarm(work: UnitOfWork, office_id: str) -> int:
    """Plan one notice to the office with everything that is wrong, at most one a local day; return the troubles."""
    troubles = troubles_of(work, office_id)
    cycle = _latest(work.session, office_id)
    if not troubles or cycle is None:
        return len(troubles)
    row = notice_row(
        work,
        cycle,
        key=f"health/{office_id}/{local_day(work.now)}|{ALARM}|{cycle.office_position}",
        recipient=cycle.office_position,
        audience=NEWS,
        line_kind=NEWS,
        subject_id=cycle.id,
        moment_at=work.now,
    )
    found = [{"code": f"health.{trouble.code}", "params": trouble.params} for trouble in troubles]
    insert_notices(work.session, [{**row, "code": ALARM, "params": {"count": len(found), "troubles": found}}])
    return len(troubles)


def _sweeps(session: Session, cycles: list[Cycle], now: datetime) -> Iterator[Trouble]:
    """Look for flows that stand still: every day's first delivery seals the day, so a seal tells when it ran."""
    sealed_at = session.exec(select(Seal.sealed_at).order_by(col(Seal.number).desc())).first()
    silent = now - (sealed_at or min(cycle.opened_at for cycle in cycles))
    if silent > SWEEP_AT_LEAST_EVERY:
        yield Trouble(NO_SWEEP, {"hours": int(silent.total_seconds() // 3600)})
        return
    limit = now - SWEEP_AT_LEAST_EVERY
    query = (
        select(func.count())
        .select_from(Obligation)
        .where(
            col(Obligation.cycle_id).in_([cycle.id for cycle in cycles]),
            or_(col(Obligation.next_action_at) < limit, col(Obligation.enforce_at) < limit),
        )
    )
    if undecided := session.exec(query).one():
        yield Trouble(UNDECIDED, {"count": undecided})


def _next_cycle(work: UnitOfWork, cycle: Cycle) -> Iterator[Trouble]:
    """Look for a next year that has neither a place in the plan nor a cycle, once the plan's day for it has come."""
    plan = work.books.of_cycle(work.session, cycle).plan
    following = cycle.year + 1
    if plan.next_year_by is None or following in plan.years:
        return
    if local_day(work.now) < date.fromisoformat(f"{cycle.year}-{plan.next_year_by}"):
        return
    if all(other.year < following for other in cycles_of(work.session, office=cycle.office_id)):
        yield Trouble(NEXT_CYCLE, {"year": following, "cycle": cycle.key})


def _unreachable(work: UnitOfWork, cycle: Cycle) -> Iterator[Trouble]:
    """Look for open duties of which the ladder can tell nobody: no one that it speaks to has an address."""
    book = work.books.of_cycle(work.session, cycle)
    query = select(Obligation).where(
        col(Obligation.cycle_id) == cycle.id,
        col(Obligation.status) == "open",
        col(Obligation.opens_at) <= work.now,
        col(Obligation.next_action_at).is_not(None),
    )
    today, known = local_day(work.now), dict[str, bool]()

    def is_reached(party: str) -> bool:
        if party not in known:
            addressee = addressee_of(work.session, party, on=today)
            known[party] = addressee is not None and addressee.address is not None
        return known[party]

    def speaks_to(duty: Obligation) -> set[str]:
        rungs = book.plan.ladders[duty.ladder or ""].rungs
        return {recipient_of(cycle, duty, rung.audience) for rung in rungs}

    count = sum(not any(map(is_reached, speaks_to(duty))) for duty in work.session.exec(query))
    if count:
        yield Trouble(UNREACHABLE, {"count": count})


def _outbox(session: Session, office_id: str, now: datetime) -> Iterator[Trouble]:
    query = (
        select(func.count())
        .select_from(Mail)
        .where(
            col(Mail.office_id) == office_id,
            col(Mail.status).in_(("open", "frozen")),
            col(Mail.created_at) < now - MAIL_LEAVES_WITHIN,
        )
    )
    if waiting := session.exec(query).one():
        yield Trouble(OUTBOX, {"count": waiting})


def _vacant(work: UnitOfWork, office_id: str) -> Iterator[Trouble]:
    cycle = _latest(work.session, office_id)
    vacant = vacant_positions(work.session, work.books, on=local_day(work.now))
    if vacant and cycle is not None:
        units = work.books.of_cycle(work.session, cycle).units
        known = [position for position in vacant if position.partition("/")[0] in {unit.id for unit in units.units}]
        if known:
            title = position_title(units, known[0])
            yield Trouble(VACANT, {"count": len(known), "position": dict(title.model_dump())})


def _uncertified(session: Session, cycles: list[Cycle], now: datetime) -> Iterator[Trouble]:
    """Look for certificates that no ladder asks for: nothing dates them, and the recognition is long past."""
    query = (
        select(Obligation, Dossier.key)
        .join(Dossier, col(Dossier.id) == col(Obligation.subject_id))
        .where(
            col(Obligation.cycle_id).in_([cycle.id for cycle in cycles]),
            col(Obligation.step) == CERTIFICATE,
            col(Obligation.status) == "open",
            col(Obligation.due_at).is_(None),
            col(Obligation.opens_at) < now - CERTIFICATE_FOLLOWS_WITHIN,
        )
    )
    if waiting := session.exec(query.order_by(col(Obligation.opens_at), col(Dossier.key))).all():
        oldest, number = waiting[0]
        since_on = local_day(oldest.opens_at).isoformat()
        yield Trouble(UNCERTIFIED, {"count": len(waiting), "number": number, "since_on": since_on})


def _latest(session: Session, office_id: str) -> Cycle | None:
    cycles = [cycle for cycle in cycles_of(session, office=office_id) if cycle.status != CLOSED]
    return max(cycles, key=lambda cycle: (cycle.opened_at, cycle.key), default=None)

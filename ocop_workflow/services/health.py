"""What the installation sees of its own trouble: sweeps that stand still, mail that stays, positions without holder."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import func, literal, tuple_
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, or_, select

from ocop_workflow.clock import local_day
from ocop_workflow.policy.plan import Audience
from ocop_workflow.policy.route import CERTIFICATE, PRODUCER
from ocop_workflow.services.cycles import CLOSED, cycles_of
from ocop_workflow.services.notices import ALARM, NEWS, insert_notices, notice_row
from ocop_workflow.services.people import addressees_of
from ocop_workflow.services.positions import (
    held_positions,
    needed_by_cycle,
    positions_with_address,
)
from ocop_workflow.services.reminders import recipient_among
from ocop_workflow.services.titles import position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Obligation, Producer, Seal

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


OfficeTrouble = tuple[str, Trouble]
"""An office with one thing that is wrong there."""


def watched_offices(session: Session) -> list[str]:
    """Return the offices with a cycle that is not closed."""
    return sorted({cycle.office_id for cycle in cycles_of(session) if cycle.status != CLOSED})


def troubles_by_office(work: UnitOfWork, *, offices: Sequence[str] | None = None) -> dict[str, tuple[Trouble, ...]]:
    """Return what is wrong at the unit of work's `now`, by office, in the order in which the office should see it.

    All offices with a cycle that is not closed are there, or those of them that are named; a healthy one has nothing.
    Reads only, and as often for one office as for all. An outage shows in the first look after it, before the sweeps
    make up for it.
    """
    cycles = [each for each in cycles_of(work.session) if offices is None or each.office_id in offices]
    open_cycles = [cycle for cycle in cycles if cycle.status != CLOSED]
    looks = (
        _sweeps(work.session, open_cycles, work.now),
        _next_cycles(work, open_cycles, cycles),
        _unreachable(work, open_cycles),
        _outbox(work.session, open_cycles, work.now),
        _vacant(work, open_cycles),
        _uncertified(work.session, open_cycles, work.now),
    )
    found: dict[str, list[Trouble]] = {office_id: [] for office_id in sorted({each.office_id for each in open_cycles})}
    for office_id, trouble in chain(*looks) if open_cycles else ():
        found[office_id].append(trouble)
    return {office_id: tuple(troubles) for office_id, troubles in found.items()}


def troubles_of(work: UnitOfWork, office_id: str) -> tuple[Trouble, ...]:
    """Return what is wrong for one office at the unit of work's `now`."""
    return troubles_by_office(work, offices=[office_id]).get(office_id, ())


def plan_alarms(work: UnitOfWork, found: Mapping[str, Sequence[Trouble]]) -> int:
    """Plan one notice to each of these offices with everything that was found wrong there, at most one a local day.

    Returns:
        How many troubles they have together.
    """
    latest = {each.office_id: each for each in sorted(cycles_of(work.session), key=_age) if each.status != CLOSED}
    troubled = {office_id: troubles for office_id, troubles in found.items() if troubles}
    insert_notices(work.session, [_alarm_row(work, latest[each], troubles) for each, troubles in troubled.items()])
    return sum(map(len, troubled.values()))


def _alarm_row(work: UnitOfWork, cycle: Cycle, troubles: Sequence[Trouble]) -> dict[str, Any]:
    row = notice_row(
        work,
        cycle,
        key=f"health/{cycle.office_id}/{local_day(work.now)}|{ALARM}|{cycle.office_position}",
        recipient=cycle.office_position,
        audience=NEWS,
        line_kind=NEWS,
        subject_id=cycle.id,
        moment_at=work.now,
    )
    said = [{"code": f"health.{trouble.code}", "params": trouble.params} for trouble in troubles]
    return {**row, "code": ALARM, "params": {"count": len(said), "troubles": said}}


def _sweeps(session: Session, cycles: Sequence[Cycle], now: datetime) -> Iterator[OfficeTrouble]:
    """Look for flows that stand still: every day's first delivery seals the day, so a seal tells when it ran."""
    sealed_at = session.exec(select(Seal.sealed_at).order_by(col(Seal.number).desc()).limit(1)).first()
    standing = set[str]()
    for office_id, own in _by_office(cycles).items():
        silent = now - (sealed_at or min(cycle.opened_at for cycle in own))
        if silent > SWEEP_AT_LEAST_EVERY:
            standing.add(office_id)
            yield office_id, Trouble(NO_SWEEP, {"hours": int(silent.total_seconds() // 3600)})
    office_of = {cycle.id: cycle.office_id for cycle in cycles if cycle.office_id not in standing}
    undecided = Counter[str]()
    limit = now - SWEEP_AT_LEAST_EVERY
    rung, end = col(Obligation.next_action_at), col(Obligation.enforce_at)
    for late in ((rung < limit,), (end < limit, or_(rung.is_(None), rung >= limit))):  # each on an index of its own
        query = select(Obligation.cycle_id, func.count()).where(col(Obligation.cycle_id).in_(office_of), *late)
        for cycle_id, count in session.exec(query.group_by(col(Obligation.cycle_id))):
            undecided[office_of[cycle_id]] += count
    yield from ((office_id, Trouble(UNDECIDED, {"count": count})) for office_id, count in undecided.items())


def _next_cycles(work: UnitOfWork, cycles: Sequence[Cycle], known: Sequence[Cycle]) -> Iterator[OfficeTrouble]:
    """Look for a next year that has neither a place in the plan nor a cycle, once the plan's day for it has come."""
    last_year = {office_id: max(each.year for each in own) for office_id, own in _by_office(known).items()}
    for cycle in cycles:
        plan = work.books.of_cycle(work.session, cycle).plan
        following = cycle.year + 1
        if plan.next_year_by is None or following in plan.years or last_year[cycle.office_id] >= following:
            continue
        if local_day(work.now) >= date.fromisoformat(f"{cycle.year}-{plan.next_year_by}"):
            yield cycle.office_id, Trouble(NEXT_CYCLE, {"year": following, "cycle": cycle.key})


def _unreachable(work: UnitOfWork, cycles: Sequence[Cycle]) -> Iterator[OfficeTrouble]:
    """Look for open duties of which the ladder can tell nobody: no one that it speaks to has an address.

    Most are owed by producers whom it speaks to and who have one; those are left out at once.
    """
    session = work.session
    ladders = {cycle.id: (cycle, _audiences(work, cycle)) for cycle in cycles}
    over_their_heads = [
        (cycle_id, name)
        for cycle_id, (_, audiences) in ladders.items()
        for name, spoken_to in audiences.items()
        if Audience.RESPONSIBLE not in spoken_to
    ]
    with_address = select(literal(f"{PRODUCER}:") + col(Producer.id)).where(col(Producer.email).is_not(None))
    duties = col(Obligation.cycle_id), col(Obligation.party), col(Obligation.superior), col(Obligation.ladder)
    query = sql_select(*duties, func.count()).where(
        col(Obligation.cycle_id).in_([cycle.id for cycle in cycles]),
        col(Obligation.status) == "open",
        col(Obligation.opens_at) <= work.now,
        col(Obligation.next_action_at).is_not(None),
        or_(
            col(Obligation.party).not_in(with_address),
            tuple_(col(Obligation.cycle_id), col(Obligation.ladder)).in_(over_their_heads),
        ),
    )
    spoken_to: list[tuple[str, set[str], int]] = []
    for cycle_id, party, superior, ladder, count in session.execute(query.group_by(*duties)):
        cycle, audiences = ladders[cycle_id]
        told = {recipient_among(cycle, each, party=party, superior=superior) for each in audiences[ladder or ""]}
        spoken_to.append((cycle_id, told, count))
    reached = _reached(work, set[str]().union(*(told for _, told, _ in spoken_to)))
    untold = Counter[str]()
    for cycle_id, told, count in spoken_to:
        if not told & reached:
            untold[cycle_id] += count
    for cycle in cycles:
        if untold[cycle.id]:
            yield cycle.office_id, Trouble(UNREACHABLE, {"count": untold[cycle.id]})


def _audiences(work: UnitOfWork, cycle: Cycle) -> dict[str, set[Audience]]:
    """Return to whom each ladder of a cycle's plan speaks."""
    ladders = work.books.of_cycle(work.session, cycle).plan.ladders
    return {name: {rung.audience for rung in ladder.rungs} for name, ladder in ladders.items()}


def _reached(work: UnitOfWork, parties: set[str]) -> set[str]:
    """Return which of these parties somebody with an address stands behind today."""
    session, today = work.session, local_day(work.now)
    producers = {party for party in parties if party.startswith(f"{PRODUCER}:")}
    without_address = session.exec(select(Producer.id).where(col(Producer.email).is_(None)))
    reached = producers - {f"{PRODUCER}:{producer_id}" for producer_id in without_address}
    reached |= parties & positions_with_address(session, on=today)
    rest = addressees_of(session, parties - producers - reached, on=today)  # a deputy may read a position's mail
    return reached | {party for party, reader in rest.items() if reader is not None and reader.address is not None}


def _outbox(session: Session, cycles: Sequence[Cycle], now: datetime) -> Iterator[OfficeTrouble]:
    query = (
        select(Mail.office_id, func.count())
        .where(
            col(Mail.office_id).in_({cycle.office_id for cycle in cycles}),
            col(Mail.status).in_(("open", "frozen")),
            col(Mail.created_at) < now - MAIL_LEAVES_WITHIN,
        )
        .group_by(col(Mail.office_id))
    )
    yield from ((office_id, Trouble(OUTBOX, {"count": waiting})) for office_id, waiting in session.exec(query))


def _vacant(work: UnitOfWork, cycles: Sequence[Cycle]) -> Iterator[OfficeTrouble]:
    """Look for positions that an office's cycles need and nobody holds; gone units left out."""
    held = held_positions(work.session, on=local_day(work.now))
    needed = needed_by_cycle(work.session, work.books, cycles)
    for office_id, own in _by_office(cycles).items():
        vacant = set[str]().union(*(needed[cycle.id] for cycle in own)) - held
        if not vacant:
            continue
        units = work.books.of_cycle(work.session, max(own, key=_age)).units
        known = [position for position in units.positions() if position in vacant]
        if known:
            title = position_title(units, known[0])
            yield office_id, Trouble(VACANT, {"count": len(known), "position": dict(title.model_dump())})


def _uncertified(session: Session, cycles: Sequence[Cycle], now: datetime) -> Iterator[OfficeTrouble]:
    """Look for certificates that no ladder asks for: nothing dates them, and the recognition is long past."""
    query = (
        select(Obligation.cycle_id, Obligation.opens_at, Dossier.key)
        .join(Dossier, col(Dossier.id) == col(Obligation.subject_id))
        .where(
            col(Obligation.cycle_id).in_([cycle.id for cycle in cycles]),
            col(Obligation.step) == CERTIFICATE,
            col(Obligation.status) == "open",
            col(Obligation.due_at).is_(None),
            col(Obligation.opens_at) < now - CERTIFICATE_FOLLOWS_WITHIN,
        )
    )
    office_of = {cycle.id: cycle.office_id for cycle in cycles}
    waiting: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for cycle_id, opens_at, number in session.exec(query.order_by(col(Obligation.opens_at), col(Dossier.key))):
        waiting[office_of[cycle_id]].append((opens_at, number))
    for office_id, asked in waiting.items():
        opens_at, number = asked[0]
        since_on = local_day(opens_at).isoformat()
        yield office_id, Trouble(UNCERTIFIED, {"count": len(asked), "number": number, "since_on": since_on})


def _by_office(cycles: Sequence[Cycle]) -> dict[str, list[Cycle]]:
    found: dict[str, list[Cycle]] = defaultdict(list)
    for cycle in cycles:
        found[cycle.office_id].append(cycle)
    return found


def _age(cycle: Cycle) -> tuple[datetime, str]:
    return cycle.opened_at, cycle.key

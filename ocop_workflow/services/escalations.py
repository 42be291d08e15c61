"""What superiors would be told: drafts that the office releases or drops, each time by one act (decision 0013)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.cycle_acts import check_office, record_cycle_act, said
from ocop_workflow.services.events import Act, command_done
from ocop_workflow.services.notices import staleness, suppress
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Notice, Obligation

DRAFT = "draft"
RELEASED, DROPPED = "escalations_released", "escalations_dropped"


class NoSuchDraftError(InputError):
    """What was named is no draft that waits."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What an act did to drafts: the ids it released or dropped, and how many had settled meanwhile."""

    decided: tuple[str, ...] = ()
    settled: int = 0


def drafts_of(
    session: Session, cycle: Cycle, *, numbers: Sequence[str] = (), unit: str | None = None
) -> list[tuple[Notice, Obligation]]:
    """Return a cycle's drafts with what they are about, in the order of their moments.

    Args:
        session: A session.
        cycle: Whose.
        numbers: Only these: beginnings of notice ids, or numbers of dossiers (the last part does); all when empty.
        unit: Only what lies in this unit's area.

    Raises:
        NoSuchDraftError: A number fits no draft, or nothing waits in the unit.
    """
    query = (
        select(Notice, Obligation, Dossier.key)
        .join(Obligation, col(Obligation.id) == col(Notice.obligation_id))
        .join(Dossier, col(Dossier.id) == col(Notice.subject_id), isouter=True)
        .where(col(Notice.cycle_id) == cycle.id, col(Notice.status) == DRAFT)
        .order_by(col(Notice.moment_at), col(Notice.key))
    )
    if unit is not None:
        query = query.where(col(Obligation.unit_id) == unit)
    rows = list(session.exec(query))
    for number in numbers:
        if not any(_is_named(number, notice, key) for notice, _, key in rows):
            raise NoSuchDraftError(f"no draft waits under {number[:80]!r}; `ocop escalations list` shows them")
    if unit is not None and not rows:
        raise NoSuchDraftError(f"no draft waits in {unit[:80]!r}; `ocop escalations list` shows them")
    return [
        (notice, obligation)
        for notice, obligation, key in rows
        if not numbers or any(_is_named(number, notice, key) for number in numbers)
    ]


def release(
    work: UnitOfWork, cycle: Cycle, drafts: Sequence[Notice], *, actor: str, command: str | None = None
) -> Decided:
    """Let drafts leave with the next digest; what is no longer true ends as settled instead (promise I4).

    One event of the cycle names the notices. Nothing is recorded when none is left to release.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
    """
    check_office(cycle, actor, act="release_escalations")
    if command_done(work.session, command):
        return Decided()
    true, settled = _still_true(work, drafts)
    for notice in true:
        notice.status = "planned"
        work.session.add(notice)
    _record(work, cycle, true, Act(actor, RELEASED, command=command))
    return Decided(tuple(notice.id for notice in true), settled)


def drop(
    work: UnitOfWork, cycle: Cycle, drafts: Sequence[Notice], *, actor: str, reason: str, command: str | None = None
) -> Decided:
    """End drafts unsent; the reason is kept beside the event.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
        InputError: There is no reason.
    """
    check_office(cycle, actor, act="drop_escalations")
    if command_done(work.session, command):
        return Decided()
    text = said(reason, what="the reason")
    true, settled = _still_true(work, drafts)
    for notice in true:
        suppress(notice, Suppression.DROPPED, at=work.now)
        work.session.add(notice)
    _record(work, cycle, true, Act(actor, DROPPED, text=text, command=command))
    return Decided(tuple(notice.id for notice in true), settled)


def _is_named(number: str, notice: Notice, dossier_key: str | None) -> bool:
    key = dossier_key or ""
    return bool(number) and (notice.id.startswith(number) or key == number or key.endswith(f"/{number}"))


def _still_true(work: UnitOfWork, drafts: Sequence[Notice]) -> tuple[list[Notice], int]:
    """Return the drafts that still have something to say, and end the others with the reason."""
    true: list[Notice] = []
    settled = 0
    for notice in drafts:
        if notice.status != DRAFT:
            continue  # decided before
        reason = staleness(work.session, notice, work.now)
        if reason is None:
            true.append(notice)
        else:
            suppress(notice, reason, at=work.now)
            work.session.add(notice)
            settled += 1
    return true, settled


def _record(work: UnitOfWork, cycle: Cycle, notices: Sequence[Notice], act: Act) -> None:
    if notices:
        ids = sorted(notice.id for notice in notices)
        record_cycle_act(work, cycle, replace(act, details={"notices": ids}))

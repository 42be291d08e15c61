"""Planning what must be said: each notice once, by its key (promise I2a)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session, SQLModel

from ocop_workflow.policy.ladders import RungDecision, Suppression
from ocop_workflow.policy.plan import Audience
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Notice, Obligation

_COLUMNS = {column.name: column.type for column in SQLModel.metadata.tables["notice"].columns}
_NAMES, _VALUES = ", ".join(_COLUMNS), ", ".join(f":{name}" for name in _COLUMNS)
_INSERT_NEW = text(
    f"INSERT INTO notice ({_NAMES}) VALUES ({_VALUES}) ON CONFLICT (key) DO NOTHING"  # noqa: S608 -- our own columns
).bindparams(*(bindparam(name, type_=kind) for name, kind in _COLUMNS.items()))
"""As text, which both databases read: SQLAlchemy's own ON CONFLICT is compiled anew each time it is executed."""

NEWS = "news"
"""The rung-less notices: receipts, returns, results, extensions."""


ALARM = "news.health"
"""The code of what the installation tells its office about itself; its subject is the cycle."""


def tell(
    work: UnitOfWork,
    cycle: Cycle,
    *,
    recipient: str,
    code: str,
    params: Mapping[str, Any],
    subject_id: str,
    stream: str,
    seq: int,
    happened_at: datetime | None = None,
) -> None:
    """Plan news of an event for one party; it leaves with the next delivery, without waiting for the digest.

    `happened_at` is when the event became true, if not now: that is the day the reader is told.
    """
    row = notice_row(
        work,
        cycle,
        key=f"{stream}/{seq}|{code}|{recipient}",
        recipient=recipient,
        audience=NEWS,
        line_kind=NEWS,
        subject_id=subject_id,
        moment_at=happened_at or work.now,
    )
    insert_notices(work.session, [{**row, "code": code, "params": dict(params), "immediate": True}])


def rung_row(
    work: UnitOfWork, cycle: Cycle, obligation: Obligation, decision: RungDecision, *, recipient: str, automatic: bool
) -> dict[str, Any]:
    """Return the notice of a decided rung.

    An escalation to a superior is a draft until the office releases it, unless the plan says automatic.
    """
    moment = decision.moment
    if decision.suppression is not None:
        status = "suppressed"
    else:
        is_escalation = moment.past_due and moment.audience is Audience.SUPERIOR
        to_a_superior = is_escalation and recipient != cycle.office_position
        status = "draft" if to_a_superior and not automatic else "planned"
    kind = "reminder"
    if moment.past_due:
        kind = "overdue" if moment.audience is Audience.RESPONSIBLE else "escalation"
    row = notice_row(
        work,
        cycle,
        key=f"{obligation.key}|v{obligation.deadline_version}|{moment.rung}|{recipient}",
        recipient=recipient,
        audience=moment.audience.value,
        line_kind=kind,
        subject_id=obligation.subject_id,
        moment_at=moment.at,
    )
    return {
        **row,
        "obligation_id": obligation.id,
        "deadline_version": obligation.deadline_version,
        "rung": moment.rung,
        "useful_until": moment.useful_until,
        "status": status,
        "suppression": decision.suppression,
        "settled_at": work.now if decision.suppression else None,
    }


def notice_row(
    work: UnitOfWork,
    cycle: Cycle,
    *,
    key: str,
    recipient: str,
    audience: str,
    line_kind: str,
    subject_id: str,
    moment_at: datetime,
) -> dict[str, Any]:
    """Return a planned notice's columns."""
    return {
        "id": work.ids.new("notice", key),
        "key": key,
        "office_id": cycle.office_id,
        "cycle_id": cycle.id,
        "obligation_id": None,
        "deadline_version": None,
        "rung": None,
        "audience": audience,
        "line_kind": line_kind,
        "subject_id": subject_id,
        "code": None,
        "params": {},
        "recipient": recipient,
        "immediate": False,
        "moment_at": moment_at,
        "useful_until": None,
        "planned_at": work.now,
        "status": "planned",
        "suppression": None,
        "mail_id": None,
        "settled_at": None,
    }


def insert_notices(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert notices whose key is new and return how many were."""
    values = [dict(row) for row in rows]
    if not values:
        return 0
    return session.connection().execute(_INSERT_NEW, values).rowcount


def suppress(notice: Notice, reason: Suppression, *, at: datetime) -> None:
    """End a notice unsent, with the reason."""
    notice.status = "suppressed"
    notice.suppression = reason.value
    notice.settled_at = at


def staleness(session: Session, notice: Notice, now: datetime) -> Suppression | None:
    """Return why a notice has nothing to say any more, or None while it has (promise I4).

    News always has; a rung while its obligation stands open under the same date, and saying it is of use and to
    whoever owes it.
    """
    if notice.obligation_id is None:
        return None
    obligation = session.get_one(Obligation, notice.obligation_id)
    if obligation.status != "open":
        return Suppression.SETTLED
    if notice.audience == Audience.RESPONSIBLE and notice.recipient != obligation.party:
        return Suppression.HANDED_ON
    if obligation.deadline_version != notice.deadline_version:
        return Suppression.REDATED
    if notice.useful_until is not None and now >= notice.useful_until:
        return Suppression.USELESS
    return None

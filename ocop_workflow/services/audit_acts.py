"""Whether what the office decided by hand about notices and dates stands in the rows as its acts say."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.deputies import DEPUTY_NAMED
from ocop_workflow.services.escalations import DRAFT, DROPPED, RELEASED
from ocop_workflow.services.events import details_of
from ocop_workflow.services.fulfilment import FULFILLED, NOTICE_FULFILLED
from ocop_workflow.services.redating import moves_told
from ocop_workflow.services.subjects import stream_of
from ocop_workflow.storage.tables import Deputy, Event, Notice, Obligation


def notice_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find notices that were fulfilled or dropped without an act, or are not what an act made of them."""
    acts = _acts_on_notices(streams)
    by_hand = (col(Notice.status) == FULFILLED) | (col(Notice.suppression) == Suppression.DROPPED.value)
    for notice in session.exec(select(Notice).where(by_hand)):
        expected = NOTICE_FULFILLED if notice.status == FULFILLED else DROPPED
        if expected not in acts[notice.id]:
            yield AuditFault(f"notice {notice.id}", None, f"it is {notice.suppression or notice.status} without an act")
    for notice_id, actions in acts.items():
        found = session.get(Notice, notice_id)
        if found is None:
            yield AuditFault(f"notice {notice_id}", None, f"it is missing; an act {actions[-1]} names it")
        elif not _is_as_acts_say(found, actions):
            yield AuditFault(f"notice {notice_id}", None, f"it is {found.status}; the last act on it is {actions[-1]}")


def date_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find dates that were moved without an act, or are not where the last act moved them."""
    told = {}
    for events in streams.values():
        for event in events:
            for move in moves_told(event):
                told[event.cycle_id, move["obligation"]] = (move["deadline_version"], move["due_after"])
    moved = select(Obligation).where(col(Obligation.deadline_version) > 1)
    for obligation in session.exec(moved):
        version, due_at = told.pop((obligation.cycle_id, obligation.key), (1, None))
        said = datetime.fromisoformat(due_at) if due_at is not None else None
        if (obligation.deadline_version, obligation.due_at) != (version, said):
            yield AuditFault(stream_of(obligation), None, f"the date of {obligation.key} is not what its acts say")
    for _, key in told:
        yield AuditFault(f"obligation {key}", None, "its date was moved back without an act")


def deputy_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find deputies who are not as the last act on their position and first day named them."""
    named = {}
    acts = [event for events in streams.values() for event in events if event.action == DEPUTY_NAMED]
    for event in sorted(acts, key=lambda event: event.recorded_at):
        details = details_of(event)
        named[details["position"], details["start_on"]] = (details["official"], details["until_on"])
    for deputy in session.exec(select(Deputy)):
        place = (deputy.position, deputy.start_on.isoformat())
        if named.pop(place, None) != (deputy.official_id, deputy.until_on.isoformat()):
            yield AuditFault(f"deputy of {deputy.position}", None, "the row is not what its acts say")
    for position, start_on in named:
        yield AuditFault(f"deputy of {position}", None, f"the one named from {start_on} is missing")


def _acts_on_notices(streams: dict[str, list[Event]]) -> dict[str, list[str]]:
    """Return what was done to each notice by hand, in order."""
    acts: dict[str, list[str]] = defaultdict(list)
    for events in streams.values():
        for event in events:
            if event.action in (RELEASED, DROPPED, NOTICE_FULFILLED):
                for notice_id in details_of(event)["notices"]:
                    acts[notice_id].append(event.action)
    return acts


def _is_as_acts_say(notice: Notice, actions: list[str]) -> bool:
    if NOTICE_FULFILLED in actions:
        return notice.status == FULFILLED
    if DROPPED in actions:
        return notice.suppression == Suppression.DROPPED
    return notice.status != DRAFT

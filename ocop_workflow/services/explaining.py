"""One deadline explained: what the plan says, how the day was reckoned, who moved it, and what its ladder does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from notifications.letter import Wording
from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.date_forms import DateExpression, Firmness, Origin, ReportDue
from ocop_workflow.policy.ladders import RungMoment
from ocop_workflow.policy.resolved_due import ResolvedDue
from ocop_workflow.services.batch_offers import batch_offered
from ocop_workflow.services.events import events_of
from ocop_workflow.services.letters import Subject, book_of, subject_of
from ocop_workflow.services.obligations import RENEWAL, WITHDRAWAL, moments_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.redating import moves_told
from ocop_workflow.services.reminders import recipient_of
from ocop_workflow.services.subjects import stream_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, EventText, Mail, Notice, Obligation, PlanTask, Report

SHOWN = 5


class ObligationNotFoundError(InputError):
    """No obligation, or more than one, has such a key."""


@dataclass(frozen=True, slots=True)
class Extended:
    """One extension: who, when, why, by which decision, from when to when."""

    by: str
    at: datetime
    reason: str | None
    decision: str | None
    due_before: datetime | None
    due_after: datetime


@dataclass(frozen=True, slots=True)
class RungOutcome:
    """One rung of one version of the date, and what became of it.

    Attributes:
        rung: Its id in the ladder.
        version: The version of the date.
        at: Its moment.
        recipient: To whom it speaks.
        outcome: A notice's status, or `to_come`, `waiting` (its moment has passed, the next sweep decides), `merged`,
            `too_early` (before the duty or the cycle was opened) or `needless` (settled before its moment).
        reason: Why it was suppressed, or None.
        sent_at: When a mail server took it, or None.
    """

    rung: str
    version: int
    at: datetime
    recipient: str
    outcome: str
    reason: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to say about one deadline.

    Attributes:
        obligation: The row.
        cycle: Its cycle.
        book: The documents that it follows.
        subject: What it is about.
        written: How the plan writes the date, such as `by: 2018-03-30`; None where it writes none.
        due: The date as first reckoned, with its explanation.
        skipped: The days off between the beginning of a counted term and its end.
        extensions: How the date was moved, the first one first.
        offered: The next batch, where the request for this one is late.
        rungs: The ladder, the earliest moment first.
    """

    obligation: Obligation
    cycle: Cycle
    book: Rulebook
    subject: Subject
    written: str | None
    due: ResolvedDue
    skipped: tuple[date, ...]
    extensions: tuple[Extended, ...]
    offered: tuple[Wording, ...]
    rungs: tuple[RungOutcome, ...]


def find_obligation(session: Session, reference: str) -> Obligation:
    """Return the obligation with this key, or the only one whose key begins or ends so or has it in the middle.

    A dossier's number means what is open in the dossier.

    Raises:
        ObligationNotFoundError: None or several match; the sentence names some.
    """
    key = col(Obligation.key)
    matches = (
        key.startswith(reference, autoescape=True)
        | key.endswith(f"/{reference}", autoescape=True)
        | key.contains(f"/{reference}/", autoescape=True)
    )
    found = list(session.exec(select(Obligation).where(matches).order_by(key))) if reference else []
    chosen = [each for each in found if each.key == reference]
    if not chosen:
        chosen = found if len(found) == 1 else [each for each in found if each.status == "open"]
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        raise ObligationNotFoundError(
            f"no deadline matches {reference[:80]!r}; `ocop dossier list`, `report list` and `task list` name them"
        )
    several, which = (chosen, "open deadlines") if chosen else (found, "deadlines")
    some = ", ".join(each.key for each in several[:SHOWN])
    raise ObligationNotFoundError(f"{len(several)} {which} match {reference[:80]!r}; write more of one: {some}")


def explain(work: UnitOfWork, obligation: Obligation) -> Explanation:
    """Return the explanation of an obligation's date at the unit of work's `now`."""
    session = work.session
    cycle = session.get_one(Cycle, obligation.cycle_id)
    subject = subject_of(session, obligation.kind, obligation.subject_id)
    book = book_of(session, work.books, cycle, subject)
    extensions = tuple(_extensions(session, obligation))
    return Explanation(
        obligation,
        cycle,
        book,
        subject,
        _written(book, obligation, subject),
        _first_due(obligation, extensions),
        _skipped(book, obligation.why_params),
        extensions,
        batch_offered(book, obligation, on=local_day(work.now)) if obligation.status == "open" else (),
        tuple(sorted(_rungs(work, book, cycle, obligation), key=lambda rung: (rung.at, rung.version, rung.rung))),
    )


def _written(book: Rulebook, obligation: Obligation, subject: Subject) -> str | None:
    """Return how the plan writes the date, key and value as in its file."""
    form: DateExpression | ReportDue | None
    if isinstance(subject, Dossier):
        steps = book.round(subject.round_id).stages.get(obligation.stage or "", {})
        dates = steps.get(obligation.step or "")
        due = dates.due if dates else None
        form = due.date if due else None
    elif isinstance(subject, Report):
        form = next(each.due for each in book.cycle_year.report_duties if each.id == subject.duty_id)
    elif isinstance(subject, PlanTask) and obligation.step is None:
        task = next(each for each in book.cycle_year.tasks if each.id == subject.task_id)
        form = task.dates[subject.occurrence - 1].date
    else:
        form = None  # a consent and a renewal follow from other dates
    if form is None:
        return None
    written = form.model_dump(mode="json", exclude_none=True, exclude={"source", "origin"})
    return ", ".join(f"{name}: {value}" for name, value in written.items())


def _first_due(obligation: Obligation, extensions: Sequence[Extended]) -> ResolvedDue:
    """Return the date as it was first reckoned."""
    due_at = extensions[0].due_before if extensions else obligation.due_at
    return ResolvedDue(
        None,
        due_at,
        local_day(due_at - timedelta(microseconds=1)) if due_at else None,
        Firmness(obligation.firmness),
        Origin(obligation.origin),
        obligation.why_code,
        obligation.source,
        dict(obligation.why_params),
    )


def _skipped(book: Rulebook, params: dict[str, Any]) -> tuple[date, ...]:
    if "start_on" not in params or "last_on" not in params:
        return ()
    start, last = date.fromisoformat(params["start_on"]), date.fromisoformat(params["last_on"])
    days = (start + timedelta(days=number) for number in range((last - start).days + 1))
    return tuple(day for day in days if not book.days.is_working_day(day))


def _extensions(session: Session, obligation: Obligation) -> Iterator[Extended]:
    if obligation.kind in (RENEWAL, WITHDRAWAL):
        return  # its date follows from the certificate and the rule of the day, never from an act
    for event in events_of(session, stream_of(obligation)):
        for move in moves_told(event):
            if move["obligation"] != obligation.key:
                continue
            text = session.get(EventText, (event.stream, event.seq))
            before = move["due_before"]
            yield Extended(
                by=event.actor,
                at=event.effective_at,
                reason=text.body if text else None,
                decision=event.rule,
                due_before=datetime.fromisoformat(before) if before else None,
                due_after=datetime.fromisoformat(move["due_after"]),
            )


def _rungs(work: UnitOfWork, book: Rulebook, cycle: Cycle, obligation: Obligation) -> Iterator[RungOutcome]:
    """Yield what was decided, of every version of the date, then what the present version has not decided."""
    decided = set()
    told = select(Notice, Mail.settled_at, Mail.status).join(Mail, col(Mail.id) == col(Notice.mail_id), isouter=True)
    for notice, settled_at, status in work.session.exec(told.where(col(Notice.obligation_id) == obligation.id)):
        rung, version = notice.rung or "", notice.deadline_version or 1
        decided.add((rung, version))
        sent_at = settled_at if status == "sent" else None
        yield RungOutcome(rung, version, notice.moment_at, notice.recipient, notice.status, notice.suppression, sent_at)
    floor = max(obligation.opens_at, cycle.opened_at)
    for moment in moments_of(book, obligation):
        if (moment.rung, obligation.deadline_version) not in decided:
            recipient = recipient_of(cycle, obligation, moment.audience)
            outcome = _undecided(moment, obligation, floor=floor, now=work.now)
            yield RungOutcome(moment.rung, obligation.deadline_version, moment.at, recipient, outcome)


def _undecided(moment: RungMoment, obligation: Obligation, *, floor: datetime, now: datetime) -> str:
    if moment.at < floor:
        return "too_early"
    if obligation.closed_at is not None and moment.at > obligation.closed_at:
        return "needless"
    if moment.merged:
        return "merged"
    return "to_come" if moment.at > now else "waiting"

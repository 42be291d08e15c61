"""Recording dates that an act moved, once for each subject, and telling those who owe; also of what is new."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.services.events import Act
from ocop_workflow.services.letters import act_of, subject_of
from ocop_workflow.services.notices import NEWS, insert_notices, notice_row
from ocop_workflow.services.redating import Move
from ocop_workflow.services.subjects import dated_subject, record_on_subject
from ocop_workflow.services.titles import in_both
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Obligation, Report


def record_moves(work: UnitOfWork, cycle: Cycle, moves: Sequence[Move], act: Act, *, news: str) -> None:
    """Record one act for each subject whose dates moved, and tell those who owe.

    Args:
        work: The unit of work, in which the dates were moved.
        cycle: Whose dates they are.
        moves: What moved.
        act: Who, what and by which decision; its details are completed with the moves.
        news: The code of what the parties are told of the act named `what` and its `last_on`.
    """
    by_subject = sorted(moves, key=lambda move: (move.obligation.kind, move.obligation.subject_id))
    for _, group in groupby(by_subject, key=lambda move: move.obligation.subject_id):
        of_subject = list(group)
        details = {**(act.details or {}), "moved": [move.details for move in of_subject]}
        event = record_on_subject(work, of_subject[0].obligation, replace(act, details=details))
        for move in of_subject:
            tell_of_date(work, cycle, move.obligation, event, news=news)


def tell_of_new(work: UnitOfWork, cycle: Cycle, obligations: Sequence[Obligation], event: Event, *, news: str) -> None:
    """Tell each party once of every report duty and task that an act added, with the first date given of each."""
    told = set()
    for obligation in obligations:
        row = dated_subject(work.session, obligation)
        duty = row.duty_id if isinstance(row, Report) else row.task_id if row is not None else None
        if (obligation.party, duty) not in told:
            told.add((obligation.party, duty))
            tell_of_date(work, cycle, obligation, event, news=news)


def tell_of_date(work: UnitOfWork, cycle: Cycle, obligation: Obligation, event: Event, *, news: str) -> None:
    """Tell a party what it owes by which last day; one event may have several to tell it of."""
    if obligation.due_at is None:
        return
    subject = subject_of(work.session, obligation.kind, obligation.subject_id)
    book = work.books.of_cycle(work.session, cycle)
    if isinstance(subject, Dossier):
        book = work.books.of_dossier(work.session, cycle, subject)
    asked = act_of(book, obligation, subject)
    row = notice_row(
        work,
        cycle,
        key=f"{event.stream}/{event.seq}|{news}|{obligation.party}|{obligation.key}",
        recipient=obligation.party,
        audience=NEWS,
        line_kind=NEWS,
        subject_id=obligation.subject_id,
        moment_at=work.now,
    )
    params = {"what": in_both(asked.code, asked.params), "last_on": last_day_in_time(obligation.due_at).isoformat()}
    insert_notices(work.session, [{**row, "code": news, "params": params, "immediate": True}])

"""What a year of dossiers leaves behind, and whether results and lapses follow from what is stored."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlmodel import col, select

from ocop_workflow.policy.criteria_sheets import council_gates
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.policy.rule_set import GuardChoice
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.session_rows import sessions_of, sheets_of_session
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Obligation
from state_machines.dossier import DossierStatus
from tests.ocop_workflow.conftest import Office


def documents_and_dates(office: Office) -> tuple[Any, ...]:
    """Return what a cycle and its dossiers are pinned to, and every date (I6)."""
    with office.reading() as work:
        cycle = work.session.exec(select(Cycle)).one()
        dossiers = work.session.exec(select(Dossier).order_by(col(Dossier.key)))
        owed = work.session.exec(select(Obligation).order_by(col(Obligation.key)))
        return (
            (cycle.plan_hash, cycle.rule_set_hash, cycle.days_hash, cycle.criteria_hashes),
            [(d.key, d.rule_set_hash, d.earlier_rule_sets) for d in dossiers],
            [(o.key, o.due_at, o.deadline_version, o.party) for o in owed],
        )


def what_became(office: Office) -> list[tuple[Any, ...]]:
    """Return everything that follows from dates and acts: states, ends, results, what was late since when."""
    with office.reading() as work:
        dossiers = work.session.exec(select(Dossier).order_by(col(Dossier.key)))
        owed = work.session.exec(select(Obligation).order_by(col(Obligation.key)))
        moved_on = select(Event).where(col(Event.to_state).is_not(None)).order_by(col(Event.stream), col(Event.seq))
        return [
            *((e.stream, e.action, e.to_state, e.effective_at, e.details) for e in work.session.exec(moved_on)),
            *((d.key, d.stage, d.status, d.closed_at, d.mean, d.stars, d.version, d.rule_set_hash) for d in dossiers),
            *((o.key, o.stage, o.party, o.status, o.closed_at, o.due_at, o.overdue_at, o.lapse_at) for o in owed),
        ]


def check_results(work: UnitOfWork, dossier: Dossier) -> None:
    """I7: each recorded result follows from the stored sheets by the rule set under which the council scored.

    It is reckoned here by itself: the exact mean, the band in which it lies, the lowest cap of a gate not met, and the
    way on from there; where a gate took stars, that of the lowest mean of the band that is left.
    """
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    sessions = {(held.stage, held.number): held for held in sessions_of(work.session, dossier.id)}
    for event in events_of(work.session, f"dossier:{dossier.id}"):
        details = details_of(event)
        if event.action != "stage_concluded" or "session" not in details:
            continue
        held = sessions[(event.from_state or "").partition(":")[0], details["session"]]
        book = work.books.of_council_session(work.session, cycle, held)
        totals = [sum(map(Decimal, sheet.points.values())) for sheet in sheets_of_session(work.session, held)]
        mean = Fraction(sum(totals)) / len(totals)
        criteria_set = book.criteria[held.criteria_set] if held.criteria_set is not None else None
        gates = council_gates(book.rule_set, criteria_set)
        caps = [gate.cap for gate in gates if not held.findings[gate.id]]
        band = max(band.stars for band in book.rule_set.bands if mean >= Fraction(band.at_least))
        stars = min([band, *caps])
        assert (Fraction(details["mean"]), details["stars"]) == (mean, stars)
        lowest = next(Fraction(each.at_least) for each in book.rule_set.bands if each.stars == stars)
        ways = book.rule_set.route.stage(held.stage).outcomes
        (way,) = (way for way in ways if takes(way.when, mean if stars == band else lowest))
        assert (event.to_state or "").partition(":")[0] == way.to


def check_lapse(work: UnitOfWork, dossier: Dossier) -> None:
    """I5: what lapsed a dossier is a duty of its producer, at the instant that followed from its date."""
    if dossier.status == DossierStatus.LAPSED:
        ended = select(Obligation).where(
            col(Obligation.subject_id) == dossier.id, col(Obligation.status) == "cancelled"
        )
        lapsed = [o for o in work.session.exec(ended) if o.lapse_at == dossier.closed_at]
        assert lapsed
        assert all(o.party.startswith(f"{PRODUCER}:") for o in lapsed)


def takes(guard: GuardChoice, score: Fraction) -> bool:
    """Return whether a score lies in a guard's half-open interval."""
    return Fraction(guard.at_least or 0) <= score and (guard.below is None or score < Fraction(guard.below))

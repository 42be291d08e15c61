"""The numbered sessions of a dossier as rows: reading them, and what a trigger does to the open one."""

from enum import StrEnum

from sqlmodel import Session, col, select

from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilInterest, CouncilSession, Dossier, ScoreSheet
from state_machines.dossier import DossierTrigger


class SessionState(StrEnum):
    """What a session's sheets count for."""

    OPEN = "open"
    CONCLUSIVE = "conclusive"
    SUPERSEDED = "superseded"
    VOID = "void"


VOIDING = frozenset({DossierTrigger.RETURN, DossierTrigger.REJECT, DossierTrigger.WITHDRAW})
"""What takes a dossier from the council without its result: it scored another dossier than the one that comes back."""


def sessions_of(session: Session, dossier_id: str, *, stage: str | None = None) -> list[CouncilSession]:
    """Return a dossier's sessions in the order in which they were opened, of one stage where it is named."""
    query = select(CouncilSession).where(col(CouncilSession.dossier_id) == dossier_id)
    if stage is not None:
        query = query.where(col(CouncilSession.stage) == stage)
    return list(session.exec(query.order_by(col(CouncilSession.opened_seq))))


def open_session_of(session: Session, dossier: Dossier) -> CouncilSession | None:
    """Return the session that is being held at the dossier's present stage, or None."""
    held = sessions_of(session, dossier.id, stage=dossier.stage)
    return next((row for row in held if row.state == SessionState.OPEN), None)


def sheets_of_session(session: Session, held: CouncilSession) -> list[ScoreSheet]:
    """Return a session's sheets, by member."""
    return list(
        session.exec(
            select(ScoreSheet)
            .where(
                col(ScoreSheet.dossier_id) == held.dossier_id,
                col(ScoreSheet.stage) == held.stage,
                col(ScoreSheet.session) == held.number,
            )
            .order_by(col(ScoreSheet.member))
        )
    )


def interested_in(session: Session, dossier_id: str, stage: str) -> set[str]:
    """Return the members who declared an interest in a dossier at a stage."""
    query = select(CouncilInterest.member).where(
        col(CouncilInterest.dossier_id) == dossier_id, col(CouncilInterest.stage) == stage
    )
    return set(session.exec(query))


def void_open_session(work: UnitOfWork, dossier: Dossier, trigger: DossierTrigger) -> None:
    """Make the session that is being held void, where the trigger takes the dossier from the council."""
    if trigger in VOIDING:
        void(work, dossier)


def void(work: UnitOfWork, dossier: Dossier) -> None:
    """Make the session that is being held void, if there is one; its sheets stay on record."""
    held = open_session_of(work.session, dossier)
    if held is not None:
        held.state = SessionState.VOID
        work.session.add(held)


def mark_conclusive(work: UnitOfWork, held: CouncilSession) -> None:
    """Let a session decide its stage; the one that decided it before stays on record as superseded."""
    for earlier in sessions_of(work.session, held.dossier_id, stage=held.stage):
        if earlier.state == SessionState.CONCLUSIVE:
            earlier.state = SessionState.SUPERSEDED
            work.session.add(earlier)
    held.state = SessionState.CONCLUSIVE
    work.session.add(held)

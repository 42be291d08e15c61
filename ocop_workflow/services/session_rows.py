"""The numbered sessions of a dossier as rows: reading them, and what a trigger does to the open one."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from ocop_workflow.services.obligations import OPINION, close_obligation, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import (
    CouncilInterest,
    CouncilSession,
    Dossier,
    ScoreSheet,
    WrittenConsultation,
    WrittenOpinion,
)
from state_machines.dossier import DossierTrigger


class SessionState(StrEnum):
    """What a session's sheets count for."""

    OPEN = "open"
    CONCLUSIVE = "conclusive"
    SUPERSEDED = "superseded"
    VOID = "void"


VOIDING = frozenset({DossierTrigger.RETURN, DossierTrigger.REJECT, DossierTrigger.WITHDRAW})
"""What takes a dossier from the council without its result: it scored another dossier than the one that comes back."""


_OF_DOSSIER = (
    select(CouncilSession)
    .where(col(CouncilSession.dossier_id) == bindparam("dossier"))
    .order_by(col(CouncilSession.opened_seq))
)
_AT_STAGE = _OF_DOSSIER.where(col(CouncilSession.stage) == bindparam("stage"))
_SHEETS = (
    select(ScoreSheet)
    .where(
        col(ScoreSheet.dossier_id) == bindparam("dossier"),
        col(ScoreSheet.stage) == bindparam("stage"),
        col(ScoreSheet.session) == bindparam("number"),
    )
    .order_by(col(ScoreSheet.member))
)


def sessions_of(session: Session, dossier_id: str, *, stage: str | None = None) -> list[CouncilSession]:
    """Return a dossier's sessions in the order in which they were opened, of one stage where it is named."""
    if stage is None:
        return list(session.exec(_OF_DOSSIER, params={"dossier": dossier_id}))
    return list(session.exec(_AT_STAGE, params={"dossier": dossier_id, "stage": stage}))


def open_session_of(session: Session, dossier: Dossier) -> CouncilSession | None:
    """Return the session that is being held at the dossier's present stage, or None."""
    return being_held(sessions_of(session, dossier.id, stage=dossier.stage))


def being_held(sessions: Sequence[CouncilSession]) -> CouncilSession | None:
    """Return which of a stage's sessions is being held, or None."""
    return next((row for row in sessions if row.state == SessionState.OPEN), None)


def sheets_of_session(session: Session, held: CouncilSession) -> list[ScoreSheet]:
    """Return a session's sheets, by member."""
    place = {"dossier": held.dossier_id, "stage": held.stage, "number": held.number}
    return list(session.exec(_SHEETS, params=place))


def consultation_of(session: Session, held: CouncilSession) -> WrittenConsultation | None:
    """Return what a session asks its members in writing, or None where it is a meeting."""
    return session.get(WrittenConsultation, held.id)


def scored_in(session: Session, held: CouncilSession) -> Sequence[ScoreSheet | WrittenConsultation]:
    """Return what a session's mean is of: its members' sheets, or the one proposal that they were asked about."""
    consultation = consultation_of(session, held)
    return sheets_of_session(session, held) if consultation is None else [consultation]


def opinions_of(session: Session, held: CouncilSession) -> list[WrittenOpinion]:
    """Return the members whom a session asked in writing, with what they answered."""
    query = select(WrittenOpinion).where(col(WrittenOpinion.session_id) == held.id)
    return list(session.exec(query.order_by(col(WrittenOpinion.member))))


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
        end_opinion_duties(work, dossier)


def supersede(work: UnitOfWork, dossier: Dossier, held: CouncilSession) -> None:
    """Let a session count for nothing because another takes its place; nobody owes it an opinion any more."""
    held.state = SessionState.SUPERSEDED
    work.session.add(held)
    end_opinion_duties(work, dossier)
    work.session.flush()


def end_opinion_duties(work: UnitOfWork, dossier: Dossier, *, member: str | None = None) -> None:
    """End what the members of the present stage's council still owe in writing, or one member of them."""
    for owed in open_obligations_of(work.session, dossier.id):
        if owed.kind == OPINION and owed.stage == dossier.stage and member in (None, owed.step):
            close_obligation(owed, status="cancelled", at=work.now)
            work.session.add(owed)


def mark_conclusive(work: UnitOfWork, held: CouncilSession) -> None:
    """Let a session decide its stage; the one that decided it before stays on record as superseded."""
    before = sessions_of(work.session, held.dossier_id, stage=held.stage) if held.number > 1 else ()
    for earlier in before:
        if earlier.state == SessionState.CONCLUSIVE:
            earlier.state = SessionState.SUPERSEDED
            work.session.add(earlier)
    held.state = SessionState.CONCLUSIVE
    work.session.add(held)

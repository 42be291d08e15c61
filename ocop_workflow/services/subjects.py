"""Recording an act in the stream of what an obligation is about: a dossier, report, plan task or certificate."""

from sqlmodel import Session

from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.obligations import DOSSIER_STEP, OPINION, PLAN_TASK, RENEWAL, REPORT, WITHDRAWAL
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Dossier, Event, Obligation, PlanTask, Report

_STREAMS = {
    DOSSIER_STEP: "dossier",
    OPINION: "dossier",
    REPORT: "report",
    PLAN_TASK: "task",
    RENEWAL: "certificate",
    WITHDRAWAL: "certificate",
}


def stream_of(obligation: Obligation) -> str:
    """Return the stream of events of what an obligation is about."""
    return f"{_STREAMS[obligation.kind]}:{obligation.subject_id}"


def dated_subject(session: Session, obligation: Obligation) -> Report | PlanTask | None:
    """Return the report or plan task that repeats the obligation's date in its row; None for a dossier's step."""
    if obligation.kind == REPORT:
        return session.get_one(Report, obligation.subject_id)
    return session.get_one(PlanTask, obligation.subject_id) if obligation.kind == PLAN_TASK else None


def record_on_subject(work: UnitOfWork, obligation: Obligation, act: Act) -> Event:
    """Append an act that leaves the state as it is to the stream of an obligation's subject.

    Raises:
        VersionConflictError: Somebody else changed the subject meanwhile.
    """
    subject = _subject_of(work.session, obligation)
    subject.version += 1
    work.session.add(subject)
    return append_event(work, stream=stream_of(obligation), seq=subject.version, cycle_id=obligation.cycle_id, act=act)


def _subject_of(session: Session, obligation: Obligation) -> Certificate | Dossier | PlanTask | Report:
    if obligation.kind in (RENEWAL, WITHDRAWAL):
        return session.get_one(Certificate, obligation.subject_id)
    return dated_subject(session, obligation) or session.get_one(Dossier, obligation.subject_id)

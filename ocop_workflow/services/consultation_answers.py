"""What members answer in writing, and the meeting that takes its place where they differ."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ocop_workflow.clock import local_day
from ocop_workflow.policy.consultation import EXPLAINED, Answer, can_be_confirmed
from ocop_workflow.policy.plan import Council
from ocop_workflow.services.consultations import (
    CONSULTATION_TURNED,
    OPINION_GIVEN,
    consultation_held,
    leading_seats,
    procedure_of,
    tally_held,
)
from ocop_workflow.services.council_case import CouncilError, before_council, check_permitted, position_of_seat, record
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.events import details_of, event_of_command
from ocop_workflow.services.obligations import OPINION, close_obligation, open_obligations_of
from ocop_workflow.services.session_rows import interested_in, opinions_of, sessions_of, supersede
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Dossier, WrittenConsultation, WrittenOpinion


@dataclass(frozen=True, slots=True)
class Reply:
    """What a member answers.

    Attributes:
        member: The seat.
        answer: The answer.
        words: Its words, kept beside the event; asked for unless the member agrees or has no opinion.
        from_paper: Whether it is typed from signed paper.
        link: The id of the link through which it came.
    """

    member: str
    answer: Answer
    words: str | None = None
    from_paper: bool = False
    link: str | None = None


def give_opinion(
    work: UnitOfWork,
    dossier: Dossier,
    reply: Reply,
    *,
    actor: str,
    effective_at: datetime | None = None,
    command: str | None = None,
) -> CouncilSession:
    """Record what a member answers; until the council has decided, a later answer replaces the one before.

    As soon as the proposal can't find the share of agreement that the procedure asks for, the consultation turns into
    a meeting. An answer after the last day counts as long as nothing was decided.

    Args:
        work: The unit of work.
        dossier: Consulted on.
        reply: What the member answers.
        actor: The holder of the seat's position, or who decides here or the office, typing from signed paper.
        effective_at: When it came, if not now.
        command: Makes the act idempotent.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: The actor is somebody else.
        CouncilError: Nobody is asked in writing now, not this member, the words are missing, somebody else answers
            without signed paper, or it is said to have come before the council was asked.
        NotYetError: It is said to have come in the future.
    """
    done = event_of_command(work.session, command)
    if done is not None:
        asked = sessions_of(work.session, dossier.id, stage=details_of(done)["stage"])
        return next(row for row in asked if row.number == details_of(done)["session"])
    case = before_council(work, dossier)
    held, _ = consultation_held(work, case)
    council, procedure = procedure_of(case)
    member, answer = reply.member, reply.answer
    check_permitted(case, actor, seats=(member,))
    opinion = _opinion(work, held, member, council)
    if actor != position_of_seat(case, council, member) and not reply.from_paper:
        raise CouncilError("opinion_from_paper", rule=procedure.source, member=member)
    if answer in EXPLAINED and not (reply.words or "").strip():
        raise CouncilError("opinion_without_words", rule=procedure.source, member=member)
    at = work.happened_at(effective_at)
    if local_day(at) < held.held_on:
        raise CouncilError("opinion_too_early", rule=procedure.source, asked_on=held.held_on.isoformat())
    opinion.answer, opinion.answered_at = answer.value, at
    opinion.entered_by, opinion.from_paper = actor, reply.from_paper
    work.session.add(opinion)
    details = {
        "stage": held.stage,
        "session": held.number,
        "member": member,
        "answer": answer.value,
        "from_paper": reply.from_paper,
    }
    if reply.link is not None:
        details["link"] = reply.link
    record(work, case, OPINION_GIVEN, details, actor=actor, effective_at=at, text=reply.words, command=command)
    for owed in open_obligations_of(work.session, dossier.id):
        if owed.kind == OPINION and owed.stage == held.stage and owed.step == member:
            close_obligation(owed, status="done", at=at)
            work.session.add(owed)
    work.session.flush()
    if not can_be_confirmed(tally_held(work, held), procedure.agree_percent):
        _turn(work, case, held, actor=actor, by="rule", rule=procedure.source)
    return held


def call_meeting(work: UnitOfWork, dossier: Dossier, *, actor: str, reason: str) -> CouncilSession:
    """Turn the written consultation into a meeting, because the members differ or the matter needs discussion.

    What members still owe in writing ends; the meeting is a session of its own, opened when it was held.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: The actor is neither the council's chair or secretary nor the office.
        CouncilError: Nobody is asked in writing now, or the reason is missing.
    """
    case = before_council(work, dossier)
    held, _ = consultation_held(work, case)
    council, procedure = procedure_of(case)
    check_permitted(case, actor, seats=leading_seats(council))
    if not reason.strip():
        raise CouncilError("meeting_without_reason", rule=procedure.source)
    _turn(work, case, held, actor=actor, by="chair", rule=case.stage.source, text=reason)
    return held


def _opinion(work: UnitOfWork, held: CouncilSession, member: str, council: Council) -> WrittenOpinion:
    if member in interested_in(work.session, held.dossier_id, held.stage):
        raise CouncilError("interested_opinion", rule=council.source, member=member)
    opinion = work.session.get(WrittenOpinion, (held.id, member))
    if opinion is None:
        known = ", ".join(each.member for each in opinions_of(work.session, held))
        raise CouncilError("not_asked", rule=council.source, member=member[:80], known=known)
    return opinion


def _turn(
    work: UnitOfWork,
    case: DossierCase,
    held: CouncilSession,
    *,
    actor: str,
    by: str,
    rule: str,
    text: str | None = None,
) -> None:
    consultation = work.session.get_one(WrittenConsultation, held.id)
    consultation.turned_at = work.now
    work.session.add(consultation)
    details: dict[str, Any] = {"stage": held.stage, "session": held.number, "by": by}
    record(work, case, CONSULTATION_TURNED, details, actor=actor, rule=rule, text=text)
    supersede(work, case.dossier, held)

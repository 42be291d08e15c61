"""A council asked in writing: each member owes an answer, and where they differ a meeting takes its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ocop_workflow.clock import start_of_day
from ocop_workflow.policy.consultation import (
    EXPLAINED,
    Answer,
    Tally,
    can_be_confirmed,
    tally_of,
)
from ocop_workflow.policy.council import scoring_names
from ocop_workflow.policy.date_expressions import Due, Origin
from ocop_workflow.policy.plan import Council, WrittenProcedure
from ocop_workflow.policy.route import position_of
from ocop_workflow.policy.scoring import Sheet, read_sheet
from ocop_workflow.services.council_sessions import (
    CouncilError,
    Opening,
    SessionKind,
    add_session,
    before_council,
    check_permitted,
    council_of,
    criteria_set_of,
    record,
)
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.events import command_done
from ocop_workflow.services.links import issue_link, links_of
from ocop_workflow.services.obligations import (
    OPINION,
    Duty,
    close_obligation,
    open_obligation,
    open_obligations_of,
    resolve,
)
from ocop_workflow.services.score_sheets import as_text
from ocop_workflow.services.session_rows import (
    consultation_of,
    interested_in,
    open_session_of,
    opinions_of,
    supersede,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Dossier, WrittenConsultation, WrittenOpinion

OPINIONS_ASKED, OPINION_GIVEN, CONSULTATION_TURNED = "opinions_asked", "opinion_given", "consultation_turned"
"""The acts of a written consultation besides the opening of its session."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a council is asked to agree to, and until when.

    Attributes:
        points: The proposed points by part id, or by criterion code.
        last_day: The last day for answers, in the office's zone.
        document: The number of the letter that asks.
    """

    points: Mapping[str, Decimal]
    last_day: date
    document: str | None = None


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


def open_consultation(work: UnitOfWork, dossier: Dossier, proposal: Proposal, *, actor: str) -> CouncilSession:
    """Ask the council of the present stage in writing, and let each member who may score owe an answer.

    Members who declared an interest are not asked. Each party that is asked gets a link of its own to answer by.

    Args:
        work: The unit of work.
        dossier: Before a council, of a kind for which its rule set allows written opinions.
        proposal: What is asked.
        actor: The council's chair or secretary, who decides at this stage, or the office.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: Somebody else asks.
        CouncilError: The rule set or the plan knows no written opinions here, a session is being held, the last day is
            past or behind a statutory date, or nobody may be asked.
        ScoreOutOfRangeError: The points don't fit the rule set.
        CriteriaError: Points by criterion don't fit the product's criteria.
    """
    case = before_council(work, dossier)
    council, procedure = _procedure(case)
    check_permitted(case, actor, seats=leading_seats(council))
    held = open_session_of(work.session, dossier)
    if held is not None:
        raise CouncilError("session_before_written", rule=case.rule(), number=held.number)
    sheet = read_sheet(proposal.points, case.book.rule_set.parts, criteria_set_of(case))
    due_at = _due_at(work, case, proposal.last_day)
    interested = interested_in(work.session, dossier.id, dossier.stage)
    asked = [member for member in scoring_names(council) if member not in interested]
    if not asked:
        raise CouncilError("nobody_to_ask", rule=council.source)
    session = add_session(work, case, SessionKind.WRITTEN, Opening(document=proposal.document), actor=actor)
    _store(work, session, sheet, due_at, asked)
    details = {
        "stage": dossier.stage,
        "session": session.number,
        "points": as_text(sheet.parts),
        "criteria": as_text(sheet.criteria),
        "total": str(sheet.total),
        "due_at": due_at.isoformat(),
        "asked": asked,
    }
    record(work, case, OPINIONS_ASKED, details, actor=actor)
    for member in asked:
        _open_duty(work, case, session, procedure, member, last_day=proposal.last_day)
    asked_already = {link.recipient for link in links_of(work.session, dossier.id) if link.revoked_at is None}
    for party in dict.fromkeys(_party(case, council, member) for member in asked):
        if party not in asked_already:
            issue_link(work, dossier, recipient=party, actor=actor)
    work.session.flush()
    return session


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
        CouncilError: Nobody is asked in writing now, not this member, the words are missing, or somebody else answers
            without signed paper.
        NotYetError: It is said to have come in the future.
    """
    case = before_council(work, dossier)
    held, _ = consultation_held(work, case)
    if command_done(work.session, command):
        return held
    council, procedure = _procedure(case)
    member, answer = reply.member, reply.answer
    check_permitted(case, actor, seats=(member,))
    opinion = _opinion(work, held, member, council)
    if actor != _party(case, council, member) and not reply.from_paper:
        raise CouncilError("opinion_from_paper", rule=procedure.source, member=member)
    if answer in EXPLAINED and not (reply.words or "").strip():
        raise CouncilError("opinion_without_words", rule=procedure.source, member=member)
    at = work.happened_at(effective_at)
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
    council, procedure = _procedure(case)
    check_permitted(case, actor, seats=leading_seats(council))
    if not reason.strip():
        raise CouncilError("meeting_without_reason", rule=procedure.source)
    _turn(work, case, held, actor=actor, by="chair", rule=case.stage.source, text=reason)
    return held


def consultation_held(work: UnitOfWork, case: DossierCase) -> tuple[CouncilSession, WrittenConsultation]:
    """Return the written consultation that is open at the present stage.

    Raises:
        CouncilError: There is none.
    """
    held = open_session_of(work.session, case.dossier)
    consultation = consultation_of(work.session, held) if held is not None else None
    if held is None or consultation is None:
        raise CouncilError("no_consultation", rule=case.rule(), stage=case.stage.title.model_dump())
    return held, consultation


def tally_held(work: UnitOfWork, held: CouncilSession) -> Tally:
    """Return how the members of a consultation have answered so far."""
    answers = {opinion.member: opinion.answer for opinion in opinions_of(work.session, held)}
    return tally_of(answers, interested_in(work.session, held.dossier_id, held.stage))


def leading_seats(council: Council) -> tuple[str, ...]:
    """Return the seats that ask in writing and call meetings: the chair's and the secretary's."""
    return tuple(seat.id for seat in council.seats if seat.role in ("chair", "secretary"))


def _procedure(case: DossierCase) -> tuple[Council, WrittenProcedure]:
    allowed, council = case.stage.written_opinions, council_of(case)
    stage = case.stage.title.model_dump()
    if allowed is None or case.dossier.kind not in allowed.kinds:
        rule = case.rule(allowed.source if allowed is not None else None)
        raise CouncilError("written_not_allowed", rule=rule, stage=stage)
    if council is None or council.written is None:
        rule = council.source if council is not None else case.rule(allowed.source)
        raise CouncilError("written_without_procedure", rule=rule, stage=stage)
    return council, council.written


def _due_at(work: UnitOfWork, case: DossierCase, last_day: date) -> datetime:
    """Return the first instant too late for answers: ahead, and not behind a statutory date of the stage to come."""
    due_at = start_of_day(last_day + timedelta(days=1))
    if due_at <= work.now:
        raise CouncilError("written_day_past", rule=case.rule(), last_on=last_day.isoformat())
    for owed in open_obligations_of(work.session, case.dossier.id):
        statutory = owed.due_at if owed.origin == Origin.STATUTORY else owed.limit_at
        if owed.stage == case.stage.id and statutory is not None and work.now < statutory < due_at:
            limit_on = (statutory - timedelta(microseconds=1)).isoformat()
            rule = owed.limit_source or owed.source
            raise CouncilError("written_beyond_limit", rule=rule, last_on=last_day.isoformat(), limit_at=limit_on)
    return due_at


def _store(work: UnitOfWork, session: CouncilSession, sheet: Sheet, due_at: datetime, asked: list[str]) -> None:
    work.session.add(
        WrittenConsultation(
            session_id=session.id,
            points=as_text(sheet.parts),
            criteria=as_text(sheet.criteria),
            total=str(sheet.total),
            due_at=due_at,
        )
    )
    work.session.flush()
    for member in asked:
        work.session.add(WrittenOpinion(session_id=session.id, member=member))


def _open_duty(
    work: UnitOfWork,
    case: DossierCase,
    session: CouncilSession,
    procedure: WrittenProcedure,
    member: str,
    *,
    last_day: date,
) -> None:
    council, _ = _procedure(case)
    party = _party(case, council, member)
    source = session.document or procedure.source
    duty = Duty(
        key=f"{case.dossier.key}/{session.stage}/opinion/{session.number}/{member}",
        kind=OPINION,
        subject_id=case.dossier.id,
        unit_id=case.product.unit_id,
        party=party,
        superior=case.book.units.superior_of(party),
        due=resolve(case.book, Due.model_validate({"by": last_day.isoformat(), "source": source})),
        opens_at=work.now,
        ladder=procedure.ladder,
        stage=session.stage,
        step=member,
    )
    open_obligation(work, case.cycle, case.book, duty)


def _party(case: DossierCase, council: Council, member: str) -> str:
    """Return who answers for a seat: the holder of its position, else who keeps the council's papers."""
    position = next((seat.position for seat in council.seats if seat.id == member), None)
    if position is None:
        return case.party(case.stage.decided_by)
    return position_of(position, units=case.book.units, unit=case.product.unit_id)


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

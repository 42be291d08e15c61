"""Asking a council in writing: the proposal, its last day, and what each member then owes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from ocop_workflow.clock import last_day_in_time, start_of_day
from ocop_workflow.policy.council import scoring_names
from ocop_workflow.policy.date_expressions import Due, Origin
from ocop_workflow.policy.plan import WrittenProcedure
from ocop_workflow.policy.scoring import Sheet, read_sheet
from ocop_workflow.services.consultations import OPINIONS_ASKED, leading_seats, party_of_seat, procedure_of
from ocop_workflow.services.council_case import CouncilError, before_council, check_permitted, criteria_set_of, record
from ocop_workflow.services.council_sessions import Opening, SessionKind, add_session
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.links import issue_link, links_of
from ocop_workflow.services.obligations import OPINION, Duty, open_obligation, open_obligations_of, resolve
from ocop_workflow.services.score_sheets import as_text
from ocop_workflow.services.session_rows import interested_in, open_session_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Dossier, WrittenConsultation, WrittenOpinion


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
    council, procedure = procedure_of(case)
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
    for party in dict.fromkeys(party_of_seat(case, council, member) for member in asked):
        if party not in asked_already:
            issue_link(work, dossier, recipient=party, actor=actor)
    work.session.flush()
    return session


def _due_at(work: UnitOfWork, case: DossierCase, last_day: date) -> datetime:
    """Return the first instant too late for answers: ahead, and not behind a statutory date of the stage to come."""
    due_at = start_of_day(last_day + timedelta(days=1))
    if due_at <= work.now:
        raise CouncilError("written_day_past", rule=case.rule(), last_on=last_day.isoformat())
    for owed in open_obligations_of(work.session, case.dossier.id):
        statutory = owed.due_at if owed.origin == Origin.STATUTORY else owed.limit_at
        if owed.stage == case.stage.id and statutory is not None and work.now < statutory < due_at:
            days = {"last_on": last_day.isoformat(), "limit_on": last_day_in_time(statutory).isoformat()}
            raise CouncilError("written_beyond_limit", rule=owed.limit_source or owed.source, **days)
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
    council, _ = procedure_of(case)
    party = party_of_seat(case, council, member)
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

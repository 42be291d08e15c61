"""The end of a stage: by verdict, by the mean and findings of a council's session (promise I7), or by rejection."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.consultation import refusal_to_conclude
from ocop_workflow.policy.council import chair_missing, quorum_of
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.criteria_sheets import council_gates
from ocop_workflow.policy.rating import Rating, rate
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.scoring import mean_score, read_sheet, spread_of
from ocop_workflow.services.consultations import consultation_held, procedure_of, tally_held
from ocop_workflow.services.council_case import CouncilError, NotJudgedSoError, council_of, session_held
from ocop_workflow.services.council_sessions import SessionKind
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import command_done
from ocop_workflow.services.session_rows import (
    interested_in,
    mark_conclusive,
    opinions_of,
    scored_in,
    sheets_of_session,
)
from ocop_workflow.services.titles import any_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Dossier, ScoreSheet, WrittenConsultation
from state_machines.dossier import DossierTrigger
from state_machines.guards import VERDICTS, Facts


class GroundUnknownError(RefusedError):
    """The rule set has no such ground of rejection."""


def conclude(
    work: UnitOfWork,
    dossier: Dossier,
    *,
    actor: str,
    verdict: str | None = None,
    ground: str | None = None,
    effective_at: datetime | None = None,
    text: str | None = None,
    command: str | None = None,
) -> Dossier:
    """End the present stage: by the verdict given, or by the session that is being held.

    The mean and stars are stored with the dossier; the guards of the route decide where it goes.

    Args:
        work: The unit of work.
        dossier: Received or under review.
        actor: Who decides here, or the office recording it.
        verdict: `accepted` or `declined`, where the stage is judged so; None where nobody judges.
        ground: Why, as the producer is told; no personal data.
        effective_at: When it was decided, if not now.
        text: Free text, kept beside the event.
        command: Makes the act idempotent.

    Raises:
        NotJudgedSoError: A verdict at a council's stage, none or an unknown one at the others.
        CouncilError: No session is held since the dossier came before the council, or it can't decide: its quorum is
            missing, its totals lie too far apart, or a member who declared an interest scored.
        FindingMissingError: A gate has no finding.
    """
    if command_done(work.session, command):
        return dossier
    case = case_of(work, dossier)
    stage, title = case.stage, case.stage.title.model_dump()
    details: dict[str, Any] = {} if ground is None else {"ground": ground}
    held: CouncilSession | None = None
    if stage.judged_by == "council":
        if verdict is not None:
            raise NotJudgedSoError("by_council", rule=case.rule(), stage=title)
        held, result = council_result(work, case, at=effective_at)
        dossier.mean, dossier.stars = str(result.mean), result.stars
        facts = Facts(mean=result.score)
        details |= {"mean": str(result.mean), "stars": result.stars, "session": held.number}
        if result.unmet:
            details["unmet"] = list(result.unmet)
        if held.kind == SessionKind.WRITTEN:
            details["opinions"] = asdict(tally_held(work, held))
    elif stage.judged_by == "nobody":
        if verdict is not None:
            raise NotJudgedSoError("no_verdict_here", rule=case.rule(), stage=title)
        facts = Facts()
    else:
        if verdict not in VERDICTS:
            raise NotJudgedSoError(
                "verdict_missing" if verdict is None else "verdict_unknown",
                rule=case.rule(),
                stage=title,
                verdict=(verdict or "")[:80],
                known=any_of(VERDICTS),
            )
        facts = Facts(verdict=verdict)
        details["verdict"] = verdict
    request = Request(
        DossierTrigger.CONCLUDE,
        actor,
        facts=facts,
        effective_at=effective_at,
        details=details,
        text=text,
        command=command,
    )
    concluded = apply_trigger(work, dossier, request)
    if held is not None:
        mark_conclusive(work, held)
    return concluded


def council_result(work: UnitOfWork, case: DossierCase, *, at: datetime | None = None) -> tuple[CouncilSession, Rating]:
    """Return the session that decides the present stage at an instant (now when None), and its result.

    Raises:
        CouncilError: None is held, or the one that is can't decide yet, by the council's procedure.
        FindingMissingError: A gate has no finding.
    """
    held = session_held(work, case)
    if held.kind == SessionKind.WRITTEN:
        _check_opinions(work, case, at or work.now)
    else:
        _check_can_decide(work.session, case, held)
    result = result_of(
        work.session,
        case.dossier.id,
        case.book.rule_set,
        stage=case.stage.id,
        session_number=held.number,
        criteria=case.book.criteria,
    )
    return held, result


def reject(
    work: UnitOfWork,
    dossier: Dossier,
    ground: str,
    *,
    actor: str,
    effective_at: datetime | None = None,
    text: str | None = None,
    command: str | None = None,
) -> Dossier:
    """Reject a dossier on a ground of its rule set, whatever its points are.

    Raises:
        GroundUnknownError: The rule set has no such ground.
        TransitionNotAllowedError: The dossier is not before an office or council.
    """
    case = case_of(work, dossier)
    grounds = [each.id for each in case.book.rule_set.rejection_grounds]
    if ground not in grounds:
        raise GroundUnknownError(
            "ground_unknown" if grounds else "no_grounds",
            rule=case.rule(),
            ground=ground[:80],
            known=", ".join(grounds),
        )
    request = Request(
        DossierTrigger.REJECT,
        actor,
        effective_at=effective_at,
        details={"ground": ground},
        text=text,
        command=command,
    )
    return apply_trigger(work, dossier, request)


def result_of(
    session: Session,
    dossier_id: str,
    rule_set: RuleSet,
    *,
    stage: str,
    session_number: int,
    criteria: Mapping[int, CriteriaSet] | None = None,
) -> Rating:
    """Return the result of one session at a stage, computed anew from the stored sheets and findings.

    Raises:
        ScoreOutOfRangeError: The session has no sheet, or one that does not fit the rule set.
        FindingMissingError: A gate has no finding.
        CouncilError: There is no such session.
    """
    held = session.exec(
        select(CouncilSession).where(
            col(CouncilSession.dossier_id) == dossier_id,
            col(CouncilSession.stage) == stage,
            col(CouncilSession.number) == session_number,
        )
    ).first()
    if held is None:
        raise CouncilError("session_unknown", rule=None, number=session_number, stage_id=stage)
    criteria_set = (criteria or {})[held.criteria_set] if held.criteria_set is not None else None
    return rating_of(scored_in(session, held), held.findings, rule_set, criteria_set)


def rating_of(
    sheets: Iterable[ScoreSheet | WrittenConsultation],
    findings: Mapping[str, bool],
    rule_set: RuleSet,
    criteria_set: CriteriaSet | None = None,
) -> Rating:
    """Return the result of a session's sheets, or of what it asked in writing, and of its findings.

    Raises as `result_of`.
    """
    totals = [read_sheet(_points(sheet), rule_set.parts, criteria_set).total for sheet in sheets]
    gates = council_gates(rule_set, criteria_set)
    return rate(mean_score(totals), bands=rule_set.bands, gates=gates, findings=findings)


def _check_can_decide(session: Session, case: DossierCase, held: CouncilSession) -> None:
    """Refuse a session without its quorum, with totals too far apart, or with the sheet of an interested member."""
    sheets, council = sheets_of_session(session, held), council_of(case)
    told: dict[str, Any] = {"stage": case.stage.title.model_dump(), "number": held.number}
    if not sheets:
        raise CouncilError("no_sheets", rule=case.rule(), **told)
    if council is None:
        return
    rule = council.source
    present = {sheet.member for sheet in sheets}
    interested = interested_in(session, held.dossier_id, held.stage)
    barred = sorted(present & interested)
    if barred:
        raise CouncilError("interested_scored", rule=rule, member=barred[0])
    quorum = quorum_of(council, interested)
    if len(present) < quorum:
        missing = quorum - len(present)
        raise CouncilError("quorum", rule=rule, sheets=len(present), quorum=quorum, missing=missing, **told)
    chair = chair_missing(council, present, interested)
    if chair is not None:
        raise CouncilError("chair_missing", rule=rule, chair=chair, **told)
    spread = spread_of([Decimal(sheet.total) for sheet in sheets])
    if council.max_spread is not None and spread > council.max_spread and held.kind != SessionKind.RE_SCORE:
        raise CouncilError("spread", rule=rule, spread=str(spread), most=council.max_spread)


def _check_opinions(work: UnitOfWork, case: DossierCase, at: datetime) -> None:
    """Refuse a written consultation whose answers don't let the proposal stand, or not yet."""
    held, consultation = consultation_held(work, case)
    council, procedure = procedure_of(case)
    refusal = refusal_to_conclude(tally_held(work, held), procedure, day_is_over=at >= consultation.due_at)
    if refusal is not None:
        last_on = last_day_in_time(consultation.due_at).isoformat()
        raise CouncilError(refusal.code, rule=procedure.source, last_on=last_on, **refusal.params)
    interested = interested_in(work.session, held.dossier_id, held.stage)
    replied = {opinion.member for opinion in opinions_of(work.session, held) if opinion.answer is not None}
    chair = chair_missing(council, replied, interested)
    if chair is not None:
        raise CouncilError("chair_silent", rule=council.source, chair=chair)


def _points(sheet: ScoreSheet | WrittenConsultation) -> dict[str, Decimal]:
    return {code: Decimal(value) for code, value in {**sheet.points, **sheet.criteria}.items()}

"""The end of a stage: by verdict, by the mean and findings of a council's session (promise I7), or by rejection."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.council import chair_missing, quorum_of
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.criteria_sheets import council_gates
from ocop_workflow.policy.plan import Council
from ocop_workflow.policy.rating import Rating, rate
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.scoring import mean_score, read_sheet, spread_of
from ocop_workflow.services.council_sessions import (
    CouncilError,
    NotJudgedSoError,
    SessionKind,
    council_of,
    session_held,
)
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import command_done
from ocop_workflow.services.session_rows import interested_in, mark_conclusive, sheets_of_session
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Dossier, ScoreSheet
from state_machines.dossier import DossierTrigger
from state_machines.guards import VERDICTS, Facts


class GroundUnknownError(InputError):
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
    stage = case.stage
    details: dict[str, Any] = {} if ground is None else {"ground": ground}
    held: CouncilSession | None = None
    if stage.judged_by == "council":
        if verdict is not None:
            raise NotJudgedSoError(f"a council judges {stage.id}; record its score sheets instead of a verdict")
        held = session_held(work, dossier)
        _check_can_decide(work.session, held, council_of(case))
        result = result_of(
            work.session,
            dossier.id,
            case.book.rule_set,
            stage=stage.id,
            session_number=held.number,
            criteria=case.book.criteria,
        )
        dossier.mean, dossier.stars = str(result.mean), result.stars
        facts = Facts(mean=result.score)
        details |= {"mean": str(result.mean), "stars": result.stars, "session": held.number}
        if result.unmet:
            details["unmet"] = list(result.unmet)
    elif stage.judged_by == "nobody":
        if verdict is not None:
            raise NotJudgedSoError(f"{stage.id} passes the dossier on and judges nothing; leave out the verdict")
        facts = Facts()
    else:
        if verdict not in VERDICTS:
            given = "no verdict" if verdict is None else f"unknown verdict {verdict[:80]!r}"
            raise NotJudgedSoError(f"{given} for {stage.id}; write {' or '.join(VERDICTS)}")
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
    grounds = [each.id for each in case_of(work, dossier).book.rule_set.rejection_grounds]
    if ground not in grounds:
        known = ", ".join(grounds) or "none; decline or return the dossier instead"
        raise GroundUnknownError(f"unknown ground {ground[:80]!r}; the rule set knows {known}")
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
        raise CouncilError(f"there is no session {session_number} at {stage}")
    criteria_set = (criteria or {})[held.criteria_set] if held.criteria_set is not None else None
    return rating_of(sheets_of_session(session, held), held.findings, rule_set, criteria_set)


def rating_of(
    sheets: Iterable[ScoreSheet],
    findings: Mapping[str, bool],
    rule_set: RuleSet,
    criteria_set: CriteriaSet | None = None,
) -> Rating:
    """Return the result of one session's sheets and findings under a rule set and the product's criteria.

    Raises as `result_of`.
    """
    totals = [read_sheet(_points(sheet), rule_set.parts, criteria_set).total for sheet in sheets]
    gates = council_gates(rule_set, criteria_set)
    return rate(mean_score(totals), bands=rule_set.bands, gates=gates, findings=findings)


def _check_can_decide(session: Session, held: CouncilSession, council: Council | None) -> None:
    """Refuse a session without its quorum, with totals too far apart, or with the sheet of an interested member."""
    sheets = sheets_of_session(session, held)
    if not sheets:
        raise CouncilError(f"no score sheet was recorded in session {held.number} of {held.stage}")
    if council is None:
        return
    rule = f"({council.source})"
    present = {sheet.member for sheet in sheets}
    interested = interested_in(session, held.dossier_id, held.stage)
    barred = sorted(present & interested)
    if barred:
        raise CouncilError(
            f"{barred[0]} scored and declared an interest in this product; open another session without that sheet "
            f"{rule}"
        )
    quorum = quorum_of(council, interested)
    if len(present) < quorum:
        raise CouncilError(
            f"{len(present)} sheets are in, the quorum of {held.stage} is {quorum}: {quorum - len(present)} missing "
            f"{rule}"
        )
    chair = chair_missing(council, present, interested)
    if chair is not None:
        raise CouncilError(f"the quorum of {held.stage} needs the chair, and {chair} has no sheet {rule}")
    spread = spread_of([Decimal(sheet.total) for sheet in sheets])
    if council.max_spread is not None and spread > council.max_spread and held.kind != SessionKind.RE_SCORE:
        raise CouncilError(
            f"the totals lie {spread} points apart, more than {council.max_spread}; the council discusses and scores "
            f"anew: record a {SessionKind.RE_SCORE} session {rule}"
        )


def _points(sheet: ScoreSheet) -> dict[str, Decimal]:
    return {code: Decimal(value) for code, value in {**sheet.points, **sheet.criteria}.items()}

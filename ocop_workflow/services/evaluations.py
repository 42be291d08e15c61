"""Score sheets, the exact mean and the end of a stage (promise I7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import func
from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.rule_set import RuleSet, Stage
from ocop_workflow.policy.scoring import mean_score, sheet_total, stars_of
from ocop_workflow.services.dossiers import Request, apply_trigger, check_decider
from ocop_workflow.services.events import Act, append_event, command_done, details_of, event_of_command
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, ScoreSheet
from state_machines.dossier import DossierStatus, DossierTrigger
from state_machines.guards import Facts


class NotJudgedSoError(InputError):
    """The stage is judged the other way: by a council's sheets, or by the office's verdict."""


@dataclass(frozen=True, slots=True)
class Result:
    """A council's result: the exact mean in points and the stars of its band."""

    mean: Fraction
    stars: int


def record_sheets(
    work: UnitOfWork,
    dossier: Dossier,
    sheets: Mapping[str, Mapping[str, Decimal]],
    *,
    actor: str,
    command: str | None = None,
) -> int:
    """Record one numbered session's score sheets at the dossier's present stage, as one act.

    Args:
        work: The unit of work.
        dossier: Received or under review at a stage that a council judges.
        sheets: Points by part id, by member.
        actor: Who enters them: the council's secretary or the office.
        command: Makes the act idempotent.

    Returns:
        The session's number.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: The actor neither decides at this stage nor is the office.
        ScoreOutOfRangeError: There is no sheet, or one does not fit the parts of the rule set.
    """
    done = event_of_command(work.session, command)
    if done is not None:
        return int(details_of(done)["session"])
    stage, rule_set = _stage(work, dossier)
    if stage.judged_by != "council":
        raise NotJudgedSoError(f"{stage.id} is decided by verdict; give --verdict instead of score sheets")
    if dossier.status not in (DossierStatus.RECEIVED, DossierStatus.UNDER_REVIEW):
        raise NotJudgedSoError(f"a dossier that is {dossier.status} is not before the council; receive it first")
    check_decider(work, dossier, actor)
    totals = {member: sheet_total(points, rule_set.parts) for member, points in sheets.items()}
    mean_score(list(totals.values()))  # refuses a session without sheets
    session_number = _sessions_at(work.session, dossier) + 1
    for member, points in sheets.items():
        work.session.add(
            ScoreSheet(
                id=work.ids.new("sheet", f"{dossier.key}|{stage.id}|{session_number}|{member}"),
                dossier_id=dossier.id,
                stage=stage.id,
                session=session_number,
                member=member,
                points={part: str(value) for part, value in points.items()},
                total=str(totals[member]),
                recorded_at=work.now,
            )
        )
    dossier.version += 1
    details = {"stage": stage.id, "session": session_number, "totals": {m: str(t) for m, t in totals.items()}}
    act = Act(actor=actor, action="scores_recorded", rule=stage.source, details=details, command=command)
    append_event(work, stream=f"dossier:{dossier.id}", seq=dossier.version, cycle_id=dossier.cycle_id, act=act)
    work.session.add(dossier)
    work.session.flush()
    return session_number


def conclude(
    work: UnitOfWork,
    dossier: Dossier,
    *,
    actor: str,
    verdict: str | None = None,
    effective_at: datetime | None = None,
    text: str | None = None,
    command: str | None = None,
) -> Dossier:
    """End the present stage: by the verdict given, or by the mean of the last session's sheets.

    The mean and stars are stored with the dossier; the guards of the route decide where it goes.

    Raises:
        NotJudgedSoError: A verdict at a council's stage, or none at the others.
        ScoreOutOfRangeError: No sheet was recorded.
    """
    if command_done(work.session, command):
        return dossier
    stage, rule_set = _stage(work, dossier)
    details: dict[str, str | int] = {}
    if stage.judged_by == "council":
        if verdict is not None:
            raise NotJudgedSoError(f"a council judges {stage.id}; record its score sheets instead of a verdict")
        result = result_of(work.session, dossier, rule_set, stage.id)
        dossier.mean, dossier.stars = str(result.mean), result.stars
        facts = Facts(mean=result.mean)
        details = {"mean": str(result.mean), "stars": result.stars}
    else:
        if verdict is None:
            raise NotJudgedSoError(f"{stage.id} is decided by verdict; give --verdict accepted or declined")
        facts = Facts(verdict=verdict)
        details = {"verdict": verdict}
    request = Request(
        DossierTrigger.CONCLUDE,
        actor,
        facts=facts,
        effective_at=effective_at,
        details=details,
        text=text,
        command=command,
    )
    return apply_trigger(work, dossier, request)


def result_of(session: Session, dossier: Dossier, rule_set: RuleSet, stage_id: str) -> Result:
    """Return the result of the last session at a stage, computed anew from the stored sheets.

    Raises:
        ScoreOutOfRangeError: The stage has no sheet.
    """
    sheets = session.exec(
        select(ScoreSheet)
        .where(col(ScoreSheet.dossier_id) == dossier.id, col(ScoreSheet.stage) == stage_id)
        .order_by(col(ScoreSheet.session), col(ScoreSheet.member))
    ).all()
    last = sheets[-1].session if sheets else 0
    totals = [
        sheet_total({part: Decimal(value) for part, value in sheet.points.items()}, rule_set.parts)
        for sheet in sheets
        if sheet.session == last
    ]
    mean = mean_score(totals)
    return Result(mean, stars_of(mean, rule_set.bands))


def _stage(work: UnitOfWork, dossier: Dossier) -> tuple[Stage, RuleSet]:
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    book = work.books.of_dossier(work.session, cycle, dossier)
    return next(s for s in book.stages(dossier.round_id, dossier.kind) if s.id == dossier.stage), book.rule_set


def _sessions_at(session: Session, dossier: Dossier) -> int:
    count = session.exec(
        select(func.max(ScoreSheet.session)).where(
            col(ScoreSheet.dossier_id) == dossier.id, col(ScoreSheet.stage) == dossier.stage
        )
    ).one()
    return count or 0

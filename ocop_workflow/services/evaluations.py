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
from ocop_workflow.services.dossiers import ACTIONS, Request, apply_trigger, check_decider
from ocop_workflow.services.events import Act, append_event, command_done, details_of, event_of_command
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Event, ScoreSheet
from state_machines.dossier import DossierStatus, DossierTrigger
from state_machines.guards import VERDICTS, Facts


class NotJudgedSoError(InputError):
    """The stage is judged the other way: by a council's sheets, or by the office's verdict."""


class CouncilError(InputError):
    """The council's sheets do not make a session: too few, too many, or from before a return."""


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
    stage, book = _stage(work, dossier)
    parts = book.rule_set.parts
    if stage.judged_by == "nobody":
        raise NotJudgedSoError(f"{stage.id} passes the dossier on and judges nothing; it takes no score sheets")
    if stage.judged_by != "council":
        raise NotJudgedSoError(f"{stage.id} is decided by verdict; give --verdict instead of score sheets")
    if dossier.status not in (DossierStatus.RECEIVED, DossierStatus.UNDER_REVIEW):
        raise NotJudgedSoError(f"a dossier that is {dossier.status} is not before the council; receive it first")
    check_decider(work, dossier, actor)
    totals = {member: sheet_total(points, parts) for member, points in sheets.items()}
    mean_score(list(totals.values()))  # refuses a session without sheets
    council = book.plan.councils.get(stage.id)
    if council is not None and len(sheets) > council.members:
        raise CouncilError(f"{len(sheets)} sheets were given, the council of {stage.id} has {council.members} members")
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
    ground: str | None = None,
    effective_at: datetime | None = None,
    text: str | None = None,
    command: str | None = None,
) -> Dossier:
    """End the present stage: by the verdict given, or by the mean of the last session's sheets.

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
        NotJudgedSoError: A verdict at a council's stage or where nobody judges, none or an unknown one at the others.
        CouncilError: Fewer sheets than the quorum, or none since the dossier was last returned.
    """
    if command_done(work.session, command):
        return dossier
    stage, book = _stage(work, dossier)
    details: dict[str, str | int] = {} if ground is None else {"ground": ground}
    if stage.judged_by == "council":
        if verdict is not None:
            raise NotJudgedSoError(f"a council judges {stage.id}; record its score sheets instead of a verdict")
        number = _conclusive_session(work, dossier, stage, book)
        result = result_of(work.session, dossier.id, book.rule_set, stage=stage.id, session_number=number)
        dossier.mean, dossier.stars = str(result.mean), result.stars
        facts = Facts(mean=result.mean)
        details |= {"mean": str(result.mean), "stars": result.stars, "session": number}
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
    return apply_trigger(work, dossier, request)


def result_of(session: Session, dossier_id: str, rule_set: RuleSet, *, stage: str, session_number: int) -> Result:
    """Return the result of one session at a stage, computed anew from the stored sheets.

    Raises:
        ScoreOutOfRangeError: The session has no sheet, or one that does not fit the rule set.
    """
    sheets = session.exec(
        select(ScoreSheet).where(
            col(ScoreSheet.dossier_id) == dossier_id,
            col(ScoreSheet.stage) == stage,
            col(ScoreSheet.session) == session_number,
        )
    )
    totals = [
        sheet_total({part: Decimal(value) for part, value in sheet.points.items()}, rule_set.parts) for sheet in sheets
    ]
    mean = mean_score(totals)
    return Result(mean, stars_of(mean, rule_set.bands))


def _conclusive_session(work: UnitOfWork, dossier: Dossier, stage: Stage, book: Rulebook) -> int:
    """Return the number of the session that ends the stage: the last one, held since any return, with its quorum."""
    stream = select(Event).where(
        col(Event.stream) == f"dossier:{dossier.id}",
        col(Event.action).in_(("scores_recorded", ACTIONS[DossierTrigger.RETURN], ACTIONS[DossierTrigger.CONCLUDE])),
    )
    last = work.session.exec(stream.order_by(col(Event.seq).desc())).first()
    if last is None or last.action != "scores_recorded":
        raise CouncilError(f"no score sheet was recorded at {stage.id} since the dossier came before the council")
    details = details_of(last)
    council = book.plan.councils.get(stage.id)
    if council is not None:
        quorum = -(-council.members * (council.quorum_percent or 100) // 100)
        if len(details["totals"]) < quorum:
            raise CouncilError(f"{len(details['totals'])} sheets are in, the quorum of {stage.id} is {quorum}")
    return int(details["session"])


def _stage(work: UnitOfWork, dossier: Dossier) -> tuple[Stage, Rulebook]:
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    book = work.books.of_dossier(work.session, cycle, dossier)
    return next(s for s in book.stages(dossier.round_id, dossier.kind) if s.id == dossier.stage), book


def _sessions_at(session: Session, dossier: Dossier) -> int:
    count = session.exec(
        select(func.max(ScoreSheet.session)).where(
            col(ScoreSheet.dossier_id) == dossier.id, col(ScoreSheet.stage) == dossier.stage
        )
    ).one()
    return count or 0

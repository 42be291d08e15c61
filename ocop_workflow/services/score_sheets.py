"""Entering score sheets: by the members, or by the secretary from signed paper."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel

from ocop_workflow.policy.council import scoring_names, sheet_refusal
from ocop_workflow.policy.scoring import Sheet, mean_score, read_sheet
from ocop_workflow.services.council_case import (
    CouncilError,
    before_council,
    check_permitted,
    council_of,
    criteria_set_of,
    record,
    session_held,
)
from ocop_workflow.services.council_sessions import Opening, SessionKind, open_session
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.events import details_of, event_of_command
from ocop_workflow.services.session_rows import interested_in, open_session_of, sheets_of_session
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Dossier

Sheets = Mapping[str, Mapping[str, Decimal]]
"""Points by part id, or by criterion code, by member."""


def record_sheets(
    work: UnitOfWork,
    dossier: Dossier,
    sheets: Sheets,
    *,
    actor: str,
    opening: Opening = Opening(),  # noqa: B008 -- frozen
    from_paper: bool = False,
    command: str | None = None,
) -> int:
    """Open the next numbered session and record its score sheets.

    Args:
        work: The unit of work.
        dossier: Received or under review at a stage that a council judges.
        sheets: The members' sheets.
        actor: Who enters them: the council's secretary or the office.
        opening: How the session is opened. Without a kind, one that was opened and has no sheets yet takes them.
        from_paper: Whether they are typed from signed paper.
        command: Makes the act idempotent.

    Returns:
        The session's number.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: The actor neither decides at this stage nor is the office.
        ScoreOutOfRangeError: There is no sheet, or one does not fit the parts of the rule set.
        CriteriaError: Points by criterion don't fit the product's criteria.
        CouncilError: The session can't be opened, or a sheet is of somebody who does not score this product.
    """
    done = event_of_command(work.session, command)
    if done is not None:
        return int(details_of(done)["session"])
    held = open_session_of(work.session, dossier)
    if held is None or opening.kind is not None or sheets_of_session(work.session, held):
        held = open_session(work, dossier, opening, actor=actor)
    return _enter(work, dossier, sheets, held, actor=actor, from_paper=from_paper, command=command)


def add_sheets(
    work: UnitOfWork,
    dossier: Dossier,
    sheets: Sheets,
    *,
    actor: str,
    from_paper: bool = False,
    command: str | None = None,
) -> int:
    """Record score sheets in the session that is being held, as one act; a sheet that is in stays as it is.

    A member whose seat names a position may enter the own sheet. Arguments, result and errors as in `record_sheets`.
    """
    done = event_of_command(work.session, command)
    if done is not None:
        return int(details_of(done)["session"])
    return _enter(work, dossier, sheets, None, actor=actor, from_paper=from_paper, command=command)


def _enter(
    work: UnitOfWork,
    dossier: Dossier,
    sheets: Sheets,
    held: CouncilSession | None,
    *,
    actor: str,
    from_paper: bool,
    command: str | None,
) -> int:
    """Record sheets in the session `held`, or in the one that is being held where it is None; return its number."""
    case = before_council(work, dossier)
    check_permitted(case, actor, seats=tuple(sheets) if len(sheets) == 1 else ())
    criteria_set = criteria_set_of(case)
    read = {member: read_sheet(points, case.book.rule_set.parts, criteria_set) for member, points in sheets.items()}
    mean_score([sheet.total for sheet in read.values()])  # refuses an act without sheets
    held = held or session_held(work, case)
    if held.kind == SessionKind.WRITTEN:
        raise CouncilError("written_held", rule=case.rule(), number=held.number)
    _check_members(work, case, held, read)
    work.session.execute(
        insert(SQLModel.metadata.tables["score_sheet"]),
        [
            {
                "id": work.ids.new("sheet", f"{dossier.key}|{held.stage}|{held.number}|{member}"),
                "dossier_id": dossier.id,
                "stage": held.stage,
                "session": held.number,
                "member": member,
                "points": as_text(sheet.parts),
                "criteria": as_text(sheet.criteria),
                "total": str(sheet.total),
                "entered_by": actor,
                "from_paper": from_paper,
                "recorded_at": work.now,
            }
            for member, sheet in read.items()
        ],
    )
    details = _details(held, read, from_paper=from_paper)
    record(work, case, "scores_recorded", details, actor=actor, command=command)
    return held.number


def _check_members(work: UnitOfWork, case: DossierCase, held: CouncilSession, sheets: Mapping[str, Sheet]) -> None:
    council = council_of(case)
    present = {sheet.member for sheet in sheets_of_session(work.session, held)}
    twice = sorted(present & set(sheets))
    if twice:
        raise CouncilError("sheet_twice", rule=case.rule(), member=twice[0], number=held.number)
    if council is None:
        return
    interested = interested_in(work.session, case.dossier.id, held.stage)
    for member in sheets:
        refusal = sheet_refusal(council, member, interested)
        if refusal is not None:
            raise CouncilError(refusal.code, rule=council.source, **refusal.params)
    together, most = len(present) + len(sheets), len(scoring_names(council))
    if together > most:
        stage = case.stage.title.model_dump()
        raise CouncilError("too_many_sheets", rule=council.source, given=together, stage=stage, members=most)


def _details(held: CouncilSession, sheets: Mapping[str, Sheet], *, from_paper: bool) -> dict[str, Any]:
    details: dict[str, Any] = {
        "stage": held.stage,
        "session": held.number,
        "totals": {member: str(sheet.total) for member, sheet in sheets.items()},
        "points": {member: as_text(sheet.parts) for member, sheet in sheets.items()},
        "from_paper": from_paper,
    }
    criteria = {member: as_text(sheet.criteria) for member, sheet in sheets.items() if sheet.criteria}
    return {**details, "criteria": criteria} if criteria else details


def as_text(points: Mapping[str, Decimal]) -> dict[str, str]:
    """Return points as they are stored: exact decimals as text."""
    return {code: str(value) for code, value in points.items()}

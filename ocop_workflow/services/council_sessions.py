"""Acts of a council before it concludes: a session is opened, interests are declared, findings recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from ocop_workflow.clock import local_day
from ocop_workflow.policy.criteria_sheets import findings_for, with_implied
from ocop_workflow.services.council_case import (
    CouncilError,
    before_council,
    check_permitted,
    council_of,
    criteria_set_of,
    gates_of,
    record,
    session_held,
)
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.events import event_of_command
from ocop_workflow.services.session_rows import (
    being_held,
    end_opinion_duties,
    interested_in,
    open_session_of,
    sessions_of,
    sheets_of_session,
    supersede,
)
from ocop_workflow.services.titles import in_both
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilInterest, CouncilSession, Dossier


class SessionKind(StrEnum):
    """Why a session is held."""

    ORDINARY = "ordinary"
    SECOND = "second"
    RE_SCORE = "re-score"
    RE_EVALUATION = "re-evaluation"
    REDO = "redo"
    WRITTEN = "written"


FOLLOWING = frozenset({SessionKind.SECOND, SessionKind.RE_SCORE})
"""Kinds that go on where the session that is being held stops."""

ORDERED = frozenset({SessionKind.RE_EVALUATION, SessionKind.REDO})
"""Kinds that rest on somebody else's paper: the ministry's result, a superior's order."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is said when a session is opened.

    Attributes:
        kind: Why it is held; without it an ordinary session, or a second one where one is being held.
        held_on: The day on which it was held; today when None.
        document: The number of the paper that a re-evaluation or redo rests on.
        reason: Why it is needed, in free text, kept beside the event.
    """

    kind: SessionKind | None = None
    held_on: date | None = None
    document: str | None = None
    reason: str | None = None


def open_session(
    work: UnitOfWork, dossier: Dossier, opening: Opening, *, actor: str, command: str | None = None
) -> CouncilSession:
    """Open the next numbered session of the dossier's present stage; one that is being held is superseded by it.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: The actor neither decides at this stage nor is the office.
        CouncilError: The kind does not follow from what was held before, its paper is missing, the day is wrong, or
            the product's criteria set is not named.
    """
    done = event_of_command(work.session, command)
    if done is not None:
        return next(row for row in sessions_of(work.session, dossier.id) if row.opened_seq == done.seq)
    case = before_council(work, dossier)
    check_permitted(case, actor)
    criteria_set_of(case)
    held_on = opening.held_on or local_day(work.now)
    open_before = open_session_of(work.session, dossier)
    kind = opening.kind or (SessionKind.ORDINARY if open_before is None else SessionKind.SECOND)
    _check_opening(work.session, case, kind, opening, open_before)
    if not local_day(dossier.stage_at) <= held_on <= local_day(work.now):
        raise CouncilError(
            "session_day",
            rule=case.rule(),
            held_on=held_on.isoformat(),
            stage=case.stage.title.model_dump(),
            since_on=local_day(dossier.stage_at).isoformat(),
        )
    return add_session(work, case, kind, replace(opening, held_on=held_on), actor=actor, command=command)


def add_session(
    work: UnitOfWork,
    case: DossierCase,
    kind: SessionKind,
    opening: Opening,
    *,
    actor: str,
    command: str | None = None,
) -> CouncilSession:
    """Add the next session of the present stage with its event; one that is being held is superseded by it.

    Raises:
        CouncilError: The product's criteria set is not named.
    """
    dossier, criteria_set = case.dossier, criteria_set_of(case)
    held_on = opening.held_on or local_day(work.now)
    before = sessions_of(work.session, dossier.id, stage=dossier.stage)
    open_before = being_held(before)
    if open_before is not None:
        supersede(work, dossier, open_before)
    number = len(before) + 1
    details: dict[str, Any] = {
        "stage": dossier.stage,
        "session": number,
        "kind": kind.value,
        "held_on": held_on.isoformat(),
    }
    if opening.document is not None:
        details["document"] = opening.document
    if criteria_set is not None:
        details["criteria_set"] = criteria_set.number
    record(work, case, "session_opened", details, actor=actor, text=opening.reason, command=command)
    session = CouncilSession(
        id=work.ids.new("council-session", f"{dossier.key}|{dossier.stage}|{number}"),
        dossier_id=dossier.id,
        stage=dossier.stage,
        number=number,
        kind=kind.value,
        held_on=held_on,
        document=opening.document,
        rule_set_hash=dossier.rule_set_hash,
        criteria_set=criteria_set.number if criteria_set else None,
        opened_seq=dossier.version,
    )
    work.session.add(session)
    work.session.flush()
    return session


def declare_interest(work: UnitOfWork, dossier: Dossier, member: str, *, actor: str, text: str | None = None) -> None:
    """Record that a member of the council has an interest in the product, and so does not score it at this stage.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: The actor is neither the member, nor who decides here, nor the office.
        CouncilError: The council has no such member.
    """
    case = before_council(work, dossier)
    council = council_of(case)
    check_permitted(case, actor, seats=(member,))
    if council is not None and council.seats and member not in {seat.id for seat in council.seats}:
        known = ", ".join(seat.id for seat in council.seats)
        raise CouncilError("no_seat", rule=council.source, member=member[:80], known=known)
    if member in interested_in(work.session, dossier.id, dossier.stage):
        return
    record(work, case, "interest_declared", {"stage": dossier.stage, "member": member}, actor=actor, text=text)
    key = f"{dossier.key}|{dossier.stage}|{member}"
    work.session.add(
        CouncilInterest(
            id=work.ids.new("interest", key),
            dossier_id=dossier.id,
            stage=dossier.stage,
            member=member,
            declared_at=work.now,
        )
    )
    end_opinion_duties(work, dossier, member=member)
    work.session.flush()


def record_findings(
    work: UnitOfWork,
    dossier: Dossier,
    findings: Mapping[str, bool],
    *,
    actor: str,
    reached: Mapping[str, Decimal] | None = None,
) -> CouncilSession:
    """Record the council's yes or no for gates with the session that is being held.

    A later finding for the same gate replaces the one before until the stage is concluded; both stay on record.

    Args:
        work: The unit of work.
        dossier: Before a council.
        findings: Yes or no by gate id. Within a criterion a yes meets the lower gates too, a no denies the higher.
        actor: Who decides here, or the office.
        reached: The points of the option that a criterion of the product's set reaches, by criterion code.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
        NotPermittedError: The actor neither decides at this stage nor is the office.
        CouncilError: No session is being held, or there is no such gate.
        CriteriaError: A criterion has no gate or no such option, or findings on it contradict each other.
    """
    case = before_council(work, dossier)
    check_permitted(case, actor)
    held = session_held(work, case)
    gates = [gate.id for gate in gates_of(case)]
    unknown = sorted(set(findings) - set(gates))
    if unknown or not (findings or reached):
        raise CouncilError(
            "gate_unknown" if gates else "no_gates",
            rule=case.rule(),
            gate=unknown[0][:80] if unknown else "–",
            rule_set=case.book.rule_set.id,
            known=", ".join(gates),
        )
    criteria_set = criteria_set_of(case)
    found = dict(findings)
    if criteria_set is not None:
        found = with_implied(criteria_set, found)
        of_criteria = findings_for(criteria_set, reached or {})
        twice = sorted(gate for gate in of_criteria if found.get(gate, of_criteria[gate]) != of_criteria[gate])
        if twice:
            raise CouncilError("gate_twice", rule=criteria_set.source, gate=twice[0])
        found |= of_criteria
    elif reached:
        raise CouncilError("no_criteria_sets", rule=case.rule(), rule_set=case.book.rule_set.id)
    details = {"stage": dossier.stage, "session": held.number, "findings": found}
    record(work, case, "findings_recorded", details, actor=actor)
    held.findings = {**held.findings, **found}
    work.session.add(held)
    work.session.flush()
    return held


def _check_opening(
    session: Session, case: DossierCase, kind: SessionKind, opening: Opening, before: CouncilSession | None
) -> None:
    if kind is SessionKind.WRITTEN:
        raise CouncilError("written_is_opened_so", rule=case.rule())
    if before is not None and before.kind == SessionKind.WRITTEN and kind not in ORDERED:
        raise CouncilError("written_held", rule=case.rule(), number=before.number)
    told: dict[str, Any] = {"stage": case.stage.title.model_dump(), "kind": in_both(f"session.kind.{kind}")}
    if kind in ORDERED and not (opening.document and opening.reason):
        raise CouncilError("session_document", rule=case.rule(), **told)
    if kind in FOLLOWING and (before is None or not sheets_of_session(session, before)):
        raise CouncilError("nothing_to_follow", rule=case.rule(), **told)
    if kind is SessionKind.ORDINARY and before is not None:
        others = ", ".join(sorted({*FOLLOWING, *ORDERED}))
        raise CouncilError("session_held", rule=case.rule(), number=before.number, kinds=others, **told)

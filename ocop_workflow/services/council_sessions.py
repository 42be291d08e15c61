"""Acts of a council before it concludes: a session is opened, interests are declared, findings recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.criteria_sheets import council_gates, findings_for, with_implied
from ocop_workflow.policy.plan import Council
from ocop_workflow.policy.route import position_of
from ocop_workflow.policy.rule_set import Gate
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossiers import NotPermittedError
from ocop_workflow.services.events import Act, append_event, event_of_command
from ocop_workflow.services.session_rows import (
    SessionState,
    interested_in,
    open_session_of,
    sessions_of,
    sheets_of_session,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilInterest, CouncilSession, Dossier
from state_machines.dossier import DossierStatus


class NotJudgedSoError(InputError):
    """The stage is judged the other way: by a council's sheets, or by the office's verdict."""


class CouncilError(InputError):
    """What the council did does not make a session, or a session that can decide."""


class SessionKind(StrEnum):
    """Why a session is held."""

    ORDINARY = "ordinary"
    SECOND = "second"
    RE_SCORE = "re-score"
    RE_EVALUATION = "re-evaluation"
    REDO = "redo"


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
    criteria_set = criteria_set_of(case)
    held_on = opening.held_on or local_day(work.now)
    open_before = open_session_of(work.session, dossier)
    kind = opening.kind or (SessionKind.ORDINARY if open_before is None else SessionKind.SECOND)
    _check_opening(work.session, dossier, kind, opening, open_before)
    if not local_day(dossier.stage_at) <= held_on <= local_day(work.now):
        raise CouncilError(
            f"a session of {held_on:%d/%m/%Y} was not held here; the dossier is at {dossier.stage} since "
            f"{local_day(dossier.stage_at):%d/%m/%Y}, and a session is recorded when it was held"
        )
    if open_before is not None:
        open_before.state = SessionState.SUPERSEDED
        work.session.add(open_before)
        work.session.flush()
    number = len(sessions_of(work.session, dossier.id, stage=dossier.stage)) + 1
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
    check_permitted(case, actor, of_members=(member,))
    if council is not None and council.seats and member not in {seat.id for seat in council.seats}:
        known = ", ".join(seat.id for seat in council.seats)
        raise CouncilError(f"{member[:80]} has no seat in the council of {dossier.stage}; its members are {known}")
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
    held = session_held(work, dossier)
    gates = [gate.id for gate in gates_of(case)]
    unknown = sorted(set(findings) - set(gates))
    if unknown or not (findings or reached):
        named = unknown[0][:80] if unknown else "nothing"
        raise CouncilError(f"{named} is no gate of {case.book.rule_set.id}; known are {', '.join(gates) or 'none'}")
    criteria_set = criteria_set_of(case)
    found = dict(findings)
    if criteria_set is not None:
        found = with_implied(criteria_set, found)
        of_criteria = findings_for(criteria_set, reached or {})
        twice = sorted(gate for gate in of_criteria if found.get(gate, of_criteria[gate]) != of_criteria[gate])
        if twice:
            raise CouncilError(f"gate {twice[0]} is met by one of the answers and not by another; keep one of them")
        found |= of_criteria
    elif reached:
        raise CouncilError(f"{case.book.rule_set.id} has no criteria sets; say which gates are met")
    details = {"stage": dossier.stage, "session": held.number, "findings": found}
    record(work, case, "findings_recorded", details, actor=actor)
    held.findings = {**held.findings, **found}
    work.session.add(held)
    work.session.flush()
    return held


def before_council(work: UnitOfWork, dossier: Dossier) -> DossierCase:
    """Return the case of a dossier that is before the council now.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
    """
    case = case_of(work, dossier)
    if case.stage.judged_by == "nobody":
        raise NotJudgedSoError(f"{case.stage.id} passes the dossier on and judges nothing; it takes no score sheets")
    if case.stage.judged_by != "council":
        raise NotJudgedSoError(f"{case.stage.id} is decided by verdict; give --verdict instead of score sheets")
    if dossier.status not in (DossierStatus.RECEIVED, DossierStatus.UNDER_REVIEW):
        raise NotJudgedSoError(f"a dossier that is {dossier.status} is not before the council; receive it first")
    return case


def session_held(work: UnitOfWork, dossier: Dossier) -> CouncilSession:
    """Return the session that is being held.

    Raises:
        CouncilError: There is none since the dossier came before the council.
    """
    held = open_session_of(work.session, dossier)
    if held is None:
        raise CouncilError(f"no session was opened at {dossier.stage} since the dossier came before the council")
    return held


def council_of(case: DossierCase) -> Council | None:
    """Return the plan's council of the case's stage, or None where the plan says nothing of it."""
    return case.book.plan.councils.get(case.stage.id)


def gates_of(case: DossierCase) -> tuple[Gate, ...]:
    """Return the gates that the council finds on for this product: the rule set's and those of its criteria.

    Raises:
        CouncilError: The product's criteria set is not named.
    """
    return council_gates(case.book.rule_set, criteria_set_of(case))


def criteria_set_of(case: DossierCase) -> CriteriaSet | None:
    """Return the criteria on which the product is scored; None where its rule set has no criteria sets.

    Raises:
        CouncilError: There are criteria sets, and the dossier names none: a council can't score without its criteria.
    """
    number = case.dossier.criteria_set
    if case.book.criteria and number is None:
        raise CouncilError(
            f"{case.dossier.key} names none of the criteria sets of {case.book.rule_set.id}; name the one that the "
            "product is scored on with `ocop dossier scores criteria DOSSIER SET`"
        )
    return None if number is None else case.book.criteria[number]


def check_permitted(case: DossierCase, actor: str, *, of_members: tuple[str, ...] = ()) -> None:
    """Refuse whoever neither decides here nor is the office, nor holds the seat of the only member concerned.

    Raises:
        NotPermittedError: The actor is somebody else.
    """
    permitted = {case.party(case.stage.decided_by), case.cycle.office_position}
    council = council_of(case)
    if council is not None and len(of_members) == 1:
        permitted |= {
            position_of(seat.position, units=case.book.units, unit=case.product.unit_id)
            for seat in council.seats
            if seat.id == of_members[0] and seat.position is not None
        }
    if actor not in permitted:
        raise NotPermittedError(
            f"{actor} may not score at {case.stage.id}; that is for {' or '.join(sorted(permitted))}"
        )


def record(
    work: UnitOfWork,
    case: DossierCase,
    action: str,
    details: Mapping[str, Any],
    *,
    actor: str,
    text: str | None = None,
    command: str | None = None,
) -> None:
    """Append one act of the council to the dossier's stream and raise its version."""
    case.dossier.version += 1
    act = Act(actor=actor, action=action, rule=case.stage.source, details=details, text=text, command=command)
    append_event(work, stream=case.stream, seq=case.dossier.version, cycle_id=case.cycle.id, act=act)
    work.session.add(case.dossier)


def _check_opening(
    session: Session, dossier: Dossier, kind: SessionKind, opening: Opening, before: CouncilSession | None
) -> None:
    if kind in ORDERED and not (opening.document and opening.reason):
        raise CouncilError(f"a {kind} rests on a decision; give the number of its document and the reason")
    if kind in FOLLOWING and (before is None or not sheets_of_session(session, before)):
        raise CouncilError(f"no session with sheets is being held at {dossier.stage}; a {kind} session follows one")
    if kind is SessionKind.ORDINARY and before is not None:
        raise CouncilError(
            f"session {before.number} of {dossier.stage} is being held; conclude it, or open one of another kind: "
            f"{', '.join(sorted({*FOLLOWING, *ORDERED}))}"
        )

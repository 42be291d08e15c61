"""A dossier before its council: on which criteria it is scored, who may act for the council, how an act is recorded."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.criteria_sheets import council_gates
from ocop_workflow.policy.plan import Council
from ocop_workflow.policy.route import position_of
from ocop_workflow.policy.rule_set import Gate
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossiers import NotPermittedError
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.session_rows import open_session_of
from ocop_workflow.services.titles import any_of, status_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Dossier
from state_machines.dossier import DossierStatus


class NotJudgedSoError(RefusedError):
    """The stage is judged the other way: by a council's sheets, or by the office's verdict."""


class CouncilError(RefusedError):
    """What the council did does not make a session, or a session that can decide."""


def before_council(work: UnitOfWork, dossier: Dossier) -> DossierCase:
    """Return the case of a dossier that is before the council now.

    Raises:
        NotJudgedSoError: No council judges this stage, or the dossier is not before the council.
    """
    case = case_of(work, dossier)
    stage = case.stage.title.model_dump()
    if case.stage.judged_by == "nobody":
        raise NotJudgedSoError("judges_nothing", rule=case.rule(), stage=stage)
    if case.stage.judged_by != "council":
        raise NotJudgedSoError("by_verdict", rule=case.rule(), stage=stage)
    if dossier.status not in (DossierStatus.RECEIVED, DossierStatus.UNDER_REVIEW):
        status = status_title(dossier.status)
        raise NotJudgedSoError("not_before_council", rule=case.rule(), stage=stage, status=status)
    return case


def session_held(work: UnitOfWork, case: DossierCase) -> CouncilSession:
    """Return the session that is being held.

    Raises:
        CouncilError: There is none since the dossier came before the council.
    """
    held = open_session_of(work.session, case.dossier)
    if held is None:
        raise CouncilError("no_session", rule=case.rule(), stage=case.stage.title.model_dump())
    return held


def council_of(case: DossierCase) -> Council | None:
    """Return the plan's council of the case's stage, or None where the plan says nothing of it."""
    return case.book.plan.councils.get(case.stage.id)


def position_of_seat(case: DossierCase, council: Council, member: str) -> str | None:
    """Return the position whose holder sits there, or None where the plan names none."""
    position = next((seat.position for seat in council.seats if seat.id == member), None)
    if position is None:
        return None
    return position_of(position, units=case.book.units, unit=case.dossier.unit_id)


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
            "criteria_set_missing", rule=case.rule(), dossier=case.dossier.key, rule_set=case.book.rule_set.id
        )
    return None if number is None else case.book.criteria[number]


def check_permitted(case: DossierCase, actor: str, *, seats: Collection[str] = ()) -> None:
    """Refuse whoever neither decides here nor is the office, nor holds one of these seats of the council.

    Raises:
        NotPermittedError: The actor is somebody else.
    """
    permitted = {case.party(case.stage.decided_by), case.cycle.office_position}
    council = council_of(case)
    if council is not None:
        held = (position_of_seat(case, council, seat) for seat in seats)
        permitted |= {position for position in held if position is not None}
    if actor not in permitted:
        raise NotPermittedError(
            "not_to_score",
            rule=case.rule(),
            actor=actor,
            stage=case.stage.title.model_dump(),
            permitted=any_of(permitted),
        )


def record(
    work: UnitOfWork,
    case: DossierCase,
    action: str,
    details: Mapping[str, Any],
    *,
    actor: str,
    rule: str | None = None,
    effective_at: datetime | None = None,
    text: str | None = None,
    command: str | None = None,
) -> None:
    """Append one act of the council to the dossier's stream and raise its version."""
    case.dossier.version += 1
    act = Act(
        actor=actor,
        action=action,
        rule=rule or case.stage.source,
        details=details,
        effective_at=effective_at,
        text=text,
        command=command,
    )
    append_event(work, stream=case.stream, seq=case.dossier.version, cycle_id=case.cycle.id, act=act)
    work.session.add(case.dossier)

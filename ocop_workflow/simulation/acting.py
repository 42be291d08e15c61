"""Carrying out a scripted act through the same services that real people's acts go through."""

from datetime import timedelta

from sqlalchemy import bindparam
from sqlmodel import col, select

from ocop_workflow.clock import local_day
from ocop_workflow.policy.route import CERTIFICATE, PRODUCER
from ocop_workflow.policy.scoring import read_sheet, spread_of
from ocop_workflow.services.certificate_acts import Issue, issue_certificate
from ocop_workflow.services.council_case import council_of, gates_of
from ocop_workflow.services.council_sessions import Opening, SessionKind, record_findings
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_criteria import name_criteria_set
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import command_done
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.plan_tasks import approve_task, complete_task
from ocop_workflow.services.reports import file_report, reporter_of
from ocop_workflow.services.score_sheets import Sheets, record_sheets
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.simulation.acts import ActKind, ScriptedAct
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation, PlanTask, Product, Report
from state_machines.dossier import DossierTrigger

_TRIGGERS = {
    ActKind.SUBMIT: DossierTrigger.SUBMIT,
    ActKind.RECEIVE: DossierTrigger.RECEIVE,
    ActKind.RETURN: DossierTrigger.RETURN,
    ActKind.WITHDRAW: DossierTrigger.WITHDRAW,
}

_NUMBERED = (
    select(Dossier, Product)
    .join(Product, col(Product.id) == col(Dossier.product_id))
    .where(col(Dossier.key) == bindparam("key"))
)
_KEYED = select(Obligation).where(
    col(Obligation.cycle_id) == select(Cycle.id).where(col(Cycle.key) == bindparam("cycle")).scalar_subquery(),
    col(Obligation.key) == bindparam("key"),
)


def carry_out(work: UnitOfWork, act: ScriptedAct) -> None:
    """Carry one act out; a second time nothing happens.

    Raises:
        OcopError: The service refuses, as it would refuse a real person.
    """
    match act.kind:
        case ActKind.FILE_REPORT:
            _file_report(work, act)
        case ActKind.APPROVE_TASK:
            task = _task(work, act)
            approver = _who_answers(work, task, task.approver or "")
            approve_task(work, task, actor=approver, command=act.command, **act.details)
        case ActKind.COMPLETE_TASK:
            task = _task(work, act)
            complete_task(work, task, actor=_who_answers(work, task, task.lead), command=act.command)
        case ActKind.EXTEND:
            _extend(work, act)
        case ActKind.CONCLUDE:
            _conclude(work, act)
        case ActKind.CERTIFY:
            _certify(work, act)
        case ActKind.SUBMIT | ActKind.RECEIVE | ActKind.RETURN | ActKind.WITHDRAW:
            _apply(work, act)


def _apply(work: UnitOfWork, act: ScriptedAct) -> None:
    dossier = _dossier(work, act)
    actor = dossier.responsible or ""
    if act.kind is ActKind.WITHDRAW:
        actor = f"{PRODUCER}:{work.session.get_one(Product, dossier.product_id).producer_id}"
    request = Request(_TRIGGERS[act.kind], actor, details=act.details, command=act.command)
    apply_trigger(work, dossier, request)


def _conclude(work: UnitOfWork, act: ScriptedAct) -> None:
    if command_done(work.session, act.command):  # else the sheets would be recorded once more
        return
    dossier = _dossier(work, act)
    actor = dossier.responsible or ""
    if act.sheets is not None:
        _score(work, dossier, act.sheets, actor, f"{act.command}/sheets")
    ground = act.details.get("ground")
    conclude(work, dossier, actor=actor, verdict=act.verdict, ground=ground, command=act.command)


def _score(work: UnitOfWork, dossier: Dossier, sheets: Sheets, actor: str, command: str) -> None:
    """Record a scripted session: every gate is met; members too far apart keep their points when scoring anew.

    A product that no list gave a criteria set is scored on the first one.
    """
    case = case_of(work, dossier)
    if case.book.criteria and dossier.criteria_set is None:
        name_criteria_set(work, dossier, min(case.book.criteria), actor=actor)
    record_sheets(work, dossier, sheets, actor=actor, command=command)
    council = council_of(case)
    spread = spread_of([read_sheet(points, case.book.rule_set.parts).total for points in sheets.values()])
    if council is not None and council.max_spread is not None and spread > council.max_spread:
        record_sheets(work, dossier, sheets, actor=actor, opening=Opening(SessionKind.RE_SCORE))
    gates = gates_of(case)
    if gates:
        record_findings(work, dossier, {gate.id: True for gate in gates}, actor=actor)


def _certify(work: UnitOfWork, act: ScriptedAct) -> None:
    """Issue the certificate that is owed since the recognition; nothing where so few stars get none."""
    dossier = _dossier(work, act)
    if not any(owed.step == CERTIFICATE for owed in open_obligations_of(work.session, dossier.id)):
        return
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    number = f"{dossier.key.rpartition('/')[2]}/GCN-{cycle.year}"
    issue = Issue(number, f"{number}-QĐ", local_day(work.now), cycle.office_position, act.command)
    issue_certificate(work, dossier, issue)


def _extend(work: UnitOfWork, act: ScriptedAct) -> None:
    if command_done(work.session, act.command):  # what was extended may be done by now
        return
    dossier = _dossier(work, act)
    obligation = work.session.exec(
        select(Obligation).where(
            col(Obligation.subject_id) == dossier.id,
            col(Obligation.step) == act.details["step"],
            col(Obligation.status) == "open",
        )
    ).one()
    due_at = obligation.due_at or work.now
    extension = Extension(
        due_at=due_at + timedelta(days=int(act.details["days"])),
        reason="Chủ thể bị mưa bão làm hỏng nhà xưởng",
        decision="01/QĐ-GH",
        actor=work.session.get_one(Cycle, dossier.cycle_id).office_position,
        command=act.command,
    )
    extend(work, obligation, extension)


def _file_report(work: UnitOfWork, act: ScriptedAct) -> None:
    obligation = _obligation(work, act)
    report = work.session.get_one(Report, obligation.subject_id)
    file_report(work, report, actor=reporter_of(work, report), figures=act.figures, command=act.command)


def _task(work: UnitOfWork, act: ScriptedAct) -> PlanTask:
    return work.session.get_one(PlanTask, _obligation(work, act).subject_id)


def _who_answers(work: UnitOfWork, task: PlanTask, planned: str) -> str:
    """Return the position that has taken over from the one that was planned for a task."""
    cycle = work.session.get_one(Cycle, task.cycle_id)
    return work.books.of_cycle(work.session, cycle).units.successor_of(planned)


def _obligation(work: UnitOfWork, act: ScriptedAct) -> Obligation:
    """Return the obligation with the act's key, which begins with its cycle's: plan and year."""
    cycle_key = "/".join(act.subject.split("/", 2)[:2])
    return work.session.exec(_KEYED, params={"cycle": cycle_key, "key": act.subject}).one()


def _dossier(work: UnitOfWork, act: ScriptedAct) -> Dossier:
    """Return the dossier with the act's number; its product, which every act asks for, is read with it."""
    dossier, _product = work.session.exec(_NUMBERED, params={"key": act.subject}).one()
    return dossier

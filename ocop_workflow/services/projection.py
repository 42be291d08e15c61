"""From an open cycle's documents to rows: products with their dossiers, reports of all periods, plan tasks.

Everything here has a natural key, so projecting again adds only what is missing.
"""

from dataclasses import replace
from datetime import UTC, timedelta

from sqlalchemy import bindparam, func
from sqlmodel import col, select

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.policy.approvals import APPROVAL, approval_due
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.date_expressions import Firmness
from ocop_workflow.policy.eligibility import ProducerStanding
from ocop_workflow.policy.plan import PlanTask as PlannedTask
from ocop_workflow.policy.plan import Round
from ocop_workflow.policy.report_turns import ReportTurn
from ocop_workflow.policy.route import PRODUCER, position_of
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.services.dossiers import begin
from ocop_workflow.services.eligibility import refusal
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.links import issue_link
from ocop_workflow.services.obligations import PLAN_TASK, REPORT, Duty, open_obligation, resolve
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.producer_register import (
    FORM_RECORDED,
    busy_products,
    details_of_form,
    producer_named,
    product_named,
    record_form,
    standings_known,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    PlanTask,
    Producer,
    Product,
    Report,
)
from state_machines.dossier import DossierStatus
from state_machines.plan_task import TaskStatus
from state_machines.report import ReportStatus

UNKNOWN = ProducerStanding()
"""The standing of a producer of whom nothing is recorded but the name."""

_DOSSIERS = select(Dossier.key).where(col(Dossier.cycle_id) == bindparam("cycle"))
_REPORTS = select(Report.duty_id, Report.period_id, Report.unit_id).where(col(Report.cycle_id) == bindparam("cycle"))
_TASKS = select(func.count()).select_from(PlanTask).where(col(PlanTask.cycle_id) == bindparam("cycle"))


def missing_products(work: UnitOfWork, cycle: Cycle) -> list[str]:
    """Return the keys of planned products that have no dossier in the cycle's first round yet, but could.

    A product whose dossier of another cycle is still open, or that was recognised, split or merged, gets no second
    first dossier; nor does one of a producer who has closed or may not take part.
    """
    book = work.books.of_cycle(work.session, cycle)
    if not book.cycle_year.rounds:
        return []
    present = set(work.session.exec(_DOSSIERS, params={"cycle": cycle.id}))
    round_ = book.cycle_year.rounds[0]
    missing = [product for product in book.products if _dossier_key(cycle, round_, product) not in present]
    if not missing:
        return []
    busy, standings = busy_products(work.session), standings_known(work.session)
    rules = work.books.of_round(work.session, cycle, round_.id).rule_set
    today = local_day(work.now)
    return [
        product.key
        for product in missing
        if (product.unit, product.producer, product.name) not in busy
        and refusal(rules, standings.get((product.unit, product.producer), UNKNOWN), group=product.group, on=today)
        is None
    ]


def are_duties_missing(work: UnitOfWork, cycle: Cycle) -> bool:
    """Return whether a report or plan task of the cycle's year has no row yet."""
    book = work.books.of_cycle(work.session, cycle)
    tasks = sum(len(task.dates) for task in book.cycle_year.tasks)
    there = work.session.exec(_TASKS, params={"cycle": cycle.id}).one()
    return there != tasks or bool(missing_reports(work, cycle, book))


def missing_reports(work: UnitOfWork, cycle: Cycle, book: Rulebook) -> list[ReportTurn]:
    """Return the turns of a cycle's report duties that have no row yet.

    A row whose turn is gone stays: what a unit owed before it ended is on record.
    """
    there = set(work.session.exec(_REPORTS, params={"cycle": cycle.id}))
    return [turn for key, turn in book.report_turns().items() if key not in there]


def register_products(work: UnitOfWork, cycle: Cycle, keys: list[str], *, actor: str) -> int:
    """Register planned products with their producers and open a first dossier for each; return how many."""
    if not keys:  # a plan may have no round at all
        return 0
    round_ = work.books.of_cycle(work.session, cycle).cycle_year.rounds[0]
    book = work.books.of_round(work.session, cycle, round_.id)
    planned = {product.key: product for product in book.products}
    for key in keys:
        register_product(work, cycle, book, round_, planned[key], actor=actor)
    return len(keys)


def register_product(
    work: UnitOfWork, cycle: Cycle, book: Rulebook, round_: Round, planned: PlannedProduct, *, actor: str
) -> Dossier:
    """Register one product and its producer where they are new, and open its dossier with a status link.

    `book` is the round's.
    """
    producer = producer_of(work, planned)
    if producer.form is None and planned.producer_form is not None:
        details = details_of_form(planned.producer_form, planned.registered_on)
        act = Act(actor, FORM_RECORDED, rule=planned.source, details=details)
        record_form(work, producer, planned.producer_form, planned.registered_on, act)
    product = product_of(work, planned, producer)
    stage = book.stages(round_.id, DossierKind.FIRST)[0]
    key = _dossier_key(cycle, round_, planned)
    opens_at = max(work.now, start_of_day(round_.opens_on))
    dossier = Dossier(
        id=work.ids.new("dossier", key),
        key=key,
        cycle_id=cycle.id,
        round_id=round_.id,
        product_id=product.id,
        kind=DossierKind.FIRST.value,
        rule_set_hash=cycle.round_rule_sets.get(round_.id, cycle.rule_set_hash),
        planned_level=planned.planned_level,
        criteria_set=planned.criteria_set if planned.criteria_set in book.criteria else None,
        stage=stage.id,
        status=DossierStatus.AWAITING_SUBMISSION.value,
        opened_at=opens_at,
        stage_at=start_of_day(round_.opens_on),  # what came on paper before the registration counts from its receipt
    )
    work.session.add(dossier)
    with work.session.no_autoflush:  # the dossier, its first duty and its link are written together
        begin(work, cycle, book, dossier, product, actor=actor)
        issue_link(work, dossier, recipient=f"{PRODUCER}:{product.producer_id}", actor=actor)
    return dossier


def project_reports(work: UnitOfWork, cycle: Cycle, *, actor: str) -> int:
    """Create every period's report of every duty that is missing, ahead of time; return how many were new."""
    book = work.books.of_cycle(work.session, cycle)
    missing = missing_reports(work, cycle, book)
    for turn in missing:
        reporter = position_of(turn.duty.reporters, units=book.units, unit=turn.unit)
        _add_report(work, cycle, book, turn, reporter=reporter, actor=actor)
    return len(missing)


def project_tasks(work: UnitOfWork, cycle: Cycle, *, actor: str) -> int:
    """Create every occurrence of every dated task that is missing; return how many were new."""
    book = work.books.of_cycle(work.session, cycle)
    present = set(
        work.session.exec(select(PlanTask.task_id, PlanTask.occurrence).where(col(PlanTask.cycle_id) == cycle.id))
    )
    new = 0
    for task in book.cycle_year.tasks:
        for occurrence in range(1, len(task.dates) + 1):
            if (task.id, occurrence) not in present:
                _add_task(work, cycle, book, task, occurrence, actor=actor)
                new += 1
    return new


def _dossier_key(cycle: Cycle, round_: Round, planned: PlannedProduct) -> str:
    return f"{cycle.key}/{round_.id}/{planned.key}"


def producer_of(work: UnitOfWork, planned: PlannedProduct) -> Producer:
    """Return the producer of a listed product, registered now where it is new."""
    found = producer_named(work.session, planned.unit, planned.producer)
    if found is not None:
        return found
    new = Producer(
        id=work.ids.new("producer", f"{planned.unit}|{planned.producer}"), unit_id=planned.unit, name=planned.producer
    )
    work.session.add(new)
    work.session.flush()
    return new


def product_of(work: UnitOfWork, planned: PlannedProduct, producer: Producer) -> Product:
    """Return the listed product of a producer, registered now where it is new; one given away is the new maker's."""
    found = product_named(work.session, producer, planned.name)
    if found is not None:
        return found
    new = Product(
        id=work.ids.new("product", f"{producer.id}|{planned.name}"),
        producer_id=producer.id,
        unit_id=planned.unit,
        name=planned.name,
        form=planned.form,
        group=planned.group,
    )
    work.session.add(new)
    work.session.flush()
    return new


def _add_report(work: UnitOfWork, cycle: Cycle, book: Rulebook, turn: ReportTurn, *, reporter: str, actor: str) -> None:
    duty, unit, period, due = turn
    key = f"{cycle.key}/report/{duty.id}/{period.id}/{unit}"
    opens_at = start_of_day(period.start)
    if due.due_at is not None:
        opens_at = due.due_at - timedelta(days=duty.opens_days_before)
    report = Report(
        id=work.ids.new("report", key),
        cycle_id=cycle.id,
        duty_id=duty.id,
        period_id=period.id,
        unit_id=unit,
        reporter=reporter,
        collector=position_of(duty.collector, units=book.units, unit=unit),
        status=ReportStatus.UPCOMING.value,
        version=1,
        opens_at=opens_at,
        due_at=due.due_at,
    )
    work.session.add(report)
    details = {"due_at": due.due_at.astimezone(UTC).isoformat() if due.due_at else None}
    act = Act(actor=actor, action="report_planned", to_state=report.status, rule=duty.source, details=details)
    append_event(work, stream=f"report:{report.id}", seq=1, cycle_id=cycle.id, act=act)
    obligation = Duty(
        key=key,
        kind=REPORT,
        subject_id=report.id,
        unit_id=unit,
        party=reporter,
        superior=book.units.superior_of(reporter),
        due=due if duty.only_if is None else replace(due, firmness=Firmness.EXPECTED),  # never overdue
        opens_at=opens_at,
        ladder=duty.ladder,
    )
    open_obligation(work, cycle, book, obligation)


def _add_task(
    work: UnitOfWork, cycle: Cycle, book: Rulebook, task: PlannedTask, occurrence: int, *, actor: str
) -> None:
    due = resolve(book, task.dates[occurrence - 1])
    lead = position_of(task.lead, units=book.units, unit=cycle.office_id)
    key = f"{cycle.key}/task/{task.id}/{occurrence}"
    approval = book.plan.approval(task.needs_approval)
    row = PlanTask(
        id=work.ids.new("task", key),
        cycle_id=cycle.id,
        task_id=task.id,
        occurrence=occurrence,
        lead=lead,
        status=(TaskStatus.AWAITING_APPROVAL if approval else TaskStatus.OPEN).value,
        version=1,
        due_at=due.due_at,
        approver=position_of(approval.authority, units=book.units, unit=cycle.office_id) if approval else None,
    )
    work.session.add(row)
    act = Act(actor=actor, action="task_planned", to_state=row.status, rule=task.source)
    append_event(work, stream=f"task:{row.id}", seq=1, cycle_id=cycle.id, act=act)
    obligation = Duty(
        key=key,
        kind=PLAN_TASK,
        subject_id=row.id,
        unit_id=lead.partition("/")[0],
        party=lead,
        superior=book.units.superior_of(lead),
        due=due,
        opens_at=due.opens_at or cycle.opened_at,
        ladder=task.ladder,
    )
    open_obligation(work, cycle, book, obligation)
    if approval is not None and row.approver is not None:
        consent = Duty(
            key=f"{key}/{APPROVAL}",
            kind=PLAN_TASK,
            step=APPROVAL,
            subject_id=row.id,
            unit_id=row.approver.partition("/")[0],
            party=row.approver,
            superior=book.units.superior_of(row.approver),
            due=resolve(book, approval_due(due, approval, year=book.year)),
            opens_at=cycle.opened_at,
            ladder=task.ladder,
        )
        open_obligation(work, cycle, book, consent)

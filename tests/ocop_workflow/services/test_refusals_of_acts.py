"""Each refusal of an act on dates, support, tasks, reports, ideas, ended dossiers and units cites its article."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import TakeOver, Unit
from ocop_workflow.services.dossier_successions import Decree, merge, split
from ocop_workflow.services.extension_scopes import Scope, obligations_in
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend, extend_scope, obligation_to_extend
from ocop_workflow.services.obligations import PLAN_TASK
from ocop_workflow.services.overruns import record_overrun
from ocop_workflow.services.plan_tasks import approve_task, complete_task, start_task
from ocop_workflow.services.reopening import Reopening, reopen
from ocop_workflow.services.report_review import accept_report, return_report
from ocop_workflow.services.reports import file_report
from ocop_workflow.services.successions import succeed
from ocop_workflow.services.support import give_support
from ocop_workflow.storage.tables import Obligation, PlanTask, Producer, Product, Report
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.conftest import COUNCIL, OFFICE, TEAM, instant
from tests.ocop_workflow.refused import DATES, IDEAS, REOPENING, REPORTS, SUPPORT, TASKS, TEXT, UNDOING, UNITS, Met

if TYPE_CHECKING:
    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office

Act = Callable[["UnitOfWork"], object]


def extension(until: str, *, decision: str = "5/QĐ", actor: str = OFFICE) -> Extension:
    return Extension(instant(f"{until} 00:00"), "mưa bão", decision, actor)


def extending(office: "Office", until: str, number: str = "1-1-1", *, step: str | None = None, **more: Any) -> Act:
    """Return the act that gives what a dossier owes another date."""

    def act(work: "UnitOfWork") -> None:
        owed = obligation_to_extend(work.session, office.dossier(work, number), step=step)
        extend(work, owed, extension(until, **more))

    return act


def on_obligation(office: "Office", step: str, number: str, act: Callable[["UnitOfWork", Obligation], object]) -> Act:
    return lambda work: act(work, office.obligation(work, step, number))


def of_a_scope(office: "Office", scope: Scope) -> Act:
    def act(work: "UnitOfWork") -> None:
        cycle = office.cycle(work)
        found = obligations_in(work.session, cycle, scope)
        extend_scope(work, cycle, found, extension("2018-04-05"), scope=scope.named)

    return act


def test_each_refusal_of_another_date_cites_its_article(office_with: "Callable[..., Office]") -> None:
    """1-1-1 owes its submission, 1-2-1 waits for the council, 2-1-1 was extended, 2-1-2 was returned."""

    def plan(data: dict[str, Any]) -> None:
        data["extensions"] = {"at_most_days": "9", "at_most_times": "1", "source": "item 9"}

    def law(rules: dict[str, Any]) -> None:
        due = {"by": "2018-04-10", "source": "article 9"}
        term = {"stage": "registration", "step": "decision", "due": due, "article": "article 9"}
        rules["limits"] = [{"id": "term", **term}]

    office, met = office_with(plan=plan, rules=law), Met()
    office.open()
    office.to_council("1-2-1")
    for day, trigger in enumerate((DossierTrigger.SUBMIT, DossierTrigger.RECEIVE, DossierTrigger.RETURN), 5):
        office.act(f"2018-03-{day:02} 08:00", trigger, number="2-1-2")
    with office.at("2018-03-12 08:00") as work:
        extending(office, "2018-04-05", "2-1-1")(work)

    def undated(work: "UnitOfWork", owed: Obligation) -> None:
        owed.due_at = None
        extend(work, owed, extension("2018-04-05"))

    def task(work: "UnitOfWork") -> None:
        found = work.session.exec(select(Obligation).where(col(Obligation.kind) == PLAN_TASK)).first()
        assert found is not None
        extend(work, found, extension("2018-05-05"))

    def later(work: "UnitOfWork", owed: Obligation) -> None:
        extend(work, owed, extension("2018-04-05"))

    def overrun(work: "UnitOfWork", owed: Obligation) -> None:
        record_overrun(work, owed, reason="mưa bão", actor=OFFICE)

    for act in (
        extending(office, "2018-03-20"),
        extending(office, "2018-04-05", actor=TEAM),
        extending(office, "2018-04-11"),
        extending(office, "2018-04-20"),
        extending(office, "2018-04-06", "2-1-1"),
        extending(office, "2018-06-01", "1-2-1"),
        extending(office, "2018-04-05", step="decision"),
        extending(office, "2018-04-05", "2-1-2"),
        on_obligation(office, "submission", "1-1-1", undated),
        on_obligation(office, "receipt", "1-2-1", later),
        on_obligation(office, "decision", "2-1-2", overrun),
        task,
        *(of_a_scope(office, scope) for scope in (Scope(), Scope(round_id="r1", period="x"), Scope(round_id="r9"))),
        of_a_scope(office, Scope(round_id="r1", stage="evaluation")),
    ):
        met.at(office, "2018-03-13 08:00", act)
    met.at(office, "2018-05-01 08:00", extending(office, "2018-06-01"))
    office.act("2018-03-14 08:00", DossierTrigger.WITHDRAW, actor=OFFICE)
    met.at(office, "2018-03-14 09:00", extending(office, "2018-04-05"))

    assert met == DATES


def test_each_refusal_to_take_an_extension_back_cites_whose_date_it_is(office: "Office") -> None:
    """One was met, one was told, one would end a dossier at once, one never was."""

    def undoing(decision: str) -> Act:
        return lambda work: undo_extension(work, office.cycle(work), decision=decision, actor=OFFICE, reason="nhầm")

    met = Met()
    for decision, number in (("A", "1-1-1"), ("B", "1-2-1")):
        with office.at("2018-03-12 08:00") as work:
            extending(office, "2018-04-14", number, decision=decision)(work)
    office.act("2018-03-12 08:10", DossierTrigger.SUBMIT)
    office.send("2018-03-12 08:20")
    with office.at("2018-04-29 08:00") as work:
        extending(office, "2018-06-01", "2-1-1", decision="C")(work)
    for decision in ("A", "B", "C", "D"):
        met.at(office, "2018-04-30 08:00", undoing(decision))

    assert met == UNDOING


def giving(office: "Office", item: str, number: str) -> Act:
    return lambda work: give_support(work, office.dossier(work, number), item, actor=OFFICE, document="1/QĐ")


def test_each_refusal_of_support_cites_the_plans_item(office_with: "Callable[..., Office]", office: "Office") -> None:
    """1-1-1 was recognised with four stars and has had both; 1-2-1 of the same cooperative with three."""

    def plan(data: dict[str, Any]) -> None:
        def item(name: str, **more: str) -> dict[str, Any]:
            return {"id": name, "title": {"vi": "Hỗ trợ", "en": "Support"}, "source": "item 12", **more}

        data["support"] = [
            item("packaging", once_per="product"),
            item("stall", once_per="producer"),
            item("fair", once_per="product", from_stars="4"),
        ]

    supporting, met = office_with(plan=plan), Met()
    supporting.open()
    for number, total in (("1-1-1", "75"), ("1-2-1", "60")):
        supporting.to_council(number)
        supporting.score("2018-03-12 08:00", total, total, total, number=number)
    for name in ("packaging", "stall"):
        with supporting.at("2018-03-20 08:00") as work:
            giving(supporting, name, "1-1-1")(work)
    for name, number in (
        ("packaging", "1-1-1"),
        ("stall", "1-2-1"),
        ("fair", "1-2-1"),
        ("fair", "2-1-1"),
        ("website", "1-1-1"),
    ):
        met.at(supporting, "2018-03-21 08:00", giving(supporting, name, number))
    met.at(office, "2018-03-21 08:00", giving(office, "packaging", "1-1-1"))

    assert met == SUPPORT


def test_each_refusal_about_a_task_cites_the_plans_item(office_with: "Callable[..., Office]") -> None:
    """It awaits its consent, is open, started, done; nothing else is done then."""

    def plan(data: dict[str, Any]) -> None:
        authority = {"role": "province_council", "unit": "coast"}
        title = {"vi": "Chủ trương", "en": "Consent"}
        data["approvals"] = [{"id": "consent", "title": title, "authority": authority, "source": "item VII"}]
        data["years"]["2018"]["tasks"][0]["needs_approval"] = "consent"

    def task_of(work: "UnitOfWork") -> PlanTask:
        return work.session.exec(select(PlanTask).where(col(PlanTask.occurrence) == 1)).one()

    def starting(work: "UnitOfWork", actor: str = OFFICE) -> None:
        start_task(work, task_of(work), actor=actor)

    def approving(work: "UnitOfWork") -> None:
        approve_task(work, task_of(work), actor=COUNCIL, document="12/UBND")

    def cancelled(work: "UnitOfWork") -> None:
        task_of(work).status = "cancelled"
        starting(work)

    office, met = office_with(plan=plan), Met()
    office.open()
    met.at(office, "2018-03-20 08:00", starting)
    met.at(office, "2018-03-20 08:00", cancelled)
    met.at(office, "2018-03-20 08:00", lambda work: starting(work, TEAM))
    with office.at("2018-03-20 09:00") as work:
        approving(work)
    met.at(office, "2018-03-20 10:00", approving)
    with office.at("2018-03-21 08:00") as work:
        starting(work)
    met.at(office, "2018-03-21 09:00", starting)
    with office.at("2018-03-22 08:00") as work:
        complete_task(work, task_of(work), actor=OFFICE)
    met.at(office, "2018-03-22 09:00", starting)

    assert met == TASKS


def test_what_the_plan_no_longer_has_is_refused_by_the_plan(office: "Office") -> None:
    """An amendment may have dropped a task or a report that was settled before; its row stays."""

    def dropped_task(work: "UnitOfWork") -> None:
        task = work.session.exec(select(PlanTask).where(col(PlanTask.occurrence) == 1)).one()
        task.task_id, task.status = "dropped", "cancelled"
        start_task(work, task, actor=OFFICE)

    def dropped_report(work: "UnitOfWork") -> None:
        report = work.session.exec(select(Report).where(col(Report.unit_id) == "hill")).first()
        assert report is not None
        report.duty_id, report.status = "dropped", "not_required"
        accept_report(work, report, actor=OFFICE)

    met = Met()
    met.at(office, "2018-03-20 08:00", dropped_task)
    met.at(office, "2018-03-20 08:00", dropped_report)

    assert met == {"task_cancelled": TEXT, "report_settled": TEXT}


def test_each_refusal_about_a_report_cites_the_plans_item(office: "Office") -> None:
    def report_of(work: "UnitOfWork", period: str = "2018-Q1") -> Report:
        query = select(Report).where(col(Report.unit_id) == "hill", col(Report.period_id) == period)
        return work.session.exec(query).one()

    def filing(period: str = "2018-Q1", *, actor: str = TEAM, rated: int = 2) -> Act:
        return lambda work: file_report(work, report_of(work, period), actor=actor, figures={"rated": rated})

    def accepting(actor: str) -> Act:
        return lambda work: accept_report(work, report_of(work), actor=actor)

    def returning(work: "UnitOfWork") -> None:
        by = instant("2018-03-20 00:00")
        return_report(work, report_of(work), actor=OFFICE, reason="thiếu bảng", correct_by_at=by)

    met = Met()
    for act in (
        filing(actor="delta/ocop_team"),
        filing("2018-Q4"),
        filing(rated=-2),
        accepting(TEAM),
        accepting(OFFICE),
    ):
        met.at(office, "2018-03-20 08:00", act)
    with office.at("2018-03-20 09:00") as work:
        filing()(work)
    met.at(office, "2018-03-21 08:00", returning)
    with office.at("2018-03-21 09:00") as work:
        accepting(OFFICE)(work)
    met.at(office, "2018-03-22 08:00", filing())

    assert met == REPORTS


def test_each_refusal_to_split_or_merge_cites_the_stage(office: "Office") -> None:
    """1-1-1 and 2-1-1 are ideas of two producers, 1-2-1 is before the council, 2-1-2 was withdrawn."""

    def splitting(number: str, *names: str) -> Act:
        return lambda work: split(work, office.dossier(work, number), names, Decree(OFFICE, "5/BB"))

    def merging(*numbers: str) -> Act:
        return lambda work: merge(work, [office.dossier(work, each) for each in numbers], "Mật", Decree(OFFICE, "5/BB"))

    def known_name(work: "UnitOfWork") -> None:
        product = work.session.get_one(Product, office.dossier(work).product_id)
        splitting("1-1-1", product.name, "Mật ong sáp")(work)

    office.to_council("1-2-1")
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW, number="2-1-2", actor=OFFICE)
    met = Met()
    for act in (
        splitting("1-1-1", "Mật ong sáp"),
        known_name,
        splitting("1-2-1", "A", "B"),
        splitting("2-1-2", "A", "B"),
        merging("1-1-1", "1-1-1"),
        merging("1-1-1", "2-1-1"),
    ):
        met.at(office, "2018-03-12 08:00", act)

    assert met == IDEAS


def test_each_refusal_to_reopen_cites_the_stage_or_the_date(office_with: "Callable[..., Office]") -> None:
    """The receipt is printed for 2 April; the council's decision has no date at all."""

    def plan(data: dict[str, Any]) -> None:
        stages = data["years"]["2018"]["rounds"][0]["stages"]
        stages["registration"]["receipt"]["due"] = {"by": "2018-04-02", "source": "item 5"}
        del stages["evaluation"]["decision"]

    def reopening(number: str, *, until: date | None = None, at: str | None = None) -> Act:
        order = Reopening("99/QĐ", "UBND tỉnh", "khiếu nại", until)
        when = None if at is None else instant(at)
        return lambda work: reopen(work, office.dossier(work, number), order, actor=OFFICE, effective_at=when)

    def without_producer(work: "UnitOfWork") -> None:
        product = work.session.get_one(Product, office.dossier(work, "2-1-1").product_id)
        work.session.get_one(Producer, product.producer_id).closed_on = date(2018, 3, 10)
        reopening("2-1-1")(work)

    def beside_another(work: "UnitOfWork") -> None:
        other = office.dossier(work, "2-1-2")
        other.kind, other.product_id = "upgrade", office.dossier(work, "2-1-1").product_id
        reopening("2-1-1")(work)

    office, met = office_with(plan=plan), Met()
    office.open()
    office.to_council("1-2-1")
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    for number in ("1-1-1", "1-2-1", "2-1-1"):
        office.act("2018-03-12 08:00", DossierTrigger.WITHDRAW, number=number, actor=OFFICE)
    for act in (
        reopening("2-1-1", at="2018-03-11 08:00"),
        without_producer,
        beside_another,
        reopening("1-2-1", until=date(2018, 5, 2)),
        reopening("1-1-1"),
    ):
        met.at(office, "2018-04-05 08:00", act)

    assert met == REOPENING


def test_each_refusal_of_a_succession_of_units_cites_its_decision(office: "Office") -> None:
    shore = Unit(id="shore", level="district", parent="coast", name=LocalText(vi="Ven Biển", en="Shore"))
    merger = Succession(
        id="shore-2018",
        decision="12/NQ-HĐND",
        source="made up for the tests",
        effective_on=date(2018, 3, 12),
        new_units=(shore,),
        take_overs=(TakeOver(units=("delta", "hill"), successor="shore"),),
    )
    nobody = TakeOver(units=("dale", "moor"), successor="shore")
    met = Met()
    met.at(office, "2018-03-11 23:00", lambda work: succeed(work, merger))
    with office.at("2018-03-12 08:00") as work:
        succeed(work, merger)
    met.at(office, "2018-03-12 09:00", lambda work: succeed(work, merger))
    elsewhere = merger.model_copy(update={"id": "elsewhere", "take_overs": (nobody,)})
    met.at(office, "2018-03-12 09:00", lambda work: succeed(work, elsewhere))

    assert met == UNITS

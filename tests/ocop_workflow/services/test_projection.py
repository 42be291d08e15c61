"""What an opened cycle asks of whom, and when (I3, I5)."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, find_plan, load_demo_settings, load_plan_files
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.links import links_of
from ocop_workflow.services.obligations import PLAN_TASK, REPORT
from ocop_workflow.services.projection import missing_products, project_reports, project_tasks, register_products
from ocop_workflow.storage.tables import Dossier, Event, Obligation, PlanTask, Producer, Product, Report
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

ACTOR = "system:open-cycle"


def local(instant: datetime | None) -> str | None:
    return instant.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M") if instant else None


def shipped(office: "Office") -> "Office":
    """Open the shipped plan's year in the office's database."""
    config = default_config_dir()
    demo = load_demo_settings(config)
    documents = documents_for(load_plan_files(find_plan(config, demo.plan), config), demo.year)
    opened = replace(office, documents=documents)
    with opened.at("2018-01-02 07:30") as work:
        cycle = open_cycle(work, documents, year=demo.year, actor=ACTOR)
        project_reports(work, cycle, actor=ACTOR)
        project_tasks(work, cycle, actor=ACTOR)
        register_products(work, cycle, missing_products(work, cycle), actor=ACTOR)
    return opened


def test_shipped_plan_has_14_units_reporting_4_quarters(unopened_office: "Office") -> None:
    """Issue 2: quarterly reports "before the 30th of the quarter's last month", by each of the 14 districts."""
    opened = shipped(unopened_office)

    with opened.reading() as work:
        reports = work.session.exec(select(Report)).all()
        due = {report.period_id: local(report.due_at) for report in reports}
    assert len(reports) == 56
    assert set(Counter(report.unit_id for report in reports).values()) == {4}
    assert len({report.unit_id for report in reports}) == 14
    assert due == {
        "2018-Q1": "2018-03-30 00:00",
        "2018-Q2": "2018-06-30 00:00",
        "2018-Q3": "2018-09-30 00:00",
        "2018-Q4": "2018-12-30 00:00",
    }


def test_shipped_plan_shows_the_29th_as_last_day_in_time(unopened_office: "Office") -> None:
    opened = shipped(unopened_office)

    with opened.reading() as work:
        why = work.session.exec(select(Obligation.why_params).where(col(Obligation.kind) == REPORT)).all()
    assert {params["last_on"] for params in why} == {"2018-03-29", "2018-06-29", "2018-09-29", "2018-12-29"}


def test_shipped_plan_has_three_meetings_and_a_dossier_for_each_product(unopened_office: "Office") -> None:
    """Issue 2: three steering meetings a year; one product for each form of each producer."""
    opened = shipped(unopened_office)

    with opened.reading() as work:
        meetings = select(PlanTask).where(col(PlanTask.task_id) == "steering-meeting")
        assert len(work.session.exec(meetings).all()) == 3
        dossiers = work.session.exec(select(Dossier)).all()
        assert len(dossiers) == len(opened.documents.products)
        assert {dossier.stage for dossier in dossiers} == {opened.documents.rule_set.route.stages[0].id}
        assert verify(work.session).faults == ()


def test_projecting_twice_adds_nothing(office: "Office") -> None:
    """Everything has a natural key."""
    with office.reading() as work:
        before = [
            len(work.session.exec(select(table)).all()) for table in (Dossier, Report, PlanTask, Obligation, Event)
        ]
    with office.at("2018-01-03 08:00") as work:
        cycle = office.cycle(work)
        added = (
            project_reports(work, cycle, actor=ACTOR),
            project_tasks(work, cycle, actor=ACTOR),
            missing_products(work, cycle),
        )
    with office.reading() as work:
        after = [
            len(work.session.exec(select(table)).all()) for table in (Dossier, Report, PlanTask, Obligation, Event)
        ]

    assert added == (0, 0, [])
    assert before == after


def test_projection_after_a_crash_adds_only_what_is_missing(unopened_office: "Office", office: "Office") -> None:
    """Half of the products were registered when the process died; the ids are those of an undisturbed run."""
    with unopened_office.at("2018-01-02 07:30") as work:
        cycle = open_cycle(work, unopened_office.documents, year=2018, actor=ACTOR)
        register_products(work, cycle, ["1-2-1", "2-1-1"], actor=ACTOR)
    with unopened_office.at("2018-01-02 07:30") as work:
        cycle = unopened_office.cycle(work)
        assert missing_products(work, cycle) == ["1-1-1", "2-1-2"]
        register_products(work, cycle, missing_products(work, cycle), actor=ACTOR)
    with unopened_office.reading() as one, office.reading() as other:
        keys = [dict(work.session.exec(select(Dossier.key, Dossier.id)).all()) for work in (one, other)]

    assert keys[0] == keys[1]


def test_a_cycle_opened_in_september_plans_no_rung_of_the_first_quarters_report(unopened_office: "Office") -> None:
    """I3: the plan of Cẩm Phả was signed when most of its time had passed; the past is not reminded of."""
    unopened_office.open("2018-09-03 08:00")

    with unopened_office.reading() as work:
        rows = work.session.exec(select(Obligation).where(col(Obligation.kind) == REPORT)).all()
        first = {row.key.rsplit("/", 2)[1]: row.next_action_at for row in rows}
    assert (first["2018-Q1"], first["2018-Q2"]) == (None, None)
    assert local(first["2018-Q3"]) == "2018-09-14 07:30"  # 15 September is a Saturday: earlier
    unopened_office.sweep("2018-09-03 08:00", kinds=(REPORT,))
    with unopened_office.reading() as work:
        assert unopened_office.notices(work) == []


def test_reports_open_some_days_before_they_are_due(office: "Office") -> None:
    with office.reading() as work:
        opens = set(work.session.exec(select(Report.period_id, Report.opens_at)).all())

    assert {(period, local(at)) for period, at in opens} == {
        ("2018-Q1", "2018-02-28 00:00"),
        ("2018-Q2", "2018-05-31 00:00"),
        ("2018-Q3", "2018-08-31 00:00"),
        ("2018-Q4", "2018-11-30 00:00"),
    }


def test_reports_are_owed_by_the_position_and_escalate_to_the_one_above(office: "Office") -> None:
    with office.reading() as work:
        rows = work.session.exec(select(Obligation).where(col(Obligation.kind) == REPORT)).all()
        assert {(row.party, row.superior) for row in rows} == {
            ("hill/ocop_team", "hill/district_leader"),
            ("delta/ocop_team", "delta/district_leader"),
        }
        assert {report.collector for report in work.session.exec(select(Report))} == {"coast/coordination_office"}


def test_tasks_have_one_obligation_for_each_date(office: "Office") -> None:
    with office.reading() as work:
        rows = work.session.exec(
            select(Obligation).where(col(Obligation.kind) == PLAN_TASK).order_by(Obligation.key)
        ).all()
        assert [local(row.due_at) for row in rows] == ["2018-04-21 00:00", "2018-08-11 00:00"]
        assert {row.party for row in rows} == {"coast/coordination_office"}


def test_a_producer_of_two_products_is_one_producer_with_a_link_for_each_dossier(office: "Office") -> None:
    with office.reading() as work:
        names = work.session.exec(select(Producer.name)).all()
        assert sorted(names) == ["Cơ sở Sóng Biển", "HTX Cửa Sông", "HTX Đồi Ong"]
        assert len(work.session.exec(select(Product)).all()) == 4
        for dossier in work.session.exec(select(Dossier)):
            (link,) = links_of(work.session, dossier.id)
            assert link.recipient == dossier.responsible


def test_a_dossiers_submission_opens_with_its_round(office: "Office") -> None:
    with office.reading() as work:
        obligation = office.obligation(work, "submission")
        assert (local(obligation.opens_at), local(obligation.due_at)) == ("2018-03-01 00:00", "2018-03-31 00:00")
        assert local(obligation.lapse_at) == "2018-04-30 00:00"
        assert obligation.superior == "hill/ocop_team"


def test_a_round_without_the_idea_begins_where_the_plan_says(office_with: "Callable[..., Office]") -> None:
    """Issue 3, item 4: the team of the district brings the dossier before the council at once."""

    def switchable(rules: dict[str, Any]) -> None:
        rules["route"]["stages"][0]["can_be_switched_off"] = "true"

    def without_registration(plan: dict[str, Any]) -> None:
        round_ = plan["years"]["2018"]["rounds"][0]
        round_["stages_off"] = ["registration"]
        del round_["stages"]["registration"]

    office = office_with(plan=without_registration, rules=switchable)
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.score("2018-03-12 08:00", "75", "75", "75")

    with office.reading() as work:
        dossier = office.dossier(work)
        assert (dossier.stage, dossier.status, dossier.stars) == ("evaluation", "recognised", 4)
        assert office.dossier(work, "1-2-1").responsible == "hill/ocop_team"
        assert verify(work.session).faults == ()

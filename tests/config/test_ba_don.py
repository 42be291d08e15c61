"""The plan of Ba Đồn for 2021 and the national rule set it follows, against the printed plan and QĐ 1048."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import PlanFiles, default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.date_expressions import Expected, Firmness
from ocop_workflow.policy.plan import CyclePlan, StepDates
from ocop_workflow.policy.route import position_of
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.scoring import stars_of
from ocop_workflow.policy.units import PositionRef
from ocop_workflow.replay import documents_for
from ocop_workflow.services.cycles import CycleError, cycles_of, find_cycle, open_cycle
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, project_reports, project_tasks, register_products
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation, Product, Report
from state_machines.dossier import DossierTrigger

CONFIG = default_config_dir()
PLAN, RULE_SET = "ba-don-2021", "qd-1048-2019"


@pytest.fixture(scope="module")
def files() -> PlanFiles:
    return load_plan_files(find_plan(CONFIG, PLAN), CONFIG)


@pytest.fixture(scope="module")
def rule_set(files: PlanFiles) -> RuleSet:
    return files.rule_sets[RULE_SET]


# --- The printed plan ---


def test_plan_states_its_targets_as_printed(files: PlanFiles) -> None:
    """Part II.2, part III.5 and part V.7 of the plan."""
    found = {t.id: (t.least, t.most, t.percent, t.per, t.source) for t in files.plan.targets}

    assert found == {
        "district-products": (5, 6, None, None, "part II.2"),
        "province-products": (2, 3, None, None, "part II.2"),
        "people-trained": (None, None, 100, None, "part II.2"),
        "apparatus-consolidated": (None, None, 100, "commune", "part II.2"),
        "stalls": (1, 2, None, None, "part III.5"),
        "officers-assigned": (1, 1, None, "commune", "part V.7"),
        "potential-products": (1, None, None, "commune", "part V.7"),
    }


PRINTED_PRODUCTS = [
    ("I.1", "Gạo sạch", "Quảng Hòa", "HTX sản xuất và chế biến Nông sản sạch Quảng Hòa", "province"),
    ("I.2", "Nem chua", "Quảng Long", "Cơ sở sản xuất Nem, chả Trần Thị Minh", "province"),
    ("I.3", "Rau sạch", "Quảng Thọ", "Cơ sở trồng trọt rau sạch Nguyễn Hữu Việt", "province"),
    ("II.1", "Ram Ba Đồn", "Ba Đồn", "Mệ Hòa", "district"),
    ("II.2", "Nón lá", "Quảng Hải", "Cơ sở sản xuất Nón lá Phan Thị Thúy", "district"),
    ("II.3", "Cơm cháy", "Quảng Thuận", "Cơ sở sấy khô Lâm An", "district"),
    ("II.4", "Cá chuối", "Quảng Thuận", "Nhà hàng Hưng Thịnh", "district"),
    ("II.5", "Bắp rang cát", "Quảng Phúc", "Cơ sở sản xuất Nguyễn Thị Huệ", "district"),
    ("II.6", "Dầu mè", "Quảng Sơn", "HTX Nông lâm nghiệp Sơn Phát", "district"),
]


def test_plan_has_the_nine_products_of_its_annex(files: PlanFiles) -> None:
    found = [
        (
            product.source.removeprefix("annex 1, "),
            product.name,
            files.units.unit(product.unit).name.vi.partition(" ")[2],
            product.producer,
            product.planned_level,
        )
        for product in files.products
    ]

    assert found == PRINTED_PRODUCTS


def test_plan_leaves_number_and_day_of_signature_blank_as_printed(files: PlanFiles) -> None:
    plan = files.plan

    assert (plan.number, plan.signed_on) == (None, None)
    assert (plan.office, plan.office_role) == ("ba-don", "economic_office")
    assert (plan.first_day.year, plan.first_day.month) == (2021, 5)
    assert list(plan.years) == [2021]


def test_plan_dates_only_what_it_expects_in_september(files: PlanFiles) -> None:
    """Part III.6: the town evaluates and forwards, "dự kiến vào tháng 9/2021"; no other step has a date."""
    (round_,) = files.plan.years[2021].rounds
    dated = {(stage, step): dates for stage, steps in round_.stages.items() for step, dates in steps.items()}

    assert set(dated) == {("district_evaluation", "decision"), ("province_evaluation", "submission")}
    assert {_expected(dates) for dates in dated.values()} == {(date(2021, 9, 1), date(2021, 9, 30))}
    assert [dates.lapse for dates in dated.values()] == [None, None]


def _expected(dates: StepDates) -> tuple[date, date]:
    assert dates.due is not None
    assert isinstance(dates.due.date, Expected)
    return dates.due.date.expected.start, dates.due.date.expected.last_day


def test_plan_reminds_only_before_a_date_that_it_merely_expects(files: PlanFiles) -> None:
    assert all(rung.days < 0 for ladder in files.plan.ladders.values() for rung in ladder.rungs)


def test_plan_has_communes_report_to_the_town_without_a_date(files: PlanFiles) -> None:
    """Part V.7 says only "theo quy định"."""
    (duty,) = files.plan.years[2021].report_duties

    assert duty.due is None
    assert (duty.reporters.level, duty.reporters.role) == ("commune", "commune_officer")
    assert (duty.collector.unit, duty.collector.role) == ("ba-don", "economic_office")


def test_every_evaluating_stage_has_a_council_chosen_for_the_example(files: PlanFiles, rule_set: RuleSet) -> None:
    councils = files.plan.councils

    assert set(councils) == {stage.id for stage in rule_set.route.stages if stage.judged_by == "council"}
    assert {council.source for council in councils.values()} == {"chosen for this example"}


# --- The units ---


def test_town_has_its_six_wards_and_ten_communes(files: PlanFiles) -> None:
    """NQ 125/NQ-CP of 20/12/2013 made the town of 16 units."""
    names = {unit.name.vi for unit in files.units.units_of_level("commune") if unit.parent == "ba-don"}
    wards = ("Ba Đồn", "Quảng Long", "Quảng Phong", "Quảng Phúc", "Quảng Thọ", "Quảng Thuận")
    communes = ("Hải", "Hòa", "Lộc", "Minh", "Sơn", "Tân", "Thủy", "Tiên", "Trung", "Văn")

    assert names == {f"phường {name}" for name in wards} | {f"xã Quảng {name}" for name in communes}


@pytest.mark.parametrize(
    ("role", "position"),
    [
        ("economic_office", "ba-don/economic_office"),
        ("agriculture_department", "quang-binh/agriculture_department"),
        ("province_council", "quang-binh/province_council"),
        ("national_council", "vn/national_council"),
    ],
)
def test_owners_are_found_from_a_products_commune(files: PlanFiles, role: str, position: str) -> None:
    for product in files.products:
        assert position_of(PositionRef(role=role), units=files.units, unit=product.unit) == position


def test_province_department_escalates_to_the_leader_of_the_province(files: PlanFiles) -> None:
    assert files.units.superior_of("quang-binh/agriculture_department") == "quang-binh/province_leader"


# --- QĐ 1048 as amended by QĐ 781 ---


def test_rule_set_has_the_three_stages_of_the_decision_without_ideas_or_business_plans(rule_set: RuleSet) -> None:
    assert [(stage.id, stage.level, stage.judged_by) for stage in rule_set.route.stages] == [
        ("district_evaluation", "district", "council"),
        ("province_evaluation", "province", "council"),
        ("national_evaluation", "national", "council"),
    ]
    assert [stage.submitted_by.producer for stage in rule_set.route.stages] == [True, False, False]


def test_rule_set_is_in_force_until_decision_148(rule_set: RuleSet) -> None:
    assert (rule_set.in_force.start, rule_set.in_force.until) == (date(2019, 8, 21), date(2023, 2, 24))
    assert rule_set.validity_months == 36


def test_rule_set_has_the_parts_of_the_decision(rule_set: RuleSet) -> None:
    assert [(part.id, int(part.maximum)) for part in rule_set.parts] == [("A", 35), ("B", 25), ("C", 40)]
    assert {(r.level, r.stars) for r in rule_set.recognition} == {("province", (3, 4)), ("national", (5,))}


@pytest.mark.parametrize(
    ("mean", "stars"),
    [
        ("0", 1), ("29", 1), ("29.99", 1), ("30", 2), ("49", 2), ("49.99", 2), ("50", 3), ("69", 3), ("69.5", 3),
        ("70", 4), ("89", 4), ("89.5", 4), ("89.99", 4), ("90", 5), ("100", 5),
    ],
)  # fmt: skip
def test_bands_give_each_mean_the_stars_whose_lower_bound_it_reaches(rule_set: RuleSet, mean: str, stars: int) -> None:
    """QĐ 1048 prints 90-100, 70-89, 50-69, 30-49 and below 30; 89.5 falls between and does not reach 90."""
    assert stars_of(Fraction(mean), rule_set.bands) == stars


@pytest.mark.parametrize(
    ("stage", "mean", "to"),
    [
        ("district_evaluation", "49.99", "rated_uncertified"),
        ("district_evaluation", "50", "province_evaluation"),
        ("district_evaluation", "100", "province_evaluation"),
        ("province_evaluation", "49.99", "rated_uncertified"),
        ("province_evaluation", "50", "recognised"),
        ("province_evaluation", "89.5", "recognised"),
        ("province_evaluation", "90", "national_evaluation"),
        ("national_evaluation", "90", "recognised"),
        ("national_evaluation", "89.99", "recognised"),
        ("national_evaluation", "50", "recognised"),
        ("national_evaluation", "49.99", "rated_uncertified"),
    ],
)
def test_route_leads_each_mean_to_one_way(rule_set: RuleSet, stage: str, mean: str, to: str) -> None:
    ways = [
        outcome.to
        for outcome in rule_set.route.stage(stage).outcomes
        if (outcome.when.at_least or 0) <= Decimal(mean)
        and (outcome.when.below is None or Decimal(mean) < outcome.when.below)
    ]

    assert ways == [to]


def test_every_source_names_a_document_or_says_that_it_was_chosen(files: PlanFiles, rule_set: RuleSet) -> None:
    named = ("QĐ ", "plan of Ba Đồn", "part ", "annex 1", "chosen for this example")
    sources = [*_sources(rule_set.model_dump()), *_sources(files.plan.model_dump())]

    assert [source for source in sources if not source.startswith(named)] == []


def _sources(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["source"])] if value.get("source") is not None else []
        return own + [found for child in value.values() for found in _sources(child)]
    return [found for child in value for found in _sources(child)] if isinstance(value, list | tuple) else []


def test_plan_and_rule_set_come_back_from_json(files: PlanFiles, rule_set: RuleSet) -> None:
    assert CyclePlan.model_validate_json(files.plan.model_dump_json()) == files.plan
    assert RuleSet.model_validate_json(rule_set.model_dump_json()) == rule_set


# --- Two offices in one installation ---


def work_at(session: Session, when: str) -> UnitOfWork:
    now = datetime.fromisoformat(when).replace(tzinfo=OFFICE_ZONE)
    return UnitOfWork(session, now.astimezone(UTC), SeededIds("two offices"), RulebookShelf())


def open_and_project(work: UnitOfWork, plan_id: str, year: int) -> Cycle:
    plan_files = load_plan_files(find_plan(CONFIG, plan_id), CONFIG)
    documents = documents_for(plan_files, year)
    cycle = open_cycle(work, documents, year=year, actor=f"{documents.plan.office}/{documents.plan.office_role}")
    register_products(work, cycle, missing_products(work, cycle), actor="system:open-cycle")
    project_reports(work, cycle, actor="system:open-cycle")
    project_tasks(work, cycle, actor="system:open-cycle")
    return cycle


def test_both_offices_cycles_are_open_beside_each_other(database: Database) -> None:
    with database.transaction() as session:
        open_and_project(work_at(session, "2018-01-02T07:30"), "quang-ninh-2017-2020", 2018)
        open_and_project(work_at(session, "2021-06-01T07:30"), PLAN, 2021)

    with database.reading() as session:
        work = work_at(session, "2021-06-01T08:00")
        books = {cycle.key: work.books.of_cycle(session, cycle) for cycle in cycles_of(session)}
        dossiers = {key: _dossiers(work, key) for key in books}
        rule_sets = {key: {_rule_set_of(work, dossier) for dossier in found} for key, found in dossiers.items()}

        assert {key: len(found) for key, found in dossiers.items()} == {
            "ba-don-2021/2021": 9,
            "quang-ninh-2017-2020/2018": 52,
        }
        assert rule_sets == {"ba-don-2021/2021": {RULE_SET}, "quang-ninh-2017-2020/2018": {"quang-ninh-2017"}}
        with pytest.raises(CycleError, match="name one with --cycle"):
            find_cycle(session, None)
        assert find_cycle(session, "ba-don-2021/2021").office_position == "ba-don/economic_office"


def _dossiers(work: UnitOfWork, cycle_key: str) -> list[Dossier]:
    cycle = find_cycle(work.session, cycle_key)
    return list(work.session.exec(select(Dossier).where(col(Dossier.cycle_id) == cycle.id)))


def _rule_set_of(work: UnitOfWork, dossier: Dossier) -> str:
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    return work.books.of_dossier(work.session, cycle, dossier).rule_set.id


def test_opened_year_keeps_the_planned_levels_and_asks_for_nothing_undated(database: Database) -> None:
    with database.transaction() as session:
        cycle = open_and_project(work_at(session, "2021-06-01T07:30"), PLAN, 2021)
        levels = [dossier.planned_level for dossier in session.exec(select(Dossier))]

        assert (levels.count("province"), levels.count("district")) == (3, 6)
        assert list(session.exec(select(Obligation).where(col(Obligation.cycle_id) == cycle.id))) == []
        assert list(session.exec(select(Report))) == []


def test_evaluation_is_expected_of_the_town_once_a_dossier_is_received(database: Database) -> None:
    with database.transaction() as session:
        open_and_project(work_at(session, "2021-06-01T07:30"), PLAN, 2021)
    with database.transaction() as session:
        dossier = session.exec(select(Dossier).where(col(Dossier.key).endswith("/i-1"))).one()
        producer = f"producer:{session.get_one(Product, dossier.product_id).producer_id}"
        apply_trigger(work_at(session, "2021-07-01T09:00"), dossier, Request(DossierTrigger.SUBMIT, producer))
        received = Request(DossierTrigger.RECEIVE, "ba-don/economic_office")
        apply_trigger(work_at(session, "2021-07-02T09:00"), dossier, received)
        (obligation,) = session.exec(select(Obligation))

        assert (obligation.party, obligation.step) == ("ba-don/economic_office", "decision")
        assert (obligation.superior, obligation.firmness) == ("ba-don/district_leader", Firmness.EXPECTED)
        assert obligation.due_at == datetime(2021, 10, 1, tzinfo=OFFICE_ZONE)
        assert (obligation.enforce_at, obligation.lapse_at) == (None, None)

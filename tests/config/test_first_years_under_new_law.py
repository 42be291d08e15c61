"""The plan of a ward under QĐ 148 and a province's year under QĐ 26, against what they print (tables/plans)."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import PlanFiles, default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.council import scoring_names
from ocop_workflow.policy.date_expressions import Firmness, Origin
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.policy.working_days import working_days_of_plan
from ocop_workflow.policy.year_calendar import CalendarEntry, year_calendar
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.council_case import gates_of
from ocop_workflow.services.council_sessions import record_findings
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database
from ocop_workflow.storage.tables import Dossier, Obligation, Product
from state_machines.dossier import DossierTrigger

CONFIG = default_config_dir()
WARD, PROVINCE = "vinh-nguon-2023", "province-2027"
TABLE: dict[str, Any] = yaml.load(
    (Path(__file__).parent / "tables" / "plans.yaml").read_text(encoding="utf-8"),
    Loader=yaml.BaseLoader,  # noqa: S506 -- BaseLoader gives text only
)


@cache
def files_of(plan: str) -> PlanFiles:
    return load_plan_files(find_plan(CONFIG, plan), CONFIG)


@cache
def calendar_of(plan: str, year: int) -> dict[str, CalendarEntry]:
    files = files_of(plan)
    days = working_days_of_plan(files.plan.first_day, files.plan.runs_until, files.plan.calendar)
    entries = year_calendar(files.plan, files.rule_sets, files.units, days=days, year=year)
    return {entry.subject: entry for entry in entries}


# --- The ward: one date, nothing else ---


def test_ward_prints_what_the_table_says() -> None:
    """Six figures; the only dated sentence of the plan is its target for the end of 2023."""
    plan = files_of(WARD).plan
    (target,), year = plan.targets, plan.years[2023]
    dated = [entry for entry in calendar_of(WARD, 2023).values() if entry.due.last_day is not None]
    found = {
        "signed_on": str(plan.signed_on),
        "products": str(target.least),
        "last_day": str(dated[0].due.last_day),
        "dated_tasks": str(len(dated)),
        "report_only_if": str(sum(duty.only_if is not None and duty.due is None for duty in year.report_duties)),
        "leaders": str(len({task.lead.role for task in year.tasks})),
    }

    assert found == {row["figure"]: row["value"] for row in TABLE[WARD]}


def test_ward_dates_no_step_of_the_city_or_above() -> None:
    (round_,) = files_of(WARD).plan.years[2023].rounds

    assert round_.stages == {}
    assert files_of(WARD).plan.councils == {}


def test_ward_reports_to_the_economic_office_of_its_city() -> None:
    (duty,) = files_of(WARD).plan.years[2023].report_duties

    assert (duty.collector.unit, duty.collector.role) == ("chau-doc", "economic_office")
    assert duty.reporters.unit == files_of(WARD).plan.office


# --- The province: the dates of Điều 5 and 7.2 ---

DATED = [row for row in TABLE[PROVINCE] if "/" in row["figure"]]


@pytest.mark.parametrize("row", DATED, ids=[row["figure"] for row in DATED])
def test_province_keeps_the_days_of_the_law(row: dict[str, str]) -> None:
    due = calendar_of(PROVINCE, 2027)[row["figure"]].due

    assert (str(due.last_day), due.origin, due.firmness) == (row["value"], Origin.STATUTORY, Firmness.HARD)
    assert due.source == row["item"]


@pytest.mark.parametrize("round_id", ["2027-1", "2027-2"])
def test_province_gives_the_commune_the_term_of_the_law(round_id: str) -> None:
    (row,) = (row for row in TABLE[PROVINCE] if row["figure"] == "commune_term")
    round_ = next(each for each in files_of(PROVINCE).plan.years[2027].rounds if each.id == round_id)
    due = round_.stages["commune_assessment"]["decision"].due
    assert due is not None

    assert (due.model_dump(mode="json")["date"]["within"], due.origin, due.source) == (
        row["value"],
        Origin.STATUTORY,
        row["item"],
    )


@pytest.mark.parametrize("round_id", ["2027-1", "2027-2"])
def test_province_asks_the_producer_early_enough_for_the_commune(round_id: str) -> None:
    """From the producer's last day, receipt, one return and 15 working days lead to a request in time (Điều 5.1)."""
    plan = files_of(PROVINCE).plan
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    submitted_on = last_day(f"{round_id}/commune_assessment/submission")
    received_on = days.add(submitted_on, 2)
    returned_and_back_on = days.add(received_on, 5)

    assert days.add(returned_and_back_on, 15 - 5) <= last_day(f"{round_id}/province_evaluation/submission")
    assert days.add(received_on, 15) <= last_day(f"{round_id}/province_evaluation/submission")


def last_day(subject: str) -> date:
    found = calendar_of(PROVINCE, 2027)[subject].due.last_day
    assert found is not None
    return found


@pytest.mark.parametrize("round_id", ["2027-1", "2027-2"])
def test_province_warns_producers_two_months_ahead(round_id: str) -> None:
    subject = f"{round_id}/commune_assessment/submission"
    first, *_ = calendar_of(PROVINCE, 2027)[subject].rungs

    assert (last_day(subject) - first.at.date()).days >= 60


def test_province_takes_first_evaluations_and_upgrades_into_rounds() -> None:
    """A renewal follows its certificate (Điều 7.6), not a round."""
    kinds = {round_.kinds for round_ in files_of(PROVINCE).plan.years[2027].rounds}

    assert kinds == {(DossierKind.FIRST, DossierKind.UPGRADE)}


def test_province_has_its_38_communes_and_no_district() -> None:
    units = files_of(PROVINCE).units

    assert len(units.units_of_level("commune")) == 38
    assert units.units_of_level("district") == ()
    assert units.superior_of("lai-chau.muong-te/commune_officer") == "lai-chau.muong-te/commune_leader"


# --- A dossier under the law in force, to every end ---

COMMUNE, OFFICE = "lai-chau.muong-te/commune_officer", "lai-chau/coordination_office"
COUNCIL, NATION = "lai-chau/province_council", "vn/national_council"
Step = Callable[[UnitOfWork, Dossier], object]


@pytest.fixture
def at(database: Database) -> Generator[Callable[..., Any], None, None]:
    """A way to work on the one dossier of the opened year at an instant."""
    product = PlannedProduct(
        key="1",
        name="Mật ong",
        form="Mật ong",
        producer="HTX Ví Dụ",
        unit="lai-chau.muong-te",
        criteria_set=4,
        source="made up",
    )
    documents = documents_for(replace(files_of(PROVINCE), products=(product,)), 2027)
    ids, shelf = SeededIds("a dossier under the law in force"), RulebookShelf()

    @contextmanager
    def working(when: str) -> Generator[UnitOfWork, None, None]:
        now = datetime.fromisoformat(when).replace(hour=9, tzinfo=OFFICE_ZONE).astimezone(UTC)
        with database.transaction() as session:
            yield UnitOfWork(session, now, ids, shelf)

    with working("2027-01-04") as work:
        cycle = open_cycle(work, documents, year=2027, actor=OFFICE)
        register_products(work, cycle, missing_products(work, cycle), actor="system:open-cycle")
    yield working
    with database.reading() as session:
        assert verify(session).faults == ()


def act(work: UnitOfWork, trigger: DossierTrigger, actor: str) -> None:
    apply_trigger(work, work.session.exec(select(Dossier)).one(), Request(trigger, actor))


def submit(work: UnitOfWork, actor: str) -> None:
    act(work, DossierTrigger.SUBMIT, actor)


def receive(work: UnitOfWork, actor: str) -> None:
    act(work, DossierTrigger.RECEIVE, actor)


def score(work: UnitOfWork, total: str, actor: str) -> None:
    """Let nine members give the same total, spread over the parts of 40, 25 and 35 points; every gate is met."""
    dossier, points, left = work.session.exec(select(Dossier)).one(), {}, Decimal(total)
    for part, maximum in (("A", 40), ("B", 25), ("C", 35)):
        points[part] = min(left, Decimal(maximum))
        left -= points[part]
    case = case_of(work, dossier)
    members = scoring_names(case.book.plan.councils[dossier.stage])
    record_sheets(work, dossier, dict.fromkeys(members, points), actor=actor)
    record_findings(work, dossier, {gate.id: True for gate in gates_of(case)}, actor=actor)
    conclude(work, dossier, actor=actor)


def decide(work: UnitOfWork, actor: str, verdict: str | None = None) -> None:
    conclude(work, work.session.exec(select(Dossier)).one(), actor=actor, verdict=verdict)


def state(work: UnitOfWork) -> tuple[str, str, int | None]:
    dossier = work.session.exec(select(Dossier)).one()
    return dossier.stage, dossier.status, dossier.stars


def owed(work: UnitOfWork) -> dict[str, tuple[str, date | None]]:
    found = work.session.exec(select(Obligation).where(col(Obligation.status) == "open"))
    return {
        f"{o.stage}/{o.step}": (o.party, o.due_at.astimezone(OFFICE_ZONE).date() if o.due_at else None) for o in found
    }


def to_province(at: Callable[..., Any]) -> None:
    with at("2027-03-01") as work:
        producer = work.session.exec(select(Product)).one().producer_id
        submit(work, f"producer:{producer}")
    with at("2027-03-02") as work:
        receive(work, COMMUNE)
        assert owed(work) == {"commune_assessment/decision": (COMMUNE, date(2027, 3, 24))}  # 15 working days are 23/3
    with at("2027-03-10") as work:
        decide(work, COMMUNE)
        assert owed(work) == {"province_evaluation/submission": (COMMUNE, date(2027, 4, 30))}
        submit(work, COMMUNE)
    with at("2027-03-11") as work:
        receive(work, OFFICE)


def to_nation(at: Callable[..., Any]) -> None:
    to_province(at)
    with at("2027-05-20") as work:
        score(work, "92", COUNCIL)
        assert state(work) == ("national_evaluation", "awaiting_submission", 5)
        assert owed(work) == {"national_evaluation/submission": (OFFICE, date(2027, 7, 30))}
    with at("2027-06-01") as work:
        submit(work, OFFICE)
        receive(work, NATION)


CERTIFICATE_OWED = {"province_evaluation/certificate": (COUNCIL, date(2027, 6, 4))}


@pytest.mark.parametrize(
    ("total", "status", "stars", "left"),
    [
        ("49.99", "rated_uncertified", 2, {}),
        ("50", "recognised", 3, CERTIFICATE_OWED),
        ("89.99", "recognised", 4, CERTIFICATE_OWED),
    ],
)
def test_the_province_ends_a_dossier_below_90(
    at: Callable[..., Any], total: str, status: str, stars: int, left: dict[str, Any]
) -> None:
    """Điều 7.3 e: who recognises issues the certificate; ten working days from Thursday 20 May end with 3 June."""
    to_province(at)
    with at("2027-05-20") as work:
        score(work, total, COUNCIL)
        assert state(work) == ("province_evaluation", status, stars)
        assert owed(work) == left


def test_the_ministry_recognises_five_stars(at: Callable[..., Any]) -> None:
    to_nation(at)
    with at("2027-08-20") as work:
        score(work, "90", NATION)
        assert state(work) == ("national_evaluation", "recognised", 5)
        assert owed(work) == {"national_evaluation/certificate": (NATION, date(2027, 9, 8))}


def test_below_90_at_the_ministry_the_province_may_recognise_on_that_result(at: Callable[..., Any]) -> None:
    """Điều 7.4 g: 85 points are 4 stars, by the chair of the province."""
    to_nation(at)
    with at("2027-08-20") as work:
        score(work, "85", NATION)
        assert state(work) == ("province_choice", "awaiting_submission", 4)
    with at("2027-08-23") as work:
        submit(work, NATION)
        receive(work, OFFICE)
    with at("2027-08-30") as work:
        decide(work, "lai-chau/province_leader", "accepted")
        assert state(work) == ("province_choice", "recognised", 4)
        assert owed(work) == {"province_choice/certificate": ("lai-chau/province_leader", date(2027, 9, 16))}


def test_below_90_at_the_ministry_the_province_may_evaluate_itself(at: Callable[..., Any]) -> None:
    """Điều 7.4 g: a new session of its council gives the stars."""
    to_nation(at)
    with at("2027-08-20") as work:
        score(work, "85", NATION)
        submit(work, NATION)
        receive(work, OFFICE)
        decide(work, "lai-chau/province_leader", "declined")
        assert state(work)[:2] == ("province_reevaluation", "awaiting_submission")
    with at("2027-09-20") as work:
        submit(work, OFFICE)
        receive(work, COUNCIL)
        score(work, "69.99", COUNCIL)
        assert state(work) == ("province_reevaluation", "recognised", 3)

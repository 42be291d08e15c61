"""A renewal is scored on a criteria set of its own rule set: named or derived when it is opened, never taken over."""

import shutil
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.council import scoring_names
from ocop_workflow.policy.criteria import CriteriaSet, set_of_group
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.certificate_acts import Issue, issue_certificate
from ocop_workflow.services.certificate_facts import find_certificate
from ocop_workflow.services.council_case import CouncilError, gates_of
from ocop_workflow.services.council_sessions import Opening, open_session, record_findings
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_criteria import CriteriaSetError
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.renewals import open_renewal
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import open_database
from ocop_workflow.storage.tables import Dossier, Product
from state_machines.dossier import DossierTrigger

COMMUNE, OFFICE, COUNCIL = (
    "lai-chau.muong-te/commune_officer",
    "lai-chau/coordination_office",
    "lai-chau/province_council",
)
HONEY, COFFEE = "Mật ong, mật khác và nông sản thực phẩm khác", 13
SHELF = RulebookShelf()
Working = Callable[[], AbstractContextManager[UnitOfWork]]


@contextmanager
def working(path: Path) -> Generator[UnitOfWork]:
    database = open_database(f"sqlite:///{path}")
    now = datetime(2027, 5, 20, 9, tzinfo=OFFICE_ZONE).astimezone(UTC)
    with database.transaction() as session:
        yield UnitOfWork(session, now, SeededIds("renewal"), SHELF)
    database.dispose()


@pytest.fixture(scope="module")
def prepared(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A province's year under QĐ 26 with a product that was certified on criteria set 13."""
    path = tmp_path_factory.mktemp("renewal") / "certified.db"
    shutil.copy(migrated_database, path)
    files = load_plan_files(find_plan(default_config_dir(), "province-2027"), default_config_dir())
    product = PlannedProduct(
        key="p", name="p", form="p", producer="p", unit="lai-chau.muong-te", criteria_set=COFFEE, source="made up"
    )
    with working(path) as work:
        cycle = open_cycle(work, documents_for(replace(files, products=(product,)), 2027), year=2027, actor=OFFICE)
        register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
        dossier = find_dossier(work.session, "p")
        before_council(work, dossier)
        case = case_of(work, dossier)
        points = {"A": Decimal(30), "B": Decimal(20), "C": Decimal(30)}
        names = scoring_names(case.book.plan.councils[dossier.stage])
        record_sheets(work, dossier, dict.fromkeys(names, points), actor=COUNCIL)
        record_findings(work, dossier, {gate.id: True for gate in gates_of(case)}, actor=COUNCIL)
        conclude(work, dossier, actor=COUNCIL)
        issue_certificate(work, dossier, Issue("1/GCN", "9/QĐ-UBND", date(2027, 5, 20), OFFICE))
    return path


def before_council(work: UnitOfWork, dossier: Dossier) -> None:
    for _ in range(2):
        for trigger in (DossierTrigger.SUBMIT, DossierTrigger.RECEIVE):
            apply_trigger(work, dossier, Request(trigger, OFFICE))
        if dossier.stage == "commune_assessment":
            conclude(work, dossier, actor=COMMUNE)


@pytest.fixture
def certified(prepared: Path, tmp_path: Path) -> Working:
    shutil.copy(prepared, tmp_path / "year.db")
    return lambda: working(tmp_path / "year.db")


def renew(work: UnitOfWork, number: int | None = None) -> Dossier:
    return open_renewal(work, find_certificate(work.session, "1/GCN"), actor=OFFICE, criteria_set=number)


@pytest.mark.parametrize(
    ("group", "named", "expected"),
    [
        ("", None, None),  # the first dossier's 13 is not taken over
        (HONEY, None, 4),  # the set of QĐ 26 that has the product's group as its title
        (HONEY.upper(), None, 4),
        (HONEY, 26, 26),  # what is named goes before
        ("", 13, 13),
    ],
)
def test_a_renewal_names_its_set_when_it_is_opened(
    certified: Working, group: str, named: int | None, expected: int | None
) -> None:
    with certified() as work:
        product = work.session.exec(select(Product)).one()
        product.group = group
        work.session.add(product)
        dossier = renew(work, named)
        assert (dossier.kind, dossier.criteria_set) == ("renewal", expected)
        assert verify(work.session).faults == ()


def test_a_set_that_the_rule_set_does_not_have_is_refused_and_nothing_is_opened(certified: Working) -> None:
    with certified() as work, pytest.raises(CriteriaSetError, match=r"no criteria set 27 .* it has 1 to 26"):
        renew(work, 27)
    with certified() as work:
        assert work.session.exec(select(Dossier).where(col(Dossier.kind) == "renewal")).all() == []


def test_without_a_set_the_producer_may_submit_and_only_the_council_waits(certified: Working) -> None:
    with certified() as work:
        dossier = renew(work)
        before_council(work, dossier)
        with pytest.raises(CouncilError, match=r"names none of the criteria sets .* \(qd-26-2026: Điều 7\.3"):
            open_session(work, dossier, Opening(), actor=COUNCIL)


def test_after_the_annex_changes_the_group_leads_to_the_new_number() -> None:
    """The same product was on set 4; the next annex has its group as set 7, and two sets of one title lead nowhere."""
    annex = {4: honey(4)}
    assert set_of_group(annex, HONEY) == 4
    assert set_of_group({4: honey(4).model_copy(update={"title": "Rau"}), 7: honey(7)}, HONEY) == 7
    assert set_of_group({6: honey(6), 7: honey(7)}, HONEY) is None
    assert set_of_group({}, HONEY) is None


def honey(number: int) -> CriteriaSet:
    part = {"id": "A", "title": "A", "maximum": 1, "criteria": [{"code": "1", "label": "x", "maximum": 1}]}
    row = {"number": number, "title": HONEY, "group": "Thực phẩm", "source": "made up", "parts": [part]}
    return CriteriaSet.model_validate(row)

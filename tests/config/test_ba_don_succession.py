"""A dossier of Ba Đồn under QĐ 1048 that is on its way on 1 July 2025, when town, communes and province end."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files, load_succession
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import cycles_of, open_cycle
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.successions import succeed
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database
from ocop_workflow.storage.tables import Dossier, Obligation, Product
from state_machines.dossier import DossierTrigger

CONFIG = default_config_dir()
FILE: Path = CONFIG / "successions" / "ba-don-2025.yaml"
REFORM = date(2025, 7, 1)


def work_at(session: Session, when: str) -> UnitOfWork:
    now = datetime.fromisoformat(when).replace(tzinfo=OFFICE_ZONE)
    return UnitOfWork(session, now.astimezone(UTC), SeededIds("ba don"), RulebookShelf())


@pytest.fixture
def reformed(database: Database) -> Database:
    """The plan of 2021 with its nine dossiers, all submitted; on 1 July 2025 the succession is entered."""
    documents = documents_for(load_plan_files(find_plan(CONFIG, "ba-don-2021"), CONFIG), 2021)
    with database.transaction() as session:
        work = work_at(session, "2021-06-01T07:30")
        cycle = open_cycle(work, documents, year=2021, actor="ba-don/economic_office")
        register_products(work, cycle, missing_products(work, cycle), actor="system:open-cycle")
    with database.transaction() as session:
        work = work_at(session, "2021-06-15T08:00")
        for dossier in session.exec(select(Dossier)).all():
            apply_trigger(work, dossier, Request(DossierTrigger.SUBMIT, dossier.responsible or ""))
    with database.transaction() as session:
        work = work_at(session, "2025-07-01T08:00")
        registers = [work.books.of_cycle(session, cycle).units for cycle in cycles_of(session)]
        succeed(work, load_succession(FILE, registers))
    return database


def test_every_step_left_has_somebody_in_a_unit_that_is_there(reformed: Database) -> None:
    """Promise I5, for every stage of the three-level route, from the town to the ministry."""
    with reformed.reading() as session:
        work = work_at(session, "2025-07-01T09:00")
        seen = set()
        for dossier in session.exec(select(Dossier)).all():
            case = case_of(work, dossier)
            for stage in case.book.stages(dossier.round_id, dossier.kind):
                for owner in (stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps)):
                    party = case.party(owner)
                    if not owner.producer:
                        seen.add(party)
                        unit = case.book.units.unit(party.partition("/")[0])
                        assert unit.exists_on(REFORM), party
                        assert case.book.units.roles[party.partition("/")[2]].level == unit.level
            assert dossier.responsible in seen

        assert {party.partition("/")[0] for party in seen} <= {"quang-tri", "vn"}


def test_products_lie_in_the_new_communes_and_dossiers_keep_their_old_ones(reformed: Database) -> None:
    """Nón lá of Quảng Hải is of phường Ba Đồn now, dầu mè of Quảng Sơn of xã Nam Ba Đồn."""
    with reformed.reading() as session:
        places = {
            (dossier.unit_id, product.unit_id)
            for dossier, product in session.exec(
                select(Dossier, Product).join(Product, col(Product.id) == col(Dossier.product_id))
            )
        }
        assert {("ba-don.quang-hai", "quang-tri.ba-don"), ("ba-don.quang-son", "quang-tri.nam-ba-don")} <= places
        assert all(before.startswith("ba-don") and after.startswith("quang-tri") for before, after in places)


def test_the_dossier_goes_on_with_the_province_and_the_record_holds(reformed: Database) -> None:
    with reformed.transaction() as session:
        work = work_at(session, "2025-07-03T08:00")
        dossier = session.exec(select(Dossier).order_by(col(Dossier.key))).first()
        assert dossier is not None
        assert dossier.responsible == "quang-tri/coordination_office"
        apply_trigger(work, dossier, Request(DossierTrigger.RECEIVE, dossier.responsible))
        opened = session.exec(
            select(Obligation).where(col(Obligation.subject_id) == dossier.id, col(Obligation.status) == "open")
        ).all()
        assert {owed.party.partition("/")[0] for owed in opened} == {"quang-tri"}

    with reformed.reading() as session:
        assert cycles_of(session)[0].office_position == "quang-tri/coordination_office"
        assert verify(session).faults == ()

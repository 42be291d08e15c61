"""Certificates when units take over from others: the paper stays, what is owed for it goes to the successors."""

from datetime import date
from typing import TYPE_CHECKING

from sqlmodel import col, select

from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import TakeOver, Unit
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.obligations import RENEWAL
from ocop_workflow.services.successions import succeed
from ocop_workflow.storage.tables import Dossier, Obligation, Product
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.services.certificates.conftest import Certified

TO_PROVINCE = {"ocop_team": "coordination_office", "district_leader": "province_leader"}
ABOLITION = Succession(
    id="no-districts",
    decision="12/NQ-HĐND",
    source="made up for the tests",
    effective_on=date(2020, 9, 1),
    new_units=(
        Unit(id="bay", level="district", parent="coast", name=LocalText(vi="đặc khu Vịnh Xanh", en="Green Bay")),
    ),
    take_overs=(TakeOver(units=("hill",), successor="coast", roles=TO_PROVINCE, producers={"HTX Đồi Ong": "bay"}),),
)


def test_a_certificate_stays_as_printed_and_its_renewal_is_received_by_the_successor(certified: "Certified") -> None:
    """The renewal is owed by the producer, above whom stood the team of hill; the window opens after the day."""
    certified.watch("2020-08-01 08:00")
    with certified.office.reading() as work:
        before = certified.certificate(work).model_dump(exclude={"version"})
        owed = work.session.exec(select(Obligation).where(col(Obligation.kind) == RENEWAL)).one()
        assert owed.superior == "hill/ocop_team"
    with certified.office.at("2020-09-01 09:00") as work:
        succeed(work, ABOLITION)

    with certified.office.reading() as work:
        certificate = certified.certificate(work)
        assert certificate.model_dump(exclude={"version"}) == before
        assert work.session.get_one(Product, certificate.product_id).unit_id == "bay"
        owed = work.session.exec(select(Obligation).where(col(Obligation.kind) == RENEWAL)).one()
        assert (owed.superior, owed.unit_id) == ("bay/ocop_team", "bay")
        event = events_of(work.session, f"certificate:{certificate.id}")[-1]
        assert (event.action, event.rule, event.to_state) == ("units_succeeded", "12/NQ-HĐND", None)
        assert details_of(event)["parties"][0]["superior"] == "bay/ocop_team"
    key = certified.open_renewal("2020-10-01 08:00")
    certified.do("2020-10-02 08:00", key, DossierTrigger.SUBMIT)
    with certified.office.reading() as work:
        renewal = work.session.exec(select(Dossier).where(col(Dossier.key) == key)).one()
        assert (renewal.unit_id, renewal.responsible) == ("bay", "bay/ocop_team")
    assert certified.faults() == []

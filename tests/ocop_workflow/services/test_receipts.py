"""Receipt numbers: one for each receipt of a cycle, given or counted (section 5)."""

from typing import TYPE_CHECKING

import pytest

from ocop_workflow.services.dossiers import ReceiptNumberTakenError, Request, apply_trigger
from ocop_workflow.services.events import details_of, events_of
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


@pytest.fixture
def submitted(office: "Office") -> "Office":
    for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2"):
        office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number=number)
    return office


def receive(office: "Office", number: str, given: str | None = None) -> str | None:
    with office.at("2018-03-06 08:00") as work:
        details = {} if given is None else {"receipt_number": given}
        request = Request(DossierTrigger.RECEIVE, OFFICE, details=details)
        return apply_trigger(work, office.dossier(work, number), request).receipt_number


def test_a_number_given_by_hand_is_passed_over_by_the_count(submitted: "Office") -> None:
    """The office wrote 0002 on paper; two dossiers with one number would be one too many."""
    assert receive(submitted, "1-1-1", "0002/2018") == "0002/2018"

    assert [receive(submitted, number) for number in ("1-2-1", "2-1-1", "2-1-2")] == [
        "0001/2018",
        "0003/2018",
        "0004/2018",
    ]


def test_a_number_of_another_dossier_is_refused(submitted: "Office") -> None:
    receive(submitted, "1-1-1")

    with pytest.raises(ReceiptNumberTakenError, match=r"0001/2018 was given before; leave it out or give another"):
        receive(submitted, "1-2-1", "0001/2018")
    assert receive(submitted, "1-2-1") == "0002/2018"


def test_a_number_stays_taken_when_its_dossier_has_a_newer_one(submitted: "Office") -> None:
    """At the next stage the dossier gets another receipt; the count goes on and repeats none."""
    receive(submitted, "1-1-1")
    submitted.conclude("2018-03-07 08:00")
    submitted.act("2018-03-08 08:00", DossierTrigger.SUBMIT)
    submitted.act("2018-03-09 08:00", DossierTrigger.RECEIVE)

    with submitted.reading() as work:
        stream = f"dossier:{submitted.dossier(work).id}"
        receipts = [e for e in events_of(work.session, stream) if e.action == "dossier_received"]
        assert [details_of(event)["receipt_number"] for event in receipts] == ["0001/2018", "0002/2018"]
    with submitted.at("2018-03-10 08:00") as work:
        request = Request(DossierTrigger.RECEIVE, OFFICE)
        assert apply_trigger(work, submitted.dossier(work, "1-2-1"), request).receipt_number == "0003/2018"


def test_a_receipt_that_was_rolled_back_uses_no_number_up(submitted: "Office") -> None:
    class UndoneError(Exception):
        """Ends the transaction."""

    def undo() -> None:
        with submitted.at("2018-03-06 08:00") as work:
            apply_trigger(work, submitted.dossier(work), Request(DossierTrigger.RECEIVE, OFFICE))
            raise UndoneError

    with pytest.raises(UndoneError):
        undo()
    assert receive(submitted, "1-1-1") == "0001/2018"

"""Escalations to a superior wait as drafts for the office, and end when nothing in them is true (section 7, I3)."""

from typing import TYPE_CHECKING

import pytest

from ocop_workflow.services.bundling import offices_with_mail
from ocop_workflow.services.obligations import DOSSIER_STEP, REPORT
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office


@pytest.fixture
def drafted(office: "Office") -> "Office":
    """The district has not received dossier 1-1-1, due by 8 March; on 11 March its leader's escalation is a draft."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.sweep("2018-03-12 08:00", kinds=(DOSSIER_STEP,))
    return office


def draft(office: "Office") -> tuple[str, str | None]:
    with office.reading() as work:
        (found,) = [n for n in office.notices(work, about="1-1-1") if n.rung == "+3/superior"]
        return found.status, found.suppression


def test_a_draft_waits_as_long_as_it_is_true(drafted: "Office") -> None:
    drafted.send("2018-03-12 08:00")
    drafted.send("2018-03-14 08:00")

    assert draft(drafted) == ("draft", None)
    assert not [mail for mail in drafted.mails() if "district_leader" in mail.address]


def test_a_draft_is_settled_when_what_it_asks_was_done(drafted: "Office") -> None:
    """I3: each rung ends as sent, fulfilled or suppressed with a reason; a draft is no end."""
    drafted.act("2018-03-13 08:00", DossierTrigger.RECEIVE)
    drafted.send("2018-03-13 08:00")

    assert draft(drafted) == ("suppressed", "settled")


def test_a_draft_is_settled_also_when_the_dossier_was_withdrawn(drafted: "Office") -> None:
    drafted.act("2018-03-13 08:00", DossierTrigger.WITHDRAW, actor="coast/coordination_office")
    drafted.send("2018-03-13 08:00")

    assert draft(drafted) == ("suppressed", "settled")


def test_an_office_with_nothing_but_a_draft_is_looked_at(drafted: "Office") -> None:
    """Otherwise nobody would ever end the draft."""
    for hour in ("08:00", "09:00"):
        drafted.send(f"2018-03-12 {hour}")
    with drafted.reading() as work:
        assert not {n.status for n in drafted.notices(work)} & {"planned", "bundled"}
        assert offices_with_mail(work.session) == ["coast"]


def test_an_escalation_to_the_office_itself_is_no_draft(office: "Office") -> None:
    """Nobody stands above a producer's council but the office: it need not release a letter to itself."""
    office.sweep("2018-04-06 08:00", kinds=(DOSSIER_STEP, REPORT))

    with office.reading() as work:
        to_office = [n for n in office.notices(work) if n.recipient == "coast/coordination_office"]
        assert to_office
        assert {n.status for n in to_office} <= {"planned", "suppressed"}


def test_a_rung_to_a_superior_whom_nobody_has_speaks_to_the_office_at_once(office: "Office") -> None:
    """The office stands in for a missing superior, as a reader of the notice and not as its censor."""
    office.to_council()
    with office.at("2018-03-10 08:00") as work:
        obligation = office.obligation(work, "decision")
        obligation.superior = None
        work.session.add(obligation)
    office.sweep("2018-03-26 08:00", kinds=(DOSSIER_STEP,))

    with office.reading() as work:
        found = {n.rung: (n.recipient, n.status) for n in office.notices(work, about="1-1-1")}
    assert found["+3/superior"] == ("coast/coordination_office", "planned")

"""People tell things by hand: that stops the rung, and what reached nobody is work for the office (section 7)."""

from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.events import details_of
from ocop_workflow.services.fulfilment import Means, NotToFulfilError, Told, find_notice, fulfil, notices_to_tell
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.services.people import give_producer_address
from ocop_workflow.storage.tables import Event, EventText, Notice, Product
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def told(office: "Office", when: str, rung: str = "-7", *, number: str = "1-1-1", actor: str = OFFICE) -> None:
    with office.at(when) as work:
        (notice,) = [n for n in office.notices(work, about=number) if n.rung == rung]
        fulfil(work, notice, Told(Means.TELEPHONE, "Nguyễn Thị Hoa"), actor=actor)


@pytest.fixture
def reminded(office: "Office") -> "Office":
    """On 23 March the rung a week before the date is planned for each producer."""
    office.sweep("2018-03-23 07:30", kinds=(DOSSIER_STEP,))
    return office


@pytest.fixture
def unreachable(office: "Office") -> "Office":
    """The producer of 1-1-1 has no address; the rung of 23 March found nobody to send it to."""
    with office.at("2018-03-20 08:00") as work:
        product = work.session.get_one(Product, office.dossier(work).product_id)
        give_producer_address(work, product.producer_id, email=None, language="vi")
    office.sweep("2018-03-23 07:30", kinds=(DOSSIER_STEP,))
    office.send("2018-03-23 07:30")
    return office


def to_do(office: "Office", when: str) -> list[tuple[str, str | None]]:
    with office.reading(when) as work:
        found = notices_to_tell(work, office.cycle(work))
        keys = {office.dossier(work, number).id: number for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2")}
        return [(keys[notice.subject_id], notice.rung) for notice in found]


def test_what_was_told_by_hand_stops_the_rung(reminded: "Office") -> None:
    told(reminded, "2018-03-23 07:40")
    sender = RecordingEmailSender()
    reminded.send("2018-03-23 08:00", sender)

    assert reminded.outcomes("1-1-1") == {"-14": "overtaken", "-7": "fulfilled"}
    assert reminded.outcomes("2-1-1")["-7"] == "sent"


def test_a_line_in_a_digest_that_has_not_left_is_taken_out(reminded: "Office") -> None:
    reminded.bundle("2018-03-23 07:30")
    told(reminded, "2018-03-23 07:40")
    told(reminded, "2018-03-23 07:40", number="1-2-1")
    reminded.send("2018-03-23 08:00")

    assert reminded.outcomes("1-1-1")["-7"] == "fulfilled"
    with reminded.reading() as work:
        assert verify(work.session).faults == ()


def test_it_is_one_event_with_the_means_and_the_name_beside_it(reminded: "Office") -> None:
    told(reminded, "2018-03-23 07:40")

    with reminded.reading() as work:
        event = work.session.exec(select(Event).where(col(Event.action) == "notice_fulfilled")).one()
        (notice,) = [n for n in reminded.notices(work, about="1-1-1") if n.rung == "-7"]
        assert details_of(event) == {"notices": [notice.id], "how": "telephone"}
        assert work.session.get_one(EventText, (event.stream, event.seq)).body == "Nguyễn Thị Hoa"
        assert "Nguyễn" not in event.payload.decode()
        assert verify(work.session).faults == ()


def test_telling_it_again_at_the_same_instant_changes_nothing(reminded: "Office") -> None:
    told(reminded, "2018-03-23 07:40")
    told(reminded, "2018-03-23 07:40")

    with reminded.reading() as work:
        assert len(work.session.exec(select(Event).where(col(Event.action) == "notice_fulfilled")).all()) == 1


def test_what_found_no_address_is_work_for_the_office_until_it_is_told(unreachable: "Office") -> None:
    """1-1-1 and 1-2-1 are of the same cooperative."""
    assert sorted(to_do(unreachable, "2018-03-23 09:00")) == [("1-1-1", "-7"), ("1-2-1", "-7")]
    told(unreachable, "2018-03-23 10:00")
    assert to_do(unreachable, "2018-03-23 11:00") == [("1-2-1", "-7")]


@pytest.mark.parametrize("when", ["2018-03-24 08:00", "2018-03-31 00:00"])
def test_what_has_nothing_to_say_any_more_is_no_work(unreachable: "Office", when: str) -> None:
    """On 24 March one dossier is in; after 30 March the reminder comes too late."""
    unreachable.act("2018-03-24 07:00", DossierTrigger.SUBMIT, number="1-2-1")

    assert to_do(unreachable, when) == ([("1-1-1", "-7")] if when < "2018-03-31" else [])


@pytest.mark.parametrize(
    ("rung", "when", "sentence"),
    [
        ("-14", "2018-03-23 07:40", r"not to be said \(overtaken\)"),
        ("-7", "2018-03-23 07:00", "only from 23/03/2018"),
    ],
)
def test_what_can_not_be_fulfilled_is_refused(reminded: "Office", rung: str, when: str, sentence: str) -> None:
    with pytest.raises(NotToFulfilError, match=sentence):
        told(reminded, when, rung)


def test_what_left_by_mail_is_refused(reminded: "Office") -> None:
    reminded.send("2018-03-23 08:00")

    with pytest.raises(NotToFulfilError, match="leaves or left by mail"):
        told(reminded, "2018-03-23 09:00")


def test_what_was_told_on_another_day_is_refused_with_that_day(reminded: "Office") -> None:
    told(reminded, "2018-03-23 07:40")

    with pytest.raises(NotToFulfilError, match="told by hand on 23/03/2018"):
        told(reminded, "2018-03-24 07:40")


def test_only_the_office_records_it(reminded: "Office") -> None:
    with pytest.raises(OfficeOnlyError, match=f"only {OFFICE} records"):
        told(reminded, "2018-03-23 07:40", actor="hill/ocop_team")


def test_a_notice_is_found_by_the_beginning_of_its_id(reminded: "Office") -> None:
    with reminded.reading() as work:
        notice = work.session.exec(select(Notice)).first()
        assert notice is not None
        assert find_notice(work.session, notice.id[:12]).id == notice.id
        for wrong in ("", "zz"):
            with pytest.raises(NotToFulfilError, match="no notice begins"):
                find_notice(work.session, wrong)

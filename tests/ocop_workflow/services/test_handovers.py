"""A handover ends the holding before, and the successor reads all that is open in one digest (issue item 5)."""

from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import details_of
from ocop_workflow.services.handovers import Handover, HandoverRefusedError, hand_over
from ocop_workflow.services.links import links_of, open_link, token_of
from ocop_workflow.services.obligations import DOSSIER_STEP, REPORT
from ocop_workflow.services.reports import ensure_link
from ocop_workflow.storage.tables import Event, Holding, Official, Report
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

MAI = "mai@office.example"


def to_mai(office: "Office", when: str = "2018-03-12 09:00", *, first: str = "2018-03-12") -> int:
    with office.at(when) as work:
        return hand_over(work, Handover("hill/ocop_team", "Phạm Thị Mai", MAI, "vi", date.fromisoformat(first)))


@pytest.fixture
def busy(office: "Office") -> "Office":
    """The district's team owes two receipts since 5 March (by 8 March) and the report of the first quarter."""
    for number in ("1-1-1", "1-2-1"):
        office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number=number)
    office.send("2018-03-05 08:00")
    return office


def test_the_successor_gets_one_digest_of_everything_open_with_dates(busy: "Office") -> None:
    assert to_mai(busy) == 3
    sender = RecordingEmailSender()
    busy.send("2018-03-13 07:30", sender)

    (mail,) = [envelope for envelope in sender.envelopes if envelope.recipient == MAI]
    said = busy.text_of(mail.message)
    assert [said.casefold().count(words) for words in ("mật ong hoa nhãn", "mật ong bạc hà", "báo cáo tiến độ")] == [
        1,
        1,
        1,
    ]
    assert said.count("08/03/2018") == 2
    assert said.count("29/03/2018") == 1


def test_the_one_before_gets_nothing_any_more(busy: "Office") -> None:
    to_mai(busy)
    sender = RecordingEmailSender()
    busy.sweep("2018-03-13 07:30", kinds=(DOSSIER_STEP, REPORT))
    busy.send("2018-03-13 07:30", sender)

    assert "ocop_team.hill@office.example" not in [envelope.recipient for envelope in sender.envelopes]


def test_a_rung_of_the_same_day_and_the_list_say_a_date_once(busy: "Office") -> None:
    """The rung +1 of both receipts, planned on 9 March, has waited; the digest has three lines, not five."""
    busy.sweep("2018-03-09 08:00", kinds=(DOSSIER_STEP,))
    to_mai(busy)
    sender = RecordingEmailSender()
    busy.send("2018-03-12 09:30", sender)

    (mail,) = [envelope for envelope in sender.envelopes if envelope.recipient == MAI]
    assert busy.text_of(mail.message).count("08/03/2018") == 2


def test_what_settles_before_the_digest_is_left_out(busy: "Office") -> None:
    to_mai(busy)
    busy.act("2018-03-12 10:00", DossierTrigger.RECEIVE, number="1-1-1")
    sender = RecordingEmailSender()
    busy.send("2018-03-13 07:30", sender)

    (mail,) = [envelope for envelope in sender.envelopes if envelope.recipient == MAI]
    said = busy.text_of(mail.message)
    assert said.count("08/03/2018") == 1  # the receipt of the other dossier


def test_it_is_one_act_that_names_the_open_list_and_the_successor_by_id(busy: "Office") -> None:
    to_mai(busy)

    with busy.reading() as work:
        event = work.session.exec(select(Event).where(col(Event.action) == "position_handed_over")).one()
        mai = work.session.exec(select(Official).where(col(Official.email) == MAI)).one()
        details = details_of(event)
        assert (details["position"], details["official"], details["start_on"]) == (
            "hill/ocop_team",
            mai.id,
            "2018-03-12",
        )
        assert len(details["obligations"]) == 3
        assert "Phạm" not in event.payload.decode()
        held = work.session.exec(select(Holding).where(col(Holding.position) == "hill/ocop_team")).all()
        assert sorted((str(h.start_on), str(h.until_on)) for h in held) == [
            ("2018-01-02", "2018-03-12"),
            ("2018-03-12", "None"),
        ]
        assert verify(work.session).faults == ()


def test_the_same_words_again_do_nothing(busy: "Office") -> None:
    assert to_mai(busy) == 3
    busy.send("2018-03-12 10:00")
    assert to_mai(busy, "2018-03-13 09:00") == 0

    with busy.reading() as work:
        assert len(work.session.exec(select(Event).where(col(Event.action) == "position_handed_over")).all()) == 1


def test_a_first_day_still_to_come_is_refused_with_what_to_do(busy: "Office") -> None:
    with pytest.raises(HandoverRefusedError, match="13/03/2018 is still to come; hand over on that day"):
        to_mai(busy, first="2018-03-13")


def test_the_predecessors_link_to_a_report_opens_nothing_any_more(busy: "Office") -> None:
    """The link files a report without an account, so it goes with the position."""
    keys = (b"k" * 32,)
    with busy.at("2018-03-11 08:00") as work:
        reports = select(Report).where(col(Report.reporter) == "hill/ocop_team", col(Report.period_id) == "2018-Q1")
        report = work.session.exec(reports).one()
        ensure_link(work, report, actor="coast/coordination_office")
        before = token_of(links_of(work.session, report.id)[0], keys)
    to_mai(busy)

    with busy.reading("2018-03-12 10:00") as work:
        (link,) = links_of(work.session, report.id)
        assert open_link(work.session, before, keys=keys, now=work.now) is None
        assert open_link(work.session, token_of(link, keys), keys=keys, now=work.now) is not None
        assert verify(work.session).faults == ()

"""Notices into mails: who is told, in which mail, on which day, and who cannot be told (I2, I3)."""

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.bundling import offices_with_mail
from ocop_workflow.services.delivery import Delivered, deliver
from ocop_workflow.services.people import appoint, give_producer_address
from ocop_workflow.storage.tables import Holding, Mail, Notice, Official
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

WEEK_BEFORE = "2018-03-23 07:30"  # the rung -7 of the four submissions
DAY_BEFORE = "2018-03-29 07:30"  # the rung -1 of the four submissions


def test_one_digest_per_recipient_and_day(office: "Office") -> None:
    """Section 7: the two dossiers of HTX Đồi Ong make one mail with two lines (peers' mistake 16)."""
    office.sweep(WEEK_BEFORE)
    sender = RecordingEmailSender()
    office.bundle(WEEK_BEFORE)
    delivered, more = deliver(office.post(sender, WEEK_BEFORE), "coast")

    assert (delivered, more) == (Delivered(accepted=5), False)  # three producers, two reporters
    with office.reading() as work:
        party = office.dossier(work).responsible
        digest = work.session.exec(select(Mail).where(col(Mail.recipient) == party)).one()
        sent = [notice.rung for notice in work.session.exec(select(Notice).where(col(Notice.mail_id) == digest.id))]
    assert (digest.kind, digest.status, sent) == ("digest", "sent", ["-7", "-7"])


def test_a_person_with_two_positions_gets_one_mail(office: "Office") -> None:
    """Peers' mistake 16: the recipient is the person, not the position."""
    with office.at("2018-01-03 08:00") as work:
        for position in ("hill/ocop_team", "delta/ocop_team"):
            old = work.session.exec(select(Holding).where(col(Holding.position) == position)).one()
            old.until_on = work.now.date()
            work.session.add(old)
            appoint(
                work,
                position=position,
                name="Cô Hai",
                email="hai@office.example",
                language="vi",
                start_on=work.now.date(),
            )
    office.sweep("2018-03-28 07:30")  # the reports' day before
    office.send("2018-03-28 07:30")

    assert [mail.address for mail in office.mails() if mail.recipient.startswith("official:")] == ["hai@office.example"]


def test_a_digest_bundled_before_its_hour_leaves_at_its_hour(single: "Office") -> None:
    single.sweep("2018-03-26 05:00")
    single.bundle("2018-03-26 05:00")

    assert deliver(single.post(RecordingEmailSender(), "2018-03-26 07:29:59"), "coast")[0].accepted == 0
    assert deliver(single.post(RecordingEmailSender(), "2018-03-26 07:30"), "coast")[0].accepted == 3


def test_news_leave_at_once_in_a_mail_of_their_own(single: "Office") -> None:
    single.act("2018-03-07 22:15", DossierTrigger.WITHDRAW)
    sender = RecordingEmailSender()

    assert single.send("2018-03-07 22:15", sender).accepted == 1
    assert [mail.kind for mail in single.mails() if mail.created_at.day == 7] == ["immediate"]


def test_a_notice_after_freezing_waits_for_the_next_digest(office: "Office") -> None:
    """Section 7: a second digest on the same day is not made, and none on the Saturday that follows."""
    office.sweep(WEEK_BEFORE, kinds=("report",))
    office.bundle(WEEK_BEFORE)
    deliver(office.post(RecordingEmailSender(), WEEK_BEFORE), "coast")
    with office.at(WEEK_BEFORE) as work:
        digest = work.session.exec(select(Mail)).first()
        assert digest is not None
        party = office.dossier(work).responsible
        digest.recipient = party or ""  # as if the producer's digest of the day had left already
        work.session.add(digest)
    office.sweep("2018-03-23 12:00")
    office.bundle("2018-03-23 12:00")

    assert office.outcomes()["-7"] == "planned"
    assert office.outcomes("2-1-1")["-7"] == "bundled"
    office.bundle("2018-03-24 07:30")
    assert office.outcomes()["-7"] == "planned"
    office.bundle("2018-03-26 07:30")
    assert office.outcomes()["-7"] == "bundled"
    assert [mail.local_date.isoformat() for mail in office.mails(status="open")] == ["2018-03-23"] * 2 + ["2018-03-26"]


@pytest.mark.parametrize(("planned", "goes"), [("2018-03-30 12:00", "bundled"), ("2018-03-29 12:00", "planned")])
def test_a_notice_after_freezing_goes_at_once_if_due_before_the_next_digest(
    single: "Office", planned: str, goes: str
) -> None:
    """Section 7: due at the end of 30 March, before the digest of the 31st at 07:30; on the 29th there is time."""
    day = planned[:10]
    with single.at(f"{day} 07:30") as work:
        party = single.dossier(work).responsible
        digest = Mail(
            id="frozen",
            office_id="coast",
            recipient=party or "",
            recipient_name="HTX",
            address="p@producer.example",
            language="vi",
            kind="digest",
            local_date=work.now.date(),
            sequence=0,
            message_id="<frozen@office.example>",
            status="sent",
            created_at=work.now,
            next_try_at=work.now,
        )
        work.session.add(digest)
    single.sweep(planned)
    single.bundle(planned)

    assert single.outcomes()["-1"] == goes
    kinds = [mail.kind for mail in single.mails(status="open") if mail.recipient == party]
    assert kinds == (["immediate"] if goes == "bundled" else [])


def test_only_the_latest_of_several_planned_rungs_is_bundled(single: "Office") -> None:
    """I3: when mail could not be bundled for a week, the reader gets the latest reminder and not all of them."""
    for rung in ("2018-03-16 07:30", "2018-03-23 07:30", "2018-03-29 07:30"):
        single.sweep(rung)
    single.bundle("2018-03-29 07:30")

    assert single.outcomes() == {"-14": "overtaken", "-7": "overtaken", "-1": "bundled"}


def test_a_digest_that_was_withdrawn_unsent_does_not_hold_back_the_day(single: "Office") -> None:
    """A notice planned later the same day still leaves that day: nothing was frozen."""
    single.sweep("2018-03-29 05:00")
    single.sweep(DAY_BEFORE)
    with single.at("2018-03-29 05:00") as work:
        for notice in single.notices(work):
            if notice.rung != "-1":
                notice.status = "suppressed"
                work.session.add(notice)
    single.bundle(DAY_BEFORE)
    digest = next(mail for mail in single.mails(status="open") if mail.recipient.startswith("producer:"))
    with single.at(DAY_BEFORE) as work:
        row = work.session.get_one(Mail, digest.id)
        row.status = "withdrawn"
        work.session.add(row)
        for notice in work.session.exec(select(Notice).where(col(Notice.mail_id) == digest.id)):
            notice.status, notice.mail_id = "planned", None
            work.session.add(notice)
    single.bundle("2018-03-29 12:00")

    assert single.outcomes()["-1"] == "bundled"


def test_no_address_is_suppressed_with_the_reason(office: "Office") -> None:
    """I3: a rung that nobody can be told of ends as suppressed, and is work for the office."""
    with office.at("2018-03-01 08:00") as work:
        producer = (office.dossier(work).responsible or "").partition(":")[2]
        give_producer_address(work, producer, email=None, language="vi")
    office.sweep(WEEK_BEFORE)
    bundled = office.bundle(WEEK_BEFORE)

    assert bundled.unreachable == 2
    assert office.outcomes() == {"-14": "overtaken", "-7": "no_address"}
    assert office.outcomes("2-1-1")["-7"] == "bundled"


def test_a_vacant_position_is_suppressed_with_the_reason(office: "Office") -> None:
    with office.at("2018-03-01 08:00") as work:
        holding = work.session.exec(select(Holding).where(col(Holding.position) == "hill/ocop_team")).one()
        holding.until_on = work.now.date()
        work.session.add(holding)
    office.sweep("2018-03-28 07:30")
    office.bundle("2018-03-28 07:30")

    with office.reading() as work:
        last = {
            notice.recipient: notice.suppression or notice.status
            for notice in office.notices(work)
            if notice.rung == "-1"
        }
    assert last == {"hill/ocop_team": "no_recipient", "delta/ocop_team": "bundled"}


def test_of_two_holders_the_one_who_has_held_the_position_longest_is_told(office: "Office") -> None:
    """I2a: one notice is one mail, however many people hold the position."""
    with office.at("2018-02-01 08:00") as work:
        appoint(
            work,
            position="hill/ocop_team",
            name="Người mới",
            email="new@office.example",
            language="vi",
            start_on=work.now.date(),
        )
    office.sweep("2018-03-28 07:30")
    office.send("2018-03-28 07:30")

    addresses = {mail.address for mail in office.mails()}
    assert "ocop_team.hill@office.example" in addresses
    assert "new@office.example" not in addresses


def test_holders_are_resolved_on_the_day_of_bundling(office: "Office") -> None:
    """Section 7: whoever has left gets nothing; from the first day no longer the successor is told."""
    with office.at("2018-03-01 08:00") as work:
        old = work.session.exec(select(Holding).where(col(Holding.position) == "hill/ocop_team")).one()
        old.until_on = datetime(2018, 3, 28).date()  # noqa: DTZ001 -- only its date
        work.session.add(old)
        appoint(
            work,
            position="hill/ocop_team",
            name="Người kế nhiệm",
            email="next@office.example",
            language="vi",
            start_on=old.until_on,
        )
    office.sweep("2018-03-22 07:30")
    office.send("2018-03-22 07:30")
    office.sweep("2018-03-28 07:30")
    office.send("2018-03-28 07:30")

    told = [mail.address for mail in office.mails() if mail.address.startswith(("next", "ocop_team.hill"))]
    assert told == ["ocop_team.hill@office.example", "next@office.example"]


def test_a_corrected_address_doubles_nothing(single: "Office") -> None:
    """Section 7: recipients are people by id, so a new address is not a new recipient."""
    single.sweep(WEEK_BEFORE)
    first = RecordingEmailSender()
    single.send(WEEK_BEFORE, first)
    with single.at("2018-03-23 09:00") as work:
        producer = (single.dossier(work).responsible or "").partition(":")[2]
        give_producer_address(work, producer, email="dung@producer.example", language="vi")
    single.sweep("2018-03-23 12:00")
    second = RecordingEmailSender()
    single.send("2018-03-23 12:00", second)

    assert len([e for e in first.envelopes if e.recipient.endswith("producer.example")]) == 1
    assert second.envelopes == []
    single.sweep(DAY_BEFORE)
    single.send(DAY_BEFORE, second)
    assert "dung@producer.example" in [envelope.recipient for envelope in second.envelopes]


def test_offices_with_mail_names_those_with_notices_or_mails_waiting(single: "Office") -> None:
    with single.reading() as work:
        assert offices_with_mail(work.session) == []
    single.sweep(WEEK_BEFORE)
    with single.reading() as work:
        assert offices_with_mail(work.session) == ["coast"]
    single.bundle(WEEK_BEFORE)
    with single.reading() as work:
        assert offices_with_mail(work.session) == ["coast"]
    single.send(WEEK_BEFORE)
    with single.reading() as work:
        assert offices_with_mail(work.session) == []


def test_official_without_address_is_work_for_the_office(office: "Office") -> None:
    with office.at("2018-03-01 08:00") as work:
        official = work.session.exec(
            select(Official).where(col(Official.email) == "ocop_team.hill@office.example")
        ).one()
        official.email = None
        work.session.add(official)
    office.sweep("2018-03-28 07:30")

    assert office.bundle("2018-03-28 07:30").unreachable == 1

"""Mails to servers: accepted, refused, postponed, unknown; one bad mail holds up no other (I2b)."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.delivery import (
    Accepted,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)
from notifications.recording import RecordingEmailSender
from ocop_workflow.services.attempts import Answer, Lease, begin_attempts, record_temporary
from ocop_workflow.services.delivery import Delivered, deliver
from ocop_workflow.services.links import links_of, token_of
from ocop_workflow.services.outbox import Claim
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Mail, Notice, Official, Producer
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office
    from tests.ocop_workflow.services.conftest import FailingSender

MINUTES = timedelta(minutes=1)
WEEK_BEFORE = "2018-03-23 07:30"  # the rung -7 of the four submissions
DOSSIERS = ("dossier_step",)  # leaves out the reports, whose rungs fall in the same weeks


def test_a_temporary_error_is_retried_with_the_same_message_id_and_bytes(
    single: "Office", failing_sender: "type[FailingSender]"
) -> None:
    """I2b: frozen once; the date in it is that of the freezing, and every attempt is on record."""
    single.sweep(WEEK_BEFORE, kinds=DOSSIERS)
    sender = failing_sender(TemporaryDeliveryError("451 later", 451), UnknownOutcomeError("no reply"))
    done = [single.send(WEEK_BEFORE, sender)]
    again = ("07:30:59", "07:31", "07:35:59", "07:36")  # a minute, then five minutes more
    done += [deliver(single.post(sender, f"2018-03-23 {when}"), "coast")[0] for when in again]

    assert done == [Delivered(postponed=1), Delivered(), Delivered(postponed=1), Delivered(), Delivered(accepted=1)]
    assert len(sender.tried) == 3
    assert len(set(sender.tried)) == 1


@pytest.mark.parametrize(
    ("attempt", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 180), (6, 360), (7, 360), (20, 360)]
)
def test_record_temporary_backs_off(frozen: "Office", attempt: int, minutes: int) -> None:
    """Section 7: the pauses grow and together last longer than 24 hours."""
    (mail,) = frozen.mails(status="frozen")
    with frozen.at("2018-03-23 09:00") as work:
        row = work.session.get_one(Mail, mail.id)
        row.attempt = attempt
        work.session.add(row)
        work.session.flush()
        if attempt > 1:
            begin_attempts(work, [Lease(Claim(mail.id, attempt), work.now)])
        record_temporary(work, [Answer(Claim(mail.id, attempt), "451 later")])
        work.session.refresh(row)
        assert row.next_try_at - work.now == minutes * MINUTES
        assert (row.status, row.lease_until, row.reply) == ("frozen", None, "451 later")


@pytest.mark.parametrize(("hours", "status"), [(47, "frozen"), (48, "refused")])
def test_record_temporary_gives_up_after_two_days(
    frozen: "Office", failing_sender: "type[FailingSender]", hours: int, status: str
) -> None:
    """Section 7: back off over at least 24 hours, then it is work for the office."""
    (mail,) = frozen.mails(status="frozen")
    assert mail.frozen_at is not None
    deliver(
        frozen.post(failing_sender(TemporaryDeliveryError("451 later", 451)), mail.frozen_at + timedelta(hours=hours)),
        "coast",
    )

    assert [row.status for row in frozen.mails() if row.id == mail.id] == [status]
    assert frozen.outcomes()["-7"] == ("refused" if status == "refused" else "bundled")


def test_a_permanent_error_refuses_the_mail_for_good(single: "Office", failing_sender: "type[FailingSender]") -> None:
    single.act("2018-03-07 08:00", DossierTrigger.WITHDRAW)
    delivered = single.send("2018-03-07 08:00", failing_sender(PermanentDeliveryError("550 unknown user", 550)))

    assert delivered == Delivered(refused=1)
    (mail,) = single.mails(status="refused")
    assert mail.reply == "550 unknown user"
    with single.reading() as work:
        (notice,) = single.notices(work, about="1-1-1", rungs=False)
        assert (notice.status, notice.suppression) == ("suppressed", "refused")
    assert single.send("2018-03-08 08:00") == Delivered()


def test_an_unknown_outcome_is_recorded_as_such_and_repeated(
    single: "Office", failing_sender: "type[FailingSender]"
) -> None:
    """I2b: the server may have the mail; the attempt says so, and the repeat is the same message."""
    single.act("2018-03-07 08:00", DossierTrigger.WITHDRAW)
    sender = failing_sender(UnknownOutcomeError("connection lost"))
    before = len(single.attempts())
    single.send("2018-03-07 08:00", sender)
    deliver(single.post(sender, "2018-03-07 08:01"), "coast")

    assert sorted(single.attempts())[-1:] == [(2, "accepted")]
    assert len(single.attempts()) == before + 2
    assert (1, "outcome_unknown") in single.attempts()
    assert sender.tried[0] == sender.tried[1]


def test_a_broken_sender_counts_as_unknown_and_does_not_stop_the_others(
    office: "Office", failing_sender: "type[FailingSender]"
) -> None:
    """Peers' mistake 9: one bad item neither stops the batch nor is its error swallowed."""
    office.sweep(WEEK_BEFORE)
    sender = failing_sender(RuntimeError("a bug of the sender"))
    delivered = office.send(WEEK_BEFORE, sender)

    assert delivered == Delivered(accepted=4, failed=1)
    (mail,) = office.mails(status="frozen")
    assert mail.reply == "RuntimeError: a bug of the sender"
    assert [outcome for _, outcome in office.attempts()].count("outcome_unknown") == 1
    assert deliver(office.post(sender, "2018-03-23 07:31"), "coast")[0] == Delivered(accepted=1)


def test_a_mail_that_cannot_be_made_does_not_stop_the_others(office: "Office") -> None:
    """Peers' mistake 9: it is counted, waits, and leaves once its trouble is mended."""
    office.sweep(WEEK_BEFORE)
    office.bundle(WEEK_BEFORE)
    bad = office.mails()[0]
    name = rename(office, bad.recipient, "gãy\r\ndòng")
    assert deliver(office.post(RecordingEmailSender(), WEEK_BEFORE), "coast")[0] == Delivered(accepted=4, failed=1)

    (mail,) = office.mails(status="open")
    assert (mail.id, mail.lease_until, mail.message) == (bad.id, None, None)
    rename(office, bad.recipient, name)
    assert deliver(office.post(RecordingEmailSender(), "2018-03-23 07:31"), "coast")[0] == Delivered(accepted=1)


def test_a_mail_that_cannot_be_made_is_given_up_after_two_days(office: "Office") -> None:
    """I3: its notices end with a reason instead of waiting for ever."""
    office.sweep(WEEK_BEFORE)
    office.bundle(WEEK_BEFORE)
    bad = office.mails()[0]
    rename(office, bad.recipient, "gãy\r\ndòng")
    for when in (WEEK_BEFORE, "2018-03-24 07:30", "2018-03-25 07:31"):
        deliver(office.post(RecordingEmailSender(), when), "coast")

    assert [mail.id for mail in office.mails(status="refused")] == [bad.id]
    with office.reading() as work:
        notices = work.session.exec(select(Notice).where(col(Notice.mail_id) == bad.id)).all()
        assert {(notice.status, notice.suppression) for notice in notices} == {("suppressed", "refused")}


def test_an_address_corrected_after_bundling_is_used(office: "Office") -> None:
    """The person is looked up when the bytes are fixed, so a corrected address is used at once."""
    office.sweep(WEEK_BEFORE)
    office.bundle(WEEK_BEFORE)
    mail = next(mail for mail in office.mails() if mail.recipient.startswith("official:"))
    with office.at(WEEK_BEFORE) as work:
        official = work.session.get_one(Official, mail.recipient.partition(":")[2])
        official.email = "dung@office.example"
        work.session.add(official)
    sender = RecordingEmailSender()
    deliver(office.post(sender, WEEK_BEFORE), "coast")

    sent = {envelope.message_id: envelope.recipient for envelope in sender.envelopes}
    assert sent[mail.message_id] == "dung@office.example"


def rename(office: "Office", key: str, name: str) -> str:
    """Give the person with this key another name and return the old one."""
    kind, _, person_id = key.partition(":")
    with office.at(WEEK_BEFORE) as work:
        person = work.session.get(Producer, person_id) if kind == "producer" else work.session.get(Official, person_id)
        assert person is not None
        before, person.name = person.name, name
        work.session.add(person)
    return before


def test_the_stored_bytes_of_a_sent_mail_hold_no_token(single: "Office") -> None:
    """Section 9: the token is in what left and not in what is kept."""
    single.sweep(WEEK_BEFORE)
    sender = RecordingEmailSender()
    single.send(WEEK_BEFORE, sender)
    with single.reading() as work:
        (link,) = links_of(work.session, single.dossier(work).id)
        token = token_of(link, (b"k" * 32,))

    left = next(
        single.text_of(envelope.message)
        for envelope in sender.envelopes
        if "Mật ong" in single.text_of(envelope.message)
    )
    kept = [mail.message or b"" for mail in single.mails(status="sent")]
    assert f"/s/{token}" in left
    assert all(token not in single.text_of(message) and token.encode() not in message for message in kept)
    assert any("Mật ong" in single.text_of(message) for message in kept)


def test_every_mail_has_its_own_message_id_at_the_senders_domain(office: "Office") -> None:
    office.sweep(WEEK_BEFORE)
    sender = RecordingEmailSender()
    office.send(WEEK_BEFORE, sender)

    ids = [str(message_from_bytes(e.message, policy=policy.default)["Message-ID"]) for e in sender.envelopes]
    assert ids == [envelope.message_id for envelope in sender.envelopes]
    assert len(set(ids)) == len(ids) == 5
    assert all(message_id.endswith("@office.example>") for message_id in ids)


def test_deliver_says_whether_more_is_due(office: "Office") -> None:
    office.sweep(WEEK_BEFORE)
    office.bundle(WEEK_BEFORE)
    sender = RecordingEmailSender()

    sizes = [deliver(office.post(sender, WEEK_BEFORE), "coast", limit=2) for _ in range(4)]

    assert [(done.accepted, more) for done, more in sizes] == [(2, True), (2, True), (1, False), (0, False)]
    assert len(sender.envelopes) == 5


def test_connections_hand_over_at_the_same_time(office: "Office") -> None:
    """As many mails are under way at once as there are connections, no more."""
    under_way: list[int] = []

    class CountingSender(RecordingEmailSender):
        now = 0

        async def send(self, envelope: Envelope) -> Accepted:
            CountingSender.now += 1
            under_way.append(CountingSender.now)
            await asyncio.sleep(0)
            CountingSender.now -= 1
            return await super().send(envelope)

    office.sweep(WEEK_BEFORE)
    office.bundle(WEEK_BEFORE)
    deliver(office.post(CountingSender(), WEEK_BEFORE, connections=2), "coast")

    assert max(under_way) == 2


def test_an_answer_is_on_record_before_the_next_mail_leaves_in_the_transaction_that_begins_it(office: "Office") -> None:
    """I2b: five mails on one connection are six transactions, after one to claim them and one to fix their bytes."""
    on_record: list[list[str]] = []
    committed: list[UnitOfWork] = []

    class ReadingSender(RecordingEmailSender):
        async def send(self, envelope: Envelope) -> Accepted:
            on_record.append(sorted(outcome for _, outcome in office.attempts()))
            return await super().send(envelope)

    @contextmanager
    def counted() -> Generator[UnitOfWork, None, None]:
        with office.at(WEEK_BEFORE) as work:
            yield work
        committed.append(work)

    office.sweep(WEEK_BEFORE)
    office.bundle(WEEK_BEFORE)
    post = replace(office.post(ReadingSender(), WEEK_BEFORE, connections=1), writing=counted)

    assert deliver(post, "coast")[0] == Delivered(accepted=5)
    assert on_record == [["accepted"] * sent + ["started"] for sent in range(5)]
    assert len(committed) == 2 + 6


@pytest.mark.parametrize("end", ["refused", "withdrawn", "given up"])
def test_the_stored_bytes_of_a_mail_that_never_left_hold_no_token(
    single: "Office", failing_sender: "type[FailingSender]", end: str
) -> None:
    """Section 9: what was written for somebody who did not get it opens the page just as well."""
    single.sweep("2018-03-29 07:30", kinds=DOSSIERS)
    later = TemporaryDeliveryError("451 later", 451)
    refusal = PermanentDeliveryError("550 no such user", 550)
    single.send("2018-03-29 07:30", failing_sender(refusal if end == "refused" else later))
    with single.reading() as work:
        (link,) = links_of(work.session, single.dossier(work).id)
        token = token_of(link, (b"k" * 32,))
    if end != "refused":
        (frozen_mail,) = single.mails(status="frozen")
        assert token in single.text_of(frozen_mail.message or b"")
    if end == "withdrawn":
        single.act("2018-03-29 08:00", DossierTrigger.SUBMIT)
        single.send("2018-03-30 07:30:01")
    if end == "given up":
        with single.at("2018-03-31 07:30") as work:
            obligation = single.obligation(work, "submission")
            obligation.due_at = None  # so that the reminder stays true, and is refused for its age alone
            work.session.add(obligation)
            for notice in work.session.exec(select(Notice)):
                notice.useful_until = None
                work.session.add(notice)
        single.send("2018-03-31 07:30", failing_sender(later))

    (mail,) = [mail for mail in single.mails() if mail.kind == "digest"]
    assert mail.status == ("withdrawn" if end == "withdrawn" else "refused")
    assert "Mật ong" in single.text_of(mail.message or b"")
    assert token not in single.text_of(mail.message or b"")
    assert link.id.encode() not in (mail.message or b"")

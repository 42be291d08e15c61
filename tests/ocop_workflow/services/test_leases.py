"""One process at a time holds a mail: leases, lost claims, two claimers (I2b)."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from notifications.delivery import (
    Accepted,
    Envelope,
    TemporaryDeliveryError,
)
from notifications.recording import RecordingEmailSender
from ocop_workflow.services.attempts import (
    Answer,
    Lease,
    begin_attempts,
    record_accepted,
    record_permanent,
    record_temporary,
)
from ocop_workflow.services.delivery import Delivered, deliver
from ocop_workflow.services.outbox import Claim, claim_mails, held_mails
from ocop_workflow.storage.tables import Mail

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

MINUTES = timedelta(minutes=1)
WEEK_BEFORE = "2018-03-23 07:30"  # the rung -7 of the four submissions


class BusySender(RecordingEmailSender):
    """Lets something happen during each hand-over, before the server answers."""

    def __init__(self, during: Callable[[], None]) -> None:
        super().__init__()
        self.during = during

    async def send(self, envelope: Envelope) -> Accepted:
        self.during()
        return await super().send(envelope)


def test_a_lost_lease_leaves_the_attempt_unknown_when_claimed_again(single: "Office") -> None:
    """I2b: sender or connection died after the attempt was written down; nobody knows what the server has."""
    single.sweep(WEEK_BEFORE)
    single.bundle(WEEK_BEFORE)

    class Died(BaseException):
        """The process is gone; nothing after it runs."""

    def die() -> None:
        raise Died

    with pytest.raises(BaseExceptionGroup):
        deliver(single.post(BusySender(die), WEEK_BEFORE, connections=1), "coast")
    started = [number for number, outcome in single.attempts() if outcome == "started"]
    assert started == [1]
    assert deliver(single.post(RecordingEmailSender(), "2018-03-23 07:39:59"), "coast")[0] == Delivered()

    sender = RecordingEmailSender()
    deliver(single.post(sender, "2018-03-23 07:40"), "coast")

    assert "started" not in [outcome for _, outcome in single.attempts()]
    assert [outcome for _, outcome in single.attempts()].count("outcome_unknown") == 1
    assert {mail.status for mail in single.mails()} == {"sent"}


def test_leases_go_by_the_lease_clock_and_not_by_business_time(single: "Office") -> None:
    """Section 6, two clocks: a lease of ten minutes holds for ten minutes of the lease clock."""
    single.sweep(WEEK_BEFORE)
    single.bundle(WEEK_BEFORE)
    with single.at(WEEK_BEFORE) as work:
        machine = work.now + timedelta(days=3000)
        first = claim_mails(work, "coast", lease_now=machine, lease=10 * MINUTES)
        early = claim_mails(work, "coast", lease_now=machine + 10 * MINUTES - timedelta(microseconds=1), lease=MINUTES)
        again = claim_mails(work, "coast", lease_now=machine + 10 * MINUTES, lease=MINUTES)

    assert early == []
    assert again == [Claim(claim.mail_id, 2) for claim in first]


def test_a_process_that_lost_its_claim_hands_nothing_over(frozen: "Office") -> None:
    """I2b: every write is guarded by the attempt's number, also that which begins a retry."""
    (mail,) = frozen.mails(status="frozen")
    with frozen.at("2018-03-23 07:31") as work:
        (late,) = claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES)
    with frozen.at("2018-03-23 07:41") as work:
        (present,) = claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES)
    assert (late.attempt, present.attempt) == (2, 3)

    with frozen.at("2018-03-23 07:42") as work:
        until = work.now + 10 * MINUTES
        assert [held.claim for held in held_mails(work.session, [late, present])] == [present]
        assert begin_attempts(work, [Lease(late, until), Lease(present, until)]) == [False, True]
    assert [row.message for row in frozen.mails(status="frozen")] == [mail.message]


def test_a_late_answer_to_a_lost_claim_leaves_the_mail_and_its_unknown_outcome_alone(frozen: "Office") -> None:
    """I2b: the present holder decides about the mail; the late copy stays countable as an unknown outcome."""
    with frozen.at("2018-03-23 07:31") as work:
        (late,) = claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES)
        begin_attempts(work, [Lease(late, work.now + 10 * MINUTES)])
    with frozen.at("2018-03-23 07:41") as work:
        claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES)
    with frozen.at("2018-03-23 07:42") as work:
        record_permanent(work, [Answer(late, "550 no")])
        record_temporary(work, [Answer(late, "451 later")])
        record_accepted(work, [Answer(late, "250 ok")])

    assert [(mail.status, mail.attempt) for mail in frozen.mails() if mail.id == late.mail_id] == [("frozen", 3)]
    assert (2, "outcome_unknown") in frozen.attempts()


def test_a_mail_claimed_by_another_process_between_claim_and_hand_over_is_left_alone(single: "Office") -> None:
    """I2b: the slow process finds its leases gone when it wants to begin with the next mail."""
    single.sweep(WEEK_BEFORE)
    single.bundle(WEEK_BEFORE)

    def take_over() -> None:
        with single.at("2018-03-23 08:00") as work:
            claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES)

    busy = BusySender(take_over)
    delivered = deliver(single.post(busy, WEEK_BEFORE, connections=1), "coast")[0]

    assert (delivered, len(busy.envelopes)) == (Delivered(accepted=1), 1)
    assert {mail.status for mail in single.mails() if mail.attempt == 2} == {"frozen"}


def test_two_claimers_at_once_never_claim_the_same_mail(office: "Office") -> None:
    """I2b: two threads on a real file, claiming one mail at a time until none is left."""
    with office.at(WEEK_BEFORE) as work:
        for number in range(60):
            work.session.add(
                Mail(
                    id=f"m{number:02d}",
                    office_id="coast",
                    recipient=f"official:{number}",
                    recipient_name="A",
                    address="a@office.example",
                    language="vi",
                    kind="digest",
                    local_date=work.now.date(),
                    sequence=0,
                    message_id=f"<m{number}@office.example>",
                    created_at=work.now,
                    next_try_at=work.now,
                )
            )
    claimed: dict[str, list[Claim]] = {"left": [], "right": []}
    begin = threading.Barrier(2)

    def claim_all(name: str) -> None:
        begin.wait()
        while True:
            with office.at(WEEK_BEFORE) as work:
                claims = claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES, limit=1)
            if not claims:
                return
            claimed[name] += claims

    threads = [threading.Thread(target=claim_all, args=(name,)) for name in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    both = claimed["left"] + claimed["right"]
    assert len(both) == len({claim.mail_id for claim in both}) == 60
    assert {claim.attempt for claim in both} == {1}


@pytest.mark.parametrize("again", [False, True], ids=["first attempt", "retry"])
def test_the_lease_begins_anew_with_each_hand_over(single: "Office", failing_sender: Any, *, again: bool) -> None:
    """I2b: a batch takes longer than one lease; a mail whose turn is late is still this process's while it leaves."""
    single.sweep(WEEK_BEFORE)
    single.bundle(WEEK_BEFORE)
    start = WEEK_BEFORE
    if again:  # every mail has failed once, so that the next run begins with frozen ones
        errors = [TemporaryDeliveryError("451 later", 451) for _ in single.mails(status="open")]
        deliver(single.post(failing_sender(*errors), WEEK_BEFORE), "coast")
        start = "2018-03-23 07:31"
    with single.at(start) as work:
        clock = [work.now]
    copies: list[Envelope] = []

    class SlowSender(RecordingEmailSender):
        """Takes nine minutes for each mail; then another process looks for mails whose lease has run out."""

        async def send(self, envelope: Envelope) -> Accepted:
            clock[0] += 9 * MINUTES
            with single.at(start) as work:
                mine = {claim.mail_id for claim in claim_mails(work, "coast", lease_now=clock[0], lease=MINUTES)}
            under_way = {mail.message_id for mail in single.mails() if mail.id in mine}
            copies.extend([envelope] if envelope.message_id in under_way else [])
            return await super().send(envelope)

    sender = SlowSender()
    deliver(single.post(sender, start, lease_clock=lambda: clock[0], connections=1), "coast")

    assert len(sender.envelopes) > 1
    assert copies == []


def test_a_mail_whose_turn_comes_after_its_lease_is_handed_over_once(single: "Office") -> None:
    """I2b: twelve minutes for each mail under leases of ten; another process takes the rest, and none leaves twice."""
    single.sweep(WEEK_BEFORE)
    single.bundle(WEEK_BEFORE)
    with single.at(WEEK_BEFORE) as work:
        clock = [work.now]
    other = RecordingEmailSender()

    class SlowSender(RecordingEmailSender):
        async def send(self, envelope: Envelope) -> Accepted:
            accepted = await super().send(envelope)
            clock[0] += 9 * MINUTES
            await asyncio.to_thread(deliver, single.post(other, WEEK_BEFORE, lease_clock=lambda: clock[0]), "coast")
            return accepted

    mine = SlowSender()
    waiting = len(single.mails(status="open"))
    deliver(single.post(mine, WEEK_BEFORE, lease_clock=lambda: clock[0], connections=1), "coast")

    ids = [envelope.message_id for envelope in (*mine.envelopes, *other.envelopes)]
    assert len(ids) == len(set(ids)) == waiting > 1
    assert {mail.status for mail in single.mails()} == {"sent"}

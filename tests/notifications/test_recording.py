"""The recording sender keeps everything, in order, and answers as a server would."""

import asyncio

from notifications.delivery import Accepted, EmailSender, Envelope
from notifications.recording import RecordingEmailSender


def envelope(number: int) -> Envelope:
    return Envelope("ocop@tinh.invalid", f"to-{number}@xa.invalid", b"Subject: x\r\n\r\nx\r\n", f"<{number}@x.invalid>")


def test_recording_sender_keeps_what_it_is_given_in_order() -> None:
    recorder = RecordingEmailSender()

    async def scenario(sender: EmailSender) -> list[Accepted]:
        async with sender:
            return [await sender.send(envelope(number)) for number in range(3)]

    replies = asyncio.run(scenario(recorder))

    assert recorder.envelopes == [envelope(0), envelope(1), envelope(2)]
    assert replies == [Accepted("250 recorded, not sent")] * 3


def test_recording_senders_share_nothing() -> None:
    first, second = RecordingEmailSender(), RecordingEmailSender()

    asyncio.run(first.send(envelope(1)))

    assert (len(first.envelopes), len(second.envelopes)) == (1, 0)

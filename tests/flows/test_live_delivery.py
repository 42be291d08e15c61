"""Delivery in a live folder, where time goes on while mails leave (I2b, sections 6 and 8)."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import select

from flows.deliver_mail import deliver_mail, deliver_office
from flows.open_cycle import open_cycle
from flows.send_reminders import send_reminders
from notifications.catcher import MailCatcher, read_messages
from ocop_workflow.clock import SetClock
from ocop_workflow.config_files import load_plan_files
from ocop_workflow.replay import documents_for
from ocop_workflow.runtime import Runtime, create_data_folder, open_runtime
from ocop_workflow.services.cycles import open_cycle as open_year
from ocop_workflow.services.installation import installation_of
from ocop_workflow.services.people import give_producer_address
from ocop_workflow.settings import Settings
from ocop_workflow.storage.tables import DeliveryAttempt, Mail, Producer

VN = Callable[[str], datetime]
SMALL = Path(__file__).parents[1] / "ocop_workflow" / "small"


class SlowCatcher(MailCatcher):
    """Takes half an hour and a minute for each mail; meanwhile an official writes something down."""

    clock: SetClock
    meanwhile: Callable[[], None]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        reply = await super().handle_DATA(server, session, envelope)
        self.clock.at += timedelta(minutes=31)
        self.meanwhile()
        return reply


Live = tuple[Runtime, SetClock]


@contextmanager
def live_folder(folder: Path, port: int, vn: VN) -> Generator[Live, None, None]:
    """Open a live folder whose machine clock is ours, with the small cycle projected and every producer reachable."""
    clock = SetClock(vn("2018-01-02 07:30"))
    create_data_folder(folder, mode="live", now=clock.at)
    documents = documents_for(load_plan_files(SMALL / "cycles" / "coast-2018.yaml", SMALL), 2018)
    settings = Settings(smtp_port=port, smtp_tls="none", smtp_connections=1, sender_address="ocop@office.example")
    with open_runtime(folder, settings=settings) as opened:
        runtime = dataclasses.replace(opened, clock=clock)
        with runtime.active():
            with runtime.transaction(clock.at) as work:
                open_year(work, documents, year=2018, actor="coast/coordination_office")
            open_cycle.fn()
            with runtime.transaction(clock.at) as work:
                for number, producer in enumerate(work.session.exec(select(Producer))):
                    give_producer_address(work, producer.id, email=f"p{number}@producer.example", language="vi")
            clock.at = vn("2018-03-23 07:30")
            yield runtime, clock


@pytest.fixture
def slow(tmp_path: Path, vn: VN) -> Generator[Live, None, None]:
    """A live folder with reminders planned for three producers; the mail server is slow."""
    with (
        SlowCatcher(tmp_path / "mail") as catcher,
        live_folder(tmp_path / "live", catcher.port, vn) as (runtime, clock),
    ):

        def write_beside() -> None:
            with runtime.transaction(clock.at):
                return

        catcher.clock, catcher.meanwhile = clock, write_beside
        send_reminders.fn()
        yield runtime, clock


def test_a_delivery_of_hours_beside_another_writer_records_every_mail_and_repeats_none(
    slow: Live, tmp_path: Path, vn: VN
) -> None:
    """I2b: the third answer comes an hour and a half after the run began; it used to be refused, and repeated."""
    runtime, clock = slow
    first = deliver_mail.fn()
    again = deliver_mail.fn()

    assert (first["counts"]["accepted"], first["counts"]["failed"]) == (3, 0)  # type: ignore[index]  # a report's counts
    assert again["counts"] == {}
    arrived = Counter(str(message["Message-ID"]) for message in read_messages(tmp_path / "mail"))
    assert sorted(arrived.values()) == [1, 1, 1]
    with runtime.database.reading() as session:
        settled = sorted(mail.settled_at for mail in session.exec(select(Mail)) if mail.settled_at is not None)
        assert settled == [vn("2018-03-23 07:30") + n * timedelta(minutes=31) for n in (1, 2, 3)]
        assert installation_of(session).last_now == clock.at == settled[-1]


def test_an_office_whose_turn_comes_hours_after_the_run_began_is_served(slow: Live, tmp_path: Path) -> None:
    """The offices before it took three hours, and others wrote meanwhile; its notices are bundled now, not then."""
    runtime, clock = slow
    began_at = clock.at
    clock.at += timedelta(hours=3)
    with runtime.transaction(clock.at):
        pass

    counts = deliver_office.fn(runtime, "coast", began_at)

    assert (counts["bundled"], counts["accepted"]) == (4, 3)
    assert len(read_messages(tmp_path / "mail")) == 3


def test_with_the_mail_server_away_one_batch_is_tried_and_not_every_mail(tmp_path: Path, vn: VN) -> None:
    """Section 7: temporary errors back off; the other mails would only run into the same wall."""
    with MailCatcher(tmp_path / "mail") as catcher:
        closed_port = catcher.port
    with live_folder(tmp_path / "live", closed_port, vn) as (runtime, clock):
        with runtime.transaction(clock.at) as work:
            mails = [
                {
                    "id": f"m{number:03d}",
                    "office_id": "coast",
                    "recipient": f"official:{number}",
                    "recipient_name": "A",
                    "address": "a@office.example",
                    "language": "vi",
                    "kind": "digest",
                    "local_date": clock.at.date(),
                    "sequence": 0,
                    "message_id": f"<m{number}@office.example>",
                    "status": "frozen",
                    "message": b"Subject: x\r\n\r\nx\r\n",
                    "created_at": clock.at,
                    "next_try_at": clock.at,
                    "frozen_at": clock.at,
                }
                for number in range(120)
            ]
            work.session.execute(insert(Mail), mails)
        tried = []
        for minutes in (0, 1):
            clock.at += timedelta(minutes=minutes)
            deliver_mail.fn()
            with runtime.database.reading() as session:
                tried.append(len({attempt.mail_id for attempt in session.exec(select(DeliveryAttempt))}))

    assert tried == [50, 100]
    assert read_messages(tmp_path / "mail") == []

"""What is not true any more is not said: settled, re-dated, withdrawn; news are exempt (I4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.attempts import withdraw_mail
from ocop_workflow.services.delivery import Delivered, deliver
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.outbox import Readiness, claim_mails, freeze, held_mails
from ocop_workflow.services.people import person_of
from ocop_workflow.storage.tables import Mail
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

MINUTES = timedelta(minutes=1)
DOSSIERS = ("dossier_step",)  # leaves out the reports, whose rungs fall in the same weeks
DAY_BEFORE = "2018-03-29 07:30"  # the rung -1 of the four submissions


def settle(office: "Office", when: str) -> None:
    office.act(when, DossierTrigger.SUBMIT)


def redate(office: "Office", when: str) -> None:
    with office.at(when) as work:
        obligation = office.obligation(work, "submission")
        assert obligation.due_at is not None
        extend(
            work,
            obligation,
            Extension(obligation.due_at + timedelta(days=14), "mưa bão", "01/QĐ", "coast/coordination_office"),
        )


@pytest.mark.parametrize(("change", "reason"), [(settle, "settled"), (redate, "redated")])
def test_a_notice_settled_or_redated_between_planning_and_bundling_is_dropped(
    single: "Office", change: Callable[["Office", str], None], reason: str
) -> None:
    single.sweep(DAY_BEFORE)
    change(single, "2018-03-29 07:31")
    single.bundle("2018-03-29 07:32")

    assert single.outcomes()["-1"] == reason


@pytest.mark.parametrize(("change", "reason"), [(settle, "settled"), (redate, "redated")])
def test_a_notice_settled_or_redated_between_bundling_and_freezing_is_dropped(
    single: "Office", change: Callable[["Office", str], None], reason: str
) -> None:
    """I4: claiming checks again; a mail with nothing left in it is withdrawn."""
    single.sweep(DAY_BEFORE)
    single.bundle(DAY_BEFORE)
    change(single, "2018-03-29 07:31")
    sender = RecordingEmailSender()
    deliver(single.post(sender, "2018-03-29 07:32"), "coast")

    assert single.outcomes()["-1"] == reason
    assert [mail.status for mail in single.mails() if mail.kind == "digest" and mail.recipient.startswith("prod")] == [
        "withdrawn"
    ]
    assert not [
        e for e in sender.envelopes if "2018" in single.text_of(e.message) and "Mật ong" in single.text_of(e.message)
    ]


def test_a_digest_loses_only_the_lines_that_are_not_true_any_more(office: "Office") -> None:
    """I4: of the two dossiers of one producer the submitted one is left out, the other is said."""
    office.sweep(DAY_BEFORE)
    office.bundle(DAY_BEFORE)
    office.act("2018-03-29 07:31", DossierTrigger.SUBMIT, number="1-1-1")
    sender = RecordingEmailSender()
    deliver(office.post(sender, "2018-03-29 07:32"), "coast")

    bodies = [office.text_of(envelope.message) for envelope in sender.envelopes]
    said = next(body for body in bodies if "Mật ong bạc hà" in body)
    assert "hoa nhãn" not in said
    assert (office.outcomes()["-1"], office.outcomes("1-2-1")["-1"]) == ("settled", "sent")


def test_a_notice_settled_while_its_mail_is_written_is_not_frozen_into_it(single: "Office") -> None:
    """I4: the bytes are fixed in the transaction that checks; what changed since rendering is rendered again."""
    single.sweep(DAY_BEFORE)
    single.bundle(DAY_BEFORE)
    with single.at("2018-03-29 07:31") as work:
        claims = claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES)
        party = single.dossier(work).responsible
        mail = work.session.exec(select(Mail).where(col(Mail.recipient) == party, col(Mail.status) == "open")).one()
        claim = next(claim for claim in claims if claim.mail_id == mail.id)
        (held,) = held_mails(work.session, [claim])
        true = tuple(notice.id for notice in held.notices)
        readiness = Readiness(person_of(work.session, mail.recipient), true)
    settle(single, "2018-03-29 07:32")

    with single.at("2018-03-29 07:33") as work:
        (held,) = held_mails(work.session, [claim])
        assert not freeze(work, held, readiness=readiness, message=b"stale")
    with single.at("2018-03-29 07:33") as work:
        (held,) = held_mails(work.session, [claim])
        assert withdraw_mail(work, held)
    assert single.outcomes()["-1"] == "settled"


def test_a_notice_bundled_into_a_mail_about_to_be_withdrawn_is_not_lost(office: "Office") -> None:
    """I3: bundling and delivering run beside each other; what came in last keeps the mail alive."""
    office.sweep(DAY_BEFORE, kinds=DOSSIERS)
    with office.at(DAY_BEFORE) as work:
        for number in ("1-2-1", "2-1-1", "2-1-2"):
            for notice in office.notices(work, about=number):
                notice.status = "draft"  # held back for a moment
                work.session.add(notice)
    office.bundle(DAY_BEFORE)
    settle(office, "2018-03-29 07:31")
    with office.at("2018-03-29 07:32") as work:
        (claim,) = claim_mails(work, "coast", lease_now=work.now, lease=10 * MINUTES)
        (held,) = held_mails(work.session, [claim])
        assert len(held.notices) == 1
    with office.at("2018-03-29 07:33") as work:
        for notice in office.notices(work, about="1-2-1"):
            if notice.suppression is None:
                notice.status = "planned"
                work.session.add(notice)
    office.bundle("2018-03-29 07:33")

    with office.at("2018-03-29 07:34") as work:
        (held,) = held_mails(work.session, [claim])
        assert not withdraw_mail(work, held)
    assert [mail.status for mail in office.mails() if mail.id == claim.mail_id] == ["open"]
    assert office.outcomes("1-2-1")["-1"] == "bundled"


def test_news_are_said_whatever_happens_later(single: "Office") -> None:
    """I4 exempts news: the receipt leaves although the dossier was withdrawn meanwhile."""
    single.act("2018-03-06 08:00", DossierTrigger.SUBMIT)
    single.act("2018-03-06 08:01", DossierTrigger.RECEIVE)
    single.act("2018-03-06 08:02", DossierTrigger.WITHDRAW, actor="coast/coordination_office")
    sender = RecordingEmailSender()
    single.send("2018-03-06 08:03", sender)

    with single.reading() as work:
        news = {notice.code: notice.status for notice in single.notices(work, about="1-1-1", rungs=False)}
    assert news == {"news.received": "sent", "news.withdrawn": "sent"}
    assert len(sender.envelopes) == 1


def test_what_was_frozen_before_may_still_leave_within_a_day(frozen: "Office") -> None:
    """I4: settled after freezing, the retry within 24 hours sends the same bytes."""
    settle(frozen, "2018-03-23 08:00")
    sender = RecordingEmailSender()
    deliver(frozen.post(sender, "2018-03-24 07:30"), "coast")

    assert frozen.outcomes()["-7"] == "sent"
    assert len(sender.envelopes) == 1


def test_after_a_day_a_mail_with_nothing_true_in_it_is_withdrawn(frozen: "Office") -> None:
    """I4: a retry that begins more than 24 hours after freezing is checked again."""
    settle(frozen, "2018-03-23 08:00")
    sender = RecordingEmailSender()
    delivered = deliver(frozen.post(sender, "2018-03-24 07:30:00.000001"), "coast")[0]

    assert delivered == Delivered(withdrawn=1)
    assert frozen.outcomes()["-7"] == "settled"
    assert sender.envelopes == []


def test_after_a_day_a_mail_with_something_true_in_it_leaves(frozen: "Office") -> None:
    sender = RecordingEmailSender()

    assert deliver(frozen.post(sender, "2018-03-24 09:00"), "coast")[0] == Delivered(accepted=1)
    assert frozen.outcomes()["-7"] == "sent"


@pytest.mark.parametrize(
    ("delivered", "said"), [("2018-04-20 16:00", True), ("2018-04-20 23:59", True), ("2018-04-21 00:00", False)]
)
def test_a_reminder_found_in_time_is_not_said_after_its_date(
    office_with: "Callable[..., Office]", delivered: str, *, said: bool
) -> None:
    """I3: planned in time, but delivery was down over the meeting of 20 April; "it is due tomorrow" helps nobody."""

    def one_rung(plan: dict[str, Any]) -> None:
        plan["ladders"]["meeting"]["rungs"] = [{"days": "-1"}]

    office = office_with(plan=one_rung)
    office.open()
    office.sweep("2018-04-19 07:30", kinds=("plan_task",))
    sender = RecordingEmailSender()
    office.send(delivered, sender)

    with office.reading() as work:
        (notice,) = [n for n in office.notices(work) if "/meeting/1|" in n.key]
        assert (notice.status, notice.suppression) == (("sent", None) if said else ("suppressed", "useless"))
    assert len(sender.envelopes) == said


def test_a_reminder_bundled_in_time_is_not_frozen_after_its_date(single: "Office") -> None:
    """I3: the mail was open when the night came over it; what it said was of use until the date only."""
    single.sweep(DAY_BEFORE, kinds=DOSSIERS)
    single.bundle(DAY_BEFORE)

    sender = RecordingEmailSender()
    deliver(single.post(sender, "2018-03-31 00:00"), "coast")

    assert sender.envelopes == []
    assert single.outcomes()["-1"] == "useless"
    assert {mail.status for mail in single.mails()} == {"sent", "withdrawn"}

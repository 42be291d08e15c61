"""What a mail says: language, reasons, the seal, whose act it is."""

from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.people import give_producer_address
from ocop_workflow.services.sealing import seal_day
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

WEEK_BEFORE = "2018-03-23 07:30"  # the rung -7 of the four submissions


def redate(office: "Office", when: str) -> None:
    with office.at(when) as work:
        obligation = office.obligation(work, "submission")
        assert obligation.due_at is not None
        extend(
            work,
            obligation,
            Extension(obligation.due_at + timedelta(days=14), "mưa bão", "01/QĐ", "coast/coordination_office"),
        )


def test_escalation_to_a_superior_is_a_draft_that_is_not_mailed(office: "Office") -> None:
    """Section 7: no superior is scolded by a machine without the office's consent."""
    office.sweep("2018-04-02 07:30")
    office.send("2018-04-02 07:30")

    assert office.outcomes()["+3/superior"] == "draft"
    assert office.outcomes()["+1"] == "sent"


def test_mail_in_the_recipients_language(office: "Office") -> None:
    with office.at("2018-03-01 08:00") as work:
        producer = (office.dossier(work).responsible or "").partition(":")[2]
        give_producer_address(work, producer, email="p@producer.example", language="en")
    office.sweep(WEEK_BEFORE)
    sender = RecordingEmailSender()
    office.send(WEEK_BEFORE, sender)

    english = next(e for e in sender.envelopes if e.recipient == "p@producer.example")
    assert message_from_bytes(english.message, policy=policy.default)["Content-Language"] == "en"
    assert "Submit" in office.text_of(english.message)


def test_an_extended_date_is_said_without_the_old_reason(single: "Office") -> None:
    """The reason of the first date does not explain the extended one."""
    redate(single, "2018-03-20 08:00")
    single.send("2018-03-20 08:00")
    single.sweep("2018-04-06 07:30")
    sender = RecordingEmailSender()
    single.send("2018-04-06 07:30", sender)

    body = next(single.text_of(e.message) for e in sender.envelopes if "Mật ong" in single.text_of(e.message))
    assert "13/04/2018" in body
    assert "30/03/2018" not in body


def test_a_counted_term_is_explained_in_the_readers_language(single: "Office") -> None:
    """The anchor of a term is a word of the reader's language, not a code."""
    single.act("2018-03-28 08:00", DossierTrigger.SUBMIT)
    single.sweep("2018-04-02 07:30")  # the receipt's day before
    sender = RecordingEmailSender()
    single.send("2018-04-02 07:30", sender)

    body = next(single.text_of(e.message) for e in sender.envelopes if "ocop_team.hill" in e.recipient)
    assert "3 ngày làm việc kể từ khi nộp hồ sơ" in body
    assert "submitted" not in body


def test_the_offices_own_digest_carries_the_last_seal(single: "Office") -> None:
    """Section 8: the hash of the daily seal is printed where a cut record would show."""
    with single.at("2018-04-13 07:00") as work:
        seal = seal_day(work)
    assert seal is not None
    single.sweep("2018-04-13 07:30")  # a week before the office's own meeting
    sender = RecordingEmailSender()
    single.send("2018-04-13 07:30", sender)

    bodies = {e.recipient: single.text_of(e.message) for e in sender.envelopes}
    assert seal.hash in bodies.pop("coordination_office.coast@office.example")
    assert all(seal.hash not in body for body in bodies.values())


def test_withdrawal_by_the_producer_is_answered_by_mail(single: "Office") -> None:
    """Peers' mistake 14: each end sends its news."""
    with single.at("2018-03-07 08:00") as work:
        dossier = single.dossier(work)
        apply_trigger(work, dossier, Request(DossierTrigger.WITHDRAW, dossier.responsible or ""))

    with single.reading() as work:
        assert [n.code for n in single.notices(work, about="1-1-1", rungs=False)] == ["news.withdrawn"]

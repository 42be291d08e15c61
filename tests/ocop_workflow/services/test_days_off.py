"""No digest leaves on a day off; what can't wait does (section 7; peers' mistake 18: reminders during Tết)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.bundling import Bundled
from ocop_workflow.services.obligations import PLAN_TASK

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE_ADDRESS = "coordination_office.coast@office.example"


def meeting(by: str, days: str) -> Callable[[dict[str, Any]], None]:
    """Return an edit that makes the year's one meeting fall on a day, with one reminder some days before."""

    def edit(plan: dict[str, Any]) -> None:
        plan["years"]["2018"]["tasks"][0]["dates"] = [{"by": by, "source": "item 8"}]
        plan["ladders"]["meeting"]["rungs"] = [{"days": days}]

    return edit


@pytest.mark.parametrize(
    ("by", "days", "rung", "off", "working"),
    [
        # The rung of Friday is found only on Saturday; the digest waits until Monday.
        ("2018-04-20", "-7", "2018-04-13", ("2018-04-14", "2018-04-15"), "2018-04-16"),
        # The rung of 13 February is found during Tết, 14 to 20 February.
        ("2018-03-06", "-21", "2018-02-13", tuple(f"2018-02-{day}" for day in range(14, 21)), "2018-02-21"),
        # The Hùng Kings' commemoration, a Wednesday.
        ("2018-05-08", "-14", "2018-04-24", ("2018-04-25",), "2018-04-26"),
    ],
)
def test_no_digest_leaves_on_a_day_off(  # noqa: PLR0917 -- a row of the table
    office_with: "Callable[..., Office]", by: str, days: str, rung: str, off: tuple[str, ...], working: str
) -> None:
    office = office_with(plan=meeting(by, days))
    office.open()
    sender = RecordingEmailSender()

    for day in off:
        office.sweep(f"{day} 08:00", kinds=(PLAN_TASK,))
        office.send(f"{day} 08:00", sender)
        assert sender.envelopes == [], day
        assert office.bundle(f"{day} 14:00") == Bundled()
    with office.reading() as work:
        assert [(str(n.moment_at.date()), n.status) for n in office.notices(work)] == [(rung, "planned")]

    office.send(f"{working} 08:00", sender)
    assert [envelope.recipient for envelope in sender.envelopes] == [OFFICE_ADDRESS]
    assert [(mail.kind, str(mail.local_date)) for mail in office.mails()] == [("digest", working)]


def test_what_falls_due_before_the_next_digest_leaves_on_a_day_off(office_with: "Callable[..., Office]") -> None:
    """The meeting is on Sunday 15 April; Friday's reminder that is found on Saturday can't wait until Monday."""
    office = office_with(plan=meeting("2018-04-15", "-2"))
    office.open()
    sender = RecordingEmailSender()
    office.sweep("2018-04-14 08:00", kinds=(PLAN_TASK,))
    office.send("2018-04-14 08:00", sender)

    assert [envelope.recipient for envelope in sender.envelopes] == [OFFICE_ADDRESS]
    assert [mail.kind for mail in office.mails()] == ["immediate"]


def test_a_decreed_day_off_holds_the_digest_back_and_a_make_up_day_does_not(
    office_with: "Callable[..., Office]",
) -> None:
    """Section 6: the plan's own days off and working days over the public ones."""

    def decreed(plan: dict[str, Any]) -> None:
        meeting("2018-04-20", "-10")(plan)
        plan["calendar"] = {"days_off": {"2018-04-11": "bão"}, "working_days": {"2018-04-14": "làm bù"}}

    office = office_with(plan=decreed)
    office.open()
    office.sweep("2018-04-10 08:00", kinds=(PLAN_TASK,))

    assert office.bundle("2018-04-11 08:00") == Bundled()
    assert office.bundle("2018-04-14 08:00") == Bundled(notices=1, mails=1)

"""While a holder is away the deputy reads the position's mail, and nobody gets two (issue item 3)."""

from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.audit import verify
from ocop_workflow.services.deputies import DeputyRefusedError, name_deputy
from ocop_workflow.services.events import details_of
from ocop_workflow.services.obligations import REPORT
from ocop_workflow.services.people import AddressTakenError, addressee_of, appoint, take_over
from ocop_workflow.storage.tables import Event, Official

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

TEAM_OF_HILL, TEAM_OF_DELTA = "ocop_team.hill@office.example", "ocop_team.delta@office.example"


def away(
    office: "Office", first: str, until: str, *, name: str = "Cán bộ ocop_team delta", email: str | None = None
) -> bool:
    with office.at("2018-03-12 08:00") as work:
        return name_deputy(
            work,
            position="hill/ocop_team",
            name=name,
            email=email,
            language="vi",
            start_on=date.fromisoformat(first),
            until_on=date.fromisoformat(until),
        )


def reader(office: "Office", day: str) -> str | None:
    with office.reading() as work:
        found = addressee_of(work.session, "hill/ocop_team", on=date.fromisoformat(day))
        return found.address if found else None


def test_the_deputy_reads_from_the_first_day_away_until_the_day_before_the_first_back(office: "Office") -> None:
    away(office, "2018-03-20", "2018-03-27")

    assert [reader(office, f"2018-03-{day}") for day in (19, 20, 26, 27)] == [
        TEAM_OF_HILL,
        TEAM_OF_DELTA,
        TEAM_OF_DELTA,
        TEAM_OF_HILL,
    ]


def test_the_deputy_gets_one_digest_with_the_lines_of_both_positions(office: "Office") -> None:
    """The quarterly report of both districts is due before 30 March; the rung of 22 March comes for each."""
    away(office, "2018-03-20", "2018-03-27")
    office.sweep("2018-03-22 07:30", kinds=(REPORT,))
    sender = RecordingEmailSender()
    office.send("2018-03-22 07:30", sender)

    (mail,) = sender.envelopes
    said = office.text_of(mail.message)
    assert mail.recipient == TEAM_OF_DELTA
    assert "huyện Đồi Chè" in said
    assert "huyện Châu Thổ" in said


def test_somebody_new_becomes_a_deputy_with_an_address(office: "Office") -> None:
    away(office, "2018-03-20", "2018-03-27", name="Lê Văn Mới", email="moi@office.example")

    assert reader(office, "2018-03-21") == "moi@office.example"


def test_the_same_first_day_again_corrects_and_the_same_words_do_nothing(office: "Office") -> None:
    assert away(office, "2018-03-20", "2018-03-27")
    assert not away(office, "2018-03-20", "2018-03-27")
    assert away(office, "2018-03-20", "2018-03-23")

    assert reader(office, "2018-03-23") == TEAM_OF_HILL
    with office.reading() as work:
        acts = list(work.session.exec(select(Event).where(col(Event.action) == "deputy_named")))
        assert [details_of(event)["until_on"] for event in acts] == ["2018-03-27", "2018-03-23"]
        assert "Cán bộ" not in acts[0].payload.decode()
        assert verify(work.session).faults == ()


def test_who_takes_over_during_the_absence_is_not_the_one_who_is_away(office: "Office") -> None:
    away(office, "2018-03-20", "2018-03-27")
    with office.at("2018-03-22 08:00") as work:
        take_over(
            work,
            position="hill/ocop_team",
            name="Phạm Thị Mai",
            email="mai@office.example",
            language="vi",
            start_on=date(2018, 3, 22),
        )

    assert reader(office, "2018-03-21") == TEAM_OF_DELTA
    assert reader(office, "2018-03-22") == "mai@office.example"


def test_a_deputy_whose_address_was_taken_away_leaves_the_mail_to_the_holder(office: "Office") -> None:
    away(office, "2018-03-20", "2018-03-27", name="Lê Văn Mới", email="moi@office.example")
    with office.at("2018-03-20 08:00") as work:
        official = work.session.exec(select(Official).where(col(Official.name) == "Lê Văn Mới")).one()
        official.email = None
        work.session.add(official)

    assert reader(office, "2018-03-21") == TEAM_OF_HILL


@pytest.mark.parametrize(
    ("first", "until", "name", "sentence"),
    [
        ("2018-03-20", "2018-03-20", "Cán bộ ocop_team delta", "must be after the first day away"),
        ("2018-03-20", "2018-03-27", "Ai Đó", "no official with an address is called 'Ai Đó'; give the address"),
        ("2018-03-20", "2018-03-27", "Hai Người", "several officials are called"),
    ],
)
def test_who_can_not_stand_in_is_refused(office: "Office", first: str, until: str, name: str, sentence: str) -> None:
    with office.at("2018-03-11 08:00") as work:
        for number in (1, 2):
            appoint(
                work,
                position="delta/district_leader",
                name="Hai Người",
                email=f"hai{number}@office.example",
                language="vi",
                start_on=date(2018, 3, 1),
            )
    with pytest.raises(DeputyRefusedError, match=sentence):
        away(office, first, until, name=name)


def test_an_address_of_another_name_is_refused(office: "Office") -> None:
    with pytest.raises(AddressTakenError, match="is the address of"):
        away(office, "2018-03-20", "2018-03-27", name="Ai Đó", email=TEAM_OF_DELTA)


def test_a_deputy_changed_behind_the_office_is_found(office: "Office") -> None:
    away(office, "2018-03-20", "2018-03-27")
    with office.at("2018-03-13 08:00") as work:
        work.session.connection().execute(text("UPDATE deputy SET until_on = '2018-12-31'"))
    with office.reading() as work:
        assert [fault.stream for fault in verify(work.session).faults] == ["deputy of hill/ocop_team"]

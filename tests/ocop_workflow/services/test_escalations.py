"""What superiors are told is released or dropped by the office, each time by one act (section 7, issue item 3)."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.escalations import Decided, NoSuchDraftError, drafts_of, drop, release
from ocop_workflow.services.events import details_of
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.storage.tables import Event, EventText, Notice
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"
LEADER_OF_HILL, LEADER_OF_DELTA = (f"district_leader.{unit}@office.example" for unit in ("hill", "delta"))


@pytest.fixture
def drafted(office: "Office") -> "Office":
    """Three districts' receipts are due by 8 March and not given; on 12 March two leaders' escalations are drafts.

    Dossiers 1-1-1 and 1-2-1 lie in hill, 2-1-1 in delta.
    """
    for number in ("1-1-1", "1-2-1", "2-1-1"):
        office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number=number)
    office.send("2018-03-05 08:00")
    office.sweep("2018-03-12 08:00", kinds=(DOSSIER_STEP,))
    return office


def drafts(office: "Office", *numbers: str, unit: str | None = None) -> list[str]:
    with office.reading() as work:
        return [owed.unit_id for _, owed in drafts_of(work.session, office.cycle(work), numbers=numbers, unit=unit)]


def let_go(office: "Office", when: str, *numbers: str, unit: str | None = None, actor: str = OFFICE) -> Decided:
    with office.at(when) as work:
        cycle = office.cycle(work)
        chosen = [notice for notice, _ in drafts_of(work.session, cycle, numbers=numbers, unit=unit)]
        return release(work, cycle, chosen, actor=actor)


def give_up(office: "Office", when: str, *numbers: str, reason: str = "đã trao đổi") -> Decided:
    with office.at(when) as work:
        cycle = office.cycle(work)
        chosen = [notice for notice, _ in drafts_of(work.session, cycle, numbers=numbers)]
        return drop(work, cycle, chosen, actor=OFFICE, reason=reason)


def acts(office: "Office", action: str) -> list[Event]:
    with office.reading() as work:
        query = select(Event).where(col(Event.action) == action)
        return list(work.session.exec(query))


def fate(office: "Office", number: str) -> tuple[str, str | None]:
    with office.reading() as work:
        (found,) = [n for n in office.notices(work, about=number) if n.rung == "+3/superior"]
        return found.status, found.suppression


def test_one_list_shows_what_every_superior_would_be_told(drafted: "Office") -> None:
    assert sorted(drafts(drafted)) == ["delta", "hill", "hill"]
    assert drafts(drafted, unit="delta") == ["delta"]
    assert drafts(drafted, "1-2-1") == ["hill"]


def test_what_is_released_leaves_with_the_next_digest_and_nothing_else_does(drafted: "Office") -> None:
    let_go(drafted, "2018-03-12 09:00", unit="hill")
    sender = RecordingEmailSender()
    drafted.send("2018-03-13 07:30", sender)

    assert [envelope.recipient for envelope in sender.envelopes if "leader" in envelope.recipient] == [LEADER_OF_HILL]
    assert fate(drafted, "1-1-1") == fate(drafted, "1-2-1") == ("sent", None)
    assert fate(drafted, "2-1-1") == ("draft", None)


def test_a_release_is_one_event_of_the_cycle_that_names_its_notices(drafted: "Office") -> None:
    """I1: releasing is an act; notices themselves are no events."""
    done = let_go(drafted, "2018-03-12 09:00")

    (event,) = acts(drafted, "escalations_released")
    assert (event.actor, event.stream.partition(":")[0]) == (OFFICE, "cycle")
    assert details_of(event) == {"notices": sorted(done.decided)}
    assert len(done.decided) == 3
    with drafted.reading() as work:
        assert verify(work.session).faults == ()


def test_what_was_released_is_not_said_when_it_settles_before_the_mail(drafted: "Office") -> None:
    """I4: the district received the dossier after the release."""
    let_go(drafted, "2018-03-12 09:00", "2-1-1")
    drafted.act("2018-03-12 10:00", DossierTrigger.RECEIVE, number="2-1-1")
    drafted.send("2018-03-13 07:30")

    assert fate(drafted, "2-1-1") == ("suppressed", "settled")
    assert LEADER_OF_DELTA not in [mail.address for mail in drafted.mails()]


def test_what_settled_before_the_release_is_not_released(drafted: "Office") -> None:
    drafted.act("2018-03-12 08:30", DossierTrigger.RECEIVE, number="2-1-1")
    done = let_go(drafted, "2018-03-12 09:00", "2-1-1")

    assert done == Decided(settled=1)
    assert fate(drafted, "2-1-1") == ("suppressed", "settled")
    assert acts(drafted, "escalations_released") == []


def test_what_is_dropped_ends_with_reason_and_actor_on_record(drafted: "Office") -> None:
    give_up(drafted, "2018-03-12 09:00", "1-1-1")
    drafted.send("2018-03-13 07:30")

    (event,) = acts(drafted, "escalations_dropped")
    with drafted.reading() as work:
        kept = work.session.get_one(EventText, (event.stream, event.seq))
        assert verify(work.session).faults == ()
    assert (event.actor, kept.body) == (OFFICE, "đã trao đổi")
    assert fate(drafted, "1-1-1") == ("suppressed", "dropped")
    assert fate(drafted, "1-2-1") == ("draft", None)


@pytest.mark.parametrize("action", ["release", "drop"])
def test_doing_it_again_does_nothing(drafted: "Office", action: str) -> None:
    with drafted.at("2018-03-12 09:00") as work:
        cycle = drafted.cycle(work)
        chosen = [notice for notice, _ in drafts_of(work.session, cycle)]
        for _ in range(2):
            if action == "release":
                release(work, cycle, chosen, actor=OFFICE)
            else:
                drop(work, cycle, chosen, actor=OFFICE, reason="x")

    assert len(acts(drafted, "escalations_released") + acts(drafted, "escalations_dropped")) == 1


def test_only_the_office_releases(drafted: "Office") -> None:
    with pytest.raises(OfficeOnlyError, match=f"only {OFFICE} releases"):
        let_go(drafted, "2018-03-12 09:00", actor="hill/ocop_team")


def test_a_number_that_fits_no_draft_is_refused(drafted: "Office") -> None:
    with pytest.raises(NoSuchDraftError, match="no draft waits under '2-1-2'"):
        let_go(drafted, "2018-03-12 09:00", "2-1-2", "1-1-1")
    assert sorted(drafts(drafted)) == ["delta", "hill", "hill"]


def test_the_office_reads_in_its_digest_how_many_drafts_wait(drafted: "Office") -> None:
    """Otherwise a draft waits unseen."""
    sender = RecordingEmailSender()
    drafted.sweep("2018-03-15 08:00", kinds=(DOSSIER_STEP,))  # the rung +7 speaks to the office
    drafted.send("2018-03-15 08:00", sender)

    texts = {e.recipient: drafted.text_of(e.message) for e in sender.envelopes}
    sentence = "3 báo cáo gửi cấp trên về việc chậm trễ đang chờ Văn phòng xem xét"
    assert sentence in texts["coordination_office.coast@office.example"]
    assert [address for address, said in texts.items() if "đang chờ Văn phòng" in said] == [
        "coordination_office.coast@office.example"
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE notice SET status = 'suppressed', suppression = 'dropped' WHERE status = 'draft'", "without an act"),
        ("UPDATE notice SET status = 'draft' WHERE status = 'planned' AND rung = '+3/superior'", "it is draft"),
    ],
)
def test_a_notice_changed_behind_the_office_is_found(drafted: "Office", change: str, sentence: str) -> None:
    let_go(drafted, "2018-03-12 09:00", "2-1-1")
    with drafted.at("2018-03-12 10:00") as work:
        work.session.connection().execute(text(change))
    with drafted.reading() as work:
        assert work.session.exec(select(Notice)).first() is not None
        assert any(sentence in fault.sentence for fault in verify(work.session).faults)

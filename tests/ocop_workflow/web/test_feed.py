"""An official's calendar behind its link: what they owe, where it moves to, who may read it (issue item 11)."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import icalendar
import pytest

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.services.audit import verify
from ocop_workflow.services.deputies import name_deputy
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.feed_links import feed_link_of, issue_feed_link, reissue_feed_link, revoke_feed_link
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.links import token_of
from ocop_workflow.services.people import find_official
from ocop_workflow.storage.tables import Cycle, Obligation, Official
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from ocop_workflow.services.unit_of_work import UnitOfWork
    from ocop_workflow.storage.tables import FeedLink
    from tests.ocop_workflow.web.conftest import Counter

OFFICE, TEAM = "coast/coordination_office", "hill/ocop_team"
HONEY = "Mật ong hoa nhãn – HTX Đồi Ong"


class Subscriber:
    """The calendar program of an official: the holder of a position when the link was issued."""

    def __init__(self, counter: "Counter", position: str = TEAM) -> None:
        self.counter = counter
        with counter.office.at(counter.clock.at) as work:
            official = find_official(work.session, position, on=local_day(work.now))
            self.official_id = official.id
            issue_feed_link(work, official, actor=OFFICE)

    def link(self, work: "UnitOfWork") -> "FeedLink":
        link = feed_link_of(work.session, work.session.get_one(Official, self.official_id))
        assert link is not None
        return link

    @property
    def path(self) -> str:
        with self.counter.office.reading() as work:
            return f"/f/{token_of(self.link(work), self.counter.runtime.link_keys)}.ics"

    def fetch(self) -> bytes:
        answer = self.counter.client.get(self.path)
        assert answer.status_code == 200
        return answer.content

    def events(self) -> list[icalendar.Event]:
        return icalendar.Calendar.from_ical(self.fetch()).events

    def days(self) -> dict[str, date]:
        """Return the day of each entry by what it says."""
        return {str(event["SUMMARY"]): event.start for event in self.events()}

    def event(self, summary: str) -> icalendar.Event:
        (found,) = [event for event in self.events() if summary in str(event["SUMMARY"])]
        return found


@pytest.fixture
def team(counter: "Counter") -> Subscriber:
    """The district's team since 5 March owes the receipt of one dossier by 8 March, and four reports."""
    counter.office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    return Subscriber(counter)


def extend_receipt(counter: "Counter", until: date) -> None:
    with counter.office.at(counter.clock.at) as work:
        obligation = counter.office.obligation(work, "receipt")
        extend(work, obligation, Extension(start_of_day(until + timedelta(days=1)), "mưa bão", "01/QĐ-GH", OFFICE))


def to_mai(counter: "Counter", first: str) -> None:
    with counter.office.at(counter.clock.at) as work:
        mai = Handover(TEAM, "Phạm Thị Mai", "mai@office.example", "vi", date.fromisoformat(first))
        hand_over(work, mai)


def test_feed_has_every_open_date_of_the_position_on_its_last_day(team: Subscriber) -> None:
    """Receipt within three working days of Monday 5 March; reports before the 30th of each quarter's last month."""
    assert team.days() == {
        f"Nhận: {HONEY}": date(2018, 3, 8),
        "Gửi báo cáo tiến độ quý I/2018: huyện Đồi Chè": date(2018, 3, 29),
        "Gửi báo cáo tiến độ quý II/2018: huyện Đồi Chè": date(2018, 6, 29),
        "Gửi báo cáo tiến độ quý III/2018: huyện Đồi Chè": date(2018, 9, 29),
        "Gửi báo cáo tiến độ quý IV/2018: huyện Đồi Chè": date(2018, 12, 29),
    }


def test_feed_is_a_calendar_of_whole_days_with_who_owes_and_why(team: Subscriber) -> None:
    answer = team.counter.client.get(team.path)
    receipt = team.event(HONEY)

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert (receipt.start, receipt.end, receipt.sequence) == (date(2018, 3, 8), date(2018, 3, 9), 0)
    assert b"DTSTART;VALUE=DATE:20180308" in receipt.to_ical()
    assert (receipt["STATUS"], receipt["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")
    assert str(receipt["DESCRIPTION"]).split("\n") == [
        "Tổ OCOP huyện Đồi Chè",
        "Số hồ sơ: 1-1-1",
        "Căn cứ: thời hạn 3 ngày làm việc kể từ khi nộp hồ sơ.",
    ]
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in answer.content
    assert b"\r\nX-PUBLISHED-TTL:PT1H\r\n" in answer.content
    assert max(map(len, answer.content.split(b"\r\n"))) <= 75


def test_feed_shows_no_address_link_or_id_of_anybody(team: Subscriber) -> None:
    """I8: product and producer by name, as in the digest; no token of a page."""
    with team.counter.office.reading() as work:
        dossier = team.counter.office.dossier(work)
        hidden = [dossier.id, dossier.product_id, dossier.cycle_id, dossier.responsible or "-", team.official_id]

    said = team.fetch().decode().replace("\r\n ", "")

    for text in (*hidden, "@", "http", "/s/", "/f/", "bạc hà"):
        assert text not in said


def test_a_moved_deadline_moves_in_the_feed(team: Subscriber) -> None:
    """RFC 5545, 3.8.7.4: the same identifier and a higher sequence are the same entry, revised."""
    team.counter.go_to("2018-03-07 09:00")
    before = team.event(HONEY)

    extend_receipt(team.counter, date(2018, 3, 14))
    once = team.event(HONEY)
    team.counter.go_to("2018-03-12 09:00")
    extend_receipt(team.counter, date(2018, 3, 16))
    twice = team.event(HONEY)

    events = (before, once, twice)
    assert [event.start for event in events] == [date(2018, 3, 8), date(2018, 3, 14), date(2018, 3, 16)]
    assert [event.sequence for event in events] == [0, 1, 2]
    assert len({event["UID"] for event in events}) == 1
    assert before.LAST_MODIFIED < once.LAST_MODIFIED < twice.LAST_MODIFIED
    assert "Hạn này đã được điều chỉnh." in str(once["DESCRIPTION"])
    assert "3 ngày làm việc" not in str(once["DESCRIPTION"])


def test_each_entry_has_an_identifier_of_its_own_that_stays(team: Subscriber) -> None:
    identifiers = [event["UID"] for event in team.events()]

    assert len(set(identifiers)) == len(identifiers)
    assert identifiers == [event["UID"] for event in team.events()]


def test_what_is_settled_disappears_and_the_next_step_comes(team: Subscriber) -> None:
    """The decision is owed within ten working days of Tuesday 6 March."""
    team.counter.office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)

    (honey,) = [(said, day) for said, day in team.days().items() if HONEY in said]
    assert honey[1] == date(2018, 3, 20)
    assert not honey[0].startswith("Nhận")


def test_after_a_handover_the_feed_shows_what_the_person_holds_then(team: Subscriber) -> None:
    """The link is the person's, the duties are the position's."""
    owed = team.days()
    to_mai(team.counter, "2018-03-20")

    assert team.days() == {}
    assert Subscriber(team.counter).days() == owed  # the holder is Mai now

    team.counter.go_to("2018-03-19 23:59")
    assert team.days() == owed


def test_a_mailbox_that_passes_to_a_successor_does_not_pass_the_link_on(team: Subscriber) -> None:
    """Many positions have one mailbox: its entry becomes the successor's, whose dates the one before may not read."""
    before = team.path
    with team.counter.office.at(team.counter.clock.at) as work:
        mailbox = work.session.get_one(Official, team.official_id).email
        hand_over(work, Handover(TEAM, "Phạm Thị Mai", mailbox, "vi", date(2018, 3, 20)))

    assert team.counter.client.get(before).status_code == 404
    with team.counter.office.at(team.counter.clock.at) as work:
        assert work.session.get_one(Official, team.official_id).name == "Phạm Thị Mai"
        assert verify(work.session).faults == ()
        reissue_feed_link(work, team.link(work), actor=OFFICE)
    assert "Phạm Thị Mai" in team.fetch().decode()


def test_feed_has_the_dates_of_all_positions_of_one_person(team: Subscriber) -> None:
    with team.counter.office.at(team.counter.clock.at) as work:
        holder = work.session.get_one(Official, team.official_id)
        hand_over(work, Handover("delta/ocop_team", holder.name, holder.email, "vi", date(2018, 3, 20)))

    assert len(team.days()) == 5 + 4
    assert "Tổ OCOP huyện Châu Thổ" in str(team.event("quý I/2018: huyện Châu Thổ")["DESCRIPTION"])


@pytest.mark.parametrize(("day", "entries"), [("2018-03-19", 4), ("2018-03-20", 4 + 5), ("2018-03-27", 4)])
def test_a_deputy_sees_the_dates_of_both_while_the_holder_is_away(team: Subscriber, day: str, entries: int) -> None:
    """Away from 20 March, back on the 27th; the holder goes on seeing the dates."""
    deputy = Subscriber(team.counter, "delta/ocop_team")
    with team.counter.office.at("2018-03-12 08:00") as work:
        name = work.session.get_one(Official, deputy.official_id).name
        away = {"start_on": date(2018, 3, 20), "until_on": date(2018, 3, 27)}
        name_deputy(work, position=TEAM, name=name, email=None, language="vi", **away)

    team.counter.go_to(f"{day} 09:00")

    assert len(deputy.days()) == entries
    assert len(team.days()) == 5


def test_an_expected_date_is_tentative_and_what_has_no_date_is_left_out(team: Subscriber) -> None:
    with team.counter.office.at(team.counter.clock.at) as work:
        receipt = team.counter.office.obligation(work, "receipt")
        receipt.firmness = "expected"
        work.session.add(receipt)
    assert team.event(HONEY)["STATUS"] == "TENTATIVE"
    assert str(team.event(HONEY)["SUMMARY"]) == f"Nhận: {HONEY} (dự kiến)"

    with team.counter.office.at(team.counter.clock.at) as work:
        work.session.get_one(Obligation, receipt.id).due_at = None
    assert not [said for said in team.days() if HONEY in said]


def test_feed_speaks_the_officials_language(team: Subscriber) -> None:
    with team.counter.office.at(team.counter.clock.at) as work:
        work.session.get_one(Official, team.official_id).language = "en"

    assert "OCOP team, Hill District" in str(team.event(HONEY)["DESCRIPTION"])
    assert {event["SUMMARY"].params["LANGUAGE"] for event in team.events()} == {"en"}


def test_feed_of_a_closed_cycle_is_empty(team: Subscriber) -> None:
    with team.counter.office.at(team.counter.clock.at) as work:
        cycle: Cycle = team.counter.office.cycle(work)
        cycle.status = "closed"
        work.session.add(cycle)

    assert team.days() == {}


def test_dead_feed_links_answer_like_every_dead_link(team: Subscriber) -> None:
    """I8: made-up, revoked, replaced, expired, and the tokens of pages and calendars at each other's address."""
    counter = team.counter
    others = [Subscriber(counter, position) for position in (OFFICE, "delta/ocop_team")]
    replaced, revoked = others[0].path, others[1].path
    with counter.office.at(counter.clock.at) as work:
        reissue_feed_link(work, others[0].link(work), actor=OFFICE)
        revoke_feed_link(work, others[1].link(work), actor=OFFICE)
    crossed = [team.path.replace("/f/", "/s/").removesuffix(".ics"), f"/f/{counter.token()}.ics"]
    made_up = ["/f/" + "0" * 20 + "." + "A" * 24 + ".ics", "/f/.ics", "/f/%00.ics", team.path.removesuffix(".ics")]
    paths = [replaced, revoked, *crossed, *made_up, "/s/nothing"]
    answers = [counter.client.get(path) for path in paths]
    alive = [counter.client.get(path).status_code for path in (team.path, others[0].path)]
    counter.go_to("2020-03-19 09:00")  # two years after 20 March 2018, less the day for which 2020 is a leap year
    answers.append(counter.client.get(team.path))

    assert alive == [200, 200]
    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.content, str(sorted(answer.headers.items()))) for answer in answers}) == 1


def test_a_revoked_link_lives_again_only_when_it_is_issued_anew(team: Subscriber) -> None:
    before = team.path
    with team.counter.office.at(team.counter.clock.at) as work:
        revoke_feed_link(work, team.link(work), actor=OFFICE)
        reissue_feed_link(work, team.link(work), actor=OFFICE)

    assert [team.counter.client.get(path).status_code for path in (before, team.path)] == [404, 200]


def test_feed_get_writes_nothing_and_head_answers_alike(team: Subscriber) -> None:
    """I8; no access log either: a program polls by the hour, whether anybody looks or not."""
    before = team.counter.tables()

    get, head = team.counter.client.get(team.path), team.counter.client.head(team.path)

    assert team.counter.tables() == before
    assert (head.status_code, head.headers, head.content) == (200, get.headers, b"")


def test_a_program_that_polls_is_told_when_nothing_changed(team: Subscriber) -> None:
    """Its copy is private and asked about each time, so that a revoked link ends at once."""
    team.counter.go_to("2018-03-07 09:00")
    client, path = team.counter.client, team.path
    first = client.get(path)
    team.counter.go_to("2018-03-07 10:00")
    again = client.get(path, headers={"If-None-Match": f"W/{first.headers['etag']}"})
    extend_receipt(team.counter, date(2018, 3, 14))
    moved = client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == again.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert moved.status_code == 200
    assert moved.headers["etag"] != first.headers["etag"]


def test_feed_of_a_simulated_folder_says_so(simulated_counter: "Counter") -> None:
    said = Subscriber(simulated_counter).fetch().decode().replace("\r\n ", "")

    assert "NAME:Lịch công việc OCOP của Cán bộ ocop_team hill (Dữ liệu mô phỏng\\, không phải dữ liệu thật)" in said

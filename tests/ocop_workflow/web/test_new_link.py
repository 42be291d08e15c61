"""The form "send me a new link": the same answer for everybody, a mail only for an address on file."""

from typing import TYPE_CHECKING

from sqlmodel import select

from ocop_workflow.services.bundling import bundle, parties_waiting
from ocop_workflow.services.events import events_of
from ocop_workflow.services.letters import letter_of
from ocop_workflow.services.people import person_of
from ocop_workflow.services.read_ahead import read_ahead
from ocop_workflow.storage.tables import Mail, Producer

if TYPE_CHECKING:
    from httpx2 import Response

    from tests.ocop_workflow.web.conftest import Counter


def ask(counter: "Counter", address: str) -> "Response":
    """Send the form once, from a fresh application."""
    return counter.client.post("/s/new", data={"email": address})


def address_of(counter: "Counter", name: str) -> str:
    with counter.office.reading() as work:
        return work.session.exec(select(Producer).where(Producer.name == name)).one().email or ""


def test_new_link_answers_alike_for_known_and_unknown_addresses(counter: "Counter") -> None:
    known, unknown = ask(counter, address_of(counter, "HTX Đồi Ong")), ask(counter, "nobody@nowhere.example")

    assert (known.status_code, dict(known.headers), known.content) == (
        unknown.status_code,
        dict(unknown.headers),
        unknown.content,
    )
    assert known.status_code == 200
    assert known.headers["cache-control"] == "no-store"
    assert "Đã nhận yêu cầu" in known.text


def test_new_link_plans_one_mail_for_each_dossier_of_the_address(counter: "Counter") -> None:
    """HTX Đồi Ong has two dossiers; nobody else's link is sent. The case of the address does not matter."""
    ask(counter, f"  {address_of(counter, 'HTX Đồi Ong').upper()} ")

    notices = counter.link_notices()
    with counter.office.reading() as work:
        mine = {counter.office.dossier(work, number).id for number in ("1-1-1", "1-2-1")}
    assert {notice.subject_id for notice in notices} == mine
    assert len({notice.recipient for notice in notices}) == 1
    assert {(notice.status, notice.immediate) for notice in notices} == {("planned", True)}


def test_new_link_finds_an_address_that_was_registered_with_capitals(counter: "Counter") -> None:
    with counter.office.at("2018-03-01 08:00") as work:
        producer = work.session.exec(select(Producer).where(Producer.name == "HTX Cửa Sông")).one()
        producer.email = "HTX.CuaSong@Producer.Example"
        work.session.add(producer)

    ask(counter, "htx.cuasong@producer.example")

    assert len(counter.link_notices()) == 1


def test_new_link_writes_nothing_for_an_unknown_or_empty_address(counter: "Counter") -> None:
    before = {name: rows for name, rows in counter.tables().items() if name != "installation"}

    for address in ("nobody@nowhere.example", "", "%", "p_@producer.example", "p0@producer.example' OR '1'='1"):
        ask(counter, address)

    assert {name: rows for name, rows in counter.tables().items() if name != "installation"} == before


def test_new_link_is_planned_once_a_local_day(counter: "Counter") -> None:
    """23:50 and 00:10 in Vietnam are two days, though one day in UTC."""
    address = address_of(counter, "Cơ sở Sóng Biển")
    for when in ("2018-03-20 09:00", "2018-03-20 23:50", "2018-03-21 00:10"):
        counter.go_to(when)
        ask(counter, address)

    assert [notice.key.partition("/")[2].partition("|")[0] for notice in counter.link_notices()] == [
        "20180320",
        "20180321",
    ]


def test_new_link_for_an_expired_link_gives_it_a_new_life(counter: "Counter") -> None:
    """A dead link at the wrong moment must never happen; the act is an event."""
    old = counter.token("2-1-1")
    counter.go_to("2019-12-01 09:00")

    ask(counter, address_of(counter, "Cơ sở Sóng Biển"))

    assert counter.client.get(f"/s/{old}").status_code == 404
    assert counter.client.get(f"/s/{counter.token('2-1-1')}").status_code == 200
    with counter.office.reading() as work:
        last = events_of(work.session, f"dossier:{counter.office.dossier(work, '2-1-1').id}")[-1]
    assert (last.action, last.actor) == ("link_reissued", "system:status-page")


def test_new_link_leaves_a_revoked_link_revoked(counter: "Counter") -> None:
    counter.revoke("2-1-1")

    ask(counter, address_of(counter, "Cơ sở Sóng Biển"))

    assert counter.link_notices() == []


def test_new_link_mail_holds_the_present_token(counter: "Counter") -> None:
    """The planned notice becomes a letter with the very link that opens the page."""
    ask(counter, address_of(counter, "Cơ sở Sóng Biển"))
    office, stationery = counter.office, counter.runtime.stationery()
    with office.at(counter.clock.at) as work:
        bundle(work, "coast", parties_waiting(work.session, "coast"), sender_domain="office.example")
    with office.reading(counter.clock.at) as work:
        notices = counter.link_notices()
        mail = work.session.get_one(Mail, notices[0].mail_id)
        person = person_of(work.session, mail.recipient)
        assert person is not None
        ahead = read_ahead(work.session, [mail], notices)
        letter = letter_of(work.session, work.books, mail, notices, person=person, stationery=stationery, ahead=ahead)

    url = letter.lines[0].url
    assert url is not None
    assert counter.client.get(url.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_new_link_in_a_simulated_folder_answers_alike_and_plans_nothing(simulated_counter: "Counter") -> None:
    before = simulated_counter.tables()

    answer = ask(simulated_counter, address_of(simulated_counter, "HTX Đồi Ong"))

    assert answer.status_code == 200
    assert "Đã nhận yêu cầu" in answer.text
    assert simulated_counter.tables() == before


def test_new_link_is_refused_from_the_sixth_form_of_a_minute_on(counter: "Counter") -> None:
    client = counter.client
    statuses = [client.post("/s/new", data={"email": "nobody@nowhere.example"}).status_code for _ in range(6)]

    refused = client.post("/s/new", data={"email": address_of(counter, "HTX Đồi Ong")})
    counter.go_to("2018-03-20 09:01")
    later = client.post("/s/new", data={"email": "nobody@nowhere.example"})

    assert statuses == [200] * 5 + [429]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert counter.link_notices() == []
    assert later.status_code == 200


def test_new_link_reads_no_form_beyond_4_kilobytes(counter: "Counter") -> None:
    address = address_of(counter, "HTX Đồi Ong")

    answer = counter.client.post("/s/new", data={"email": address, "more": "x" * 5000})

    assert answer.status_code == 200
    assert counter.link_notices() == []


def test_new_link_asked_with_get_is_a_dead_link(counter: "Counter") -> None:
    """I8: a scanner that follows addresses plans no mail."""
    assert counter.client.get("/s/new").status_code == 404

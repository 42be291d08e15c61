"""What a step costs is counted in SQL statements, not in seconds (sections 7 and 8)."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event, insert
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.bundling import bundle
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.delivery import Delivered, deliver
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.notices import tell
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.reports import open_reports, reports_to_open
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.sealing import seal_through
from ocop_workflow.storage.tables import Notice, Obligation, Producer, Seal
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.conftest import COUNCIL, sheet

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


@contextmanager
def counting(engine: Engine) -> Generator[Counter[str], None, None]:
    """Count the statements of a block by their first word; an `executemany` is one statement."""
    counted: Counter[str] = Counter()

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        counted[statement.split(maxsplit=1)[0]] += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield counted
    finally:
        event.remove(engine, "before_cursor_execute", count)


def add_notices(office: "Office", number: int) -> None:
    """Plan that many notices for one producer, each of an obligation of its own, all due on the last of March."""
    with office.at("2018-03-20 08:00") as work:
        (submission,) = work.session.exec(
            select(Obligation).where(col(Obligation.key).endswith("1-1-1/registration/submission"))
        )
        known = submission.model_dump()
        obligations = [{**known, "id": f"o{n}", "key": f"many/{n}"} for n in range(number)]
        notices = [
            {
                "id": f"n{n}",
                "key": f"many/{n}|v1|-7|{submission.party}",
                "office_id": "coast",
                "cycle_id": submission.cycle_id,
                "obligation_id": f"o{n}",
                "deadline_version": 1,
                "rung": "-7",
                "audience": "responsible",
                "line_kind": "reminder",
                "subject_id": submission.subject_id,
                "params": {},
                "recipient": submission.party,
                "immediate": False,
                "moment_at": work.now,
                "planned_at": work.now,
                "status": "planned",
            }
            for n in range(number)
        ]
        work.session.execute(insert(Obligation), obligations)
        work.session.execute(insert(Notice), notices)


def cost_of_bundling(office: "Office") -> Counter[str]:
    with counting(office.database.writing) as counted, office.at("2018-03-20 08:05") as work:
        (party,) = set(work.session.exec(select(Notice.recipient).where(col(Notice.id).startswith("n"))))
        bundled = bundle(work, "coast", [party], sender_domain="office.example")
        work.session.flush()
        assert bundled.mails == 1
    return counted


def test_bundling_a_thousand_notices_asks_for_none_alone(office: "Office") -> None:
    """Section 8: the write transaction stays short; a query for each notice made it thousands."""
    add_notices(office, 1000)
    counted = cost_of_bundling(office)

    assert counted["SELECT"] <= 15
    assert counted["UPDATE"] + counted["INSERT"] <= 5
    assert len(office.mails()) == 1


def cost_of_delivering(office: "Office", mails: int) -> Counter[str]:
    """Return what handing over so many reminders takes, each to a producer of its own."""
    with office.at("2018-03-20 08:00") as work:
        (submission,) = work.session.exec(
            select(Obligation).where(col(Obligation.key).endswith("1-1-1/registration/submission"))
        )
        known = work.session.get_one(Producer, submission.party.removeprefix("producer:")).model_dump()
        people = [{**known, "id": f"p{n}", "name": f"HTX {n}", "email": f"n{n}@producer.example"} for n in range(mails)]
        work.session.execute(insert(Producer), people)
        for n in range(mails):
            tell(
                work,
                office.cycle(work),
                recipient=f"producer:p{n}",
                code="news.received",
                params={"number": "0001/2018", "stage": {"vi": "Đăng ký", "en": "registration"}},
                subject_id=submission.subject_id,
                stream="test",
                seq=n,
            )
    office.bundle("2018-03-20 08:05")
    with counting(office.database.writing) as counted:
        done, _ = deliver(office.post(RecordingEmailSender(), "2018-03-20 08:06", connections=4), "coast")
    assert done == Delivered(accepted=mails)
    return counted


def test_handing_over_many_mails_takes_a_few_statements_each(office: "Office") -> None:
    """Section 8: the mails are claimed in one transaction and fixed in one, and what four connections report is written
    at once, with what they begin next."""
    counted = cost_of_delivering(office, 48)

    assert counted["BEGIN"] <= 1 + 1 + 48 / 4 + 1
    assert counted["UPDATE"] + counted["INSERT"] <= 48 * 1.5


def test_the_letters_of_a_batch_are_written_from_a_few_queries(office: "Office") -> None:
    """Section 8: what letters need is read ahead, whether there is one or forty-eight."""
    with counting(office.database.reading_only) as counted:
        cost_of_delivering(office, 48)

    assert counted["SELECT"] <= 12


def seal_statements(office: "Office", streams: int) -> Counter[str]:
    """Return what sealing costs with that many more streams of two events."""
    with office.at("2018-03-20 08:00") as work:
        for number in range(streams):
            for seq in (1, 2):
                append_event(work, stream=f"more:{number}", seq=seq, cycle_id=None, act=Act(OFFICE, "noted"))
    with office.at("2018-03-21 08:00") as work, counting(office.database.writing) as counted:
        seal = seal_through(work, work.now)
        assert seal is not None
    return counted


@pytest.mark.parametrize("streams", [0, 200])
def test_sealing_reads_all_heads_in_one_query(office: "Office", streams: int) -> None:
    """The first seal of a large province holds tens of thousands of streams."""
    counted = seal_statements(office, streams)

    assert counted["SELECT"] == 2  # the last seal, and the heads
    assert counted["INSERT"] == 1
    with office.reading() as work:
        payload = work.session.exec(select(Seal.payload)).one()
        assert payload.count(b'"more:') == streams


def test_sealing_reads_the_last_seal_only(office: "Office") -> None:
    """A seal holds the heads of all streams of its day; reading a year of them every day would cost more each day."""
    for day in (20, 21, 22):
        with office.at(f"2018-03-{day} 08:00") as work:
            seal_through(work, work.now)
    read: list[int] = []

    def note(seal: Seal, _context: Any) -> None:
        read.append(seal.number)

    event.listen(Seal, "load", note)
    try:
        with office.at("2018-03-23 08:00") as work:
            seal_through(work, work.now)
    finally:
        event.remove(Seal, "load", note)

    assert read == [3]


def test_a_receipt_costs_the_same_however_many_there_were(office: "Office") -> None:
    """The number comes from the cycle's receipt book; counting the events took longer with each of them."""
    for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2"):
        office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number=number)
    costs = []
    for number in ("1-1-1", "1-2-1", "2-1-1"):
        with office.at("2018-03-06 08:00") as work:
            dossier = office.dossier(work, number)
            with counting(office.database.writing) as counted:
                apply_trigger(work, dossier, Request(DossierTrigger.RECEIVE, OFFICE))
                work.session.flush()
        costs.append(counted)
        with office.at("2018-03-06 08:00") as work:
            for seq in range(1, 101):
                append_event(work, stream=f"more:{number}", seq=seq, cycle_id=None, act=Act(OFFICE, "dossier_received"))

    assert costs[0].total() == costs[1].total() == costs[2].total() <= 12


def test_a_session_and_its_conclusion_cost_few_statements(office: "Office") -> None:
    """A council of a large province concludes a hundred dossiers in a day; what an act has read it hands on."""
    office.to_council()
    sheets = {f"member-{place}": sheet("72") for place in range(1, 4)}
    with office.at("2018-03-12 08:00") as work:
        dossier = office.dossier(work)
        with counting(office.database.writing) as scored:
            record_sheets(work, dossier, sheets, actor=COUNCIL)
            work.session.flush()
    with office.at("2018-03-12 09:00") as work:
        dossier = office.dossier(work)
        with counting(office.database.writing) as concluded:
            conclude(work, dossier, actor=COUNCIL)
            work.session.flush()

    assert scored.total() <= 15
    assert concluded.total() <= 22


def test_a_planned_product_costs_a_dozen_statements(unopened_office: "Office") -> None:
    """12,000 are registered on one morning; a dossier goes in with its first duty and its link."""
    with unopened_office.at("2018-01-02 07:30") as work:
        cycle = open_cycle(work, unopened_office.documents, year=2018, actor=OFFICE)
        missing = missing_products(work, cycle)
        with counting(unopened_office.database.writing) as counted:
            registered = register_products(work, cycle, missing, actor=OFFICE)
            work.session.flush()

    assert counted.total() <= 10 * registered
    assert counted["UPDATE"] == 0


def test_reports_of_a_period_are_opened_together(office: "Office") -> None:
    """Each has its two events and two questions; rows and links of all go in at once."""
    with office.at("2018-03-26 08:00") as work:
        cycle = office.cycle(work)
        due = reports_to_open(work.session, cycle, now=work.now)
        work.books.of_cycle(work.session, cycle)  # the documents are read before
        with counting(office.database.writing) as counted:
            opened = open_reports(work, due, actor=OFFICE)
            work.session.flush()

    assert opened == len(due) >= 2
    assert counted.total() <= 5 * opened + 4
    assert counted["UPDATE"] == 1

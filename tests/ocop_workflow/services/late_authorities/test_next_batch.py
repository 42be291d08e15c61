"""A commune that asks the province late costs the dossier half a year: the next batch is offered and then holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from sqlmodel import col, select

from notifications.catalogue import Language, translate
from notifications.letter import Wording
from ocop_workflow.clock import OFFICE_ZONE, local_day
from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import TakeOver, Unit
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.batch_offers import batch_offered
from ocop_workflow.services.bundling import bundle, parties_waiting
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.enforcement import enforce, overdue_obligations
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import events_of
from ocop_workflow.services.explaining import explain
from ocop_workflow.services.letters import Stationery, letter_of
from ocop_workflow.services.obligations import DOSSIER_STEP, open_obligations_of
from ocop_workflow.services.people import addressee_of, appoint
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.read_ahead import read_ahead
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.successions import succeed
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Notice, Obligation
from ocop_workflow.web.rendering import load_renderer
from state_machines.dossier import DossierTrigger

OFFICE, COMMUNE = "lai-chau/coordination_office", "lai-chau.muong-te/commune_officer"
OFFERED = (
    "Chuyển trước ngày 30/10/2027 thì hồ sơ được xét ở đợt đánh giá trước ngày 30/12/2027; hồ sơ vẫn được giữ nguyên."
)
JOINED = (
    "Hồ sơ được chuyển ngày 10/05/2027, quá thời hạn của đợt đánh giá dự định (chậm nhất 29/06/2027), nên thuộc đợt "
    "tiếp theo: đánh giá chậm nhất ngày 29/12/2027."
)
At = Callable[[str], Any]

HEIR = "lai-chau.muong-moi"
COMMUNE_ENDS = Succession(
    id="muong-te-2027",
    decision="7/NQ",
    source="made up",
    effective_on=date(2027, 5, 5),
    new_units=(Unit(id=HEIR, level="commune", parent="lai-chau", name=LocalText(vi="xã Mường Mới", en="Muong Moi")),),
    take_overs=(TakeOver(units=("lai-chau.muong-te",), successor=HEIR),),
)


@pytest.fixture
def at(database: Database) -> Iterator[At]:
    """A way to work in the year 2027 of the shipped province, whose commune was asked and has assessed its dossier."""
    config = default_config_dir()
    files = load_plan_files(find_plan(config, "province-2027"), config)
    product = PlannedProduct(
        key="1", name="Mật ong", form="Mật ong", producer="HTX Ví Dụ", unit="lai-chau.muong-te", source="made up"
    )
    ids, books = SeededIds("next batch"), RulebookShelf()

    @contextmanager
    def working(when: str) -> Iterator[UnitOfWork]:
        now = datetime.fromisoformat(when).replace(tzinfo=OFFICE_ZONE)
        with database.transaction() as session:
            yield UnitOfWork(session, now, ids, books)

    with working("2027-01-04 09:00") as work:
        cycle = open_cycle(work, documents_for(replace(files, products=(product,)), 2027), year=2027, actor=OFFICE)
        register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
    with working("2027-03-25 09:00") as work:
        fire(work, DossierTrigger.SUBMIT)
    with working("2027-03-26 09:00") as work:
        fire(work, DossierTrigger.RECEIVE)
    with working("2027-04-05 09:00") as work:
        conclude(work, the_dossier(work), actor=COMMUNE)
    yield working
    with database.reading() as session:
        assert verify(session).faults == ()


def the_dossier(work: UnitOfWork) -> Dossier:
    return work.session.exec(select(Dossier)).one()


def fire(work: UnitOfWork, trigger: DossierTrigger) -> None:
    dossier = the_dossier(work)
    apply_trigger(work, dossier, Request(trigger, dossier.responsible or ""))


def due_days(work: UnitOfWork) -> dict[str, tuple[str, str, str]]:
    """Return what the dossier owes, with last moment, origin and explanation."""
    return {
        duty.step or "": (f"{duty.due_at.astimezone(OFFICE_ZONE):%d/%m/%Y}", duty.origin, duty.why_code)
        for duty in open_obligations_of(work.session, the_dossier(work).id)
        if duty.due_at is not None
    }


def request_owed(work: UnitOfWork) -> Obligation:
    (owed,) = open_obligations_of(work.session, the_dossier(work).id)
    return owed


@pytest.mark.parametrize(("when", "offers"), [("2027-04-29 12:00", []), ("2027-04-30 00:00", [OFFERED])])
def test_a_late_request_is_offered_the_next_batch(at: At, when: str, offers: list[str]) -> None:
    """Điều 5.1: asked before 30/4, evaluated before 30/6; from 30/4 on it is 30/10 and 30/12."""
    with at(when) as work:
        explained = explain(work, request_owed(work))
        page = status_page(work, the_dossier(work))

        assert [translate(Language.VI, each.code, each.params) for each in explained.offered] == offers
        assert [each.code for each in page.tasks[0].why][1:] == ["batch.offered"] * len(offers)


def test_a_request_by_a_counted_term_aims_at_no_batch(at: At) -> None:
    """A renewal is asked for so many days after the commune's report (Điều 7.6), whatever day that is."""
    with at("2027-05-05 09:00") as work:
        owed = request_owed(work)
        book = work.books.of_cycle(work.session, work.session.exec(select(Cycle)).one())
        counted = owed.model_copy(update={"why_params": {**owed.why_params, "anchor": "decided"}})

        assert batch_offered(book, owed, on=local_day(work.now)) != ()
        assert batch_offered(book, counted, on=local_day(work.now)) == ()


@pytest.mark.parametrize("asked_first", [True, False])
def test_a_commune_that_ends_leaves_the_batch_as_it_was(at: At, *, asked_first: bool) -> None:
    """Điều 5.1 asks when the request came, and not from whom: the successor is offered, and gets, the next batch."""

    def ask() -> None:
        with at("2027-05-05 10:00") as work:
            (offered,) = explain(work, request_owed(work)).offered
            assert translate(Language.VI, offered.code, offered.params) == OFFERED
            fire(work, DossierTrigger.SUBMIT)

    def end() -> None:
        with at("2027-05-05 10:00") as work:
            assert succeed(work, COMMUNE_ENDS).vacant

    for act in (ask, end) if asked_first else (end, ask):
        act()
    with at("2027-05-06 09:00") as work:
        assert the_dossier(work).responsible == OFFICE
        fire(work, DossierTrigger.RECEIVE)
        assert {last for last, _, _ in due_days(work).values()} == {"30/12/2027"}
        events = events_of(work.session, f"dossier:{the_dossier(work).id}")
        asked_by = [each.actor for each in events if each.action == "dossier_submitted"][-1]
        assert asked_by == (COMMUNE if asked_first else f"{HEIR}/commune_officer")


def test_the_mail_about_a_late_request_offers_the_next_batch(at: At) -> None:
    with at("2027-05-05 09:00") as work:  # the first rungs after holidays
        cycle = work.session.exec(select(Cycle)).one()
        appoint(
            work,
            position=COMMUNE,
            name="Lò Thị Mai",
            email="mai@xa.invalid",
            language="vi",
            start_on=local_day(work.now),
        )
        queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=(DOSSIER_STEP,), now=work.now))
        bundle(work, "lai-chau", parties_waiting(work.session, "lai-chau"), sender_domain="office.invalid")
        mail = work.session.exec(select(Mail)).one()
        notices = work.session.exec(select(Notice).where(col(Notice.mail_id) == mail.id)).all()
        person = addressee_of(work.session, COMMUNE, on=mail.local_date)
        assert person is not None
        stationery = Stationery(
            base_url="http://127.0.0.1:8000",
            link_keys=(b"k" * 32,),
            simulated=True,
            sender_name="Văn phòng",
            sender_address="ocop@office.invalid",
        )
        ahead = read_ahead(work.session, [mail], notices)
        letter = letter_of(work.session, work.books, mail, notices, person=person, stationery=stationery, ahead=ahead)
        (line,) = letter.lines

        assert OFFERED in [translate(Language.VI, each.code, each.params) for each in line.details]


def test_what_is_asked_late_has_the_days_of_the_next_batch(at: At) -> None:
    """The council is not late for a batch that the dossier never reached."""
    with at("2027-05-10 09:00") as work:
        fire(work, DossierTrigger.SUBMIT)
    with at("2027-05-11 09:00") as work:
        named = status_page(work, the_dossier(work)).batch
        fire(work, DossierTrigger.RECEIVE)
        decision = next(
            duty for duty in open_obligations_of(work.session, the_dossier(work).id) if duty.step == "decision"
        )
        assert named == Wording("due.next_batch", decision.why_params)
        assert due_days(work) == {
            "council_meeting": ("30/12/2027", "statutory", "next_batch"),
            "decision": ("30/12/2027", "plan", "next_batch"),
        }
    with at("2027-07-15 09:00") as work:
        cycle = work.session.exec(select(Cycle)).one()
        assert enforce(work, cycle, overdue_obligations(work.session, cycle, now=work.now)).overdue == 0


@pytest.mark.parametrize(("when", "named"), [("2027-04-29 23:59", []), ("2027-05-10 09:00", [JOINED])])
def test_the_page_names_the_batch_before_the_receipt_dates_it(at: At, when: str, named: list[str]) -> None:
    """Before 30/12 (Điều 5.1) the last day is 29/12; until the receipt nobody owes a decision yet."""
    with at(when) as work:
        fire(work, DossierTrigger.SUBMIT)
        page = status_page(work, the_dossier(work))
        shown = load_renderer(simulated=True).render("status", Language.VI, page=page)

        assert [translate(Language.VI, each.code, each.params) for each in (page.batch,) if each] == named
        assert shown.count(JOINED) == len(named)


def test_what_is_asked_in_time_keeps_its_batch_though_it_is_returned(at: At) -> None:
    """What is brought back complete counts as asked when it first came."""
    with at("2027-04-29 09:00") as work:
        fire(work, DossierTrigger.SUBMIT)
    with at("2027-04-29 10:00") as work:
        fire(work, DossierTrigger.RECEIVE)
        days = due_days(work)
    with at("2027-05-10 09:00") as work:
        fire(work, DossierTrigger.RETURN)
    with at("2027-05-12 09:00") as work:
        fire(work, DossierTrigger.SUBMIT)

        assert due_days(work) == days
        assert {last for last, _, _ in days.values()} == {"30/06/2027"}

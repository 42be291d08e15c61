"""One small office for the tests of the core: a province with two districts, four products, two stages."""

import shutil
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlmodel import col, select

from notifications.delivery import EmailSender
from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE, local_day
from ocop_workflow.config_files import load_plan_files
from ocop_workflow.replay import documents_for
from ocop_workflow.services.bundling import Bundled, bundle, parties_waiting
from ocop_workflow.services.cycles import CycleDocuments, cycles_of, open_cycle
from ocop_workflow.services.delivery import Delivered, PostOffice, deliver
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.enforcement import Enforced, enforce, overdue_obligations
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.letters import Stationery
from ocop_workflow.services.obligations import DOSSIER_STEP, PLAN_TASK, REPORT
from ocop_workflow.services.people import appoint, give_producer_address
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, project_reports, project_tasks, register_products
from ocop_workflow.services.reminders import QueuedNotices, due_obligations, queue_due_notices
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database, open_database
from ocop_workflow.storage.tables import Cycle, DeliveryAttempt, Dossier, Mail, Notice, Obligation, Producer
from state_machines.dossier import DossierTrigger

SMALL = Path(__file__).parent / "small"
KINDS = (DOSSIER_STEP, REPORT, PLAN_TASK)
TEAM, COUNCIL, OFFICE = "hill/ocop_team", "coast/province_council", "coast/coordination_office"


def instant(text: str) -> datetime:
    """Return the aware instant of a local time in the office's zone, such as `2018-03-30 08:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


@dataclass(frozen=True)
class Office:
    """A database with one opened cycle, and short ways to what people and sweeps do in it.

    Dossiers are named by the last part of their number: `1-1-1` and `1-2-1` are of HTX Đồi Ong in hill, `2-1-1` and
    `2-1-2` of two producers in delta.
    """

    database: Database
    documents: CycleDocuments
    books: RulebookShelf = field(default_factory=RulebookShelf)

    @contextmanager
    def at(self, when: str | datetime) -> Generator[UnitOfWork, None, None]:
        """Open a write transaction at a local time."""
        now = instant(when) if isinstance(when, str) else when
        with self.database.transaction() as session:
            yield UnitOfWork(session, now, SeededIds("test"), self.books)

    @contextmanager
    def reading(
        self, when: str | datetime = "2019-01-01 00:00", *, remembering: bool = False
    ) -> Generator[UnitOfWork, None, None]:
        """Open a reading session at a local time."""
        now = instant(when) if isinstance(when, str) else when
        with self.database.reading(remembering=remembering) as session:
            yield UnitOfWork(session, now, SeededIds("test"), self.books)

    def cycle(self, work: UnitOfWork) -> Cycle:
        return cycles_of(work.session)[0]

    def open(self, when: str = "2018-01-02 07:30") -> None:
        """Open the cycle, project it, let an official hold each position, give every producer an address."""
        with self.at(when) as work:
            cycle = open_cycle(work, self.documents, year=2018, actor=OFFICE)
            project_reports(work, cycle, actor=OFFICE)
            project_tasks(work, cycle, actor=OFFICE)
            register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
            for unit in self.documents.units.units:
                for role_id, role in self.documents.units.roles.items():
                    if role.level == unit.level:
                        appoint(
                            work,
                            position=f"{unit.id}/{role_id}",
                            name=f"Cán bộ {role_id} {unit.id}",
                            email=f"{role_id}.{unit.id}@office.example",
                            language="vi",
                            start_on=local_day(work.now),
                        )
            for number, producer in enumerate(work.session.exec(select(Producer).order_by(Producer.name))):
                give_producer_address(work, producer.id, email=f"p{number}@producer.example", language="vi")

    def dossier(self, work: UnitOfWork, number: str = "1-1-1") -> Dossier:
        return find_dossier(work.session, number)

    def act(
        self,
        when: str | datetime,
        trigger: DossierTrigger,
        *,
        number: str = "1-1-1",
        actor: str | None = None,
        command: str | None = None,
    ) -> None:
        """Let the responsible party (or `actor`) apply a trigger that needs no facts."""
        with self.at(when) as work:
            dossier = self.dossier(work, number)
            apply_trigger(work, dossier, Request(trigger, actor or dossier.responsible or "", command=command))

    def conclude(self, when: str, *, number: str = "1-1-1", verdict: str = "accepted") -> None:
        with self.at(when) as work:
            dossier = self.dossier(work, number)
            conclude(work, dossier, actor=dossier.responsible or "", verdict=verdict)

    def score(self, when: str, *totals: str, number: str = "1-1-1") -> None:
        """Record one session with one sheet for each total, and end the stage by their mean."""
        with self.at(when) as work:
            dossier = self.dossier(work, number)
            sheets = {f"member-{place}": sheet(total) for place, total in enumerate(totals, start=1)}
            record_sheets(work, dossier, sheets, actor=COUNCIL)
            conclude(work, dossier, actor=COUNCIL)

    def to_council(self, number: str = "1-1-1") -> None:
        """Bring a dossier in time before the province's council."""
        self.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number=number)
        self.act("2018-03-06 08:00", DossierTrigger.RECEIVE, number=number)
        self.conclude("2018-03-07 08:00", number=number)
        self.act("2018-03-08 08:00", DossierTrigger.SUBMIT, number=number)
        self.act("2018-03-09 08:00", DossierTrigger.RECEIVE, number=number)

    def sweep(self, when: str | datetime, kinds: tuple[str, ...] = KINDS) -> QueuedNotices:
        """Decide every rung that has come."""
        with self.at(when) as work:
            cycle = self.cycle(work)
            return queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=kinds, now=work.now))

    def enforce(self, when: str | datetime) -> Enforced:
        """Record everything that is late."""
        with self.at(when) as work:
            cycle = self.cycle(work)
            return enforce(work, cycle, overdue_obligations(work.session, cycle, now=work.now))

    def bundle(self, when: str | datetime) -> Bundled:
        with self.at(when) as work:
            return bundle(work, "coast", parties_waiting(work.session, "coast"), sender_domain="office.example")

    def post(
        self,
        sender: EmailSender,
        when: str | datetime,
        *,
        lease_clock: Callable[[], datetime] | None = None,
        connections: int = 2,
    ) -> PostOffice:
        """Return a post office whose business time stands at `when`; leases go by it unless a clock is given."""
        now = instant(when) if isinstance(when, str) else when
        writing: Callable[[], AbstractContextManager[UnitOfWork]] = lambda: self.at(now)  # noqa: E731 -- typed
        return PostOffice(
            writing=writing,
            reading=lambda: self.reading(now, remembering=True),
            sender=sender,
            stationery=Stationery(
                base_url="http://127.0.0.1:8000",
                link_keys=(b"k" * 32,),
                simulated=True,
                sender_name="Văn phòng điều phối",
                sender_address="ocop@office.example",
            ),
            lease_clock=lease_clock or (lambda: now),
            lease=timedelta(minutes=10),
            connections=connections,
        )

    def obligation(self, work: UnitOfWork, step: str, number: str = "1-1-1") -> Obligation:
        """Return the latest obligation of a dossier's step."""
        dossier = self.dossier(work, number)
        query = select(Obligation).where(col(Obligation.subject_id) == dossier.id, col(Obligation.step) == step)
        return list(work.session.exec(query.order_by(col(Obligation.opens_at))))[-1]

    def notices(self, work: UnitOfWork, *, about: str | None = None, rungs: bool = True) -> list[Notice]:
        """Return the notices of rungs (or the news), of one dossier where named, in the order of their moments."""
        query = select(Notice).where(col(Notice.obligation_id).is_not(None) == rungs)
        if about is not None:
            query = query.where(col(Notice.subject_id) == self.dossier(work, about).id)
        return list(work.session.exec(query.order_by(col(Notice.moment_at), col(Notice.key))))

    def send(self, when: str | datetime, sender: RecordingEmailSender | None = None) -> Delivered:
        """Bundle and deliver."""
        self.bundle(when)
        return deliver(self.post(sender or RecordingEmailSender(), when), "coast")[0]

    def mails(self, *, status: str | None = None) -> list[Mail]:
        with self.reading() as work:
            query = select(Mail).order_by(col(Mail.created_at), col(Mail.recipient), col(Mail.sequence))
            return [mail for mail in work.session.exec(query) if status in (None, mail.status)]

    def outcomes(self, number: str = "1-1-1") -> dict[str, str]:
        """Return what became of each rung about a dossier: its status, or why it was not sent."""
        with self.reading() as work:
            return {n.rung or "": n.suppression or n.status for n in self.notices(work, about=number)}

    def attempts(self) -> list[tuple[int, str]]:
        """Return number and outcome of every attempt to hand a mail over."""
        with self.reading() as work:
            query = select(DeliveryAttempt).order_by(col(DeliveryAttempt.mail_id), col(DeliveryAttempt.number))
            return [(attempt.number, attempt.outcome) for attempt in work.session.exec(query)]

    @staticmethod
    def text_of(message: bytes) -> str:
        """Return the text part of a message."""
        body = message_from_bytes(message, policy=policy.default).get_body(("plain",))
        assert body is not None
        return str(body.get_content())


def sheet(total: str) -> dict[str, Decimal]:
    """Return a score sheet with this total: part A is filled first, then B, then C."""
    left, points = Decimal(total), {}
    for part, maximum in (("A", 35), ("B", 25), ("C", 40)):
        points[part] = min(left, Decimal(maximum))
        left -= points[part]
    return points


@pytest.fixture(scope="session")
def small_documents() -> CycleDocuments:
    """What the small office's cycle of 2018 is opened with."""
    return documents_for(load_plan_files(SMALL / "cycles" / "coast-2018.yaml", SMALL), 2018)


@pytest.fixture(scope="session")
def opened_database(
    open_office: Callable[[Path, Path], AbstractContextManager[Office]],
    migrated_database: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The small office with its cycle opened on 2 January 2018 at 07:30, made once and copied by each test."""
    path = tmp_path_factory.mktemp("opened") / "opened.db"
    with open_office(migrated_database, path) as fresh:
        fresh.open()
    return path


@pytest.fixture(scope="session")
def open_office(small_documents: CycleDocuments) -> Callable[[Path, Path], AbstractContextManager[Office]]:
    """A way to open the small office in a copy of a database file."""

    @contextmanager
    def opening(template: Path, path: Path) -> Generator[Office, None, None]:
        shutil.copy(template, path)
        database = open_database(f"sqlite:///{path}")
        yield Office(database, small_documents)
        database.dispose()  # the last connection folds the write-ahead log into the file

    return opening


@pytest.fixture
def office(
    open_office: Callable[[Path, Path], AbstractContextManager[Office]], opened_database: Path, tmp_path: Path
) -> Generator[Office, None, None]:
    """The small office with its cycle opened, in a database of its own."""
    with open_office(opened_database, tmp_path / "office.db") as opened:
        yield opened


@pytest.fixture
def unopened_office(database: Database, small_documents: CycleDocuments) -> Office:
    """The small office before its cycle was opened."""
    return Office(database, small_documents)

"""Two copies of an office that live through the same random acts: one is swept at random, the other only at the end.

What became of the dossiers must be the same in both (I9), and an act that is done again does nothing.
"""

import sqlite3
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant
from sqlmodel import col, select

from notifications.delivery import TemporaryDeliveryError
from notifications.recording import RecordingEmailSender
from ocop_workflow.errors import InputError
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.enforcement import ENFORCER
from ocop_workflow.services.events import command_done
from ocop_workflow.services.obligations import moments_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Notice, Obligation
from state_machines.dossier import FINAL_STATUSES, DossierTrigger, state_of
from state_machines.lifecycle import TransitionNotAllowedError
from tests.ocop_workflow.conftest import Office
from tests.ocop_workflow.happenings import Happenings, happening

Act = Callable[[Office, UnitOfWork, str], Any]
"""What is done in an office, under a command's name. What it is about is settled before: a repeat says the same."""

LONG_AFTER = timedelta(days=200)

Rung = tuple[str, int, str]
"""An obligation's key, its deadline version, and a rung of its ladder."""


class Down(RecordingEmailSender):
    """A mail server that takes nothing now."""

    async def send(self, _envelope: Any) -> Any:
        raise TemporaryDeliveryError("451 later", 451)


class TwoOffices(Happenings):
    """The two offices; a test sets the pair, the database file that each year begins with, and its first hour."""

    pair: ClassVar[tuple[Office, Office]]
    template: ClassVar[Path]
    begins_at: ClassVar[datetime]

    def __init__(self) -> None:
        super().__init__()
        self.now = self.begins_at
        self.numbers = count(1)
        self.acts: list[tuple[Act, str]] = []
        self.began: dict[tuple[str, int], datetime] = {}
        self.came: dict[Rung, datetime] = {}
        self.put_back: set[tuple[str, int]] = set()
        self.finished: set[str] = set()
        self.settled: dict[str, tuple[Any, ...]] = {}
        self.swept, self.unswept = self.pair
        for office in self.pair:
            begin_anew(office, self.template)

    @happening(often=3, days=st.sampled_from([0, 1, 4, 45, 45]), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    # --- what people do, in both offices ---

    def both(self, act: Act) -> bool:
        """Do the same in both offices; it is taken in both or refused in both. Return whether it was taken.

        What was taken under its command is done again at once, in one of them.
        """
        number = next(self.numbers)
        command = f"act-{number}"
        taken, taken_too = (self.take(office, act, command) for office in self.pair)
        assert taken == taken_too
        with self.unswept.reading() as work:
            recorded = command_done(work.session, command)
        if recorded:
            self.acts.append((act, command))
            self.do_again(self.pair[number % 2], act, command)
        return taken

    def take(self, office: Office, act: Act, command: str) -> bool:
        """Do something in an office; return whether it was taken, not refused."""
        try:
            with office.at(self.now) as work:
                act(office, work, command)
        except (InputError, TransitionNotAllowedError):
            return False
        return True

    def do_again(self, office: Office, act: Act, command: str) -> None:
        """A command that comes again is answered as done: it writes nothing and is not refused."""
        with office.at(self.now) as work:
            before = rows_written(work)
            act(office, work, command)
            work.session.flush()
            assert rows_written(work) == before
        self.reached[f"done again: {act.__name__}"] += 1

    @happening(often=3, back=st.integers(0, 50), where=st.sampled_from([(0,), (1,), (0, 1)]))
    def an_act_is_done_again_later(self, back: int, where: tuple[int, ...]) -> None:
        if self.acts:
            act, command = self.acts[-1 - back % len(self.acts)]
            for place in where:
                self.do_again(self.pair[place], act, command)
            self.reached["done again later"] += 1

    def dates_move(
        self, act: Act, *, since: Mapping[str, datetime] | None = None, calendar: bool = False, plan: bool = False
    ) -> set[str]:
        """Move dates in both offices, and note which rungs had come by the dates, ladders and days before.

        Args:
            act: What moves them.
            since: From when the rungs of a date that is put back are said, by its key; so are those that its move had
                kept from being said.
            calendar: Whether days off changed, and with them the rungs of dates that stay.
            plan: Whether ladders changed too; of one whose date stays the rungs behind the act are said.

        Returns:
            The keys of the obligations that have another date.
        """
        came, before = self.rungs_that_came(), self.versions()
        if not self.both(act):
            return set()
        after = self.versions()
        moved = {key for key, (version, _) in after.items() if key in before and before[key][0] != version}
        self.came |= {rung: at for rung, at in came.items() if calendar or plan or rung[0] in moved}
        for key, (version, status) in after.items():
            if key in moved:
                self.began[key, version] = (since or {}).get(key, self.now)
                self.put_back |= {(key, version)} if since else set()
            elif plan and status == "open":
                self.began[key, version] = self.now + timedelta(microseconds=1)
            elif (calendar or plan) and status != "open":
                self.finished.add(key)
        return moved

    def versions(self) -> dict[str, tuple[int, str]]:
        """Return deadline version and status of every obligation, by key."""
        with self.unswept.reading() as work:
            query = select(Obligation.key, Obligation.deadline_version, Obligation.status)
            return {key: (version, status) for key, version, status in work.session.exec(query)}

    def rungs_that_came(self) -> dict[Rung, datetime]:
        """Return every rung that has come by now under its obligation's present date, ladder and calendar, and when."""
        with self.unswept.reading(self.now) as work:
            cycle = self.unswept.cycle(work)
            book = work.books.of_cycle(work.session, cycle)
            came: dict[Rung, datetime] = {}
            for owed in work.session.exec(select(Obligation)):
                since = max(self.began.get((owed.key, owed.deadline_version), owed.opens_at), owed.opens_at)
                until = min(self.now, owed.closed_at or self.now, owed.lapse_at or self.now)
                if owed.key not in self.finished:
                    came |= {
                        (owed.key, owed.deadline_version, moment.rung): moment.at
                        for moment in moments_of(book, owed)
                        if max(since, cycle.opened_at) <= moment.at <= until
                    }
            return came

    # --- what holds ---

    @invariant()
    def every_open_dossier_has_somebody_to_move_it(self) -> None:
        """I5: one responsible party, a trigger that a named party may pull, and only a producer's delay as an end."""
        with self.unswept.reading(self.now) as work:
            open_now = work.session.exec(select(Obligation).where(col(Obligation.status) == "open")).all()
            dossiers = work.session.exec(select(Dossier)).all()
            cases = [case_of(work, dossier) for dossier in dossiers if dossier.status not in FINAL_STATUSES]
        assert all(owed.lapse_at is None or owed.party.startswith(f"{PRODUCER}:") for owed in open_now)
        assert {dossier.responsible for dossier in dossiers if dossier.status in FINAL_STATUSES} <= {None}
        for case in cases:
            dossier = case.dossier
            assert dossier.responsible == case.responsible() is not None
            state = state_of(dossier.stage, dossier.status)
            ways = case.book.lifecycle(dossier.round_id, dossier.kind).triggers_from(state)
            on = [DossierTrigger(way) for way in ways if way not in (DossierTrigger.LAPSE, DossierTrigger.WITHDRAW)]
            assert any(case.permitted(way) - {ENFORCER} for way in on)
            # A plan dates every step of the rule set that it was written for.
            assert dossier.earlier_rule_sets or dossier.id in {owed.subject_id for owed in open_now}
        for dossier in dossiers:
            self.reached[f"stage: {dossier.stage}"] += 1
            self.reached[f"status: {dossier.status}"] += 1

    @invariant()
    def what_is_settled_stays(self) -> None:
        """I6: no act moves the date, the end or the lateness of what was done or cancelled before."""
        with self.unswept.reading() as work:
            owed = select(Obligation).where(col(Obligation.status) != "open")
            settled = {
                o.key: (o.status, o.due_at, o.deadline_version, o.closed_at, o.overdue_at, o.party)
                for o in work.session.exec(owed)
            }
        assert settled.items() >= self.settled.items()
        self.settled = settled

    def end_the_year(self) -> None:
        """Long after, let both offices record what is late and mail what is due; check record (I1) and rungs."""
        self.now = (self.now + LONG_AFTER).replace(hour=8, minute=0)
        with self.unswept.reading() as work:
            days = work.books.of_cycle(work.session, self.unswept.cycle(work)).days
        while not days.is_working_day(self.now.date()):  # no digest leaves on a day off
            self.now += timedelta(days=1)
        for office in (self.swept, self.unswept):
            office.enforce(self.now)
            office.sweep(self.now)
            office.send(self.now)
        came = self.came | self.rungs_that_came()
        began = {version: at for version, at in self.began.items() if version not in self.put_back}
        for office in (self.swept, self.unswept):
            with office.reading(self.now) as work:
                assert verify(work.session).faults == ()
                check_rungs(work, came, began)


@contextmanager
def two_offices(
    opening: Callable[[Path, Path], AbstractContextManager[Office]], template: Path, folder: Path
) -> Generator[tuple[Office, Office], None, None]:
    """Open two offices for all years of a test: what their engines have compiled need not be compiled for each."""
    with opening(template, folder / "swept.db") as swept, opening(template, folder / "unswept.db") as unswept:
        yield swept, unswept


def begin_anew(office: Office, template: Path) -> None:
    """Give an office's database the content of a file."""
    with closing(sqlite3.connect(template)) as begun, closing(office.database.writing.raw_connection()) as connection:
        own = connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        begun.backup(own)
        own.execute("PRAGMA synchronous = OFF")  # no power fails here, and waiting for the disk is most


def rows_written(work: UnitOfWork) -> int:
    """Return how many rows the connection of a transaction has inserted, changed and deleted since it was opened."""
    counted = work.session.connection().exec_driver_sql("SELECT total_changes()").scalar_one()
    return int(counted)


def check_rungs(work: UnitOfWork, came: Mapping[Rung, datetime], began: Mapping[tuple[str, int], datetime]) -> None:
    """I2a and I3: every rung that came while its obligation was open under a date has one notice with an outcome.

    Under a date that moved, and a ladder that changed, nothing is said of the time before.
    """
    obligations = {owed.id: owed for owed in work.session.exec(select(Obligation))}
    said: set[Rung] = set()
    for notice in work.session.exec(select(Notice).where(col(Notice.obligation_id).is_not(None))):
        owed = obligations[notice.obligation_id or ""]
        version = notice.deadline_version or 1
        rung = (owed.key, version, notice.rung or "")
        assert rung not in said
        said.add(rung)
        assert rung in came or notice.moment_at >= began.get((owed.key, version), owed.opens_at)
        assert notice.status in {"sent", "suppressed", "fulfilled"} or (notice.status, owed.status) == ("draft", "open")
    closed = {owed.key: owed.closed_at for owed in obligations.values() if owed.closed_at is not None}
    for rung in came.keys() - said:  # what was recorded later had been done before the rung came
        assert closed[rung[0]] < came[rung], rung

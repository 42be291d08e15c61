"""A small year of random acts, delays, returns, extensions, decreed days, handovers, outages and sweeps.

Two offices live through the same acts. One is swept, enforced and mailed at random, often twice, and releases, drops
and tells by hand what waits there; the other only once, at the end. What became of the dossiers must be the same in
both (I9). Each profile ends by asking whether its years met everything that it is there for.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from sqlalchemy import func
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE, local_day, start_of_day
from ocop_workflow.errors import InputError
from ocop_workflow.services.calendar_edits import CalendarEdit, set_day
from ocop_workflow.services.escalations import drafts_of, drop, release
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extension_scopes import Scope, obligations_in
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend_scope
from ocop_workflow.services.fulfilment import Means, NotToFulfilError, Told, fulfil
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.outbox import RECHECK_AFTER
from ocop_workflow.services.reports import file_report
from ocop_workflow.services.sealing import seal_day
from ocop_workflow.services.subjects import stream_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Mail, Notice, Obligation, Report
from state_machines.dossier import FINAL_STATUSES, DossierStatus
from tests.ocop_workflow.conftest import Office
from tests.ocop_workflow.dossier_years import DossierYears
from tests.ocop_workflow.happenings import happening, run_at_random
from tests.ocop_workflow.two_offices import Down, two_offices
from tests.ocop_workflow.year_facts import documents_and_dates

Opening = Callable[[Path, Path], AbstractContextManager[Office]]

OFFICE = "coast/coordination_office"
START = datetime(2018, 3, 1, 8, tzinfo=OFFICE_ZONE)


class YearMachine(DossierYears):
    """The year at random on the small plan."""

    @happening(
        scope=st.sampled_from(
            [
                Scope(unit="hill"),
                Scope(unit="delta", step="submission"),
                Scope(stage="registration"),
                Scope(round_id="r1"),
                Scope(period="2018-Q1"),
            ]
        ),
        days=st.integers(1, 40),
    )
    def the_office_extends_a_scope(self, scope: Scope, days: int) -> None:
        due_at, decision = start_of_day(local_day(self.now) + timedelta(days=days)), self.new_decision()

        def extend_all(office: Office, work: UnitOfWork, command: str) -> None:
            cycle, to = office.cycle(work), Extension(due_at, "mưa bão", decision, OFFICE, command)
            extend_scope(work, cycle, obligations_in(work.session, cycle, scope), to, scope=scope.named)

        self.reached["extension of a scope"] += bool(self.dates_move(extend_all))

    @happening(often=3, back=st.integers(0, 2))
    def the_office_takes_back(self, back: int) -> None:
        """Where somebody was mailed it may not; so the office that is mailed decides for both."""
        if not self.decisions:
            return
        decision = self.decisions[-1 - back % len(self.decisions)]
        taken: list[bool] = []
        since: dict[str, datetime] = {}

        def take_back(office: Office, work: UnitOfWork, _command: str) -> None:
            if office is self.unswept and not taken:
                raise InputError("refused where mail leaves")
            moves = undo_extension(work, office.cycle(work), decision=decision, actor=OFFICE, reason="nhầm số")
            taken.append(True)
            for move in moves:
                granted = [
                    event
                    for event in events_of(work.session, stream_of(move.obligation))
                    if event.action == "deadline_extended"
                    and details_of(event)["obligation"] == move.obligation.key
                    and details_of(event)["deadline_version"] == move.obligation.deadline_version - 1
                ]
                since[move.obligation.key] = granted[0].recorded_at + timedelta(microseconds=1)

        self.reached["extension taken back"] += bool(self.dates_move(take_back, since=since))

    @happening(often=4, days=st.integers(-6, 20), off=st.booleans())
    def a_day_is_decreed(self, days: int, *, off: bool) -> None:
        day = local_day(self.now) + timedelta(days=days)

        def decree_day(office: Office, work: UnitOfWork, command: str) -> None:
            set_day(work, office.cycle(work), CalendarEdit(day, off, "bão", "04/QĐ", OFFICE, command))

        self.reached["day that moves dates"] += bool(self.dates_move(decree_day, calendar=True))

    @happening(position=st.sampled_from(["hill/ocop_team", "delta/ocop_team"]))
    def a_position_is_handed_over(self, position: str) -> None:
        name = f"Người nhận {self.now:%Y%m%d%H}"
        address = f"{position.replace('/', '.')}.{self.now:%Y%m%d%H}@office.example"
        handover = Handover(position, name, address, "vi", local_day(self.now))
        self.both(lambda _office, work, _command: hand_over(work, handover))

    @happening(release_them=st.booleans())
    def the_office_decides_its_drafts(self, *, release_them: bool) -> None:
        with self.swept.at(self.now) as work:
            cycle = self.swept.cycle(work)
            drafts = [notice for notice, _ in drafts_of(work.session, cycle)]
            for _ in range(2):
                if release_them:
                    release(work, cycle, drafts, actor=OFFICE)
                else:
                    drop(work, cycle, drafts, actor=OFFICE, reason="đã trao đổi")

    @happening(choice=st.integers(0, 10))
    def somebody_is_told_by_hand(self, choice: int) -> None:
        with self.swept.at(self.now) as work:
            waiting = select(Notice).where(col(Notice.status).in_(("planned", "draft", "bundled")))
            found = work.session.exec(waiting.order_by(col(Notice.key))).all()
            if found:
                with suppress(NotToFulfilError):
                    fulfil(work, found[choice % len(found)], Told(Means.TELEPHONE, "Hoa"), actor=OFFICE)

    @happening(often=2, unit=st.sampled_from(["hill", "delta"]), quarter=st.integers(1, 2))
    def a_report_is_filed(self, unit: str, quarter: int) -> None:
        def file_figures(_office: Office, work: UnitOfWork, command: str) -> None:
            found = select(Report).where(col(Report.unit_id) == unit, col(Report.period_id) == f"2018-Q{quarter}")
            file_report(work, work.session.exec(found).one(), actor=OFFICE, figures={"rated": 1}, command=command)

        self.both(file_figures)

    # --- what the machine does, in one of them ---

    @happening(often=3, twice=st.booleans())
    def sweeps_run(self, *, twice: bool) -> None:
        before = documents_and_dates(self.swept)
        self.reached["lapse recorded"] += self.swept.enforce(self.now).lapsed
        self.swept.sweep(self.now)
        assert documents_and_dates(self.swept) == before  # I6: only an act moves anything
        if twice:
            notices = notice_count(self.swept)
            self.swept.enforce(self.now)
            self.swept.sweep(self.now)
            assert notice_count(self.swept) == notices  # I2a

    @happening(often=3, down=st.booleans())
    def mail_leaves(self, *, down: bool) -> None:
        with self.swept.at(self.now) as work:
            seal_day(work)
        done = self.swept.send(self.now, Down() if down else None)
        assert done.failed == 0
        self.reached["outage"] += done.postponed
        self.reached["mail accepted"] += done.accepted
        self.check_what_left()

    def check_what_left(self) -> None:
        """I4: nothing was frozen in this run that is settled, re-dated or of no use any more."""
        with self.swept.reading(self.now) as work:
            frozen = select(Notice, Mail, Obligation).where(
                col(Notice.mail_id) == col(Mail.id),
                col(Notice.obligation_id) == col(Obligation.id),
                col(Notice.status).in_(("bundled", "sent")),
            )
            for notice, mail, obligation in work.session.exec(frozen):
                if mail.frozen_at == self.now:
                    assert obligation.status == "open"
                    assert obligation.deadline_version == notice.deadline_version
                    assert notice.useful_until is None or self.now < notice.useful_until
                elif mail.frozen_at is not None and notice.settled_at == self.now and obligation.status != "open":
                    assert self.now - mail.frozen_at <= RECHECK_AFTER or some_true(work, mail)

    def teardown(self) -> None:
        self.end_the_year()


def notice_count(office: Office) -> int:
    with office.reading() as work:
        return work.session.exec(select(func.count()).select_from(Notice)).one()


def some_true(work: UnitOfWork, mail: Mail) -> bool:
    """Return whether a line of a mail was still owed when it left."""
    lines = select(Obligation.status).where(
        col(Notice.mail_id) == mail.id, col(Obligation.id) == col(Notice.obligation_id)
    )
    return "open" in work.session.exec(lines).all()


ROAD = {
    "session concluded",
    "recorded later",
    "extension",
    "mail accepted",
    "done again: pull_trigger",
    "done again: conclude_stage",
    "done again: score",
    "done again: extend_date",
    "done again: decree_day",
    "done again later",
    "stage: registration",
    "stage: evaluation",
    "status: recognised",
}
"""What the years of both profiles are there to meet."""

SIDEWAYS = {
    *(f"status: {status}" for status in DossierStatus if status not in FINAL_STATUSES),
    "day that moves dates",
    "extension of a scope",
    "extension taken back",
    "done again: extend_all",
    "done again: file_figures",
    "outage",
    "status: not_passed",
    "status: withdrawn",
    "status: lapsed",
}


@pytest.mark.parametrize(
    "profile",
    [(6, 25, ROAD), pytest.param((30, 30, ROAD | SIDEWAYS), marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_a_random_year_keeps_its_promises(
    open_office: Opening, opened_database: Path, tmp_path: Path, profile: tuple[int, int, set[str]]
) -> None:
    """I1 to I5, I7 and I9 on the small plan."""
    examples, steps, met = profile
    with two_offices(open_office, opened_database, tmp_path) as offices:

        class Year(YearMachine):
            pair, template, begins_at, reached = offices, opened_database, START, Counter[str]()

        run_at_random(Year, examples=examples, steps=steps)
    assert met <= (+Year.reached).keys()

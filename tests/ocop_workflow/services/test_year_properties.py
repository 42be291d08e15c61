"""A small year of random acts, delays, returns, extensions, decreed days, handovers, outages and sweeps.

Two offices live through the same acts. One is swept, enforced and mailed at random, often twice, and releases, drops
and tells by hand what waits there; the other only once, at the end. What became of the dossiers must be the same in
both (I9).
"""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func
from sqlmodel import col, select

from notifications.delivery import TemporaryDeliveryError
from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE, local_day, start_of_day
from ocop_workflow.errors import InputError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.calendar_edits import CalendarEdit, set_day
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.enforcement import ENFORCER
from ocop_workflow.services.escalations import drafts_of, drop, release
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extension_scopes import Scope, obligations_in
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend, extend_scope
from ocop_workflow.services.fulfilment import Means, NotToFulfilError, Told, fulfil
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.obligations import moments_of, open_obligations_of
from ocop_workflow.services.outbox import RECHECK_AFTER
from ocop_workflow.services.redating import Move
from ocop_workflow.services.reports import file_report
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.sealing import seal_day
from ocop_workflow.services.subjects import stream_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Mail, Notice, Obligation, Report
from state_machines.dossier import FINAL_STATUSES, DossierTrigger, state_of
from state_machines.lifecycle import TransitionNotAllowedError

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

    Opening = Callable[[Path, Path], AbstractContextManager[Office]]

OFFICE = "coast/coordination_office"
NUMBERS = st.sampled_from(["1-1-1", "1-2-1", "2-1-1"])
START = datetime(2018, 3, 1, 8, tzinfo=OFFICE_ZONE)
LONG_AFTER = timedelta(days=120)


class YearMachine(RuleBasedStateMachine):
    """The year at random; `opening` and `template` are set by the test."""

    opening: "Opening"
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.began: dict[tuple[str, int], datetime] = {}
        self.came: set[tuple[str, int, str]] = set()
        self.finished: set[str] = set()
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp(prefix="year-"))
        self.stack.callback(shutil.rmtree, folder)
        cls = type(self)
        self.swept, self.unswept = (
            self.stack.enter_context(cls.opening(cls.template, folder / f"{name}.db")) for name in ("swept", "unswept")
        )

    # --- what people do, in both offices ---

    def both(self, act: Callable[["Office", UnitOfWork], Any]) -> bool:
        """Do the same in both offices; it is taken in both or refused in both. Return whether it was taken."""
        taken = []
        for office in (self.swept, self.unswept):
            try:
                with office.at(self.now) as work:
                    act(office, work)
                taken.append(True)
            except (InputError, TransitionNotAllowedError):
                taken.append(False)
        assert taken[0] == taken[1]
        return taken[0]

    def dates_move(
        self,
        act: Callable[["Office", UnitOfWork], list[Move]],
        *,
        since: dict[str, datetime] | None = None,
        by_calendar: bool = False,
    ) -> None:
        """Move dates in both offices, and note which rungs had come by the dates and days before."""
        came = self.rungs_that_came()
        with self.unswept.reading(self.now) as work:
            settled = {o.key for o in work.session.exec(select(Obligation)) if o.status != "open"}
        moves: list[tuple[str, int, datetime]] = []

        def noted(office: "Office", work: UnitOfWork) -> None:
            moves[:] = [
                (move.obligation.key, move.obligation.deadline_version, move.obligation.opens_at)
                for move in act(office, work)
            ]

        if not self.both(noted):
            return
        moved = {key for key, _, _ in moves}
        self.came |= {rung for rung in came if by_calendar or rung[0] in moved}
        self.finished |= settled if by_calendar else set()
        for key, version, opens_at in moves:
            self.began[key, version] = max((since or {}).get(key, self.now), opens_at)

    def rungs_that_came(self) -> set[tuple[str, int, str]]:
        """Return every rung that has come by now under its obligation's present date and calendar."""
        with self.unswept.reading(self.now) as work:
            cycle = self.unswept.cycle(work)
            book = work.books.of_cycle(work.session, cycle)
            came = set()
            for owed in work.session.exec(select(Obligation)):
                since = self.began.get((owed.key, owed.deadline_version), owed.opens_at)
                until = min(owed.closed_at or self.now, self.now)
                if owed.key not in self.finished:
                    came |= {
                        (owed.key, owed.deadline_version, moment.rung)
                        for moment in moments_of(book, owed)
                        if max(since, cycle.opened_at) <= moment.at <= until
                    }
            return came

    @rule(days=st.integers(0, 9), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    @rule(
        number=NUMBERS,
        trigger=st.sampled_from(["submit", "receive", "return", "submit", "receive", "review", "withdraw"]),
        hours_ago=st.sampled_from([0, 0, 0, 5, 50]),
    )
    def somebody_acts(self, number: str, trigger: str, hours_ago: int) -> None:
        if self.lapsed_by_now(number):
            hours_ago = 0  # what the enforcer has recorded stands; a late letter is for the office to decide
        happened = self.now - timedelta(hours=hours_ago)

        def act(office: "Office", work: UnitOfWork) -> None:
            request = Request(DossierTrigger(trigger), OFFICE, effective_at=happened, details={"items": ["x"]})
            apply_trigger(work, office.dossier(work, number), request)

        self.both(act)

    @rule(number=NUMBERS, accepted=st.booleans(), points=st.integers(0, 35))
    def somebody_decides(self, number: str, points: int, *, accepted: bool) -> None:
        def act(office: "Office", work: UnitOfWork) -> None:
            dossier = office.dossier(work, number)
            if dossier.stage == "registration":
                conclude(work, dossier, actor=OFFICE, verdict="accepted" if accepted else "declined")
            else:
                sheet: Any = {"A": points, "B": 20, "C": 10}
                record_sheets(work, dossier, {"m1": sheet, "m2": sheet}, actor=OFFICE)
                conclude(work, dossier, actor=OFFICE)

        self.both(act)

    @rule(number=NUMBERS, days=st.integers(1, 40))
    def the_office_extends(self, number: str, days: int) -> None:
        def act(office: "Office", work: UnitOfWork) -> list[Move]:
            first = open_obligations_of(work.session, office.dossier(work, number).id)[:1]
            if not first or first[0].due_at is None:
                raise InputError("nothing to extend")
            move = Move(first[0], first[0].due_at, max(first[0].due_at, self.now) + timedelta(days=days))
            extend(work, first[0], Extension(move.after, "mưa bão", "01/QĐ", OFFICE))
            return [move]

        self.dates_move(act)

    @rule(
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
        decision=st.sampled_from(["02/QĐ", "03/QĐ"]),
    )
    def the_office_extends_a_scope(self, scope: Scope, days: int, decision: str) -> None:
        def act(office: "Office", work: UnitOfWork) -> list[Move]:
            cycle = office.cycle(work)
            to = Extension(start_of_day(local_day(self.now) + timedelta(days=days)), "mưa bão", decision, OFFICE)
            return extend_scope(work, cycle, obligations_in(work.session, cycle, scope), to, scope=scope.named)

        self.dates_move(act)

    @rule(decision=st.sampled_from(["01/QĐ", "02/QĐ", "03/QĐ"]))
    def the_office_takes_back(self, decision: str) -> None:
        """Where somebody was mailed it may not; so the office that is mailed decides for both."""

        def act(office: "Office", work: UnitOfWork) -> list[Move]:
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
            return moves

        taken: list[bool] = []
        since: dict[str, datetime] = {}
        self.dates_move(act, since=since)

    @rule(days=st.integers(-6, 20), off=st.booleans())
    def a_day_is_decreed(self, days: int, *, off: bool) -> None:
        def act(office: "Office", work: UnitOfWork) -> list[Move]:
            edit = CalendarEdit(local_day(self.now) + timedelta(days=days), off, "bão", "04/QĐ", OFFICE)
            return set_day(work, office.cycle(work), edit)

        self.dates_move(act, by_calendar=True)

    @rule(position=st.sampled_from(["hill/ocop_team", "delta/ocop_team"]))
    def a_position_is_handed_over(self, position: str) -> None:
        name = f"Người nhận {self.now:%Y%m%d%H}"
        address = f"{position.replace('/', '.')}.{self.now:%Y%m%d%H}@office.example"
        handover = Handover(position, name, address, "vi", local_day(self.now))
        self.both(lambda _office, work: hand_over(work, handover))

    @rule(release_them=st.booleans())
    def the_office_decides_its_drafts(self, *, release_them: bool) -> None:
        with self.swept.at(self.now) as work:
            cycle = self.swept.cycle(work)
            drafts = [notice for notice, _ in drafts_of(work.session, cycle)]
            for _ in range(2):
                if release_them:
                    release(work, cycle, drafts, actor=OFFICE)
                else:
                    drop(work, cycle, drafts, actor=OFFICE, reason="đã trao đổi")

    @rule(choice=st.integers(0, 10))
    def somebody_is_told_by_hand(self, choice: int) -> None:
        with self.swept.at(self.now) as work:
            waiting = select(Notice).where(col(Notice.status).in_(("planned", "draft", "bundled")))
            found = work.session.exec(waiting.order_by(col(Notice.key))).all()
            if found:
                with suppress(NotToFulfilError):
                    fulfil(work, found[choice % len(found)], Told(Means.TELEPHONE, "Hoa"), actor=OFFICE)

    @rule(unit=st.sampled_from(["hill", "delta"]), quarter=st.integers(1, 2))
    def a_report_is_filed(self, unit: str, quarter: int) -> None:
        def act(_office: "Office", work: UnitOfWork) -> None:
            found = select(Report).where(col(Report.unit_id) == unit, col(Report.period_id) == f"2018-Q{quarter}")
            file_report(work, work.session.exec(found).one(), actor=OFFICE, figures={"rated": 1})

        self.both(act)

    def lapsed_by_now(self, number: str) -> bool:
        with self.unswept.reading() as work:
            dossier = self.unswept.dossier(work, number)
            due = open_obligations_of(work.session, dossier.id)
            return any(o.lapse_at is not None and o.lapse_at <= self.now for o in due)

    # --- what the machine does, in one of them ---

    @rule(twice=st.booleans())
    def sweeps_run(self, *, twice: bool) -> None:
        self.swept.enforce(self.now)
        self.swept.sweep(self.now)
        if twice:
            before = notice_count(self.swept)
            self.swept.enforce(self.now)
            self.swept.sweep(self.now)
            assert notice_count(self.swept) == before  # I2a

    @rule(down=st.booleans())
    def mail_leaves(self, *, down: bool) -> None:
        class Down(RecordingEmailSender):
            async def send(self, _envelope: Any) -> Any:
                raise TemporaryDeliveryError("451 later", 451)

        with self.swept.at(self.now) as work:
            seal_day(work)
        done = self.swept.send(self.now, Down() if down else None)
        assert done.failed == 0
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

    # --- what holds ---

    @invariant()
    def every_open_dossier_has_somebody_to_move_it(self) -> None:
        """I5: one responsible party, and a trigger besides the enforcer's that a named party may pull."""
        with self.unswept.reading(self.now) as work:
            for dossier in work.session.exec(select(Dossier)):
                if dossier.status in FINAL_STATUSES:
                    assert dossier.responsible is None
                    continue
                case = case_of(work, dossier)
                assert dossier.responsible == case.responsible() is not None
                state = state_of(dossier.stage, dossier.status)
                ways = case.book.lifecycle(dossier.round_id, dossier.kind).triggers_from(state)
                on = [DossierTrigger(way) for way in ways if way not in (DossierTrigger.LAPSE, DossierTrigger.WITHDRAW)]
                assert any(case.permitted(way) - {ENFORCER} for way in on)
                assert open_obligations_of(work.session, dossier.id)

    def teardown(self) -> None:
        try:
            self.check_the_end()
        finally:
            self.stack.close()

    def check_the_end(self) -> None:
        self.now = morning_after_the_weekend(self.now + LONG_AFTER)
        for office in (self.swept, self.unswept):
            office.enforce(self.now)
            office.sweep(self.now)
            office.send(self.now)
        assert lateness(self.swept) == lateness(self.unswept)  # I9
        for office in (self.swept, self.unswept):
            with office.reading(self.now) as work:
                assert verify(work.session).faults == ()  # I1
                check_rungs(work, self.came | self.rungs_that_came())


def morning_after_the_weekend(now: datetime) -> datetime:
    """Return eight o'clock on the next Monday, for no digest leaves on a day off."""
    monday = now + timedelta(days=7 - now.weekday())
    return monday.replace(hour=8, minute=0)


def notice_count(office: "Office") -> int:
    with office.reading() as work:
        return work.session.exec(select(func.count()).select_from(Notice)).one()


def some_true(work: UnitOfWork, mail: Mail) -> bool:
    """Return whether a line of a mail was still owed when it left."""
    lines = select(Obligation.status).where(
        col(Notice.mail_id) == mail.id, col(Obligation.id) == col(Notice.obligation_id)
    )
    return "open" in work.session.exec(lines).all()


def lateness(office: "Office") -> list[tuple[Any, ...]]:
    """Return everything that follows from dates and acts: states, ends, what was late since when."""
    with office.reading() as work:
        dossiers = [
            (d.key, d.stage, d.status, d.closed_at, d.stars, d.version) for d in work.session.exec(select(Dossier))
        ]
        owed = [
            (o.key, o.status, o.closed_at, o.due_at, o.overdue_at, o.lapse_at)
            for o in work.session.exec(select(Obligation))
        ]
    return sorted(dossiers) + sorted(owed, key=lambda row: row[0])


def check_rungs(work: UnitOfWork, came: set[tuple[str, int, str]]) -> None:
    """I2a and I3: every rung that came while its obligation was open under a date has one notice with an outcome."""
    obligations = {owed.id: owed for owed in work.session.exec(select(Obligation))}
    notices = work.session.exec(select(Notice)).all()
    said = [
        (obligations[n.obligation_id].key, n.deadline_version, n.rung) for n in notices if n.obligation_id is not None
    ]
    assert len(said) == len(set(said))
    assert came <= set(said), came - set(said)
    done = {owed.id for owed in obligations.values() if owed.status != "open"}
    for notice in notices:
        assert notice.status in {"sent", "suppressed", "fulfilled"} or (
            notice.status == "draft" and notice.obligation_id not in done
        )


@pytest.mark.parametrize(
    ("examples", "steps"), [(10, 25), pytest.param(60, 30, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_random_year_keeps_its_promises(
    open_office: "Opening", opened_database: Path, examples: int, steps: int
) -> None:
    """I1, I2a, I3, I4, I5 and I9 on the small plan."""

    class Year(YearMachine):
        opening = staticmethod(open_office)
        template = opened_database

    run_state_machine_as_test(
        Year,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Random years under every shipped rule set: acts, delays, returns, extensions, amendments, migrations, outages.

Two offices live through the same acts. One is swept, enforced and mailed at random, the other only once, at the end.
What became of the dossiers must be the same in both (I9); what a sweep does changes no document and no date (I6).
"""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlmodel import col, select

from notifications.delivery import TemporaryDeliveryError
from notifications.recording import RecordingEmailSender
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.amendments import Amendment, amend
from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.enforcement import ENFORCER
from ocop_workflow.services.evaluations import reject, result_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.explaining import explain
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.hand_steps import record_step
from ocop_workflow.services.letters import act_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.positions import needed_positions
from ocop_workflow.services.rule_set_changes import Chosen, dossiers_in
from ocop_workflow.services.rule_set_migration import Migration, migrate
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.session_views import shown_sessions
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Notice, Obligation
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger, state_of
from state_machines.lifecycle import TransitionNotAllowedError
from tests.ocop_workflow.conftest import Office, instant
from tests.ocop_workflow.every_law import OFFICE, copied, decide, opened_under, rule_sets, target

NUMBERS = st.sampled_from(["1-1-1", "1-2-1", "2-1-1"])
LONG_AFTER = timedelta(days=200)

FIRST_DAYS = {
    "quang-ninh-2017": date(2019, 8, 1),
    "qd-1048-2019": date(2023, 2, 6),
    "qd-148-2023": date(2025, 6, 16),
    "qd-1489-2025": date(2026, 5, 4),
    "qd-26-2026": date(2026, 6, 1),
}
"""Shortly before the text that followed came into force, so that dossiers are moved to it; the last one's go back."""


class LawMachine(RuleBasedStateMachine):
    """A year at random; what the test sets is the opened office and the rule set it was opened under."""

    like: Office
    template: Path
    first_day: date

    def __init__(self) -> None:
        super().__init__()
        self.now = instant(f"{self.first_day} 08:00")
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp(prefix="law-"))
        self.stack.callback(shutil.rmtree, folder)
        self.swept, self.unswept = (
            self.stack.enter_context(copied(self.template, folder / f"{name}.db", self.like))
            for name in ("swept", "unswept")
        )

    # --- what people do, in both offices ---

    def both(self, act: Callable[[Office, UnitOfWork], Any]) -> None:
        """Do the same in both offices; it is taken in both or refused in both."""
        taken = []
        for office in (self.swept, self.unswept):
            try:
                with office.at(self.now) as work:
                    act(office, work)
                taken.append(True)
            except (InputError, TransitionNotAllowedError):
                taken.append(False)
        assert taken[0] == taken[1]

    @rule(days=st.integers(0, 12), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    @rule(
        number=NUMBERS,
        percent=st.sampled_from([20, 49, 50, 69, 70, 89, 90, 100]),
        accepted=st.sampled_from([True, True, True, False]),
        met=st.booleans(),
        steps=st.integers(1, 6),
    )
    def a_dossier_goes_on(self, number: str, percent: int, steps: int, *, accepted: bool, met: bool) -> None:
        """Whoever has the next move makes it, up to six times."""

        def act(office: Office, work: UnitOfWork) -> None:
            dossier = office.dossier(work, number)
            trigger = {
                DossierStatus.AWAITING_SUBMISSION: DossierTrigger.SUBMIT,
                DossierStatus.RETURNED: DossierTrigger.SUBMIT,
                DossierStatus.SUBMITTED: DossierTrigger.RECEIVE,
            }.get(DossierStatus(dossier.status))
            if trigger is None:
                decide(work, dossier, percent=percent, accepted=accepted, met=met)
            else:
                apply_trigger(work, dossier, Request(trigger, OFFICE))

        for _ in range(steps):
            self.both(act)

    @rule(number=NUMBERS, trigger=st.sampled_from(["return", "return", "return", "review", "withdraw", "reject"]))
    def somebody_turns_it(self, number: str, trigger: str) -> None:
        def act(office: Office, work: UnitOfWork) -> None:
            dossier = office.dossier(work, number)
            if trigger == "reject":
                reject(work, dossier, case_of(work, dossier).book.rule_set.rejection_grounds[0].id, actor=OFFICE)
            else:
                apply_trigger(work, dossier, Request(DossierTrigger(trigger), OFFICE, details={"items": ["x"]}))

        self.both(act)

    @rule(number=NUMBERS)
    def a_step_is_done_by_hand(self, number: str) -> None:
        """Of the reports, minutes and notices that are owed, the first."""

        def act(office: Office, work: UnitOfWork) -> None:
            dossier = office.dossier(work, number)
            book = case_of(work, dossier).book
            by_hand = (
                (owed.stage, step)
                for owed in open_obligations_of(work.session, dossier.id)
                for step in book.stage_known(owed.stage or "", owed.step).steps
                if step.id == owed.step and step.settled_by is None
            )
            stage, step = next(by_hand, (None, None))
            if step is None:
                raise InputError("nothing is done by hand")
            record_step(work, dossier, step.id, actor=OFFICE, stage_id=stage, document="1/BC")

        self.both(act)

    @rule(number=NUMBERS, hours_ago=st.integers(1, 60))
    def something_is_recorded_later(self, number: str, hours_ago: int) -> None:
        """What came on paper counts from its receipt; not where the sweep has recorded a lapse meanwhile."""
        happened = self.now - timedelta(hours=hours_ago)

        def act(office: Office, work: UnitOfWork) -> None:
            dossier = self.unswept_dossier_is_alive(number) and office.dossier(work, number)
            if not dossier:
                raise InputError("lapsed")
            trigger = DossierTrigger.RECEIVE if dossier.status == "submitted" else DossierTrigger.SUBMIT
            apply_trigger(work, dossier, Request(trigger, OFFICE, effective_at=happened))

        self.both(act)

    def unswept_dossier_is_alive(self, number: str) -> bool:
        with self.unswept.reading() as work:
            due = open_obligations_of(work.session, self.unswept.dossier(work, number).id)
            return not any(o.lapse_at is not None and o.lapse_at <= self.now for o in due)

    @rule(number=NUMBERS, days=st.integers(1, 40))
    def the_office_extends(self, number: str, days: int) -> None:
        def act(office: Office, work: UnitOfWork) -> None:
            first = open_obligations_of(work.session, office.dossier(work, number).id)[:1]
            if not first or first[0].due_at is None:
                raise InputError("nothing to extend")
            to = max(first[0].due_at, self.now) + timedelta(days=days)
            extend(work, first[0], Extension(to, "mưa bão", "01/QĐ", OFFICE))

        self.both(act)

    @rule(
        days=st.integers(1, 60),
        term=st.integers(2, 20),
        rungs=st.lists(st.integers(-2, 9), min_size=1, max_size=4, unique=True),
    )
    def the_plan_is_amended(self, days: int, term: int, rungs: list[int]) -> None:
        """The first date is printed anew, every receipt has another term, and the ladder other rungs."""

        def act(office: Office, work: UnitOfWork) -> None:
            cycle = office.cycle(work)
            plan = work.books.of_cycle(work.session, cycle).plan
            edited = with_dates(plan, first=self.now.date() + timedelta(days=days), term=term, rungs=rungs)
            amend(work, cycle, Amendment(edited, "điều chỉnh", "02/QĐ", OFFICE))

        self.both(act)

    @rule(
        to=st.sampled_from(["", "", "", *sorted(FIRST_DAYS)]),
        chosen=st.sampled_from(
            [Chosen(round_id="r1"), Chosen(unit="hill"), Chosen(("2-1-1",)), Chosen(("1-1-1", "1-2-1"))]
        ),
    )
    def dossiers_are_moved(self, to: str, chosen: Chosen) -> None:
        """Mostly to the text of the day, else to any other."""
        in_force = [name for name, rules in rule_sets().items() if rules.in_force.start <= self.now.date()]
        to = to or max(in_force, key=lambda name: rule_sets()[name].in_force.start)

        def act(office: Office, work: UnitOfWork) -> None:
            cycle = office.cycle(work)
            migration = Migration(target(to), "luật mới", "03/QĐ", OFFICE)
            migrate(work, cycle, dossiers_in(work, cycle, chosen), migration)

        self.both(act)

    # --- what the machine does, in one of them ---

    @rule(down=st.booleans())
    def sweeps_run_and_mail_leaves(self, *, down: bool) -> None:
        class Down(RecordingEmailSender):
            async def send(self, _envelope: Any) -> Any:
                raise TemporaryDeliveryError("451 later", 451)

        self.now += timedelta(minutes=1)  # so that what an earlier run froze is not taken for this one's
        before = documents_and_dates(self.swept)
        self.swept.enforce(self.now)
        self.swept.sweep(self.now)
        assert self.swept.send(self.now, Down() if down else None).failed == 0
        assert documents_and_dates(self.swept) == before  # I6: only an act moves anything
        self.check_what_left()

    def check_what_left(self) -> None:
        """I4: what was frozen in this run is owed, by this date, by whom it was sent to."""
        with self.swept.reading(self.now) as work:
            frozen = select(Notice, Obligation).where(
                col(Notice.mail_id) == col(Mail.id),
                col(Notice.obligation_id) == col(Obligation.id),
                col(Notice.status).in_(("bundled", "sent")),
                col(Mail.frozen_at) == self.now,
            )
            for notice, owed in work.session.exec(frozen):
                assert (owed.status, owed.deadline_version) == ("open", notice.deadline_version)
                assert notice.recipient == owed.party or notice.line_kind == "escalation"

    # --- what holds ---

    @invariant()
    def every_open_dossier_has_somebody_to_move_it(self) -> None:
        """I5: one responsible party, a trigger that a named party may pull, and only a producer's delay as an end."""
        with self.unswept.reading(self.now) as work:
            for dossier in work.session.exec(select(Dossier)):
                owed = open_obligations_of(work.session, dossier.id)
                assert all(o.lapse_at is None or o.party.startswith(f"{PRODUCER}:") for o in owed)
                if dossier.status in FINAL_STATUSES:
                    assert dossier.responsible is None
                    continue
                case = case_of(work, dossier)
                assert dossier.responsible == case.responsible() is not None
                state = state_of(dossier.stage, dossier.status)
                ways = case.book.lifecycle(dossier.round_id, dossier.kind).triggers_from(state)
                on = [DossierTrigger(way) for way in ways if way not in (DossierTrigger.LAPSE, DossierTrigger.WITHDRAW)]
                assert any(case.permitted(way) - {ENFORCER} for way in on)

    def teardown(self) -> None:
        try:
            self.check_the_end()
        finally:
            self.stack.close()

    def check_the_end(self) -> None:
        self.now = (self.now + LONG_AFTER).replace(hour=8, minute=0)
        with self.unswept.reading() as work:
            days = work.books.of_cycle(work.session, self.unswept.cycle(work)).days
        while not days.is_working_day(self.now.date()):  # no digest leaves on a day off
            self.now += timedelta(days=1)
        for office in (self.swept, self.unswept):
            office.enforce(self.now)
            office.sweep(self.now)
            office.send(self.now)
        assert what_became(self.swept) == what_became(self.unswept)  # I9
        for office in (self.swept, self.unswept):
            with office.reading(self.now) as work:
                assert verify(work.session).faults == ()  # I1
                check_rungs(work)
        with self.swept.reading(self.now) as work:
            assert needed_positions(work.session, work.books)
            for dossier in work.session.exec(select(Dossier)):
                check_results(work, dossier)
                check_lapse(work, dossier)
                check_can_be_read(work, dossier)


def with_dates(plan: CyclePlan, *, first: date, term: int, rungs: list[int]) -> CyclePlan:
    """Return a plan with another first date, another term of its receipts in working days, and other rungs."""
    data = plan.model_dump(mode="json", exclude_none=True)
    data["ladders"]["any"]["rungs"] = [{"days": days} for days in rungs]
    (round_,) = next(iter(data["years"].values()))["rounds"]
    (submission, *_) = next(iter(round_["stages"].values())).values()
    submission["due"] = {"by": first.isoformat(), "source": "02/QĐ"}
    for dates in round_["stages"].values():
        if "receipt" in dates:
            dates["receipt"]["due"] = {"within": f"{term} working days of submitted", "source": "02/QĐ"}
    return CyclePlan.model_validate(data)


def documents_and_dates(office: Office) -> tuple[Any, ...]:
    """Return what a cycle and its dossiers are pinned to, and every date (I6)."""
    with office.reading() as work:
        cycle = work.session.exec(select(Cycle)).one()
        dossiers = work.session.exec(select(Dossier).order_by(col(Dossier.key)))
        owed = work.session.exec(select(Obligation).order_by(col(Obligation.key)))
        return (
            (cycle.plan_hash, cycle.rule_set_hash, cycle.days_hash, cycle.criteria_hashes),
            [(d.key, d.rule_set_hash, d.earlier_rule_sets) for d in dossiers],
            [(o.key, o.due_at, o.deadline_version, o.party) for o in owed],
        )


def what_became(office: Office) -> list[tuple[Any, ...]]:
    """Return everything that follows from dates and acts: states, ends, results, what was late since when."""
    with office.reading() as work:
        dossiers = work.session.exec(select(Dossier).order_by(col(Dossier.key)))
        owed = work.session.exec(select(Obligation).order_by(col(Obligation.key)))
        return [
            *((d.key, d.stage, d.status, d.closed_at, d.mean, d.stars, d.version, d.rule_set_hash) for d in dossiers),
            *((o.key, o.stage, o.party, o.status, o.closed_at, o.due_at, o.overdue_at, o.lapse_at) for o in owed),
        ]


def check_results(work: UnitOfWork, dossier: Dossier) -> None:
    """I7: each recorded result follows from the stored sheets by the rule set under which the council scored."""
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    sessions = {(held.stage, held.number): held for held in sessions_of(work.session, dossier.id)}
    for event in events_of(work.session, f"dossier:{dossier.id}"):
        details = details_of(event)
        if event.action != "stage_concluded" or "session" not in details:
            continue
        held = sessions[(event.from_state or "").partition(":")[0], details["session"]]
        book = work.books.of_council_session(work.session, cycle, held)
        result = result_of(
            work.session,
            dossier.id,
            book.rule_set,
            stage=held.stage,
            session_number=held.number,
            criteria=book.criteria,
        )
        assert (str(result.mean), result.stars) == (details["mean"], details["stars"])


def check_rungs(work: UnitOfWork) -> None:
    """I2a and I3: no rung has two notices, and each notice has ended long after the year."""
    notices = work.session.exec(select(Notice).where(col(Notice.obligation_id).is_not(None))).all()
    said = [(n.obligation_id, n.deadline_version, n.rung, n.recipient) for n in notices]
    assert len(said) == len(set(said))
    assert {n.status for n in notices} <= {"sent", "suppressed"}


def check_can_be_read(work: UnitOfWork, dossier: Dossier) -> None:
    """Whatever rule sets a dossier has been under, its page, its sessions and each of its dates can be explained."""
    assert status_page(work, dossier).history
    assert len(shown_sessions(work, dossier)) == len(sessions_of(work.session, dossier.id))
    for owed in work.session.exec(select(Obligation).where(col(Obligation.subject_id) == dossier.id)):
        explained = explain(work, owed)
        assert act_of(explained.book, owed, dossier).params


def check_lapse(work: UnitOfWork, dossier: Dossier) -> None:
    """I5: what lapsed a dossier is a duty of its producer, at the instant that followed from its date."""
    if dossier.status == DossierStatus.LAPSED:
        ended = select(Obligation).where(
            col(Obligation.subject_id) == dossier.id, col(Obligation.status) == "cancelled"
        )
        lapsed = [o for o in work.session.exec(ended) if o.lapse_at == dossier.closed_at]
        assert lapsed
        assert all(o.party.startswith(f"{PRODUCER}:") for o in lapsed)


def test_every_shipped_rule_set_has_its_year_here() -> None:
    assert FIRST_DAYS.keys() == rule_sets().keys()
    assert all(rule_sets()[name].in_force.start <= day for name, day in FIRST_DAYS.items())


@pytest.fixture(scope="session", params=sorted(FIRST_DAYS))
def law(
    request: pytest.FixtureRequest, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Office, Path, date]:
    """The office opened under one rule set: what it is like, its database file, its first day."""
    path = tmp_path_factory.mktemp("law") / "opened.db"
    first_day = FIRST_DAYS[request.param]
    with opened_under(request.param, first_day, migrated_database, path) as office:
        return office, path, first_day


@pytest.mark.parametrize(
    ("examples", "steps"), [(2, 12), pytest.param(4, 40, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_random_year_under_every_law_keeps_its_promises(
    law: tuple[Office, Path, date], examples: int, steps: int
) -> None:
    """I1, I2a, I3 to I7 and I9 under each rule set, and between them."""

    class Year(LawMachine):
        like, template, first_day = law

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

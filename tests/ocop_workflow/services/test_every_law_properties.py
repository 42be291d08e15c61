"""Random years under every shipped rule set: acts, delays, returns, extensions, amendments, migrations, outages.

Two offices live through the same acts, many of them twice. What became of the dossiers must be the same in both (I9);
what a sweep does changes no document and no date (I6). Each profile ends by asking whether its years met everything
that it is there for.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import strategies as st
from sqlmodel import col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.taking_over import stages_taken_over
from ocop_workflow.services.amendments import Amendment, amend
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_dates import anchors_of, dated_step, step_dates
from ocop_workflow.services.explaining import explain
from ocop_workflow.services.letters import act_of
from ocop_workflow.services.obligations import DOSSIER_STEP, is_as_reckoned
from ocop_workflow.services.positions import needed_positions
from ocop_workflow.services.rule_set_changes import Chosen, dossiers_in
from ocop_workflow.services.rule_set_migration import Migration, migrate
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.session_views import shown_sessions
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Mail, Notice, Obligation
from state_machines.dossier import FINAL_STATUSES, DossierStatus
from tests.ocop_workflow.conftest import Office, instant
from tests.ocop_workflow.dossier_years import WHICH, DossierYears
from tests.ocop_workflow.every_law import (
    OFFICE,
    copied,
    opened_under,
    rule_sets,
    target,
)
from tests.ocop_workflow.happenings import happening, run_at_random
from tests.ocop_workflow.two_offices import Down, two_offices
from tests.ocop_workflow.year_facts import documents_and_dates

FIRST_DAYS = {
    "quang-ninh-2017": date(2019, 8, 12),
    "qd-1048-2019": date(2023, 2, 13),
    "qd-148-2023": date(2025, 6, 26),
    "qd-1489-2025": date(2026, 5, 11),
    "qd-26-2026": date(2026, 6, 1),
}
"""Shortly before the text that followed came into force, so that dossiers are moved to it; the last one's go back."""


class LawMachine(DossierYears):
    """A year at random under one rule set."""

    @happening(
        often=2,
        days=st.integers(1, 60),
        term=st.integers(2, 20),
        rungs=st.lists(st.integers(-2, 9), min_size=1, max_size=4, unique=True),
    )
    def the_plan_is_amended(self, days: int, term: int, rungs: list[int]) -> None:
        """The first date is printed anew, every receipt has another term, and the ladder other rungs."""
        with self.unswept.reading() as work:
            plan = work.books.of_cycle(work.session, self.unswept.cycle(work)).plan
        edited = with_dates(plan, first=self.now.date() + timedelta(days=days), term=term, rungs=rungs)

        def amend_plan(office: Office, work: UnitOfWork, command: str) -> None:
            amend(work, office.cycle(work), Amendment(edited, "điều chỉnh", "02/QĐ", OFFICE, command))

        moved = self.dates_move(amend_plan, plan=True)
        self.reached["amendment"] += bool(moved)
        self.check_dates(moved)

    @happening(
        often=3,
        which=WHICH,
        to=st.integers(0, 3),
        area=st.sampled_from([None, Chosen(round_id="r1"), Chosen(unit="hill")]),
    )
    def dossiers_are_moved(self, which: int, to: int, area: Chosen | None) -> None:
        """One of them or those of an area go to another text in force, most likely the latest."""
        texts = sorted(rule_sets().values(), key=lambda rules: rules.in_force.start, reverse=True)
        with self.unswept.reading(self.now) as work:
            case = case_of(work, self.unswept.dossier(work, self.keys[which]))
            others = [
                rules.id
                for rules in texts
                if rules.in_force.start <= self.now.date() < (rules.in_force.until or date.max)
                and rules.id != case.book.rule_set.id
            ]
            try:
                found = dossiers_in(work, case.cycle, area or Chosen((case.dossier.key,)))
            except InputError:  # all of them have ended
                return
        if not others:
            return
        goal, keys = target(others[to % len(others)]), [each.key for each in found]
        moved: list[str] = []

        def move_dossiers(office: Office, work: UnitOfWork, command: str) -> None:
            migration = Migration(goal, "luật mới", "03/QĐ", OFFICE, command)
            dossiers = [office.dossier(work, key) for key in keys]
            moved.extend(change.before.dossier.key for change in migrate(work, office.cycle(work), dossiers, migration))

        self.dates_move(move_dossiers)
        self.reached["migration"] += bool(moved)
        self.check_dates(self.versions())

    def check_dates(self, keys: Iterable[str]) -> None:
        """I6: what an office owes at the present stage is dated as if it were opened under today's documents.

        Its explanation says the same. Not what an extension dates, nor what would be over: that was missed, or counts
        from the act. What nothing dates any more keeps its date.
        """
        with self.unswept.reading(self.now) as work:
            owed_now = select(Obligation).where(
                col(Obligation.status) == "open", col(Obligation.kind) == DOSSIER_STEP, col(Obligation.key).in_(keys)
            )
            for owed in work.session.exec(owed_now):
                dossier = work.session.get_one(Dossier, owed.subject_id)
                case, step = case_of(work, dossier), owed.step or ""
                if owed.key in self.extended:
                    continue
                assert is_as_reckoned(owed), owed.key
                if owed.stage != dossier.stage or dossier.closed_at is not None or owed.party == case.producer:
                    continue
                dated = dated_step(
                    work,
                    case,
                    step_dates(case, case.stage, step),
                    stage=case.stage,
                    step=step,
                    opens_at=owed.opens_at,
                    of_producer=False,
                    anchors=anchors_of(case, owed.opens_at),
                )
                if dated is not None and dated.due.due_at is not None and dated.due.due_at > self.now:
                    assert owed.due_at == dated.due.due_at, owed.key

    # --- what the machine does, in one of them ---

    @happening(often=4, down=st.booleans())
    def sweeps_run_and_mail_leaves(self, *, down: bool) -> None:
        self.now += timedelta(minutes=1)  # so that what an earlier run froze is not taken for this one's
        before = documents_and_dates(self.swept)
        self.reached["lapse recorded"] += self.swept.enforce(self.now).lapsed
        self.swept.sweep(self.now)
        delivered = self.swept.send(self.now, Down() if down else None)
        assert delivered.failed == 0
        self.reached["outage"] += delivered.postponed
        self.reached["mail accepted"] += delivered.accepted
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

    # --- what holds at the end ---

    def teardown(self) -> None:
        self.end_the_year()
        with self.swept.reading(self.now) as work:
            assert needed_positions(work.session, work.books)
            for dossier in work.session.exec(select(Dossier)):
                check_can_be_read(work, dossier)


def with_dates(plan: CyclePlan, *, first: date, term: int, rungs: list[int]) -> CyclePlan:
    """Return a plan with another first date, other terms of its receipts and decisions, and other rungs."""
    data = plan.model_dump(mode="json", exclude_none=True)
    data["ladders"]["any"]["rungs"] = [{"days": days} for days in rungs]
    (round_,) = next(iter(data["years"].values()))["rounds"]
    (submission, *_) = next(iter(round_["stages"].values())).values()
    submission["due"] = {"by": first.isoformat(), "source": "02/QĐ"}
    for dates in round_["stages"].values():
        if "receipt" in dates:
            dates["receipt"]["due"] = {"within": f"{term} working days of submitted", "source": "02/QĐ"}
        if "decision" in dates:  # mostly further than a regulation's own term
            dates["decision"]["due"] = {"within": f"{20 + term} working days of received", "source": "02/QĐ"}
    return CyclePlan.model_validate(data)


def check_can_be_read(work: UnitOfWork, dossier: Dossier) -> None:
    """Whatever rule sets a dossier has been under, its page, its sessions and each of its dates can be explained."""
    assert status_page(work, dossier).history
    assert len(shown_sessions(work, dossier)) == len(sessions_of(work.session, dossier.id))
    for owed in work.session.exec(select(Obligation).where(col(Obligation.subject_id) == dossier.id)):
        explained = explain(work, owed)
        assert act_of(explained.book, owed, dossier).params


def must_reach(rules: RuleSet, *, whole: bool) -> set[str]:
    """Return what the years of a profile are there to meet under a rule set: the main road, or all of it.

    Few dossiers get as far as to be moved where no other text has the stage at which they begin.
    """
    route = rules.route
    road = {f"stage: {stage.id}" for stage in route.stages} | {"status: returned", "session concluded", "mail accepted"}
    acts = {"pull_trigger", "conclude_stage", "score", "extend_date", "amend_plan"}
    road |= {"done again later", *(f"done again: {act}" for act in acts)}
    if not whole:
        return road
    inner = set(DossierStatus) - FINAL_STATUSES
    ends = {end.to for stage in route.stages for end in stage.outcomes} & FINAL_STATUSES
    statuses = inner | ends | {DossierStatus.REJECTED, DossierStatus.WITHDRAWN, DossierStatus.LAPSED}
    by_hand = any(step.settled_by is None for stage in route.stages for step in stage.steps)
    others = (other for other in rule_sets().values() if other is not rules)
    movable = any(route.stages[0].id in stages_taken_over(rules, other) for other in others)
    return {
        *road,
        *(f"status: {status}" for status in statuses),
        *(("step done by hand", "done again: do_step") if by_hand else ()),
        *(("migration", "done again: move_dossiers") if movable else ()),
        *("extension", "amendment", "recorded later", "reopened", "lapse recorded", "outage", "done again: reject_it"),
    }


def test_every_shipped_rule_set_has_its_year_here() -> None:
    assert FIRST_DAYS.keys() == rule_sets().keys()
    assert all(rule_sets()[name].in_force.start <= day for name, day in FIRST_DAYS.items())


@pytest.fixture(scope="session", params=sorted(FIRST_DAYS))
def law(
    request: pytest.FixtureRequest, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Office, Path]:
    """The office opened under one rule set: the rule set's id, what the office is like, its database file."""
    path = tmp_path_factory.mktemp("law") / "opened.db"
    first_day = FIRST_DAYS[request.param]
    with opened_under(request.param, first_day, migrated_database, path) as office:
        with office.at(instant(f"{first_day} 07:45")) as work:
            cycle = office.cycle(work)
            plan = work.books.of_cycle(work.session, cycle).plan
            edited = with_dates(plan, first=first_day + timedelta(days=30), term=5, rungs=[-2, 1, 3])
            amend(work, cycle, Amendment(edited, "điều chỉnh", "00/QĐ", OFFICE))
        return request.param, office, path


@pytest.mark.parametrize(
    ("examples", "steps", "whole"),
    [(3, 20, False), pytest.param(12, 30, True, marks=pytest.mark.slow)],
    ids=["few", "many"],
)
def test_a_random_year_under_every_law_keeps_its_promises(
    law: tuple[str, Office, Path], tmp_path: Path, examples: int, steps: int, *, whole: bool
) -> None:
    """I1, I2a, I3 to I7 and I9 under each rule set, and between them."""
    rule_set_id, like, template = law

    with two_offices(partial(copied, like=like), template, tmp_path) as offices:

        class Year(LawMachine):
            pair, begins_at, reached = offices, instant(f"{FIRST_DAYS[rule_set_id]} 08:00"), Counter[str]()

        Year.template = template
        run_at_random(Year, examples=examples, steps=steps)
    assert must_reach(rule_sets()[rule_set_id], whole=whole) <= (+Year.reached).keys()

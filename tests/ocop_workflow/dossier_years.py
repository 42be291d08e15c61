"""Random years of dossiers in two offices: who has the next move makes it, others return, end, reopen and extend."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from sqlmodel import col, select

from ocop_workflow.policy.rule_set import GuardChoice, Route, Stage
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.evaluations import conclude, reject
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.hand_steps import record_step
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.reopening import Reopening, reopen
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.session_rows import open_session_of, sheets_of_session
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Obligation
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger
from tests.ocop_workflow.conftest import Office
from tests.ocop_workflow.every_law import OFFICE, find_on_gates, name_criteria_if_asked, sheets_under
from tests.ocop_workflow.happenings import happening
from tests.ocop_workflow.two_offices import TwoOffices
from tests.ocop_workflow.year_facts import check_lapse, check_results, what_became

BEFORE_AN_OFFICE = (DossierStatus.RECEIVED, DossierStatus.UNDER_REVIEW)
WHICH = st.integers(0, 2)
POINTS = st.sampled_from([None, None, None, None, None, None, 20, 20, 49, 50, 51, 70, 71, 90, 91, 100])
"""What a council's members give, about; without points, what leads on to the stage behind."""


MOSTLY = st.sampled_from([True, True, False])


class DossierYears(TwoOffices):
    """Years in which people act on three dossiers."""

    def __init__(self) -> None:
        super().__init__()
        with self.unswept.reading() as work:
            self.keys = sorted(work.session.exec(select(Dossier.key)))
        self.decisions: list[str] = []
        self.extended: set[str] = set()

    def open_keys(self, *statuses: DossierStatus) -> list[str]:
        """Return the dossiers that have not ended, nor lapsed by now, of these statuses where some are named."""
        with self.unswept.reading() as work:
            lapsed = select(Obligation.subject_id).where(
                col(Obligation.status) == "open", col(Obligation.lapse_at) <= self.now
            )
            going_on = select(Dossier.key).where(col(Dossier.closed_at).is_(None), col(Dossier.id).not_in(lapsed))
            if statuses:
                going_on = going_on.where(col(Dossier.status).in_(statuses))
            return list(work.session.exec(going_on.order_by(col(Dossier.key))))

    # --- what people do, in both offices ---

    @happening(
        often=8,
        which=WHICH,
        moves=st.lists(
            st.tuples(st.integers(0, 60), POINTS, st.sampled_from([True, True, False])), min_size=1, max_size=4
        ),
        less=st.integers(0, 2),
    )
    def a_dossier_goes_on(self, which: int, moves: list[tuple[int, int | None, bool]], less: int) -> None:
        """Whoever has the next move makes it, some hours after the one before."""
        for hours, points, met in moves:
            self.now += timedelta(hours=hours)
            keys = self.open_keys()
            if keys:
                self.next_move(keys[which % len(keys)], points, less, met=met or points is None)

    def next_move(self, key: str, points: int | None, less: int, *, met: bool) -> None:
        with self.unswept.reading() as work:
            dossier = self.unswept.dossier(work, key)
            case, held = case_of(work, dossier), open_session_of(work.session, dossier)
            scored = held is not None and bool(sheets_of_session(work.session, held))
        on = way_on(case.stage, case.book.rule_set.route)
        if dossier.status not in BEFORE_AN_OFFICE:
            self.pull(key, DossierTrigger.RECEIVE if dossier.status == "submitted" else DossierTrigger.SUBMIT)
        elif case.stage.judged_by == "council" and not scored:
            total = highest_within(on) if points is None else points
            self.council_meets(case, (total, total, total - less), met=met)
        elif case.stage.judged_by == "verdict":
            self.conclude(key, on.verdict if points is None else "declined" if points == 20 else "accepted")
        else:
            self.conclude(key)
            self.reached["session concluded"] += scored

    def council_meets(self, case: DossierCase, totals: tuple[int, ...], *, met: bool) -> None:
        key, sheets = case.dossier.key, sheets_under(case.book.rule_set, totals)

        def name_criteria(office: Office, work: UnitOfWork, _command: str) -> None:
            name_criteria_if_asked(work, office.dossier(work, key))

        def score(office: Office, work: UnitOfWork, command: str) -> None:
            record_sheets(work, office.dossier(work, key), sheets, actor=OFFICE, command=command)

        def find(office: Office, work: UnitOfWork, _command: str) -> None:
            find_on_gates(work, office.dossier(work, key), met=met)

        if case.book.criteria:
            self.both(name_criteria)
        self.both(score)
        if case.book.criteria or case.book.rule_set.gates:
            self.both(find)

    def pull(self, key: str, trigger: DossierTrigger, *, happened: datetime | None = None) -> bool:
        details = {"items": ["x"]} if trigger is DossierTrigger.RETURN else {}

        def pull_trigger(office: Office, work: UnitOfWork, command: str) -> None:
            request = Request(trigger, OFFICE, effective_at=happened, details=details, command=command)
            apply_trigger(work, office.dossier(work, key), request)

        return self.both(pull_trigger)

    def conclude(self, key: str, verdict: str | None = None) -> None:
        def conclude_stage(office: Office, work: UnitOfWork, command: str) -> None:
            conclude(work, office.dossier(work, key), actor=OFFICE, verdict=verdict, command=command)

        assert self.both(conclude_stage)  # nothing is missing, so nothing is refused

    @happening(often=6, which=WHICH, trigger=st.sampled_from(["return", "return", "review"]))
    def an_office_turns_it(self, which: int, trigger: str) -> None:
        """What lies before an office is returned or examined; where none does, that is refused."""
        keys = self.open_keys(*BEFORE_AN_OFFICE) or self.keys
        self.pull(keys[which % len(keys)], DossierTrigger(trigger))

    @happening(often=2, which=WHICH, by_producer=st.booleans())
    def it_ends_before_its_time(self, which: int, *, by_producer: bool) -> None:
        """Whatever has become of it, somebody withdraws or rejects it."""
        key = self.keys[which]
        if by_producer:
            self.pull(key, DossierTrigger.WITHDRAW)
            return

        def reject_it(office: Office, work: UnitOfWork, command: str) -> None:
            reject(work, office.dossier(work, key), "not-in-order", actor=OFFICE, command=command)

        self.both(reject_it)

    @happening(often=2, which=WHICH, days=st.integers(1, 40), dated=st.booleans())
    def a_superior_reopens_it(self, which: int, days: int, *, dated: bool) -> None:
        """What has ended goes on from there; where the end was not recorded yet, that must wait."""
        key, until = self.keys[which], self.now.date() + timedelta(days=days) if dated else None

        def reopen_it(office: Office, work: UnitOfWork, _command: str) -> None:
            reopen(work, office.dossier(work, key), Reopening("05/QĐ", "UBND", "xét lại", until), actor=OFFICE)

        with self.unswept.reading() as work:
            ended = self.unswept.dossier(work, key).status in FINAL_STATUSES
        if ended and self.both(reopen_it):
            self.reached["reopened"] += 1

    @happening(often=2, which=WHICH)
    def a_step_is_done_by_hand(self, which: int) -> None:
        """Of the reports, minutes and notices that are owed, the first; else the first step is tried so."""
        key = self.keys[which]
        with self.unswept.reading() as work:
            dossier = self.unswept.dossier(work, key)
            book = case_of(work, dossier).book
            by_hand = [
                (owed.stage, step.id)
                for owed in open_obligations_of(work.session, dossier.id)
                for step in book.stage_known(owed.stage or "", owed.step).steps
                if step.id == owed.step and step.settled_by is None
            ]
            stage, step_id = by_hand[0] if by_hand else (dossier.stage, "submission")

        def do_step(office: Office, work: UnitOfWork, command: str) -> None:
            dossier = office.dossier(work, key)
            record_step(work, dossier, step_id, actor=OFFICE, stage_id=stage, document="1/BC", command=command)

        if self.both(do_step):
            self.reached["step done by hand"] += 1

    @happening(often=2, which=WHICH, hours_ago=st.integers(1, 60))
    def something_is_recorded_later(self, which: int, hours_ago: int) -> None:
        """What came on paper counts from its receipt; not where the sweep has recorded a lapse meanwhile."""
        on_paper = (DossierStatus.AWAITING_SUBMISSION, DossierStatus.SUBMITTED, DossierStatus.RETURNED)
        keys = self.open_keys(*on_paper)
        if not keys:
            return
        key = keys[which % len(keys)]
        with self.unswept.reading() as work:
            dossier = self.unswept.dossier(work, key)
            happened = max(self.now - timedelta(hours=hours_ago), dossier.stage_at)
            submitted = dossier.status == DossierStatus.SUBMITTED
        if self.pull(key, DossierTrigger.RECEIVE if submitted else DossierTrigger.SUBMIT, happened=happened):
            self.reached["recorded later"] += happened < self.now

    @happening(often=2, which=WHICH, days=st.integers(1, 40))
    def the_office_extends(self, which: int, days: int) -> None:
        with self.unswept.reading() as work:
            open_now = open_obligations_of(work.session, self.unswept.dossier(work, self.keys[which]).id)
            first = next(iter(open_now), None)
        if first is None or first.due_at is None:
            return
        key, to, decision = first.key, max(first.due_at, self.now) + timedelta(days=days), self.new_decision()

        def extend_date(_office: Office, work: UnitOfWork, command: str) -> None:
            owed = work.session.exec(select(Obligation).where(col(Obligation.key) == key)).one()
            extend(work, owed, Extension(to, "mưa bão", decision, OFFICE, command))

        extended = self.dates_move(extend_date)
        self.extended |= extended
        self.reached["extension"] += bool(extended)

    def new_decision(self) -> str:
        """Return the number of the office's next decision."""
        self.decisions.append(f"{len(self.decisions) + 1}/QĐ")
        return self.decisions[-1]

    # --- what holds at the end ---

    def end_the_year(self) -> None:
        super().end_the_year()
        assert what_became(self.swept) == what_became(self.unswept)  # I9
        with self.swept.reading(self.now) as work:
            for dossier in work.session.exec(select(Dossier)):
                self.reached[f"status: {dossier.status}"] += 1
                check_results(work, dossier)
                check_lapse(work, dossier)


def way_on(stage: Stage, route: Route) -> GuardChoice:
    """Return under what a stage leads to the one behind it; the first way that is written where none does."""
    order = [each.id for each in route.stages]
    behind = order[order.index(stage.id) + 1 :]
    return next((end.when for end in stage.outcomes if end.to in behind[:1]), stage.outcomes[0].when)


def highest_within(guard: GuardChoice) -> int:
    """Return the highest whole total that a guard takes."""
    return 100 if guard.below is None else int(guard.below) - 1

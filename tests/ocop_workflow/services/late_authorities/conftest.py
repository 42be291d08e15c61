"""A small office made from the route of a rule set, and a dossier that walks the route.

The office has one unit for each level, each role that the route names, a date for each step, and for each step a ground
on which a dossier would lapse. Nothing is committed, so that what was tried can be taken back.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.route import COMPLETION
from ocop_workflow.policy.rule_set import Outcome, RuleSet, Stage
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import working_days_of_plan
from ocop_workflow.services.certificate_acts import Issue, issue_certificate
from ocop_workflow.services.certificate_facts import cycle_of_the_day
from ocop_workflow.services.certificate_watch import certificates_to_watch, watch
from ocop_workflow.services.cycles import CycleDocuments, open_cycle
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.enforcement import enforce, overdue_obligations
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.hand_steps import record_step
from ocop_workflow.services.obligations import DOSSIER_STEP, open_obligations_of
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.renewals import open_renewal
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import open_database
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier, Obligation
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger

OFFICE = "province/made_office"
GROUND = {"vi": "Không nộp", "en": "Nothing came"}


def made_units(rule_set: RuleSet) -> UnitRegister:
    """One unit for each level, the smallest first; each role above its level's leader."""
    levels = rule_set.levels
    roles: dict[str, Any] = {}
    for level, above in zip(levels, (*levels[1:], None), strict=True):
        title = {"vi": level, "en": level}
        leader: dict[str, Any] = {"level": level, "title": title}
        if above is not None:
            leader |= {"superior": f"{above}_chair", "superior_in": "parent"}
        roles[f"{level}_chair"] = leader
    title = {"vi": "Văn phòng điều phối", "en": "Office"}
    roles["made_office"] = {"level": "province", "title": title}
    for stage in rule_set.route.stages:
        for owner in (stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps)):
            if owner.role is not None:
                title = {"vi": owner.role, "en": owner.role}
                roles[owner.role] = {"level": owner.level, "title": title, "superior": f"{owner.level}_chair"}
    units = [
        {"id": level, "level": level, "name": {"vi": level, "en": level}, "parent": above}
        for level, above in zip(levels, (*levels[1:], None), strict=True)
    ]
    return UnitRegister.model_validate({"id": "made", "source": "made up", "roles": roles, "units": units})


def made_plan(rule_set: RuleSet, year: int, *, lapsing: bool) -> CyclePlan:
    """A round and the renewals, with a date for each step: the producer's fixed, the authorities' counted.

    With `lapsing` each step cites a ground on which a dossier lapses, also the steps of authorities.
    """
    ladder = [{"days": days, "audience": who} for days, who in ((-3, "responsible"), (2, "superior"), (5, "office"))]
    return CyclePlan.model_validate(
        {
            "id": "made",
            "title": {"vi": "Kế hoạch", "en": "Plan"},
            "source": "made up",
            "office": "province",
            "office_role": "made_office",
            "units": "made",
            "first_day": f"{year}-01-01",
            "runs_until": f"{year + 5}-01-01",
            "rule_set": rule_set.id,
            "digest_at": "07:30",
            "ladders": {"any": {"at": "07:00", "rungs": ladder, "source": "made up"}},
            "certificates": {
                "ladder": "any",
                "renewal_stages": made_dates(rule_set, "renewal", year + 3, lapsing=lapsing),
                "source": "made up",
            },
            "years": {
                str(year): {
                    "rounds": [
                        {
                            "id": "r1",
                            "title": {"vi": "Đợt 1", "en": "Round 1"},
                            "opens_on": f"{year}-03-01",
                            "closes_on": f"{year}-04-30",
                            "stages": made_dates(rule_set, "first", year, lapsing=lapsing),
                            "source": "made up",
                        }
                    ]
                }
            },
        }
    )


def made_dates(rule_set: RuleSet, kind: str, year: int, *, lapsing: bool) -> dict[str, Any]:
    stages = [stage for stage in rule_set.route.stages if kind in stage.kinds]
    dates: dict[str, Any] = {}
    for place, stage in enumerate(stages):
        anchors = {"submission": "decided", "receipt": "submitted", COMPLETION: "returned"}
        decided = False
        for step in (*(step.id for step in stage.steps), COMPLETION):
            producers = step in ("submission", COMPLETION) and stage.submitted_by.producer
            if producers and step == "submission":
                due = {"by": f"{year}-{4 + 2 * place:02d}-10", "source": "item 1"}
            else:
                anchor = "decided" if decided and step != COMPLETION else anchors.get(step, "received")
                due = {"within": f"5 working days of {anchor}", "source": "item 1"}
            decided = decided or step == "decision"
            dates.setdefault(stage.id, {})[step] = {"due": due, "ladder": "any"}
            if lapsing:
                source = f"item 2, {stage.id}, {step}"
                dates[stage.id][step]["lapse"] = {"after_days": 30, "ground": GROUND, "source": source}
    return dates


@dataclass(frozen=True)
class Office:
    """The made office in one transaction, and the dossier in it that is followed."""

    session: Session
    rule_set: RuleSet
    books: RulebookShelf

    def at(self, now: datetime) -> UnitOfWork:
        self.session.flush()
        return UnitOfWork(self.session, now, SeededIds("late"), self.books)

    @property
    def dossier(self) -> Dossier:
        """Return the newest dossier: the renewal where there is one."""
        self.session.flush()
        return self.session.exec(select(Dossier).order_by(col(Dossier.opened_at).desc())).all()[0]

    @property
    def certificate(self) -> Certificate:
        return self.session.exec(select(Certificate)).one()

    def owed(self, stage: str, step: str) -> Obligation | None:
        """Return what is owed at a step of a stage, if it is."""
        duties = open_obligations_of(self.session, self.dossier.id)
        return next((duty for duty in duties if (duty.stage, duty.step) == (stage, step)), None)

    def sweep(self, now: datetime) -> None:
        """Do what the flows do at one tick."""
        work = self.at(now)
        watch(work, certificates_to_watch(work, cycle_of_the_day(self.session, "province")))
        for cycle in self.session.exec(select(Cycle)).all():
            enforce(work, cycle, overdue_obligations(self.session, cycle, now=now))
            queue_due_notices(work, cycle, due_obligations(self.session, cycle, kinds=(DOSSIER_STEP,), now=now))
        self.session.flush()

    def apply(self, trigger: DossierTrigger, now: datetime) -> None:
        dossier = self.dossier
        apply_trigger(self.at(now), dossier, Request(trigger, dossier.responsible or ""))

    def conclude(self, now: datetime, *, onward: bool = True) -> None:
        """End the stage with the result that leads on to another stage, or without `onward` to a recognition."""
        dossier, work = self.dossier, self.at(now)
        stage = case_of(work, dossier).stage
        wanted = outcome(stage, onward=onward)
        actor = dossier.responsible or ""
        if wanted.when.guard == "mean_within":
            sheets = {"m1": points(self.rule_set, wanted.when.at_least or Decimal(0))}
            record_sheets(work, dossier, sheets, actor=actor)
        conclude(work, dossier, actor=actor, verdict=wanted.when.verdict)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Let something happen and take it back."""
        trial = self.session.begin_nested()
        try:
            yield
        finally:
            trial.rollback()

    def do(self, owed: Obligation, now: datetime) -> None:
        """Let who owes something do it."""
        stage = next(each for each in self.rule_set.route.stages if each.id == owed.stage)
        step = next((each for each in stage.steps if each.id == owed.step), None)
        if step is not None and step.settled_by is None:
            record_step(self.at(now), self.dossier, step.id, actor=owed.party, stage_id=stage.id, document="1/BC")
        elif step is not None and step.settled_by == DossierTrigger.CONCLUDE:
            self.conclude(now)
        else:
            self.apply(DossierTrigger(step.settled_by or "") if step else DossierTrigger.SUBMIT, now)

    def next_act(self, now: datetime, *, returning: bool, onward: bool = True) -> None:
        """Do the next thing on the route; with `returning` each stage returns the dossier once."""
        dossier = self.dossier
        if dossier.status in (DossierStatus.AWAITING_SUBMISSION, DossierStatus.RETURNED):
            self.apply(DossierTrigger.SUBMIT, now)
        elif dossier.status == DossierStatus.SUBMITTED:
            self.apply(DossierTrigger.RECEIVE, now)
        elif dossier.status == DossierStatus.RECEIVED and returning:
            self.apply(DossierTrigger.RETURN, now)
        else:
            self.conclude(now, onward=onward)


def outcome(stage: Stage, *, onward: bool) -> Outcome:
    """Return the way to end a stage that leads to another stage (or to a recognition), else to the other of the two."""
    ends = [end for end in stage.outcomes if end.to not in FINAL_STATUSES]
    recognised = [end for end in stage.outcomes if end.to == DossierStatus.RECOGNISED]
    return (ends + recognised if onward else recognised + ends)[0]


def points(rule_set: RuleSet, total: Decimal) -> dict[str, Decimal]:
    """Return a score sheet with this total."""
    found: dict[str, Decimal] = {}
    for part in rule_set.parts:
        found[part.id] = min(total, part.maximum)
        total -= found[part.id]
    return found


class Walk:
    """A dossier's way along a route in time, returned once at each stage."""

    def __init__(self, session: Session, rule_set: RuleSet, kind: str, *, lapsing: bool = True) -> None:
        year = rule_set.in_force.start.year + 1
        self.office = Office(session, rule_set, RulebookShelf())
        self.now = datetime(year, 3, 2, 9, tzinfo=OFFICE_ZONE)
        open_made_office(self.office, year, self.now, lapsing=lapsing)
        if kind == "renewal":
            self.now = certify(self.office, self.now)

    def to(self, stage: str, step: str) -> bool:
        """Go on until an obligation is open; return False when the route ends before."""
        while self.office.owed(stage, step) is None:
            if self.office.dossier.status in FINAL_STATUSES:
                return False
            self.now += timedelta(hours=1)
            self.office.next_act(self.now, returning=True)
        return True


@pytest.fixture(scope="module")
def walks(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Walk]]:
    """A way to begin a walk: each in a database of its own, in one transaction that nobody commits."""
    with ExitStack() as stack:

        def begin(rule_set: RuleSet, kind: str, *, lapsing: bool = True) -> Walk:
            path = tmp_path_factory.mktemp("route") / "route.db"
            shutil.copy(migrated_database, path)
            database = open_database(f"sqlite:///{path}")
            stack.callback(database.dispose)
            return Walk(stack.enter_context(Session(database.writing)), rule_set, kind, lapsing=lapsing)

        yield begin


def open_made_office(office: Office, year: int, now: datetime, *, lapsing: bool) -> None:
    plan, units = made_plan(office.rule_set, year, lapsing=lapsing), made_units(office.rule_set)
    unit = office.rule_set.levels[0]
    product = PlannedProduct(key="1", name="Mật ong", form="Mật ong", producer="HTX Ong", unit=unit, source="made up")
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    work = office.at(now)
    documents = CycleDocuments(plan, office.rule_set, {}, units, days, (product,))
    cycle = open_cycle(work, documents, year=year, actor=OFFICE)
    register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)


def certify(office: Office, now: datetime) -> datetime:
    """Have the product recognised, and its renewal opened within the window; return when."""
    while office.dossier.status not in FINAL_STATUSES:
        now += timedelta(hours=1)
        office.next_act(now, returning=False, onward=False)
    issue_certificate(office.at(now), office.dossier, Issue("01/GCN", "1/QĐ", now.date(), OFFICE))
    now = office.certificate.expires_at.astimezone(OFFICE_ZONE) - timedelta(days=150)
    open_renewal(office.at(now), office.certificate, actor=OFFICE)
    return now

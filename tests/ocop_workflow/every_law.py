"""A small province under any shipped rule set: every level, every role that a route names, every step dated.

The register and plan are made from the rule set, so that a new one needs no line here: a producer's first submission
has a printed date and lapses the dossier, all other steps count from an act before them.
"""

import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlmodel import select

from ocop_workflow.clock import local_day
from ocop_workflow.config_files import (
    PlanFiles,
    default_config_dir,
    load_criteria_sets,
    load_rule_sets,
    rule_sets_with_criteria,
)
from ocop_workflow.policy.chains import expand_chains
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.plan_checks import check_plan
from ocop_workflow.policy.rule_set import Owner, RuleSet, Stage
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.replay import documents_for
from ocop_workflow.services.council_case import gates_of
from ocop_workflow.services.council_sessions import record_findings
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_criteria import name_criteria_set
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.people import appoint, give_producer_address
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.rule_set_changes import Target
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.database import open_database
from ocop_workflow.storage.tables import Dossier, Producer
from tests.ocop_workflow.conftest import Office, instant

CONFIG = default_config_dir()
OFFICE = "coast/coordination_office"
LEVELS = ("national", "province", "district", "commune")
CHOSEN = "chosen for this example"


@cache
def rule_sets() -> dict[str, RuleSet]:
    """Return every shipped rule set by id."""
    return load_rule_sets(CONFIG)


@cache
def target(rule_set_id: str) -> Target:
    """Return a shipped rule set as that to which dossiers are moved."""
    has_criteria = rule_set_id in rule_sets_with_criteria(CONFIG)
    return Target(rule_sets()[rule_set_id], load_criteria_sets(CONFIG, rule_set_id) if has_criteria else ())


def owners_of(stage: Stage) -> Iterator[Owner]:
    yield from (stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps))


@cache
def register() -> UnitRegister:
    """Return a province with two districts and three communes, in which every route finds its people."""
    known = {"coordination_office": "province"}
    for owner in (o for rules in rule_sets().values() for stage in rules.route.stages for o in owners_of(stage)):
        if owner.role is not None and owner.level is not None:
            known[owner.role] = owner.level
    roles = {role: {"level": level, "title": {"vi": role, "en": role}} for role, level in sorted(known.items())}
    places = (
        ("vn", "national", None),
        ("coast", "province", "vn"),
        ("hill", "district", "coast"),
        ("delta", "district", "coast"),
        ("hill.tea", "commune", "hill"),
        ("hill.bee", "commune", "hill"),
        ("delta.salt", "commune", "delta"),
    )
    units = [{"id": i, "level": level, "parent": up, "name": {"vi": i, "en": i}} for i, level, up in places]
    return UnitRegister.model_validate({"id": "coast", "source": CHOSEN, "roles": roles, "units": units})


def plan_under(rule_set: RuleSet, first_day: date) -> CyclePlan:
    """Return a plan of one round under a rule set that begins on a day."""
    ladder = {"at": "07:30", "source": CHOSEN, "rungs": [{"days": -2}, {"days": 1}, {"days": 3, "audience": "office"}]}
    round_ = {
        "id": "r1",
        "title": {"vi": "Đợt 1", "en": "Round 1"},
        "source": CHOSEN,
        "opens_on": first_day,
        "closes_on": first_day.replace(month=12, day=31),
        "stages": {stage.id: _dates(stage, rule_set, first_day) for stage in rule_set.route.stages},
    }
    chains = [
        {"number": 1, "name": "Chè", "unit": "hill.tea", "forms": ["Chè búp", "Chè túi"], "producers": ["HTX Đồi Chè"]},
        {"number": 2, "name": "Muối", "unit": "delta.salt", "forms": ["Muối biển"], "producers": ["Cơ sở Sóng Biển"]},
    ]
    return CyclePlan.model_validate(
        {
            "id": f"coast-{rule_set.id}",
            "title": {"vi": "Kế hoạch", "en": "Plan"},
            "source": CHOSEN,
            "office": "coast",
            "office_role": "coordination_office",
            "units": "coast",
            "first_day": first_day,
            "runs_until": first_day.replace(year=first_day.year + 2),
            "rule_set": rule_set.id,
            "digest_at": "07:30",
            "ladders": {"any": ladder},
            "chains": [{**chain, "source": CHOSEN} for chain in chains],
            "expansion": {"rule": "form-by-producer", "source": CHOSEN},
            "years": {first_day.year: {"rounds": [round_]}},
        }
    )


def _dates(stage: Stage, rule_set: RuleSet, first_day: date) -> dict[str, Any]:
    lapse = {"after_days": 10, "ground": {"vi": "Không nộp hồ sơ", "en": "Nothing came"}, "source": CHOSEN}
    by_trigger: dict[str | None, dict[str, Any]] = {
        "submit": {"within": "8 working days of decided"},
        "receive": {"within": "3 working days of submitted"},
        "conclude": {"within": "10 working days of received"},
    }
    if stage is rule_set.route.stages[0]:
        by_trigger["submit"] = {"by": first_day.replace(month=first_day.month + 1)}
    decision = [step.settled_by for step in stage.steps].index("conclude")
    dated = {}
    for place, step in enumerate(stage.steps):
        by_trigger[None] = {"within": "5 working days of " + ("received" if place < decision else "decided")}
        due = {**by_trigger[step.settled_by], "source": CHOSEN}
        dated[step.id] = {"due": due, "ladder": "any"} | ({"lapse": lapse} if step.owner.producer else {})
    completion: dict[str, Any] = {"due": {"within": "5 working days of returned", "source": CHOSEN}, "ladder": "any"}
    return {**dated, "completion": completion | ({"lapse": lapse} if stage.submitted_by.producer else {})}


@contextmanager
def opened_under(rule_set_id: str, first_day: date, template: Path, path: Path) -> Generator[Office, None, None]:
    """Open a province's year under a rule set in a copy of an empty database, with everybody in place."""
    rule_set, plan = rule_sets()[rule_set_id], plan_under(rule_sets()[rule_set_id], first_day)
    assert check_plan(plan, {rule_set_id: rule_set}, register()) == ()
    criteria = {rule_set_id: target(rule_set_id).criteria} if target(rule_set_id).criteria else {}
    files = PlanFiles(plan, {rule_set_id: rule_set}, register(), expand_chains(plan), criteria)
    with copied(template, path, Office(None, documents_for(files, first_day.year))) as office:  # type: ignore[arg-type]  # the database comes with the copy
        with office.at(instant(f"{first_day} 07:30")) as work:
            cycle = open_cycle(work, office.documents, year=first_day.year, actor=OFFICE)
            register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
            for unit in register().units:
                for role_id, role in register().roles.items():
                    if role.level == unit.level:
                        appoint(
                            work,
                            position=f"{unit.id}/{role_id}",
                            name=f"{role_id} {unit.id}",
                            email=f"{role_id}.{unit.id}@office.example",
                            language="vi",
                            start_on=local_day(work.now),
                        )
            for number, producer in enumerate(work.session.exec(select(Producer).order_by(Producer.name))):
                give_producer_address(work, producer.id, email=f"p{number}@producer.example", language="vi")
        yield office


@contextmanager
def copied(template: Path, path: Path, like: Office) -> Generator[Office, None, None]:
    """Open a copy of a database file for an office like another one."""
    shutil.copy(template, path)
    database = open_database(f"sqlite:///{path}")
    yield Office(database, like.documents)
    database.dispose()


def decide(work: UnitOfWork, dossier: Dossier, *, percent: int, accepted: bool, met: bool) -> None:
    """End the dossier's stage as it is judged there: by verdict, by three sheets near a total, or by passing on.

    Args:
        work: The unit of work.
        dossier: Received or under review.
        percent: The total that two members give; the third gives one point less.
        accepted: The verdict.
        met: The finding for every gate.
    """
    case = case_of(work, dossier)
    if case.stage.judged_by != "council":
        verdict = ("accepted" if accepted else "declined") if case.stage.judged_by == "verdict" else None
        conclude(work, dossier, actor=OFFICE, verdict=verdict)
        return
    name_criteria_if_asked(work, dossier)
    record_sheets(
        work, dossier, sheets_under(case.book.rule_set, (percent, percent, max(percent - 1, 0))), actor=OFFICE
    )
    find_on_gates(work, dossier, met=met)
    conclude(work, dossier, actor=OFFICE)


def name_criteria_if_asked(work: UnitOfWork, dossier: Dossier) -> None:
    """Name the first criteria set, where the rule set has some and the dossier names none."""
    case = case_of(work, dossier)
    if case.book.criteria and dossier.criteria_set is None:
        name_criteria_set(work, dossier, min(case.book.criteria), actor=OFFICE)


def find_on_gates(work: UnitOfWork, dossier: Dossier, *, met: bool) -> None:
    """Record the same finding for every gate, where there are some."""
    gates = gates_of(case_of(work, dossier))
    if gates:
        record_findings(work, dossier, {gate.id: met for gate in gates}, actor=OFFICE)


def sheets_under(rule_set: RuleSet, totals: Iterable[int]) -> dict[str, dict[str, Decimal]]:
    """Return one member's sheet for each total: the first part is filled first, then the others."""
    sheets = {}
    for member, total in enumerate(totals):
        left, points = Decimal(total), {}
        for part in rule_set.parts:
            points[part.id] = min(left, part.maximum)
            left -= points[part.id]
        sheets[f"member-{member}"] = points
    return sheets

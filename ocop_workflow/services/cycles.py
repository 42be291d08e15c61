"""Opening and closing an office's year, and projecting what it will ask of whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import WorkingDays
from ocop_workflow.services.entered_successions import with_entered_successions
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.pinned_documents import pin
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle

OPEN, INTAKE_CLOSED, CLOSED = "open", "intake_closed", "closed"
CLOSE_INTAKE, CLOSE = "close-intake", "close"


class CycleError(InputError):
    """A cycle cannot be opened, found or closed as asked."""


@dataclass(frozen=True, slots=True)
class CycleDocuments:
    """What a cycle is opened with and stays pinned to.

    `round_rule_sets` are those of rounds that name their own; `criteria` the criteria sets by their rule set's id.
    """

    plan: CyclePlan
    rule_set: RuleSet
    round_rule_sets: Mapping[str, RuleSet]
    units: UnitRegister
    days: WorkingDays
    products: tuple[PlannedProduct, ...]
    criteria: Mapping[str, tuple[CriteriaSet, ...]] = field(default_factory=dict)


def open_cycle(work: UnitOfWork, documents: CycleDocuments, *, year: int, actor: str) -> Cycle:
    """Open an office's year: pin the documents and record the act. What it asks is projected by the flow.

    Raises:
        CycleError: The plan has no such year, its horizon is past, or the year is open already.
        SuccessionRefusedError: The register does not fit what units have taken over from others here.
    """
    plan = documents.plan
    if year not in plan.years:
        years = ", ".join(str(known) for known in sorted(plan.years))
        raise CycleError(f"plan {plan.id} has nothing for {year}; it has {years}")
    if local_day(work.now) >= plan.runs_until:
        raise CycleError(f"plan {plan.id} ran until {plan.runs_until}; a cycle can't be opened after its horizon")
    key = f"{plan.id}/{year}"
    if work.session.exec(select(Cycle.id).where(col(Cycle.key) == key)).first() is not None:
        raise CycleError(f"cycle {key} is open already; `ocop cycle list` shows it")
    units = with_entered_successions(work.session, documents.units)
    pinned = {
        "plan_hash": _pin(work, "plan", plan.id, plan),
        "rule_set_hash": _pin(work, "rule_set", documents.rule_set.id, documents.rule_set),
        "units_hash": _pin(work, "units", units.id, units),
        "days_hash": pin(work.session, kind="days", name=f"{plan.id}/{year}", value=documents.days.snapshot()),
        "products_hash": pin(
            work.session,
            kind="products",
            name=key,
            value=[product.model_dump(mode="json") for product in documents.products],
        ),
    }
    of_rounds = {
        round_id: _pin(work, "rule_set", rule_set.id, rule_set)
        for round_id, rule_set in documents.round_rule_sets.items()
    }
    used = {documents.rule_set.id, *(rule_set.id for rule_set in documents.round_rule_sets.values())}
    criteria = {
        rule_set_id: pin(
            work.session, kind="criteria", name=rule_set_id, value=[each.model_dump(mode="json") for each in sets]
        )
        for rule_set_id, sets in documents.criteria.items()
        if rule_set_id in used
    }
    cycle = Cycle(
        id=work.ids.new("cycle", key),
        key=key,
        office_id=plan.office,
        office_position=f"{plan.office}/{plan.office_role}",
        plan_id=plan.id,
        year=year,
        round_rule_sets=of_rounds,
        criteria_hashes=criteria,
        opened_at=work.now,
        runs_until=start_of_day(plan.runs_until),
        plan_hash=pinned["plan_hash"],
        rule_set_hash=pinned["rule_set_hash"],
        units_hash=pinned["units_hash"],
        days_hash=pinned["days_hash"],
        products_hash=pinned["products_hash"],
    )
    work.session.add(cycle)
    work.session.flush()
    details = {
        **pinned,
        **{f"rule_set_of_{round_id}": digest for round_id, digest in of_rounds.items()},
        **{f"criteria_of_{rule_set_id}": digest for rule_set_id, digest in criteria.items()},
    }
    _record(work, cycle, action="cycle_opened", to_state=OPEN, actor=actor, details=details)
    return cycle


def close_intake(work: UnitOfWork, cycle: Cycle, *, actor: str) -> None:
    """Stop taking dossiers into a cycle; those that are open go on."""
    _move(work, cycle, INTAKE_CLOSED, action="intake_closed", actor=actor)


def close_cycle(work: UnitOfWork, cycle: Cycle, *, actor: str) -> None:
    """Close a cycle; dossiers that are still open go on under its documents.

    Raises:
        CycleError: It is closed already.
    """
    if cycle.status == CLOSED:
        raise CycleError(f"cycle {cycle.key} is closed already")
    _move(work, cycle, CLOSED, action="cycle_closed", actor=actor)


def is_intake_over(work: UnitOfWork, cycle: Cycle) -> bool:
    """Return whether every round of the cycle has stopped taking dossiers; without a round nothing is over."""
    rounds = work.books.of_cycle(work.session, cycle).cycle_year.rounds
    return bool(rounds) and all(local_day(work.now) > round_.closes_on for round_ in rounds)


def steps_due(work: UnitOfWork, cycle: Cycle) -> list[str]:
    """Return which of `close-intake` and `close` a cycle has come to at the unit of work's `now`."""
    steps = []
    if cycle.status == OPEN and is_intake_over(work, cycle):
        steps.append(CLOSE_INTAKE)
    if cycle.status != CLOSED and work.now >= cycle.runs_until:
        steps.append(CLOSE)
    return steps


def cycles_of(session: Session, *, office: str | None = None, statuses: Sequence[str] = ()) -> list[Cycle]:
    """Return cycles in the order of their keys, of one office and in these statuses where given."""
    query = select(Cycle).order_by(col(Cycle.key))
    if office is not None:
        query = query.where(col(Cycle.office_id) == office)
    if statuses:
        query = query.where(col(Cycle.status).in_(statuses))
    return list(session.exec(query))


def ids_by_cycle(session: Session, cycles: Sequence[Cycle], query: Select[str, str]) -> dict[str, list[str]]:
    """Return what a query for pairs of cycle and id finds, by cycle; each of these cycles has a list."""
    found: dict[str, list[str]] = {cycle.id: [] for cycle in cycles}
    for cycle_id, item_id in session.exec(query):
        found[cycle_id].append(item_id)
    return found


def find_cycle(session: Session, key: str | None) -> Cycle:
    """Return the cycle with this key, or the only one when no key is given.

    Raises:
        CycleError: There is none, or several and no key was given.
    """
    cycles = cycles_of(session)
    if not cycles:
        raise CycleError("no cycle is open; run `ocop cycle open PLAN --year YEAR`")
    if key is not None and key not in [cycle.key for cycle in cycles]:
        raise CycleError(f"no cycle {key[:80]!r}; here are {', '.join(cycle.key for cycle in cycles)}")
    if key is not None:
        cycles = [cycle for cycle in cycles if cycle.key == key]
    if len(cycles) > 1:
        keys = ", ".join(cycle.key for cycle in cycles)
        raise CycleError(f"{len(cycles)} cycles are here ({keys}); name one with --cycle")
    return cycles[0]


def _pin(work: UnitOfWork, kind: str, name: str, model: CyclePlan | RuleSet | UnitRegister) -> str:
    return pin(work.session, kind=kind, name=name, value=model.model_dump(mode="json"))


def _move(work: UnitOfWork, cycle: Cycle, status: str, *, action: str, actor: str) -> None:
    before = cycle.status
    cycle.status = status
    _record(work, cycle, action=action, from_state=before, to_state=status, actor=actor, details={})


def _record(
    work: UnitOfWork,
    cycle: Cycle,
    *,
    action: str,
    to_state: str,
    actor: str,
    details: dict[str, str],
    from_state: str | None = None,
) -> None:
    cycle.version += 1
    act = Act(actor=actor, action=action, from_state=from_state, to_state=to_state, details=details)
    append_event(work, stream=f"cycle:{cycle.id}", seq=cycle.version, cycle_id=cycle.id, act=act)
    work.session.add(cycle)

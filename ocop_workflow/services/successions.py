"""The act by which units take over from others: what is open moves to the successors, in one transaction."""

from dataclasses import dataclass, field

from sqlmodel import Session, col, or_, select

from ocop_workflow.clock import local_day
from ocop_workflow.policy.successions import Succession, check_succession, concerns, with_succession
from ocop_workflow.services.cycle_acts import record_cycle_act
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.entered_successions import SuccessionMisfitError, SuccessionRefusedError
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.obligations import KINDS
from ocop_workflow.services.pinned_documents import pin
from ocop_workflow.services.producer_acts import RENAMED, Change, act_of_office, give_name
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.succession_duties import MovedDuty, move_duties
from ocop_workflow.services.succession_notices import readdress_links, readdress_notices, tell_successors
from ocop_workflow.services.succession_reports import ReportsMoved, move_reports
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Holding, Official, Producer, Product, SuccessionAct

UNITS_SUCCEEDED = "units_succeeded"


@dataclass(frozen=True, slots=True)
class CycleMoves:
    """What an act of succession moved in one cycle.

    Attributes:
        cycle: The cycle's key.
        office: The office's position before and after.
        duties: The open duties with another party, superior or unit.
        dossiers: How many open dossiers belong to other authorities now.
        reports: What became of the reports of units that ended.
        notices: How many notices not yet frozen go to the successors.
        links: How many links of positions to reports and open dossiers went over.
    """

    cycle: str
    office: tuple[str, str]
    duties: tuple[MovedDuty, ...]
    dossiers: int
    reports: ReportsMoved
    notices: int
    links: int


@dataclass(frozen=True, slots=True)
class Succeeded:
    """What an act of succession moved.

    Attributes:
        cycles: By cycle, in the order of their keys.
        products: How many products lie in another unit now.
        producers: How many producers do; `renamed` of them carry the name of their unit before, to be told apart.
        renamed: See `producers`.
        ended: Positions that are no more, each with the name of whoever held it.
        vacant: Positions that took over something open and that nobody holds.
    """

    cycles: tuple[CycleMoves, ...]
    products: int
    producers: int
    renamed: int
    ended: tuple[tuple[str, str], ...]
    vacant: tuple[str, ...]


@dataclass
class _Moved:
    """Products and producers with their new units, by id."""

    products: dict[str, str] = field(default_factory=dict)
    producers: dict[str, str] = field(default_factory=dict)
    renamed: list[str] = field(default_factory=list)


def succeed(work: UnitOfWork, succession: Succession) -> Succeeded:
    """Let units take over from others by a decision, and move all that is open to the successors.

    Every cycle whose register has a unit that ends is pinned to a register in which the successors stand beside it;
    its plan, rule sets and dates stay. Open duties, drafts, notices not yet frozen and the links to open reports and
    dossiers go to the successors' positions, who read all that is open in their next digest. What was said is not said
    again. Events, certificates and mails keep the names of their time; so do reports, which the successor answers for.

    Raises:
        SuccessionRefusedError: The day is still to come, the decision was entered before, or no cycle has such a unit.
        SuccessionMisfitError: The document does not fit a register.
    """
    day = succession.effective_on
    if day > local_day(work.now):
        raise SuccessionRefusedError("succession_ahead", rule=succession.decision, effective_on=day.isoformat())
    concerned = _concerned(work, succession)
    act = _enter(work, succession)
    moved = _move_products(work, succession, concerned[0])
    ended = _end_holdings(work.session, succession)
    cycles = tuple(_succeed_in(work, cycle, succession, set(moved.products)) for cycle in concerned)
    details = {
        "document": act.document_hash,
        "effective_on": day.isoformat(),
        "products": moved.products,
        "producers": moved.producers,
        "renamed": moved.renamed,
    }
    entered = Act(concerned[0].office_position, UNITS_SUCCEEDED, rule=succession.decision, details=details)
    append_event(work, stream=f"succession:{act.id}", seq=1, cycle_id=None, act=entered)
    parties = {party for each in cycles for duty in each.duties for party in (duty.after, duty.superior)}
    parties.update(reporter for each in cycles for reporter in each.reports.reporters)
    vacant = _vacant(work, {party for party in parties if party is not None and "/" in party})
    return Succeeded(cycles, len(moved.products), len(moved.producers), len(moved.renamed), ended, vacant)


def _concerned(work: UnitOfWork, succession: Succession) -> list[Cycle]:
    """Return the cycles that a succession changes.

    Raises:
        SuccessionRefusedError: There is none, or the decision was entered before.
        SuccessionMisfitError: The document does not fit a register.
    """
    before = work.session.exec(select(SuccessionAct).where(col(SuccessionAct.key) == succession.id)).first()
    if before is not None:
        raise SuccessionRefusedError(
            "succession_entered",
            rule=before.decision,
            succession=succession.id,
            entered_on=local_day(before.recorded_at).isoformat(),
        )
    registers = {cycle.id: work.books.of_cycle(work.session, cycle).units for cycle in cycles_of(work.session)}
    concerned = [cycle for cycle in cycles_of(work.session) if concerns(succession, registers[cycle.id])]
    if not concerned:
        raise SuccessionRefusedError("succession_of_none", rule=succession.decision)
    found = check_succession(succession, registers.values())
    if found:
        raise SuccessionMisfitError("\n".join(finding.sentence for finding in found))
    return concerned


def _enter(work: UnitOfWork, succession: Succession) -> SuccessionAct:
    document = succession.model_dump(mode="json")
    act = SuccessionAct(
        id=work.ids.new("succession", succession.id),
        key=succession.id,
        decision=succession.decision,
        effective_on=succession.effective_on,
        document_hash=pin(work.session, kind="succession", name=succession.id, value=document),
        recorded_at=work.now,
        version=1,
    )
    work.session.add(act)
    work.session.flush()
    return act


def _succeed_in(work: UnitOfWork, cycle: Cycle, succession: Succession, moved: set[str]) -> CycleMoves:
    queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=KINDS, now=work.now))
    register = with_succession(work.books.of_cycle(work.session, cycle).units, succession)
    before, office = cycle.units_hash, cycle.office_position
    cycle.units_hash = pin(work.session, kind="units", name=register.id, value=register.model_dump(mode="json"))
    cycle.office_position = register.successor_of(office)
    details = {
        "succession": succession.id,
        "units_before": before,
        "units_hash": cycle.units_hash,
        "office_before": office,
        "office_position": cycle.office_position,
    }
    record_cycle_act(work, cycle, Act(office, UNITS_SUCCEEDED, rule=succession.decision, details=details))
    act = Act(cycle.office_position, UNITS_SUCCEEDED, rule=succession.decision, details={"succession": succession.id})
    reports = move_reports(work, cycle, succession, act)
    links = readdress_links(work, cycle)
    duties, dossiers = move_duties(work, cycle, act, products=moved)
    notices = readdress_notices(work, cycle)
    tell_successors(work, cycle, duties, rung=f"succession/{succession.id}")
    return CycleMoves(cycle.key, (office, cycle.office_position), tuple(duties), dossiers, reports, notices, links)


def _move_products(work: UnitOfWork, succession: Succession, cycle: Cycle) -> _Moved:
    """Move the producers and products of the units that end; two of one name in one unit are told apart."""
    session, moved = work.session, _Moved()
    by_decision = Change(succession.effective_on, succession.decision)
    names: dict[str, str] = {}
    for producer in session.exec(select(Producer).order_by(col(Producer.unit_id), col(Producer.name))).all():
        heir = _heir(succession, producer.unit_id, producer.name)
        names[producer.id] = producer.name
        if heir is None:
            continue
        same = select(Producer.id).where(col(Producer.unit_id) == heir, col(Producer.name) == producer.name)
        if session.exec(same).first() is not None:
            act = act_of_office(cycle, RENAMED, by_decision, succession.decision)
            name = f"{producer.name} ({producer.unit_id})"
            give_name(work, producer, name, act, until_on=succession.effective_on)
            moved.renamed.append(producer.id)
        producer.unit_id = moved.producers[producer.id] = heir
        session.add(producer)
        session.flush()
    for product in session.exec(select(Product).where(col(Product.unit_id).in_(succession.ended))).all():
        heir = _heir(succession, product.unit_id, names[product.producer_id])
        if heir is not None:
            product.unit_id = moved.products[product.id] = heir
            session.add(product)
    session.flush()
    return moved


def _heir(succession: Succession, unit: str, producer: str) -> str | None:
    """Return the unit in which a producer's place lies now, or None where its unit goes on."""
    taken = next((each for each in succession.take_overs if unit in each.units), None)
    return None if taken is None else taken.producers.get(producer, taken.successor)


def _end_holdings(session: Session, succession: Succession) -> tuple[tuple[str, str], ...]:
    """End who holds a position of a unit that is gone; whoever takes it over is appointed by the office."""
    day = succession.effective_on
    query = (
        select(Holding, Official.name)
        .join(Official, col(Official.id) == col(Holding.official_id))
        .where(
            or_(*(col(Holding.position).startswith(f"{unit}/", autoescape=True) for unit in succession.ended)),
            or_(col(Holding.until_on).is_(None), col(Holding.until_on) > day),
        )
    )
    ended = []
    for holding, name in session.exec(query.order_by(col(Holding.position), col(Official.name))).all():
        holding.until_on = max(day, holding.start_on)
        session.add(holding)
        ended.append((holding.position, name))
    session.flush()
    return tuple(ended)


def _vacant(work: UnitOfWork, positions: set[str]) -> tuple[str, ...]:
    today = local_day(work.now)
    query = select(Holding.position).where(
        col(Holding.start_on) <= today, or_(col(Holding.until_on).is_(None), col(Holding.until_on) > today)
    )
    held = set(work.session.exec(query))
    return tuple(sorted(positions - held))

"""What moving open dossiers to another rule set would change for each of them; nothing is written here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.papers import checklist
from ocop_workflow.policy.route import lifecycle_of
from ocop_workflow.policy.rule_set import Owner, Paper, RuleSet, Stage
from ocop_workflow.policy.taking_over import stages_taken_over
from ocop_workflow.policy.unit_checks import check_rule_set_in_register
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.migrated_duties import Duties, duties_under
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.session_rows import open_session_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, Cycle, Dossier, Product


class MigrationRefusedError(InputError):
    """Dossiers can't be moved to the rule set; each line says why and what to do."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which open dossiers of a cycle are meant; a unit means those of its whole area, and every name narrows."""

    references: tuple[str, ...] = ()
    round_id: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The rule set to which dossiers are moved, with its criteria sets where it has some."""

    rule_set: RuleSet
    criteria: tuple[CriteriaSet, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a migration makes of one dossier.

    Attributes:
        before: The dossier as it is.
        after: The same under the target, with the stage at which it goes on.
        duties: What becomes of the open duties of its stage.
        session: The council's session that is being held and ends without a result, or None.
        criteria_set: The number of the target's criteria set that it keeps, or None.
        source: Why it goes on at that stage.
    """

    before: DossierCase
    after: DossierCase
    duties: Duties
    session: CouncilSession | None
    criteria_set: int | None
    source: str

    @property
    def to_come(self) -> tuple[Stage, ...]:
        """Return the stages of the target from the present one on."""
        stages = self.after.book.stages(self.before.dossier.round_id, self.before.dossier.kind)
        return stages[[stage.id for stage in stages].index(self.after.stage.id) :]

    @property
    def new_papers(self) -> tuple[Paper, ...]:
        """Return the papers that only the target asks for; what was ticked before counts by its id."""
        before = {paper.id for paper in _papers(self.before)}
        return tuple(paper for paper in _papers(self.after) if paper.id not in before)


def dossiers_in(work: UnitOfWork, cycle: Cycle, chosen: Chosen) -> list[Dossier]:
    """Return the dossiers that are meant, by number; of a round or unit those that are open.

    Raises:
        DossierNotFoundError: A number leads to none or several.
        MigrationRefusedError: Nothing was named, or nothing of it is open in this cycle.
    """
    if not (chosen.references or chosen.round_id or chosen.unit):
        raise MigrationRefusedError("say which dossiers move: their numbers, --round or --unit")
    named = {find_dossier(work.session, reference).id for reference in chosen.references}
    query = select(Dossier, Product.unit_id).join(Product, col(Product.id) == col(Dossier.product_id))
    rows = work.session.exec(query.where(col(Dossier.cycle_id) == cycle.id).order_by(col(Dossier.key))).all()
    units = work.books.of_cycle(work.session, cycle).units
    if chosen.unit is not None and chosen.unit not in {unit.id for unit in units.units}:
        raise MigrationRefusedError(f"the register {units.id} has no unit {chosen.unit[:80]!r}")
    found = [
        dossier
        for dossier, unit in rows
        if (not named or dossier.id in named)
        and chosen.round_id in (None, dossier.round_id)
        and (chosen.unit is None or units.lies_in(unit, chosen.unit))
        and (dossier.id in named or not _is_over(work, dossier))
    ]
    if not found or len(named) > len(found):
        raise MigrationRefusedError(
            f"what was named is not all an open dossier of {cycle.key}; `ocop dossier list` shows the numbers"
        )
    return found


def changes_of(work: UnitOfWork, cycle: Cycle, dossiers: Sequence[Dossier], target: Target) -> list[Change]:
    """Return what moving dossiers to a rule set would change; those that are under it already are left out.

    Raises:
        MigrationRefusedError: The rule set is not in force, does not fit the cycle's register, has other criteria sets
            than the cycle is pinned to, or a dossier has ended or has no stage to go on at. It names each of them.
    """
    faults = list(_target_faults(work, cycle, target))
    changes = []
    for dossier in dossiers:
        case = case_of(work, dossier)
        if case.book.rule_set == target.rule_set:
            continue
        fault = _fault(work, case, target)
        if fault is not None:
            faults.append(f"{dossier.key} {fault}")
        elif not faults:
            changes.append(_change(work, case, target))
    if faults:
        raise MigrationRefusedError("\n".join(faults))
    return changes


def _target_faults(work: UnitOfWork, cycle: Cycle, target: Target) -> Iterator[str]:
    rule_set, today = target.rule_set, local_day(work.now)
    start, until = rule_set.in_force.start, rule_set.in_force.until
    if today < start:
        yield f"{rule_set.id} is in force from {start:%d/%m/%Y}; move dossiers to it from that day on"
    if until is not None and today >= until:
        yield f"{rule_set.id} was in force until {until - timedelta(days=1):%d/%m/%Y}; name the text that followed it"
    units = work.books.of_cycle(work.session, cycle).units
    for finding in check_rule_set_in_register(rule_set, units):
        yield f"{rule_set.id} does not fit the register {units.id} of {cycle.key}: {finding.sentence}"
    pinned = cycle.criteria_hashes.get(rule_set.id)
    if pinned is not None and tuple(work.books.criteria(work.session, pinned).values()) != target.criteria:
        yield f"the criteria sets of {rule_set.id} are not those that {cycle.key} is pinned to; put them back"


def _fault(work: UnitOfWork, case: DossierCase, target: Target) -> str | None:
    """Return why a dossier can't be moved, after its number, or None."""
    rule_set, dossier = target.rule_set, case.dossier
    if dossier.closed_at is not None:
        return f"is {dossier.status}; a dossier that has ended stays under its rule set: leave it out"
    if _is_over(work, dossier):
        return "has lapsed; `ocop run enforce-deadlines` records it, then leave it out"
    goes_on_at = stages_taken_over(case.book.rule_set, rule_set).get(case.stage.id)
    if goes_on_at is None:
        return (
            f"is at {case.stage.id}, which {rule_set.id} does not have; name under takes_over in the file of "
            f"{rule_set.id} the stage at which it goes on, or let {case.stage.id} be decided first"
        )
    return _route_fault(case, _book_under(case, target), goes_on_at)


def _route_fault(case: DossierCase, book: Rulebook, goes_on_at: str) -> str | None:
    """Return why a dossier can't take the target's route from a stage on, or None."""
    rule_set = book.rule_set
    stages = book.stages(case.dossier.round_id, case.dossier.kind)
    if goes_on_at not in {stage.id for stage in stages}:
        return f"would go on at {goes_on_at}, which a dossier of its kind and round does not pass; leave it out"
    stuck = lifecycle_of(rule_set.route, stages).faults()
    if stuck:
        return f"would get stuck on the route of {rule_set.id} ({stuck[0]}); leave it out"
    owners = (owner for stage in stages for owner in _owners(stage) if not owner.producer)
    for level in (owner.level or book.units.roles[owner.role or ""].level for owner in owners):
        if book.units.ancestor(case.product.unit_id, level) is None:
            return f"is of {case.product.unit_id}, which lies in no unit of level {level}; {rule_set.id} needs one"
    return None


def _papers(case: DossierCase) -> Iterator[Paper]:
    items = checklist(
        case.book.rule_set, kind=case.dossier.kind, group=case.product.group, on_file={}, today=case.book.plan.first_day
    )
    return (item.paper for item in items)


def _owners(stage: Stage) -> tuple[Owner, ...]:
    return stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps)


def _is_over(work: UnitOfWork, dossier: Dossier) -> bool:
    """Return whether a dossier has ended, also where no sweep has recorded its lapse yet (promise I9)."""
    lapses = (each.lapse_at for each in open_obligations_of(work.session, dossier.id))
    return dossier.closed_at is not None or any(at is not None and at <= work.now for at in lapses)


def _book_under(case: DossierCase, target: Target) -> Rulebook:
    """Return a dossier's rulebook as it would be: plan, units and days stay."""
    book = case.book
    criteria: Mapping[int, CriteriaSet] = {each.number: each for each in target.criteria}
    earlier = (*book.earlier, book.rule_set)
    return Rulebook(book.year, book.plan, target.rule_set, book.units, book.days, book.products, criteria, earlier)


def _change(work: UnitOfWork, case: DossierCase, target: Target) -> Change:
    book, dossier = _book_under(case, target), case.dossier
    goes_on_at = stages_taken_over(case.book.rule_set, target.rule_set)[case.stage.id]
    stage = book.stage_known(goes_on_at)
    after = replace(case, book=book, stage=stage, round=book.round(dossier.round_id))
    same_sets = case.book.criteria == book.criteria
    named = (
        block.source
        for block in target.rule_set.takes_over
        if case.book.rule_set.id in block.of and case.stage.id in block.stages
    )
    return Change(
        case,
        after,
        duties_under(work, case, after),
        open_session_of(work.session, dossier),
        dossier.criteria_set if same_sets else None,
        next(named, stage.source),
    )

"""The documents that a cycle was opened with, stored by content hash and read back as they were (promise I6)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlmodel import Session

from notifications.catalogue import Language, translate
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import CyclePlan, CycleYear, Round
from ocop_workflow.policy.report_turns import ReportTurn, report_turns
from ocop_workflow.policy.route import CERTIFICATE, COMPLETION, lifecycle_of, positions_on, stages_of
from ocop_workflow.policy.rule_set import DossierKind, RuleSet, Stage
from ocop_workflow.policy.taking_over import dates_taken_over
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import WorkingDays
from ocop_workflow.storage.tables import CouncilSession, Cycle, Dossier, PinnedDocument
from state_machines.lifecycle import Lifecycle

RENEWAL_ROUND = "renewal/"
"""How the place of a round begins for a dossier that renews a certificate: it belongs to the certificate instead."""

_OF_ANY_STAGE = (None, COMPLETION, CERTIFICATE)
"""Steps that no route lists."""

_Parsed = TypeVar("_Parsed")


def canonical_bytes(value: Any) -> bytes:
    """Return JSON with sorted keys and no blanks, in UTF-8: equal values give equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def pin(session: Session, *, kind: str, name: str, value: Any) -> str:
    """Store a document by its content hash, once, and return the hash."""
    body = canonical_bytes(value)
    digest = hashlib.sha256(body).hexdigest()
    if session.get(PinnedDocument, digest) is None:
        session.add(PinnedDocument(hash=digest, kind=kind, name=name, body=body))
        session.flush()
    return digest


@dataclass(frozen=True)
class Rulebook:
    """All documents of one cycle, with the tables made from them.

    `criteria` are the rule set's sets by number. `earlier` are the rule sets that a dossier was moved from, the first
    one first; they tell what happened under them, and the plan dates the stages of the first.
    """

    year: int
    plan: CyclePlan
    rule_set: RuleSet
    units: UnitRegister
    days: WorkingDays
    products: tuple[PlannedProduct, ...]
    criteria: Mapping[int, CriteriaSet] = field(default_factory=dict)
    earlier: tuple[RuleSet, ...] = ()
    _routes: dict[tuple[str, str], tuple[tuple[Stage, ...], Lifecycle]] = field(default_factory=dict, compare=False)
    _turns: dict[tuple[str, str, str], ReportTurn] = field(default_factory=dict, compare=False)
    _positions: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict, compare=False)

    @property
    def cycle_year(self) -> CycleYear:
        """Return what the plan does in this cycle's year."""
        return self.plan.years[self.year]

    def round(self, round_id: str) -> Round:
        """Return a round of this year; a renewal belongs to none and has the dates that the plan gives renewals.

        For a dossier that was moved here, the dates of a stage hold for the one that goes on in its place.

        Raises:
            KeyError: The year has no such round.
        """
        round_ = self._planned_round(round_id)
        if not self.earlier:
            return round_
        return round_.model_copy(update={"stages": dates_taken_over((*self.earlier, self.rule_set), round_.stages)})

    def _planned_round(self, round_id: str) -> Round:
        if round_id.startswith(RENEWAL_ROUND):
            return self._renewal_round(round_id)
        for round_ in self.cycle_year.rounds:
            if round_.id == round_id:
                return round_
        raise KeyError(round_id)

    def _renewal_round(self, round_id: str) -> Round:
        rules = self.plan.certificates
        title = {language.value: translate(language, "certificate.renewal") for language in Language}
        return Round.model_construct(
            id=round_id,
            title=LocalText(**title),
            opens_on=self.plan.first_day,
            closes_on=self.plan.runs_until,
            kinds=(DossierKind.RENEWAL,),
            stages={} if rules is None else rules.renewal_stages,
            source=self.plan.source if rules is None else rules.source,
        )

    def stages(self, round_id: str, kind: str) -> tuple[Stage, ...]:
        """Return the stages that a dossier of this kind passes in a round."""
        return self._route(round_id, kind)[0]

    def lifecycle(self, round_id: str, kind: str) -> Lifecycle:
        """Return the table of such a dossier."""
        return self._route(round_id, kind)[1]

    def report_turns(self) -> Mapping[tuple[str, str, str], ReportTurn]:
        """Return every unit's turn for every period of every report duty of the cycle's year.

        They are known by duty, period and unit, as the rows of reports are.
        """
        if not self._turns:  # asked for every day, the same each time
            turns = report_turns(self.plan, self.units, year=self.year, days=self.days)
            self._turns.update(((turn.duty.id, turn.period.id, turn.unit), turn) for turn in turns)
        return self._turns

    def positions_on_route(self, round_id: str, kind: str, unit: str) -> frozenset[str]:
        """Return who acts on a dossier of this kind from a unit at any stage, its producer left out."""
        key = (round_id, kind, unit)
        if key not in self._positions:  # asked for every day for every unit, the same each time
            stages = self.stages(round_id, kind)
            self._positions[key] = frozenset(positions_on(stages, units=self.units, unit=unit))
        return self._positions[key]

    def stage_known(self, stage_id: str, step: str | None = None) -> Stage:
        """Return a stage that has this step, of this rule set or else of the latest one that a dossier was moved from.

        Raises:
            KeyError: None of them has it.
        """
        for rule_set in (self.rule_set, *reversed(self.earlier)):
            for stage in rule_set.route.stages:
                if stage.id == stage_id and (step in _OF_ANY_STAGE or step in {each.id for each in stage.steps}):
                    return stage
        raise KeyError(stage_id)

    def _route(self, round_id: str, kind: str) -> tuple[tuple[Stage, ...], Lifecycle]:
        if (round_id, kind) not in self._routes:
            stages = stages_of(self.rule_set, self.round(round_id), kind)
            self._routes[round_id, kind] = (stages, lifecycle_of(self.rule_set.route, stages))
        return self._routes[round_id, kind]


@dataclass(frozen=True)
class RulebookShelf:
    """Rulebooks already read, by the hashes of their documents; content never changes under a hash.

    A document that several cycles are pinned to, such as the nation's units, is kept once for all of them.
    """

    _books: dict[tuple[str, ...], Rulebook] = field(default_factory=dict)
    _documents: dict[str, Any] = field(default_factory=dict)

    def of_cycle(self, session: Session, cycle: Cycle) -> Rulebook:
        """Return the rulebook a cycle is pinned to."""
        return self._read(session, cycle, cycle.rule_set_hash)

    def of_round(self, session: Session, cycle: Cycle, round_id: str) -> Rulebook:
        """Return the rulebook of a round, which may have a rule set of its own."""
        return self._read(session, cycle, cycle.round_rule_sets.get(round_id, cycle.rule_set_hash))

    def of_dossier(self, session: Session, cycle: Cycle, dossier: Dossier) -> Rulebook:
        """Return the rulebook of a dossier, whose rule set may differ from its cycle's."""
        return self._read(session, cycle, dossier.rule_set_hash, tuple(dossier.earlier_rule_sets))

    def under(self, session: Session, cycle: Cycle, rule_set_hash: str) -> Rulebook:
        """Return the rulebook of a cycle under one of its rule sets."""
        return self._read(session, cycle, rule_set_hash)

    def of_council_session(self, session: Session, cycle: Cycle, held: CouncilSession) -> Rulebook:
        """Return the rulebook by which a council's session scores; its dossier may have been moved since."""
        return self.under(session, cycle, held.rule_set_hash)

    def rule_set(self, session: Session, digest: str) -> RuleSet:
        """Return the rule set with this hash."""
        return self._parsed(session, digest, RuleSet.model_validate)

    def plan(self, session: Session, digest: str) -> CyclePlan:
        """Return the plan with this hash."""
        return self._parsed(session, digest, CyclePlan.model_validate)

    def criteria(self, session: Session, digest: str) -> Mapping[int, CriteriaSet]:
        """Return the criteria sets with this hash, by number."""
        return self._parsed(session, digest, criteria_by_number)

    def _read(self, session: Session, cycle: Cycle, rule_set_hash: str, earlier: tuple[str, ...] = ()) -> Rulebook:
        hashes = (*earlier, cycle.plan_hash, rule_set_hash, cycle.units_hash, cycle.days_hash, cycle.products_hash)
        rule_set = self.rule_set(session, rule_set_hash)
        criteria_hash = cycle.criteria_hashes.get(rule_set.id)
        key = (*hashes, criteria_hash or "", str(cycle.year))
        if key not in self._books:
            units = self._parsed(session, cycle.units_hash, UnitRegister.model_validate)
            self._books[key] = Rulebook(
                cycle.year,
                self.plan(session, cycle.plan_hash),
                rule_set,
                units,
                self._parsed(session, cycle.days_hash, WorkingDays.from_snapshot),
                _in_units_of_today(self._parsed(session, cycle.products_hash, _products), units),
                self.criteria(session, criteria_hash) if criteria_hash else {},
                tuple(self.rule_set(session, digest) for digest in earlier),
            )
        return self._books[key]

    def _parsed(self, session: Session, digest: str, parse: Callable[[Any], _Parsed]) -> _Parsed:
        if digest not in self._documents:
            self._documents[digest] = parse(json.loads(session.get_one(PinnedDocument, digest).body))
        found: _Parsed = self._documents[digest]
        return found


def criteria_by_number(rows: list[Any]) -> dict[int, CriteriaSet]:
    """Return pinned criteria sets by their number."""
    return {each.number: each for each in map(CriteriaSet.model_validate, rows)}


def _in_units_of_today(products: tuple[PlannedProduct, ...], units: UnitRegister) -> tuple[PlannedProduct, ...]:
    """Return planned products with the units that have taken over from those they were listed in."""
    if not units.taken_over:
        return products
    return tuple(
        product.model_copy(update={"unit": units.unit_today(product.unit, product.producer)}) for product in products
    )


def _products(rows: list[Any]) -> tuple[PlannedProduct, ...]:
    return tuple(PlannedProduct.model_validate(row) for row in rows)

"""Importing a list of products into an open cycle: a verdict on every row, then all of them or none."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlmodel import col, select

from notifications.catalogue import Language, translate
from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.eligibility import ProducerStanding
from ocop_workflow.policy.findings import unknown_name
from ocop_workflow.policy.plan import Round
from ocop_workflow.policy.route import party_of
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.services.cycles import OPEN
from ocop_workflow.services.eligibility import refusal, standing_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.producer_register import producer_named, product_named
from ocop_workflow.services.projection import register_product
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Producer

_WAY_IN = {DossierKind.FIRST: "import the list into", DossierKind.UPGRADE: "open the upgrade in"}
"""How dossiers that belong to a round come into one."""


class IntakeClosedError(InputError):
    """The cycle takes no dossiers, or no longer."""


class Verdict(StrEnum):
    """What becomes of one row."""

    NEW = "new"
    PRESENT = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """One row of the list, what becomes of it, and why: the dossier that is there, or what to mend."""

    product: PlannedProduct
    verdict: Verdict
    reason: str = ""


def import_products(
    work: UnitOfWork,
    cycle: Cycle,
    products: Sequence[PlannedProduct],
    *,
    actor: str,
    round_id: str | None = None,
    language: Language = Language.EN,
) -> tuple[RowVerdict, ...]:
    """Register the new products with their producers and open a first dossier for each, unless a row is refused.

    Idempotent: what is there already stays as it is. With one refused row nothing at all is written.

    Args:
        work: The unit of work.
        cycle: The cycle that takes them.
        products: The list.
        actor: Who imports.
        round_id: Into which round; the earliest that is not over when None.
        language: In which a producer's ineligibility is told.

    Raises:
        IntakeClosedError: That round takes no dossiers.
    """
    verdicts = judge_products(work, cycle, products, round_id=round_id, language=language)
    if any(row.verdict is Verdict.REFUSED for row in verdicts):
        return verdicts
    round_, book = intake_of(work, cycle, round_id)
    for row in verdicts:
        if row.verdict is Verdict.NEW:
            register_product(work, cycle, book, round_, row.product, actor=actor)
    return verdicts


def judge_products(
    work: UnitOfWork,
    cycle: Cycle,
    products: Sequence[PlannedProduct],
    *,
    round_id: str | None = None,
    language: Language = Language.EN,
) -> tuple[RowVerdict, ...]:
    """Return what importing a list into a round would do with each row; nothing is written.

    Names are compared in NFC, however the list writes them.

    Raises:
        IntakeClosedError: That round takes no dossiers.
    """
    round_, book = intake_of(work, cycle, round_id)
    judge = _Judge(work, cycle, book, round_, language)
    return tuple(judge.verdict(_in_nfc(product)) for product in products)


def intake_of(work: UnitOfWork, cycle: Cycle, round_id: str | None) -> tuple[Round, Rulebook]:
    """Return the round that takes new products, the one named or the earliest not over, and what holds in it.

    Raises:
        IntakeClosedError: No such round takes dossiers now.
    """
    round_ = open_round(work, cycle, work.books.of_cycle(work.session, cycle), round_id)
    return round_, work.books.of_round(work.session, cycle, round_.id)


def open_round(
    work: UnitOfWork, cycle: Cycle, book: Rulebook, round_id: str | None, *, kind: DossierKind = DossierKind.FIRST
) -> Round:
    """Return the round named, or the earliest that takes this kind and is not over.

    Its dates decide, before any sweep records it (I9).

    Raises:
        IntakeClosedError: No such round takes dossiers now.
    """
    rounds = [round_ for round_ in book.cycle_year.rounds if kind in round_.kinds]
    if not rounds:
        raise IntakeClosedError(f"cycle {cycle.key} has no round to take {kind} dossiers; add one to the plan")
    if cycle.status != OPEN:
        raise IntakeClosedError(f"cycle {cycle.key} is {cycle.status}; {_WAY_IN[kind]} the next cycle")
    if round_id is not None and round_id not in [round_.id for round_ in rounds]:
        known = ", ".join(round_.id for round_ in rounds)
        raise IntakeClosedError(f"cycle {cycle.key} has no round {round_id[:60]!r}; it has {known}")
    today = local_day(work.now)
    for round_ in rounds:
        if round_id in (None, round_.id) and today <= round_.closes_on:
            return round_
    last = rounds[-1] if round_id is None else book.round(round_id)
    raise IntakeClosedError(
        f"round {last.id} of cycle {cycle.key} took dossiers until {last.closes_on}; "
        f"{_WAY_IN[kind]} a later round or the next cycle"
    )


class _Judge:
    """Judges one row after another, with those before it in mind."""

    def __init__(self, work: UnitOfWork, cycle: Cycle, book: Rulebook, round_: Round, language: Language) -> None:
        self._session, self._today, self._language = work.session, local_day(work.now), language
        self._cycle, self._book, self._round = cycle, book, round_
        self._planned = {product.key: product for product in book.products}
        self._keys: set[str] = set()
        self._key_of: dict[tuple[str, str, str], str] = {}

    def verdict(self, product: PlannedProduct) -> RowVerdict:
        """Return what becomes of a row."""
        remedy = (
            self._unit_fault(product)
            or self._level_fault(product)
            or self._criteria_fault(product)
            or self._repetition(product)
            or self._producer_fault(product)
        )
        self._keys.add(product.key)
        self._key_of.setdefault(_identity(product), product.key)
        if remedy is not None:
            return RowVerdict(product, Verdict.REFUSED, remedy)
        return self._against_the_register(product)

    def _unit_fault(self, product: PlannedProduct) -> str | None:
        units, office = self._book.units, self._cycle.office_id
        known = [unit.id for unit in units.units]
        if product.unit not in known:
            return unknown_name((), "unit", product.unit[:80], known).sentence
        if units.unit_today(product.unit) != product.unit:
            return f"the unit {product.unit} was taken over by {units.unit_today(product.unit)}; name that one"
        if not units.lies_in(product.unit, office):
            return f"the unit {product.unit} lies outside {office}; leave the product to the office of its area"
        for stage in self._book.stages(self._round.id, DossierKind.FIRST):
            for owner in (stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps)):
                try:
                    party_of(owner, units=units, unit=product.unit, producer_id="")
                except KeyError:
                    return (
                        f"the unit {product.unit} lies in no unit of level {owner.level}, which acts at {stage.id}; "
                        "name a smaller unit"
                    )
        return None

    def _level_fault(self, product: PlannedProduct) -> str | None:
        levels = self._book.rule_set.levels
        if product.planned_level is None or product.planned_level in levels:
            return None
        return unknown_name((), "planned_level", product.planned_level[:80], levels).sentence

    def _criteria_fault(self, product: PlannedProduct) -> str | None:
        criteria = self._book.criteria
        if product.criteria_set is None or product.criteria_set in criteria:
            return None
        known = f"{min(criteria)} to {max(criteria)}" if criteria else "none"
        rule_set = self._book.rule_set.id
        return f"{rule_set} has no criteria set {product.criteria_set}, but {known}; correct or empty the cell"

    def _repetition(self, product: PlannedProduct) -> str | None:
        if product.key in self._keys:
            return "the key stands twice in the list; give each product its own key"
        earlier = self._key_of.get(_identity(product))
        if earlier is not None:
            return f"the same product of the same producer stands in the list as {earlier[:80]}; keep one of the rows"
        planned = self._planned.get(product.key)
        if planned is not None and _identity(planned) != _identity(product):
            return f"the plan gives this key to another product, {planned.name[:80]!r}; choose another key"
        return None

    def _producer_fault(self, product: PlannedProduct) -> str | None:
        """Return why the producer may not take part, by the register first and then by the list.

        Many rows may be refused so; the rule set is named by its id, and its title stands once above them.
        """
        producer = producer_named(self._session, product.unit, product.producer)
        standing = ProducerStanding(product.producer_form, product.registered_on)
        if producer is not None:
            known = standing_of(producer)
            if known.form is not None and product.producer_form not in (None, known.form):
                return (
                    f"the register has {producer.name[:80]} as {known.form}; correct the cell, or record the change "
                    "with `ocop producer form`"
                )
            standing = known if known.form is not None else replace(standing, closed_on=known.closed_on)
            made = product_named(self._session, producer, product.name)
            if made is not None and made.producer_id != producer.id:
                maker = self._session.get_one(Producer, made.producer_id).name
                return f"the product was transferred to {maker[:80]}; name that producer"
        why = refusal(self._book.rule_set, standing, group=product.group, on=self._today)
        named = {"rule_set": self._book.rule_set.id}
        return None if why is None else translate(self._language, why.code, {**why.params, **named})

    def _against_the_register(self, product: PlannedProduct) -> RowVerdict:
        key = f"{self._cycle.key}/{self._round.id}/{product.key}"
        found = self._dossiers_of(product)
        same = next((dossier for dossier in found if dossier.key == key), None)
        if same is not None:
            day = f"{local_day(same.opened_at):%d/%m/%Y}"
            return RowVerdict(product, Verdict.PRESENT, f"dossier {key} was opened on {day} and is {same.status}")
        if self._session.exec(select(Dossier.id).where(col(Dossier.key) == key)).first() is not None:
            return _refused(product, "the key is taken by another product of this round; choose another key")
        for dossier in found:
            if dossier.cycle_id == self._cycle.id and dossier.round_id == self._round.id:
                return _refused(
                    product, f"the product is in this round as {dossier.key}; use that key, or drop the row"
                )
            if dossier.closed_at is None:
                return _refused(
                    product, f"its dossier {dossier.key} is still open; import it once that one is decided or withdrawn"
                )
        return RowVerdict(product, Verdict.NEW)

    def _dossiers_of(self, product: PlannedProduct) -> list[Dossier]:
        """Return every dossier of this product of this producer, in all cycles."""
        producer = producer_named(self._session, product.unit, product.producer)
        known = product_named(self._session, producer, product.name) if producer is not None else None
        if known is None:
            return []
        query = select(Dossier).where(col(Dossier.product_id) == known.id)
        return list(self._session.exec(query.order_by(col(Dossier.opened_at), col(Dossier.key))))


def _refused(product: PlannedProduct, remedy: str) -> RowVerdict:
    return RowVerdict(product, Verdict.REFUSED, remedy)


def _identity(product: PlannedProduct) -> tuple[str, str, str]:
    """Return what makes a product one and the same in the register: its producer's unit and name, and its own name."""
    return product.unit, product.producer, product.name


def _in_nfc(product: PlannedProduct) -> PlannedProduct:
    texts = {name: getattr(product, name) for name in ("name", "form", "producer")}
    return product.model_copy(update={name: unicodedata.normalize("NFC", text) for name, text in texts.items()})

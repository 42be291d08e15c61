"""Ideas that are split into several products, or merged into one, before anything is judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from ocop_workflow.errors import RefusedError
from ocop_workflow.services.cycle_acts import check_office, said
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossier_news import give_link
from ocop_workflow.services.dossiers import Request, apply_trigger, begin
from ocop_workflow.services.titles import in_both, status_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.withdrawals import MERGED, SPLIT
from ocop_workflow.storage.tables import Dossier, DossierSuccession, Product, ScoreSheet
from state_machines.dossier import DossierStatus, DossierTrigger

LEAST = 2
"""A split gives so many dossiers at least, and a merge takes so many."""


class SuccessionRefusedError(RefusedError):
    """Dossiers can't be split or merged so."""


@dataclass(frozen=True, slots=True)
class Decree:
    """By whom and on which paper ideas are split or merged, and when if not now."""

    actor: str
    document: str
    effective_at: datetime | None = None


def split(work: UnitOfWork, dossier: Dossier, names: Sequence[str], decree: Decree) -> list[Dossier]:
    """End one idea's dossier in favour of one for each of several products; return these.

    They begin at the stage where it was, each with the term that the plan gives there, or a fair one.

    Args:
        work: The unit of work.
        dossier: Open, and neither judged nor handed in to be judged.
        names: The products' names, new ones of the producer.
        decree: Who, and by which document.

    Raises:
        SuccessionRefusedError: It has gone too far, the names are too few or not different, or a product has one.
        OfficeOnlyError: Somebody else than the office acts.
    """
    case = _early(work, dossier, decree)
    chosen = [said(name, what="a product's name") for name in names]
    if len(set(chosen)) < max(LEAST, len(chosen)):
        raise SuccessionRefusedError("split_names", rule=case.rule(), least=LEAST)
    return _replace(work, [case], chosen, SPLIT, decree)


def merge(work: UnitOfWork, dossiers: Sequence[Dossier], name: str, decree: Decree) -> Dossier:
    """End the dossiers of several ideas of one producer in favour of one for the product they make together.

    It begins at the earliest stage where they were; raises as `split`.
    """
    cases = [_early(work, dossier, decree) for dossier in dossiers]
    if len({dossier.id for dossier in dossiers}) < max(LEAST, len(dossiers)):
        raise SuccessionRefusedError("merge_several", rule=cases[0].rule())
    for what, values in (
        ("producer", {case.product.producer_id for case in cases}),
        ("unit", {case.product.unit_id for case in cases}),
        ("round", {(case.cycle.id, case.dossier.round_id) for case in cases}),
        ("kind", {case.dossier.kind for case in cases}),
        ("rule_set", {case.dossier.rule_set_hash for case in cases}),
    ):
        if len(values) > 1:
            raise SuccessionRefusedError("merge_differs", rule=cases[0].rule(), what=in_both(f"merge.{what}"))
    order = [stage.id for stage in cases[0].book.stages(dossiers[0].round_id, dossiers[0].kind)]
    cases.sort(key=lambda case: (order.index(case.dossier.stage), case.dossier.key))
    (merged,) = _replace(work, cases, [said(name, what="the product's name")], MERGED, decree)
    return merged


def _early(work: UnitOfWork, dossier: Dossier, decree: Decree) -> DossierCase:
    """Return the case of a dossier that nobody has begun to judge.

    Where a verdict on the idea ends a stage the dossier may have been handed in; where a council or an assessment
    follows it may not.
    """
    case = case_of(work, dossier)
    check_office(case.cycle, decree.actor, act="split_and_merge", rule=case.rule())
    status = status_title(dossier.status)
    if dossier.closed_at is not None:
        raise SuccessionRefusedError("idea_ended", rule=case.rule(), dossier=dossier.key, status=status)
    scored = select(ScoreSheet.member).where(col(ScoreSheet.dossier_id) == dossier.id)
    waiting = dossier.status == DossierStatus.AWAITING_SUBMISSION
    if work.session.exec(scored).first() is not None or not (case.stage.judged_by == "verdict" or waiting):
        raise SuccessionRefusedError(
            "idea_handed_in",
            rule=case.rule(),
            dossier=dossier.key,
            status=status,
            stage=case.stage.title.model_dump(),
        )
    return case


def _replace(
    work: UnitOfWork, cases: Sequence[DossierCase], names: Sequence[str], ground: str, decree: Decree
) -> list[Dossier]:
    """Enter what replaces some dossiers, end these, and begin those, each with its links to the others."""
    document = said(decree.document, what="the document's number")
    sources = [case.dossier for case in cases]
    successors = [
        _successor(work, cases[0], key=key, name=name, decree=decree)
        for key, name in zip(_keys([dossier.key for dossier in sources], len(names)), names, strict=True)
    ]
    details = {"ground": ground, "document": document, "successors": [dossier.id for dossier in successors]}
    for source in sources:
        request = Request(DossierTrigger.WITHDRAW, decree.actor, effective_at=decree.effective_at, details=details)
        apply_trigger(work, source, request)
    for successor in successors:
        case = case_of(work, successor)
        origin = {
            "origin": [dossier.id for dossier in sources],
            "document": document,
            "rule_sets": [*successor.earlier_rule_sets, successor.rule_set_hash],
        }
        begin(work, case.cycle, case.book, successor, case.product, actor=decree.actor, details=origin)
        give_link(work, case, actor=decree.actor)
        for source in sources:
            work.session.add(DossierSuccession(dossier_id=source.id, successor_id=successor.id))
    work.session.flush()
    return successors


def _successor(work: UnitOfWork, case: DossierCase, *, key: str, name: str, decree: Decree) -> Dossier:
    """Enter a dossier at the stage of the one it replaces, for a product of its own."""
    source = case.dossier
    dossier = Dossier(
        id=work.ids.new("dossier", key),
        key=key,
        cycle_id=case.cycle.id,
        round_id=source.round_id,
        product_id=_product(work, case, name).id,
        kind=source.kind,
        rule_set_hash=source.rule_set_hash,
        earlier_rule_sets=source.earlier_rule_sets,
        planned_level=source.planned_level,
        criteria_set=source.criteria_set,
        stage=source.stage,
        status=DossierStatus.AWAITING_SUBMISSION.value,
        opened_at=max(source.opened_at, work.happened_at(decree.effective_at)),
        stage_at=source.stage_at,
    )
    work.session.add(dossier)
    work.session.flush()
    return dossier


def _product(work: UnitOfWork, case: DossierCase, name: str) -> Product:
    """Return a new product of the same producer; its form is what it is called."""
    producer_id = case.product.producer_id
    same = select(Product).where(col(Product.producer_id) == producer_id, col(Product.name) == name)
    if work.session.exec(same).first() is not None:
        raise SuccessionRefusedError("product_name_taken", rule=case.rule(), name=name[:80])
    product = Product(
        id=work.ids.new("product", f"{producer_id}|{name}"),
        producer_id=producer_id,
        unit_id=case.product.unit_id,
        name=name,
        form=name,
        group=case.product.group,
    )
    work.session.add(product)
    work.session.flush()
    return product


def _keys(of: Sequence[str], count: int) -> list[str]:
    """Return the numbers of what replaces dossiers: 3-1-1 becomes 3-1-1.1 and 3-1-1.2; 3-1-1 and 3-1-2 3-1-1+3-1-2."""
    if len(of) == 1:
        return [f"{of[0]}.{place}" for place in range(1, count + 1)]
    place, _, first = of[0].rpartition("/")
    return [f"{place}/{'+'.join([first, *(key.rpartition('/')[2] for key in of[1:])])}"]

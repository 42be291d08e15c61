"""The papers of a dossier: recording what is there, and the checklist that its rule set asks for."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.papers import ChecklistItem, PaperOnFile, checklist
from ocop_workflow.policy.rule_set import Paper
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, DossierPaper, Product

PAPER_RECORDED = "paper_recorded"


class PaperRefusedError(RefusedError):
    """The dossier's rule set asks for no such paper, or not so."""


def checklist_of(work: UnitOfWork, dossier: Dossier) -> tuple[ChecklistItem, ...]:
    """Return the checklist of a dossier on the unit of work's local day; empty where the rule set has none."""
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    book = work.books.of_dossier(work.session, cycle, dossier)
    on_file = {row.paper_id: PaperOnFile(row.present, row.last_day) for row in _rows(work.session, dossier)}
    group = work.session.get_one(Product, dossier.product_id).group
    return checklist(book.rule_set, kind=dossier.kind, group=group, on_file=on_file, today=local_day(work.now))


def paper_of(work: UnitOfWork, dossier: Dossier, paper_id: str) -> Paper:
    """Return an item of the dossier's checklist.

    Raises:
        PaperRefusedError: The checklist has no such item.
    """
    papers = [item.paper for item in checklist_of(work, dossier)]
    for paper in papers:
        if paper.id == paper_id:
            return paper
    raise PaperRefusedError(
        "paper_unknown" if papers else "no_papers",
        rule=case_of(work, dossier).rule(),
        dossier=dossier.key,
        paper=paper_id[:60],
        known=", ".join(paper.id for paper in papers),
    )


def record_paper(
    work: UnitOfWork,
    dossier: Dossier,
    paper_id: str,
    on_file: PaperOnFile,
    *,
    actor: str,
    effective_at: datetime | None = None,
) -> None:
    """Record that a paper is there, until which day it is valid, or that it is missing; the last record counts.

    Raises:
        PaperRefusedError: The checklist has no such paper, or the paper has no last day of its own, or needs one.
    """
    paper = paper_of(work, dossier, paper_id)
    if on_file.present and paper.expires != (on_file.last_day is not None):
        code = "paper_day_missing" if paper.expires else "paper_without_day"
        raise PaperRefusedError(code, rule=paper.source, paper=paper.id, dossier=dossier.key)
    row = work.session.get(DossierPaper, (dossier.id, paper.id))
    if row is None:
        row = DossierPaper(dossier_id=dossier.id, paper_id=paper.id, present=on_file.present)
    row.present, row.last_day = on_file.present, on_file.last_day
    work.session.add(row)
    dossier.version += 1
    work.session.add(dossier)
    details = {"paper": paper.id, "present": on_file.present, "last_day": _iso(on_file.last_day)}
    at = work.happened_at(effective_at)
    act = Act(actor, PAPER_RECORDED, rule=paper.source, details=details, effective_at=at)
    append_event(work, stream=f"dossier:{dossier.id}", seq=dossier.version, cycle_id=dossier.cycle_id, act=act)


def _rows(session: Session, dossier: Dossier) -> list[DossierPaper]:
    return list(session.exec(select(DossierPaper).where(col(DossierPaper.dossier_id) == dossier.id)))


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

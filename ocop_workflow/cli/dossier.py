"""Commands that record what was done to dossiers: submit, receive, return, decide, reject, step, withdraw."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli import (
    dossier_code,
    dossier_consultation,
    dossier_ideas,
    dossier_link,
    dossier_migrate,
    dossier_open,
    dossier_papers,
    dossier_scores,
    dossier_views,
)
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.dossier_scores import SheetOption, SheetsOption, opening_on, read_sheets
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AsOption, AtOption, DataOption, read_day, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.errors import InputError
from ocop_workflow.policy.papers import PaperOnFile
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude, reject
from ocop_workflow.services.hand_steps import record_step
from ocop_workflow.services.papers import checklist_of, record_paper
from ocop_workflow.services.reopening import Reopening
from ocop_workflow.services.reopening import reopen as reopen_dossier
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Producer, Product
from state_machines.dossier import DossierTrigger

DECLINED = "declined"
"""The verdict that needs a reason."""

app = command_group()

ReferencesArgument = Annotated[list[str], typer.Argument(metavar="REFERENCE...", help="One dossier's number or more.")]
NoteOption = Annotated[
    str | None, typer.Option("--note", help="Free text to keep with the act; it can be erased later.")
]


@app.callback()
def dossier() -> None:
    """See dossiers and record what was done to them."""


dossier_views.register(app)
dossier_link.register(app)
dossier_papers.register(app)
dossier_open.register(app)
dossier_code.register(app)
dossier_ideas.register(app)
dossier_migrate.register(app)
app.add_typer(dossier_scores.app, name="scores")
app.add_typer(dossier_consultation.app, name="consultation")


@app.command()
def submit(
    references: ReferencesArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
    note: NoteOption = None,
) -> None:
    """Record that dossiers were submitted, or brought back complete after a return; all of them or none."""
    _apply(references, data, DossierTrigger.SUBMIT, actor, at, language, note)


@app.command()
def receive(
    references: ReferencesArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
    number: Annotated[str | None, typer.Option(help="The receipt's number.", show_default="the next free one")] = None,
    note: NoteOption = None,
) -> None:
    """Record the receipt of submitted dossiers, all of them or none; clocks that count from receipt begin."""
    if number is not None and len(references) > 1:
        raise InputError("a receipt number belongs to one dossier; receive the others without --number")
    _apply(
        references,
        data,
        DossierTrigger.RECEIVE,
        actor,
        at,
        language,
        note,
        {"receipt_number": number} if number else {},
    )


@app.command()
def review(
    references: ReferencesArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    note: NoteOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record that received dossiers are being examined, all of them or none; the producer's page says so."""
    _apply(references, data, DossierTrigger.REVIEW, actor, at, language, note)


@app.command()
def reopen(
    reference: ReferenceArgument,
    decision: Annotated[str, typer.Option(help="The number of the superior's decision.")],
    by: Annotated[str, typer.Option(help="The authority that decided, as the producer is told.")],
    reason: Annotated[str, typer.Option(help="Why; kept beside the record, can be erased.")],
    until: Annotated[
        str | None, typer.Option(help="The last day for what is owed next.", show_default="as the plan dates it")
    ] = None,
    data: DataOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Reopen a dossier that has ended, by a superior's decision: it goes on where it was, and the producer is told.

    Terms that the plan counts run from the reopening. A result by which it ended no longer counts.
    """

    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        reopening = Reopening(decision, by, reason, read_day(until) if until else None)
        reopen_dossier(work, row, reopening, actor=who, effective_at=effective_at)

    _do("dossier reopen", [reference], data, None, at, language, act)


@app.command("return")
def return_(
    reference: ReferenceArgument,
    item: Annotated[list[str], typer.Option(help="What is missing or wrong; give it once for each item.")],
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
    note: NoteOption = None,
) -> None:
    """Send a dossier back to whoever submitted it; the clock of the decision runs on.

    An item of the dossier's checklist (`ocop dossier papers`) is told by its title and ticked as missing.
    """

    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        titles = {paper.id: paper.title.vi for paper in (i.paper for i in checklist_of(work, row))}
        told = [titles.get(each, each) for each in item]
        request = Request(DossierTrigger.RETURN, who, effective_at=effective_at, details={"items": told}, text=note)
        apply_trigger(work, row, request)
        for paper_id in item:
            if paper_id in titles:
                record_paper(work, row, paper_id, PaperOnFile(present=False), actor=who, effective_at=effective_at)

    _do("dossier return", [reference], data, actor, at, language, act)


@app.command()
def withdraw(
    reference: ReferenceArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
    note: NoteOption = None,
) -> None:
    """Record that the producer withdrew the dossier."""
    _apply([reference], data, DossierTrigger.WITHDRAW, actor, at, language, note)


@app.command()
def decide(
    reference: ReferenceArgument,
    data: DataOption = None,
    verdict: Annotated[str | None, typer.Option(help="accepted or declined, where the stage is decided so.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it was declined, as the producer is told; no names of people.")
    ] = None,
    sheet: SheetOption = None,
    sheets: SheetsOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
    note: NoteOption = None,
) -> None:
    """Decide the present stage: by verdict, or by the council's session with the sheets given here or recorded before.

    The exact mean and the findings on gates decide where the dossier goes; the mean is never rounded.
    """
    if verdict == DECLINED and not (reason or "").strip():
        raise InputError("the producer is told why; give --reason")
    ground = (reason or "").strip().rstrip(".") or None

    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        if sheet or sheets:
            book = work.books.of_dossier(work.session, work.session.get_one(Cycle, row.cycle_id), row)
            given = read_sheets(sheet, sheets, book, row)
            record_sheets(work, row, given, actor=who, opening=opening_on(effective_at))
        conclude(work, row, actor=who, verdict=verdict, ground=ground, effective_at=effective_at, text=note)

    _do("dossier decide", [reference], data, actor, at, language, act)


@app.command("reject")
def reject_(
    reference: ReferenceArgument,
    ground: Annotated[str, typer.Option(help="The ground's id in the rule set, such as forged.")],
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
    note: NoteOption = None,
) -> None:
    """Reject a dossier on a ground of its rule set, whatever its points are; the producer is told the ground."""

    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        reject(work, row, ground, actor=who, effective_at=effective_at, text=note)

    _do("dossier reject", [reference], data, actor, at, language, act)


@app.command("step")
def step_(
    reference: ReferenceArgument,
    step: Annotated[str, typer.Argument(help="The step's id in the route, such as minutes or publication.")],
    data: DataOption = None,
    document: Annotated[str | None, typer.Option(help="The number of its document.")] = None,
    stage: Annotated[
        str | None, typer.Option(help="Its stage.", show_default="where it is owed, or the present one")
    ] = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
    note: NoteOption = None,
) -> None:
    """Record a step that is done by hand, such as the council's minutes, and settle what it owed."""

    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        record_step(work, row, step, actor=who, stage_id=stage, document=document, effective_at=effective_at, text=note)

    _do("dossier step", [reference], data, actor, at, language, act)


Act = Callable[[UnitOfWork, Dossier, str, datetime | None], None]
"""What is done to a dossier by whom, and when it happened if not now."""


def _apply(
    references: Sequence[str],
    data: Path | None,
    trigger: DossierTrigger,
    actor: str | None,
    at: str | None,
    language: Language,
    note: str | None,
    details: dict[str, object] | None = None,
) -> None:
    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        request = Request(trigger, who, effective_at=effective_at, details=details or {}, text=note)
        apply_trigger(work, row, request)

    _do(f"dossier {trigger}", references, data, actor, at, language, act)


def _do(
    command: str,
    references: Sequence[str],
    data: Path | None,
    actor: str | None,
    at: str | None,
    language: Language,
    act: Act,
) -> None:
    """Do the same to each dossier in one transaction, and say where each of them is now."""
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, command) as trying:
        moment = runtime.moment_of_act(read_instant(at))
        lines = []
        with runtime.transaction(moment.now) as work:
            for reference in references:
                row = find_dossier(work.session, reference)
                who = actor or work.session.get_one(Cycle, row.cycle_id).office_position
                trying.by(who, row)
                act(work, row, who, moment.effective_at)
                product = work.session.get_one(Product, row.product_id)
                producer = work.session.get_one(Producer, product.producer_id)
                lines.append(f"{row.key} is now {row.stage}: {row.status} ({product.name}, {producer.name})")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

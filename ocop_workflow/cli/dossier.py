"""Commands that record what was done to dossiers: submit, receive, return, decide, extend, withdraw."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from ocop_workflow.cli import dossier_link, dossier_views
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AtOption, DataOption, end_of_day, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude, record_sheets
from ocop_workflow.services.extensions import Extension, extend, obligation_to_extend
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Producer, Product
from state_machines.dossier import DossierTrigger

DECLINED = "declined"
"""The verdict that needs a reason."""

app = typer.Typer(help="See dossiers and record what was done to them.", no_args_is_help=True, rich_markup_mode=None)

ReferencesArgument = Annotated[list[str], typer.Argument(metavar="REFERENCE...", help="One dossier's number or more.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        help="Who acts: a position UNIT/ROLE or producer:ID.",
        show_default="the office, on behalf of whoever may",
    ),
]
NoteOption = Annotated[
    str | None, typer.Option("--note", help="Free text to keep with the act; it can be erased later.")
]


@app.callback()
def dossier() -> None:
    """See dossiers and record what was done to them."""


dossier_views.register(app)
dossier_link.register(app)


@app.command()
def submit(
    references: ReferencesArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    note: NoteOption = None,
) -> None:
    """Record that dossiers were submitted, or brought back complete after a return; all of them or none."""
    _apply(references, data, DossierTrigger.SUBMIT, actor, at, note)


@app.command()
def receive(
    references: ReferencesArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    number: Annotated[str | None, typer.Option(help="The receipt's number.", show_default="the next free one")] = None,
    note: NoteOption = None,
) -> None:
    """Record the receipt of submitted dossiers, all of them or none; clocks that count from receipt begin."""
    if number is not None and len(references) > 1:
        raise InputError("a receipt number belongs to one dossier; receive the others without --number")
    _apply(references, data, DossierTrigger.RECEIVE, actor, at, note, {"receipt_number": number} if number else {})


@app.command("return")
def return_(
    reference: ReferenceArgument,
    item: Annotated[list[str], typer.Option(help="What is missing or wrong; give it once for each item.")],
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    note: NoteOption = None,
) -> None:
    """Send a dossier back to whoever submitted it; the clock of the decision runs on."""
    _apply([reference], data, DossierTrigger.RETURN, actor, at, note, {"items": item})


@app.command()
def withdraw(
    reference: ReferenceArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    note: NoteOption = None,
) -> None:
    """Record that the producer withdrew the dossier."""
    _apply([reference], data, DossierTrigger.WITHDRAW, actor, at, note)


@app.command()
def decide(
    reference: ReferenceArgument,
    data: DataOption = None,
    verdict: Annotated[str | None, typer.Option(help="accepted or declined, where the stage is decided so.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why it was declined, as the producer is told; no names of people.")
    ] = None,
    sheet: Annotated[
        list[str] | None,
        typer.Option(help="A council member's points by part, such as member-1=30/20/35; once for each member."),
    ] = None,
    actor: AsOption = None,
    at: AtOption = None,
    note: NoteOption = None,
) -> None:
    """Decide the present stage: by verdict, or by the council's score sheets.

    The exact mean decides where the dossier goes; it is never rounded.
    """
    if verdict == DECLINED and not (reason or "").strip():
        raise InputError("the producer is told why; give --reason")
    ground = (reason or "").strip().rstrip(".") or None

    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        if sheet:
            parts = _parts_of(work, row)
            record_sheets(work, row, dict(_read_sheet(text, parts) for text in sheet), actor=who)
        conclude(work, row, actor=who, verdict=verdict, ground=ground, effective_at=effective_at, text=note)

    _do([reference], data, actor, at, act)


@app.command("extend")
def extend_(
    reference: ReferenceArgument,
    to: Annotated[str, typer.Option(help="The new last day in time, such as 2018-06-15.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    decision: Annotated[str, typer.Option(help="The number of the decision that grants it.")],
    step: Annotated[str | None, typer.Option(help="Which date, where several are open.")] = None,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Give what is owed now a later last day; the party is told at once. A statutory date can't be extended.

    `ocop extend` does the same to a unit, a stage, a round or a report, and takes an extension back.
    """

    def act(work: UnitOfWork, row: Dossier, who: str, _effective_at: datetime | None) -> None:
        extend(
            work, obligation_to_extend(work.session, row, step=step), Extension(end_of_day(to), reason, decision, who)
        )

    _do([reference], data, None, at, act)


Act = Callable[[UnitOfWork, Dossier, str, datetime | None], None]
"""What is done to a dossier by whom, and when it happened if not now."""


def _apply(
    references: Sequence[str],
    data: Path | None,
    trigger: DossierTrigger,
    actor: str | None,
    at: str | None,
    note: str | None,
    details: dict[str, object] | None = None,
) -> None:
    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        request = Request(trigger, who, effective_at=effective_at, details=details or {}, text=note)
        apply_trigger(work, row, request)

    _do(references, data, actor, at, act)


def _do(references: Sequence[str], data: Path | None, actor: str | None, at: str | None, act: Act) -> None:
    """Do the same to each dossier in one transaction, and say where each of them is now."""
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        lines = []
        with runtime.transaction(moment.now) as work:
            for reference in references:
                row = find_dossier(work.session, reference)
                office = work.session.get_one(Cycle, row.cycle_id).office_position
                act(work, row, actor or office, moment.effective_at)
                product = work.session.get_one(Product, row.product_id)
                producer = work.session.get_one(Producer, product.producer_id)
                lines.append(f"{row.key} is now {row.stage}: {row.status} ({product.name}, {producer.name})")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _parts_of(work: UnitOfWork, row: Dossier) -> list[str]:
    cycle = work.session.get_one(Cycle, row.cycle_id)
    return [part.id for part in work.books.of_dossier(work.session, cycle, row).rule_set.parts]


def _read_sheet(text: str, parts: list[str]) -> tuple[str, dict[str, Decimal]]:
    member, _, points = text.partition("=")
    values = [_read_points(value) for value in points.split("/")]
    if not member or len(values) != len(parts) or None in values:
        example = "/".join("30" for _ in parts)
        raise InputError(
            f"{text[:80]!r} is no score sheet; write MEMBER=POINTS for {'/'.join(parts)}, such as m1={example}"
        )
    return member, {part: value for part, value in zip(parts, values, strict=True) if value is not None}


def _read_points(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None

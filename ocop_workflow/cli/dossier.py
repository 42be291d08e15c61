"""Commands about dossiers: list, show, and what officials and producers do to them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, end_of_day, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant, show_last_day
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude, record_sheets
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Producer, Product
from state_machines.dossier import DossierTrigger

app = typer.Typer(help="See dossiers and record what was done to them.", no_args_is_help=True, rich_markup_mode=None)

ReferenceArgument = Annotated[
    str, typer.Argument(help="The dossier's number (also its last part, such as 18-2-1) or the beginning of its id.")
]
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


@app.command("list")
def list_dossiers(
    data: DataOption = None,
    cycle: CycleOption = None,
    stage: Annotated[str | None, typer.Option(help="Only those at this stage.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those in this status, such as returned or recognised.")
    ] = None,
    party: Annotated[
        str | None, typer.Option(help="Only those whose next move is this position's (UNIT/ROLE) or producer's.")
    ] = None,
    late: Annotated[bool, typer.Option("--late", help="Only those with something overdue.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the dossiers of a cycle with whose move it is and until when."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            query = (
                select(Dossier, Product, Producer)
                .join(Product, col(Product.id) == col(Dossier.product_id))
                .join(Producer, col(Producer.id) == col(Product.producer_id))
                .where(col(Dossier.cycle_id) == found.id)
                .order_by(col(Dossier.key))
            )
            if stage is not None:
                query = query.where(col(Dossier.stage) == stage)
            if party is not None:
                query = query.where(col(Dossier.responsible) == party)
            if status is not None:
                query = query.where(col(Dossier.status) == status)
            rows = []
            for row, product, producer in work.session.exec(query):
                due_at = next((o.due_at for o in open_obligations_of(work.session, row.id)), None)
                if not late or (due_at is not None and due_at <= now):
                    rows.append((row, product, producer, due_at))
    if as_json:
        print_json([_as_object(row, product, producer, due_at) for row, product, producer, due_at in rows])
        return
    print_table(
        f"Dossiers of {found.key}",
        ("number", "product", "producer", "stage", "status", "stars", "whose move", "last day"),
        (
            (
                row.key.rpartition("/")[2],
                product.name,
                producer.name,
                row.stage,
                row.status,
                row.stars if row.closed_at else None,
                "producer" if (row.responsible or "").startswith("producer:") else row.responsible,
                show_last_day(due_at) + (" LATE" if due_at is not None and due_at <= now else ""),
            )
            for row, product, producer, due_at in rows
        ),
        caption=f"{len(rows)} dossiers at {show_instant(now)}",
    )


@app.command()
def show(reference: ReferenceArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show one dossier: where it is, who owes what by when and why, and everything that happened."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            row = find_dossier(work.session, reference)
            product = work.session.get_one(Product, row.product_id)
            producer = work.session.get_one(Producer, product.producer_id)
            obligations = open_obligations_of(work.session, row.id)
            events = events_of(work.session, f"dossier:{row.id}")
    if as_json:
        owed = [
            {
                "step": o.step,
                "party": o.party,
                "due_at": iso(o.due_at),
                "firmness": o.firmness,
                "why": {"code": o.why_code, **o.why_params},
                "source": o.source,
            }
            for o in obligations
        ]
        history = [
            {
                "seq": e.seq,
                "at": iso(e.effective_at),
                "actor": e.actor,
                "action": e.action,
                "from": e.from_state,
                "to": e.to_state,
                "rule": e.rule,
                "details": details_of(e),
            }
            for e in events
        ]
        due_at = obligations[0].due_at if obligations else None
        print_json({**_as_object(row, product, producer, due_at), "obligations": owed, "events": history})
        return
    console.print(f"{row.key}: {product.name}, {producer.name}", highlight=False, soft_wrap=True)
    console.print(f"{row.stage}: {row.status}" + (f", {row.stars} stars" if row.stars else ""), highlight=False)
    print_table(
        "Owed now",
        ("step", "by whom", "last day", "why", "source"),
        ((o.step, o.party, show_last_day(o.due_at), o.why_code, o.source) for o in obligations),
    )
    print_table(
        "What happened",
        ("no.", "when", "who", "what", "from", "to"),
        ((e.seq, show_instant(e.effective_at), e.actor, e.action, e.from_state, e.to_state) for e in events),
    )


@app.command()
def submit(
    reference: ReferenceArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    note: NoteOption = None,
) -> None:
    """Record that the dossier was submitted, or brought back complete after a return."""
    _apply(reference, data, DossierTrigger.SUBMIT, actor, at, note)


@app.command()
def receive(
    reference: ReferenceArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    number: Annotated[str | None, typer.Option(help="The receipt's number.", show_default="the next free one")] = None,
    note: NoteOption = None,
) -> None:
    """Record the receipt of a submitted dossier; clocks that count from receipt begin."""
    _apply(reference, data, DossierTrigger.RECEIVE, actor, at, note, {"receipt_number": number} if number else {})


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
    _apply(reference, data, DossierTrigger.RETURN, actor, at, note, {"items": item})


@app.command()
def withdraw(
    reference: ReferenceArgument,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    note: NoteOption = None,
) -> None:
    """Record that the producer withdrew the dossier."""
    _apply(reference, data, DossierTrigger.WITHDRAW, actor, at, note)


@app.command()
def decide(
    reference: ReferenceArgument,
    data: DataOption = None,
    verdict: Annotated[str | None, typer.Option(help="accepted or declined, where the stage is decided so.")] = None,
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

    def act(work: UnitOfWork, row: Dossier, who: str, effective_at: datetime | None) -> None:
        if sheet:
            parts = _parts_of(work, row)
            record_sheets(work, row, dict(_read_sheet(text, parts) for text in sheet), actor=who)
        conclude(work, row, actor=who, verdict=verdict, effective_at=effective_at, text=note)

    _do(reference, data, actor, at, act)


@app.command("extend")
def extend_(
    reference: ReferenceArgument,
    to: Annotated[str, typer.Option(help="The new last day in time, such as 2018-06-15.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    decision: Annotated[str, typer.Option(help="The number of the decision that grants it.")],
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Give what is owed now a later last day; the party is told at once. A statutory date can't be extended."""

    def act(work: UnitOfWork, row: Dossier, who: str, _effective_at: datetime | None) -> None:
        obligations = open_obligations_of(work.session, row.id)
        if not obligations:
            raise InputError(f"{row.key} owes nothing now; there is nothing to extend")
        extend(work, obligations[0], Extension(end_of_day(to), reason, decision, who))

    _do(reference, data, None, at, act)


Act = Callable[[UnitOfWork, Dossier, str, datetime | None], None]
"""What is done to a dossier by whom, and when it happened if not now."""


def _apply(
    reference: str,
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

    _do(reference, data, actor, at, act)


def _do(reference: str, data: Path | None, actor: str | None, at: str | None, act: Act) -> None:
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            row = find_dossier(work.session, reference)
            office = work.session.get_one(Cycle, row.cycle_id).office_position
            act(work, row, actor or office, moment.effective_at)
    console.print(f"{row.key} is now {row.stage}: {row.status}", highlight=False, soft_wrap=True)


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


def _as_object(row: Dossier, product: Product, producer: Producer, due_at: datetime | None) -> dict[str, object]:
    return {
        "id": row.id,
        "key": row.key,
        "product": product.name,
        "producer": producer.name,
        "unit": product.unit_id,
        "stage": row.stage,
        "status": row.status,
        "mean": row.mean,
        "stars": row.stars,
        "responsible": row.responsible,
        "due_at": iso(due_at),
        "version": row.version,
    }

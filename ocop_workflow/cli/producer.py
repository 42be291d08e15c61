"""Commands about producers: producer list, show, rename, form, transfer, close."""

from datetime import date
from typing import Annotated, Any

import typer
from sqlmodel import Session, col, select

from notifications.catalogue import Language, has_sentence, translate
from ocop_workflow.cli.actor_names import actor_name
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.event_object import event_object
from ocop_workflow.cli.options import DataOption, JsonOption, LanguageOption, read_day
from ocop_workflow.cli.output import console, print_json, print_table, show_instant
from ocop_workflow.cli.refusals import refusals_in
from ocop_workflow.errors import InputError
from ocop_workflow.policy.eligibility import LegalForm
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.events import events_of
from ocop_workflow.services.producer_acts import Change, change_form, rename
from ocop_workflow.services.producer_closures import close_producer
from ocop_workflow.services.producer_register import find_producer
from ocop_workflow.services.producer_transfers import transfer
from ocop_workflow.storage.tables import FormerName, Producer, Product

app = command_group()

ProducerArgument = Annotated[
    str, typer.Argument(metavar="PRODUCER", help="The name, UNIT/NAME where several have it, or beginning of the id.")
]
OnOption = Annotated[str, typer.Option("--on", help="From which day on it holds, such as 2027-03-01.")]
DocumentOption = Annotated[str, typer.Option("--document", help="The number of the document that it rests on.")]


@app.callback()
def producer() -> None:
    """See producers, and record what changes about them."""


@app.command("list")
def list_producers(
    data: DataOption = None, language: LanguageOption = Language.EN, as_json: JsonOption = False
) -> None:
    """List the producers with legal form and business registration, where they are on record."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        query = select(Producer).order_by(col(Producer.unit_id), col(Producer.name))
        rows = [_object(work.session, row) for row in work.session.exec(query)]
    if as_json:
        print_json(rows)
        return
    names = ("producer", "unit", "form", "registered_on", "closed_on")
    print_table(
        translate(language, "table.producers"),
        [translate(language, f"table.{name}") for name in names],
        ((row["name"], row["unit"], _form(row, language), row["registered_on"], row["closed_on"]) for row in rows),
    )


@app.command()
def show(
    reference: ProducerArgument,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show one producer: former names, products, and what was recorded about it."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        row = find_producer(work.session, reference)
        shown = _object(work.session, row)
        events = events_of(work.session, f"producer:{row.id}")
        actors = [actor_name(work, event.actor, language) for event in events]
    if as_json:
        print_json({**shown, "events": [event_object(event) for event in events]})
        return
    console.print(f"{row.name} ({row.unit_id})", highlight=False, markup=False, soft_wrap=True)
    form = _form(shown, language) or translate(language, "producer.form.none")
    told = {
        "form": form,
        "registered_on": _day(row.registered_on),
        "closed_on": _day(row.closed_on),
        "former": "; ".join(shown["former_names"]),
        "product": "; ".join(shown["products"]),
    }
    for name, value in told.items():
        if value:
            line = f"{translate(language, f'table.{name}')}: {value}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    columns = [translate(language, f"table.{name}") for name in ("when", "actor", "event", "source")]
    lines = []
    for event, actor in zip(events, actors, strict=True):
        known = f"event.{event.action}"
        said = translate(language, known) if has_sentence(known) else event.action.replace("_", " ")
        lines.append((show_instant(event.effective_at), actor, said, event.rule or ""))
    print_table(translate(language, "table.history"), columns, lines)


@app.command("rename")
def rename_(
    reference: ProducerArgument,
    to: Annotated[str, typer.Option(help="The new name.")],
    on: OnOption,
    document: DocumentOption,
    data: DataOption = None,
) -> None:
    """Record that a producer has another name from a day on; papers from before keep the old one."""
    with open_runtime(data) as runtime, runtime.transaction(runtime.business_now()) as work:
        row = find_producer(work.session, reference)
        before = row.name
        rename(work, row, to, Change(read_day(on), document))
    console.print(f"{before} is now called {to}", highlight=False, markup=False, soft_wrap=True)


@app.command("form")
def form_(
    reference: ProducerArgument,
    form: Annotated[LegalForm, typer.Argument(help="The legal form.")],
    on: OnOption,
    document: DocumentOption,
    registered_on: Annotated[
        str | None, typer.Option("--registered-on", help="The day of the business registration, where there is one.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Record a producer's legal form and business registration; what a rule set allows follows from them."""
    with open_runtime(data) as runtime, runtime.transaction(runtime.business_now()) as work:
        row = find_producer(work.session, reference)
        day = read_day(registered_on) if registered_on else None
        change_form(work, row, form, Change(read_day(on), document), registered_on=day)
        name = row.name
    console.print(f"{name} is on record as {form}", highlight=False, markup=False, soft_wrap=True)


@app.command("transfer")
def transfer_(
    reference: ProducerArgument,
    product: Annotated[str, typer.Option(help="The product's name.")],
    to: Annotated[str, typer.Option(help="The producer who makes it from then on.")],
    on: OnOption,
    document: DocumentOption,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
) -> None:
    """Record that another producer makes a product from a day on: its dossier, duties and links follow.

    Certificates stay as they were issued; whether one is withdrawn or issued anew is the authority's to decide.
    """
    with (
        open_runtime(data) as runtime,
        runtime.transaction(runtime.business_now()) as work,
        refusals_in(language),
    ):
        row, new = find_producer(work.session, reference), find_producer(work.session, to)
        numbers = transfer(work, _product(work.session, row, product), new, Change(read_day(on), document))
        said = f"{product} is made by {new.name} from {read_day(on):%d/%m/%Y}"
    if numbers:
        said += f"; certificate {', '.join(numbers)} names the producer before: issue it anew or withdraw it"
    console.print(said, highlight=False, markup=False, soft_wrap=True)


@app.command("close")
def close_(
    reference: ProducerArgument,
    on: Annotated[str, typer.Option("--on", help="The last day of its business, such as 2027-03-31.")],
    document: DocumentOption,
    data: DataOption = None,
) -> None:
    """Record that a producer has closed, with its last day: open dossiers are withdrawn, renewals no longer asked for.

    Certificates in force are listed: `ocop certificate revoke` withdraws them on a ground of the rule set.
    """
    with open_runtime(data) as runtime, runtime.transaction(runtime.business_now()) as work:
        row = find_producer(work.session, reference)
        dossiers, certificates = close_producer(work, row, Change(read_day(on), document))
        name = row.name
    said = f"{name} has closed; withdrawn: {', '.join(dossiers) or 'no dossier'}; "
    said += f"certificates in force: {', '.join(certificates) or 'none'}"
    console.print(said, highlight=False, markup=False, soft_wrap=True)


def _product(session: Session, producer: Producer, name: str) -> Product:
    products = select(Product).where(col(Product.producer_id) == producer.id).order_by(col(Product.name))
    found = list(session.exec(products))
    chosen = next((each for each in found if each.name == name), None)
    if chosen is None:
        known = "; ".join(each.name for each in found) or "none"
        raise InputError(f"{producer.name[:80]} makes no product called {name[:80]!r}; here are {known}")
    return chosen


def _object(session: Session, row: Producer) -> dict[str, Any]:
    """Return a producer for programs."""
    products = select(Product.name).where(col(Product.producer_id) == row.id).order_by(col(Product.name))
    former = select(FormerName).where(col(FormerName.producer_id) == row.id).order_by(col(FormerName.seq))
    return {
        "id": row.id,
        "name": row.name,
        "unit": row.unit_id,
        "form": row.form,
        "registered_on": row.registered_on.isoformat() if row.registered_on else None,
        "closed_on": row.closed_on.isoformat() if row.closed_on else None,
        "former_names": [f"{each.name} (–{each.until_on:%d/%m/%Y})" for each in session.exec(former)],
        "products": list(session.exec(products)),
        "version": row.version,
    }


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _form(row: dict[str, Any], language: Language) -> str:
    return translate(language, f"producer.form.{row['form']}") if row["form"] else ""

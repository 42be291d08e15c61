"""The command that lists dossiers, and the words that it shares with the one that shows one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from notifications.catalogue import Language, Parameter, has_sentence, translate
from ocop_workflow.cli.choices import check_choice
from ocop_workflow.cli.options import CycleOption, DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import (
    iso,
    natural_order,
    print_json,
    print_table,
    show_instant,
    show_last_day,
)
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.letters import party_name
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.positions import known_positions
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation, Producer, Product
from state_machines.dossier import DossierStatus


@dataclass(frozen=True, slots=True)
class _Row:
    """One dossier with what its line in the list says."""

    dossier: Dossier
    product: Product
    producer: Producer
    due_at: datetime | None
    stage: str
    status: str
    turn: str


def list_dossiers(
    data: DataOption = None,
    cycle: CycleOption = None,
    stage: Annotated[str | None, typer.Option(help="Only those at this stage.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those in this status, such as returned or recognised.")
    ] = None,
    party: Annotated[
        str | None,
        typer.Option(help="Only those on which this position (UNIT/ROLE) or producer:ID owes something now."),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Only those of this unit, or of units in it.")] = None,
    late: Annotated[bool, typer.Option("--late", help="Only those with something overdue.")] = False,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List the dossiers of a cycle with whose move it is and until when."""
    check_choice("status", status, [each.value for each in DossierStatus])
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            book = work.books.of_cycle(work.session, found)
            check_choice("stage", stage, _stages_in(work.session, found, book))
            check_choice("unit", unit, [each.id for each in book.units.units])
            _check_party(work, party)
            chosen = _chosen(work.session, found, book, stage=stage, status=status, party=party, unit=unit)
            rows = [_row(work, found, language, *each) for each in chosen]
    rows = [row for row in rows if not late or (row.due_at is not None and row.due_at <= now)]
    rows.sort(key=lambda row: natural_order(row.dossier.key))
    if as_json:
        print_json([dossier_object(row.dossier, row.product, row.producer, row.due_at) for row in rows])
        return
    _print_list(found, rows, language, now=now)


def dossier_object(row: Dossier, product: Product, producer: Producer, due_at: datetime | None) -> dict[str, object]:
    """Return a dossier for programs."""
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


def stage_title(book: Rulebook, stage_id: str, language: Language) -> str:
    """Return what a stage is called, also one of a rule set that the dossier was moved from."""
    return book.stage_known(stage_id).title.in_language(language)


def status_name(status: str, language: Language) -> str:
    """Return what a status is called where there is little room."""
    short = f"state.{status}.short"
    return translate(language, short if has_sentence(short) else f"state.{status}")


def word(language: Language, name: str) -> str:
    """Return a heading of the tables about dossiers."""
    return translate(language, f"table.{name}")


def _check_party(work: UnitOfWork, party: str | None) -> None:
    if party is not None and not party.startswith(f"{PRODUCER}:"):
        positions = [each for known in known_positions(work.session, work.books).values() for each in known]
        check_choice("position", party, positions, listed="`ocop people template` lists those that are needed")


def _stages_in(session: Session, cycle: Cycle, book: Rulebook) -> list[str]:
    """Return the stages of the cycle's rule set, and those at which dossiers are under another one."""
    present = select(Dossier.stage).where(col(Dossier.cycle_id) == cycle.id).distinct().order_by(col(Dossier.stage))
    return list(dict.fromkeys([*(each.id for each in book.rule_set.route.stages), *session.exec(present)]))


def _chosen(
    session: Session,
    cycle: Cycle,
    book: Rulebook,
    *,
    stage: str | None,
    status: str | None,
    party: str | None,
    unit: str | None,
) -> list[tuple[Dossier, Product, Producer]]:
    query = (
        select(Dossier, Product, Producer)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Product.producer_id))
        .where(col(Dossier.cycle_id) == cycle.id)
    )
    if stage is not None:
        query = query.where(col(Dossier.stage) == stage)
    if status is not None:
        query = query.where(col(Dossier.status) == status)
    if party is not None:
        owed = select(Obligation.subject_id).where(col(Obligation.party) == party, col(Obligation.status) == "open")
        query = query.where(col(Dossier.id).in_(owed))
    found = list(session.exec(query))
    if unit is None:
        return found
    return [row for row in found if book.units.lies_in(row[1].unit_id, unit)]


def _row(
    work: UnitOfWork, cycle: Cycle, language: Language, dossier: Dossier, product: Product, producer: Producer
) -> _Row:
    book = work.books.of_dossier(work.session, cycle, dossier)
    obligations = open_obligations_of(work.session, dossier.id)
    turn = dossier.responsible or ""
    return _Row(
        dossier,
        product,
        producer,
        due_at=obligations[0].due_at if obligations else None,
        stage=stage_title(book, dossier.stage, language),
        status=status_name(dossier.status, language),
        turn=word(language, "any_producer")
        if turn.startswith(f"{PRODUCER}:")
        else party_name(work.session, book, turn, language)
        if turn
        else "",
    )


def _print_list(cycle: Cycle, rows: Sequence[_Row], language: Language, *, now: datetime) -> None:
    """Print the list; where there is little room the producer and the stars are left out."""

    def last_day(row: _Row) -> str:
        late = f" {word(language, 'late')}" if row.due_at is not None and row.due_at <= now else ""
        return show_last_day(row.due_at) + late

    cells = {
        "number": [row.dossier.key.rpartition("/")[2] for row in rows],
        "product": [row.product.name for row in rows],
        "producer": [row.producer.name for row in rows],
        "stage": [row.stage for row in rows],
        "status": [row.status for row in rows],
        "stars": [row.dossier.stars if row.dossier.closed_at else None for row in rows],
        "turn": [row.turn for row in rows],
        "last_day": [last_day(row) for row in rows],
    }
    counted: dict[str, Parameter] = {"count": len(rows), "when": show_instant(now)}
    print_table(
        translate(language, "table.dossiers", {"cycle": cycle.key}),
        [word(language, name) for name in cells],
        zip(*cells.values(), strict=True),
        caption=translate(language, "table.dossiers.count", counted),
        droppable=[word(language, name) for name in ("producer", "stars")],
    )

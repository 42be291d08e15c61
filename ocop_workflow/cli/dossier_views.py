"""Commands that show dossiers: dossier list, show."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from notifications.catalogue import Language, Parameter, has_sentence, translate
from ocop_workflow.cli.choices import check_choice
from ocop_workflow.cli.event_object import event_object
from ocop_workflow.cli.options import CycleOption, DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import (
    console,
    iso,
    natural_order,
    print_json,
    print_table,
    show_instant,
    show_last_day,
)
from ocop_workflow.cli.session_tables import SessionTables
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.closed_acts import ClosedAct, closed_acts
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.dossiers import BY_FLOWS, find_dossier
from ocop_workflow.services.earlier_attempts import Attempt, earlier_attempts
from ocop_workflow.services.eligibility import eligibility_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.letters import act_of, party_name, why_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.positions import known_positions
from ocop_workflow.services.source_labels import source_label, tell_in
from ocop_workflow.services.titles import ground_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.withdrawals import successors_of, withdrawal_reason
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Obligation, Producer, Product
from state_machines.dossier import DossierStatus, DossierTrigger, split_state

ReferenceArgument = Annotated[
    str, typer.Argument(help="The dossier's number (also its last part, such as 18-2-1) or the beginning of its id.")
]


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


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about dossiers."""
    app.command("list")(list_dossiers)
    app.command()(show)


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


def show(
    reference: ReferenceArgument,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show one dossier: where it is, who owes what by when and why, its council's sessions, and what happened."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            row = find_dossier(work.session, reference)
            product = work.session.get_one(Product, row.product_id)
            producer = work.session.get_one(Producer, product.producer_id)
            obligations = open_obligations_of(work.session, row.id)
            events = events_of(work.session, f"dossier:{row.id}")
            book = work.books.of_dossier(work.session, work.session.get_one(Cycle, row.cycle_id), row)
            owed_lines = [_owed_line(work.session, book, row, each, language) for each in obligations]
            sessions = SessionTables(work, book, row, language)
            closed = [_closed_object(each, language) for each in closed_acts(work, row)]
            possible = _open_acts(row, {each["trigger"] for each in closed}, language)
            event_lines = [_event_line(work.session, book, row, each, language) for each in events]
            attempts = earlier_attempts(work, row)
            eligible = eligibility_of(work, row)
            successors = [each.key for each in successors_of(work.session, row)]
    if as_json:
        due_at = obligations[0].due_at if obligations else None
        owed, happened = [_obligation_object(o) for o in obligations], [event_object(e) for e in events]
        earlier = [_attempt_object(each) for each in attempts]
        told = {"obligations": owed, "not_open": closed, "events": happened}
        told |= {"sessions": sessions.objects(), "why": sessions.why}
        standing = {
            "rule_set": book.rule_set.id,
            "earlier_rule_sets": [each.id for each in book.earlier],
            "eligibility": eligible.code.rpartition(".")[2] if eligible else None,
            "successors": successors,
        }
        print_json({**dossier_object(row, product, producer, due_at), **standing, "earlier": earlier, **told})
        return
    console.print(f"{row.key}: {product.name}, {producer.name}", highlight=False, soft_wrap=True)
    place = f"{_stage_title(book, row.stage, language)}: {_status_name(row.status, language)}"
    stars = f", {translate(language, 'page.stars', {'count': row.stars})}" if row.stars and row.closed_at else ""
    console.print(place + stars, highlight=False, soft_wrap=True)
    if eligible is not None:
        said = translate(language, eligible.code, eligible.params)
        console.print(f"{_word(language, 'eligibility')}: {said}", highlight=False, markup=False, soft_wrap=True)
    if successors:
        line = f"{_word(language, 'replaced_by')}: {', '.join(successors)}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for each in attempts:
        said = translate(language, each.told.code, each.told.params)
        console.print(f"{_word(language, 'earlier')} {each.key}: {said}", highlight=False, markup=False, soft_wrap=True)
    columns = [_word(language, name) for name in ("step", "party", "last_day", "why", "source")]
    print_table(_word(language, "owed"), columns, owed_lines, droppable=columns[4:])
    sessions.print_sessions()
    if possible:
        line = f"{_word(language, 'open_now')}: {', '.join(possible)}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    hindered = [(each["act"], each["sentence"]) for each in closed if each["code"] != "refusal.not_open"]
    if hindered:
        columns = [_word(language, name) for name in ("act", "why")]
        print_table(_word(language, "not_open"), columns, hindered)
    columns = [_word(language, name) for name in ("when", "actor", "event", "to", "source")]
    print_table(_word(language, "history"), columns, event_lines, droppable=columns[4:])


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
    level = book.units.unit(unit).level
    return [row for row in found if getattr(book.units.ancestor(row[1].unit_id, level), "id", None) == unit]


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
        stage=_stage_title(book, dossier.stage, language),
        status=_status_name(dossier.status, language),
        turn=_word(language, "any_producer")
        if turn.startswith(f"{PRODUCER}:")
        else party_name(work.session, book, turn, language)
        if turn
        else "",
    )


def _print_list(cycle: Cycle, rows: Sequence[_Row], language: Language, *, now: datetime) -> None:
    """Print the list; where there is little room the producer and the stars are left out."""

    def last_day(row: _Row) -> str:
        late = f" {_word(language, 'late')}" if row.due_at is not None and row.due_at <= now else ""
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
        [_word(language, name) for name in cells],
        zip(*cells.values(), strict=True),
        caption=translate(language, "table.dossiers.count", counted),
        droppable=[_word(language, name) for name in ("producer", "stars")],
    )


def _owed_line(
    session: Session, book: Rulebook, dossier: Dossier, obligation: Obligation, language: Language
) -> tuple[str, ...]:
    act = act_of(book, obligation, dossier)
    why = why_of(obligation.why_code, obligation.why_params, source=obligation.source)
    return (
        translate(language, act.code, act.params),
        party_name(session, book, obligation.party, language),
        show_last_day(obligation.due_at),
        translate(language, why.code, why.params),
        source_label(obligation.source, language),
    )


def _event_line(
    session: Session, book: Rulebook, dossier: Dossier, event: Event, language: Language
) -> tuple[str, ...]:
    known = f"event.{event.action}"
    actor = event.actor
    if "/" in actor or actor.startswith(f"{PRODUCER}:"):
        actor = party_name(session, book, actor, language)
    to = ""
    if event.to_state is not None:
        stage, status = split_state(event.to_state, dossier.stage)
        to = f"{_stage_title(book, stage, language)}: {_status_name(status.value, language)}"
    said = translate(language, known) if has_sentence(known) else event.action.replace("_", " ")
    if event.action == "step_done":
        said += f": {_step_done(book, details_of(event), language)}"
    said += _ground(session, book, event, language)
    return show_instant(event.effective_at), actor, said, to, source_label(event.rule or "", language)


def _ground(session: Session, book: Rulebook, event: Event, language: Language) -> str:
    """Return why an event ended or declined a dossier, as its act gave it; empty for the others."""
    details = details_of(event)
    ground = details.get("ground")
    if not ground:
        return ""
    if event.action == "dossier_withdrawn":
        because = withdrawal_reason(session, details)["because"]
        return f".{because[language.value]}" if isinstance(because, dict) else ""
    title = ground_title(book.rule_set, ground)
    return f": {title if isinstance(title, str) else title[language.value]}"


def _open_acts(dossier: Dossier, closed: Collection[str], language: Language) -> list[str]:
    """Return what people can do to a dossier now; nothing once it has ended."""
    if dossier.closed_at is not None:
        return []
    acts = [each for each in DossierTrigger if each not in (*BY_FLOWS, DossierTrigger.REOPEN)]
    return [translate(language, f"trigger.{each}") for each in acts if each not in closed]


def _closed_object(closed: ClosedAct, language: Language) -> dict[str, str]:
    tell_in(closed.refusal, language)
    return {
        "trigger": closed.trigger.value,
        "act": translate(language, f"trigger.{closed.trigger}"),
        "code": closed.refusal.code,
        "rule": closed.refusal.rule or "",
        "sentence": str(closed.refusal),
    }


def _step_done(book: Rulebook, details: dict[str, str], language: Language) -> str:
    steps = book.stage_known(details["stage"], details["step"]).steps
    title = next(step.title.in_language(language) for step in steps if step.id == details["step"])
    return f"{title} ({details['document']})" if "document" in details else title


def _stage_title(book: Rulebook, stage_id: str, language: Language) -> str:
    return book.stage_known(stage_id).title.in_language(language)


def _status_name(status: str, language: Language) -> str:
    short = f"state.{status}.short"
    return translate(language, short if has_sentence(short) else f"state.{status}")


def _word(language: Language, name: str) -> str:
    return translate(language, f"table.{name}")


def _attempt_object(attempt: Attempt) -> dict[str, object]:
    names = ("key", "product", "kind", "stage", "status", "stars")
    return {name: getattr(attempt, name) for name in names} | {"closed_on": attempt.closed_on.isoformat()}


def _obligation_object(obligation: Obligation) -> dict[str, object]:
    return {
        "step": obligation.step,
        "party": obligation.party,
        "due_at": iso(obligation.due_at),
        "firmness": obligation.firmness,
        "why": {"code": obligation.why_code, **obligation.why_params},
        "source": obligation.source,
    }

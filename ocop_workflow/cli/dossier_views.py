"""The command that shows one dossier."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

import typer
from sqlmodel import Session

from notifications.catalogue import Language, Parameter, has_sentence, translate
from ocop_workflow.cli.dossier_list import dossier_object, list_dossiers, stage_title, status_name, word
from ocop_workflow.cli.event_object import event_object
from ocop_workflow.cli.open_acts import closed_object, print_open_acts
from ocop_workflow.cli.options import DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import (
    console,
    iso,
    print_json,
    print_table,
    show_instant,
    show_last_day,
)
from ocop_workflow.cli.session_tables import SessionTables
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.closed_acts import closed_acts
from ocop_workflow.services.dossiers import BY_FLOWS, find_dossier
from ocop_workflow.services.earlier_attempts import Attempt, earlier_attempts
from ocop_workflow.services.eligibility import eligibility_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.letters import act_of, party_name, why_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.refused_acts import ACT_REFUSED, recorded_refusal
from ocop_workflow.services.source_labels import source_label, tell_in
from ocop_workflow.services.titles import ground_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.withdrawals import successors_of, withdrawal_reason
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Obligation, Producer, Product
from state_machines.dossier import DossierTrigger, split_state

ReferenceArgument = Annotated[
    str, typer.Argument(help="The dossier's number (also its last part, such as 18-2-1) or the beginning of its id.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about dossiers."""
    app.command("list")(list_dossiers)
    app.command()(show)


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
            closed = [
                closed_object(each.trigger, translate(language, f"trigger.{each.trigger}"), each.refusal, language)
                for each in closed_acts(work, row)
            ]
            possible = _open_acts(row, {each["trigger"] for each in closed}, language)
            refused = _refusals(work, events, language)
            event_lines = [_event_line(work.session, book, row, each, refused, language) for each in events]
            attempts = earlier_attempts(work, row)
            eligible = eligibility_of(work, row)
            successors = [each.key for each in successors_of(work.session, row)]
    if as_json:
        due_at = obligations[0].due_at if obligations else None
        owed, happened = [_obligation_object(o) for o in obligations], [_event_object(e, refused) for e in events]
        of_council = {"sessions": sessions.objects(), "why": sessions.why}
        told = {"obligations": owed, "not_open": closed, "events": happened, **of_council}
        standing = {
            "rule_set": book.rule_set.id,
            "earlier_rule_sets": [each.id for each in book.earlier],
            "eligibility": eligible.code.rpartition(".")[2] if eligible else None,
            "successors": successors,
        }
        print_json(
            {
                **dossier_object(row, product, producer, due_at),
                **standing,
                "earlier": [_attempt_object(each) for each in attempts],
                **told,
            }
        )
        return
    console.print(f"{row.key}: {product.name}, {producer.name}", highlight=False, soft_wrap=True)
    place = f"{stage_title(book, row.stage, language)}: {status_name(row.status, language)}"
    stars = f", {translate(language, 'page.stars', {'count': row.stars})}" if row.stars and row.closed_at else ""
    console.print(place + stars, highlight=False, soft_wrap=True)
    if eligible is not None:
        said = translate(language, eligible.code, eligible.params)
        console.print(f"{word(language, 'eligibility')}: {said}", highlight=False, markup=False, soft_wrap=True)
    if successors:
        line = f"{word(language, 'replaced_by')}: {', '.join(successors)}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for each in attempts:
        said = translate(language, each.told.code, each.told.params)
        console.print(f"{word(language, 'earlier')} {each.key}: {said}", highlight=False, markup=False, soft_wrap=True)
    columns = [word(language, name) for name in ("step", "party", "last_day", "why", "source")]
    print_table(word(language, "owed"), columns, owed_lines, droppable=columns[4:])
    sessions.print_sessions()
    hindered = [(each["act"], each["sentence"]) for each in closed if each["code"] != "refusal.not_open"]
    print_open_acts(possible, hindered, language)
    columns = [word(language, name) for name in ("when", "actor", "event", "to", "source")]
    print_table(word(language, "history"), columns, event_lines, droppable=columns[4:])


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
    session: Session, book: Rulebook, dossier: Dossier, event: Event, refused: Mapping[int, str], language: Language
) -> tuple[str, ...]:
    known = f"event.{event.action}"
    actor = event.actor
    if "/" in actor or actor.startswith(f"{PRODUCER}:"):
        actor = party_name(session, book, actor, language)
    to = ""
    if event.to_state is not None:
        stage, status = split_state(event.to_state, dossier.stage)
        to = f"{stage_title(book, stage, language)}: {status_name(status.value, language)}"
    if event.seq in refused:  # the sentence cites the rule
        told: dict[str, Parameter] = {"command": details_of(event)["command"], "sentence": refused[event.seq]}
        return show_instant(event.effective_at), actor, translate(language, known, told), to, ""
    said = translate(language, known) if has_sentence(known) else event.action.replace("_", " ")
    if event.action == "step_done":
        said += f": {_step_done(book, details_of(event), language)}"
    said += _ground(session, book, event, language)
    return show_instant(event.effective_at), actor, said, to, source_label(event.rule or "", language)


def _event_object(event: Event, refused: Mapping[int, str]) -> dict[str, object]:
    return event_object(event) | ({"sentence": refused[event.seq]} if event.seq in refused else {})


def _refusals(work: UnitOfWork, events: Sequence[Event], language: Language) -> dict[int, str]:
    """Return why each refused act was refused, by the event's number; the rule alone where the words were erased."""
    told = {}
    for event in events:
        if event.action != ACT_REFUSED:
            continue
        refusal = recorded_refusal(work, event)
        if refusal is not None:
            tell_in(refusal, language)
        told[event.seq] = str(refusal or event.rule)
    return told


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


def _step_done(book: Rulebook, details: dict[str, str], language: Language) -> str:
    steps = book.stage_known(details["stage"], details["step"]).steps
    title = next(step.title.in_language(language) for step in steps if step.id == details["step"])
    return f"{title} ({details['document']})" if "document" in details else title


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

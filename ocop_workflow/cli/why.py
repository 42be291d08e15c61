"""The command `ocop why`: one deadline explained."""

from typing import Annotated, Any

import typer
from sqlmodel import Session

from notifications.catalogue import Language, Parameter, show_date, show_weekday, translate
from ocop_workflow.cli.calendar_command import why_sentence
from ocop_workflow.cli.options import DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant
from ocop_workflow.clock import last_day_in_time
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.explaining import Explanation, Extended, RungOutcome, explain, find_obligation
from ocop_workflow.services.letters import about_of, act_of, party_name
from ocop_workflow.services.source_labels import source_label
from ocop_workflow.services.titles import rung_title


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(why)


def why(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="The deadline's key, its beginning or end, or the number of a dossier, such as 18-2-1.",
        ),
    ],
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Explain one deadline: what the plan says, how the day was reckoned, who moved it, what its ladder did or will do.

    Days are the last days in time. Nothing is changed.
    """
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        explained = explain(work, find_obligation(work.session, reference))
        if as_json:
            print_json(_object(explained))
        else:
            _print(work.session, explained, language)


def _object(explained: Explanation) -> dict[str, Any]:
    obligation = explained.obligation
    return {
        "key": obligation.key,
        "kind": obligation.kind,
        "party": obligation.party,
        "status": obligation.status,
        "opens_at": iso(obligation.opens_at),
        "due_at": iso(obligation.due_at),
        "last_day": last_day_in_time(obligation.due_at) if obligation.due_at else None,
        "firmness": obligation.firmness,
        "origin": obligation.origin,
        "written": explained.written,
        "why": why_sentence(explained.due),
        "reckoning": obligation.why_params,
        "days_off_skipped": [day.isoformat() for day in explained.skipped],
        "source": obligation.source,
        "deadline_version": obligation.deadline_version,
        "extensions": [
            {
                "by": each.by,
                "at": iso(each.at),
                "reason": each.reason,
                "decision": each.decision,
                "due_before": iso(each.due_before),
                "due_after": iso(each.due_after),
            }
            for each in explained.extensions
        ],
        "rungs": [
            {
                "rung": each.rung,
                "deadline_version": each.version,
                "at": iso(each.at),
                "recipient": each.recipient,
                "outcome": each.outcome,
                "reason": each.reason,
                "sent_at": iso(each.sent_at),
            }
            for each in explained.rungs
        ],
    }


def _print(session: Session, explained: Explanation, language: Language) -> None:
    obligation, book = explained.obligation, explained.book

    def say(code: str, **params: Parameter) -> str:
        return translate(language, f"explain.{code}", params)

    def line(code: str, text: str) -> None:
        console.print(f"  {say(code)}: {text}", highlight=False, markup=False, soft_wrap=True)

    asked = act_of(book, obligation, explained.subject)
    act = translate(language, asked.code, asked.params)
    about = about_of(session, book, explained.subject, language)
    console.print(f"{act}: {about}", style="bold", highlight=False, markup=False, soft_wrap=True)
    line("key", obligation.key)
    line("party", party_name(session, book, obligation.party, language))
    if obligation.due_at is not None:
        last_day = last_day_in_time(obligation.due_at)
        line("last_day", f"{show_weekday(language, last_day)} {show_date(last_day)}")
    line("written", f"{explained.written or '–'} ({source_label(obligation.source, language)})")
    line("reckoned", why_sentence(explained.due, language))
    if explained.skipped:
        line("skipped", ", ".join(show_date(day) for day in explained.skipped))
    for offer in explained.offered:
        line("offered", translate(language, offer.code, offer.params))
    line("origin", say(f"origin.{obligation.origin}"))
    if explained.extensions:
        print_table(
            say("extensions"),
            tuple(say(code) for code in ("when", "by", "from", "to", "decision", "reason")),
            [_extension_row(each, session, explained, language) for each in explained.extensions],
        )
    if explained.rungs:
        print_table(
            say("ladder"),
            tuple(say(code) for code in ("when", "rung", "to_whom", "outcome")),
            [_rung_row(each, session, explained, language) for each in explained.rungs],
        )
    else:
        console.print(f"  {say('no_ladder')}", highlight=False)


def _extension_row(
    each: Extended, session: Session, explained: Explanation, language: Language
) -> tuple[str | None, ...]:
    return (
        show_instant(each.at),
        party_name(session, explained.book, each.by, language),
        show_date(last_day_in_time(each.due_before)) if each.due_before else "–",
        show_date(last_day_in_time(each.due_after)),
        each.decision,
        each.reason,
    )


def _rung_row(each: RungOutcome, session: Session, explained: Explanation, language: Language) -> tuple[str, ...]:
    known = "/" in each.recipient or each.recipient.startswith(f"{PRODUCER}:")
    outcome = translate(language, f"explain.outcome.{each.outcome}")
    if each.reason is not None:
        outcome = f"{outcome}: {translate(language, f'reason.{each.reason}')}"
    if each.sent_at is not None:
        outcome = f"{outcome}, {show_instant(each.sent_at)}"
    return (
        show_instant(each.at),
        rung_title(each.rung)[language.value],
        party_name(session, explained.book, each.recipient, language) if known else each.recipient,
        outcome,
    )

"""Commands about certificates: certificate issue, list, show, revoke, import."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from notifications.catalogue import Language, has_sentence, translate
from ocop_workflow.cli import certificate_checks
from ocop_workflow.cli.actor_names import actor_name
from ocop_workflow.cli.choices import check_choice
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.event_object import event_object
from ocop_workflow.cli.open_acts import closed_object, print_open_acts
from ocop_workflow.cli.options import AtOption, DataOption, JsonOption, LanguageOption, read_day, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.clock import last_day_in_time, local_day, start_of_day
from ocop_workflow.config_files import InvalidFilesError
from ocop_workflow.config_files.certificates import COLUMNS, load_certificates
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.certificate_acts import Issue, Revocation, issue_certificate, revoke
from ocop_workflow.services.certificate_facts import certificate_case, find_certificate
from ocop_workflow.services.certificate_lists import CertificateVerdict, import_certificates, judge_certificates
from ocop_workflow.services.closed_certificate_acts import CertificateAct, closed_certificate_acts
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.producer_register import name_of_holder
from ocop_workflow.services.product_lists import Verdict
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Event
from state_machines.certificate import IN_FORCE, CertificateStatus

app = command_group()

ISSUE = "certificate issue"
"""By which name a refused issue stands on the dossier's record."""

NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="The certificate's number.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="Who acts: a position UNIT/ROLE of the authority.", show_default="the office recording it"
    ),
]


certificate_checks.register(app)


@app.callback()
def certificate() -> None:
    """Issue certificates, see which expire, withdraw them."""


@app.command()
def issue(
    reference: ReferenceArgument,
    number: Annotated[str, typer.Option(help="The certificate's number, unique in the office.")],
    decision: Annotated[str, typer.Option(help="The number of the recognition decision.")],
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record the certificate of a recognised dossier; an earlier one of the product ends with its issue.

    The day of --at is the day of issue. How long it is valid follows from the dossier's rule set, who recognises from
    its stars.
    """
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, ISSUE) as trying:
        moment = runtime.moment_of_act(read_instant(at))
        issued_on = local_day(moment.effective_at or moment.now)
        with runtime.transaction(moment.now) as work:
            dossier = find_dossier(work.session, reference)
            who = actor or work.session.get_one(Cycle, dossier.cycle_id).office_position
            trying.by(who, dossier)
            issued = issue_certificate(work, dossier, Issue(number, decision, issued_on, who))
            last_valid = last_day_in_time(issued.expires_at)
    console.print(
        f"certificate {number} with {issued.stars} stars is valid until {last_valid:%d/%m/%Y}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@app.command("list")
def list_certificates(
    data: DataOption = None,
    expiring_before: Annotated[
        str | None,
        typer.Option("--expiring-before", help="Only those in force that end before this day."),
    ] = None,
    status: Annotated[str | None, typer.Option(help="Only those in this status, such as renewal_due.")] = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List certificates by their last valid day, with the days on which a renewal can be submitted."""
    check_choice("status", status, [each.value for each in CertificateStatus])
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            query = select(Certificate).order_by(col(Certificate.expires_at), col(Certificate.number))
            if expiring_before is not None:
                query = query.where(col(Certificate.expires_at) <= start_of_day(read_day(expiring_before)))
            rows = [_object(work, row) for row in work.session.exec(query)]
    wanted = set(IN_FORCE) if expiring_before is not None else set(CertificateStatus)
    rows = [row for row in rows if row["status"] in wanted and status in (None, row["status"])]
    if as_json:
        print_json(rows)
        return
    _print_list(rows, language)


@app.command()
def show(
    number: NumberArgument, data: DataOption = None, language: LanguageOption = Language.EN, as_json: JsonOption = False
) -> None:
    """Show one certificate: its term, what can be done with it now, what not and why, and everything that happened."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            row = find_certificate(work.session, number)
            shown = _object(work, row)
            events = events_of(work.session, f"certificate:{row.id}")
            lines = [_event_line(work, row, event, language) for event in events]
            refused = closed_certificate_acts(work, row)
    titles = {act: translate(language, f"certificate.act.{act}") for act in CertificateAct}
    closed = [closed_object(act, titles[act], refusal, language) for act, refusal in refused.items()]
    if as_json:
        print_json({**shown, "not_open": closed, "events": [event_object(event) for event in events]})
        return
    state = translate(language, f"certificate.state.{shown['status']}")
    console.print(f"{number}: {shown['product']}, {shown['producer']}", highlight=False, markup=False, soft_wrap=True)
    term = f"{row.stars}★, {_shown(shown['issued_on'])} – {_shown(shown['last_valid_on'])}: {state}"
    console.print(term, highlight=False, markup=False, soft_wrap=True)
    possible = [title for act, title in titles.items() if act not in refused]
    print_open_acts(possible, [(each["act"], each["sentence"]) for each in closed], language)
    columns = [translate(language, f"table.{name}") for name in ("when", "actor", "event", "to")]
    print_table(translate(language, "table.history"), columns, lines)


@app.command("revoke")
def revoke_(
    number: NumberArgument,
    ground: Annotated[str, typer.Option(help="One of the rule set's grounds of withdrawal, by its id.")],
    decision: Annotated[str, typer.Option(help="The number of the decision.")],
    found_on: Annotated[str, typer.Option("--found-on", help="The day of the authority's finding.")],
    overrun: Annotated[
        str | None, typer.Option(help="Why the term since the finding was overrun; kept with the act, can be erased.")
    ] = None,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Withdraw a certificate; the day of --at is that of the decision.

    An overrun of the term since the finding is recorded, never refused.
    """
    with open_runtime(data) as runtime, refusals_in(language):
        moment = runtime.moment_of_act(read_instant(at))
        decided_on = local_day(moment.effective_at or moment.now)
        with runtime.transaction(moment.now) as work:
            row = find_certificate(work.session, number)
            case = certificate_case(work.session, work.books, row)
            who = actor or case.cycle.office_position
            late = revoke(work, row, Revocation(ground, decision, read_day(found_on), decided_on, who, overrun))
    console.print(f"certificate {number} is withdrawn from {decided_on:%d/%m/%Y}", highlight=False, soft_wrap=True)
    if late:
        why = "" if overrun else "; its reason was not given (--overrun)"
        console.print(f"the term since the finding was overrun by {late} days{why}", highlight=False, soft_wrap=True)


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help=f"A CSV file in UTF-8 with the columns {','.join(COLUMNS)}.")],
    data: DataOption = None,
    office: Annotated[
        str | None, typer.Option(help="The office's unit; needed when several offices have cycles here.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import certificates that were issued before, with a verdict on every row; all of them or none.

    `unit` is the producer's unit by its id, `expires_on` the last valid day (by the rule set's months where empty). New
    products and producers are registered. What is there already stays as it is. With one refused row nothing is
    written, and the exit code is 2.
    """
    try:
        listed = load_certificates(file)
    except InvalidFilesError as error:
        if not as_json:
            raise
        faults = [{"line": f.line, "number": None, "verdict": "refused", "reason": f.sentence} for f in error.faults]
        print_json({"dry_run": dry_run, "entered": 0, "rows": faults})
        raise typer.Exit(error.exit_code) from error
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            office_id, position = _office(work, office)
            verdicts = judge_certificates(work, office_id, listed)
        refused = sum(each.verdict is Verdict.REFUSED for each in verdicts)
        if not (dry_run or refused):
            with runtime.transaction(now) as work:
                verdicts = import_certificates(work, office_id, listed, actor=position)
    _report(verdicts, refused=refused, dry_run=dry_run, as_json=as_json)
    if refused:
        raise typer.Exit(InputError.exit_code)


def _print_list(rows: Sequence[dict[str, object]], language: Language) -> None:
    """Print the list; where there is little room, producer, unit and the window's first day are left out."""
    cells = {
        "number": [row["number"] for row in rows],
        "product": [row["product"] for row in rows],
        "producer": [row["producer"] for row in rows],
        "unit": [row["unit"] for row in rows],
        "stars": [row["stars"] for row in rows],
        "status": [translate(language, f"certificate.state.{row['status']}") for row in rows],
        "last_valid_day": [_shown(row["last_valid_on"]) for row in rows],
        "renewal_from": [_shown(row["renewal_opens_on"]) for row in rows],
        "renewal_by": [_shown(row["renewal_last_on"]) for row in rows],
    }
    titles = {name: translate(language, f"table.{name}") for name in cells}
    print_table(
        translate(language, "table.certificates"),
        list(titles.values()),
        zip(*cells.values(), strict=True),
        caption=translate(language, "table.certificates.count", {"count": len(rows)}),
        droppable=[titles[name] for name in ("producer", "unit", "renewal_from")],
    )


def _report(verdicts: Sequence[CertificateVerdict], *, refused: int, dry_run: bool, as_json: bool) -> None:
    new = sum(each.verdict is Verdict.NEW for each in verdicts)
    entered = 0 if dry_run or refused else new
    rows = [(each.row.line, each.row.number, each.verdict.value, each.reason) for each in verdicts]
    names = ("line", "number", "verdict", "reason")
    if as_json:
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        print_json({"dry_run": dry_run, "entered": entered, "rows": objects})
        return
    print_table("Certificates", names, rows)
    outcome = f"{entered} certificates entered" if entered or not (dry_run or refused) else "nothing written"
    present = len(verdicts) - new - refused
    console.print(f"{new} new, {present} already there, {refused} refused: {outcome}.", highlight=False)


def _office(work: UnitOfWork, unit: str | None) -> tuple[str, str]:
    """Return unit and position of the office meant: the one named, or the only one that has cycles here."""
    offices = {cycle.office_id: cycle.office_position for cycle in cycles_of(work.session)}
    if not offices:
        raise InputError("no cycle is open; run `ocop cycle open PLAN --year YEAR` first")
    check_choice("office", unit, offices)
    if unit is None and len(offices) > 1:
        raise InputError(f"several offices are here ({', '.join(offices)}); name one with --office")
    chosen = unit or next(iter(offices))
    return chosen, offices[chosen]


def _object(work: UnitOfWork, row: Certificate) -> dict[str, object]:
    """Return a certificate for programs; days as ISO days, the producer as it was called when it was issued."""
    case = certificate_case(work.session, work.books, row)
    window, standing = case.window, case.standing(work.now)
    return {
        "number": row.number,
        "product": case.product.name,
        "producer": name_of_holder(work.session, case.product, row.issued_on),
        "unit": case.product.unit_id,
        "stars": row.stars,
        "authority": row.authority,
        "decision": row.decision,
        "issued_on": row.issued_on.isoformat(),
        "last_valid_on": last_day_in_time(row.expires_at).isoformat(),
        "renewal_opens_on": local_day(window.opens_at).isoformat() if window else None,
        "renewal_last_on": last_day_in_time(window.closes_at).isoformat() if window else None,
        "renewal_dossier": case.renewal.key if case.renewal else None,
        "status": standing.status.value,
        "since": iso(standing.at),
    }


def _event_line(work: UnitOfWork, certificate: Certificate, event: Event, language: Language) -> tuple[str, ...]:
    code = f"event.{event.action}"
    said = translate(language, code) if has_sentence(code) else event.action.replace("_", " ")
    found = certificate_checks.finding_title(work, certificate, details_of(event).get("finding"), language)
    said += f": {found}" if found else ""
    to = translate(language, f"certificate.state.{event.to_state}") if event.to_state else ""
    return show_instant(event.effective_at), actor_name(work, event.actor, language), said, to


def _shown(day: object) -> str:
    return f"{date.fromisoformat(day):%d/%m/%Y}" if isinstance(day, str) else "–"

"""The commands `ocop certificate check` and `ocop certificate checks`: looking after what was recognised."""

from typing import Annotated

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.options import DataOption, JsonOption, LanguageOption, read_day
from ocop_workflow.cli.output import console, print_json, print_table
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in
from ocop_workflow.clock import local_day
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.certificate_checks import (
    Check,
    Checked,
    checks_of,
    grounds_of,
    record_check,
    year_of_checks,
)
from ocop_workflow.services.certificate_facts import certificate_case, find_certificate
from ocop_workflow.services.health import watched_offices
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about certificates."""
    app.command()(check)
    app.command()(checks)


def check(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The certificate's number.")],
    document: Annotated[str, typer.Option(help="The number of the minutes or of the conclusion.")],
    on: Annotated[str | None, typer.Option(help="The day of the check.", show_default="today")] = None,
    finding: Annotated[
        str | None,
        typer.Option(help="One of the rule set's grounds of withdrawal, by its id.", show_default="nothing found"),
    ] = None,
    note: Annotated[str | None, typer.Option(help="What was seen; kept with the act, can be erased.")] = None,
    data: DataOption = None,
    actor: Annotated[
        str | None, typer.Option("--as", help="Who acts: a position UNIT/ROLE.", show_default="the office recording it")
    ] = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record a check of a recognised product.

    With a finding the authority is asked for the withdrawal within the regulation's term; `certificate revoke` settles
    it, and so does a later check that finds nothing.
    """
    with open_runtime(data) as runtime, refusals_in(language):
        now = runtime.business_now()
        held_on = read_day(on) if on else local_day(now)
        with runtime.transaction(now) as work:
            row = find_certificate(work.session, number)
            who = actor or certificate_case(work.session, work.books, row).cycle.office_position
            record_check(work, row, Check(document, held_on, who, finding, note))
    said = f"found {finding}; withdraw it with `ocop certificate revoke`" if finding else "nothing was found"
    console.print(f"certificate {number} was checked on {held_on:%d/%m/%Y}: {said}", highlight=False, soft_wrap=True)


def checks(
    year: Annotated[int | None, typer.Option(help="The year.", show_default="that of the office's cycle")] = None,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List the certificates in force with their latest check in a year, those without one first."""
    found: list[Checked] = []
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        for office in watched_offices(work.session):
            found += checks_of(work, office, year=year or year_of_checks(work, office))
        findings = [finding_title(work, each.certificate, each.finding, language) for each in found]
    done = sum(each.last_on is not None for each in found)
    if as_json:
        rows = [
            {
                "number": each.certificate.number,
                "product": each.product.name,
                "unit": each.product.unit_id,
                "checked_on": each.last_on.isoformat() if each.last_on else None,
                "finding": each.finding,
            }
            for each in found
        ]
        print_json({"checked": done, "in_force": len(found), "certificates": rows})
        return
    print_table(
        translate(language, "table.checks"),
        [translate(language, f"table.{name}") for name in ("number", "product", "unit", "checked", "finding")],
        (
            (
                each.certificate.number,
                each.product.name,
                each.product.unit_id,
                f"{each.last_on:%d/%m/%Y}" if each.last_on else "–",
                finding,
            )
            for each, finding in zip(found, findings, strict=True)
        ),
        caption=translate(language, "table.checks.count", {"done": done, "all": len(found)}),
    )


def finding_title(work: UnitOfWork, certificate: Certificate, finding: str | None, language: Language) -> str:
    """Return a check's finding as people read it; empty where nothing was found."""
    if finding is None:
        return ""
    grounds = grounds_of(work, certificate_case(work.session, work.books, certificate))
    return next((each.title.in_language(language) for each in grounds if each.id == finding), finding)

"""Commands of the receiving side: report accept, return, excuse; and the link by which a unit files its report."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ocop_workflow.cli.options import CycleOption, DataOption, end_of_day
from ocop_workflow.cli.output import console
from ocop_workflow.cli.report_reference import ReportArgument, find_report
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.links import links_of, reissue_link, revoke_link, token_of
from ocop_workflow.services.report_review import accept_report, excuse_report, return_report
from ocop_workflow.services.reports import ensure_link
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Report

ReasonOption = Annotated[str, typer.Option("--reason", help="Why, as the unit is to read it.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about reports."""
    app.command()(accept)
    app.command("return")(return_)
    app.command()(excuse)
    app.command()(link)


def accept(report: ReportArgument, data: DataOption = None, cycle: CycleOption = None) -> None:
    """Accept a report as it is; from then on nobody changes it."""
    with _found(data, cycle, report) as (_, work, found, row):
        accept_report(work, row, actor=found.office_position)


def return_(
    report: ReportArgument,
    by: Annotated[str, typer.Option("--by", help="The last day to correct it, such as 2018-04-06 or 06/04/2018.")],
    reason: ReasonOption,
    data: DataOption = None,
    cycle: CycleOption = None,
) -> None:
    """Return a report for correction by a day of its own; the unit is told at once and owes it anew."""
    with _found(data, cycle, report) as (_, work, found, row):
        return_report(work, row, actor=found.office_position, reason=reason, correct_by_at=end_of_day(by))


def excuse(report: ReportArgument, reason: ReasonOption, data: DataOption = None, cycle: CycleOption = None) -> None:
    """Do without a report that has not come; it is neither owed nor late."""
    with _found(data, cycle, report) as (_, work, found, row):
        excuse_report(work, row, actor=found.office_position, reason=reason)


def link(
    report: ReportArgument,
    data: DataOption = None,
    cycle: CycleOption = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Make the link stop working, at once.")] = False,
    reissue: Annotated[bool, typer.Option("--reissue", help="Make a new link; the old one stops working.")] = False,
) -> None:
    """Print the link by which a unit sends its report, to be passed on by other ways than mail.

    Whoever has the link can send the report for the unit. A link that was revoked or has expired can be issued anew.
    """
    if revoke and reissue:
        raise InputError("give --revoke or --reissue, not both; a new link makes the old one stop working")
    with _found(data, cycle, report, quiet=True) as (runtime, work, found, row):
        ensure_link(work, row, actor=found.office_position)
        issued = links_of(work.session, row.id)[-1]
        if revoke:
            revoke_link(work, issued, actor=found.office_position)
        elif reissue:
            reissue_link(work, issued, actor=found.office_position)
        elif issued.revoked_at is not None or work.now >= issued.expires_at:
            raise InputError("this link was revoked or has expired; --reissue makes a new one")
        address = f"{runtime.settings.base_url.rstrip('/')}/s/{token_of(issued, runtime.link_keys)}"
    if revoke:
        console.print("the link is revoked; --reissue makes a new one", highlight=False)
    else:
        console.print(address, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _found(
    data: Path | None, cycle: str | None, reference: str, *, quiet: bool = False
) -> Generator[tuple[Runtime, UnitOfWork, Cycle, Report], None, None]:
    """Open a transaction with the report of a reference; say at the end how the report stands."""
    with open_runtime(data) as runtime:
        with runtime.transaction(runtime.business_now()) as work:
            found = find_cycle(work.session, cycle)
            row = find_report(work.session, found, reference)
            yield runtime, work, found, row
        if not quiet:
            console.print(f"{row.duty_id} {row.period_id} of {row.unit_id} is {row.status}", highlight=False)

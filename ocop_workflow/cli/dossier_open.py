"""The command `ocop dossier open`: the dossier that renews a certificate."""

from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli.options import AtOption, DataOption, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.certificate_facts import cycle_of_the_day, find_certificate
from ocop_workflow.services.renewals import open_renewal
from ocop_workflow.storage.tables import Cycle


def register(app: typer.Typer) -> None:
    """Add this module's command to those about dossiers."""
    app.command("open")(open_)


def open_(
    renewal: Annotated[str, typer.Option(metavar="CERTIFICATE", help="The number of the certificate to renew.")],
    criteria_set: Annotated[
        int | None,
        typer.Option(
            "--criteria-set",
            metavar="SET",
            help="The criteria set on which the product is scored now.",
            show_default="the one that is its group",
        ),
    ] = None,
    data: DataOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Open the dossier that renews a certificate; it belongs to the certificate and to no round.

    Whether it is in time is decided by its submission. Products of a round come with `ocop products import`.
    """
    with open_runtime(data) as runtime, refusals_in(language):
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            certificate = find_certificate(work.session, renewal)
            office = cycle_of_the_day(work.session, certificate.office_id).office_position
            dossier = open_renewal(
                work, certificate, actor=office, effective_at=moment.effective_at, criteria_set=criteria_set
            )
            book = work.books.of_dossier(work.session, work.session.get_one(Cycle, dossier.cycle_id), dossier)
            key, number, has_sets = dossier.key, dossier.criteria_set, bool(book.criteria)
    console.print(f"{key} is open; certificate {renewal} is being renewed", highlight=False, markup=False)
    if number is not None:
        console.print(f"it is scored on criteria set {number} of {book.rule_set.id}", highlight=False, markup=False)
    elif has_sets:
        remedy = f"name its criteria set before the council begins: `ocop dossier scores criteria {key} SET`"
        console.print(remedy, highlight=False, markup=False, soft_wrap=True)

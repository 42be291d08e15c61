"""The command `ocop dossier open`: the dossier that renews a certificate."""

from typing import Annotated

import typer

from ocop_workflow.cli.options import AtOption, DataOption, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.certificate_facts import cycle_of_the_day, find_certificate
from ocop_workflow.services.renewals import open_renewal


def register(app: typer.Typer) -> None:
    """Add this module's command to those about dossiers."""
    app.command("open")(open_)


def open_(
    renewal: Annotated[str, typer.Option(metavar="CERTIFICATE", help="The number of the certificate to renew.")],
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Open the dossier that renews a certificate; it belongs to the certificate and to no round.

    Whether it is in time is decided by its submission. Products of a round come with `ocop products import`.
    """
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            certificate = find_certificate(work.session, renewal)
            office = cycle_of_the_day(work.session, certificate.office_id).office_position
            dossier = open_renewal(work, certificate, actor=office, effective_at=moment.effective_at)
            key = dossier.key
    console.print(f"{key} is open; certificate {renewal} is being renewed", highlight=False, markup=False)

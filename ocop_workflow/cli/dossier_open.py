"""The command `ocop dossier open`: the dossier that renews a certificate, or that is to give more stars."""

from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli.options import AtOption, DataOption, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.certificate_facts import cycle_of_the_day, find_certificate
from ocop_workflow.services.renewals import open_renewal
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.upgrades import open_upgrade
from ocop_workflow.storage.tables import Cycle, Dossier


def register(app: typer.Typer) -> None:
    """Add this module's command to those about dossiers."""
    app.command("open")(open_)


def open_(
    renewal: Annotated[
        str | None, typer.Option(metavar="CERTIFICATE", help="The number of the certificate to renew.")
    ] = None,
    upgrade: Annotated[
        str | None, typer.Option(metavar="CERTIFICATE", help="The number of the certificate to better by a star.")
    ] = None,
    round_id: Annotated[
        str | None,
        typer.Option("--round", help="Into which round an upgrade goes.", show_default="the earliest not over"),
    ] = None,
    criteria_set: Annotated[
        int | None,
        typer.Option(
            "--criteria-set",
            metavar="SET",
            help="The criteria set on which a renewed product is scored now.",
            show_default="the one that is its group",
        ),
    ] = None,
    data: DataOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Open the dossier that renews a certificate, or one for a higher star; give --renewal or --upgrade.

    A renewal belongs to its certificate and to no round; whether it is in time is decided by its submission. An upgrade
    belongs to a round; the certificate stays as it is until one with more stars is issued. Products that are assessed
    for the first time come with `ocop products import`.
    """
    number = renewal or upgrade
    if number is None or (renewal is not None and upgrade is not None):
        raise InputError("what is to be opened? give --renewal CERTIFICATE or --upgrade CERTIFICATE")
    if renewal is not None and round_id is not None:
        raise InputError("a renewal belongs to its certificate and to no round; leave out --round")
    if upgrade is not None and criteria_set is not None:
        raise InputError("an upgrade is named its set by `ocop dossier scores criteria`; leave out --criteria-set")
    with open_runtime(data) as runtime, refusals_in(language):
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            certificate = find_certificate(work.session, number)
            office = cycle_of_the_day(work.session, certificate.office_id).office_position
            if renewal is not None:
                dossier = open_renewal(
                    work, certificate, actor=office, effective_at=moment.effective_at, criteria_set=criteria_set
                )
                said = f"{dossier.key} is open; certificate {number} is being renewed"
            else:
                dossier = open_upgrade(
                    work, certificate, actor=office, round_id=round_id, effective_at=moment.effective_at
                )
                said = f"{dossier.key} is open; certificate {number} stays as it is until one with more stars is issued"
            scored_on = _criteria_line(work, dossier)
    for line in filter(None, (said, scored_on)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _criteria_line(work: UnitOfWork, dossier: Dossier) -> str | None:
    """Return on which criteria set a dossier is scored, or that one must be named; None without any sets."""
    book = work.books.of_dossier(work.session, work.session.get_one(Cycle, dossier.cycle_id), dossier)
    if dossier.criteria_set is not None:
        return f"it is scored on criteria set {dossier.criteria_set} of {book.rule_set.id}"
    remedy = f"name its criteria set before the council begins: `ocop dossier scores criteria {dossier.key} SET`"
    return remedy if book.criteria else None

"""The command `ocop dossier code`: a product's code, as it stands on the score sheets."""

from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import DataOption
from ocop_workflow.cli.output import console
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.product_codes import assign_code
from ocop_workflow.storage.tables import Cycle


def register(app: typer.Typer) -> None:
    """Add this module's command to those about dossiers."""
    app.command()(code)


def code(
    reference: ReferenceArgument,
    serial: Annotated[
        int | None, typer.Option(help="The serial number that the commune gave.", show_default="its next one")
    ] = None,
    data: DataOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Give the product its code before it is scored, where the rule set asks for one; it is never given anew."""
    with (
        open_runtime(data) as runtime,
        refusals_in(language),
        refusals_on_record(runtime, "dossier code") as trying,
        runtime.transaction(runtime.business_now()) as work,
    ):
        dossier = find_dossier(work.session, reference)
        office = work.session.get_one(Cycle, dossier.cycle_id).office_position
        trying.by(office, dossier)
        given = assign_code(work, dossier, actor=office, serial=serial).code
    console.print(given, highlight=False, markup=False)

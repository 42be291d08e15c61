"""The commands `ocop dossier split` and `ocop dossier merge`: ideas that become several products, or one."""

from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AtOption, DataOption, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.dossier_successions import Decree, merge, split
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.storage.tables import Cycle

DocumentOption = Annotated[str, typer.Option(help="The number of the document that it rests on.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about dossiers."""
    app.command("split")(split_)
    app.command("merge")(merge_)


def split_(
    reference: ReferenceArgument,
    into: Annotated[list[str], typer.Option(help="The name of a product; give it once for each.")],
    document: DocumentOption,
    data: DataOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Split an idea into several products, each with a dossier of its own at the same stage; the idea's dossier ends.

    Only before anything is judged: once handed in to a council or an assessment, an idea stays whole.
    """
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, "dossier split") as trying:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            row = find_dossier(work.session, reference)
            office = work.session.get_one(Cycle, row.cycle_id).office_position
            trying.by(office, row)
            new = split(work, row, into, Decree(office, document, moment.effective_at))
            said = f"{row.key} has ended; in its place are {', '.join(each.key for each in new)}"
    console.print(said, highlight=False, markup=False, soft_wrap=True)


def merge_(
    references: Annotated[list[str], typer.Argument(metavar="REFERENCE...", help="The dossiers' numbers.")],
    into: Annotated[str, typer.Option(help="The name of the product.")],
    document: DocumentOption,
    data: DataOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Merge several ideas of one producer into one product with one dossier; the ideas' dossiers end."""
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, "dossier merge") as trying:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            rows = [find_dossier(work.session, reference) for reference in references]
            office = work.session.get_one(Cycle, rows[0].cycle_id).office_position
            trying.by(office, rows[0])
            new = merge(work, rows, into, Decree(office, document, moment.effective_at))
            said = f"{', '.join(row.key for row in rows)} have ended; in their place is {new.key}"
    console.print(said, highlight=False, markup=False, soft_wrap=True)

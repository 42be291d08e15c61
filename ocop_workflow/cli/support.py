"""Commands about support for recognised products: support list, give."""

from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.support import give_support, support_given
from ocop_workflow.storage.tables import Cycle

app = typer.Typer(
    help="See which support was given, and record it; each content once.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def support() -> None:
    """See which support from the state's budget was given for recognised products, and record it."""


@app.command("list")
def list_support(data: DataOption = None, cycle: CycleOption = None, as_json: JsonOption = False) -> None:
    """List what was given in a cycle."""
    with open_runtime(data) as runtime, runtime.database.reading() as session:
        found = find_cycle(session, cycle)
        rows = support_given(session, found)
    if as_json:
        print_json(
            [
                {"item": s.item_id, "dossier": d.key, "given_at": iso(s.given_at), "document": s.document}
                for s, d in rows
            ]
        )
        return
    print_table(
        f"Support of {found.key}",
        ("item", "dossier", "given", "document"),
        ((s.item_id, d.key.rpartition("/")[2], show_instant(s.given_at), s.document) for s, d in rows),
    )


@app.command()
def give(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The support item's id in the plan.")],
    reference: ReferenceArgument,
    document: Annotated[str, typer.Option(help="The number of the document that gives it.")],
    data: DataOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record that a producer was given one support item; refused a second time, or below the stars that it asks for."""
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, "support give") as trying:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            dossier = find_dossier(work.session, reference)
            office = work.session.get_one(Cycle, dossier.cycle_id).office_position
            trying.by(office, dossier)
            given = give_support(work, dossier, item, actor=office, document=document, effective_at=moment.effective_at)
    console.print(f"{given.item_id} was given for {dossier.key}", highlight=False)

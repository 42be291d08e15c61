"""Commands about support for recognised products: support list, give."""

from typing import Annotated

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_day, titles_of
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.support import give_support, support_given
from ocop_workflow.storage.tables import Cycle

app = command_group()


@app.callback()
def support() -> None:
    """See which support from the state's budget was given for recognised products, and record it; each item once."""


@app.command("list")
def list_support(
    data: DataOption = None,
    cycle: CycleOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List what was given in a cycle."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        found = find_cycle(work.session, cycle)
        rows = support_given(work.session, found)
        plan = work.books.of_cycle(work.session, found).plan
    if as_json:
        print_json(
            [
                {"item": s.item_id, "dossier": d.key, "given_at": iso(s.given_at), "document": s.document}
                for s, d in rows
            ]
        )
        return
    titles = {item.id: item.title.in_language(language) for item in plan.support}
    print_table(
        translate(language, "table.support", {"cycle": found.key}),
        titles_of(("item", "what", "dossier", "given", "document"), language),
        (
            (
                each.item_id,
                titles.get(each.item_id),
                dossier.key.rpartition("/")[2],
                show_day(each.given_at),
                each.document,
            )
            for each, dossier in rows
        ),
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

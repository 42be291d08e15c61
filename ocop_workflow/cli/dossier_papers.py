"""The commands `ocop dossier papers` and `ocop dossier paper`: the checklist of a dossier."""

from typing import TYPE_CHECKING, Annotated

import typer

from notifications.catalogue import Language, show_date, translate
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AtOption, DataOption, JsonOption, LanguageOption, read_day, read_instant
from ocop_workflow.cli.output import console, print_json, print_table
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.errors import InputError
from ocop_workflow.policy.papers import PaperOnFile, PaperState
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.papers import checklist_of, record_paper
from ocop_workflow.storage.tables import Cycle

if TYPE_CHECKING:
    from datetime import date

OPEN_STATES = (PaperState.UNCHECKED, PaperState.MISSING, PaperState.EXPIRED)


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about dossiers."""
    app.command()(papers)
    app.command()(paper)


def papers(
    reference: ReferenceArgument,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which papers a dossier needs, which are there, and which are missing, expired or soon to expire."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now(read_instant(at))) as work:
        row = find_dossier(work.session, reference)
        items = checklist_of(work, row)
    if as_json:
        print_json(
            [
                {
                    "paper": item.paper.id,
                    "state": item.state,
                    "last_day": item.last_day.isoformat() if item.last_day else None,
                    "source": item.paper.source,
                }
                for item in items
            ]
        )
        return
    open_items = sum(item.state in OPEN_STATES for item in items)
    print_table(
        translate(language, "table.papers", {"dossier": row.key}),
        [translate(language, f"table.{name}") for name in ("paper", "id", "status", "valid_until")],
        (
            (
                item.paper.title.in_language(language),
                item.paper.id,
                translate(language, f"paper.{item.state}"),
                show_date(item.last_day) if item.last_day else "",
            )
            for item in items
        ),
        caption=translate(language, "table.papers.open", {"count": open_items}),
    )


def paper(
    reference: ReferenceArgument,
    paper_id: Annotated[str, typer.Argument(metavar="PAPER", help="The paper's id; `ocop dossier papers` shows them.")],
    missing: Annotated[bool, typer.Option("--missing", help="It is not there, or not in order.")] = False,
    until: Annotated[str | None, typer.Option(help="The last day on which it is valid, such as 2027-03-31.")] = None,
    data: DataOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record that a paper is on file, and until when it is valid; or that it is missing."""
    if missing and until is not None:
        raise InputError("a paper that is missing has no last day; give --missing or --until")
    last_day: date | None = read_day(until) if until is not None else None
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, "dossier paper") as trying:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            row = find_dossier(work.session, reference)
            office = work.session.get_one(Cycle, row.cycle_id).office_position
            trying.by(office, row)
            found = PaperOnFile(not missing, last_day)
            record_paper(work, row, paper_id, found, actor=office, effective_at=moment.effective_at)
            items = checklist_of(work, row)
    still = [item.paper.id for item in items if item.state in OPEN_STATES]
    said = f"still open: {', '.join(still)}" if still else "the checklist is complete"
    console.print(f"{row.key}: {paper_id} is recorded; {said}", highlight=False, soft_wrap=True)

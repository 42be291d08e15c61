"""Commands about notices: notices list, fulfil."""

from typing import Annotated

import typer
from sqlalchemy import func
from sqlmodel import col, select

from notifications.catalogue import Language, translate
from ocop_workflow.cli.choices import check_choice
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.listed_notices import listed, print_notices
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, print_json, shown_of
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.fulfilment import Means, Told, find_notice, fulfil, notices_to_tell
from ocop_workflow.storage.tables import Cycle, Notice

STATUSES = ("planned", "draft", "bundled", "sent", "suppressed", "fulfilled")
"""The states of a notice."""

app = command_group()


@app.callback()
def notices() -> None:
    """What is said to whom, and what people told by hand."""


@app.command("list")
def list_notices(
    data: DataOption = None,
    cycle: CycleOption = None,
    to_do: Annotated[
        bool, typer.Option("--to-do", help="Only what reached nobody and still has to be told: work for the office.")
    ] = False,
    status: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(STATUSES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many: the newest, with --to-do the oldest.")] = 50,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List notices, the newest first; with --to-do those that no mail could carry, the oldest first."""
    check_choice("status", status, STATUSES)
    if to_do and status is not None:
        raise InputError("give --to-do or --status; one list at a time")
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        found = find_cycle(work.session, cycle)
        if to_do:
            waiting = notices_to_tell(work, found)
            chosen, total = waiting[:limit], len(waiting)
        else:
            query = select(Notice).where(col(Notice.cycle_id) == found.id)
            if status is not None:
                query = query.where(col(Notice.status) == status)
            newest = query.order_by(col(Notice.moment_at).desc(), col(Notice.key)).limit(limit)
            chosen = list(work.session.exec(newest))
            total = work.session.exec(select(func.count()).select_from(query.subquery())).one()
        rows = listed(work, found, chosen, language)
    if as_json:
        print_json([row.as_object for row in rows])
        return
    caption = shown_of(len(rows), total, language, order="oldest" if to_do else "newest")
    if to_do:
        caption += f"; {translate(language, 'table.notices.tell')}"
    print_notices(translate(language, "table.notices", {"cycle": found.key}), rows, language, caption=caption)


@app.command("fulfil")
def fulfil_(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Beginnings of ids as the list shows them.")],
    how: Annotated[Means, typer.Option(help="How it was told.")],
    by: Annotated[str, typer.Option(help="Who told it; the name is kept beside the record and can be erased.")],
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Record that notices were told by hand, all of them or none; no mail says them any more."""
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            for reference in ids:
                notice = find_notice(work.session, reference)
                office = work.session.get_one(Cycle, notice.cycle_id).office_position
                fulfil(work, notice, Told(how, by, moment.effective_at), actor=office)
    console.print(f"{len(ids)} notices are fulfilled by {how.value}.", highlight=False)

"""Commands about mail: outbox list."""

from typing import Annotated

import typer
from sqlalchemy import func
from sqlmodel import col, select

from notifications.catalogue import Language, translate
from ocop_workflow.cli.choices import check_choice
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import iso, print_json, print_table, show_instant, shown_of, titles_of
from ocop_workflow.runtime import open_runtime
from ocop_workflow.storage.tables import Mail

app = command_group()


STATUSES = ("open", "frozen", "sent", "refused", "withdrawn")
"""The states of a mail."""


@app.callback()
def outbox() -> None:
    """See which mails left, wait or were refused."""


@app.command("list")
def list_mails(
    data: DataOption = None,
    status: Annotated[
        str | None, typer.Option(help="Only these: open, frozen (waiting to be sent), sent, refused, withdrawn.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List mails, the newest first."""
    check_choice("status", status, STATUSES)
    query = select(Mail).order_by(col(Mail.created_at).desc(), col(Mail.id))
    if status is not None:
        query = query.where(col(Mail.status) == status)
    with open_runtime(data) as runtime, runtime.database.reading() as session:
        mails = list(session.exec(query.limit(limit)))
        total = session.exec(select(func.count()).select_from(query.subquery())).one()
    if as_json:
        print_json(
            [
                {
                    "message_id": mail.message_id,
                    "to": mail.address,
                    "kind": mail.kind,
                    "status": mail.status,
                    "local_date": mail.local_date,
                    "attempts": mail.attempt,
                    "settled_at": iso(mail.settled_at),
                    "reply": mail.reply,
                }
                for mail in mails
            ]
        )
        return
    columns = titles_of(("day", "addressee", "letter", "status", "attempts", "settled", "reply"), language)
    print_table(
        translate(language, "table.mails"),
        columns,
        (
            (
                f"{mail.local_date:%d/%m/%Y}",
                mail.address,
                translate(language, f"letter.{mail.kind}"),
                translate(language, f"outbox.{mail.status}"),
                mail.attempt,
                show_instant(mail.settled_at),
                mail.reply,
            )
            for mail in mails
        ),
        caption=shown_of(len(mails), total, language),
        droppable=(columns[2], columns[4]),
    )

"""Commands about changes of people: people away, handover."""

from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli.options import AtOption, DataOption, read_day, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.config_files.faults import shortened
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.deputies import name_deputy
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.people import is_address

PositionArgument = Annotated[str, typer.Argument(metavar="UNIT/ROLE", help="The position.")]
EmailOption = Annotated[str | None, typer.Option(help="The address; not needed for an official who is known.")]
MailLanguageOption = Annotated[Language, typer.Option(help="The language of the mails.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about people."""
    app.command()(away)
    app.command()(handover)


def away(
    position: PositionArgument,
    first: Annotated[str, typer.Option("--from", help="The first day away.")],
    until: Annotated[str, typer.Option(help="The first day back.")],
    deputy: Annotated[str, typer.Option(help="The name of whoever reads the mail meanwhile.")],
    email: EmailOption = None,
    language: MailLanguageOption = Language.VI,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Let a deputy read a position's mail while its holder is away; nobody gets two mails.

    The same first day again corrects the entry.
    """
    start_on, until_on = read_day(first), read_day(until)
    _check_address(email)
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.transaction(now) as work:
            changed = name_deputy(
                work,
                position=position,
                name=deputy,
                email=email,
                language=language,
                start_on=start_on,
                until_on=until_on,
            )
    said = "reads" if changed else "already reads"
    console.print(
        f"{deputy} {said} the mail of {position} from {start_on:%d/%m/%Y} until {until_on:%d/%m/%Y}.",
        highlight=False,
        markup=False,
    )


def handover(
    position: PositionArgument,
    to: Annotated[str, typer.Option(help="The name of the successor.")],
    first: Annotated[str, typer.Option("--from", help="The successor's first day; not one still to come.")],
    email: EmailOption = None,
    language: MailLanguageOption = Language.VI,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Hand a position over: the holding before ends, and the next digest lists for the successor all that is open."""
    start_on = read_day(first)
    _check_address(email)
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.transaction(now) as work:
            lines = hand_over(work, Handover(position, to, email, language, start_on))
    console.print(
        f"{to} holds {position} from {start_on:%d/%m/%Y}; {lines} open dates go into the next digest.",
        highlight=False,
        markup=False,
    )


def _check_address(email: str | None) -> None:
    if email is not None and not is_address(email):
        raise InputError(f"{shortened(email)} is no e-mail address; write one like name@office.example")

"""The command `ocop people feed`: the private address of an official's calendar."""

from typing import Annotated

import typer

from ocop_workflow.cli.options import DataOption
from ocop_workflow.cli.output import console
from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.feed_links import feed_link_of, issue_feed_link, reissue_feed_link, revoke_feed_link
from ocop_workflow.services.links import token_of
from ocop_workflow.services.people import find_official, positions_of
from ocop_workflow.services.positions import cycles_knowing
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import FeedLink, Official


def register(app: typer.Typer) -> None:
    """Add this module's command to those about people."""
    app.command()(feed)


def feed(
    reference: Annotated[
        str,
        typer.Argument(metavar="UNIT/ROLE|NAME", help="The position, whose holder is meant, or the name or address."),
    ],
    data: DataOption = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Make the address stop working, at once.")] = False,
    reissue: Annotated[bool, typer.Option("--reissue", help="Make a new address; the old one stops working.")] = False,
) -> None:
    """Print the private address of an official's calendar, to subscribe to with a telephone or calendar program.

    It shows every open date of the positions that the official holds, and of those they stand in for; a date that is
    moved moves there. It belongs to the person: after a handover it shows what they hold then. Whoever has the address
    sees the calendar. An address that was revoked or has expired can be issued anew.
    """
    if revoke and reissue:
        raise InputError("give --revoke or --reissue, not both; a new address makes the old one stop working")
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.transaction(now) as work:
            official = find_official(work.session, reference, on=local_day(now))
            link = feed_link_of(work.session, official)
            if revoke:
                _revoke(work, official, link)
                said = f"the calendar address of {official.name} is revoked; --reissue makes a new one"
            else:
                link = _living(work, official, link, reissue=reissue)
                said = f"{runtime.settings.base_url}/f/{token_of(link, runtime.link_keys)}.ics"
    console.print(said, highlight=False, markup=False, soft_wrap=True)


def _revoke(work: UnitOfWork, official: Official, link: FeedLink | None) -> None:
    if link is None:
        raise InputError(f"{official.name} has no calendar address, so there is nothing to revoke")
    revoke_feed_link(work, link, actor=_office_of(work, official))


def _living(work: UnitOfWork, official: Official, link: FeedLink | None, *, reissue: bool) -> FeedLink:
    """Return the official's link, issued now where there is none or a new one was asked for."""
    if link is None:
        return issue_feed_link(work, official, actor=_office_of(work, official))
    if reissue:
        reissue_feed_link(work, link, actor=_office_of(work, official))
    elif link.revoked_at is not None or work.now >= link.expires_at:
        raise InputError("this address was revoked or has expired; --reissue makes a new one")
    return link


def _office_of(work: UnitOfWork, official: Official) -> str:
    """Return the office that acts: that of the official's first position, else the latest of the folder."""
    for position in positions_of(work.session, official.id, on=local_day(work.now)):
        for cycle in cycles_knowing(work.session, work.books, position):
            return cycle.office_position
    return cycles_of(work.session)[-1].office_position

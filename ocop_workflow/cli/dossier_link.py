"""The command `ocop dossier link`: a producer's link for those who have no e-mail, or whose link got about."""

from typing import Annotated

import typer

from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import DataOption
from ocop_workflow.cli.output import console
from ocop_workflow.errors import InputError
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.links import links_of, reissue_link, revoke_link, token_of
from ocop_workflow.storage.tables import Cycle


def register(app: typer.Typer) -> None:
    """Add this module's command to those about dossiers."""
    app.command()(link)


def link(
    reference: ReferenceArgument,
    data: DataOption = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Make the link stop working, at once.")] = False,
    reissue: Annotated[bool, typer.Option("--reissue", help="Make a new link; the old one stops working.")] = False,
) -> None:
    """Print the producer's link to a dossier's page, to be read out, printed or sent by other ways than mail.

    Whoever has the link sees the page. A link that was revoked or has expired can be issued anew.
    """
    if revoke and reissue:
        raise InputError("give --revoke or --reissue, not both; a new link makes the old one stop working")
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.transaction(now) as work:
            row = find_dossier(work.session, reference)
            office = work.session.get_one(Cycle, row.cycle_id).office_position
            known = [each for each in links_of(work.session, row.id) if each.recipient.startswith(f"{PRODUCER}:")]
            if not known:
                raise InputError(f"{row.key} has no link; it gets one when its products are registered")
            found = known[-1]
            if revoke:
                revoke_link(work, found, actor=office)
            elif reissue:
                reissue_link(work, found, actor=office)
            elif found.revoked_at is not None or now >= found.expires_at:
                raise InputError("this link was revoked or has expired; --reissue makes a new one")
            token = token_of(found, runtime.link_keys)
    if revoke:
        console.print(f"the link of {row.key} is revoked; --reissue makes a new one", highlight=False, soft_wrap=True)
    else:
        print_link = f"{runtime.settings.base_url}/s/{token}"
        console.print(print_link, highlight=False, markup=False, soft_wrap=True)

"""The command `ocop dossier scores template`: an empty score sheet for a council."""

from pathlib import Path
from typing import Annotated

import typer

from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import DataOption
from ocop_workflow.cli.written_file import write_file
from ocop_workflow.config_files.score_sheets import empty_sheet
from ocop_workflow.errors import InputError
from ocop_workflow.policy.council import scoring_names
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.council_case import council_of, criteria_set_of
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.session_rows import interested_in


def register(app: typer.Typer) -> None:
    """Add this module's command to those about score sheets."""
    app.command()(template)


def template(
    reference: ReferenceArgument,
    csv: Annotated[Path, typer.Option("--csv", help="The file to write; - prints it.", allow_dash=True)],
    data: DataOption = None,
) -> None:
    """Write an empty score sheet by criterion, one column for each member; filled in, `--sheets` reads it back.

    A criterion takes 0, the points of one of its options, or without options its maximum.
    """
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        row = find_dossier(work.session, reference)
        case = case_of(work, row)
        criteria_set, council = criteria_set_of(case), council_of(case)
        if criteria_set is None:
            raise InputError(f"{case.book.rule_set.id} has no criteria sets; write a sheet by part with --sheet")
        if council is None:
            raise InputError(f"the plan says of no council at {row.stage} who is in it; bring the dossier there first")
        interested = interested_in(work.session, row.id, row.stage)
        members = [name for name in scoring_names(council) if name not in interested]
        write_file(csv, empty_sheet(criteria_set, members), said=row.key)

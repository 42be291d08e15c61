"""Commands about the record: audit verify."""

from typing import Annotated

import typer

from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import DataOption, JsonOption
from ocop_workflow.cli.output import console, error_console, print_json
from ocop_workflow.errors import FaultFoundError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.audit import Verdict
from ocop_workflow.services.audit import verify as verify_record

app = command_group()


@app.callback()
def audit() -> None:
    """Check the record of everything that was done."""


@app.command()
def verify(
    data: DataOption = None,
    seal: Annotated[
        str | None, typer.Option(help="A seal kept from a digest; it must be in the record, or its end was cut off.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every event, seal and row; exit with 3 when something was changed, removed or reordered."""
    with open_runtime(data) as runtime, runtime.database.reading() as session:
        verdict = verify_record(session, expected_seal=seal)
    if as_json:
        print_json(
            {
                "events": verdict.events,
                "seals": verdict.seals,
                "seal": verdict.seal,
                "verified": not verdict.faults,
                "faults": [
                    {"stream": fault.stream, "seq": fault.seq, "sentence": fault.sentence} for fault in verdict.faults
                ],
            }
        )
    else:
        _show(verdict)
    if verdict.faults:
        raise typer.Exit(FaultFoundError.exit_code)


def _show(verdict: Verdict) -> None:
    for fault in verdict.faults:
        error_console.print(str(fault), style="red", highlight=False, markup=False, soft_wrap=True)
    state = "all as recorded" if not verdict.faults else f"{len(verdict.faults)} faults"
    console.print(f"{verdict.events} events, {verdict.seals} seals: {state}", highlight=False)
    if verdict.seal is not None and not verdict.faults:
        console.print(f"last seal: {verdict.seal}", highlight=False, soft_wrap=True)

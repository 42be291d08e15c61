"""Commands about what superiors would be told: escalations list, release, drop."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.listed_notices import listed, print_notices
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, print_json
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.escalations import Decided, drafts_of, drop, release

app = command_group()

NumbersArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NUMBER]...", help="Beginnings of ids as the list shows them, or dossiers' numbers."),
]
UnitOption = Annotated[str | None, typer.Option(help="Only what lies in this unit's area.")]
AllOption = Annotated[bool, typer.Option("--all", help="Everything that waits.")]


@app.callback()
def escalations() -> None:
    """What superiors would be told of delays: nothing leaves before the office releases it."""


@app.command("list")
def list_drafts(
    data: DataOption = None,
    cycle: CycleOption = None,
    unit: UnitOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List the drafts that wait for the office, the oldest first."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        found = find_cycle(work.session, cycle)
        drafts = [notice for notice, owed in drafts_of(work.session, found) if unit in (None, owed.unit_id)]
        rows = listed(work, found, drafts, language)
    if as_json:
        print_json([row.as_object for row in rows])
        return
    title = translate(language, "table.drafts", {"cycle": found.key})
    count = translate(language, "table.drafts.count" if rows else "table.drafts.none", {"count": len(rows)})
    print_notices(title, rows, language, caption=count)


@app.command("release")
def release_(
    numbers: NumbersArgument = None,
    data: DataOption = None,
    cycle: CycleOption = None,
    unit: UnitOption = None,
    all_: AllOption = False,
    at: AtOption = None,
) -> None:
    """Let drafts leave with the next digest; what was done meanwhile is not said any more."""
    _check_scope(numbers, unit, all_=all_)
    done = _decide(release, numbers or (), unit, data=data, cycle=cycle, at=at)
    _say("released", done)


@app.command("drop")
def drop_(
    reason: Annotated[str, typer.Option(help="Why the superior is not told.")],
    numbers: NumbersArgument = None,
    data: DataOption = None,
    cycle: CycleOption = None,
    unit: UnitOption = None,
    all_: AllOption = False,
    at: AtOption = None,
) -> None:
    """End drafts unsent; the reason stays on record."""
    _check_scope(numbers, unit, all_=all_)
    done = _decide(partial(drop, reason=reason), numbers or (), unit, data=data, cycle=cycle, at=at)
    _say("dropped", done)


def _check_scope(numbers: list[str] | None, unit: str | None, *, all_: bool) -> None:
    if all_ == bool(numbers or unit):
        raise InputError("say which drafts: numbers, --unit UNIT, or --all")


def _decide(
    act: Callable[..., Decided],
    numbers: Sequence[str],
    unit: str | None,
    *,
    data: Path | None,
    cycle: str | None,
    at: str | None,
) -> Decided:
    """Let the office decide on the drafts that are meant, in one transaction."""
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.transaction(now) as work:
            found = find_cycle(work.session, cycle)
            drafts = [notice for notice, _ in drafts_of(work.session, found, numbers=numbers, unit=unit)]
            return act(work, found, drafts, actor=found.office_position)


def _say(verb: str, done: Decided) -> None:
    settled = f"; {done.settled} had settled meanwhile" if done.settled else ""
    console.print(f"{len(done.decided)} escalations are {verb}{settled}.", highlight=False)

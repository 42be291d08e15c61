"""The commands `ocop extend`, `ocop overrun` and `ocop overruns`: later dates, and statutory ones that were missed."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ocop_workflow.cli.moves import ask, print_moves
from ocop_workflow.cli.options import (
    AtOption,
    CycleOption,
    DataOption,
    JsonOption,
    end_of_day,
    read_instant,
)
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_last_day
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.extension_scopes import Scope, obligations_in
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend_scope, moves_of, obligation_to_extend
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.overruns import Overrun, overruns_of, record_overrun
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Obligation


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("extend")(extend_)
    app.command("overrun")(overrun_)
    app.command("overruns")(list_overruns)


def extend_(
    *,
    decision: Annotated[str, typer.Option(help="The number of the decision that grants it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    to: Annotated[str | None, typer.Option(help="The new last day in time, such as 2018-06-15.")] = None,
    dossier: Annotated[str | None, typer.Option(help="One dossier's number.")] = None,
    unit: Annotated[str | None, typer.Option(help="Everything in one unit's area.")] = None,
    stage: Annotated[str | None, typer.Option(help="Dossiers at one stage.")] = None,
    step: Annotated[str | None, typer.Option(help="One step of a stage.")] = None,
    round_: Annotated[str | None, typer.Option("--round", help="Dossiers of one round.")] = None,
    report: Annotated[str | None, typer.Option(help="Reports of a period, such as 2018-Q1.")] = None,
    duty: Annotated[str | None, typer.Option(help="Which report, where the plan has several.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the decision's extensions back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    cycle: CycleOption = None,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Give what is open in a dossier, unit, stage, round or report a later last day; all of it or nothing.

    Options narrow each other. It shows which dates move from when to when and asks once. A date that is as late
    already stays; a statutory one refuses the whole, as does one that would pass a statutory date behind it. With
    --undo what the decision extended gets its earlier date back, while nobody was told.
    """
    scope = Scope(unit, stage, step, round_, report, duty)
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
        if undo:
            if to or dossier or scope.named:
                raise InputError(
                    "--undo takes back all that the decision extended; give only the decision and a reason"
                )
            with runtime.transaction(now) as work:
                found = find_cycle(work.session, cycle)
                moves = undo_extension(work, found, decision=decision, actor=found.office_position, reason=reason)
            print_moves(moves, title="Taken back")
            return
        if to is None:
            raise InputError("give the new last day with --to DAY")
        extension = Extension(end_of_day(to), reason, decision, found.office_position)
        with runtime.reading(now) as work:
            moves = moves_of(work, found, _chosen(work, found, dossier, step, scope), extension)
            print_moves(moves, title="Dates that move")
        if not moves:
            return
        ask(f"Extend {len(moves)} dates?", yes=yes)
        with runtime.transaction(now) as work:
            found = find_cycle(work.session, cycle)
            named = {"dossier": dossier} if dossier is not None else {}
            obligations = _chosen(work, found, dossier, step, scope)
            done = extend_scope(work, found, obligations, extension, scope={**scope.named, **named})
    console.print(f"{len(done)} dates are extended; those concerned are told.", highlight=False)


def _chosen(
    work: UnitOfWork, cycle: Cycle, dossier: str | None, step: str | None, scope: Scope
) -> Sequence[Obligation]:
    """Return the obligations that the options name."""
    if dossier is None:
        return obligations_in(work.session, cycle, scope)
    if any(name != "step" for name in scope.named):
        raise InputError("one dossier needs no unit, stage, round or report beside it; --step names one of its dates")
    return [obligation_to_extend(work.session, find_dossier(work.session, dossier), step=step)]


def overrun_(
    dossier: Annotated[str, typer.Argument(metavar="NUMBER", help="The dossier's number.")],
    reason: Annotated[str, typer.Option(help="Why the statutory date was missed.")],
    step: Annotated[str | None, typer.Option(help="Which step, where several were missed.")] = None,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Record why a statutory date was overrun; the date stays, and `ocop overruns` reports it."""
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.transaction(now) as work:
            row = find_dossier(work.session, dossier)
            cycle = work.session.get_one(Cycle, row.cycle_id)
            missed = [
                overrun.obligation
                for overrun in overruns_of(work, cycle)
                if overrun.obligation.subject_id == row.id and step in (None, overrun.obligation.step)
            ]
            if len(missed) != 1:
                owed = missed or open_obligations_of(work.session, row.id)
                names = ", ".join(sorted({str(obligation.step) for obligation in owed})) or "nothing"
                problem = "several statutory dates were" if missed else "no statutory date was"
                raise InputError(f"{problem} overrun by {row.key} under that name; --step names one of {names}")
            record_overrun(work, missed[0], reason=reason, actor=cycle.office_position)
    console.print(f"The reason is on record for {row.key}, {missed[0].step}.", highlight=False, markup=False)


def list_overruns(cycle: CycleOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the statutory dates that were overrun, with article, days and the reason on record."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            rows = overruns_of(work, found)
            objects = [_object(overrun) for overrun in rows]
    if as_json:
        print_json(objects)
        return
    print_table(
        f"Statutory dates overrun in {found.key}",
        ("what", "who", "last day", "article", "done", "reason"),
        (
            (
                overrun.obligation.key.removeprefix(f"{found.key}/"),
                overrun.obligation.party,
                show_last_day(overrun.due_at),
                overrun.article,
                iso(overrun.until),
                overrun.reason,
            )
            for overrun in rows
        ),
        caption=f"{len(rows)} overrun, {sum(overrun.reason is None for overrun in rows)} without a reason on record",
    )


def _object(overrun: Overrun) -> dict[str, object]:
    return {
        "obligation": overrun.obligation.key,
        "party": overrun.obligation.party,
        "due_at": iso(overrun.due_at),
        "article": overrun.article,
        "done_at": iso(overrun.until),
        "reason": overrun.reason,
    }

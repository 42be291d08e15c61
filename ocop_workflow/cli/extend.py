"""The command `ocop extend`: later dates, and taking them back."""

from collections.abc import Sequence
from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli.moves import ask, print_moves
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, end_of_day, read_instant
from ocop_workflow.cli.output import console
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.extension_scopes import Scope, obligations_in
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend_scope, moves_of, obligation_to_extend
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Obligation


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("extend")(extend_)


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
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Give what is open in a dossier, unit, stage, round or report a later last day; all of it or nothing.

    Options narrow each other. It shows which dates move from when to when and asks once. A date that is as late
    already stays; a statutory one refuses the whole, as does one that would pass a statutory date behind it. With
    --undo what the decision extended gets its earlier date back, while nobody was told.
    """
    scope = Scope(unit, stage, step, round_, report, duty)
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, "extend") as trying:
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
            if dossier is not None:
                trying.by(found.office_position, find_dossier(work.session, dossier))
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

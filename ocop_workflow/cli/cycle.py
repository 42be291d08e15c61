"""Commands about an office's year: cycle check, open, list, close."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.family import family_notes
from ocop_workflow.cli.options import (
    AtOption,
    ConfigOption,
    CycleOption,
    DataOption,
    JsonOption,
    LanguageOption,
    read_instant,
)
from ocop_workflow.cli.output import (
    console,
    error_console,
    iso,
    print_json,
    print_table,
    show_day,
    show_last_day,
    titles_of,
)
from ocop_workflow.clock import local_day
from ocop_workflow.config_files import (
    InvalidFilesError,
    PlanFiles,
    default_config_dir,
    find_plan,
    load_plan_files,
    load_schedules,
    read_document,
)
from ocop_workflow.errors import InputError
from ocop_workflow.policy.not_acted_on import not_acted_on
from ocop_workflow.policy.report_tree import collecting_notes
from ocop_workflow.replay import documents_for
from ocop_workflow.runtime import open_runtime
from ocop_workflow.scheduler import run_flow, schedule_of
from ocop_workflow.services import cycles
from ocop_workflow.services.positions import vacant_positions
from ocop_workflow.services.summary import dossiers_by_status

app = command_group()

OTHER_DOCUMENTS = {
    "rule set": frozenset({"route", "bands"}),
    "register of units": frozenset({"units", "roles"}),
    "list of days off": frozenset({"days_off"}),
}
"""What else lies in a configuration folder, by the keys that tell it."""

PlanArgument = Annotated[str, typer.Argument(help="A plan's file, or its id in the configuration's cycles/.")]


@app.callback()
def cycle() -> None:
    """Check a plan, see its year ahead, open it, amend it and close it."""


@app.command()
def check(plan: PlanArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check a plan with its rule sets, units and products; nothing is written.

    Each fault is a line with file, line number and remedy; with any fault the exit code is 2. Notes name what is read
    but has no effect yet, reports that are due on the very day of those they collect, where the plan falls behind its
    parent plan, and which plans stand under it.
    """
    try:
        files = plan_files(plan, config)
    except InvalidFilesError as error:
        if as_json:
            print_json([{"file": f.file, "line": f.line, "sentence": f.sentence} for f in error.faults])
        else:
            for fault in error.faults:
                error_console.print(str(fault), style="red", highlight=False, markup=False, soft_wrap=True)
            if config is None:
                error_console.print("rule sets, units and products of your own: name their folder with --config DIR")
        raise typer.Exit(error.exit_code) from error
    if as_json:
        print_json([])
        return
    years = ", ".join(str(year) for year in sorted(files.plan.years))
    console.print(
        f"{files.plan.id}: no fault found; years {years}, {len(files.plan.chains)} chains, "
        f"{len(files.products)} products, rule sets {', '.join(sorted(files.rule_sets))}",
        highlight=False,
        soft_wrap=True,
    )
    config_dir = config or default_config_dir()
    notes = (*not_acted_on(files.plan, files.rule_sets), *collecting_notes(files.plan))
    for sentence in (*notes, *family_notes(files, config_dir)):
        console.print(f"note: {sentence}", highlight=False, markup=False, soft_wrap=True)


@app.command("open")
def open_(
    plan: PlanArgument,
    year: Annotated[int, typer.Option(help="The year of the plan to open.")],
    data: DataOption = None,
    config: ConfigOption = None,
    at: AtOption = None,
) -> None:
    """Open an office's year: pin its documents and create dossiers, reports and tasks.

    From then on the year follows these documents as they are now; editing the files changes nothing in it.
    """
    files = plan_files(plan, config)
    with open_runtime(data) as runtime:
        now = runtime.business_now(read_instant(at))
        office = f"{files.plan.office}/{files.plan.office_role}"
        with runtime.transaction(now) as work:
            opened = cycles.open_cycle(work, documents_for(files, year), year=year, actor=office)
        schedule = schedule_of(load_schedules(config or default_config_dir()), "open-cycle")
        report = run_flow(runtime, schedule, at=now)
        with runtime.reading(now) as work:
            vacant = vacant_positions(work.session, work.books, on=local_day(now))
    counts = Counter(report["counts"])  # what there was none of is not counted
    console.print(
        f"{opened.key} is open: {counts['dossiers']} dossiers, {counts['reports']} reports, {counts['tasks']} tasks.",
        highlight=False,
    )
    if vacant:
        named = ", ".join(vacant[:3]) + (", …" if len(vacant) > 3 else "")  # noqa: PLR2004 -- a line has room for three
        error_console.print(
            f"alarm: {len(vacant)} positions are held by nobody, so their mails would not leave: {named}; "
            "`ocop people list --vacant` names all",
            style="red",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if not counts["dossiers"]:
        console.print("Next: `ocop products import FILE` takes the products in, each with a dossier.")
    console.print(
        "Next: `ocop people template` prints who is needed; filled in, `ocop people import FILE` takes it in."
    )


@app.command("list")
def list_cycles(data: DataOption = None, language: LanguageOption = Language.EN, as_json: JsonOption = False) -> None:
    """List the cycles of a data folder with their dossiers."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        rows = [(found, dossiers_by_status(work.session, found)) for found in cycles.cycles_of(work.session)]
        offices = [work.books.of_cycle(work.session, found).units.unit(found.office_id).name for found, _ in rows]
    if as_json:
        print_json(
            [
                {
                    "cycle": found.key,
                    "office": found.office_id,
                    "status": found.status,
                    "opened_at": iso(found.opened_at),
                    "runs_until": iso(found.runs_until),
                    "dossiers": counts,
                }
                for found, counts in rows
            ]
        )
        return
    columns = titles_of(("cycle", "office", "status", "opened", "runs_to", "how_many_dossiers"), language)
    print_table(
        translate(language, "table.cycles"),
        columns,
        (
            (
                found.key,
                office.in_language(language),
                translate(language, f"cycle.{found.status}"),
                show_day(found.opened_at),
                show_last_day(found.runs_until),
                sum(counts.values()),
            )
            for (found, counts), office in zip(rows, offices, strict=True)
        ),
        droppable=columns[1:2],
    )


@app.command()
def close(cycle_key: CycleOption = None, data: DataOption = None, at: AtOption = None) -> None:
    """Close a cycle; dossiers that are still open go on under its documents."""
    with open_runtime(data) as runtime:
        now = runtime.business_now(read_instant(at))
        with runtime.transaction(now) as work:
            found = cycles.find_cycle(work.session, cycle_key)
            cycles.close_cycle(work, found, actor=found.office_position)
    console.print(f"{found.key} is closed.", highlight=False)


def plan_files(plan: str, config: Path | None) -> PlanFiles:
    """Load and check a plan with all that it names, from a file or by its id.

    Raises:
        InvalidFilesError: Something is wrong in it.
    """
    config_dir = config or default_config_dir()
    as_path = Path(plan)
    _refuse_other_documents(as_path)
    is_path = as_path.suffix in (".yaml", ".yml") or as_path.exists() or "/" in plan
    return load_plan_files(as_path if is_path else find_plan(config_dir, plan), config_dir)


def _refuse_other_documents(path: Path) -> None:
    """Say what a file is that holds another kind of document, instead of listing all that a plan would need."""
    if not path.is_file():
        return
    try:
        data = read_document(path).data
    except InvalidFilesError:
        return  # the plan's own check tells every fault
    keys = set(data) if isinstance(data, dict) else set()
    if "office" in keys or "years" in keys:
        return
    for kind, telling in OTHER_DOCUMENTS.items():
        if telling <= keys:
            raise InputError(f"{path} is a {kind}, not a plan; give the plan that names it (cycles/ID.yaml)")

"""The command `ocop cycle simulate`: a plan's year replayed with made-up people before it is lived."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from notifications.catalogue import Language
from notifications.catcher import MailCatcher
from ocop_workflow.cli.calendar_command import year_of
from ocop_workflow.cli.cycle import plan_files
from ocop_workflow.cli.demo import catcher_settings, prepare_folder, replay_with_progress
from ocop_workflow.cli.options import ConfigOption, CycleOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import error_console, print_json
from ocop_workflow.cli.preview_views import preview_object, print_preview
from ocop_workflow.cli.written_file import write_file
from ocop_workflow.config_files import (
    PlanFiles,
    default_config_dir,
    load_demo_settings,
    load_products,
    load_schedules,
)
from ocop_workflow.errors import FaultFoundError, InputError
from ocop_workflow.policy.year_preview import YearPreview
from ocop_workflow.replay import Staging
from ocop_workflow.runtime import KEYS_FILE, open_runtime
from ocop_workflow.services.cycles import CycleDocuments, find_cycle
from ocop_workflow.services.year_preview import preview_of
from ocop_workflow.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add this module's command to the commands about cycles."""
    app.command()(simulate)


def simulate(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN_OR_FOLDER", help="A plan's file or id, or a data folder with an open cycle.")
    ],
    products: Annotated[
        Path | None,
        typer.Option(help="A product list (CSV) in place of the plan's own products.", exists=True, dir_okay=False),
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="The year; needed when the plan has several.", show_default="the plan's only one")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The seed of people's behaviour.", show_default="the one in demo.yaml")
    ] = None,
    cycle: CycleOption = None,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            help="Write the preview as one HTML page to be opened, printed or sent; - prints it.",
            allow_dash=True,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Replay a plan's year with scripted people, and show what it would be like.

    Mails by day with the peaks, what is late, who is loaded when, reminders before Tết, deadlines on days off, rungs
    that never speak. The year runs through the same flows and services as in production, in a temporary folder that is
    removed; behaviour comes from demo.yaml, without its outage. A data folder is only read: its cycle's plan, rule
    sets, units, days off and products are taken as they are pinned, and its people stay unknown.
    """
    staging = _staging(plan, products, year=year, seed=seed, cycle=cycle, config=config or default_config_dir())
    preview, trouble = _replayed(staging, quiet=as_json)
    if html is not None:
        from ocop_workflow.web.preview_page import preview_page  # noqa: PLC0415 -- the web storey only where it draws

        write_file(html, preview_page(preview, language).encode("utf-8"), said=str(preview.title.in_language(language)))
    if as_json:
        print_json(preview_object(preview))
    elif html is None:
        print_preview(preview, language)
    for sentence in trouble[:10]:
        error_console.print(f"trouble: {sentence}", style="red", highlight=False, markup=False, soft_wrap=True)
    if trouble:
        raise typer.Exit(FaultFoundError.exit_code)


def _staging(
    plan: str, products: Path | None, *, year: int | None, seed: int | None, cycle: str | None, config: Path
) -> Staging:
    demo = load_demo_settings(config).model_copy(update={"outage": None, "until": None})
    pinned: CycleDocuments | None = None
    if (Path(plan) / KEYS_FILE).is_file():
        if year is not None:
            raise InputError("a data folder's cycle has its year already; name the cycle with --cycle, not --year")
        pinned, year = _pinned(Path(plan), cycle)
        rule_sets = {rules.id: rules for rules in (pinned.rule_set, *pinned.round_rule_sets.values())}
        files = PlanFiles(pinned.plan, rule_sets, pinned.units, pinned.products)
    else:
        files = plan_files(plan, config)
        year = year_of(files.plan, year)
    if products is not None:
        listed = load_products(products)
        units = {unit.id for unit in files.units.units}
        for product in listed:
            if product.unit not in units:
                raise InputError(
                    f"{products}: product {product.key} lies in the unknown unit {product.unit}; correct it"
                )
        files = replace(files, products=listed)
        pinned = None if pinned is None else replace(pinned, products=listed)
    return Staging(files, year, demo.seed if seed is None else seed, demo, load_schedules(config), pinned)


def _pinned(folder: Path, key: str | None) -> tuple[CycleDocuments, int]:
    """Return what a folder's cycle is pinned to, and its year."""
    with open_runtime(folder) as runtime, runtime.reading(runtime.business_now()) as work:
        found = find_cycle(work.session, key)
        book = work.books.of_cycle(work.session, found)
        of_rounds = {
            round_id: work.books.of_round(work.session, found, round_id).rule_set for round_id in found.round_rule_sets
        }
        books = [book, *(work.books.of_round(work.session, found, round_id) for round_id in of_rounds)]
        criteria = {each.rule_set.id: tuple(each.criteria.values()) for each in books if each.criteria}
        pinned = CycleDocuments(book.plan, book.rule_set, of_rounds, book.units, book.days, book.products, criteria)
        return pinned, found.year


def _replayed(staging: Staging, *, quiet: bool) -> tuple[YearPreview, list[str]]:
    """Return the preview, and what was refused or failed on the way."""
    with tempfile.TemporaryDirectory(prefix="ocop-preview-") as folder, MailCatcher(Path(folder) / "mail") as catcher:
        data = Path(folder) / "year"
        if load_settings(data).database_url is not None:
            raise InputError("a preview is made in a database of its own; run it without OCOP_DATABASE_URL")
        prepare_folder(data, staging)
        with open_runtime(data, settings=catcher_settings(data, catcher.port)) as runtime:
            replayed = replay_with_progress(runtime, staging, quiet=quiet)
            with runtime.reading(runtime.business_now()) as work:
                preview = preview_of(work, find_cycle(work.session, None), seed=staging.seed)
    return preview, [*replayed.refused, *replayed.failures]

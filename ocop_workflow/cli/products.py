"""Commands about products: products import."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from notifications.catalogue import Language, Parameter, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, print_json, print_table
from ocop_workflow.config_files import InvalidFilesError, load_products
from ocop_workflow.errors import InputError
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.product_lists import RowVerdict, Verdict, import_products, intake_of, judge_products

app = command_group()


@app.callback()
def products() -> None:
    """Take products into an open cycle."""


@app.command("import")
def import_list(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV file in UTF-8 with the columns key,name,form,producer,unit,planned_level,group,source, and "
            "criteria_set where products are scored on criteria sets, and producer_form,registered_on at the end where "
            "the producer's legal form and business registration are known."
        ),
    ],
    cycle_key: CycleOption = None,
    round_id: Annotated[
        str | None, typer.Option("--round", help="Into which round.", show_default="the earliest that is not over")
    ] = None,
    data: DataOption = None,
    at: AtOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")] = False,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Import products into a round of a cycle, with a verdict on every row; all of them or none.

    A new product gets its producer, if that one is new too, a dossier and a status link. What is there already stays as
    it is, so the same list can be imported again. With one refused row nothing is written, and the exit code is 2.
    """
    try:
        listed = load_products(file)
    except InvalidFilesError as error:
        if not as_json:
            raise
        rows = [_row_object(line=f.line, verdict=Verdict.REFUSED, reason=f.sentence) for f in error.faults]
        print_json({"cycle": cycle_key, "dry_run": dry_run, "registered": 0, "rows": rows})
        raise typer.Exit(error.exit_code) from error
    with open_runtime(data) as runtime:
        key, rules, verdicts = _import(
            runtime, listed, cycle_key=cycle_key, round_id=round_id, at=at, dry_run=dry_run, language=language
        )
    refused = sum(row.verdict is Verdict.REFUSED for row in verdicts)
    new = sum(row.verdict is Verdict.NEW for row in verdicts)
    registered = 0 if dry_run or refused else new
    if as_json:
        rows = [_row_object(row.product, verdict=row.verdict, reason=row.reason) for row in verdicts]
        outcome = {"dry_run": dry_run, "registered": registered}
        print_json({"cycle": key, "rule_set": rules.id, **outcome, "rows": rows})
    else:
        _show(key, rules, verdicts, language)
        written = "written" if registered or not (dry_run or refused) else "nothing"
        counts: dict[str, Parameter] = {"new": new, "present": len(verdicts) - new - refused, "refused": refused}
        console.print(translate(language, f"table.products.{written}", counts), highlight=False)
    if refused:
        raise typer.Exit(InputError.exit_code)


def _import(
    runtime: Runtime,
    listed: Sequence[PlannedProduct],
    *,
    cycle_key: str | None,
    round_id: str | None,
    at: str | None,
    dry_run: bool,
    language: Language,
) -> tuple[str, RuleSet, tuple[RowVerdict, ...]]:
    """Judge all rows, then write unless one is refused or nothing is to be written.

    Returns:
        The cycle's key, the rule set that takes the products, and what became of each row.
    """
    now = runtime.business_now(read_instant(at))
    with runtime.reading(now) as work:
        cycle = find_cycle(work.session, cycle_key)
        key, rules = cycle.key, intake_of(work, cycle, round_id)[1].rule_set
        verdicts = judge_products(work, cycle, listed, round_id=round_id, language=language)
    if dry_run or any(row.verdict is Verdict.REFUSED for row in verdicts):
        return key, rules, verdicts
    with runtime.transaction(now) as work:
        cycle = find_cycle(work.session, key)
        office = cycle.office_position
        return key, rules, import_products(work, cycle, listed, actor=office, round_id=round_id, language=language)


def _show(key: str, rules: RuleSet, verdicts: Sequence[RowVerdict], language: Language) -> None:
    """Print the rows under the one title of the rule set that takes them; their reasons name it by its id."""
    rows = [
        (
            row.product.key,
            row.product.name,
            row.product.producer,
            row.product.unit,
            translate(language, f"verdict.{row.verdict.name.lower()}"),
            row.reason,
        )
        for row in verdicts
    ]
    columns = [translate(language, f"table.{name}") for name in ("number", "product", "producer", "unit", "verdict")]
    named: dict[str, Parameter] = {"rule_set": rules.id, "title": rules.title.model_dump()}
    line = translate(language, "table.products.rule_set", named)
    console.print(line, highlight=False, markup=False, soft_wrap=True)
    title = translate(language, "table.products", {"cycle": key})
    print_table(title, [*columns, translate(language, "table.why")], rows)


def _row_object(
    product: PlannedProduct | None = None, *, verdict: Verdict, reason: str, line: int | None = None
) -> dict[str, Any]:
    """Return a row for programs: by its product, or by its line in the file where it could not be read as one."""
    return {
        "line": line,
        "key": product.key if product else None,
        "name": product.name if product else None,
        "producer": product.producer if product else None,
        "unit": product.unit if product else None,
        "verdict": verdict.value,
        "reason": reason,
    }

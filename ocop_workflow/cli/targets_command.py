"""The command `ocop cycle targets`: what a plan wants reached, beside what was counted."""

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.options import CycleOption, DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import print_json, print_table
from ocop_workflow.policy.plan import Target
from ocop_workflow.policy.targets import Standing, TargetCount
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.targets import count_targets

COLUMNS = ("target", "unit", "wanted", "counted", "standing")


def register(app: typer.Typer) -> None:
    """Add this module's command to the commands about cycles."""
    app.command()(targets)


def targets(
    cycle: CycleOption = None,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show what the plan wants reached beside what was counted, over all its years that were opened here.

    A target that the plan does not tell how to count is shown without a count: it is for people to follow.
    """
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now(None)) as work:
        found = find_cycle(work.session, cycle)
        book = work.books.of_cycle(work.session, found)
        counts = count_targets(work.session, found, book)
    if as_json:
        print_json([_object(count) for count in counts])
        return
    short = sum(count.standing is Standing.SHORT for count in counts)
    print_table(
        translate(language, "table.targets", {"cycle": found.key}),
        [translate(language, f"table.{name}") for name in COLUMNS],
        (_row(count, book.units, language) for count in counts),
        caption=translate(language, "table.targets.short", {"count": short}),
    )


def _row(count: TargetCount, units: UnitRegister, language: Language) -> tuple[str, ...]:
    target = count.target
    return (
        target.title.in_language(language),
        units.unit(count.unit).name.in_language(language) if count.unit else "",
        _wanted(target),
        "" if count.reached is None else str(count.reached),
        translate(language, f"target.{count.standing or 'open'}"),
    )


def _wanted(target: Target) -> str:
    """Return the number as plans print it: `≥ 80`, `5-6`, `12/31`, `100 %`."""
    if target.percent is not None:
        return f"{target.percent} %"
    if target.least is not None and target.most is not None:
        number = str(target.least) if target.least == target.most else f"{target.least}-{target.most}"
    else:
        number = f"≥ {target.least}" if target.least is not None else f"≤ {target.most}" if target.most else ""
    return f"{number}/{target.of}" if target.of is not None else number


def _object(count: TargetCount) -> dict[str, object]:
    target = count.target
    return {
        "target": target.id,
        "unit": count.unit,
        "least": target.least,
        "most": target.most,
        "percent": target.percent,
        "of": target.of,
        "counts": target.counts,
        "reached": count.reached,
        "standing": count.standing,
        "source": target.source,
    }

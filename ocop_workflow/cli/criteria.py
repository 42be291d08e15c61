"""Commands about criteria sets: criteria list, show. They read the configuration only."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import ConfigOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import print_json, print_table
from ocop_workflow.config_files import (
    default_config_dir,
    load_criteria_set,
    load_criteria_sets,
    rule_sets_with_criteria,
)
from ocop_workflow.errors import InputError
from ocop_workflow.policy.criteria import MOST_STARS, CriteriaSet, Criterion, Option, gates_of, scored_criteria
from ocop_workflow.services.source_labels import source_label

app = command_group()

GATE_STARS = range(3, MOST_STARS + 1)
STAR = "★"

RuleSetOption = Annotated[
    str | None,
    typer.Option("--rule-set", help="The rule set; needed when several have criteria sets.", show_default=False),
]


@app.callback()
def criteria() -> None:
    """Read the criteria sets on which products are scored."""


@app.command("list")
def list_(
    rule_set: RuleSetOption = None,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List the criteria sets of a rule set: how many criteria, options and gates for 3, 4 and 5 stars each has."""
    config_dir = config or default_config_dir()
    chosen = _rule_set(config_dir, rule_set)
    sets = load_criteria_sets(config_dir, chosen)
    if as_json:
        print_json([_summary(each) for each in sets])
        return
    columns = [translate(language, f"table.{name}") for name in ("number", "product_set", "group", "criteria")]
    columns += [translate(language, "table.options"), *(f"{STAR * stars}" for stars in GATE_STARS)]
    rows = [[*list(_summary(each).values())[:5], *_gate_counts(each).values()] for each in sets]
    print_table(f"{translate(language, 'table.criteria_sets')} ({chosen})", columns, rows)


@app.command()
def show(
    number: Annotated[int, typer.Argument(metavar="SET", help="The set's number, such as 13.")],
    rule_set: RuleSetOption = None,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show one criteria set: parts, criteria and options with their points, and which option a star level needs.

    The stars beside an option say that it, or a higher one, is the least for that star level and each above it.
    """
    config_dir = config or default_config_dir()
    criteria_set = load_criteria_set(config_dir, _rule_set(config_dir, rule_set), number)
    if as_json:
        print_json(criteria_set.model_dump(mode="json", exclude_defaults=True))
        return
    columns = [translate(language, f"table.{name}") for name in ("code", "criterion", "points", "least_for")]
    print_table(
        f"{criteria_set.number}. {criteria_set.title} ({criteria_set.group})",
        columns,
        _sheet(criteria_set),
        caption="\n".join(
            [
                *(f"{translate(language, 'table.rejected_when')}: {each}" for each in criteria_set.rejected_when),
                source_label(criteria_set.source, language),
            ]
        ),
    )


def _rule_set(config_dir: Path, given: str | None) -> str:
    known = rule_sets_with_criteria(config_dir)
    if given is None and len(known) != 1:
        raise InputError(f"criteria sets are here for: {', '.join(known) or 'no rule set'}; name one with --rule-set")
    return known[0] if given is None else given


def _summary(criteria_set: CriteriaSet) -> dict[str, object]:
    scored = list(scored_criteria(criteria_set))
    return {
        "number": criteria_set.number,
        "title": criteria_set.title,
        "group": criteria_set.group,
        "criteria": len(scored),
        "options": sum(len(criterion.options) for criterion in scored),
        "gates": _gate_counts(criteria_set),
        "source": criteria_set.source,
    }


def _gate_counts(criteria_set: CriteriaSet) -> dict[str, int]:
    gates = gates_of(criteria_set)
    return {str(stars): sum(gate.stars == stars for gate in gates) for stars in GATE_STARS}


def _sheet(criteria_set: CriteriaSet) -> Iterator[tuple[object, ...]]:
    for part in criteria_set.parts:
        yield part.id, part.title, f"{part.maximum}", ""
        yield from _criteria(part.criteria)


def _criteria(criteria: Iterable[Criterion]) -> Iterator[tuple[object, ...]]:
    for criterion in criteria:
        yield criterion.code, "\n".join([criterion.label, *criterion.notes]), f"{criterion.maximum}", ""
        yield from _criteria(criterion.criteria)
        yield from _options(criterion.options)


def _options(options: Iterable[Option]) -> Iterator[tuple[object, ...]]:
    case = None
    for option in options:
        if option.case not in {None, case}:
            yield "", f"{option.case}:", "", ""
        case = option.case
        yield "", f"– {option.label}", f"{option.points}", STAR * (option.gate or 0)

"""Commands about regulations as data: ruleset list, show, diff. They need no data folder."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import ConfigOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import console, print_json, print_table
from ocop_workflow.cli.ruleset_lines import RuleLine, differing_lines, rule_lines
from ocop_workflow.config_files import default_config_dir, load_rule_set, load_rule_sets
from ocop_workflow.policy.intake import intakes_of
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.services.source_labels import source_label

app = command_group()

RuleSetArgument = Annotated[str, typer.Argument(help="A rule set's id, as `ocop ruleset list` shows it.")]


@app.callback()
def ruleset() -> None:
    """Read regulations as data: what each says with its article, and how two of them differ."""


@app.command("list")
def list_rule_sets(
    config: ConfigOption = None, language: LanguageOption = Language.EN, as_json: JsonOption = False
) -> None:
    """List the rule sets of a configuration: when each is in force and when it takes new dossiers.

    They are checked together: for each day, level and kind of dossier exactly one takes new ones.
    """
    rule_sets = sorted(load_rule_sets(config or default_config_dir()).values(), key=lambda each: each.in_force.start)
    if as_json:
        print_json([_summary(rule_set) for rule_set in rule_sets])
        return
    names = ("id", "title", "in_force", "takes_new", "levels")
    print_table(
        translate(language, "ruleset.list"),
        [translate(language, f"ruleset.column.{name}") for name in names],
        [_row(rule_set, language) for rule_set in rule_sets],
    )


@app.command()
def show(
    rule_set_id: RuleSetArgument,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show a rule set whole: route, outcomes, points, stars, limits, grounds, each with the article it comes from."""
    rule_set = _load(config, rule_set_id)
    if as_json:
        print_json(rule_set.model_dump(mode="json"))
        return
    lines = rule_lines(rule_set, language)
    sections = [""] + [line.section for line in lines]
    rows = [
        (
            "" if before == now else translate(language, f"ruleset.section.{now}"),
            line.subject,
            line.text,
            _sources(line, language),
        )
        for (before, now), line in zip(pairwise(sections), lines, strict=True)
    ]
    columns = [translate(language, f"ruleset.column.{name}") for name in ("section", "subject", "rule")]
    title = f"{rule_set.title.in_language(language)} ({rule_set.id})"
    print_table(title, [*columns, translate(language, "table.source")], rows)


@app.command()
def diff(
    left: RuleSetArgument,
    right: RuleSetArgument,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show what differs between two rule sets, with the articles of both.

    Two rules that say the same are left out, whatever articles they come from.
    """
    lines = [rule_lines(_load(config, each), language) for each in (left, right)]
    differing = differing_lines(*lines)
    if as_json:
        print_json([_difference(pair, (left, right)) for pair in differing])
        return
    if not differing:
        console.print(f"{left}, {right}: {translate(language, 'ruleset.same')}", highlight=False)
        return
    print_table(
        translate(language, "ruleset.compare", {"left": left, "right": right}),
        [*(translate(language, f"ruleset.column.{name}") for name in ("section", "subject")), left, right],
        [_differing_row(pair, language) for pair in differing],
    )


def _load(config: Path | None, rule_set_id: str) -> RuleSet:
    return load_rule_set(config or default_config_dir(), rule_set_id)


def _summary(rule_set: RuleSet) -> dict[str, Any]:
    data = rule_set.model_dump(
        mode="json", include={"id", "title", "source", "issued_by", "in_force", "levels", "amends"}
    )
    return data | {"takes_new": [intake.model_dump(mode="json") for intake in intakes_of(rule_set)]}


def _row(rule_set: RuleSet, language: Language) -> tuple[str, ...]:
    lines = rule_lines(rule_set, language)

    def said(section: str) -> str:
        return "\n".join(dict.fromkeys(line.text for line in lines if line.section == section))

    in_force = said("in_force")
    issuer = f" – {rule_set.issued_by}" if rule_set.issued_by else ""
    title = f"{rule_set.title.in_language(language)}{issuer}"
    return rule_set.id, title, in_force, said("takes_new") or in_force, said("levels")


def _difference(pair: tuple[RuleLine | None, RuleLine | None], names: tuple[str, str]) -> dict[str, Any]:
    known = next(line for line in pair if line is not None)
    said = {
        name: None if line is None else {"text": line.text, "source": line.source}
        for name, line in zip(names, pair, strict=True)
    }
    return {"section": known.section, "key": known.key, "subject": known.subject, "rules": said}


def _sources(line: RuleLine, language: Language) -> str:
    return "\n".join(dict.fromkeys(source_label(source, language) for source in line.source.splitlines()))


def _differing_row(pair: tuple[RuleLine | None, RuleLine | None], language: Language) -> tuple[str, ...]:
    known = next(line for line in pair if line is not None)
    cells = ["–" if line is None else f"{line.text}\n[{_sources(line, language)}]" for line in pair]
    return translate(language, f"ruleset.section.{known.section}"), known.subject, *cells

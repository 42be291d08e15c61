"""The command `ocop dossier migrate`: open dossiers under another rule set, shown first and asked for once."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli.moves import ask
from ocop_workflow.cli.options import AtOption, ConfigOption, CycleOption, DataOption, JsonOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_last_day
from ocop_workflow.cli.ruleset_lines import RuleLine, differing_lines, rule_lines
from ocop_workflow.config_files import (
    default_config_dir,
    load_criteria_sets,
    load_rule_set,
    rule_sets_with_criteria,
)
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.rule_set_changes import Change, Chosen, Target, changes_of, dossiers_in
from ocop_workflow.services.rule_set_migration import Migration, migrate

RULES_OF_A_DOSSIER = frozenset({"outcome", "part", "band", "gate", "recognition", "limit", "rejection", "transition"})
"""The sections of a rule set that say something of an open dossier."""


def register(app: typer.Typer) -> None:
    """Add this module's command to those about dossiers."""
    app.command("migrate")(migrate_)


def migrate_(
    *,
    references: Annotated[
        list[str] | None, typer.Argument(metavar="[REFERENCE]...", help="The numbers of the dossiers.")
    ] = None,
    to: Annotated[str, typer.Option(metavar="RULESET", help="The rule set that they go on under.")],
    decision: Annotated[str, typer.Option(help="The number of the decision.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    round_: Annotated[str | None, typer.Option("--round", help="The open dossiers of one round.")] = None,
    unit: Annotated[str | None, typer.Option(help="The open dossiers of one unit's area.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    cycle: CycleOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move open dossiers from their rule set to another: show what changes for each, and ask once; all or none.

    A stage that the other rule set lacks goes on as its file says under takes_over; what it does not say refuses the
    whole. The status stays, and so do dates, unless the other rule set dates a step otherwise. A council's session that
    is being held ends without a result. Results of stages that were concluded stay, under the rules that they were made
    by. Producers are told, and so is everybody whose duty is new, has another date, or has gone. With --json it shows
    what would change, and moves only with --yes.
    """
    target = _target(config or default_config_dir(), to)
    chosen = Chosen(tuple(references or ()), round_, unit)
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            changes = changes_of(work, found, dossiers_in(work, found, chosen), target)
            shown = [_object(change) for change in changes]
        if not as_json:
            _show(changes)
        if changes and (yes or not as_json):
            ask(f"Move {len(changes)} dossiers of {found.key} to {to}?", yes=yes)
            with runtime.transaction(now) as work:
                found = find_cycle(work.session, cycle)
                migration = Migration(target, reason, decision, found.office_position)
                migrate(work, found, dossiers_in(work, found, chosen), migration)
    if as_json:
        print_json(shown)
        return
    said = f"{len(changes)} dossiers are under {to} now; those concerned are told."
    console.print(said if changes else f"They are under {to} already; nothing moves.", highlight=False, soft_wrap=True)


def _target(config: Path, rule_set_id: str) -> Target:
    rule_set = load_rule_set(config, rule_set_id)
    has_criteria = rule_set_id in rule_sets_with_criteria(config)
    return Target(rule_set, load_criteria_sets(config, rule_set_id) if has_criteria else ())


def _show(changes: Sequence[Change]) -> None:
    if not changes:
        return
    print_table(
        "Dossiers that move",
        ("number", "product", "stage", "goes on at", "status", "besides"),
        (
            (
                _number(change),
                change.before.product.name,
                change.before.stage.title.en,
                change.after.stage.title.en,
                translate(Language.EN, f"state.{change.before.dossier.status}"),
                "\n".join(_besides(change)),
            )
            for change in changes
        ),
        caption=f"{len(changes)} dossiers",
    )
    print_table(
        "What they owe",
        ("number", "step", "who", "who from now on", "last day", "last day from now on", "why"),
        (
            (
                _number(change),
                duty["step"],
                _party(duty["party_before"]),
                _party(duty["party"]),
                show_last_day(duty["due_before"]),
                show_last_day(duty["due_at"]),
                duty["source"],
            )
            for change in changes
            for duty in _duties(change)
        ),
        droppable=("why",),
    )
    ways = {
        (change.before.stage.title.en, change.after.stage.title.en, change.source): change.before.book.rule_set.id
        for change in changes
    }
    print_table(
        "Why they go on there",
        ("rule set", "stage", "goes on at", "why"),
        ((rule_set, *way) for way, rule_set in ways.items()),
    )
    after = changes[0].after.book.rule_set
    for before in {change.before.book.rule_set.id: change.before.book.rule_set for change in changes}.values():
        pairs = differing_lines(*(_rules(rule_set) for rule_set in (before, after)))
        columns = ("rule", "about", before.id, after.id)
        print_table("What the rules say otherwise", columns, [_rule(pair) for pair in pairs])


def _number(change: Change) -> str:
    return change.before.dossier.key.rpartition("/")[2]


def _party(party: str | None) -> str:
    """Return a position as it is written, the producer as such, and a dash for nobody."""
    if party is None:
        return "–"
    return translate(Language.EN, "table.any_producer") if party.startswith(f"{PRODUCER}:") else party


def _rules(rule_set: RuleSet) -> list[RuleLine]:
    return [line for line in rule_lines(rule_set, Language.EN) if line.section in RULES_OF_A_DOSSIER]


def _besides(change: Change) -> Iterator[str]:
    """Yield what else a dossier's office must know."""
    if change.session is not None:
        yield f"session {change.session.number} ends without a result"
    if change.after.book.criteria and change.criteria_set is None:
        yield "its criteria set must be named (`ocop dossier scores criteria`)"
    if change.new_papers:
        yield f"{len(change.new_papers)} papers more: {', '.join(paper.id for paper in change.new_papers)}"


def _rule(pair: tuple[RuleLine | None, RuleLine | None]) -> tuple[str, ...]:
    known = next(line for line in pair if line is not None)
    section = translate(Language.EN, f"ruleset.section.{known.section}")
    return section, known.subject, *("–" if line is None else f"{line.text}\n[{line.source}]" for line in pair)


def _duties(change: Change) -> Iterator[dict[str, Any]]:
    """Yield each open duty of a dossier's stage before and after; instants are the first too late."""
    for each in change.duties.carried:
        owed = each.obligation
        yield {
            "stage": each.stage,
            "step": owed.step,
            "party_before": owed.party,
            "party": each.party,
            "due_before": owed.due_at,
            "due_at": each.due_at,
            "source": owed.source if each.dated is None else each.dated.due.source,
        }
    for added in change.duties.added:
        yield {
            "stage": change.after.stage.id,
            "step": added.step.id,
            "party_before": None,
            "party": added.party,
            "due_before": None,
            "due_at": added.dated.due.due_at,
            "source": added.dated.due.source,
        }
    for owed in change.duties.ended:
        yield {
            "stage": owed.stage,
            "step": owed.step,
            "party_before": owed.party,
            "party": None,
            "due_before": owed.due_at,
            "due_at": None,
            "source": change.after.book.rule_set.source,
        }


def _object(change: Change) -> dict[str, Any]:
    """Return what changes for a dossier, for programs."""
    dossier = change.before.dossier
    instants = ("due_before", "due_at")
    return {
        "key": dossier.key,
        "product": change.before.product.name,
        "rule_set_before": change.before.book.rule_set.id,
        "rule_set": change.after.book.rule_set.id,
        "stage_before": change.before.stage.id,
        "stage": change.after.stage.id,
        "status": dossier.status,
        "why": change.source,
        "duties": [
            {name: iso(value) if name in instants else value for name, value in duty.items()}
            for duty in _duties(change)
        ],
        "stages_to_come": [
            {"stage": stage.id, "outcomes": [end.model_dump(mode="json", exclude_none=True) for end in stage.outcomes]}
            for stage in change.to_come
        ],
        "criteria_set_before": dossier.criteria_set,
        "criteria_set": change.criteria_set,
        "new_papers": [paper.id for paper in change.new_papers],
        "session_ended": change.session.number if change.session is not None else None,
    }

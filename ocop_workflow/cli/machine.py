"""The command `ocop machine diagram`: the states of a dossier under a rule set, drawn. It needs no data folder."""

from typing import Annotated

import typer

from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import ConfigOption, JsonOption
from ocop_workflow.cli.output import console, print_json
from ocop_workflow.cli.ruleset import RuleSetArgument
from ocop_workflow.config_files import default_config_dir, load_rule_set
from ocop_workflow.errors import InputError
from ocop_workflow.policy.route import lifecycle_of
from ocop_workflow.policy.rule_set import DossierKind

app = command_group()


@app.callback()
def machine() -> None:
    """Draw the states of a dossier, as the programs generate them from a rule set."""


@app.command()
def diagram(
    rule_set_id: RuleSetArgument,
    kind: Annotated[DossierKind, typer.Option(help="The kind of dossier.")] = DossierKind.FIRST,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw every state and trigger of a dossier as a Mermaid diagram, which GitHub and many editors show."""
    route = load_rule_set(config or default_config_dir(), rule_set_id).route
    stages = [stage for stage in route.stages if kind in stage.kinds]
    if not stages:
        raise InputError(f"under {rule_set_id} a dossier of kind {kind} passes no stage; choose another --kind")
    lifecycle = lifecycle_of(route, stages)
    if as_json:
        lines = [
            {"from": line.source, "trigger": line.trigger, "to": line.dest, "when": line.when or None}
            for line in lifecycle.transitions
        ]
        final = sorted(lifecycle.final)
        print_json({"initial": lifecycle.initial, "states": lifecycle.states, "final": final, "transitions": lines})
        return
    console.out(lifecycle.mermaid(), end="", highlight=False)

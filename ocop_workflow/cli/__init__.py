"""The `ocop` command. Each module holds one family of commands; heavy libraries are imported where they are used."""

import logging
import sys
from typing import Any

import typer

from notifications.catalogue import Language, translate
from ocop_workflow.cli import (
    audit,
    calendar_command,
    calendar_days,
    certificate,
    criteria,
    cycle,
    cycle_amend,
    demo,
    demo_prefect,
    doctor,
    dossier,
    escalations,
    extend,
    folder,
    machine,
    notices,
    outbox,
    overrun,
    people,
    people_changes,
    people_feed,
    producer,
    products,
    report,
    ruleset,
    running,
    simulate,
    support,
    targets_command,
    task,
    unit,
    unit_succession,
    why,
)
from ocop_workflow.cli.command_groups import CommandGroup
from ocop_workflow.cli.output import error_console
from ocop_workflow.errors import OcopError, RefusedError

IN_ORDER_OF_USE = (
    *("demo", "init", "cycle", "people", "products", "producer", "doctor", "serve"),
    *("dossier", "report", "task", "certificate", "support"),
    *("extend", "overrun", "calendar", "escalations", "notices", "outbox", "why", "audit"),
    *("unit", "ruleset", "criteria", "machine"),
    *("run", "tick", "migrate", "demo-prefect"),
)
"""How `ocop --help` lists commands: to begin, day by day, what the office decides and looks up, the law, upkeep."""


class Commands(CommandGroup):
    """The commands in the order in which an office meets them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in that order; a name that is not in it comes last."""
        order = {name: place for place, name in enumerate(IN_ORDER_OF_USE)}
        return sorted(super().list_commands(ctx), key=lambda name: order.get(name, len(order)))


app = typer.Typer(
    name="ocop",
    cls=Commands,
    help="Run the yearly OCOP cycle of a coordination office: dossiers, deadlines, reminders, reports.\n\n"
    "Begin with `ocop demo`, which replays a whole year, or `ocop init --data DIR` for an office of your own.\n\n"
    "What belongs to an office's year lies in its data folder: name it with --data DIR, or once with OCOP_DATA_DIR. "
    "Tables are in English, or in Vietnamese with --language vi, or with OCOP_LANGUAGE=vi in the folder's "
    "settings.env.\n\n"
    "Exit codes: 0 well, 1 something failed on the way, 2 the input is wrong, 3 a check found a fault.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cycle.app, name="cycle")
calendar_command.register(cycle.app)
cycle_amend.register(cycle.app)
targets_command.register(cycle.app)
app.add_typer(calendar_days.app, name="calendar")
simulate.register(cycle.app)
app.add_typer(dossier.app, name="dossier")
app.add_typer(certificate.app, name="certificate")
app.add_typer(report.app, name="report")
app.add_typer(task.app, name="task")
app.add_typer(support.app, name="support")
app.add_typer(people.app, name="people")
people_changes.register(people.app)
people_feed.register(people.app)
app.add_typer(products.app, name="products")
app.add_typer(producer.app, name="producer")
app.add_typer(criteria.app, name="criteria")
app.add_typer(outbox.app, name="outbox")
app.add_typer(audit.app, name="audit")
app.add_typer(ruleset.app, name="ruleset")
app.add_typer(machine.app, name="machine")
app.add_typer(overrun.app, name="overrun")
app.add_typer(escalations.app, name="escalations")
app.add_typer(notices.app, name="notices")
app.add_typer(unit.app, name="unit")
unit_succession.register(unit.app)
extend.register(app)
folder.register(app)
doctor.register(app)
running.register(app)
why.register(app)
demo.register(app)
demo_prefect.register(app)


def main() -> None:
    """Run the command; what the user can mend becomes one sentence and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except OcopError as error:
        language = (error.language if isinstance(error, RefusedError) else None) or Language.EN
        told = translate(language, "word.error", {"said": str(error)})
        error_console.print(told, style="red", highlight=False, markup=False, soft_wrap=True)
        sys.exit(error.exit_code)

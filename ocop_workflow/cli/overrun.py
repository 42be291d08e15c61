"""Commands about statutory dates that were missed: overrun add, list."""

from typing import Annotated

import typer

from notifications.catalogue import Language, Parameter, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_day, show_last_day, titles_of
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.letters import act_of, party_name, subject_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.overruns import Overrun, overruns_of, record_overrun
from ocop_workflow.services.source_labels import source_label
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier

app = command_group()


@app.callback()
def overrun() -> None:
    """See which statutory dates were overrun, and record why."""


@app.command()
def add(
    dossier: Annotated[str, typer.Argument(metavar="NUMBER", help="The dossier's number.")],
    reason: Annotated[str, typer.Option(help="Why the statutory date was missed.")],
    step: Annotated[str | None, typer.Option(help="Which step, where several were missed.")] = None,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Record why a statutory date was overrun; the date stays."""
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.transaction(now) as work:
            row = find_dossier(work.session, dossier)
            cycle = work.session.get_one(Cycle, row.cycle_id)
            missed = [
                each.obligation
                for each in overruns_of(work, cycle)
                if each.obligation.subject_id == row.id and step in (None, each.obligation.step)
            ]
            if len(missed) != 1:
                owed = missed or open_obligations_of(work.session, row.id)
                names = ", ".join(sorted({str(obligation.step) for obligation in owed})) or "nothing"
                problem = "several statutory dates were" if missed else "no statutory date was"
                raise InputError(f"{problem} overrun by {row.key} under that name; --step names one of {names}")
            record_overrun(work, missed[0], reason=reason, actor=cycle.office_position)
    console.print(f"The reason is on record for {row.key}, {missed[0].step}.", highlight=False, markup=False)


@app.command("list")
def list_overruns(
    cycle: CycleOption = None,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List the statutory dates that were overrun, with article, days and the reason on record."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            rows = overruns_of(work, found)
            objects = [_object(each) for each in rows]
            lines = [_line(work, found, each, language) for each in rows]
    if as_json:
        print_json(objects)
        return
    counted: dict[str, Parameter] = {"count": len(rows), "open": sum(each.reason is None for each in rows)}
    print_table(
        translate(language, "table.overruns", {"cycle": found.key}),
        titles_of(("number", "what", "party", "last_day", "source", "done", "reason"), language),
        lines,
        caption=translate(language, "table.overruns.count", counted),
    )


def _line(work: UnitOfWork, cycle: Cycle, each: Overrun, language: Language) -> tuple[object, ...]:
    session, owed = work.session, each.obligation
    book = work.books.of_cycle(session, cycle)
    subject = subject_of(session, owed.kind, owed.subject_id)
    number = ""
    if isinstance(subject, Dossier):
        book, number = work.books.of_dossier(session, cycle, subject), subject.key.rpartition("/")[2]
    act = act_of(book, owed, subject)
    return (
        number,
        translate(language, act.code, act.params),
        party_name(session, book, owed.party, language),
        show_last_day(each.due_at),
        source_label(each.article, language),
        show_day(each.until),
        each.reason,
    )


def _object(each: Overrun) -> dict[str, object]:
    return {
        "obligation": each.obligation.key,
        "party": each.obligation.party,
        "due_at": iso(each.due_at),
        "article": each.article,
        "done_at": iso(each.until),
        "reason": each.reason,
    }

"""Commands about what councils do: scores show, criteria, template, open, record, findings, interest."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from notifications.catalogue import Language
from ocop_workflow.cli import dossier_sheet
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AsOption, AtOption, DataOption, JsonOption, LanguageOption, read_day, read_instant
from ocop_workflow.cli.output import console, print_json
from ocop_workflow.cli.refusals import RefusalLanguageOption, refusals_in, refusals_on_record
from ocop_workflow.cli.session_tables import SessionTables
from ocop_workflow.clock import local_day
from ocop_workflow.config_files.score_sheets import load_sheets
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.council_sessions import (
    Opening,
    SessionKind,
    declare_interest,
    open_session,
    record_findings,
)
from ocop_workflow.services.dossier_criteria import name_criteria_set
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.score_sheets import add_sheets, record_sheets
from ocop_workflow.services.session_rows import open_session_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier

app = command_group()

SheetOption = Annotated[
    list[str] | None,
    typer.Option(help="A council member's points by part, such as member-1=30/20/35; once for each member."),
]
SheetsOption = Annotated[
    Path | None,
    typer.Option(
        "--sheets",
        help="A CSV with the column member and one for each part (A, B, C) or criterion (such as 1.1), or one that "
        "`scores template` made.",
        dir_okay=False,
    ),
]
KindOption = Annotated[
    SessionKind | None, typer.Option("--kind", help="Why a session is held; a re-evaluation and a redo cite a paper.")
]
HeldOption = Annotated[
    str | None,
    typer.Option("--held", help="The day of the session, such as 2018-11-20.", show_default="the day of --at"),
]
DocumentOption = Annotated[str | None, typer.Option("--document", help="The number of the paper that it rests on.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; kept as free text that can be erased.")]

Act = Callable[[UnitOfWork, Dossier, Rulebook, str, datetime | None], str]
"""What is done to a dossier by whom, when it happened if not now; returns what is told about it."""


@app.callback()
def scores() -> None:
    """See and record what a council did: criteria, sessions, score sheets, findings, interests."""


dossier_sheet.register(app)


@app.command()
def show(
    reference: ReferenceArgument,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show the sessions of a dossier, each sheet, and why the result is what it is, by rule and article."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        row = find_dossier(work.session, reference)
        book = work.books.of_dossier(work.session, work.session.get_one(Cycle, row.cycle_id), row)
        tables = SessionTables(work, book, row, language)
    if as_json:
        print_json({"key": row.key, "sessions": tables.objects(), "why": tables.why})
        return
    tables.print_that_there_is_none()
    tables.print_sessions()
    tables.print_sheets()


@app.command("open")
def open_(
    reference: ReferenceArgument,
    data: DataOption = None,
    kind: KindOption = None,
    held: HeldOption = None,
    document: DocumentOption = None,
    reason: ReasonOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Open the next session of the present stage; sheets and findings are then recorded with it."""

    def act(work: UnitOfWork, row: Dossier, _book: Rulebook, who: str, effective_at: datetime | None) -> str:
        chosen = kind or SessionKind.ORDINARY
        opening = opening_on(effective_at, kind=chosen, held=held, document=document, reason=reason)
        return f"session {open_session(work, row, opening, actor=who).number} of {row.stage} is open"

    do_act("dossier scores open", reference, data, actor, at, language, act)


@app.command()
def record(
    reference: ReferenceArgument,
    data: DataOption = None,
    sheet: SheetOption = None,
    sheets: SheetsOption = None,
    from_paper: Annotated[bool, typer.Option("--from-paper", help="They are typed from signed paper.")] = False,
    kind: KindOption = None,
    held: HeldOption = None,
    document: DocumentOption = None,
    reason: ReasonOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record score sheets in the session that is being held; one is opened where none is, or where --kind is given.

    All of them or none. What has been entered stays; a mistake is mended by another session.
    """
    if kind is None and (held or document or reason):
        raise InputError("--held, --document and --reason belong to a new session; give its --kind as well")

    def act(work: UnitOfWork, row: Dossier, book: Rulebook, who: str, effective_at: datetime | None) -> str:
        given = read_sheets(sheet, sheets, book, row)
        if kind is None and open_session_of(work.session, row) is not None:
            number = add_sheets(work, row, given, actor=who, from_paper=from_paper)
        else:
            opening = opening_on(effective_at, kind=kind, held=held, document=document, reason=reason)
            number = record_sheets(work, row, given, actor=who, opening=opening, from_paper=from_paper)
        return f"session {number} of {row.stage} has the sheets of {', '.join(given)}"

    do_act("dossier scores record", reference, data, actor, at, language, act)


@app.command()
def findings(
    reference: ReferenceArgument,
    data: DataOption = None,
    reached: Annotated[
        list[str] | None,
        typer.Option(metavar="CRITERION=POINTS", help="The option that a gated criterion reaches, such as 1.5=2."),
    ] = None,
    met: Annotated[list[str] | None, typer.Option(help="A gate that is met; once for each.")] = None,
    unmet: Annotated[list[str] | None, typer.Option(help="A gate that is not met; once for each.")] = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record the council's yes or no for gates; a gate that is not met caps the stars.

    Where products are scored on criteria sets, one answer for each gated criterion is enough: a higher option satisfies
    the gates of the lower ones.
    """
    options = dict(_read_reached(text) for text in reached or ())
    if len(options) < len(reached or ()):
        raise InputError("a criterion stands twice; it reaches one option")
    found = {**dict.fromkeys(met or (), True), **dict.fromkeys(unmet or (), False)}
    if len(found) < len([*(met or ()), *(unmet or ())]):
        raise InputError("a gate stands twice; it is met or it is not")

    def act(work: UnitOfWork, row: Dossier, _book: Rulebook, who: str, _effective_at: datetime | None) -> str:
        session = record_findings(work, row, found, actor=who, reached=options)
        return f"session {session.number} of {row.stage} has findings on {', '.join(session.findings)}"

    do_act("dossier scores findings", reference, data, actor, at, language, act)


@app.command()
def criteria(
    reference: ReferenceArgument,
    number: Annotated[int, typer.Argument(metavar="SET", help="The set's number, such as 13.")],
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Name the criteria set on which the product is scored; a session that is being held on another one is void.

    The sets are those that the cycle was opened with; `ocop criteria list` shows those of the configuration.
    """

    def act(work: UnitOfWork, row: Dossier, _book: Rulebook, who: str, _effective_at: datetime | None) -> str:
        name_criteria_set(work, row, number, actor=who)
        return f"the product is scored on criteria set {number}"

    do_act("dossier scores criteria", reference, data, actor, at, language, act)


@app.command()
def interest(
    reference: ReferenceArgument,
    member: Annotated[str, typer.Option(help="The member, as named on score sheets.")],
    data: DataOption = None,
    reason: ReasonOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record that a member declared an interest in the product; who did does not score it."""

    def act(work: UnitOfWork, row: Dossier, _book: Rulebook, who: str, _effective_at: datetime | None) -> str:
        declare_interest(work, row, member, actor=who, text=reason)
        return f"{member} does not score {row.key} at {row.stage}"

    do_act("dossier scores interest", reference, data, actor, at, language, act)


def read_sheets(
    written: list[str] | None, file: Path | None, book: Rulebook, row: Dossier
) -> dict[str, dict[str, Decimal]]:
    """Return points by member from options and a table; a table by criterion is read by the dossier's criteria set.

    Raises:
        InputError: An option is no sheet, a row of the table is wrong, or a member has two.
    """
    parts = book.rule_set.parts
    given = load_sheets(file, parts, book.criteria.get(row.criteria_set or 0)) if file is not None else {}
    for text in written or ():
        member, points = _read_sheet(text, [part.id for part in parts])
        if member in given:
            raise InputError(f"{member[:80]} has two sheets; give one for each member")
        given[member] = points
    return given


def opening_on(
    effective_at: datetime | None,
    *,
    kind: SessionKind | None = None,
    held: str | None = None,
    document: str | None = None,
    reason: str | None = None,
) -> Opening:
    """Return how a session is opened that was held on the day given, or else when the act happened.

    Raises:
        InputError: The day is none.
    """
    happened_on = local_day(effective_at) if effective_at is not None else None
    return Opening(kind, read_day(held) if held else happened_on, document, reason)


def _read_sheet(text: str, parts: list[str]) -> tuple[str, dict[str, Decimal]]:
    member, _, points = text.partition("=")
    values = [_read_points(value) for value in points.split("/")]
    if not member or len(values) != len(parts) or None in values:
        example = "/".join("30" for _ in parts)
        raise InputError(
            f"{text[:80]!r} is no score sheet; write MEMBER=POINTS for {'/'.join(parts)}, such as m1={example}"
        )
    return member, {part: value for part, value in zip(parts, values, strict=True) if value is not None}


def _read_reached(text: str) -> tuple[str, Decimal]:
    code, _, points = text.partition("=")
    value = _read_points(points.replace(",", "."))
    if not code or value is None:
        raise InputError(f"{text[:80]!r} says of no criterion what it reaches; write CRITERION=POINTS, such as 1.5=2")
    return code, value


def _read_points(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def do_act(
    command: str, reference: str, data: Path | None, actor: str | None, at: str | None, language: Language, act: Act
) -> None:
    """Do one act of a council in one transaction and say what it came to."""
    with open_runtime(data) as runtime, refusals_in(language), refusals_on_record(runtime, command) as trying:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            row = find_dossier(work.session, reference)
            cycle = work.session.get_one(Cycle, row.cycle_id)
            book = work.books.of_dossier(work.session, cycle, row)
            who = actor or cycle.office_position
            trying.by(who, row)
            told = act(work, row, book, who, moment.effective_at)
            line = f"{row.key}: {told}"
    console.print(line, highlight=False, markup=False, soft_wrap=True)

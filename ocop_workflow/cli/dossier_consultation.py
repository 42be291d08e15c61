"""Commands about a council that is asked in writing: consultation open, answer, meet, show."""

from datetime import datetime
from typing import Annotated

import typer

from notifications.catalogue import Language, Parameter, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.dossier_scores import DocumentOption, SheetsOption, do_act, read_sheets
from ocop_workflow.cli.dossier_views import ReferenceArgument
from ocop_workflow.cli.options import AsOption, AtOption, DataOption, JsonOption, LanguageOption, read_day
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant, show_last_day
from ocop_workflow.cli.refusals import RefusalLanguageOption
from ocop_workflow.clock import last_day_in_time
from ocop_workflow.errors import InputError
from ocop_workflow.policy.consultation import Answer
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.consultation_answers import Reply, call_meeting, give_opinion
from ocop_workflow.services.consultation_opening import Proposal, open_consultation
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.session_rows import SessionState
from ocop_workflow.services.session_views import ShownSession, shown_sessions
from ocop_workflow.services.titles import seat_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, WrittenConsultation, WrittenOpinion

app = command_group()

MemberOption = Annotated[str, typer.Option(help="The member's seat in the plan's council.")]


@app.callback()
def consultation() -> None:
    """Ask a council in writing where its rule set allows it: open, answer, meet instead, show."""


@app.command("open")
def open_(
    reference: ReferenceArgument,
    by: Annotated[str, typer.Option(help="The last day for answers, such as 15/10/2027.")],
    points: Annotated[str | None, typer.Option(help="The proposed points by part, such as 30/20/30.")] = None,
    sheets: SheetsOption = None,
    document: DocumentOption = None,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Ask each member of the council whether the proposed points stand; findings are recorded as with a meeting.

    Every member owes an answer by that day, reminded by the plan's ladder; who declared an interest is not asked.
    """
    last_day = read_day(by)

    def act(work: UnitOfWork, row: Dossier, book: Rulebook, who: str, _effective_at: datetime | None) -> str:
        given = list(read_sheets([f"proposal={points}"] if points else None, sheets, book, row).values())
        if len(given) != 1:
            raise InputError("one proposal is asked about; give --points, or a table with one row")
        session = open_consultation(work, row, Proposal(given[0], last_day, document), actor=who)
        return f"session {session.number} of {row.stage} asks its members until {last_day:%d/%m/%Y}"

    do_act("dossier consultation open", reference, data, actor, at, language, act)


@app.command()
def answer(
    reference: ReferenceArgument,
    member: MemberOption,
    answer: Annotated[Answer, typer.Option(help="What the member says; `none` is a reply without an opinion.")],
    words: Annotated[str | None, typer.Option(help="The words of the answer; they can be erased later.")] = None,
    from_paper: Annotated[bool, typer.Option("--from-paper", help="It is typed from the signed paper.")] = False,
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Record a member's answer; until the council has decided, a later one replaces it.

    When too many disagree for the plan's share of agreement, the consultation turns into a meeting at once.
    """

    def act(work: UnitOfWork, row: Dossier, _book: Rulebook, who: str, effective_at: datetime | None) -> str:
        reply = Reply(member, answer, words, from_paper)
        held = give_opinion(work, row, reply, actor=who, effective_at=effective_at)
        told = f"the answer of {member} is recorded: {answer.value}"
        return told if held.state == SessionState.OPEN else f"{told}; opinions differ, so the council meets"

    do_act("dossier consultation answer", reference, data, actor, at, language, act)


@app.command()
def meet(
    reference: ReferenceArgument,
    reason: Annotated[str, typer.Option(help="Why; kept as free text that can be erased.")],
    data: DataOption = None,
    actor: AsOption = None,
    at: AtOption = None,
    language: RefusalLanguageOption = Language.EN,
) -> None:
    """Turn the written consultation into a meeting; nobody owes an answer any more."""

    def act(work: UnitOfWork, row: Dossier, _book: Rulebook, who: str, _effective_at: datetime | None) -> str:
        held = call_meeting(work, row, actor=who, reason=reason)
        return f"session {held.number} of {row.stage} ends; open the meeting with `ocop dossier scores open`"

    do_act("dossier consultation meet", reference, data, actor, at, language, act)


@app.command()
def show(
    reference: ReferenceArgument,
    data: DataOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show each written consultation of a dossier: who was asked until when, and who answered what."""
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        row = find_dossier(work.session, reference)
        book = work.books.of_dossier(work.session, work.session.get_one(Cycle, row.cycle_id), row)
        found = [(each, each.consultation) for each in shown_sessions(work, row)]
    asked = [(each, consultation) for each, consultation in found if consultation is not None]
    if as_json:
        print_json({"key": row.key, "consultations": [_object(*each) for each in asked]})
        return
    if not asked:
        console.print(translate(language, "table.no_sessions"), highlight=False)
    for each, consultation in asked:
        _print(book, each, consultation, language)


def _print(book: Rulebook, shown: ShownSession, consultation: WrittenConsultation, language: Language) -> None:
    tally = shown.tally
    title: dict[str, Parameter] = {
        "number": shown.held.number,
        "last_on": last_day_in_time(consultation.due_at).isoformat(),
    }
    counted: dict[str, Parameter] = {"asked": tally.asked, "replies": tally.replies, "agree": tally.agree}

    def line(opinion: WrittenOpinion) -> tuple[str, ...]:
        paper = f" ({translate(language, 'table.from_paper')})" if opinion.from_paper else ""
        interested = opinion.member in shown.interested
        said = "interested" if interested else opinion.answer or "awaited"
        return (
            seat_title(book, shown.held.stage, opinion.member)[language.value],
            translate(language, f"opinion.{said}"),
            show_instant(opinion.answered_at),
            (opinion.entered_by or "") + paper,
        )

    print_table(
        translate(language, "table.opinions", title),
        [translate(language, f"table.{name}") for name in ("member", "answer", "answered", "entered_by")],
        map(line, shown.opinions),
        caption=translate(language, "table.opinions.count", counted),
    )


def _object(shown: ShownSession, consultation: WrittenConsultation) -> dict[str, object]:
    return {
        "stage": shown.held.stage,
        "session": shown.held.number,
        "state": shown.held.state,
        "document": shown.held.document,
        "points": consultation.points,
        "criteria": consultation.criteria,
        "total": consultation.total,
        "last_day": show_last_day(consultation.due_at),
        "due_at": iso(consultation.due_at),
        "turned_at": iso(consultation.turned_at),
        "asked": shown.tally.asked,
        "replies": shown.tally.replies,
        "agree": shown.tally.agree,
        "opinions": [
            {
                "member": opinion.member,
                "answer": opinion.answer,
                "answered_at": iso(opinion.answered_at),
                "entered_by": opinion.entered_by,
                "from_paper": opinion.from_paper,
                "counts": opinion.member not in shown.interested,
            }
            for opinion in shown.opinions
        ],
    }

"""A council asked in writing about a renewal: who owes what, what the answers come to, and what silence never does."""

import shutil
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from notifications.catalogue import Language
from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import InvalidFilesError
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.consultation import Answer
from ocop_workflow.policy.plan import Rung
from ocop_workflow.services.amendments import Amendment, amend
from ocop_workflow.services.audit import verify
from ocop_workflow.services.calendar_edits import CalendarEdit, set_day
from ocop_workflow.services.certificates import record_changes
from ocop_workflow.services.consultation_answers import Reply, call_meeting, give_opinion
from ocop_workflow.services.consultation_opening import Proposal, open_consultation
from ocop_workflow.services.council_sessions import Opening, SessionKind, declare_interest, open_session
from ocop_workflow.services.dossiers import NotPermittedError, Request, apply_trigger
from ocop_workflow.services.enforcement import enforce, overdue_obligations
from ocop_workflow.services.evaluations import conclude, result_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.obligations import OPINION
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.status_page import status_page
from ocop_workflow.storage.database import Database, open_database
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    Holding,
    Notice,
    Obligation,
    Official,
    StatusLink,
    WrittenConsultation,
    WrittenOpinion,
)
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlmodel import Session

    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office
    from tests.ocop_workflow.services.certificates.conftest import Certified, Edit

OFFICE, COUNCIL, TRADE = "coast/coordination_office", "coast/province_council", "delta/ocop_team"
MEMBERS = ("chair", "trade", "health", "clerk")
ASKED, LAST_DAY, AFTER = "2020-10-05 09:00", date(2020, 10, 15), "2020-10-16 09:00"


def seat(seat_id: str, title: str, **more: Any) -> dict[str, Any]:
    return {"id": seat_id, "title": {"vi": title, "en": title}, **more}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def points(total: str) -> dict[str, Decimal]:
    c = min(Decimal(total), Decimal(40))
    a = min(Decimal(total) - c, Decimal(35))
    return {"A": a, "B": Decimal(total) - c - a, "C": c}


def written_plan(plan: dict[str, Any]) -> None:
    decision = {"due": {"within": "60 days of received", "source": "item 9"}, "ladder": "official"}
    plan["certificates"]["renewal_stages"]["evaluation"] = {"decision": decision}
    plan["ladders"]["opinion"] = {
        "at": "07:30",
        "source": "rules of procedure",
        "rungs": [
            {"days": -3, "count": "working"},
            {"days": 1},
            {"days": 2, "audience": "superior"},
            {"days": 4, "audience": "office"},
        ],
    }
    plan["councils"]["evaluation"] = {
        "members": 4,
        "quorum_percent": 50,
        "seats": [
            seat("chair", "Chủ tịch", role="chair", position={"role": "coordination_office", "unit": "coast"}),
            seat("trade", "Công Thương", position={"role": "ocop_team", "unit": "delta"}),
            seat("health", "Y tế"),
            seat("clerk", "Thư ký", role="secretary"),
        ],
        "written": {"quorum_percent": 75, "agree_percent": 67, "ladder": "opinion", "source": "Quy chế, Điều 9"},
        "source": "Quy chế, Điều 5",
    }


def chair_needed(plan: dict[str, Any]) -> None:
    written_plan(plan)
    plan["councils"]["evaluation"] |= {"quorum_needs_chair": True}


def unwritten(plan: dict[str, Any]) -> None:
    written_plan(plan)
    del plan["councils"]["evaluation"]["written"]


def with_renewals(rules: dict[str, Any]) -> None:
    """Certificates are valid for 36 months and renewed 180 to 120 days before their end."""
    rules["validity_months"], rules["validity_source"] = "36", "article 8"
    rules["renewal"] = {"opens_days_before": "180", "closes_days_before": "120", "source": "article 9"}


def allow_written(rules: dict[str, Any]) -> None:
    rules["route"]["stages"][1]["written_opinions"] = {"kinds": ["renewal"], "source": "article 7.6"}


class Consulted:
    """A renewal dossier that is before the council since 2 October 2020."""

    def __init__(self, certified: "Certified", key: str) -> None:
        self.certified, self.office, self.key = certified, certified.office, key

    def dossier(self, work: "UnitOfWork") -> Dossier:
        return self.office.dossier(work, self.key)

    def ask(self, total: str = "75", *, last_day: date = LAST_DAY, when: str = ASKED, actor: str = COUNCIL) -> None:
        with self.office.at(when) as work:
            proposal = Proposal(points(total), last_day, "12/HĐ")
            open_consultation(work, self.dossier(work), proposal, actor=actor)

    def answer(self, member: str, answer: Answer, *, when: str = "2020-10-08 09:00") -> None:
        with self.office.at(when) as work:
            text = "chưa đủ minh chứng" if answer in (Answer.DISAGREE, Answer.OTHER) else None
            give_opinion(work, self.dossier(work), Reply(member, answer, text, from_paper=True), actor=COUNCIL)

    def conclude(self, when: str = AFTER) -> Dossier:
        with self.office.at(when) as work:
            return conclude(work, self.dossier(work), actor=COUNCIL)

    def score(self, when: str, total: str) -> None:
        """Hold the meeting: every member hands in a sheet, and the council concludes."""
        with self.office.at(when) as work:
            dossier = self.dossier(work)
            record_sheets(work, dossier, dict.fromkeys(MEMBERS, points(total)), actor=COUNCIL)
            conclude(work, dossier, actor=COUNCIL)

    def refusal(self, act: "Callable[[UnitOfWork, Dossier], object]", when: str = ASKED) -> RefusedError:
        with self.office.at(when) as work, pytest.raises(RefusedError) as refused:
            act(work, self.dossier(work))
        return refused.value

    def duties(self) -> dict[str, str]:
        """Return the state of each member's duty, by seat."""
        with self.office.reading() as work:
            query = select(Obligation).where(col(Obligation.kind) == OPINION)
            return {str(owed.step): owed.status for owed in work.session.exec(query)}

    def session(self) -> tuple[str, str]:
        with self.office.reading() as work:
            last = sessions_of(work.session, self.dossier(work).id)[-1]
            return last.kind, last.state

    def faults(self) -> list[str]:
        with self.office.reading() as work:
            return [str(fault) for fault in verify(work.session).faults]


def renewal_before_council(certified: "Certified") -> Consulted:
    key = certified.open_renewal("2020-09-20 09:00")
    certified.do("2020-10-01 09:00", key, DossierTrigger.SUBMIT)
    certified.bring_to_council(key, "2020-10-02")
    return Consulted(certified, key)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, dict[str, tuple[Office, str]]]":
    """Where offices with a renewal before the council are kept, and the dossier's number, by how they were made."""
    return tmp_path_factory.mktemp("prepared"), {}


@pytest.fixture
def before_council(
    certify_with: "Callable[..., Certified]",
    following: "Callable[[Office], Certified]",
    prepared: "tuple[Path, dict[str, tuple[Office, str]]]",
    tmp_path: Path,
) -> "Generator[Callable[..., Consulted]]":
    folder, made = prepared
    opened: list[Database] = []

    def make(*, asked: bool = False, rules: "Edit" = allow_written, plan: "Edit" = written_plan) -> Consulted:
        name = f"{asked}-{rules.__name__}-{plan.__name__}"
        if name not in made:
            first = renewal_before_council(certify_with(with_renewals, rules, plan=plan, members=MEMBERS))
            if asked:
                first.ask()
            first.office.database.dispose()  # the last connection folds the write-ahead log into the file
            shutil.copy(first.office.database.writing.url.database or "", folder / name)
            made[name] = first.office, first.key
        shutil.copy(folder / name, tmp_path / "council.db")
        opened.append(open_database(f"sqlite:///{tmp_path / 'council.db'}"))
        office, key = made[name]
        return Consulted(following(replace(office, database=opened[-1])), key)

    yield make
    for database in opened:
        database.dispose()


@pytest.fixture
def consulted(before_council: "Callable[..., Consulted]") -> Consulted:
    return before_council(asked=True)


def test_each_member_owes_an_answer_and_whose_interest_is_declared_is_not_asked(
    before_council: "Callable[..., Consulted]",
) -> None:
    """QĐ 26, Điều 7.6 d asks the council in writing: each seat by its own party, the others by the secretary."""
    made = before_council()
    with made.office.at("2020-10-03 09:00") as work:
        declare_interest(work, made.dossier(work), "health", actor=COUNCIL)
    made.ask()

    with made.office.reading() as work:
        owed = {
            str(row.step): (row.party, row.due_at and row.due_at.isoformat(), row.why_code, row.source)
            for row in work.session.exec(select(Obligation).where(col(Obligation.kind) == OPINION))
        }
        links = work.session.exec(select(StatusLink).where(col(StatusLink.dossier_id) == made.dossier(work).id)).all()
        page = status_page(work, made.dossier(work))
    due = "2020-10-15T17:00:00+00:00"
    assert owed == {
        "chair": (OFFICE, due, "by_day", "12/HĐ"),
        "trade": (TRADE, due, "by_day", "12/HĐ"),
        "clerk": (COUNCIL, due, "by_day", "12/HĐ"),
    }
    assert {link.recipient for link in links} >= {OFFICE, TRADE, COUNCIL}
    assert len(page.tasks) == 1  # the decision; what members owe is not the producer's matter
    assert made.session() == ("written", "open")
    assert made.faults() == []


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ({"chair": Answer.AGREE, "trade": Answer.AGREE, "health": Answer.AGREE, "clerk": Answer.AGREE}, None),
        ({"chair": Answer.AGREE, "trade": Answer.AGREE, "health": Answer.AGREE, "clerk": Answer.DISAGREE}, None),
        ({"chair": Answer.AGREE, "trade": Answer.AGREE, "health": Answer.AGREE}, None),  # quorum exactly met: 3 of 4
        ({"chair": Answer.AGREE, "trade": Answer.AGREE}, "refusal.opinions_quorum"),
        ({"chair": Answer.AGREE, "trade": Answer.AGREE, "health": Answer.NONE}, "refusal.opinions_differ"),  # 66.67
        ({}, "refusal.opinions_quorum"),
    ],
)
def test_the_answers_decide_by_the_councils_procedure(
    consulted: Consulted, answers: dict[str, Answer], refusal: str | None
) -> None:
    """Quorum 75 % of those asked, 67 % of the replies must agree; a reply without opinion is a reply (Điều 9)."""
    for member, answer in answers.items():
        consulted.answer(member, answer)
    if refusal is None:
        concluded = consulted.conclude()
        assert (concluded.status, concluded.mean, concluded.stars) == ("recognised", "75", 4)
        assert consulted.session() == ("written", "conclusive")
    else:
        refused = consulted.refusal(lambda work, row: conclude(work, row, actor=COUNCIL), AFTER)
        assert (refused.code, refused.rule) == (refusal, "Quy chế, Điều 9")
    assert consulted.faults() == []


def test_the_result_is_recomputed_from_the_proposal_and_the_answers_counted(consulted: Consulted) -> None:
    """I7: the mean is the proposal's, the count stands in the decision's event."""
    for member in MEMBERS[:3]:
        consulted.answer(member, Answer.AGREE)
    consulted.conclude()
    with consulted.office.reading() as work:
        dossier = consulted.dossier(work)
        rules = work.books.of_dossier(work.session, work.session.get_one(Cycle, dossier.cycle_id), dossier).rule_set
        result = result_of(work.session, dossier.id, rules, stage="evaluation", session_number=1)
        last = [e for e in events_of(work.session, f"dossier:{dossier.id}") if e.action == "stage_concluded"][-1]
    assert (str(result.mean), result.stars) == (dossier.mean, dossier.stars) == ("75", 4)
    assert details_of(last)["opinions"] == {"asked": 4, "replies": 3, "agree": 3}
    assert consulted.duties() == {"chair": "done", "trade": "done", "health": "done", "clerk": "cancelled"}


def test_before_the_day_is_over_everybody_is_waited_for(consulted: Consulted) -> None:
    for member in MEMBERS[:3]:
        consulted.answer(member, Answer.AGREE)
    refused = consulted.refusal(lambda work, row: conclude(work, row, actor=COUNCIL), "2020-10-15 23:59")
    assert str(refused).startswith("1 of 4 answers are awaited until 15/10/2020")
    assert consulted.conclude("2020-10-16 00:00").status == "recognised"


def test_a_late_answer_counts_until_the_council_has_decided(consulted: Consulted) -> None:
    consulted.answer("chair", Answer.AGREE)
    consulted.answer("trade", Answer.AGREE)
    consulted.answer("health", Answer.AGREE, when="2020-10-19 09:00")
    assert consulted.conclude("2020-10-19 10:00").stars == 4


def test_a_decision_of_an_earlier_day_rests_on_what_was_due_then(consulted: Consulted) -> None:
    """I9: recorded after the last day, decided before it: everybody would still have been waited for."""
    for member in MEMBERS[:3]:
        consulted.answer(member, Answer.AGREE)
    act = lambda work, row: conclude(work, row, actor=COUNCIL, effective_at=instant("2020-10-14 09:00"))  # noqa: E731
    assert consulted.refusal(act, "2020-10-19 09:00").code == "refusal.opinions_awaited"


def test_an_answer_is_recorded_once_for_one_command(consulted: Consulted) -> None:
    for _ in range(2):
        for member in ("chair", "trade"):
            with consulted.office.at("2020-10-08 09:00") as work:
                reply = Reply(member, Answer.DISAGREE, "không đạt", from_paper=True)
                give_opinion(work, consulted.dossier(work), reply, actor=COUNCIL, command=f"c-{member}")
    assert consulted.session() == ("written", "superseded")
    with consulted.office.reading() as work:
        events = events_of(work.session, f"dossier:{consulted.dossier(work).id}")
        assert [event.action for event in events].count("opinion_given") == 2


def test_a_later_answer_replaces_the_one_before(consulted: Consulted) -> None:
    consulted.answer("chair", Answer.DISAGREE)
    consulted.answer("chair", Answer.AGREE, when="2020-10-09 09:00")
    for member in MEMBERS[1:]:
        consulted.answer(member, Answer.AGREE, when="2020-10-09 09:30")
    assert consulted.conclude("2020-10-09 10:00").stars == 4
    assert consulted.faults() == []


def test_silence_is_escalated_and_never_costs_the_certificate(consulted: Consulted) -> None:
    """I5 and Điều 12.3: months without any answer leave the dossier and the certificate as they are."""
    consulted.answer("chair", Answer.AGREE)
    with consulted.office.at("2020-10-20 08:00") as work:
        for cycle in work.session.exec(select(Cycle)).all():
            queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=(OPINION,), now=work.now))
            enforce(work, cycle, overdue_obligations(work.session, cycle, now=work.now))
    with consulted.office.at("2021-03-01 08:00") as work:
        record_changes(work, consulted.certified.certificate(work), actor=OFFICE)
        owed = work.session.exec(select(Obligation).where(col(Obligation.kind) == OPINION)).all()
        silent = [row for row in owed if row.step != "chair"]
        told = {
            (notice.rung, notice.recipient)
            for notice in work.session.exec(select(Notice).where(col(Notice.obligation_id).in_([r.id for r in silent])))
        }
        dossier = consulted.dossier(work)
        assert all(row.status == "open" and row.overdue_at == row.due_at for row in silent)
        assert {rung for rung, _ in told} == {"-3w", "+1", "+2/superior", "+4/office"}
        assert ("+4/office", OFFICE) in told
        assert (dossier.stage, dossier.status) == ("evaluation", "received")
        assert consulted.certified.certificate(work).status == "renewing"
    with consulted.office.at("2021-03-01 09:00") as work:  # and the way on is open
        call_meeting(work, consulted.dossier(work), actor=COUNCIL, reason="không đủ ý kiến")
    consulted.score("2021-03-02 09:00", "80")
    with consulted.office.reading("2021-03-02 10:00") as work:
        assert consulted.dossier(work).status == "recognised"
    assert consulted.faults() == []


def test_the_chair_turns_it_into_a_meeting_and_the_duties_end(consulted: Consulted) -> None:
    consulted.answer("trade", Answer.AGREE)
    with consulted.office.at("2020-10-09 09:00") as work:
        call_meeting(work, consulted.dossier(work), actor=OFFICE, reason="nội dung phức tạp")
    assert consulted.duties() == {"chair": "cancelled", "trade": "done", "health": "cancelled", "clerk": "cancelled"}
    assert consulted.session() == ("written", "superseded")
    refused = consulted.refusal(lambda work, row: conclude(work, row, actor=COUNCIL), AFTER)
    assert refused.code == "refusal.no_session"
    consulted.score("2020-10-12 09:00", "66")
    with consulted.office.reading("2020-10-13 10:00") as work:
        assert consulted.dossier(work).stars == 3
    assert consulted.faults() == []


def test_it_turns_into_a_meeting_as_soon_as_the_share_is_out_of_reach(consulted: Consulted) -> None:
    """Two of four who do not agree leave 50 % at most, and 67 % must agree: nobody is asked any longer."""
    consulted.answer("chair", Answer.OTHER)
    assert consulted.session() == ("written", "open")
    consulted.answer("trade", Answer.DISAGREE)
    assert consulted.session() == ("written", "superseded")
    assert consulted.duties() == {"chair": "done", "trade": "done", "health": "cancelled", "clerk": "cancelled"}
    with consulted.office.reading() as work:
        last = events_of(work.session, f"dossier:{consulted.dossier(work).id}")[-1]
        assert (last.action, last.rule, details_of(last)["by"]) == ("consultation_turned", "Quy chế, Điều 9", "rule")
    assert consulted.faults() == []


def test_an_interest_declared_meanwhile_ends_the_duty_and_takes_the_answer_out(consulted: Consulted) -> None:
    consulted.answer("chair", Answer.DISAGREE)
    for member in ("trade", "health"):
        consulted.answer(member, Answer.AGREE)
    with consulted.office.at("2020-10-09 09:00") as work:
        declare_interest(work, consulted.dossier(work), "chair", actor=COUNCIL)
        declare_interest(work, consulted.dossier(work), "clerk", actor=COUNCIL)
    assert consulted.duties()["clerk"] == "cancelled"
    assert consulted.conclude("2020-10-09 10:00").stars == 4  # two asked, two agree
    assert consulted.faults() == []


def test_a_return_ends_what_members_owe(consulted: Consulted) -> None:
    with consulted.office.at("2020-10-09 09:00") as work:
        apply_trigger(work, consulted.dossier(work), Request(DossierTrigger.RETURN, COUNCIL, details={"items": ["x"]}))
    assert set(consulted.duties().values()) == {"cancelled"}
    assert consulted.session() == ("written", "void")
    assert consulted.faults() == []


def test_a_redo_by_order_takes_its_place(consulted: Consulted) -> None:
    with consulted.office.at("2020-10-09 09:00") as work:
        redo = Opening(SessionKind.REDO, document="3/QĐ", reason="theo chỉ đạo")
        open_session(work, consulted.dossier(work), redo, actor=COUNCIL)
    assert set(consulted.duties().values()) == {"cancelled"}
    assert consulted.faults() == []


def test_the_chair_counts_where_the_quorum_needs_the_chair(before_council: "Callable[..., Consulted]") -> None:
    made = before_council(asked=True, plan=chair_needed)
    for member in MEMBERS[1:]:
        made.answer(member, Answer.AGREE)
    assert made.refusal(lambda work, row: conclude(work, row, actor=COUNCIL), AFTER).code == "refusal.chair_silent"


def test_a_member_answers_alone_and_for_others_from_signed_paper(consulted: Consulted) -> None:
    def as_trade(work: "UnitOfWork", row: Dossier, member: str) -> None:
        give_opinion(work, row, Reply(member, Answer.AGREE), actor=TRADE)

    assert isinstance(consulted.refusal(lambda work, row: as_trade(work, row, "health")), NotPermittedError)
    with consulted.office.at("2020-10-06 09:00") as work:
        as_trade(work, consulted.dossier(work), "trade")
        row = work.session.exec(select(WrittenOpinion).where(col(WrittenOpinion.member) == "trade")).one()
        assert (row.entered_by, row.from_paper, row.answer) == (TRADE, False, "agree")
    unsigned = consulted.refusal(lambda work, row: give_opinion(work, row, Reply("trade", Answer.AGREE), actor=OFFICE))
    assert unsigned.code == "refusal.opinion_from_paper"


def ask_now(work: "UnitOfWork", row: Dossier) -> None:
    open_consultation(work, row, Proposal(points("70"), LAST_DAY), actor=COUNCIL)


def opinion(member: str, answer: Answer = Answer.AGREE) -> "Callable[[UnitOfWork, Dossier], object]":
    return lambda work, row: give_opinion(work, row, Reply(member, answer, from_paper=True), actor=COUNCIL)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (opinion("press"), "refusal.not_asked"),
        (opinion("trade", Answer.OTHER), "refusal.opinion_without_words"),
        (
            lambda work, row: give_opinion(work, row, Reply("health", Answer.AGREE), actor=COUNCIL),
            "refusal.opinion_from_paper",
        ),
        (
            lambda work, row: give_opinion(
                work, row, Reply("trade", Answer.AGREE), actor=TRADE, effective_at=instant("2020-10-04 09:00")
            ),
            "refusal.opinion_too_early",
        ),
        (lambda work, row: call_meeting(work, row, actor=COUNCIL, reason=" "), "refusal.meeting_without_reason"),
        (lambda work, row: call_meeting(work, row, actor=TRADE, reason="x"), "refusal.not_to_score"),
        (lambda work, row: record_sheets(work, row, {"trade": points("70")}, actor=COUNCIL), "refusal.written_held"),
        (ask_now, "refusal.session_before_written"),
        (
            lambda work, row: open_session(work, row, Opening(SessionKind.WRITTEN), actor=COUNCIL),
            "refusal.written_is_opened_so",
        ),
    ],
)
def test_what_does_not_fit_a_consultation_is_refused_in_both_languages(
    consulted: Consulted, act: "Callable[[UnitOfWork, Dossier], object]", code: str
) -> None:
    refused = consulted.refusal(act, "2020-10-06 09:00")
    english = str(refused)
    refused.language = Language.VI
    assert refused.code == code
    assert refused.rule is not None
    assert english != str(refused)
    assert english.endswith(f"({refused.rule})")
    assert str(refused).endswith(f"({refused.rule})")


def with_limit(rules: dict[str, Any]) -> None:
    allow_written(rules)
    due = {"within": "45 days of received", "origin": "statutory", "source": "article 7.6 g"}
    limit = {"id": "renewal", "stage": "evaluation", "step": "decision", "kinds": ["renewal"], "due": due}
    rules["limits"] = [{**limit, "article": "article 7.6 g"}]


@pytest.mark.parametrize(
    ("last_day", "code", "rule"),
    [
        (date(2020, 10, 4), "refusal.written_day_past", "two-stages: article 2"),
        (date(2020, 11, 17), "refusal.written_beyond_limit", "article 7.6 g"),
    ],
)
def test_the_last_day_lies_ahead_and_before_the_statutory_date(
    before_council: "Callable[..., Consulted]", last_day: date, code: str, rule: str
) -> None:
    """Điều 7.6 g: 45 days from the request; received on 2 October, so 16 November is the last of them."""

    made = before_council(rules=with_limit)
    refused = made.refusal(
        lambda work, row: open_consultation(work, row, Proposal(points("70"), last_day), actor=COUNCIL)
    )
    assert (refused.code, refused.rule) == (code, rule)
    if code == "refusal.written_beyond_limit":
        made.ask(last_day=date(2020, 11, 16))


def not_allowed(_rules: dict[str, Any]) -> None:
    """Leave the rule set as it is: no stage of it gives written opinions."""


def for_upgrades(rules: dict[str, Any]) -> None:
    rules["route"]["stages"][1]["written_opinions"] = {"kinds": ["upgrade"], "source": "article 7.5"}


@pytest.mark.parametrize(
    ("edits", "code", "rule"),
    [
        ({"rules": for_upgrades}, "refusal.written_not_allowed", "two-stages: article 7.5"),
        ({"rules": not_allowed, "plan": unwritten}, "refusal.written_not_allowed", "two-stages: article 2"),
        ({"plan": unwritten}, "refusal.written_without_procedure", "Quy chế, Điều 5"),
    ],
)
def test_the_council_meets_where_rule_set_or_plan_know_no_written_opinions(
    before_council: "Callable[..., Consulted]", edits: "dict[str, Edit]", code: str, rule: str
) -> None:
    refused = before_council(**edits).refusal(ask_now)
    assert (refused.code, refused.rule) == (code, rule)


def test_who_has_an_interest_is_neither_asked_nor_answers(before_council: "Callable[..., Consulted]") -> None:
    made = before_council()
    with made.office.at("2020-10-03 09:00") as work:
        for member in MEMBERS:
            declare_interest(work, made.dossier(work), member, actor=COUNCIL)
    assert made.refusal(ask_now).code == "refusal.nobody_to_ask"


TAMPERED: list[tuple[Any, str, object]] = [
    (WrittenConsultation, "total", "95"),
    (WrittenConsultation, "points", {"A": "35", "B": "20", "C": "40"}),
    (WrittenConsultation, "criteria", {"1.1": "3"}),
    (WrittenConsultation, "due_at", None),
    (WrittenConsultation, "turned_at", None),
    (WrittenOpinion, "answer", "disagree"),
    (WrittenOpinion, "answered_at", None),
    (WrittenOpinion, "entered_by", "coast/nobody"),
    (WrittenOpinion, "from_paper", False),
]


def test_audit_finds_each_edited_column(consulted: Consulted) -> None:
    for member in MEMBERS:
        consulted.answer(member, Answer.AGREE)
    consulted.conclude("2020-10-09 09:00")
    assert consulted.faults() == []
    for table, column, value in TAMPERED:
        with consulted.office.at("2020-10-10 09:00") as work:
            row = work.session.exec(select(table)).first()
            before = getattr(row, column)
            setattr(row, column, work.now if column.endswith("_at") else value)
            work.session.add(row)
            work.session.flush()
            assert verify(work.session).faults != (), column
            setattr(row, column, before)
            work.session.add(row)
    assert consulted.faults() == []


def test_every_column_of_the_tables_is_edited_above() -> None:
    columns = {(table, name) for table in (WrittenConsultation, WrittenOpinion) for name in table.model_fields}
    keys = {(WrittenConsultation, "session_id"), (WrittenOpinion, "session_id"), (WrittenOpinion, "member")}
    assert {(table, column) for table, column, _ in TAMPERED} == columns - keys


def of_plan(**council: Any) -> "Edit":
    def edit(plan: dict[str, Any]) -> None:
        written_plan(plan)
        plan["councils"]["evaluation"] |= council

    return edit


def on_registration(rules: dict[str, Any]) -> None:
    allow_written(rules)
    rules["route"]["stages"][0]["written_opinions"] = {"kinds": ["renewal"], "source": "article 1"}


WRITTEN = {"quorum_percent": 75, "agree_percent": 67, "source": "Quy chế, Điều 9"}


@pytest.mark.parametrize(
    ("plan", "rules", "sentence"),
    [
        (of_plan(written={**WRITTEN, "ladder": "opinions"}), allow_written, 'unknown ladder "opinions"'),
        (of_plan(written={**WRITTEN, "ladder": "silent"}), allow_written, "tells nobody above of a missing answer"),
        (of_plan(seats=[]), allow_written, "each member is asked by name; give the council its seats"),
        (of_plan(), not_allowed, "no rule set of this plan lets the council give written opinions here"),
        (of_plan(), on_registration, 'no council judges stage "registration", so nobody is asked in writing'),
    ],
)
def test_a_plan_or_rule_set_that_can_not_ask_so_is_refused(
    office_with: "Callable[..., Office]", plan: "Edit", rules: "Edit", sentence: str
) -> None:
    def all_plan(data: dict[str, Any]) -> None:
        data["certificates"] = {"ladder": "official", "renewal_stages": {}, "source": "item 9"}
        data["ladders"]["silent"] = {"at": "07:30", "source": "item 1", "rungs": [{"days": -3}, {"days": 1}]}
        plan(data)

    def all_rules(data: dict[str, Any]) -> None:
        with_renewals(data)
        rules(data)

    with pytest.raises(InvalidFilesError, match=sentence):
        office_with(plan=all_plan, rules=all_rules)


def opinion_rungs(consulted: Consulted) -> set[tuple[str, str]]:
    """Return due instant and next rung of what members still owe."""
    with consulted.office.reading() as work:
        owed = work.session.exec(
            select(Obligation).where(col(Obligation.kind) == OPINION, col(Obligation.status) == "open")
        )
        return {(str(row.due_at), f"{row.next_action_at:%d/%m}" if row.next_action_at else "") for row in owed}


def test_a_decreed_day_off_moves_the_reminder_and_never_the_day_that_was_given(consulted: Consulted) -> None:
    """Three working days before Thursday 15 October are Monday the 12th; with that day off, Friday the 9th."""
    due = "2020-10-15 17:00:00+00:00"
    assert opinion_rungs(consulted) == {(due, "12/10")}
    with consulted.office.at("2020-10-06 09:00") as work:
        cycle = consulted.office.cycle(work)
        edit = CalendarEdit(day=date(2020, 10, 12), off=True, reason="mưa bão", decision="8/QĐ", actor=OFFICE)
        set_day(work, cycle, edit)
    assert opinion_rungs(consulted) == {(due, "09/10")}
    assert consulted.faults() == []


def test_an_amended_ladder_holds_for_what_members_still_owe(consulted: Consulted) -> None:
    with consulted.office.at("2020-10-06 09:00") as work:
        cycle = consulted.office.cycle(work)
        plan = work.books.of_cycle(work.session, cycle).plan
        ladder = plan.ladders["opinion"]
        rungs = (Rung(days=-6), *ladder.rungs[1:])
        plan = plan.model_copy(
            update={"ladders": {**plan.ladders, "opinion": ladder.model_copy(update={"rungs": rungs})}}
        )
        amend(work, cycle, Amendment(plan, "quy chế mới", "9/QĐ", OFFICE))
    assert opinion_rungs(consulted) == {("2020-10-15 17:00:00+00:00", "09/10")}
    assert consulted.faults() == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("vi", "Cho ý kiến bằng văn bản với tư cách Công Thương"),
        ("en", "Answer the written consultation as Công Thương"),
    ],
)
def test_the_member_is_reminded_with_the_own_link(consulted: Consulted, language: str, said: str) -> None:
    with consulted.office.at("2020-10-06 09:00") as work:
        set_language(work.session, TRADE, language)
    with consulted.office.at("2020-10-12 07:30") as work:
        cycle = consulted.office.cycle(work)
        queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=(OPINION,), now=work.now))
        link = work.session.exec(select(StatusLink).where(col(StatusLink.recipient) == TRADE)).one()
    sender = RecordingEmailSender()
    consulted.office.send("2020-10-12 07:30", sender)
    texts = [consulted.office.text_of(each.message) for each in sender.envelopes if "delta" in each.recipient]
    assert len(texts) == 1
    assert said in " ".join(texts[0].split())
    assert f"/s/{link.id}." in texts[0]
    assert "15/10/2020" in texts[0]


def set_language(session: "Session", position: str, language: str) -> None:
    official = session.exec(
        select(Official).join(Holding, col(Holding.official_id) == col(Official.id)).where(Holding.position == position)
    ).one()
    official.language = language
    session.add(official)

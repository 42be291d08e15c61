"""An ended dossier reopens only by a superior's decision, where it ended, with new dates (architecture, section 5)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time
from ocop_workflow.errors import InputError
from ocop_workflow.services.amendments import Amendment, amend
from ocop_workflow.services.audit import verify
from ocop_workflow.services.calendar_edits import CalendarEdit, set_day
from ocop_workflow.services.dossier_successions import Decree, split
from ocop_workflow.services.dossiers import NotPermittedError, TooEarlyError
from ocop_workflow.services.events import events_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.reopening import Reopening, reopen
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.withdrawals import DossierReplacedError
from state_machines.dossier import DossierTrigger
from state_machines.lifecycle import TransitionNotAllowedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

OFFICE, COUNCIL = "coast/coordination_office", "coast/province_council"
ORDER = Reopening("99/QĐ-UBND", "UBND tỉnh Bờ Biển", "Khiếu nại được chấp nhận")


def reopened(office: "Office", when: str, *, until: str | None = None, number: str = "1-1-1") -> None:
    named = None if until is None else date.fromisoformat(until)
    order = Reopening(ORDER.decision, ORDER.by, ORDER.reason, named)
    with office.at(when) as work:
        reopen(work, office.dossier(work, number), order, actor=OFFICE)


def owed(office: "Office", number: str = "1-1-1") -> dict[str | None, date | None]:
    """Return what is open with its last day."""
    with office.reading() as work:
        found = open_obligations_of(work.session, office.dossier(work, number).id)
    return {each.step: last_day_in_time(each.due_at) if each.due_at else None for each in found}


def state(office: "Office", number: str = "1-1-1") -> str:
    with office.reading() as work:
        dossier = office.dossier(work, number)
        return f"{dossier.stage}:{dossier.status}"


def sound(office: "Office") -> None:
    with office.reading() as work:
        assert [str(fault) for fault in verify(work.session).faults] == []


def test_a_declined_idea_goes_on_before_whoever_declined_it(office: "Office") -> None:
    """The plan gives 10 working days from receipt; counted from Monday 2 April they end on Monday 16 April."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00", verdict="declined")
    assert state(office) == "registration:not_passed"
    reopened(office, "2018-04-02 08:00")

    assert state(office) == "registration:received"
    assert owed(office) == {"decision": date(2018, 4, 16)}
    with office.reading() as work:
        dossier = office.dossier(work)
        assert (dossier.closed_at, dossier.responsible) == (None, "hill/ocop_team")
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]
        assert (event.action, event.from_state, event.to_state, event.rule) == (
            "dossier_reopened",
            "not_passed",
            "registration:received",
            "99/QĐ-UBND",
        )
        page = status_page(work, dossier)
        assert page.outcome is None
        assert page.history[-1].told.code == "news.reopened"
    office.conclude("2018-04-03 08:00")
    assert state(office) == "evaluation:awaiting_submission"
    sound(office)


def test_the_producer_reads_by_whose_decision(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW)
    office.send("2018-03-05 08:00")
    reopened(office, "2018-03-06 08:00")
    sender = RecordingEmailSender()
    office.send("2018-03-06 08:05", sender)

    (text,) = [office.text_of(each.message) for each in sender.envelopes]
    assert "Theo quyết định số 99/QĐ-UBND của UBND tỉnh Bờ Biển, hồ sơ được tiếp tục xử lý ở bước đăng ký." in " ".join(
        text.split()
    )


def test_a_withdrawn_dossier_has_the_plans_date_again(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW)
    reopened(office, "2018-03-06 08:00")

    assert owed(office) == {"submission": date(2018, 3, 30)}
    office.act("2018-03-07 08:00", DossierTrigger.SUBMIT)
    assert state(office) == "registration:submitted"
    sound(office)


def test_an_amended_term_runs_from_the_reopening_not_from_the_receipt_before(
    office: "Office", office_with: "Callable[..., Office]"
) -> None:
    """Twelve working days instead of ten: counted from the reopening on Monday 2 April they end on the 18th."""

    def longer(plan: dict[str, Any]) -> None:
        decision = plan["years"]["2018"]["rounds"][0]["stages"]["registration"]["decision"]
        decision["due"]["within"] = "12 working days of received"

    plan = office_with(plan=longer).documents.plan
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00", verdict="declined")
    reopened(office, "2018-04-02 08:00")
    with office.at("2018-04-03 08:00") as work:
        amend(work, office.cycle(work), Amendment(plan, "mưa bão", "09/QĐ", OFFICE))

    assert owed(office) == {"decision": date(2018, 4, 18)}
    sound(office)


def test_what_the_decision_opens_counts_from_the_reopening_too(office_with: "Callable[..., Office]") -> None:
    """A written notice owed within 25 working days of the receipt: from Monday 2 April, without the days off of
    25 and 30 April and 1 May, to Thursday 10 May; from the receipt on 6 March it would be over on the day it opens."""

    def with_notice(rule_set: dict[str, Any]) -> None:
        steps = rule_set["route"]["stages"][0]["steps"]
        steps.append(steps[-1] | {"id": "notice", "title": {"vi": "Thông báo", "en": "Notice"}, "settled_by": None})

    def dated(plan: dict[str, Any]) -> None:
        stage = plan["years"]["2018"]["rounds"][0]["stages"]["registration"]
        stage["notice"] = {"due": {"within": "25 working days of received", "source": "item 5"}}

    office = office_with(rules=with_notice, plan=dated)
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00", verdict="declined")
    reopened(office, "2018-04-02 08:00")
    office.conclude("2018-04-12 08:00")

    assert owed(office)["notice"] == date(2018, 5, 10)


def test_the_limit_behind_a_date_runs_from_the_reopening_also_when_a_day_is_decreed(
    office_with: "Callable[..., Office]",
) -> None:
    """The plan gives 10 working days, the regulation 12: from Monday 2 April until Wednesday the 18th; with Thursday
    the 5th off, until Thursday the 19th."""

    def limited(rule_set: dict[str, Any]) -> None:
        due = {"within": "12 working days of received", "origin": "statutory", "source": "article 9"}
        limit = {"id": "decide", "stage": "registration", "step": "decision", "due": due, "article": "article 9"}
        rule_set["limits"] = [limit]

    office = office_with(rules=limited)
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00", verdict="declined")
    reopened(office, "2018-04-02 08:00")
    with office.at("2018-04-03 08:00") as work:
        edit = CalendarEdit(date(2018, 4, 5), off=True, reason="bão", decision="7/QĐ", actor=OFFICE)
        set_day(work, office.cycle(work), edit)
        (decision,) = open_obligations_of(work.session, office.dossier(work).id)

        assert decision.limit_at is not None
        assert last_day_in_time(decision.limit_at) == date(2018, 4, 19)
    sound(office)


def test_a_lapsed_dossier_has_a_fair_term_or_the_day_of_the_decision(office: "Office") -> None:
    """Submission by 30 March, lapsed 30 days later; five working days from 1 June are 8 June."""
    office.enforce("2018-05-02 08:00")
    assert state(office) == "registration:lapsed"
    reopened(office, "2018-06-01 08:00")
    reopened(office, "2018-06-01 08:00", until="2018-07-15", number="1-2-1")

    assert owed(office) == {"submission": date(2018, 6, 8)}
    assert owed(office, "1-2-1") == {"submission": date(2018, 7, 15)}
    office.act("2018-06-08 16:00", DossierTrigger.SUBMIT)
    office.act("2018-07-15 16:00", DossierTrigger.SUBMIT, number="1-2-1")
    sound(office)


def test_an_annulled_result_counts_no_more(office: "Office") -> None:
    """40 points ended it; the superior orders a new evaluation, which gives 80."""
    office.to_council()
    office.score("2018-03-12 08:00", "40", "40", "40")
    assert state(office) == "evaluation:rated_uncertified"
    reopened(office, "2018-04-02 08:00")

    assert state(office) == "evaluation:received"
    with office.reading() as work:
        dossier = office.dossier(work)
        assert (dossier.mean, dossier.stars) == (None, None)
        assert [row.state for row in sessions_of(work.session, dossier.id)] == ["superseded"]
    sound(office)
    office.score("2018-04-05 08:00", "80", "80", "80")
    with office.reading() as work:
        dossier = office.dossier(work)
        assert (dossier.status, dossier.stars) == ("recognised", 4)
        assert [row.state for row in sessions_of(work.session, dossier.id)] == ["superseded", "conclusive"]
    sound(office)


def test_a_returned_dossier_is_asked_for_again(office: "Office") -> None:
    """Five working days from the reopening on Monday 2 April end on Monday 9 April."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.act("2018-03-07 08:00", DossierTrigger.RETURN)
    office.act("2018-03-08 08:00", DossierTrigger.WITHDRAW, actor=OFFICE)
    reopened(office, "2018-04-02 08:00")

    assert state(office) == "registration:returned"
    assert owed(office)["completion"] == date(2018, 4, 9)
    office.act("2018-04-05 08:00", DossierTrigger.SUBMIT)
    assert state(office) == "registration:under_review"
    sound(office)


def test_it_can_end_and_be_reopened_twice(office: "Office") -> None:
    office.to_council()
    office.score("2018-03-12 08:00", "40", "40", "40")
    reopened(office, "2018-04-02 08:00")
    office.act("2018-04-03 08:00", DossierTrigger.WITHDRAW, actor=OFFICE)
    reopened(office, "2018-04-04 08:00")

    assert state(office) == "evaluation:received"
    sound(office)


def test_what_has_another_dossier_or_successors_is_refused(office: "Office") -> None:
    with office.at("2018-03-05 08:00") as work:
        split(work, office.dossier(work), ["Mật ong sáp", "Mật ong chai"], Decree(OFFICE, "5/BB"))
    with pytest.raises(DossierReplacedError, match="goes on as"):
        reopened(office, "2018-03-06 08:00", number="coast-2018/2018/r1/1-1-1")


def test_what_is_open_is_not_reopened(office: "Office") -> None:
    with pytest.raises(TransitionNotAllowedError):
        reopened(office, "2018-03-06 08:00")


def test_only_the_office_reopens_and_not_before_the_end(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW)
    with office.at("2018-03-06 08:00") as work:
        with pytest.raises(NotPermittedError):
            reopen(work, office.dossier(work), ORDER, actor=COUNCIL)
        before = datetime(2018, 3, 4, tzinfo=OFFICE_ZONE)
        with pytest.raises(TooEarlyError):
            reopen(work, office.dossier(work), ORDER, actor=OFFICE, effective_at=before)


@pytest.mark.parametrize("order", [Reopening(" ", "b", "c"), Reopening("a", "", "c"), Reopening("a", "b", "")])
def test_a_decision_has_a_number_an_authority_and_a_reason(office: "Office", order: Reopening) -> None:
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW)
    with office.at("2018-03-06 08:00") as work, pytest.raises(InputError, match="is missing"):
        reopen(work, office.dossier(work), order, actor=OFFICE)

"""One deadline explained from what is stored."""

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ocop_workflow.services.explaining import Explanation, ObligationNotFoundError, explain, find_obligation
from ocop_workflow.services.extensions import Extension, extend
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.conftest import OFFICE, TEAM, instant

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

SUBMISSION = "1-1-1/registration/submission"


def explained(office: "Office", reference: str, *, at: str = "2018-03-20 08:00") -> Explanation:
    with office.reading(at) as work:
        return explain(work, find_obligation(work.session, reference))


def outcomes(explanation: Explanation) -> dict[tuple[str, int], str]:
    return {(rung.rung, rung.version): rung.reason or rung.outcome for rung in explanation.rungs}


def test_a_deadline_names_how_the_plan_writes_it_and_its_source(office: "Office") -> None:
    """Item 5 of the small plan: by 2018-03-30."""
    found = explained(office, SUBMISSION)

    assert (found.written, found.due.source, found.due.last_day) == ("by: 2018-03-30", "item 5", date(2018, 3, 30))
    assert found.skipped == ()


def test_a_counted_term_names_its_anchor_and_the_days_off_that_it_skips(office: "Office") -> None:
    """Three working days of Thursday 29 March: Friday, Monday, Tuesday; Saturday and Sunday are skipped."""
    office.act("2018-03-29 08:00", DossierTrigger.SUBMIT)

    found = explained(office, "1-1-1/registration/receipt", at="2018-03-29 09:00")

    assert found.written == "within: 3 working days of submitted"
    assert (found.due.code, found.due.params["anchor"]) == ("within_working_days", "submitted")
    assert found.due.last_day == date(2018, 4, 3)
    assert found.skipped == (date(2018, 3, 31), date(2018, 4, 1))


def test_each_rung_says_what_became_of_it(office: "Office") -> None:
    """On 23 March the first two reminders have come: the older was overtaken, the younger sent; four are to come."""
    office.sweep("2018-03-23 08:00")
    office.send("2018-03-23 08:00")

    found = explained(office, SUBMISSION, at="2018-03-23 09:00")

    assert outcomes(found) == {
        ("-14", 1): "overtaken",
        ("-7", 1): "sent",
        ("-1", 1): "to_come",
        ("+1", 1): "to_come",
        ("+3/superior", 1): "to_come",
        ("+7/office", 1): "to_come",
    }
    sent = next(rung for rung in found.rungs if rung.rung == "-7")
    assert sent.sent_at == instant("2018-03-23 08:00")
    assert [rung.recipient for rung in found.rungs if rung.rung in ("+3/superior", "+7/office")] == [TEAM, OFFICE]


def test_a_rung_that_no_sweep_has_seen_waits_for_one(office: "Office") -> None:
    assert outcomes(explained(office, SUBMISSION, at="2018-03-16 08:00"))[("-14", 1)] == "waiting"


def test_rungs_after_it_was_settled_are_needless(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)

    assert set(outcomes(explained(office, SUBMISSION)).values()) == {"needless"}


def test_rungs_before_the_duty_was_there_were_never_planned(office: "Office") -> None:
    """Returned on 7 March at 08:00, to be completed by the 14th: both a week before, at 07:30, and two were earlier."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.act("2018-03-07 08:00", DossierTrigger.RETURN)

    found = explained(office, "1-1-1/registration/completion", at="2018-03-07 09:00")

    assert (found.obligation.step, found.due.last_day) == ("completion", date(2018, 3, 14))
    assert [rung for (rung, _), outcome in outcomes(found).items() if outcome == "too_early"] == ["-14", "-7"]


def test_an_extension_names_who_moved_the_date_why_and_by_which_decision(office: "Office") -> None:
    """The rung that was waiting under the first date is ended as re-dated; the second date has a ladder of its own."""
    office.sweep("2018-03-16 08:00")
    with office.at("2018-03-20 08:00") as work:
        obligation = find_obligation(work.session, SUBMISSION)
        granted = Extension(instant("2018-04-14 00:00"), "bão làm hỏng nhà xưởng", "01/QĐ-GH", OFFICE)
        extend(work, obligation, granted)

    found = explained(office, SUBMISSION, at="2018-03-20 09:00")

    [extension] = found.extensions
    assert (extension.by, extension.reason, extension.decision) == (OFFICE, "bão làm hỏng nhà xưởng", "01/QĐ-GH")
    assert (extension.due_before, extension.due_after) == (instant("2018-03-31 00:00"), instant("2018-04-14 00:00"))
    assert found.due.last_day == date(2018, 3, 30), "as first reckoned"
    assert outcomes(found)[("-14", 1)] == "redated"
    assert outcomes(found)[("-7", 2)] == "to_come"


def test_a_report_and_a_task_are_explained_by_their_keys(office: "Office") -> None:
    report = explained(office, "progress/2018-Q1/hill")
    task = explained(office, "meeting/2")

    assert (report.written, report.due.last_day) == ("before_day: 30", date(2018, 3, 29))
    assert (task.written, task.due.last_day) == ("by: 2018-08-10", date(2018, 8, 10))


def test_a_dossiers_number_means_what_is_open_in_it(office: "Office") -> None:
    office.act("2018-03-29 08:00", DossierTrigger.SUBMIT)

    assert explained(office, "1-1-1").obligation.step == "receipt"


def test_a_number_with_several_open_deadlines_names_the_open_ones(office: "Office") -> None:
    """What is settled is seldom meant: of the dossier that was submitted only its receipt is offered."""
    office.act("2018-03-29 08:00", DossierTrigger.SUBMIT)
    with pytest.raises(ObligationNotFoundError) as refused:
        explained(office, "registration")

    assert "open deadlines match 'registration'" in str(refused.value)
    assert "1-1-1/registration/receipt" in str(refused.value)
    assert "1-1-1/registration/submission" not in str(refused.value)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("nothing", "no deadline matches 'nothing'"),
        ("", "no deadline matches ''"),
        (
            "progress",
            "8 open deadlines match 'progress'; write more of one: coast-2018/2018/report/progress/2018-Q1",
        ),
    ],
)
def test_an_unclear_key_is_refused_with_those_that_match(office: "Office", reference: str, said: str) -> None:
    with pytest.raises(ObligationNotFoundError) as refused:
        explained(office, reference)

    assert said in str(refused.value)

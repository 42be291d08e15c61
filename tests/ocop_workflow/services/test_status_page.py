"""What one dossier's page says: who owes what by when, what happened, how it ended (promises I5, I8, I9)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from notifications.catalogue import Language, translate
from notifications.letter import Wording
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.scoring import shown_mean
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.obligations import ENFORCEMENT_MARGIN
from ocop_workflow.services.status_page import ProducersDate, StageState, StatusPage, status_page
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from ocop_workflow.services.status_tasks import OpenTask
    from tests.ocop_workflow.conftest import Office

TEAM = "hill/ocop_team"
REGISTRATION = {"vi": "Đăng ký", "en": "Registration"}
EVALUATION = {"vi": "Đánh giá", "en": "Evaluation"}
SECOND = timedelta(seconds=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def page_at(office: "Office", when: str | datetime, number: str = "1-1-1") -> StatusPage:
    """Return the page as it is at a local time, read through a connection that cannot write."""
    with office.reading(when) as work:
        return status_page(work, office.dossier(work, number))


def task_at(office: "Office", when: str | datetime, number: str = "1-1-1") -> "OpenTask":
    """Return what the party whose turn it is owes first."""
    task = page_at(office, when, number).task_of_turn
    assert task is not None
    return task


def give_back(office: "Office", when: str, **details: Any) -> None:
    with office.at(when) as work:
        apply_trigger(work, office.dossier(work), Request(DossierTrigger.RETURN, TEAM, details=details))


def told(page: StatusPage) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.told.code, dict(entry.told.params)) for entry in page.history]


def sentences(page: StatusPage, language: Language) -> list[str]:
    """Return every sentence of the page; a code or parameter that the catalogues lack is an error."""
    wordings = [entry.told for entry in page.history]
    wordings += [wording for task in page.tasks for wording in (task.act, *task.why)]
    wordings += [page.outcome.told] if page.outcome else []
    wordings += [page.asked] if page.asked else []
    wordings += [page.producers_next.act] if page.producers_next else []
    return [translate(language, wording.code, wording.params) for wording in wordings]


def test_status_page_of_a_new_dossier_names_product_producer_office_and_round(office: "Office") -> None:
    page = page_at(office, "2018-03-20 09:00")

    assert (page.product, page.form, page.producer) == ("Mật ong hoa nhãn", "Mật ong hoa nhãn", "HTX Đồi Ong")
    assert page.office == LocalText(vi="Văn phòng điều phối tỉnh Duyên Hải", en="coordination office, Coast Province")
    assert page.round_title == LocalText(vi="Đợt 1", en="Round 1")
    assert (page.number, page.receipt_number) == ("1-1-1", None)
    assert (page.status, page.step, page.history) == ("awaiting_submission", 1, ())


def test_status_page_of_a_new_dossier_says_what_its_producer_owes_by_when_and_why(office: "Office") -> None:
    """The plan: by 30 March 2018, and 30 days later the dossier lapses."""
    page = page_at(office, "2018-03-20 09:00")
    task = task_at(office, "2018-03-20 09:00")

    assert page.turn is not None
    assert page.turn.is_producer
    assert task.act == Wording("page.act", {"title": {"vi": "Nộp", "en": "Submit"}})
    assert (task.last_on, task.days_left, task.overdue_days, task.expected) == (date(2018, 3, 30), 10, 0, False)
    assert task.lapses_after == date(2018, 4, 29)
    assert task.why == (Wording("due.by_day", {"last_on": "2018-03-30"}),)
    assert page.producers_next == ProducersDate(task.act, date(2018, 3, 30), owed=True)


@pytest.mark.parametrize(
    ("when", "days_left", "overdue_days"),
    [
        ("2018-03-29 23:59:59", 1, 0),
        ("2018-03-30 23:59:59", 0, 0),
        ("2018-03-31 00:00:00", -1, 1),
        ("2018-04-01 00:00:00", -2, 2),
    ],
)
def test_status_page_counts_lateness_from_the_date_not_from_a_sweep(
    office: "Office", when: str, days_left: int, overdue_days: int
) -> None:
    """I9: due_at is the first instant too late; nothing has been recorded."""
    task = task_at(office, when)

    assert (task.days_left, task.overdue_days) == (days_left, overdue_days)


def test_status_page_never_calls_an_expected_date_overdue(office: "Office") -> None:
    with office.at("2018-03-01 08:00") as work:
        obligation = office.obligation(work, "submission")
        obligation.firmness = "expected"
        work.session.add(obligation)

    task = task_at(office, "2018-04-10 08:00")

    assert (task.expected, task.overdue_days) == (True, 0)


def test_status_page_lapses_when_the_sweep_would_record_it_whether_it_ran_or_not(office: "Office") -> None:
    """I9: 30 days after 31 March 00:00, with the margin in which a receipt may still be on its way."""
    lapse_at = local("2018-04-30 00:00")

    before = page_at(office, lapse_at + ENFORCEMENT_MARGIN - SECOND)
    unrecorded = page_at(office, lapse_at + ENFORCEMENT_MARGIN)
    office.enforce(lapse_at + ENFORCEMENT_MARGIN)
    recorded = page_at(office, lapse_at + ENFORCEMENT_MARGIN)

    assert before.status == "awaiting_submission"
    for page in (unrecorded, recorded):
        assert (page.status, page.turn, page.tasks) == ("lapsed", None, ())
        assert page.outcome is not None
        assert page.outcome.closed_on == date(2018, 4, 30)
        assert [stage.state for stage in page.route] == [StageState.ENDED_HERE]
    assert told(recorded)[-1] == (
        "news.lapsed",
        {
            "ground": {"vi": "Không nộp hồ sơ", "en": "Nothing was submitted"},
            "office": {"vi": "Văn phòng điều phối tỉnh Duyên Hải", "en": "coordination office, Coast Province"},
        },
    )


def test_status_page_of_a_submitted_dossier_names_the_position_and_why_the_term_ends(office: "Office") -> None:
    """Three working days from Monday 26 March end on Thursday; the moment is called by its name in both languages."""
    office.act("2018-03-26 10:00", DossierTrigger.SUBMIT)

    page, task = page_at(office, "2018-03-27 08:00"), task_at(office, "2018-03-27 08:00")

    assert page.turn is not None
    assert page.turn.name == LocalText(vi="Tổ OCOP huyện Đồi Chè", en="OCOP team, Hill District")
    assert not page.turn.is_producer
    assert (task.last_on, task.lapses_after) == (date(2018, 3, 29), None)
    (why,) = task.why
    assert why.code == "due.within_working_days"
    assert why.params["anchor"] == {"vi": "nộp hồ sơ", "en": "submission of the dossier"}
    assert page.producers_next is None


def test_status_page_of_a_returned_dossier_puts_the_producers_task_first(office: "Office") -> None:
    """The decision's clock runs on, so two things are owed; the producer's is the one to show."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    give_back(office, "2018-03-19 08:00", items=["phiếu kiểm nghiệm", "ảnh sản phẩm"])

    page = page_at(office, "2018-03-19 09:00")

    assert [task.party.is_producer for task in page.tasks] == [True, False]
    assert page.tasks[0].act == Wording("act.completion", {"stage": REGISTRATION})
    assert page.tasks[0].last_on == date(2018, 3, 26)  # five working days of the return on Monday the 19th
    assert page.asked == Wording("news.returned", {"stage": REGISTRATION, "items": "phiếu kiểm nghiệm, ảnh sản phẩm"})


def test_status_page_of_a_recognised_product_shows_stars_and_the_mean_rounded_down(office: "Office") -> None:
    """The mean is 89.9666…: four stars, shown as 89.96."""
    office.to_council()
    office.score("2018-03-14 08:00", "89.9", "90", "90")

    outcome = page_at(office, "2018-03-15 08:00").outcome

    assert outcome is not None
    assert (outcome.stars, outcome.mean, outcome.closed_on) == (4, "89.96", date(2018, 3, 14))
    assert outcome.told.code == "news.recognised"


@pytest.mark.parametrize(
    ("mean", "shown"),
    [
        (Fraction(90), "90.00"),
        (Fraction(899_999, 10_000), "89.99"),
        (Fraction(269, 3), "89.66"),
        (Fraction(1, 20), "0.05"),
        (Fraction(100), "100.00"),
    ],
)
def test_shown_mean_is_never_rounded_up_into_a_higher_band(mean: Fraction, shown: str) -> None:
    assert shown_mean(mean) == shown


def test_status_page_of_a_declined_dossier_ends_its_route_there(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00", verdict="declined")

    page = page_at(office, "2018-03-08 08:00")

    assert [(stage.title.vi, stage.state) for stage in page.route] == [("Đăng ký", StageState.ENDED_HERE)]
    assert page.outcome is not None
    assert (page.outcome.stars, page.outcome.mean) == (None, None)
    assert (page.turn, page.tasks, page.producers_next) == (None, (), None)


def test_status_page_marks_stages_done_present_and_coming(office: "Office") -> None:
    assert [stage.state for stage in page_at(office, "2018-03-01 08:00").route] == ["present", "coming"]

    office.to_council()

    assert [stage.state for stage in page_at(office, "2018-03-10 08:00").route] == ["done", "present"]


def test_status_page_of_a_date_that_moved_off_a_day_off_says_so(office: "Office") -> None:
    with office.at("2018-03-01 08:00") as work:
        obligation = office.obligation(work, "submission")
        obligation.why_params = {**obligation.why_params, "rolled_from_on": "2018-03-25"}
        work.session.add(obligation)

    assert task_at(office, "2018-03-02 08:00").why[1] == Wording(
        "due.rolled", {"from_on": "2018-03-25", "last_on": "2018-03-30"}
    )


def test_status_page_of_a_term_that_has_not_begun_says_from_when_it_runs(office: "Office") -> None:
    with office.at("2018-03-01 08:00") as work:
        obligation = office.obligation(work, "submission")
        obligation.due_at = obligation.lapse_at = None
        obligation.why_code, obligation.why_params = "within_working_days", {"count": 3, "anchor": "decided"}
        work.session.add(obligation)

    task = task_at(office, "2018-03-02 08:00")

    assert (task.last_on, task.days_left, task.overdue_days, task.lapses_after) == (None, None, 0, None)
    assert [translate(Language.VI, why.code, why.params) for why in task.why] == [
        "Thời hạn được tính kể từ khi có quyết định."
    ]


def test_status_page_names_the_plans_next_date_for_the_producer_at_a_later_stage(unopened_office: "Office") -> None:
    """While the district decides, the producer can prepare for the next stage, should the dossier get there."""
    documents = unopened_office.documents
    rules, plan = documents.rule_set.model_dump(mode="json"), documents.plan.model_dump(mode="json")
    rules["route"]["stages"][1]["submitted_by"] = {"producer": True}
    rules["route"]["stages"][1]["steps"][0]["owner"] = {"producer": True}
    dates = plan["years"]["2018"]["rounds"][0]["stages"]["evaluation"]["submission"]
    dates["due"] = {"by": "2018-06", "source": "item 5"}
    office = replace(
        unopened_office,
        documents=replace(documents, rule_set=RuleSet.model_validate(rules), plan=CyclePlan.model_validate(plan)),
    )
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    forward = Wording("page.act", {"title": {"vi": "Trình", "en": "Forward"}})

    assert page_at(office, "2018-03-06 08:00").producers_next == ProducersDate(forward, date(2018, 6, 30), owed=False)
    assert page_at(office, "2018-06-30 23:59").producers_next is not None
    assert page_at(office, "2018-07-01 00:00").producers_next is None


def test_status_page_can_be_said_in_both_languages_at_every_step(office: "Office") -> None:
    """Every code and parameter stands in both catalogues; no Anchor value is left untranslated."""
    steps = [page_at(office, "2018-03-01 08:00")]
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    steps.append(page_at(office, "2018-03-05 09:00"))
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    give_back(office, "2018-03-07 08:00", items=["ảnh"])
    steps.append(page_at(office, "2018-03-07 09:00"))
    office.act("2018-03-08 08:00", DossierTrigger.WITHDRAW, actor=None)
    steps.append(page_at(office, "2018-03-08 09:00"))

    for page in steps:
        assert all(sentences(page, Language.VI))
        assert not [said for said in sentences(page, Language.VI) if "submitted" in said or "received" in said]
        assert len(sentences(page, Language.EN)) == len(sentences(page, Language.VI))

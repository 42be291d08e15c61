"""An amended plan moves the dates that it writes otherwise, adds what is new, and touches nothing else (I6)."""

from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Row, text
from sqlmodel import SQLModel, col, select

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time
from ocop_workflow.config_files import PlanFiles
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.replay import documents_for
from ocop_workflow.services.amended_dates import AmendmentRefusedError
from ocop_workflow.services.amendments import Amended, Amendment, amend, amendment_of
from ocop_workflow.services.audit import verify
from ocop_workflow.services.calendar_edits import CalendarEdit, set_day
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.cycles import close_cycle, close_intake, find_cycle, open_cycle
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import (
    are_duties_missing,
    missing_products,
    project_reports,
    project_tasks,
    register_products,
)
from ocop_workflow.storage.tables import Event, Notice, Obligation, Report
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlmodel import Session

    from tests.ocop_workflow.conftest import Office

    Edit = Callable[[dict[str, Any]], None]

OFFICE = "coast/coordination_office"
ROUND = "coast-2018/2018/r1/"


def vn(text_: str) -> datetime:
    return datetime.fromisoformat(text_).replace(tzinfo=OFFICE_ZONE)


def year_of(plan: dict[str, Any]) -> dict[str, Any]:
    year: dict[str, Any] = plan["years"]["2018"]
    return year


def stages_of(plan: dict[str, Any]) -> dict[str, Any]:
    stages: dict[str, Any] = year_of(plan)["rounds"][0]["stages"]
    return stages


def later_submission(plan: dict[str, Any]) -> None:
    """Registrations are submitted by 13 April instead of 30 March."""
    stages_of(plan)["registration"]["submission"]["due"]["by"] = "2018-04-13"


def earlier_meeting(plan: dict[str, Any]) -> None:
    """The second meeting is on 15 June instead of 10 August."""
    year_of(plan)["tasks"][0]["dates"][1]["by"] = "2018-06-15"


def new_duty(plan: dict[str, Any]) -> None:
    """From April on the districts also report on promotion, each quarter."""
    duties = year_of(plan)["report_duties"]
    duties.append(deepcopy(duties[0]) | {"id": "promotion", "since": "2018-04-01", "source": "item 9"})


def other_ladder(plan: dict[str, Any]) -> None:
    """Meetings are reminded of ten and two days before, instead of seven."""
    plan["ladders"]["meeting"]["rungs"] = [{"days": "-10"}, {"days": "-2"}, {"days": "1"}]


def midway(plan: dict[str, Any]) -> None:
    for edit in (later_submission, earlier_meeting, new_duty, other_ladder):
        edit(plan)


@pytest.fixture
def edited(office_with: "Callable[..., Office]") -> "Callable[[Edit], CyclePlan]":
    """A way to edit the plan's file; it is loaded and checked as `cycle check` does."""
    return lambda edit: office_with(plan=edit).documents.plan


def amended(
    office: "Office", when: str, plan: CyclePlan, *, actor: str = OFFICE, reason: str = "mưa bão", command: str = ""
) -> Amended:
    """Amend the plan; what was shown before is what is done."""
    with office.at(when) as work:
        cycle = find_cycle(work.session, "coast-2018/2018")
        shown = amendment_of(work, cycle, plan)
        done = amend(work, cycle, Amendment(plan, reason, "09/QĐ", actor, command or None))
    assert [(m.obligation.key, m.after) for m in done.moves] == [(m.obligation.key, m.after) for m in shown.moves]
    assert (done.differences, done.new) == (shown.differences, shown.new)
    return done


def moved(done: Amended) -> set[tuple[str, str, str]]:
    """Return what moved, with the last day before and after."""
    return {
        (m.obligation.key, str(m.before and last_day_in_time(m.before)), str(last_day_in_time(m.after)))
        for m in done.moves
    }


def owed(office: "Office", key: str) -> Obligation:
    with office.reading() as work:
        return work.session.exec(select(Obligation).where(col(Obligation.key) == key)).one()


def faults(office: "Office") -> list[str]:
    with office.reading() as work:
        return [fault.sentence for fault in verify(work.session).faults]


SUBMISSIONS = {
    (f"{ROUND}{number}/registration/submission", "2018-03-30", "2018-04-13")
    for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2")
}


def test_a_plan_amended_midway_moves_adds_and_reminds_as_it_says(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    done = amended(office, "2018-03-08 08:00", edited(midway))

    assert moved(done) == SUBMISSIONS | {("coast-2018/2018/task/meeting/2", "2018-08-10", "2018-06-15")}
    assert {(duty.key, duty.party, duty.due_at) for duty in done.new} == {
        (f"coast-2018/2018/report/promotion/2018-Q{quarter}/{unit}", f"{unit}/ocop_team", vn(due))
        for unit in ("hill", "delta")
        for quarter, due in ((2, "2018-06-30 00:00"), (3, "2018-09-30 00:00"), (4, "2018-12-30 00:00"))
    }
    submission = owed(office, f"{ROUND}1-1-1/registration/submission")
    assert (submission.due_at, submission.deadline_version) == (vn("2018-04-14 00:00"), 2)
    assert submission.why_params["last_on"] == "2018-04-13"
    assert submission.lapse_at == vn("2018-05-14 00:00")  # 30 days after the new date
    assert submission.next_action_at == vn("2018-03-30 07:30")  # -14 of the new date
    first_meeting = owed(office, "coast-2018/2018/task/meeting/1")
    # Only its ladder changed: ten days before 20 April is the 10th; the date has no new version.
    assert (first_meeting.deadline_version, first_meeting.next_action_at) == (1, vn("2018-04-10 07:30"))
    with office.reading() as work:
        assert not are_duties_missing(work, office.cycle(work))
    assert faults(office) == []


def test_it_is_one_act_of_the_cycle_and_one_of_each_subject_that_moved(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    with office.reading() as work:
        opened_with = office.cycle(work).plan_hash
    amended(office, "2018-03-08 08:00", edited(midway))

    with office.reading() as work:
        cycle = office.cycle(work)
        act = events_of(work.session, f"cycle:{cycle.id}")[-1]
        told = details_of(act)
        assert (act.action, act.rule, act.actor) == ("plan_amended", "09/QĐ", OFFICE)
        assert (told["plan_before"], told["plan_hash"], told["dates"]) == (opened_with, cycle.plan_hash, 5)
        assert "years.2018.rounds.r1.stages.registration.submission.due.date.by" in told["changed"]
        events = work.session.exec(select(Event).where(col(Event.action) == "deadlines_amended")).all()
        assert len(events) == len({event.stream for event in events}) == len(SUBMISSIONS) + 1
        event = events_of(work.session, f"dossier:{office.dossier(work).id}")[-1]
        (move,) = details_of(event)["moved"]
        assert (move["due_before"], move["due_after"], move["deadline_version"]) == (
            "2018-03-30T17:00:00+00:00",
            "2018-04-13T17:00:00+00:00",
            2,
        )


def test_those_who_owe_are_told_in_their_language(office: "Office", edited: "Callable[[Edit], CyclePlan]") -> None:
    amended(office, "2018-03-08 08:00", edited(later_submission))
    office.send("2018-03-08 08:00")

    texts = [office.text_of(mail.message) for mail in office.mails() if mail.message]
    assert sum("Kế hoạch được điều chỉnh" in said and "hết ngày 13/04/2018" in said for said in texts) == 3


def test_who_reports_is_told_once_of_a_new_duty_with_its_first_date(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    """Three quarters are new for each of two districts; the first is due on 29 June."""
    amended(office, "2018-03-08 08:00", edited(new_duty))
    office.send("2018-03-08 08:00")

    with office.reading() as work:
        news = [n for n in office.notices(work, rungs=False) if n.code == "news.duty_added"]
        assert {(n.recipient, n.params["last_on"]) for n in news} == {
            ("hill/ocop_team", "2018-06-29"),
            ("delta/ocop_team", "2018-06-29"),
        }
        assert len(news) == len({n.recipient for n in news})
    texts = [office.text_of(mail.message) for mail in office.mails() if mail.message]
    assert sum("có thêm việc" in said and "hết ngày 29/06/2018" in said for said in texts) == 2


def test_no_rung_of_one_date_is_said_twice_and_none_of_the_old_date_after_it(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    """I2a and I4: -14 of 30 March was sent on the 16th; planned notices of the old date end as re-dated."""
    office.sweep("2018-03-16 08:00")
    office.send("2018-03-16 08:00")
    office.sweep("2018-03-23 08:00")
    amended(office, "2018-03-23 09:00", edited(midway))
    for day in ("2018-03-30", "2018-04-06", "2018-04-10", "2018-04-12", "2018-04-18", "2018-04-23"):
        office.sweep(f"{day} 08:00")
        office.sweep(f"{day} 08:05")
        office.send(f"{day} 08:10")

    with office.reading() as work:
        found = [
            (n.deadline_version, n.rung, n.suppression or n.status)
            for n in office.notices(work, about="1-1-1")
            if n.audience == "responsible"
        ]
        meeting = select(Obligation.id).where(col(Obligation.key) == "coast-2018/2018/task/meeting/1")
        query = select(Notice.rung).where(col(Notice.obligation_id) == work.session.exec(meeting).one())
        rungs = sorted(rung or "" for rung in work.session.exec(query))
    assert found == [
        (1, "-14", "sent"),
        (1, "-7", "redated"),
        (2, "-14", "sent"),
        (2, "-7", "sent"),
        (2, "-1", "sent"),
        (2, "+1", "sent"),  # the 14th is a Saturday, so it came on Monday the 16th
    ]
    assert rungs == ["+1", "-10", "-2"]


def test_a_ladder_changed_twice_repeats_no_rung(office: "Office", edited: "Callable[[Edit], CyclePlan]") -> None:
    """I2a: -10 of 20 April was said on the 10th; a ladder in which it stands again does not say it again."""

    def with_a_day_more(plan: dict[str, Any]) -> None:
        other_ladder(plan)
        plan["ladders"]["meeting"]["rungs"].append({"days": "3"})
        plan["ladders"]["meeting"]["at"] = "09:30"

    amended(office, "2018-03-08 08:00", edited(other_ladder))
    office.sweep("2018-04-10 08:00")
    amended(office, "2018-04-10 08:30", edited(with_a_day_more))
    office.sweep("2018-04-10 10:00")

    with office.reading() as work:
        query = select(Notice).where(col(Notice.rung) == "-10")
        assert [(n.deadline_version, n.moment_at) for n in work.session.exec(query)] == [(1, vn("2018-04-10 07:30"))]
    assert owed(office, "coast-2018/2018/task/meeting/1").next_action_at == vn("2018-04-18 09:30")


def test_the_same_plan_again_changes_nothing(office: "Office", edited: "Callable[[Edit], CyclePlan]") -> None:
    plan = edited(midway)
    assert amended(office, "2018-03-08 08:00", office.documents.plan) == Amended()
    amended(office, "2018-03-08 08:00", plan, command="decision-9")
    assert amended(office, "2018-03-09 08:00", plan) == Amended()
    with office.at("2018-03-10 08:00") as work:
        again = Amendment(office.documents.plan, "x", "09/QĐ", OFFICE, "decision-9")
        assert amend(work, office.cycle(work), again) == Amended()
    with office.reading() as work:
        assert len(work.session.exec(select(Event).where(col(Event.action) == "plan_amended")).all()) == 1


def test_an_extended_date_and_a_decreed_day_stay(office: "Office", edited: "Callable[[Edit], CyclePlan]") -> None:
    """An extension to 20 April is not taken back by 13 April; a decreed day that the file lacks stays off."""
    with office.at("2018-03-05 08:00") as work:
        extend(work, office.obligation(work, "submission"), Extension(vn("2018-04-21 00:00"), "x", "1/QĐ", OFFICE))
        set_day(work, office.cycle(work), CalendarEdit(date(2018, 3, 14), True, "bão", "07/QĐ", OFFICE))  # noqa: FBT003 -- a day off

    done = amended(office, "2018-03-08 08:00", edited(later_submission))

    assert moved(done) == {move for move in SUBMISSIONS if "/1-1-1/" not in move[0]}
    assert owed(office, f"{ROUND}1-1-1/registration/submission").due_at == vn("2018-04-21 00:00")
    with office.reading() as work:
        book = work.books.of_cycle(work.session, office.cycle(work))
        assert book.plan.calendar.days_off == {date(2018, 3, 14): "07/QĐ"}
    assert faults(office) == []


@pytest.mark.parametrize("extended_first", [True, False])
def test_an_extension_that_is_taken_back_leaves_the_date_that_the_amended_plan_gives(
    office: "Office", edited: "Callable[[Edit], CyclePlan]", *, extended_first: bool
) -> None:
    """Extended by mistake, amended, taken back on one morning: the dossier has the day of all the others."""

    def give_time() -> None:
        with office.at("2018-03-05 08:00") as work:
            extend(work, office.obligation(work, "submission"), Extension(vn("2018-04-21 00:00"), "x", "1/QĐ", OFFICE))

    def amend_it() -> None:
        amended(office, "2018-03-05 08:00", edited(later_submission))

    for act in (give_time, amend_it) if extended_first else (amend_it, give_time):
        act()
    with office.at("2018-03-05 08:30") as work:
        (move,) = undo_extension(work, office.cycle(work), decision="1/QĐ", actor=OFFICE, reason="nhầm số")
        assert (move.before, move.after) == (vn("2018-04-21 00:00"), vn("2018-04-14 00:00"))

    with office.reading() as work:
        first, second = (office.obligation(work, "submission", number) for number in ("1-1-1", "1-2-1"))
        same = {"due_at", "lapse_at", "why_code", "why_params", "source", "ladder", "next_action_at"}
        assert first.model_dump(include=same) == second.model_dump(include=same)
        news = {(n.code, n.status) for n in office.notices(work, about="1-1-1", rungs=False)}
        assert news == {("news.amended", "planned"), ("news.extended", "suppressed")}
    assert faults(office) == []


def test_an_amended_day_that_has_come_is_not_given_back_to_a_dossier_in_time(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    """What is in time does not become late by an act: then the extension stays, and the refusal says so."""

    def earlier(plan: dict[str, Any]) -> None:
        stages_of(plan)["registration"]["submission"]["due"]["by"] = "2018-03-20"

    with office.at("2018-03-05 08:00") as work:
        extend(work, office.obligation(work, "submission"), Extension(vn("2018-04-21 00:00"), "x", "1/QĐ", OFFICE))
    amended(office, "2018-03-06 08:00", edited(earlier))
    with (
        pytest.raises(AmendmentRefusedError, match="would be late since 20/03/2018") as refused,
        office.at("2018-03-22 08:00") as work,
    ):
        undo_extension(work, office.cycle(work), decision="1/QĐ", actor=OFFICE, reason="nhầm số")
    assert str(refused.value).endswith("; nothing was taken back")
    assert owed(office, f"{ROUND}1-1-1/registration/submission").due_at == vn("2018-04-21 00:00")


@pytest.mark.parametrize(
    ("by", "after"),
    [
        ("2018-03-19", "2018-03-19"),  # six working days are left after Friday 9 March: nearer, and allowed
        ("2018-03-16", "2018-03-16"),  # five
        ("2018-03-15", "2018-03-30"),  # four: fewer than the plan grants a producer, so the date stays
    ],
)
def test_a_producers_date_comes_no_nearer_than_the_days_that_the_plan_grants(
    office: "Office", edited: "Callable[[Edit], CyclePlan]", by: str, after: str
) -> None:
    def nearer(plan: dict[str, Any]) -> None:
        stages_of(plan)["registration"]["submission"]["due"]["by"] = by

    amended(office, "2018-03-09 08:00", edited(nearer))

    due_at = owed(office, f"{ROUND}1-1-1/registration/submission").due_at
    assert due_at is not None
    assert last_day_in_time(due_at) == date.fromisoformat(after)


def test_a_counted_term_runs_from_the_same_day_and_later_dossiers_have_it_too(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    """Received on Tuesday 6 March: 12 working days end on 22 March, not 10 on the 20th."""

    def longer(plan: dict[str, Any]) -> None:
        stages_of(plan)["registration"]["decision"]["due"]["within"] = "12 working days of received"

    for number in ("1-1-1", "1-2-1"):
        office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number=number)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    done = amended(office, "2018-03-08 08:00", edited(longer))
    office.act("2018-03-08 10:00", DossierTrigger.RECEIVE, number="1-2-1")

    assert moved(done) == {(f"{ROUND}1-1-1/registration/decision", "2018-03-20", "2018-03-22")}
    assert owed(office, f"{ROUND}1-2-1/registration/decision").due_at == vn("2018-03-27 00:00")


def test_what_was_missed_and_is_to_come_again_is_late_no_more_and_the_lapsed_stays(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    """I9: late since 31 March; lapsed since 30 April whether a sweep has seen it or not."""
    office.enforce("2018-04-03 08:00")
    amended(office, "2018-04-03 08:00", edited(later_submission))
    submission = owed(office, f"{ROUND}1-1-1/registration/submission")
    assert (submission.due_at, submission.overdue_at) == (vn("2018-04-14 00:00"), None)

    def june(plan: dict[str, Any]) -> None:
        stages_of(plan)["registration"]["submission"]["due"]["by"] = "2018-06-30"

    assert amended(office, "2018-05-14 08:00", edited(june)).moves == ()
    assert faults(office) == []


def test_a_report_that_comes_earlier_opens_earlier(office: "Office", edited: "Callable[[Edit], CyclePlan]") -> None:
    """Due on the 15th day of the last month of its quarter, opened 30 days before: rungs from then on are said."""

    def fifteenth(plan: dict[str, Any]) -> None:
        year_of(plan)["report_duties"][0]["due"]["before_day"] = "16"

    done = amended(office, "2018-04-02 08:00", edited(fifteenth))

    key = "coast-2018/2018/report/progress/2018-Q2/hill"
    assert (key, "2018-06-29", "2018-06-15") in moved(done)
    assert owed(office, key).opens_at == vn("2018-05-17 00:00")
    with office.reading() as work:
        report = work.session.get_one(Report, owed(office, key).subject_id)
        assert (report.opens_at, report.due_at) == (vn("2018-05-17 00:00"), vn("2018-06-16 00:00"))
    # The first quarter's report, due on 29 March and missed, stays late since then.
    assert owed(office, "coast-2018/2018/report/progress/2018-Q1/hill").due_at == vn("2018-03-30 00:00")
    assert faults(office) == []


def test_a_ladder_that_another_step_takes_is_followed(office: "Office", edited: "Callable[[Edit], CyclePlan]") -> None:
    def quiet(plan: dict[str, Any]) -> None:
        stages_of(plan)["registration"]["submission"]["ladder"] = "meeting"

    amended(office, "2018-03-08 08:00", edited(quiet))
    office.sweep("2018-03-16 08:00", kinds=(DOSSIER_STEP,))

    submission = owed(office, f"{ROUND}1-1-1/registration/submission")
    assert (submission.ladder, submission.next_action_at) == ("meeting", vn("2018-03-23 07:30"))
    assert office.outcomes() == {}


def test_a_rung_that_had_come_is_decided_by_the_ladder_of_its_day(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    """I3: -14 came on 16 March and no sweep has seen it; a ladder without it on the 19th does not lose it."""

    def only_the_last_day(plan: dict[str, Any]) -> None:
        plan["ladders"]["producer"]["rungs"] = [{"days": "-1"}, {"days": "1"}]

    amended(office, "2018-03-19 08:00", edited(only_the_last_day))
    office.sweep("2018-03-23 08:00")
    office.sweep("2018-03-29 08:00")

    assert office.outcomes() == {"-14": "planned", "-1": "planned"}


def test_the_regulations_term_bounds_the_amended_date(office_with: "Callable[..., Office]") -> None:
    """Received on 6 March: 15 working days by the regulation end on 27 March; the plan's 10 end on the 20th."""

    def limited(rules: dict[str, Any]) -> None:
        due = {"within": "15 working days of received", "source": "article 9"}
        rules["limits"] = [
            {"id": "term", "stage": "registration", "step": "decision", "due": due, "article": "article 9"}
        ]

    def twenty(plan: dict[str, Any]) -> None:
        stages_of(plan)["registration"]["decision"]["due"]["within"] = "20 working days of received"

    office = office_with(rules=limited)
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    done = amended(office, "2018-03-08 08:00", office_with(rules=limited, plan=twenty).documents.plan)

    assert moved(done) == {(f"{ROUND}1-1-1/registration/decision", "2018-03-20", "2018-03-27")}
    decision = owed(office, f"{ROUND}1-1-1/registration/decision")
    assert (decision.origin, decision.source) == ("statutory", "article 9")
    assert faults(office) == []


def test_another_source_alone_moves_nothing(office: "Office", edited: "Callable[[Edit], CyclePlan]") -> None:
    done = amended(office, "2018-03-27 08:00", edited(change(*STAGES, "submission", "due", "source", to="item 10")))

    (difference,) = done.differences
    assert (difference.before, difference.after, done.moves) == ("item 5", "item 10", ())


def test_a_task_without_date_gets_one(office_with: "Callable[..., Office]") -> None:
    def undated(plan: dict[str, Any]) -> None:
        year_of(plan)["tasks"][0]["dates"][1] = {"at": "none", "source": "item 8"}

    office = office_with(plan=undated)
    office.open()
    done = amended(office, "2018-03-08 08:00", office_with(plan=earlier_meeting).documents.plan)

    assert moved(done) == {("coast-2018/2018/task/meeting/2", "None", "2018-06-15")}
    assert faults(office) == []


def change(*path: str | int, to: Any) -> "Edit":
    """Return an edit that sets one value, or removes it where `to` is None."""

    def edit(plan: dict[str, Any]) -> None:
        place: Any = plan
        for key in path[:-1]:
            place = place[key]
        if to is None:
            del place[path[-1]]
        else:
            place[path[-1]] = to

    return edit


def one_round_more_in_front(plan: dict[str, Any]) -> None:
    rounds = year_of(plan)["rounds"]
    rounds.insert(0, deepcopy(rounds[0]) | {"id": "r0"})


def retroactive_duty(plan: dict[str, Any]) -> None:
    new_duty(plan)
    del (duty := year_of(plan)["report_duties"][1])["since"]
    duty["due"]["before_day"] = "12"


STAGES = ("years", "2018", "rounds", 0, "stages", "registration")
DUTY = ("years", "2018", "report_duties", 0)
TASK = ("years", "2018", "tasks", 0)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (change("office_role", to="province_council"), "office_role differs; the role that coordinates stays"),
        (change("first_day", to="2018-01-02"), "first_day differs; the horizon of an open year stays"),
        (change("runs_until", to="2019-05-01"), "runs_until differs; the horizon of an open year stays"),
        (change("councils", "evaluation", "members", to="5"), "councils differs; a council stays"),
        (change("chains", 0, "forms", to=["Mật ong"]), "chains differs; the planned products stay"),
        (change("years", "2018", "rounds", 0, "opens_on", to="2018-03-02"), "opens_on of round r1 differs"),
        (change("years", "2018", "rounds", 0, "id", to="r2"), "round r1 is missing; what the year was opened with"),
        (change(*STAGES, "submission", to=None), "1-1-1/registration/submission is open and would have no date"),
        (change(*STAGES, "submission", "due", "by", to="2018-03-16"), "is in time today and would be late since 16/03"),
        (change(*STAGES, "submission", "lapse", "after_days", to="5"), "is open under another lapse"),
        (change(*DUTY, "every", to="month"), "every of report duty progress differs; it stays for the year"),
        (change("years", "2018", "report_duties", to=None), "report duty progress is missing"),
        (change(*TASK, "dates", 1, to=None), "task meeting has fewer dates"),
        (change(*TASK, "lead", "role", to="province_council"), "lead of task meeting differs"),
        (change(*TASK, "dates", 0, "by", to="2018-03-01"), "task/meeting/1 is in time today and would be late since"),
        (change("calendar", to={"days_off": {"2018-03-14": "x"}}), "decree it with `ocop calendar set-day`"),
        (change("calendar", to={"roll_fixed_dates": "true"}), "roll_fixed_dates differs"),
        (one_round_more_in_front, "round r0 comes before r1"),
        (retroactive_duty, "promotion/2018-Q1/hill is new and would be late since 11/03/2018"),
    ],
)
def test_what_an_amendment_may_not_do_is_refused_whole(
    office: "Office", edited: "Callable[[Edit], CyclePlan]", edit: "Edit", sentence: str
) -> None:
    plan = edited(edit)
    with office.reading() as work:
        before = list(rows(work.session, office.cycle(work).id))
    with pytest.raises(AmendmentRefusedError) as refused:
        amended(office, "2018-03-20 08:00", plan)

    assert sentence in str(refused.value)
    with office.reading() as work:
        assert list(rows(work.session, office.cycle(work).id)) == before


@pytest.mark.parametrize(
    ("update", "sentence"),
    [
        ({"id": "other-2018"}, "another plan has a year of its own"),
        ({"office": "delta"}, "another office's plan has a year of its own"),
        ({"rule_set": "newer"}, "another rule set is a migration and no amendment"),
        ({"ladders": {}}, "ladder official is missing"),
        ({"years": {}}, "year 2018 is missing"),
    ],
)
def test_another_plan_is_no_amendment(office: "Office", update: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AmendmentRefusedError, match=sentence):
        amended(office, "2018-03-08 08:00", office.documents.plan.model_copy(update=update))


def test_only_the_office_amends_an_open_year_with_reason(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    plan = edited(later_submission)
    with pytest.raises(OfficeOnlyError):
        amended(office, "2018-03-08 08:00", plan, actor="hill/ocop_team")
    with pytest.raises(InputError, match="reason is missing"):
        amended(office, "2018-03-08 08:00", plan, reason=" ")
    with office.at("2018-03-09 08:00") as work:
        close_intake(work, office.cycle(work), actor=OFFICE)
    reopening = edited(change("years", "2018", "rounds", 0, "closes_on", to="2018-06-30"))
    with pytest.raises(AmendmentRefusedError, match=r"the intake of coast-2018/2018 is closed"):
        amended(office, "2018-03-09 08:00", reopening)
    with office.at("2018-03-10 08:00") as work:
        close_cycle(work, office.cycle(work), actor=OFFICE)
    with pytest.raises(AmendmentRefusedError, match="is closed; give what is still open another date"):
        amended(office, "2018-03-10 08:00", plan)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE cycle SET plan_hash = rule_set_hash", "the row's plan_hash is not the one"),
        (
            (
                "UPDATE cycle SET plan_hash = (SELECT hash FROM pinned_document WHERE kind = 'plan' "
                "AND hash != cycle.plan_hash)"
            ),
            "the row's plan_hash is not the one",
        ),
        (
            (
                "UPDATE obligation SET due_at = '2018-12-31 00:00:00.000000' WHERE deadline_version > 1 "
                "AND kind = 'dossier_step'"
            ),
            "registration/submission is not what its acts say",
        ),
    ],
)
def test_a_plan_or_date_changed_behind_the_record_is_found(
    office: "Office", edited: "Callable[[Edit], CyclePlan]", statement: str, sentence: str
) -> None:
    """Also when the plan is put back that the year was opened with."""
    amended(office, "2018-03-08 08:00", edited(midway))
    with office.at("2018-03-09 08:00") as work:
        assert work.session.connection().execute(text(statement)).rowcount
    fresh = replace(office, books=RulebookShelf())

    assert any(sentence in found for found in faults(fresh))


def rows(session: "Session", cycle_id: str) -> "Iterator[tuple[str, Row[Any]]]":
    """Yield every row of every table that belongs to a cycle, with the name of its table."""
    for table in SQLModel.metadata.sorted_tables:
        column = table.c.get("cycle_id", table.c.id if table.name == "cycle" else None)
        if column is not None:
            statement = table.select().where(column == cycle_id).order_by(*table.primary_key.columns)
            yield from ((table.name, row) for row in session.connection().execute(statement))


def test_two_cycles_under_different_rule_sets_do_not_touch_each_other(
    office: "Office", edited: "Callable[[Edit], CyclePlan]"
) -> None:
    """The hill district runs a plan of its own under a newer law; the province amends its plan midway."""
    documents = office.documents
    bands = tuple(
        band.model_copy(update={5: {"at_least": Decimal(95)}, 4: {"below": Decimal(95)}}.get(band.stars, {}))
        for band in documents.rule_set.bands
    )
    newer = documents.rule_set.model_copy(update={"id": "newer", "bands": bands})
    plan = documents.plan.model_copy(
        update={"id": "hill-2018", "office": "hill", "office_role": "ocop_team", "rule_set": "newer"}
    )
    products = tuple(each.model_copy(update={"name": f"{each.name} khác"}) for each in documents.products)
    files = PlanFiles(plan, {"newer": newer}, documents.units, products)
    with office.at("2018-01-03 08:00") as work:
        other = open_cycle(work, documents_for(files, 2018), year=2018, actor="hill/ocop_team")
        project_reports(work, other, actor="hill/ocop_team")
        project_tasks(work, other, actor="hill/ocop_team")
        registered = register_products(work, other, missing_products(work, other), actor="hill/ocop_team")
        assert registered == len(products)
    with office.reading() as work:
        other_id = find_cycle(work.session, "hill-2018/2018").id
        before = list(rows(work.session, other_id))
        count = {name: sum(table == name for table, _ in before) for name in ("dossier", "report", "plan_task")}
        assert count == {"dossier": 4, "report": 4, "plan_task": 2}

    done = amended(office, "2018-03-08 08:00", edited(midway))

    assert len(done.moves) == len(SUBMISSIONS) + 1
    with office.reading() as work:
        assert list(rows(work.session, other_id)) == before
        first, second = (find_cycle(work.session, key) for key in ("coast-2018/2018", "hill-2018/2018"))
        assert first.rule_set_hash != second.rule_set_hash
        dates = select(Obligation.due_at).where(
            col(Obligation.step) == "submission", col(Obligation.cycle_id) == other_id
        )
        assert set(work.session.exec(dates)) == {vn("2018-03-31 00:00")}
    assert faults(office) == []

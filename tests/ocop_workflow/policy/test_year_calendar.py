"""A year's calendar: what the plan asks for, when, of whom, and with which reminders."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import PlanFiles, default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import working_days_of_vietnam
from ocop_workflow.policy.year_calendar import CalendarEntry, CalendarKind, year_calendar
from ocop_workflow.replay import documents_for
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.obligations import DOSSIER_STEP, PLAN_TASK, REPORT
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, project_reports, project_tasks, register_products
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database
from ocop_workflow.storage.tables import Obligation

CONFIG = default_config_dir()
SOURCE = "item 1"

UNITS = UnitRegister.model_validate(
    {
        "id": "units",
        "source": SOURCE,
        "roles": {
            "team": {"level": "district", "title": {"vi": "Tổ OCOP", "en": "OCOP team"}},
            "office": {"level": "province", "title": {"vi": "Văn phòng", "en": "office"}},
        },
        "units": [
            {"id": "north", "level": "province", "name": {"vi": "tỉnh Bắc", "en": "North"}},
            {"id": "south", "level": "province", "name": {"vi": "tỉnh Nam", "en": "South"}},
            {"id": "hill", "level": "district", "parent": "north", "name": {"vi": "huyện Đồi", "en": "Hill"}},
            {"id": "lake", "level": "district", "parent": "north", "name": {"vi": "huyện Hồ", "en": "Lake"}},
            {"id": "far", "level": "district", "parent": "south", "name": {"vi": "huyện Xa", "en": "Far"}},
        ],
    }
)


def stage(stage_id: str, to: str, **more: Any) -> dict[str, Any]:
    title = {"vi": stage_id, "en": stage_id}
    team = {"level": "district", "role": "team"}
    return {
        "id": stage_id,
        "title": title,
        "level": "district",
        "submitted_by": {"producer": True},
        "decided_by": team,
        "judged_by": "verdict",
        "source": f"article of {stage_id}",
        "steps": [
            {"id": "submission", "title": title, "owner": {"producer": True}, "settled_by": "submit"},
            {"id": "decision", "title": title, "owner": team, "settled_by": "conclude"},
        ],
        "outcomes": [
            {"when": {"guard": "verdict_is", "verdict": "accepted"}, "to": to},
            {"when": {"guard": "verdict_is", "verdict": "declined"}, "to": "not_passed"},
        ],
        **more,
    }


def rule_set(*stages: dict[str, Any]) -> RuleSet:
    return RuleSet.model_validate(
        {
            "id": "rules",
            "title": {"vi": "Quy tắc", "en": "Rules"},
            "source": SOURCE,
            "in_force": {"start": "2018-01-01"},
            "levels": ["district"],
            "route": {"stages": list(stages)},
            "parts": [],
            "bands": [],
            "recognition": [],
        }
    )


def round_of(stages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "r1",
        "title": {"vi": "Đợt 1", "en": "Round 1"},
        "opens_on": "2018-03-01",
        "closes_on": "2018-04-30",
        "stages": stages,
        "source": SOURCE,
        **more,
    }


def task(*dates: dict[str, Any], **more: Any) -> dict[str, Any]:
    lead = {"role": "office", "unit": "north"}
    return {
        "id": "meeting",
        "title": {"vi": "Họp", "en": "Meeting"},
        "lead": lead,
        "source": SOURCE,
        "dates": dates,
        **more,
    }


def duty(due: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    return {
        "id": "progress",
        "title": {"vi": "Báo cáo", "en": "Report"},
        "every": "quarter",
        "reporters": {"role": "team", "level": "district"},
        "collector": {"role": "office", "unit": "north"},
        "due": due,
        "source": "item of the duty",
        **more,
    }


def entries_of(
    content: dict[str, Any],
    *stages: dict[str, Any],
    first_day: str = "2018-01-01",
    rungs: tuple[dict[str, Any], ...] = ({"days": -7}, {"days": 1}),
) -> tuple[CalendarEntry, ...]:
    plan = CyclePlan.model_validate(
        {
            "id": "plan",
            "title": {"vi": "Kế hoạch", "en": "Plan"},
            "source": SOURCE,
            "office": "north",
            "office_role": "office",
            "units": "units",
            "first_day": first_day,
            "runs_until": "2019-04-01",
            "rule_set": "rules",
            "digest_at": "07:30",
            "ladders": {"near": {"at": "07:30", "source": SOURCE, "rungs": list(rungs)}},
            "years": {2018: content},
        }
    )
    days = working_days_of_vietnam(range(2016, 2021), plan.calendar)
    rules = {"rules": rule_set(*(stages or (stage("idea", "recognised"),)))}
    return year_calendar(plan, rules, UNITS, days=days, year=2018)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def test_kinds_are_those_of_the_obligations() -> None:
    assert {kind.value for kind in CalendarKind} == {DOSSIER_STEP, REPORT, PLAN_TASK}


def test_dated_entries_come_in_the_order_of_their_dates_and_the_others_last() -> None:
    entries = entries_of(
        {
            "rounds": [round_of({"idea": {"submission": {"due": {"by": "2018-03", "source": SOURCE}}}})],
            "report_duties": [duty(None)],
            "tasks": [task({"by": "2018-12-14", "source": SOURCE}, {"before": "2018-02-01", "source": SOURCE})],
        }
    )

    assert [(entry.subject, entry.due.due_at) for entry in entries] == [
        ("meeting/2", local("2018-02-01")),
        ("r1/idea/submission", local("2018-04-01")),
        ("meeting/1", local("2018-12-15")),
        ("r1/idea/decision", None),
        ("progress", None),
    ]


def test_report_duty_gives_an_entry_for_each_unit_of_the_office_and_period() -> None:
    entries = entries_of({"report_duties": [duty({"before_day": 30, "source": "item 7"})]})

    assert [(e.subject, e.responsible, e.period, e.due.last_day) for e in entries[:3]] == [
        ("progress/2018-Q1/hill", "hill/team", "2018-Q1", date(2018, 3, 29)),
        ("progress/2018-Q1/lake", "lake/team", "2018-Q1", date(2018, 3, 29)),
        ("progress/2018-Q2/hill", "hill/team", "2018-Q2", date(2018, 6, 29)),
    ]
    assert len(entries) == 2 * 4
    assert {entry.due.source for entry in entries} == {"item 7"}


def test_report_duty_of_one_named_unit_is_that_units_alone() -> None:
    reporters = {"role": "team", "unit": "lake"}
    entries = entries_of({"report_duties": [duty({"before_day": 30, "source": SOURCE}, reporters=reporters)]})

    assert [entry.responsible for entry in entries] == 4 * ["lake/team"]


def test_report_duty_without_date_is_one_entry_of_each_unit() -> None:
    (entry,) = entries_of({"report_duties": [duty(None, ladder="near")]})

    assert (entry.subject, entry.responsible, entry.due.code) == ("progress", "*/team", "none")
    assert (entry.due.due_at, entry.rungs, entry.is_hard) == (None, (), False)
    assert entry.due.source == "item of the duty"


def test_step_without_date_cites_its_stage() -> None:
    (submission, decision) = entries_of({"rounds": [round_of({})]})

    assert (submission.due.code, submission.due.source) == ("none", "article of idea")
    assert (submission.responsible, decision.responsible) == ("producer", "*/team")


def test_counted_term_has_no_instant_and_names_its_anchor() -> None:
    due = {"within": "10 working days of submitted", "source": SOURCE}
    entry = entries_of({"rounds": [round_of({"idea": {"decision": {"due": due, "ladder": "near"}}})]})[-1]

    assert (entry.due.due_at, entry.due.code) == (None, "within_working_days")
    assert entry.due.params == {"count": 10, "anchor": "submitted"}
    assert (entry.is_hard, entry.rungs) == (True, ())


@pytest.mark.parametrize(
    ("date_", "is_hard"),
    [({"by": "2018-09"}, True), ({"expected": "2018-09"}, False), ({"at": "ongoing"}, False), ({"at": "none"}, False)],
)
def test_entry_is_hard_only_with_a_date_that_is_not_merely_expected(date_: dict[str, Any], *, is_hard: bool) -> None:
    (entry,) = entries_of({"tasks": [task({**date_, "source": SOURCE})]})

    assert entry.is_hard is is_hard


def test_task_without_dates_is_one_entry_under_its_own_name() -> None:
    (entry,) = entries_of({"tasks": [task()]})

    assert (entry.subject, entry.responsible, entry.due.code) == ("meeting", "north/office", "none")


def test_rungs_fire_at_the_ladders_hour_on_working_days() -> None:
    """The last day is Friday 20 April: a week before is Friday, the day after Saturday, so Monday 23 April."""
    (entry,) = entries_of({"tasks": [task({"by": "2018-04-20", "source": SOURCE}, ladder="near")]})

    assert [(rung.rung, rung.at) for rung in entry.rungs] == [
        ("-7", local("2018-04-13 07:30")),
        ("+1", local("2018-04-23 07:30")),
    ]
    assert [rung.useful_until for rung in entry.rungs] == [local("2018-04-21 00:00"), None]


def test_rungs_that_another_one_speaks_for_are_left_out() -> None:
    """Around Tết of 2018 (14 to 20 February off) the rungs of the 14th and 15th both move to the 13th."""
    (entry,) = entries_of(
        {"tasks": [task({"by": "2018-02-21", "source": SOURCE}, ladder="near")]}, rungs=({"days": -7}, {"days": -6})
    )

    assert [(rung.rung, rung.at) for rung in entry.rungs] == [("-6", local("2018-02-13 07:30"))]


def test_rungs_before_the_round_opens_are_left_out() -> None:
    dates = {"submission": {"due": {"by": "2018-03-05", "source": SOURCE}, "ladder": "near"}}
    entry = entries_of({"rounds": [round_of({"idea": dates})]})[0]

    assert [rung.rung for rung in entry.rungs] == ["+1"]


def test_rungs_before_a_report_opens_are_left_out() -> None:
    due = {"before_day": 30, "source": SOURCE}
    entry = entries_of({"report_duties": [duty(due, ladder="near", opens_days_before=5)]})[0]

    assert [rung.rung for rung in entry.rungs] == ["+1"]


def test_rungs_before_the_plans_first_day_are_left_out() -> None:
    """A plan signed on 25 June asks for no report of the first quarter, and reminds of the second's only after."""
    entries = entries_of(
        {"report_duties": [duty({"before_day": 30, "source": SOURCE}, ladder="near")]}, first_day="2018-06-25"
    )

    assert [[rung.rung for rung in entry.rungs] for entry in entries[::2]] == [["+1"], ["-7", "+1"], ["-7", "+1"]]


def test_rungs_before_a_window_opens_are_left_out() -> None:
    (entry,) = entries_of({"tasks": [task({"window": "2018-04-16..2018-04-20", "source": SOURCE}, ladder="near")]})

    assert [rung.rung for rung in entry.rungs] == ["+1"]


def test_stages_that_the_round_does_not_pass_are_left_out() -> None:
    stages = (
        stage("idea", "plan", can_be_switched_off=True),
        stage("plan", "check"),
        stage("check", "recognised", kinds=["renewal"]),
    )
    entries = entries_of({"rounds": [round_of({}, stages_off=["idea"])]}, *stages)

    assert [entry.subject for entry in entries] == ["r1/plan/submission", "r1/plan/decision"]


# --- The shipped plan, and what opening it makes ---


@pytest.fixture(scope="module")
def shipped() -> PlanFiles:
    return load_plan_files(find_plan(CONFIG, "quang-ninh-2017-2020"), CONFIG)


def calendar_of(files: PlanFiles, year: int) -> tuple[CalendarEntry, ...]:
    plan = files.plan
    days = working_days_of_vietnam(range(plan.first_day.year - 1, plan.runs_until.year + 2), plan.calendar)
    return year_calendar(plan, files.rule_sets, files.units, days=days, year=year)


def test_year_that_the_plan_lacks_is_refused(shipped: PlanFiles) -> None:
    with pytest.raises(KeyError, match="2016"):
        calendar_of(shipped, 2016)


CONSENTS_OF_2018 = 3  # VII.7.1.2, VII.7.1.3 and VIII.8.2 need that of the province first
TASKS_OF_2018 = 3 + 7 * 14 + 6 + 6 + CONSENTS_OF_2018


def test_calendar_of_quang_ninh_has_a_line_for_each_step_report_and_meeting(shipped: PlanFiles) -> None:
    """Six stages of three steps, whatever the 52 products; 14 units in four quarters; three meetings a year.

    Besides them seven tasks of each of the 14 teams, six of the province each year, and six of 2018 alone.
    """
    entries = calendar_of(shipped, 2018)

    assert Counter(entry.kind.value for entry in entries) == {
        DOSSIER_STEP: 6 * 3,
        REPORT: 14 * 4,
        PLAN_TASK: TASKS_OF_2018,
    }
    reported = {entry.due.due_at for entry in entries if entry.kind is CalendarKind.REPORT}
    assert reported == {local(f"2018-{month}-30") for month in ("03", "06", "09", "12")}


def test_calendar_says_what_opening_the_cycle_then_asks_for(shipped: PlanFiles, database: Database) -> None:
    """Every obligation of the opened year has its entry: same date, party, explanation and first reminder."""
    entries = {(entry.kind.value, entry.subject): entry for entry in calendar_of(shipped, 2018)}
    with database.transaction() as session:
        work = UnitOfWork(session, local("2018-01-02 07:30").astimezone(UTC), SeededIds("calendar"), RulebookShelf())
        cycle = open_cycle(work, documents_for(shipped, 2018), year=2018, actor="system:open-cycle")
        register_products(work, cycle, missing_products(work, cycle), actor="system:open-cycle")
        project_reports(work, cycle, actor="system:open-cycle")
        project_tasks(work, cycle, actor="system:open-cycle")
        obligations = list(session.exec(select(Obligation)))
        prefix = f"{cycle.key}/"

    assert len(obligations) == 52 + 14 * 4 + TASKS_OF_2018
    for obligation in obligations:
        if obligation.kind == DOSSIER_STEP:
            entry = entries[DOSSIER_STEP, f"2018-1/{obligation.stage}/{obligation.step}"]
            assert entry.responsible == obligation.party.partition(":")[0] == "producer"
        else:
            entry = entries[obligation.kind, obligation.key.removeprefix(prefix).partition("/")[2]]
            assert entry.responsible == obligation.party
        assert (entry.due.due_at, entry.due.code, entry.due.source) == (
            obligation.due_at,
            obligation.why_code,
            obligation.source,
        )
        assert (entry.rungs[0].at if entry.rungs else None) == obligation.next_action_at
        assert all(rung.at >= obligation.opens_at for rung in entry.rungs)

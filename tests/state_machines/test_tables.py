"""Every state with every trigger of the shipped tables, against lists written by hand from the architecture (I5)."""

from fractions import Fraction
from itertools import product

import pytest

from ocop_workflow.config_files import PlanFiles, default_config_dir, find_plan, load_demo_settings, load_plan_files
from ocop_workflow.policy.route import lifecycle_of, stages_of
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger, split_state, state_of
from state_machines.guards import VERDICTS, Facts
from state_machines.lifecycle import Lifecycle, TransitionNotAllowedError
from state_machines.plan_task import TaskStatus, TaskTrigger, task_lifecycle
from state_machines.report import FILED_STATUSES, ReportStatus, ReportTrigger, report_lifecycle

ROUTE = (
    "idea_registration",
    "business_plan",
    "development",
    "district_evaluation",
    "province_evaluation",
    "national_referral",
)
PRODUCERS_STAGES = ROUTE[:4]
COUNCIL_STAGES = ROUTE[3:]
OPEN = ("awaiting_submission", "submitted", "received", "under_review", "returned")
ENDS = ("recognised", "rated_uncertified", "not_passed", "rejected", "withdrawn", "lapsed")

INSIDE = {
    ("awaiting_submission", "submit"): "submitted",
    ("returned", "submit"): "under_review",
    ("submitted", "receive"): "received",
    ("received", "review"): "under_review",
    ("received", "return"): "returned",
    ("under_review", "return"): "returned",
    ("submitted", "reject"): "rejected",
    ("received", "reject"): "rejected",
    ("under_review", "reject"): "rejected",
    **{(status, "withdraw"): "withdrawn" for status in OPEN},
}
"""What a trigger does inside each stage; `conclude` and `lapse` differ by stage."""

TASK = {
    ("awaiting_approval", "approve"): "open",
    ("awaiting_approval", "cancel"): "cancelled",
    ("open", "start"): "started",
    ("open", "complete"): "done",
    ("open", "cancel"): "cancelled",
    ("started", "complete"): "done",
    ("started", "cancel"): "cancelled",
}
"""Nothing starts before the consent that it needs."""

MEANS = [Fraction(mean) for mean in (0, 30, 50, 70, 90, 100)] + [Fraction(899999, 10000), Fraction(499999, 10000)]


def after_judgement(stage: str, facts: Facts) -> str:
    """Return where a stage's conclusion leads, as QĐ 1048 and the plan's route say."""
    following = ROUTE[ROUTE.index(stage) + 1] if stage != ROUTE[-1] else None
    if stage not in COUNCIL_STAGES:
        return f"{following}:awaiting_submission" if facts.verdict == "accepted" else "not_passed"
    assert facts.mean is not None
    if facts.mean < 50:
        return "rated_uncertified"
    if stage == "district_evaluation" or (stage == "province_evaluation" and facts.mean >= 90):
        return f"{following}:awaiting_submission"
    return "recognised"


def ends_after(state: str) -> set[str]:
    """Return the ends that can follow a state at once; a superior's decision leads from them back to it."""
    stage, _, status = state.partition(":")
    if status not in OPEN:
        return set()
    ends = {"withdrawn"}
    if status in ("submitted", "received", "under_review"):
        ends.add("rejected")
    if status in ("awaiting_submission", "returned") and stage in PRODUCERS_STAGES:
        ends.add("lapsed")
    if status in ("received", "under_review"):
        ends |= {"not_passed"} if stage not in COUNCIL_STAGES else {"rated_uncertified"}
        if stage in COUNCIL_STAGES[1:]:
            ends.add("recognised")
    return ends


@pytest.fixture(scope="module")
def files() -> PlanFiles:
    config = default_config_dir()
    return load_plan_files(find_plan(config, load_demo_settings(config).plan), config)


@pytest.fixture(scope="module")
def dossier(files: PlanFiles) -> Lifecycle:
    """The shipped route's table for a first dossier."""
    rule_set = files.rule_sets[files.plan.rule_set]
    round_ = files.plan.years[2018].rounds[0]
    return lifecycle_of(rule_set.route, stages_of(rule_set, round_, "first"))


STATES = [f"{stage}:{status}" for stage in ROUTE for status in OPEN] + list(ENDS)


def test_shipped_dossier_table_has_these_states_and_no_fault(dossier: Lifecycle) -> None:
    """I5: from each state an end can be reached, for every value a guard reads."""
    assert set(dossier.states) == set(STATES)
    assert dossier.initial == "idea_registration:awaiting_submission"
    assert dossier.final == set(ENDS)
    assert dossier.faults() == ()


@pytest.mark.parametrize(("state", "trigger"), list(product(STATES, [t.value for t in DossierTrigger])))
def test_shipped_dossier_table_state_by_trigger(dossier: Lifecycle, state: str, trigger: str) -> None:
    stage, _, status = state.partition(":")
    judged = [Facts(mean=mean) for mean in MEANS] if stage in COUNCIL_STAGES else [Facts(verdict=v) for v in VERDICTS]
    if trigger == "reopen":
        judged += [Facts(ended_from=before) for before in STATES]
    for facts in judged:
        expected: str | None = None
        if trigger == "conclude" and status in ("received", "under_review"):
            expected = after_judgement(stage, facts)
        elif trigger == "lapse" and status in ("awaiting_submission", "returned") and stage in PRODUCERS_STAGES:
            expected = "lapsed"
        elif trigger == "reopen" and facts.ended_from is not None and state in ends_after(facts.ended_from):
            expected = facts.ended_from
        elif (status, trigger) in INSIDE:
            inner = INSIDE[status, trigger]
            expected = inner if inner in ENDS else f"{stage}:{inner}"
        if expected is not None:
            assert dossier.fire(state, trigger, facts) == expected
        else:
            with pytest.raises(TransitionNotAllowedError):
                dossier.fire(state, trigger, facts)


def test_each_open_state_can_be_withdrawn_from(dossier: Lifecycle) -> None:
    """I5: no dossier is stuck: its producer can always end it."""
    for state in STATES:
        if state not in ENDS:
            assert DossierTrigger.WITHDRAW in dossier.triggers_from(state)


def test_state_of_and_split_state_are_inverse() -> None:
    for stage, status in product(ROUTE, DossierStatus):
        assert split_state(state_of(stage, status), stage) == (stage, status)
    assert state_of("idea_registration", "lapsed") == "lapsed"
    assert set(FINAL_STATUSES) == set(ENDS)


REPORT = {
    ("upcoming", "open"): "open",
    **{
        (status, trigger): to
        for status in ("upcoming", "open", "returned")
        for trigger, to in (
            ("submit", "submitted"),
            ("declare_nothing", "nothing_to_report"),
            ("excuse", "not_required"),
        )
    },
    **{
        (status, trigger): to
        for status in ("submitted", "nothing_to_report")
        for trigger, to in (
            ("accept", "accepted"),
            ("return", "returned"),
            ("submit", "submitted"),
            ("declare_nothing", "nothing_to_report"),
        )
    },
}


@pytest.mark.parametrize(
    ("state", "trigger"), list(product([s.value for s in ReportStatus], [t.value for t in ReportTrigger]))
)
def test_report_table_state_by_trigger(state: str, trigger: str) -> None:
    lifecycle = report_lifecycle()
    if (state, trigger) in REPORT:
        assert lifecycle.fire(state, trigger) == REPORT[state, trigger]
    else:
        with pytest.raises(TransitionNotAllowedError):
            lifecycle.fire(state, trigger)


def test_report_table_has_no_fault_and_lateness_is_no_state() -> None:
    assert report_lifecycle().faults() == ()
    assert "late" not in report_lifecycle().states
    assert set(FILED_STATUSES) == {"submitted", "accepted", "nothing_to_report"}


@pytest.mark.parametrize(("state", "trigger"), list(product(TaskStatus, TaskTrigger)))
def test_task_table_state_by_trigger(state: TaskStatus, trigger: TaskTrigger) -> None:
    lifecycle = task_lifecycle()
    if (state, trigger) in TASK:
        assert lifecycle.fire(state, trigger) == TASK[state, trigger]
    else:
        with pytest.raises(TransitionNotAllowedError):
            lifecycle.fire(state, trigger)
    assert lifecycle.faults() == ()


def test_shipped_dossier_table_as_a_diagram(dossier: Lifecycle) -> None:
    drawn = dossier.mermaid().splitlines()

    assert drawn[:2] == ["stateDiagram-v2", "  [*] --> idea_registration__awaiting_submission"]
    assert (
        "  district_evaluation__received --> province_evaluation__awaiting_submission: conclude [mean at least 50]"
        in drawn
    )
    assert "  idea_registration__returned --> lapsed: lapse" in drawn
    assert drawn[-1] == "  withdrawn --> [*]"

"""The lead owes a task; who carries it out with the lead, or supports it, is told before the date and never chased."""

from typing import TYPE_CHECKING, Any

import pytest

from notifications.recording import RecordingEmailSender
from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.task_units import helpers_of
from ocop_workflow.services.plan_tasks import complete_task
from ocop_workflow.services.positions import needed_positions
from ocop_workflow.storage.tables import PlanTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

OFFICE, COUNCIL = "coast/coordination_office", "coast/province_council"
TEAMS = ["delta/ocop_team", "hill/ocop_team"]


@pytest.fixture
def helped(office_with: "Callable[..., Office]") -> "Office":
    """The meetings of the office, which the council holds with it and each district's team supports."""

    def edit(plan: dict[str, Any]) -> None:
        task = plan["years"]["2018"]["tasks"][0]
        task["co_leads"] = [{"role": "province_council", "unit": "coast"}]
        task["support"] = [{"role": "ocop_team", "level": "district"}, {"role": "coordination_office", "unit": "coast"}]

    office = office_with(plan=edit)
    office.open()
    return office


def told(office: "Office") -> list[tuple[str | None, str, str, str]]:
    with office.reading() as work:
        found = [n for n in office.notices(work) if "/task/meeting/1|" in n.key]
        return sorted((n.rung, n.recipient, n.audience, n.suppression or n.status) for n in found)


def test_co_leads_and_supporters_hear_the_reminders_and_the_lead_alone_what_is_late(helped: "Office") -> None:
    """The first meeting is due on 20 April: a week before is 13 April, the day after it Monday 23 April."""
    helped.sweep("2018-04-13 07:30", kinds=("plan_task",))
    assert told(helped) == [
        ("-7", OFFICE, "responsible", "planned"),
        ("-7", COUNCIL, "co_lead", "planned"),
        *(("-7", team, "support", "planned") for team in TEAMS),
    ]

    helped.sweep("2018-04-23 07:30", kinds=("plan_task",))
    assert [row[:2] for row in told(helped) if row[0] == "+1"] == [("+1", OFFICE)]


def test_what_is_done_is_nobodys_news_any_more(helped: "Office") -> None:
    helped.sweep("2018-04-13 07:30", kinds=("plan_task",))
    with helped.at("2018-04-13 07:40") as work:
        task = work.session.get_one(PlanTask, _task_id(helped))
        complete_task(work, task, actor=OFFICE)
    helped.bundle("2018-04-13 07:45")

    assert {outcome for *_, outcome in told(helped)} == {"settled"}


def _task_id(office: "Office") -> str:
    with office.reading() as work:
        return next(n.subject_id for n in office.notices(work) if "/task/meeting/1|" in n.key)


def test_the_mail_says_whose_task_it_is(helped: "Office") -> None:
    helped.sweep("2018-04-13 07:30", kinds=("plan_task",))
    sender = RecordingEmailSender()
    helped.send("2018-04-13 07:30", sender)

    texts = {envelope.recipient: helped.text_of(envelope.message) for envelope in sender.envelopes}
    lead = "Văn phòng điều phối tỉnh Duyên Hải chủ trì"
    assert f"Phối hợp thực hiện ({lead}): Họp Ban Chỉ đạo" in texts["ocop_team.hill@office.example"]
    assert f"Cùng thực hiện ({lead}): Họp Ban Chỉ đạo" in texts["province_council.coast@office.example"]
    assert "Thực hiện: Họp Ban Chỉ đạo" in texts["coordination_office.coast@office.example"]


def test_whoever_is_told_is_needed(helped: "Office") -> None:
    with helped.reading() as work:
        assert {OFFICE, COUNCIL, *TEAMS} <= set(needed_positions(work.session, work.books))


@pytest.mark.parametrize(
    ("task_id", "co_leads", "support"),
    [
        # Item 2: the coordination office and the consultant carry it out.
        ("province-conference", ["thai-binh/consultant"], []),
        # Item 5: the broadcaster leads, "phối hợp với" the coordination office.
        ("broadcasts", [], ["thai-binh/coordination_office"]),
        # Item 10: the department, the coordination office and the consultant.
        ("annual-review", ["thai-binh/coordination_office", "thai-binh/consultant"], []),
    ],
)
def test_thai_binh_names_who_carries_out_and_who_supports(
    task_id: str, co_leads: list[str], support: list[str]
) -> None:
    config = default_config_dir()
    files = load_plan_files(find_plan(config, "thai-binh-2020"), config)
    task = next(each for each in files.plan.years[2020].tasks if each.id == task_id)

    found = helpers_of(task, files.plan, files.units, year=2020)

    assert [position for position, role in found.items() if role == "co_lead"] == co_leads
    assert [position for position, role in found.items() if role == "support"] == support


def test_the_districts_conferences_are_carried_out_by_all_eight() -> None:
    """Item 3: the coordination office, the consultant and the People's Committees of the districts and the city."""
    config = default_config_dir()
    files = load_plan_files(find_plan(config, "thai-binh-2020"), config)
    task = next(each for each in files.plan.years[2020].tasks if each.id == "district-conferences")

    found = helpers_of(task, files.plan, files.units, year=2020)

    assert sum(position.endswith("/district_leader") for position in found) == 8

"""The installation sees its own trouble, tells the office once a day, and is quiet while all is well."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.policy.plan import Audience
from ocop_workflow.services.health import plan_alarms, troubles_by_office, troubles_of
from ocop_workflow.services.notices import ALARM
from ocop_workflow.services.sealing import seal_day
from ocop_workflow.storage.tables import Holding, Notice, Official

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office


def delivered(office: "Office", when: str) -> None:
    """Let the day's first delivery seal the day before."""
    with office.at(when) as work:
        seal_day(work)


def troubles(office: "Office", when: str) -> dict[str, object]:
    """Return each trouble's code with its number."""
    with office.reading(when) as work:
        found = troubles_of(work, "coast")
        return {
            each.code: each.params.get("count") or each.params.get("hours") or each.params["year"] for each in found
        }


def without_address(office: "Office", *addresses: str) -> None:
    with office.at("2018-02-01 08:00") as work:
        for official in work.session.exec(select(Official).where(col(Official.email).in_(addresses))):
            official.email = None
            work.session.add(official)


def test_a_healthy_office_has_no_trouble(office: "Office") -> None:
    delivered(office, "2018-03-05 07:30")

    assert troubles(office, "2018-03-06 07:15") == {}


@pytest.mark.parametrize(("when", "found"), [("2018-03-06 09:30", {}), ("2018-03-06 09:31", {"no_sweep": 26})])
def test_flows_that_stand_still_for_more_than_26_hours_are_trouble(
    office: "Office", when: str, found: dict[str, int]
) -> None:
    """The last delivery that sealed a day ran on 5 March at 07:30."""
    delivered(office, "2018-03-05 07:30")

    assert troubles(office, when) == found


def test_an_office_for_which_nothing_ever_ran_is_in_trouble_after_26_hours(office: "Office") -> None:
    """The cycle was opened on 2 January at 07:30."""
    assert troubles(office, "2018-01-03 09:30") == {}
    assert troubles(office, "2018-01-04 07:30") == {"no_sweep": 48}


def test_reminders_that_no_sweep_decides_are_trouble_though_mail_leaves(office: "Office") -> None:
    """On 15 March two reports and on the 16th four dossiers have a rung; only deliveries run until the 17th."""
    delivered(office, "2018-03-17 07:30")

    assert troubles(office, "2018-03-17 09:29") == {"undecided": 2}
    assert troubles(office, "2018-03-17 09:31") == {"undecided": 6}


def test_a_next_year_that_nobody_configured_is_trouble_from_the_plans_day_on(unopened_office: "Office") -> None:
    plan = unopened_office.documents.plan.model_copy(update={"next_year_by": "12-01"})
    watching = replace(unopened_office, documents=replace(unopened_office.documents, plan=plan))
    watching.open()
    watching.sweep("2018-11-30 08:00")
    watching.enforce("2018-11-30 08:00")
    delivered(watching, "2018-11-30 08:00")

    assert "next_cycle" not in troubles(watching, "2018-11-30 23:59")
    assert troubles(watching, "2018-12-01 00:00")["next_cycle"] == 2019


def test_a_plan_that_names_no_day_is_not_asked_for_the_next_year(office: "Office") -> None:
    office.sweep("2018-12-31 08:00")
    office.enforce("2018-12-31 08:00")
    delivered(office, "2018-12-31 08:00")

    assert troubles(office, "2018-12-31 09:00") == {}


def test_duties_of_which_nobody_can_be_told_are_trouble(office: "Office") -> None:
    """The team's report climbs to its leader and to the office; while one of the three has an address, it is told."""
    delivered(office, "2018-03-05 07:30")
    without_address(office, "ocop_team.hill@office.example", "district_leader.hill@office.example")
    assert troubles(office, "2018-03-05 08:00") == {}

    without_address(office, "coordination_office.coast@office.example")

    assert troubles(office, "2018-03-05 08:00") == {"unreachable": 1 + 2}, "the report, and the two meetings"


def test_a_ladder_that_speaks_over_the_producers_head_reaches_nobody_there(unopened_office: "Office") -> None:
    """Producers and teams have addresses, but only the office is told of what they owe, and it has none."""
    plan = unopened_office.documents.plan
    ladder = plan.ladders["producer"]
    heard = tuple(rung for rung in ladder.rungs if rung.audience is Audience.OFFICE)
    ladders = {**plan.ladders, "producer": ladder.model_copy(update={"rungs": heard})}
    changed = replace(unopened_office.documents, plan=plan.model_copy(update={"ladders": ladders}))
    office = replace(unopened_office, documents=changed)
    office.open()
    delivered(office, "2018-03-05 07:30")
    assert troubles(office, "2018-03-05 08:00") == {}

    without_address(office, "coordination_office.coast@office.example")

    assert troubles(office, "2018-03-05 08:00") == {"unreachable": 4 + 2 + 2}, "dossiers, reports, its own meetings"


def test_mail_that_has_not_left_for_a_day_is_trouble(office: "Office") -> None:
    """Bundled on 16 March at 08:00 for three producers and two teams, and never handed over."""
    office.sweep("2018-03-16 08:00")
    office.bundle("2018-03-16 08:00")
    delivered(office, "2018-03-17 07:30")

    assert troubles(office, "2018-03-17 08:00") == {}
    assert troubles(office, "2018-03-17 08:01") == {"outbox": 5}


def test_a_position_that_nobody_holds_is_trouble(office: "Office") -> None:
    delivered(office, "2018-03-05 07:30")
    with office.at("2018-03-05 07:30") as work:
        holding = work.session.exec(select(Holding).where(Holding.position == "coast/province_council")).one()
        work.session.delete(holding)

    assert troubles(office, "2018-03-05 08:00") == {"vacant": 1}


def alarms(office: "Office") -> list[str]:
    with office.reading() as work:
        return list(work.session.exec(select(Notice.key).where(Notice.code == ALARM).order_by(Notice.key)))


def test_the_office_is_told_at_most_once_a_day(office: "Office") -> None:
    for when in ("2018-03-06 06:00", "2018-03-06 12:00", "2018-03-07 06:00"):
        with office.at(when) as work:
            assert plan_alarms(work, troubles_by_office(work)) == 1

    office_position = "coast/coordination_office"
    assert alarms(office) == [
        f"health/coast/2018-03-06|news.health|{office_position}",
        f"health/coast/2018-03-07|news.health|{office_position}",
    ]


def test_a_healthy_office_gets_no_alarm(office: "Office") -> None:
    delivered(office, "2018-03-05 07:30")
    with office.at("2018-03-05 08:00") as work:
        assert plan_alarms(work, troubles_by_office(work)) == 0

    assert alarms(office) == []


def test_the_alarm_stands_in_the_offices_digest_in_its_language(office: "Office") -> None:
    """Nothing ran since the folder was made with the cycle: from 2 January 07:30 to 6 March 06:00."""
    with office.at("2018-03-06 06:00") as work:
        plan_alarms(work, troubles_by_office(work))
    sender = RecordingEmailSender()
    office.send("2018-03-06 07:30", sender)

    [envelope] = sender.envelopes
    text = office.text_of(envelope.message)
    assert envelope.recipient == "coordination_office.coast@office.example"
    assert "Hệ thống có 1 điểm cần xử lý." in text
    assert "Hệ thống không rà soát trong" in text

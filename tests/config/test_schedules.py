"""Cron lines that both schedulers read alike, and the shipped schedules and demo settings."""

from datetime import time

import pytest
from pydantic import ValidationError

from ocop_workflow.config_files import (
    Schedule,
    Schedules,
    default_config_dir,
    load_demo_settings,
    load_schedules,
)

TITLE = {"vi": "Gửi thư", "en": "Send the mail"}


def schedule(cron: str, flow: str = "deliver-mail") -> Schedule:
    return Schedule.model_validate(
        {"flow": flow, "entrypoint": "flows.deliver_mail:deliver_mail", "cron": cron, "title": TITLE}
    )


@pytest.mark.parametrize(
    ("cron", "fields"),
    [
        ("30 7 * * *", ("30", "7", "*", "*", "*")),
        ("*/15 6-20 * * mon-fri", ("*/15", "6-20", "*", "*", "mon-fri")),
        ("0  8 1,15 */3 *", ("0", "8", "1,15", "*/3", "*")),
        ("5-55/10 * * * mon,wed,fri-sat", ("5-55/10", "*", "*", "*", "mon,wed,fri-sat")),
    ],
)
def test_schedule_reads_the_five_fields(cron: str, fields: tuple[str, ...]) -> None:
    read = schedule(cron)

    assert (read.minute, read.hour, read.day, read.month, read.day_of_week) == fields


@pytest.mark.parametrize(
    ("cron", "sentence"),
    [
        ("0 8 * * 1-5", 'the weekday "1-5" is wrong; write names such as mon-fri'),
        ("0 8 * * 0", 'the weekday "0" is wrong'),
        ("0 8 * * monday", 'the weekday "monday" is wrong'),
        ("0 8 1 * mon", "a day of the month and a weekday together mean two things"),
        ("0 8 * *", "has 4 fields; write five"),
        ("0 8 * * * *", "has 6 fields; write five"),
        ("60 8 * * *", 'the minute "60" is wrong; write *, 0 to 59'),
        ("0 24 * * *", 'the hour "24" is wrong'),
        ("0 8 0 * *", 'the day "0" is wrong'),
        ("0 8 * jan *", 'the month "jan" is wrong'),
        ("30-10 8 * * *", 'the minute "30-10" is wrong'),
        ("*/0 8 * * *", 'the minute "*/0" is wrong'),
    ],
)
def test_schedule_refuses_what_the_schedulers_would_read_differently(cron: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        schedule(cron)

    assert sentence in str(refusal.value.errors()[0]["ctx"]["error"])


@pytest.mark.parametrize("entrypoint", ["deliver_mail", "flows/deliver_mail.py:deliver_mail", "os:system"])
def test_schedule_names_a_flow_by_its_module(entrypoint: str) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate({"flow": "deliver-mail", "entrypoint": entrypoint, "cron": "* * * * *", "title": TITLE})


def test_schedules_refuse_one_flow_twice() -> None:
    with pytest.raises(ValidationError, match="scheduled twice"):
        Schedules(schedules=(schedule("0 8 * * *"), schedule("0 9 * * *")))


def test_load_schedules_gives_the_flows_in_the_order_of_a_tick() -> None:
    schedules = load_schedules(default_config_dir())

    assert [schedule.flow for schedule in schedules] == [
        "check-health",
        "open-cycle",
        "watch-certificates",
        "send-reminders",
        "chase-reports",
        "enforce-deadlines",
        "close-cycle",
        "deliver-mail",
    ]
    for schedule in schedules:
        name = schedule.flow.replace("-", "_")
        assert schedule.entrypoint == f"flows.{name}:{name}"


def test_load_demo_settings_names_the_shipped_plan() -> None:
    settings = load_demo_settings(default_config_dir())

    assert (settings.plan, settings.year, settings.seed) == ("quang-ninh-2017-2020", 2018, 1)
    assert settings.ticks == (time(7, 30), time(12), time(17))
    assert settings.behaviour.in_time + settings.behaviour.late + settings.behaviour.never == pytest.approx(1)

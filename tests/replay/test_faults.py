"""The same year under faults: no outage, doubled ticks, two processes, killed and restarted (promises I2 to I4, I9)."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing.process import BaseProcess
from typing import Any

from notifications.catcher import MailCatcher
from ocop_workflow.clock import local_day
from ocop_workflow.replay import Replayed, Staging

KILLS = {"spring": 8, "shipped": 50}


def test_year_has_every_fate(reference: Callable[[str], Any], year: str) -> None:
    """The faults below mean something only if the year has sent, settled and useless rungs, and different ends."""
    outcome = reference(year)
    statuses = {state[1] for state in outcome.states.values() if len(state) == 3}
    reasons = {reason for _, reason in outcome.notices.values()}

    assert {"recognised", "not_passed", "withdrawn"} <= statuses or year == "spring"
    assert {None, "settled", "redated"} <= reasons or year == "spring"
    assert set(outcome.mails) == set(outcome.arrived)
    assert (outcome.copies, outcome.unknown) == (0, 0)


def test_without_outage_only_rungs_that_touch_it_differ(
    open_theatre: Callable[[Staging], Any],
    reference: Callable[[str], Any],
    year: str,
    without_outage: Staging,
    staging: Staging,
) -> None:
    """(a) Five days without scheduler change no state; they change only what had to be said in them."""
    theatre = open_theatre(without_outage)
    with MailCatcher(theatre.folder / "mail") as catcher:
        theatre.to_the_end(*theatre.start(catcher.port))
    disturbed, quiet = reference(year), theatre.outcome()
    assert staging.demo.outage is not None
    month, day = (int(part) for part in staging.demo.outage.start.split("-"))
    start = staging.opens_on.replace(month=month, day=day)
    days = {start + timedelta(days=n) for n in range(staging.demo.outage.days)}
    different = {key for key in quiet.notices if quiet.notices[key] != disturbed.notices.get(key)}

    assert quiet.states == disturbed.states
    alarms = {key for key in disturbed.notices if "|news.health|" in key}
    assert quiet.notices.keys() == disturbed.notices.keys() - alarms
    assert different
    assert {local_day(quiet.moments[key]) for key in different} <= days


def test_each_tick_twice_gives_the_same_outcome(
    open_theatre: Callable[[Staging], Any], reference: Callable[[str], Any], year: str, staging: Staging
) -> None:
    """(b) A second tick at the same instant finds nothing to do."""
    theatre = open_theatre(staging)
    with MailCatcher(theatre.folder / "mail") as catcher:
        met = theatre.to_the_end(*theatre.start(catcher.port, ticks="twice"))
    expected, outcome = reference(year), theatre.outcome()

    assert met.failures == []
    assert outcome == expected


def test_two_processes_ticking_at_once_give_the_same_outcome(
    open_theatre: Callable[[Staging], Any], reference: Callable[[str], Any], year: str, staging: Staging
) -> None:
    """(c) Two processes share the work of every tick and do nothing twice."""
    theatre = open_theatre(staging)
    with MailCatcher(theatre.folder / "mail") as catcher:
        second, orders = theatre.second(catcher.port)
        first, pipe = theatre.start(catcher.port, ticks="beside")
        while not isinstance(said := pipe.recv(), Replayed):
            orders.send(said)
            pipe.send(orders.recv())
        orders.send(None)
        first.join()
        second.join()
    expected, outcome = reference(year), theatre.outcome()

    assert said.failures == []
    assert outcome.states == expected.states
    assert outcome.notices == expected.notices
    assert outcome.mails == expected.mails
    assert outcome.copies <= outcome.unknown


def test_killed_and_restarted_loses_and_repeats_nothing(
    open_theatre: Callable[[Staging], Any],
    reference: Callable[[str], Any],
    year: str,
    staging: Staging,
    killer: Callable[[BaseProcess], None],
) -> None:
    """(d) SIGKILL at random instants of random days; a copy is only possible where an outcome is unknown."""
    theatre = open_theatre(staging)
    chance = random.Random(26)  # noqa: S311 -- chooses days, keeps no secret
    length = (staging.last_day - staging.opens_on).days
    fatal_days = sorted(chance.sample(range(1, length), KILLS[year]))
    with MailCatcher(theatre.folder / "mail") as catcher:
        for fatal in fatal_days:
            process, pipe = theatre.start(catcher.port)
            while (pipe.recv() - staging.opens_on).days < fatal:
                continue
            process.join(timeout=chance.uniform(0, 0.05))
            killer(process)
            pipe.close()
        met = theatre.to_the_end(*theatre.start(catcher.port))
    expected, outcome = reference(year), theatre.outcome()

    assert (met.refused, met.failures) == ([], [])
    assert outcome.states == expected.states
    assert outcome.notices.keys() == expected.notices.keys()
    assert {status for status, _ in outcome.notices.values()} == {"sent", "suppressed"}
    assert set(outcome.arrived) == {mail for mail, status in outcome.mails.items() if status == "sent"}
    assert set(outcome.mails.values()) <= {"sent", "withdrawn"}
    assert outcome.copies <= outcome.unknown


def test_killed_between_final_dot_and_reply_makes_one_countable_copy(
    open_theatre: Callable[[Staging], Any],
    reference: Callable[[str], Any],
    year: str,
    staging: Staging,
    assassin_catcher: type[Any],
) -> None:
    """(e) The server has the mail, the sender died before it knew: one attempt unknown, one copy, the same bytes."""
    theatre = open_theatre(staging)
    with assassin_catcher(theatre.folder / "mail") as catcher:
        process, pipe = theatre.start(catcher.port)
        catcher.victim, catcher.fatal = process, 20
        process.join()
        killed_by = process.exitcode
        pipe.close()
        catcher.victim = None
        met = theatre.to_the_end(*theatre.start(catcher.port))
    expected, outcome = reference(year), theatre.outcome()
    twice = [message for message, count in outcome.arrived.items() if count > 1]
    files = [path.read_bytes() for path in sorted((theatre.folder / "mail").glob("*.eml"))]
    copies = [content for content in files if twice[0].encode() in content]

    assert killed_by == -9
    assert met.failures == []
    assert outcome.states == expected.states
    assert outcome.notices.keys() == expected.notices.keys()
    assert set(outcome.arrived) == set(outcome.mails)
    assert (outcome.copies, outcome.unknown) == (1, 1)
    assert len(copies) == 2
    assert copies[0] == copies[1]


def test_the_year_raises_one_alarm_and_only_after_its_outage(
    reference: Callable[[str], Any], year: str, staging: Staging
) -> None:
    """A healthy day has nothing to say; the first tick after the days of silence tells the office of them."""
    outage = staging.demo.outage
    assert outage is not None
    after = date.fromisoformat(f"{staging.year}-{outage.start}") + timedelta(days=outage.days)

    alarms = [key.partition("|")[0] for key in reference(year).notices if "|news.health|" in key]

    assert alarms == [f"health/{staging.files.plan.office}/{after}"]

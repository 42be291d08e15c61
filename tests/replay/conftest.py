"""A year replayed in processes of their own, with mail caught by the test."""

import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from notifications.catcher import MailCatcher, read_messages
from ocop_workflow.cli.demo import catcher_settings, prepare_folder
from ocop_workflow.config_files import (
    default_config_dir,
    find_plan,
    load_demo_settings,
    load_plan_files,
    load_schedules,
)
from ocop_workflow.replay import Replayed, Staging, replay, stage_year
from ocop_workflow.runtime import open_runtime
from ocop_workflow.scheduler import Tick, tick
from ocop_workflow.storage.database import open_database
from ocop_workflow.storage.tables import DeliveryAttempt, Dossier, Mail, Notice, Report, Seal

SPRING = Path(__file__).with_name("spring.yaml")


def spring_staging() -> Staging:
    """Nine weeks with seven products: a replay takes some seconds."""
    config = default_config_dir()
    demo = load_demo_settings(config)
    outage = None if demo.outage is None else demo.outage.model_copy(update={"start": "03-23"})
    behaviour = demo.behaviour.model_copy(update={"late": 0.3, "never": 0.1, "late_days_at_most": 5, "accepted": 0.97})
    changes = {
        "opens": "03-01",
        "until": "05-11",
        "outage": outage,
        "behaviour": behaviour,
        "ticks": (time(7, 30), time(14)),
    }
    files = load_plan_files(SPRING, config)
    return Staging(files, 2018, 5, demo.model_copy(update=changes), load_schedules(config))


def shipped_staging() -> Staging:
    """The year that the demo replays."""
    config = default_config_dir()
    demo = load_demo_settings(config)
    return Staging(
        load_plan_files(find_plan(config, demo.plan), config), demo.year, demo.seed, demo, load_schedules(config)
    )


STAGINGS = {"spring": spring_staging, "shipped": shipped_staging}


@dataclass(frozen=True)
class Outcome:
    """What a replayed year left behind.

    Attributes:
        states: Stage, status and stars of each dossier, and status of each report.
        notices: Status and reason of each notice, by key.
        moments: The moment of each notice, by key.
        mails: The status of each mail, by Message-ID.
        arrived: How often each Message-ID arrived.
        unknown: How many attempts have an unknown outcome.
        seal: The hash of the last seal: two replays with the same events have the same.
    """

    states: dict[str, tuple[str | int | None, ...]]
    notices: dict[str, tuple[str, str | None]]
    moments: dict[str, datetime]
    mails: dict[str, str]
    arrived: Counter[str]
    unknown: int
    seal: str | None

    @property
    def copies(self) -> int:
        """How many messages arrived beyond the first of each Message-ID."""
        return self.arrived.total() - len(self.arrived)


def outcome_of(folder: Path) -> Outcome:
    """Read the outcome from the folder's database and its caught mail."""
    database = open_database(f"sqlite:///{folder / 'ocop.db'}")
    with database.reading() as session:
        states: dict[str, tuple[str | int | None, ...]] = {
            row.key: (row.stage, row.status, row.stars) for row in session.exec(select(Dossier))
        }
        states |= {f"{row.period_id}/{row.unit_id}": (row.status,) for row in session.exec(select(Report))}
        notices = list(session.exec(select(Notice)))
        mails = {mail.message_id: mail.status for mail in session.exec(select(Mail))}
        seal = session.exec(select(Seal.hash).order_by(col(Seal.number).desc())).first()
        unknown = sum(a.outcome == "outcome_unknown" for a in session.exec(select(DeliveryAttempt)))
    database.dispose()
    arrived = Counter(str(message["Message-ID"]) for message in read_messages(folder / "mail"))
    return Outcome(
        states,
        {notice.key: (notice.status, notice.suppression) for notice in notices},
        {notice.key: notice.moment_at for notice in notices},
        mails,
        arrived,
        unknown,
        seal,
    )


def play(folder: Path, port: int, staging: Staging, ticks: str, pipe: Connection) -> None:
    """Replay in a child process; the pipe carries days to the test and instants to a second ticker.

    `ticks` is `once`, `twice` (each instant again), or `beside` (another process ticks at the same instant).
    """
    with open_runtime(folder, settings=catcher_settings(folder, port)) as runtime:

        def once(at: datetime) -> Tick:
            return tick(runtime, staging.schedules, at=at)

        def twice(at: datetime) -> Tick:
            first, second = once(at), once(at)
            return Tick(second.reports, {**first.failures, **second.failures})

        def beside(at: datetime) -> Tick:
            pipe.send(at)
            mine = once(at)
            others: dict[str, str] = pipe.recv()
            return Tick(mine.reports, {**mine.failures, **others})

        def tell(day: date) -> None:
            if ticks == "once":
                pipe.send(day)

        script = stage_year(runtime, staging)
        ticker = {"once": once, "twice": twice, "beside": beside}[ticks]
        pipe.send(replay(runtime, staging, script, ticker=ticker, on_day=tell))


def tick_beside(folder: Path, port: int, staging: Staging, pipe: Connection) -> None:
    """Tick in a child process at each instant that comes through the pipe, and answer with what failed."""
    with open_runtime(folder, settings=catcher_settings(folder, port)) as runtime:
        pipe.send("ready")
        while (at := pipe.recv()) is not None:
            pipe.send(tick(runtime, staging.schedules, at=at).failures)


@dataclass
class Theatre:
    """Runs replays of one staging in child processes of a fork server that has everything imported."""

    context: ForkServerContext
    folder: Path
    staging: Staging

    def start(self, port: int, *, ticks: str = "once") -> tuple[BaseProcess, Connection]:
        """Start a replay, or let one go on that was killed."""
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=play, args=(self.folder, port, self.staging, ticks, theirs))
        process.start()
        theirs.close()
        return process, ours

    def second(self, port: int) -> tuple[BaseProcess, Connection]:
        """Start a second process that ticks on command."""
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=tick_beside, args=(self.folder, port, self.staging, theirs))
        process.start()
        theirs.close()
        assert ours.recv() == "ready"
        return process, ours

    def to_the_end(self, process: BaseProcess, pipe: Connection) -> Replayed:
        """Wait for a replay's end and return what it met."""
        while not isinstance(said := pipe.recv(), Replayed):
            continue
        process.join()
        assert process.exitcode == 0
        return said

    def outcome(self) -> Outcome:
        """Read what the folder holds now."""
        return outcome_of(self.folder)


@pytest.fixture(scope="session")
def forkserver() -> ForkServerContext:
    """Processes that are forked after everything heavy was imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "ocop_workflow.replay",
            "ocop_workflow.cli.demo",
            "flows.open_cycle",
            "flows.send_reminders",
            "flows.chase_reports",
            "flows.enforce_deadlines",
            "flows.close_cycle",
            "flows.deliver_mail",
        ]
    )
    return context


@pytest.fixture
def open_theatre(forkserver: ForkServerContext, tmp_path: Path) -> Callable[[Staging], Theatre]:
    """Make a new folder for a staging, ready to be replayed."""

    def make(staging: Staging) -> Theatre:
        folder = tmp_path / "data"
        shutil.rmtree(folder, ignore_errors=True)
        prepare_folder(folder, staging)
        return Theatre(forkserver, folder, staging)

    return make


@pytest.fixture(scope="session")
def reference_folder(forkserver: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a staging's undisturbed replay, played once; to be read only."""
    played: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in played:
            staging = STAGINGS[name]()
            folder = tmp_path_factory.mktemp(name) / "data"
            prepare_folder(folder, staging)
            theatre = Theatre(forkserver, folder, staging)
            with MailCatcher(folder / "mail") as catcher:
                met = theatre.to_the_end(*theatre.start(catcher.port))
            assert (met.refused, met.failures) == ([], [])
            played[name] = folder
        return played[name]

    return of


@pytest.fixture(scope="session")
def reference(reference_folder: Callable[[str], Path]) -> Callable[[str], Outcome]:
    """The outcome of the undisturbed replay of a staging."""
    return lambda name: outcome_of(reference_folder(name))


def kill(process: BaseProcess) -> None:
    """End a child of this test as a power cut would."""
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.fixture
def killer() -> Callable[[BaseProcess], None]:
    """The function that kills a replay."""
    return kill


@pytest.fixture(params=["spring", pytest.param("shipped", marks=pytest.mark.slow)])
def year(request: pytest.FixtureRequest) -> str:
    """Which year is replayed: a short one always, the demo's among the slow tests."""
    name: str = request.param
    return name


@pytest.fixture
def staging(year: str) -> Staging:
    """The staging of the year."""
    return STAGINGS[year]()


@pytest.fixture
def spring() -> Staging:
    """The staging of the short year."""
    return spring_staging()


@pytest.fixture
def without_outage(staging: Staging) -> Staging:
    """The same year with a scheduler that never stood still."""
    return replace(staging, demo=staging.demo.model_copy(update={"outage": None}))


class AssassinCatcher(MailCatcher):
    """A catcher that kills the sender when the final dot of a chosen message has come, before it replies."""

    victim: BaseProcess | None = None
    fatal = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        """Keep the message, then kill."""
        reply = await super().handle_DATA(server, session, envelope)
        if self.victim is not None and self.count == self.fatal:
            os.kill(self.victim.pid or 0, signal.SIGKILL)
        return reply


@pytest.fixture
def assassin_catcher() -> type[AssassinCatcher]:
    """The murderous catcher."""
    return AssassinCatcher

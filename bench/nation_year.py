"""A year of the whole nation, measured: `make bench`, or `python -m bench.nation_year --scale 0.01` for a quick run.

34 offices, 3,321 communes, 12,000 dossiers and 13,284 quarterly reports live through a year in a simulated folder:
production's services and flows, one tick a day, people's acts in one transaction per office and day. Mails are composed
and frozen as ever, and handed to a sender in this process that accepts and forgets them: no network is measured.

The provinces are shared between two folders, each with a process of its own, so that two cores have work; offices that
run their own machines would share them further. `--installations 1` keeps them together.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from multiprocessing import Manager, get_context
from pathlib import Path
from queue import Empty

from rich.console import Console
from rich.progress import Progress
from sqlmodel import SQLModel, col, func, select

from bench.nation import OFFICES, nation_documents
from bench.sampling import INTERVAL_SECONDS, Sampler
from notifications.delivery import Accepted, Envelope
from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import at_local, local_day
from ocop_workflow.config_files import Schedule, default_config_dir, load_demo_settings, load_rule_set, load_schedules
from ocop_workflow.errors import OcopError
from ocop_workflow.runtime import Runtime, create_data_folder, open_runtime
from ocop_workflow.scheduler import run_flow
from ocop_workflow.services.cycles import cycles_of, open_cycle
from ocop_workflow.services.installation import SIMULATED, advance
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.simulation.acting import carry_out
from ocop_workflow.simulation.acts import ScriptedAct
from ocop_workflow.simulation.dossier_script import Lead
from ocop_workflow.simulation.people import appoint_everybody, give_addresses
from ocop_workflow.simulation.script import script_of
from ocop_workflow.storage.tables import Mail
from state_machines.lifecycle import TransitionNotAllowedError

RULE_SET = "qd-1048-2019"
SEED = 1
TICK_AT = datetime.min.time().replace(hour=7, minute=30)
DAY_ENDS_AT = datetime.min.time().replace(hour=23)
DAYS = 395
"""The year, and a month after it."""

GOAL_SECONDS, GOAL_MEGABYTES = 600, 1000
COSTLIEST = 3

Acts = dict[date, dict[str, list[ScriptedAct]]]
"""Everybody's acts by local day and office."""


class ForgettingSender(RecordingEmailSender):
    """Accepts every mail and keeps none: a year of the nation's mails would fill the memory."""

    async def send(self, envelope: Envelope) -> Accepted:  # noqa: ARG002 -- the port's signature
        """Accept."""
        return Accepted(reply="250 forgotten")


class BenchRuntime(Runtime):
    """A data folder whose mails go nowhere."""

    def sender(self) -> ForgettingSender:  # type: ignore[override]  # another sender of the same port
        """Return the sender that forgets."""
        return ForgettingSender()


@dataclass(slots=True)
class Measured:
    """What a run measured; `seconds` by phase, in the order in which they began.

    `cpu_seconds` is the process's own time, which neighbours on the machine do not lengthen much.
    """

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0
    seconds: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    mails_by_day: Counter[date] = field(default_factory=Counter)
    costliest: list[tuple[str, float]] = field(default_factory=list)
    sampling_share: float = 0.0
    trouble: list[str] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Generator[None, None, None]:
        """Add the time of a block to a phase."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began


def measure(
    folder: Path,
    *,
    scale: float,
    offices: int = OFFICES,
    days: int = DAYS,
    rule_set_id: str = RULE_SET,
    installation: int = 0,
    installations: int = 1,
    day_done: Callable[[int], object] = lambda _number: None,
) -> Measured:
    """Live through the year in a new folder and return what it took.

    Args:
        folder: Where the data folder is made.
        scale: The share of each office's communes, with their dossiers and reports.
        offices: How many offices there are.
        days: How many days are lived through.
        rule_set_id: Whose route is gone; its lowest level is taken for the communes.
        installation: Which installation this is, from 0.
        installations: Between how many the provinces are shared.
        day_done: Called after each day with its number.
    """
    measured = Measured()
    began = time.perf_counter()
    rule_set = load_rule_set(default_config_dir(), rule_set_id)
    schedules = load_schedules(default_config_dir())
    first_day = date(rule_set.in_force.start.year + 1, 1, 2)
    opened_at = at_local(first_day, TICK_AT)
    create_data_folder(folder, mode=SIMULATED, seed=str(SEED), now=opened_at)
    with open_runtime(folder) as opened, Sampler() as sampler:
        runtime = BenchRuntime(**{each.name: getattr(opened, each.name) for each in fields(Runtime)})
        with measured.phase("open cycles"), runtime.transaction(opened_at) as work:
            for documents in nation_documents(
                rule_set, scale=scale, offices=offices, installation=installation, installations=installations
            ):
                open_cycle(work, documents, year=first_day.year, actor=f"{documents.plan.office}/office")
            appoint_everybody(
                work, work.books.of_cycle(work.session, cycles_of(work.session)[0]), seed=SEED, start_on=first_day
            )
        _tick(runtime, measured, schedules, opened_at)
        with measured.phase("script"):
            acts = _script(runtime, opened_at)
        for number in range(1, days):
            day = first_day + timedelta(days=number)
            _tick(runtime, measured, schedules, at_local(day, TICK_AT))
            with measured.phase("people's acts"):
                _act(runtime, measured, day, acts.pop(day, {}))
            day_done(number)
        _count(runtime, measured)
    measured.wall_seconds = time.perf_counter() - began
    measured.costliest = sampler.costliest(COSTLIEST)
    measured.sampling_share = sampler.own_seconds / measured.wall_seconds
    used = resource.getrusage(resource.RUSAGE_SELF)
    measured.cpu_seconds = used.ru_utime + used.ru_stime
    measured.peak_megabytes = used.ru_maxrss / 1024
    return measured


def measure_together(
    folder: Path, *, scale: float, offices: int, rule_set_id: str, installations: int, progress: Progress
) -> Measured:
    """Live through the year in several installations at once, each in a process of its own, and return the sum.

    The wall time is that of all together; the memory is the sum of their peaks.
    """
    days = progress.add_task("the nation's year", total=(DAYS - 1) * installations)
    began = time.perf_counter()
    with Manager() as manager, ProcessPoolExecutor(installations, mp_context=get_context("spawn")) as pool:
        done = manager.Queue()
        runs = [
            pool.submit(
                measure,
                folder / str(number),
                scale=scale,
                offices=offices,
                rule_set_id=rule_set_id,
                installation=number,
                installations=installations,
                day_done=done.put,
            )
            for number in range(installations)
        ]
        while not all(run.done() for run in runs):
            with suppress(Empty):
                done.get(timeout=1)
                progress.advance(days)
        return _sum([run.result() for run in runs], wall_seconds=time.perf_counter() - began)


def _sum(parts: Sequence[Measured], *, wall_seconds: float) -> Measured:
    total = Measured(wall_seconds=wall_seconds)
    shares: Counter[str] = Counter()
    for part in parts:
        total.cpu_seconds += part.cpu_seconds
        total.peak_megabytes += part.peak_megabytes
        total.seconds.update(part.seconds)
        total.rows.update(part.rows)
        total.mails_by_day.update(part.mails_by_day)
        shares.update(dict(part.costliest))
        total.sampling_share = max(total.sampling_share, part.sampling_share)
        total.trouble += part.trouble
    total.costliest = [(name, share / len(parts)) for name, share in shares.most_common(COSTLIEST)]
    return total


def _tick(runtime: Runtime, measured: Measured, schedules: Sequence[Schedule], at: datetime) -> None:
    for schedule in schedules:
        with measured.phase(f"flow {schedule.flow}"):
            try:
                run_flow(runtime, schedule, at=at)
            except Exception as error:  # noqa: BLE001 -- printed at the end; the measurement goes on as the scheduler would
                measured.trouble.append(f"{schedule.flow}: {error}")


def _script(runtime: Runtime, at: datetime) -> Acts:
    acts: Acts = defaultdict(lambda: defaultdict(list))
    behaviour = load_demo_settings(default_config_dir()).behaviour
    with runtime.transaction(at) as work:
        give_addresses(work, seed=SEED, without=behaviour.without_address)
        for cycle in cycles_of(work.session):
            book = work.books.of_cycle(work.session, cycle)
            for act in script_of(Lead(book, cycle.key, cycle.opened_at, behaviour, SEED), specials=False):
                acts[local_day(act.at)][cycle.office_id].append(act)
    return acts


def _act(runtime: Runtime, measured: Measured, day: date, by_office: dict[str, list[ScriptedAct]]) -> None:
    """Carry out a day's acts, one transaction per office; when one is refused, the others are carried out alone."""
    for acts in by_office.values():
        try:
            _carry_out(runtime, day, acts)
        except (OcopError, TransitionNotAllowedError):
            for act in acts:
                try:
                    _carry_out(runtime, day, [act])
                except (OcopError, TransitionNotAllowedError) as error:
                    measured.trouble.append(f"{act.command}: {error}")


def _carry_out(runtime: Runtime, day: date, acts: Sequence[ScriptedAct]) -> None:
    with runtime.database.transaction() as session:
        advance(session, at_local(day, DAY_ENDS_AT), machine_now=runtime.clock.now())
        for act in acts:
            carry_out(UnitOfWork(session, act.at, runtime.ids, runtime.books), act)


def _count(runtime: Runtime, measured: Measured) -> None:
    with runtime.database.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            measured.rows[table.name] = session.execute(select(func.count()).select_from(table)).scalar_one()
        sent = select(Mail.local_date, func.count()).where(col(Mail.status) == "sent").group_by(col(Mail.local_date))
        measured.mails_by_day.update(dict(session.exec(sent).all()))


def report(measured: Measured, *, scale: float) -> Iterator[str]:
    """Yield the lines of the report."""
    spent = f"{measured.wall_seconds:.1f} s ({measured.cpu_seconds:.1f} s of processor)"
    yield f"scale {scale:g}: {spent}, peak memory {measured.peak_megabytes:.0f} MB"
    yield f"goal at scale 1: {GOAL_SECONDS} s and {GOAL_MEGABYTES} MB on two cores"
    yield "phases: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in measured.seconds.items())
    yield "rows: " + ", ".join(f"{name} {count:,}" for name, count in sorted(measured.rows.items()) if count)
    for day, count in measured.mails_by_day.most_common(1):
        yield f"mails: {measured.mails_by_day.total():,}; most on {day:%d/%m/%Y}: {count:,}"
    looks = f"{1 / INTERVAL_SECONDS:.0f} looks a second took {measured.sampling_share:.1%} of the time"
    yield f"costliest functions of the project, with what they call outside it ({looks}):"
    for name, share in measured.costliest:
        yield f"  {share:6.1%}  {name}"
    for sentence, times in Counter(each.partition(": ")[2] for each in measured.trouble).most_common():
        yield f"trouble, {times} times: {sentence[:200]}"


def main() -> None:
    """Measure and print; exit with 3 when a flow failed or an act was refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="the share of communes, dossiers and reports")
    parser.add_argument("--offices", type=int, default=OFFICES, help="how many of the 34 offices")
    parser.add_argument("--installations", type=int, default=2, help="between how many folders they are shared")
    parser.add_argument("--rule-set", default=RULE_SET, help="whose lowest level is taken for the communes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as progress:
        measured = measure_together(
            Path(folder),
            scale=given.scale,
            offices=given.offices,
            rule_set_id=given.rule_set,
            installations=min(given.installations, given.offices),
            progress=progress,
        )
    for line in report(measured, scale=given.scale):
        print(line)
    sys.exit(3 if measured.trouble else 0)


if __name__ == "__main__":
    main()

"""A year replayed in simulated time: scripted people and the scheduler's ticks, one after the other.

Every act and every tick is idempotent, and the folder knows its last instant, so a replay that was killed goes on where
it stopped.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import zip_longest

from ocop_workflow.clock import at_local, local_day
from ocop_workflow.config_files import DemoSettings, PlanFiles, Schedule
from ocop_workflow.errors import OcopError
from ocop_workflow.policy.working_days import working_days_of_plan
from ocop_workflow.runtime import Runtime
from ocop_workflow.scheduler import Tick, run_flow, schedule_of, tick
from ocop_workflow.services.cycles import CycleDocuments, cycles_of, open_cycle
from ocop_workflow.simulation.acting import carry_out
from ocop_workflow.simulation.acts import ScriptedAct
from ocop_workflow.simulation.dossier_script import Lead
from ocop_workflow.simulation.people import appoint_everybody, give_addresses
from ocop_workflow.simulation.script import script_of
from ocop_workflow.storage.tables import Cycle
from state_machines.lifecycle import TransitionNotAllowedError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Staging:
    """What a replay needs besides an opened folder.

    Attributes:
        files: The plan with its rule sets, units and products.
        year: The year that is replayed.
        seed: Of everything that people do.
        demo: Ticks, behaviour, outage, specials.
        schedules: The flows, in the order of a tick.
        pinned: What an opened cycle is pinned to, where its year is replayed again; None takes the files.
    """

    files: PlanFiles
    year: int
    seed: int
    demo: DemoSettings
    schedules: tuple[Schedule, ...]
    pinned: CycleDocuments | None = None

    @property
    def opens_on(self) -> date:
        """Return the day on which the cycle is opened: never before the plan."""
        return max(_day_of(self.year, self.demo.opens), self.files.plan.first_day)

    @property
    def last_day(self) -> date:
        """Return the last day that is replayed: never after the plan's horizon."""
        if self.demo.until is not None:
            return _day_of(self.year, self.demo.until)
        return min(date(self.year, 12, 31) + timedelta(days=self.demo.days_after), self.files.plan.runs_until)


@dataclass(slots=True)
class Replayed:
    """What a replay met: acts that a service refused, and flows that failed."""

    acts: int = 0
    refused: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def documents_for(files: PlanFiles, year: int) -> CycleDocuments:
    """Return what a cycle of a year is opened with: plan, rule sets of year and rounds, units, days off, products."""
    plan = files.plan
    content = plan.years.get(year)
    rule_set = (content.rule_set if content else None) or plan.rule_set
    rounds = content.rounds if content else ()
    own = {round_.id: files.rule_sets[round_.rule_set] for round_ in rounds if round_.rule_set is not None}
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    return CycleDocuments(plan, files.rule_sets[rule_set], own, files.units, days, files.products, files.criteria)


def stage_year(runtime: Runtime, staging: Staging) -> tuple[ScriptedAct, ...]:
    """Open the cycle, register the products, appoint made-up people, and return everybody's script.

    On a folder where that was done before only the script is made again.
    """
    opened_at = at_local(staging.opens_on, staging.demo.ticks[0])
    if _cycle(runtime, opened_at) is None:
        with runtime.transaction(opened_at) as work:
            documents = staging.pinned or documents_for(staging.files, staging.year)
            plan = documents.plan
            cycle = open_cycle(work, documents, year=staging.year, actor=f"{plan.office}/{plan.office_role}")
            appoint_everybody(
                work, work.books.of_cycle(work.session, cycle), seed=staging.seed, start_on=staging.opens_on
            )
    run_flow(runtime, schedule_of(staging.schedules, "open-cycle"), at=max(opened_at, runtime.business_now()))
    with runtime.transaction(max(opened_at, runtime.business_now())) as work:
        give_addresses(work, seed=staging.seed, without=staging.demo.behaviour.without_address)
        cycle = cycles_of(work.session)[0]
        book = work.books.of_cycle(work.session, cycle)
        lead = Lead(book, cycle.key, cycle.opened_at, staging.demo.behaviour, staging.seed)
        return script_of(lead, specials=staging.demo.specials)


def replay(
    runtime: Runtime,
    staging: Staging,
    script: Sequence[ScriptedAct],
    *,
    ticker: Callable[[datetime], Tick] | None = None,
    on_day: Callable[[date], None] | None = None,
) -> Replayed:
    """Replay the year from the folder's last instant to the end.

    Args:
        runtime: A simulated folder, staged.
        staging: Whose year.
        script: Everybody's acts, in order.
        ticker: What ticks at an instant; the scheduler's tick in this process when None.
        on_day: Called when a day is over, for a progress bar.
    """
    result = Replayed()
    start = runtime.business_now()
    ticks = [at for at in tick_instants(staging) if at >= start]
    upcoming = deque(act for act in script if act.at >= start)
    for at, following in zip_longest(ticks, ticks[1:]):
        while upcoming and upcoming[0].at < at:
            _carry_out(runtime, upcoming.popleft(), result)
        if not _is_outage(staging, at):
            done = ticker(at) if ticker is not None else tick(runtime, staging.schedules, at=at)
            result.failures += [f"{flow}: {why}" for flow, why in done.failures.items()]
        if on_day is not None and (following is None or local_day(following) != local_day(at)):
            on_day(local_day(at))
    return result


def tick_instants(staging: Staging) -> Iterator[datetime]:
    """Yield the instants at which the scheduler looks, through the year and once on the day after."""
    day = staging.opens_on
    while day <= staging.last_day:
        for at in staging.demo.ticks:
            yield at_local(day, at)
        day += timedelta(days=1)
    yield at_local(day, staging.demo.ticks[0])


def _carry_out(runtime: Runtime, act: ScriptedAct, result: Replayed) -> None:
    try:
        with runtime.transaction(act.at) as work:
            carry_out(work, act)
        result.acts += 1
    except (OcopError, TransitionNotAllowedError) as error:
        _log.warning("%s was refused: %s", act.command, error)
        result.refused.append(f"{act.command}: {error}")


def _is_outage(staging: Staging, at: datetime) -> bool:
    outage = staging.demo.outage
    if outage is None:
        return False
    start = _day_of(staging.year, outage.start)
    return start <= local_day(at) < start + timedelta(days=outage.days)


def _day_of(year: int, month_day: str) -> date:
    return date.fromisoformat(f"{year}-{month_day}")


def _cycle(runtime: Runtime, now: datetime) -> Cycle | None:
    with runtime.reading(now) as work:
        found = cycles_of(work.session)
        return found[0] if found else None

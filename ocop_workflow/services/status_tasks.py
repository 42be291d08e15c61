"""Who owes what on a dossier, as people read it: names, days, codes with parameters."""

from dataclasses import dataclass
from datetime import date, datetime

from notifications.letter import Wording
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.date_expressions import Firmness
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.policy.rule_set import Stage
from ocop_workflow.services.batch_offers import batch_offered
from ocop_workflow.services.obligations import is_as_reckoned
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import explanation_code, in_both, position_title
from ocop_workflow.storage.tables import Obligation, Producer


@dataclass(frozen=True, slots=True)
class Party:
    """Who owes something, as people read it: the producer by name, a position as role and unit."""

    name: LocalText
    is_producer: bool


@dataclass(frozen=True, slots=True)
class OpenTask:
    """What one party owes now.

    Attributes:
        act: What is to be done.
        party: Who owes it.
        last_on: The last day in time, in the office's zone; None where there is no date.
        days_left: Days from today to that day: 0 on the day itself, negative when it is past.
        overdue_days: For how many days it is too late, at least 1; 0 in time and for an expected date.
        expected: Whether the date is only foreseen ("dự kiến"): reminded of, never enforced.
        lapses_after: The last day on which the producer can still do it before the dossier lapses, where it would.
        why: How the last day came about.
    """

    act: Wording
    party: Party
    last_on: date | None
    days_left: int | None
    overdue_days: int
    expected: bool
    lapses_after: date | None
    why: tuple[Wording, ...]


def open_task(book: Rulebook, producer: Producer, obligation: Obligation, *, now: datetime) -> OpenTask:
    """Return an open obligation as people read it at `now`; whether it is too late follows from its date alone."""
    stage = book.stage_known(obligation.stage or "", obligation.step)
    expected = obligation.firmness == Firmness.EXPECTED
    last_on = days_left = None
    overdue_days = 0
    if obligation.due_at is not None:
        last_on = last_day_in_time(obligation.due_at)
        days_left = (last_on - local_day(now)).days
        if now >= obligation.due_at and not expected:
            overdue_days = max(-days_left, 1)
    return OpenTask(
        act=act_at(stage, obligation.step or ""),
        party=party_named(book, producer, obligation.party),
        last_on=last_on,
        days_left=days_left,
        overdue_days=overdue_days,
        expected=expected,
        lapses_after=last_day_in_time(obligation.lapse_at) if obligation.lapse_at else None,
        why=(*_why(obligation), *batch_offered(book, obligation, on=local_day(now))),
    )


def act_at(stage: Stage, step: str) -> Wording:
    """Return what a step asks for: its title in the route, or the standing wording of a step that none lists."""
    listed = next((listed for listed in stage.steps if listed.id == step), None)
    if listed is not None:
        return Wording("page.act", {"title": listed.title.model_dump()})
    return Wording(f"act.{step}", {"stage": stage.title.model_dump()})


def party_named(book: Rulebook, producer: Producer, party: str) -> Party:
    """Return a party by its name: the producer, or a position."""
    if party == f"{PRODUCER}:{producer.id}":
        return Party(LocalText(vi=producer.name, en=producer.name), is_producer=True)
    return Party(position_title(book.units, party), is_producer=False)


def _why(obligation: Obligation) -> tuple[Wording, ...]:
    """Return how the last day came about; an extension only names the day before it, since the rest no longer holds."""
    params = dict(obligation.why_params)
    if not is_as_reckoned(obligation):
        return (Wording("page.why_extended", {"first_on": params["last_on"]}),)
    if obligation.due_at is None and "anchor" in params:
        return (Wording("page.why_waiting", {"anchor": in_both(f"anchor.{params['anchor']}")}),)
    if "anchor" in params:
        params["anchor"] = in_both(f"anchor.{params['anchor']}")
    reckoned = Wording(f"due.{explanation_code(obligation.why_code, obligation.source)}", params)
    if "rolled_from_on" not in params:
        return (reckoned,)
    return (reckoned, Wording("due.rolled", {"from_on": params["rolled_from_on"], "last_on": params["last_on"]}))

"""What a due date means in instants, and how it came about."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ocop_workflow.policy.date_forms import Firmness, Origin
from ocop_workflow.policy.date_texts import Term
from ocop_workflow.policy.periods import add_months
from ocop_workflow.policy.working_days import WorkingDays


@dataclass(frozen=True, slots=True)
class ResolvedDue:
    """A due date in instants, with its explanation as a code and parameters.

    Attributes:
        opens_at: When work can begin, aware, in the given zone; None when the date says nothing about it.
        due_at: The first instant that is too late, aware, in the given zone; None when there is no date (yet).
        last_day: The last local day in time, as people are shown it.
        firmness: Whether it is enforced.
        origin: Whose date it is.
        code: How it came about, such as `by_month`; with `params` it becomes a sentence.
        params: Names that end in `_on` are ISO days; the rest are numbers, ids and labels.
        source: The article or item it comes from.
    """

    opens_at: datetime | None
    due_at: datetime | None
    last_day: date | None
    firmness: Firmness
    origin: Origin
    code: str
    source: str
    params: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What a reckoning needs besides the date: the zone, the working days, the two roll-over switches."""

    zone: ZoneInfo
    days: WorkingDays
    roll_counted_terms: bool = True
    roll_fixed_dates: bool = False

    def start_of(self, day: date) -> datetime:
        """Return the first instant of a local day."""
        return datetime.combine(day, time(), tzinfo=self.zone)

    def end_of(self, day: date) -> datetime:
        """Return the first instant after a local day."""
        return self.start_of(day + timedelta(days=1))

    def fixed(self, resolved: ResolvedDue, last_day: date) -> ResolvedDue:
        """Complete a due date that the calendar fixes; moves off a day off only with `roll_fixed_dates`."""
        moved = self._fixed_day(last_day)
        params = {**resolved.params, "last_on": moved.isoformat()}
        if moved != last_day:
            params["rolled_from_on"] = last_day.isoformat()
        return replace(resolved, due_at=self.end_of(moved), last_day=moved, params=params)

    def counted_back(self, resolved: ResolvedDue, term: Term, limit: date) -> ResolvedDue:
        """Complete the last working day from which a term in working days still ends by the fixed day `limit`."""
        limit = self._fixed_day(limit)
        first_counted = self.days.add(limit + timedelta(days=1), -term.count)
        last_day = self.days.add(first_counted, -1)
        params: dict[str, str | int] = {
            "count": term.count,
            "limit_on": limit.isoformat(),
            "last_on": last_day.isoformat(),
        }
        return replace(resolved, due_at=self.end_of(last_day), last_day=last_day, params=params)

    def _fixed_day(self, day: date) -> date:
        return self.days.roll_forward(day) if self.roll_fixed_dates else day

    def counted(self, resolved: ResolvedDue, term: Term, anchor_day: date) -> ResolvedDue:
        """Complete a counted term; the anchor's day is not counted.

        A term in days or months that ends on a day off moves with `roll_counted_terms`.
        """
        if term.unit == "working days":
            last_day = moved = self.days.add(anchor_day, term.count)
            skipped = (last_day - anchor_day).days - term.count
        else:
            in_days = term.unit == "days"
            last_day = anchor_day + timedelta(days=term.count) if in_days else add_months(anchor_day, term.count)
            moved = self.days.roll_forward(last_day) if self.roll_counted_terms else last_day
            skipped = (moved - last_day).days
        params = {
            **resolved.params,
            "start_on": (anchor_day + timedelta(days=1)).isoformat(),
            "last_on": moved.isoformat(),
            "skipped": skipped,
        }
        if moved != last_day:
            params["rolled_from_on"] = last_day.isoformat()
        return replace(resolved, due_at=self.end_of(moved), last_day=moved, params=params)

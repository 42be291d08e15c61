"""What the history of one duty implies by its ladder: keys and outcomes of its notices.

It shares no code with what plans and decides the rungs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

ENDINGS = ("report_filed", "report_excused", "report_closed_empty", "ended")


def vn(text: str) -> datetime:
    """Return an instant of the office's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


Recorded = tuple[str, datetime, dict[str, Any]]
"""One event: what was done, when it was written down, its details."""


@dataclass
class Owed:
    """One obligation as the reckoner follows it; `seen` is up to when its rungs are decided."""

    key: str
    due_at: datetime
    seen: datetime
    version: int = 1
    closed_at: datetime | None = None


@dataclass
class Reckoner:
    """Goes through one duty's history in the order in which it was written down.

    Attributes:
        rungs: The ladder's rungs as the plan's file has them.
        at: The time of day of its rungs.
        is_working: Tells whether a day is a working day.
        recipients: Who stands behind each audience.
        drafts: Whether escalations to superiors wait for the office.
        is_vacant: Tells whether nobody holds a position at an instant.
        outcomes: What becomes of each notice, by key.
    """

    rungs: list[dict[str, Any]]
    at: time
    is_working: Callable[[date], bool]
    recipients: dict[str, str]
    drafts: bool
    is_vacant: Callable[[str, datetime], bool] = lambda _position, _at: False
    outcomes: dict[str, str] = field(default_factory=dict)

    def moments(self, owed: Owed) -> Iterator[tuple[datetime, str, str, bool]]:
        """Yield moment, name, recipient and whether it comes before the date, for each rung, the earliest first."""
        last_day = (owed.due_at.astimezone(ZONE) - timedelta(microseconds=1)).date()
        found = []
        for rung in self.rungs:
            step = timedelta(days=1 if rung["days"] > 0 else -1)
            day, left = last_day, abs(rung["days"])
            if rung["count"] == "working":
                while left:
                    day += step
                    left -= self.is_working(day)
            else:
                day += step * left
                while not self.is_working(day):
                    day += step
            name = f"{rung['days']:+d}{'w' if rung['count'] == 'working' else ''}"
            name += "" if rung["audience"] == "responsible" else f"/{rung['audience']}"
            recipient = self.recipients[rung["audience"]]
            found.append((datetime.combine(day, self.at, ZONE), name, recipient, rung["days"] <= 0))
        return iter(sorted(found, key=lambda row: (row[0], self._place(row[1]))))

    def _place(self, name: str) -> int:
        return int(name.partition("/")[0].removesuffix("w"))

    def decide(self, owed: Owed, until: datetime, *, settled: str | None = None) -> None:
        """Decide the rungs after `seen` up to `until`: by one tick, or all alike where an act overtook the ticks."""
        speak: dict[str, str] = {}
        moments = list(self.moments(owed))
        last = {(at, name.partition("/")[2]): name for at, name, _, _ in moments}  # of two on one day the later speaks
        for at, name, recipient, before in moments:
            if not owed.seen < at <= until:
                continue
            key = f"{owed.key}|v{owed.version}|{name}|{recipient}"
            if last[at, name.partition("/")[2]] != name:
                self.outcomes[key] = "merged"
            elif settled is not None:
                self.outcomes[key] = settled
            elif before and until >= owed.due_at:
                self.outcomes[key] = "useless"
            else:
                if recipient in speak:
                    self.outcomes[speak[recipient]] = "overtaken"
                speak[recipient] = key
                to_superior = name.endswith("/superior") and recipient != self.recipients["office"]
                said = "no_recipient" if self.is_vacant(recipient, until) else "sent"
                self.outcomes[key] = "draft" if to_superior and self.drafts else said
        owed.seen = until

    def follow(self, key: str, opens_at: datetime, history: list[Recorded], ticks: list[datetime]) -> None:
        """Go through acts and ticks; what was written down at the instant of a tick comes before it."""
        owed = [Owed(key, history[0][2]["due_at"], opens_at - timedelta(microseconds=1))]
        rows = [(at, 0, action, details) for action, at, details in history[1:]]
        for at, _, action, details in sorted([*rows, *((at, 1, "tick", {}) for at in ticks)], key=lambda row: row[:2]):
            for each in [each for each in owed if each.closed_at is None]:
                self._go_on(each, at, action, details)
            if action == "report_returned":
                owed.append(Owed(f"{key}/correction/{details['seq']}", details["correct_by_at"], at))
            elif action == "units_succeeded":
                self._readdress(details["heir"])

    def _go_on(self, owed: Owed, at: datetime, action: str, details: dict[str, Any]) -> None:
        """Let one tick or act be what it means for an obligation that is open."""
        if action == "tick":
            self._turn(owed, {"released": "sent"})
            self.decide(owed, at)
        elif action in ENDINGS:
            self.decide(owed, max(details["effective_at"], owed.seen), settled="settled")
            owed.closed_at = at
            self._turn(owed, {"draft": "settled", "released": "settled"})
        elif action == "deadline_extended" and owed.key == details["obligation"]:
            self.decide(owed, at, settled="redated")
            self._turn(owed, {"draft": "redated", "released": "redated"})
            owed.due_at, owed.version = details["due_after"], owed.version + 1
        elif action == "escalations_released":
            self._turn(owed, {"draft": "released"})

    def _turn(self, owed: Owed, outcomes: dict[str, str]) -> None:
        """Let what waited for the office, or for the next digest after it, become something else."""
        for key, before in self.outcomes.items():
            if key.startswith(f"{owed.key}|"):
                self.outcomes[key] = outcomes.get(before, before)

    def _readdress(self, heir: Callable[[str], str]) -> None:
        """Let the successors stand behind the audiences, and stand in the drafts."""
        self.recipients = {audience: heir(position) for audience, position in self.recipients.items()}
        for key in [key for key, outcome in self.outcomes.items() if outcome == "draft"]:
            del self.outcomes[key]
            place, _, recipient = key.rpartition("|")
            self.outcomes[f"{place}|{heir(recipient)}"] = "draft"

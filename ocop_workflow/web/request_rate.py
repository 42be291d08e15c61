"""How often one client address may send a form: counted in memory, by the minute."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

WINDOW_SECONDS = 60


@dataclass(slots=True)
class RequestRate:
    """At most `limit` requests of one client address in each minute of the clock.

    Only the present minute is kept, so memory holds no more than one minute's addresses.
    """

    limit: int
    _minute: int = 0
    _counts: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def allows(self, address: str, *, now: datetime) -> bool:
        """Count a request of `address` at `now` (machine time, aware) and tell whether it is within the limit."""
        minute = int(now.timestamp()) // WINDOW_SECONDS
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts.clear()
            self._counts[address] += 1
            return self._counts[address] <= self.limit

"""Where the time goes, by looking at the stack now and then: cheaper than a profiler that is called by every call."""

import sys
import threading
import time
from collections import Counter
from types import FrameType, TracebackType
from typing import Self

INTERVAL_SECONDS = 0.01
PACKAGES = ("ocop_workflow", "flows", "notifications", "state_machines")


class Sampler:
    """Looks at the thread that made it a hundred times a second.

    A look is charged to the innermost function of this project on the stack, so what a library does is charged to
    whoever called it.

    Attributes:
        looks: How often each function was seen, by `module.function`; those outside the project are `elsewhere`.
        own_seconds: The time that looking itself took.
    """

    def __init__(self) -> None:
        self.looks: Counter[str] = Counter()
        self.own_seconds = 0.0
        self._watched = threading.get_ident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._over.set()
        self._thread.join()

    def costliest(self, count: int) -> list[tuple[str, float]]:
        """Return the functions seen most often with their share of all looks, from 0 to 1."""
        total = max(self.looks.total(), 1)
        return [(name, seen / total) for name, seen in self.looks.most_common(count)]

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL_SECONDS):
            began = time.thread_time()
            self.looks[_charged(sys._current_frames().get(self._watched))] += 1  # noqa: SLF001 -- documented for this
            self.own_seconds += time.thread_time() - began


def _charged(frame: FrameType | None) -> str:
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in PACKAGES:
            return f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return "elsewhere"

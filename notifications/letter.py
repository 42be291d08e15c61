"""What one mail says, as plain values: codes with parameters, names, days. No sentence is made here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from notifications.catalogue import Language, Parameter


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence before it has a language: a code of the catalogue and what goes into it."""

    code: str
    params: Mapping[str, Parameter] = field(default_factory=dict)


class LineKind(StrEnum):
    """Why a line is in the letter."""

    REMINDER = "reminder"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    NEWS = "news"


class LetterKind(StrEnum):
    """A digest gathers the day's notices of one recipient; an immediate letter can't wait for it."""

    DIGEST = "digest"
    IMMEDIATE = "immediate"


@dataclass(frozen=True, slots=True)
class Line:
    """One notice as the reader sees it.

    Attributes:
        notice_key: The notice's unique key: ASCII letters, digits and `|:/._+-`.
        kind: Why the line is there.
        act: What is to be done (imperative), or for news what happened.
        about: The subject as people call it: a product with its producer, or a title.
        last_day: The last day in time, in the office's zone; None where nothing falls due.
        expected: Whether `last_day` is only foreseen ("dự kiến"): reminded of, never enforced.
        why: How the last day came about, in a wording without dates.
        url: The page to open, http or https.
        happened_on: For news without an obligation, the day of the event.
        owed_by: In an escalation, who has not done it, as people read it.
        details: Further sentences, such as where to bring what is owed.
        lapses_on: The last day on which it still counts, where the dossier lapses after it: the one date in a body
            that is neither the last day in time nor the event's.
        asks: Whether news asks its reader for something by `last_day`; it then reads as something to do.
        link_code: The catalogue's code of what the link is called, where it leads to something else than a dossier.
    """

    notice_key: str
    kind: LineKind
    act: Wording
    about: str
    last_day: date | None
    expected: bool
    why: Wording | None
    url: str | None
    happened_on: date | None = None
    owed_by: str | None = None
    details: tuple[Wording, ...] = ()
    lapses_on: date | None = None
    asks: bool = False
    link_code: str | None = None

    @property
    def is_task(self) -> bool:
        """Tell whether the line asks for something, rather than telling what happened."""
        return self.kind is not LineKind.NEWS or self.asks

    @property
    def day(self) -> date | None:
        """Return the one day that the line shows: the last day in time, else the day of the event."""
        return self.happened_on if self.last_day is None else self.last_day

    def is_overdue(self, local_date: date) -> bool:
        """Tell whether the last day in time is over on `local_date`; news never is, nor a day only expected."""
        if not self.is_task or self.expected:
            return False
        return self.kind is LineKind.OVERDUE or (self.last_day is not None and self.last_day < local_date)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person in one language.

    Attributes:
        kind: Digest or immediate.
        recipient_name: How the recipient is addressed.
        recipient_address: One ASCII address.
        language: The language of every sentence.
        office_name: The office in whose name the letter is sent.
        local_date: The day for which it is written, in the office's zone; decides what is overdue.
        lines: One line or more.
        seal: The hash of the daily seal, printed in the office's own digest.
        simulated: Whether it comes from a replay; it then says so and lists its notice keys.
        drafts: How many escalations wait for the office's release, told in its own digest.
        to_superior: Whether the recipient stands above the office, which then asks instead of reminding.
    """

    kind: LetterKind
    recipient_name: str
    recipient_address: str
    language: Language
    office_name: str
    local_date: date
    lines: tuple[Line, ...]
    seal: str | None = None
    simulated: bool = False
    to_superior: bool = False
    drafts: int = 0

    def lines_in_reading_order(self) -> tuple[Line, ...]:
        """Return the lines: overdue first, then by last day, then without one; news of past events at the end."""

        def place(line: Line) -> tuple[bool, bool, date]:
            is_event = not line.is_task and line.last_day is None
            return (is_event, not line.is_overdue(self.local_date), line.day or date.max)

        return tuple(sorted(self.lines, key=place))

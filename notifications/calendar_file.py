"""Whole days with something due on them as an iCalendar file (RFC 5545), which every calendar program imports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from icalendar import STATUS, TRANSP, Calendar, Event, vDuration, vText

from notifications.catalogue import Language

PRODUCT = "-//OCOP workflow//Calendar//EN"


@dataclass(frozen=True, slots=True)
class MarkedDay:
    """One thing to be marked on a calendar.

    Attributes:
        key: Its natural name, in all calendars; the same name is the same entry when the file is read again.
        day: The local day, whole: in iCalendar a day without time or zone.
        summary: What stands in the calendar.
        description: What is shown when it is opened.
        category: What it is about, in the reader's language.
        revised_at: When what it says was last revised, aware.
        moves: How often it was moved to another day (SEQUENCE).
        expected: Whether the day is only foreseen.
    """

    key: str
    day: date
    summary: str
    description: str
    category: str
    revised_at: datetime
    moves: int = 0
    expected: bool = False


def calendar_file(
    name: str, marked: Iterable[MarkedDay], *, key: str, language: Language, refresh: timedelta | None = None
) -> bytes:
    """Return the file, in UTF-8 with lines folded at 75 octets; the same input gives the same bytes.

    A last day makes nobody busy, so entries are transparent. Identifiers depend on the names alone: reading a later
    version moves entries instead of doubling them.

    Args:
        name: The calendar's title.
        marked: Its entries.
        key: The calendar's natural name.
        language: That of all texts.
        refresh: How often a program that subscribes should look again; None for a file that is imported.
    """
    calendar = Calendar.new(
        prodid=PRODUCT,
        calscale="GREGORIAN",
        language=language.value,
        uid=_identifier(key),
        refresh_interval=refresh,
    )
    for field in ("NAME", "X-WR-CALNAME"):
        calendar.add(field, vText(name))  # given as plain text it would keep its commas unescaped
    if refresh is not None:
        calendar["REFRESH-INTERVAL"].params["VALUE"] = "DURATION"  # required by RFC 7986, section 5.7
        calendar.add("X-PUBLISHED-TTL", vDuration(refresh))  # what Outlook and others read instead
    for each in marked:
        event = Event.new(
            uid=_identifier(each.key),
            stamp=each.revised_at,
            last_modified=each.revised_at,
            sequence=each.moves,
            status=STATUS.TENTATIVE if each.expected else STATUS.CONFIRMED,
            start=each.day,
            end=each.day + timedelta(days=1),
            transparency=TRANSP.TRANSPARENT,
        )
        for field, text in (
            ("summary", each.summary),
            ("description", each.description),
            ("categories", each.category),
        ):
            event.add(field, text, parameters={"LANGUAGE": language.value})
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _identifier(key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:ocop:{key}")

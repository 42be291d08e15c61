"""Whole days with something due on them as an iCalendar file (RFC 5545), which every calendar program imports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from icalendar import TRANSP, Calendar, Event

from notifications.catalogue import Language

PRODUCT = "-//OCOP workflow//Calendar of a plan//EN"


@dataclass(frozen=True, slots=True)
class MarkedDay:
    """One thing to be marked on a calendar.

    Attributes:
        key: Its natural name; the same name is the same entry when the file is imported again.
        day: The local day, whole: in iCalendar a day without time or zone.
        summary: What stands in the calendar.
        description: What is shown when it is opened.
        category: What it is about, in the reader's language.
    """

    key: str
    day: date
    summary: str
    description: str
    category: str


def calendar_file(name: str, marked: Iterable[MarkedDay], *, key: str, language: Language, stamp: datetime) -> bytes:
    """Return the file, in UTF-8 with lines folded at 75 octets.

    A last day makes nobody busy, so entries are transparent. Identifiers depend on the names alone: importing a later
    version moves entries instead of doubling them.

    Args:
        name: The calendar's title.
        marked: Its entries.
        key: The calendar's natural name.
        language: That of all texts.
        stamp: When this version was made, aware.
    """
    calendar = Calendar.new(
        name=name, prodid=PRODUCT, calscale="GREGORIAN", language=language.value, uid=_identifier(key)
    )
    for each in marked:
        event = Event.new(
            uid=_identifier(f"{key}/{each.key}"),
            stamp=stamp,
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

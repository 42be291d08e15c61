"""Days, months, quarters, years and spans of them, as plans write them."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum


class PeriodKind(StrEnum):
    """How coarse a period is; a span runs from the start of one to the end of another."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open period of local days, with the text it was written as.

    Attributes:
        text: What the plan says, such as `2020-06` or `Quý II/2017`.
        kind: How coarse it is.
        start: Its first day.
        end: The first day after it.
    """

    text: str
    kind: PeriodKind
    start: date
    end: date

    @property
    def last_day(self) -> date:
        """Return the last day inside the period."""
        return self.end - timedelta(days=1)


ROMAN = ("I", "II", "III", "IV")
"""The numbers of the quarters as Vietnamese documents print them."""

SINGLE_FORMS = "2020-06-30, 2020-06, 2020-Q2, 2020 or Quý II/2020"

_SINGLE = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>\d{2})(?:-(?P<day>\d{2}))?))?")
_NUMBER = r"(?:iv|i{1,3}|\d{1,2})"
_PRINTED = re.compile(
    rf"(?P<unit>quý|tháng)\s*(?P<number>{_NUMBER})\s*/\s*(?P<year>\d{{4}})|năm\s*(?P<only_year>\d{{4}})", re.IGNORECASE
)
_PRINTED_SPAN = re.compile(
    rf"(?P<unit>quý|tháng)\s*(?P<first>{_NUMBER})(?:\s*/\s*(?P<first_year>\d{{4}}))?"
    rf"\s*[-–]\s*(?:(?P=unit)\s*)?(?P<last>{_NUMBER})\s*/\s*(?P<last_year>\d{{4}})",
    re.IGNORECASE,
)
_LIST = re.compile(r"\s*(?:,|;|\bvà\b)\s*")


def add_months(day: date, count: int) -> date:
    """Return the day `count` months later, clipped to the end of a shorter month."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, _month_length(year, month + 1)))


def day_of_month(first: date, day: int) -> date:
    """Return that day of the month which begins on `first`, or its last day if the month is shorter."""
    return first.replace(day=min(day, _month_length(first.year, first.month)))


def quarter_label(day: date) -> str:
    """Return the quarter that a day lies in, as `II/2017`."""
    return f"{ROMAN[(day.month - 1) // 3]}/{day.year}"


def parse_period(text: str) -> Period:
    """Read one day, month, quarter or year.

    Raises:
        ValueError: The text is none of these; the sentence lists the forms.
    """
    written = _tidy(text)
    if match := _SINGLE.fullmatch(written):
        return _single(written, match)
    if match := _PRINTED.fullmatch(written):
        if match["only_year"]:
            return replace(parse_period(match["only_year"]), text=written)
        return _printed(written, match["unit"], match["number"], match["year"])
    raise ValueError(f'"{written[:80]}" is no day, month, quarter or year; write {SINGLE_FORMS}')


def parse_span(text: str) -> Period:
    """Read a single period, or two as `2020-04..2020-05`, `Quý 2/2017 - 4/2020`, `Quý I - II/2018`, `Tháng 4-5/2020`.

    Raises:
        ValueError: The text is none of these, or ends before it starts.
    """
    written = _tidy(text)
    if ".." in written:
        first, _, last = written.partition("..")
        return _span(written, parse_period(first).start, parse_period(last).end)
    if match := _PRINTED_SPAN.fullmatch(written):
        first_year = match["first_year"] or match["last_year"]
        opening = _printed(written, match["unit"], match["first"], first_year)
        closing = _printed(written, match["unit"], match["last"], match["last_year"])
        return _span(written, opening.start, closing.end)
    return parse_period(written)


def split_list(text: str) -> tuple[str, ...]:
    """Return the parts of a printed list such as `Quý II/2017 và quý II/2019`."""
    return tuple(part for part in _LIST.split(_tidy(text)) if part)


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _single(written: str, match: re.Match[str]) -> Period:
    year = int(match["year"])
    try:
        if match["quarter"]:
            start = date(year, 3 * int(match["quarter"]) - 2, 1)
            return Period(written, PeriodKind.QUARTER, start, add_months(start, 3))
        if match["day"]:
            start = date(year, int(match["month"]), int(match["day"]))
            return Period(written, PeriodKind.DAY, start, start + timedelta(days=1))
        if match["month"]:
            start = date(year, int(match["month"]), 1)
            return Period(written, PeriodKind.MONTH, start, add_months(start, 1))
        return Period(written, PeriodKind.YEAR, date(year, 1, 1), date(year + 1, 1, 1))
    except (ValueError, OverflowError):
        raise ValueError(f'"{written}" is not in the calendar; correct the year, month or day') from None


def _span(written: str, start: date, end: date) -> Period:
    if end <= start:
        raise ValueError(f'"{written[:80]}" ends before it starts; swap its two ends')
    return Period(written, PeriodKind.SPAN, start, end)


def _printed(written: str, unit: str, number: str, year: str) -> Period:
    """Return the month or quarter that a document prints with a Roman or Arabic number."""
    count = int(number) if number.isdigit() else ROMAN.index(number.upper()) + 1
    kind, months = (PeriodKind.QUARTER, 3) if unit.lower() == "quý" else (PeriodKind.MONTH, 1)
    try:
        start = date(int(year), months * (count - 1) + 1, 1)
        return Period(written, kind, start, add_months(start, months))
    except ValueError:
        raise ValueError(f'"{written[:80]}" is not in the calendar; correct the year, quarter or month') from None


def _month_length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day

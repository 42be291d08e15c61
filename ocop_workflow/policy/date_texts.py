"""Single days, periods and counted terms inside a date form, read from text and written back as text."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from ocop_workflow.policy.periods import Period, PeriodKind, parse_period, parse_span


class Anchor(StrEnum):
    """The moment from which a counted term runs."""

    SUBMITTED = "submitted"
    RECEIVED = "received"
    COMPLETE = "complete"
    FORWARDED = "forwarded"
    DECIDED = "decided"
    RETURNED = "returned"
    IN_FORCE = "in_force"


PERIOD_END = "period_end"
"""The anchor of a report's counted term: the last day of the period reported on."""

_TERM = re.compile(r"(?P<count>\d{1,3}) (?P<unit>working days|days|months)")


@dataclass(frozen=True, slots=True)
class Term:
    """A counted length of time: working days, days or months, from an anchor if one is named."""

    text: str
    count: int
    unit: Literal["working days", "days", "months"]
    anchor: str = ""


def _read_day(value: object) -> date:
    if isinstance(value, date):
        return value
    period = parse_period(str(value))
    if period.kind is not PeriodKind.DAY:
        raise ValueError(f'"{period.text}" must be one day; write it as 2020-06-30')
    return period.start


def _read_period(value: object) -> Period:
    return value if isinstance(value, Period) else parse_period(str(value))


def _read_span(value: object) -> Period:
    return value if isinstance(value, Period) else parse_span(str(value))


def _read_term(value: object, anchors: tuple[str, ...]) -> Term:
    if isinstance(value, Term):
        return value
    text = " ".join(str(value).split())
    length, _, anchor = text.partition(" of ")
    match = _TERM.fullmatch(re.sub(r"\b(day|month)$", r"\1s", length))
    if match is None or int(match["count"]) == 0 or (anchor not in anchors if anchors else anchor != ""):
        ending = f" of {anchors[0]}" if anchors else ""
        known = f"; the anchors are {', '.join(anchors)}" if anchors else ""
        raise ValueError(
            f'"{text[:80]}" is no counted term; write it as 2 working days{ending} (or days, months){known}'
        )
    unit: Literal["working days", "days", "months"] = "days"
    if match["unit"] == "working days":
        unit = "working days"
    elif match["unit"] == "months":
        unit = "months"
    return Term(text, int(match["count"]), unit, anchor)


def _read_within(value: object) -> Term:
    return _read_term(value, tuple(anchor.value for anchor in Anchor))


def _read_report_within(value: object) -> Term:
    return _read_term(value, (PERIOD_END,))


def _read_plus(value: object) -> Term:
    term = _read_term(value, ())
    if term.unit != "working days":
        raise ValueError(f'"{term.text}" must count working days; write it as 2 working days')
    return term


def _read_cut_off(value: object) -> date | int:
    if isinstance(value, str) and value.isdigit() and len(value) <= 2:  # noqa: PLR2004 -- a day of a month, as text
        return _read_cut_off(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        if 1 <= value <= 31:  # noqa: PLR2004 -- the days of a month
            return value
        raise ValueError(f"{value} is no day of a month; write 1 to 31, or a whole day such as 2020-06-14")
    return _read_day(value)


_AS_TEXT = PlainSerializer(lambda value: value.text, return_type=str)
_AS_ISO = PlainSerializer(lambda day: day.isoformat(), return_type=str, when_used="json")
_AS_CUT_OFF = PlainSerializer(str, return_type=str)
_TEXT_OR_NUMBER = WithJsonSchema({"type": ["string", "integer"]})
_TEXT = WithJsonSchema({"type": "string"})

Day = Annotated[date, PlainValidator(_read_day), _AS_ISO, WithJsonSchema({"type": "string", "format": "date"})]
PeriodText = Annotated[Period, PlainValidator(_read_period), _AS_TEXT, _TEXT_OR_NUMBER]
SpanText = Annotated[Period, PlainValidator(_read_span), _AS_TEXT, _TEXT_OR_NUMBER]
CutOffText = Annotated[date | int, PlainValidator(_read_cut_off), _AS_CUT_OFF, _TEXT_OR_NUMBER]
WorkingDaysText = Annotated[Term, PlainValidator(_read_plus), _AS_TEXT, _TEXT]
WithinText = Annotated[Term, PlainValidator(_read_within), _AS_TEXT, _TEXT]
ReportWithinText = Annotated[Term, PlainValidator(_read_report_within), _AS_TEXT, _TEXT]

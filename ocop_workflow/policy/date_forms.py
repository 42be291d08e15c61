"""The forms in which a plan or a regulation writes a date: a closed union of frozen records.

Each form is one key, so that a due date reads flat: `{by: 2020-06, source: "item 7.1"}`.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ocop_workflow.policy.date_texts import (
    CutOffText,
    Day,
    PeriodText,
    ReportWithinText,
    SpanText,
    WithinText,
    WorkingDaysText,
)
from ocop_workflow.policy.document import Record, Source
from ocop_workflow.policy.periods import split_list


class Origin(StrEnum):
    """Whose date it is: a plan's can be extended, a statutory one only overrun with a reason."""

    PLAN = "plan"
    STATUTORY = "statutory"


class Firmness(StrEnum):
    """Whether missing the date has consequences (hard) or it was only foreseen (dự kiến: expected)."""

    HARD = "hard"
    EXPECTED = "expected"


DATE_FORMS = (
    "before: 2020-06-30, by: 2020-06 (or a day, 2020-Q2, 2020), window: 2020-04..2020-05, list: [..], "
    "at: year-end (or ongoing, none), expected: 2021-09, within: 15 working days of received, "
    "cut_off: 14 with plus: 2 working days"
)
REPORT_FORMS = (
    "before_day: 30, cut_off_day: 14 with plus: 2 working days, within: 15 days of period_end (or working days)"
)


class Before(Record):
    """Before a day, strictly ("trước ngày 30/6"): the last day in time is the day before.

    With `leaving`, earlier by the working days that somebody else still needs until then: what begins on that
    working day still ends in time.
    """

    before: Day
    leaving: WorkingDaysText | None = None


class By(Record):
    """Until the end of a day, month, quarter or year."""

    by: PeriodText


class Window(Record):
    """From the start of a period to its end."""

    window: SpanText


class Expected(Record):
    """Foreseen for a period (dự kiến): reminded, never enforced."""

    expected: SpanText


class At(Record):
    """The end of the year at hand, all the time, or no date at all."""

    at: Literal["year-end", "ongoing", "none"]


class Within(Record):
    """A counted term from an anchor; the anchor's own day is not counted."""

    within: WithinText


class CutOff(Record):
    """Figures close on a day and are sent within some working days.

    A bare number is that day of December, the last month of the year at hand.
    """

    cut_off: CutOffText
    plus: WorkingDaysText


_ADDED_KEYS = ("plus", "leaving")
"""Keys that belong to a form beside its own."""


def _form_of(value: object) -> str | None:
    """Return the form's key; records of one form have exactly one such key."""
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, Record) else ()
    return next((str(key) for key in keys if key not in _ADDED_KEYS), None)


Occurrence = Annotated[
    Annotated[Before, Tag("before")]
    | Annotated[By, Tag("by")]
    | Annotated[Window, Tag("window")]
    | Annotated[Expected, Tag("expected")],
    Discriminator(_form_of),
]


def _read_occurrences(value: object) -> object:
    parts = split_list(value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    return tuple({"window": part} if isinstance(part, str | int) else part for part in parts)


class Listed(Record):
    """Several dates or windows; each is an occurrence of its own."""

    list: Annotated[tuple[Occurrence, ...], BeforeValidator(_read_occurrences)] = Field(min_length=1)


DateExpression = Annotated[
    Annotated[Before, Tag("before")]
    | Annotated[By, Tag("by")]
    | Annotated[Window, Tag("window")]
    | Annotated[Listed, Tag("list")]
    | Annotated[At, Tag("at")]
    | Annotated[Expected, Tag("expected")]
    | Annotated[Within, Tag("within")]
    | Annotated[CutOff, Tag("cut_off")],
    Discriminator(_form_of),
]

_FORM_KEYS = ("before", "by", "window", "list", "at", "expected", "within", "cut_off")


class Due(Record):
    """A due date with its form, whose it is, and the item it comes from."""

    date: DateExpression | None = None
    origin: Origin = Origin.PLAN
    source: Source

    @model_validator(mode="before")
    @classmethod
    def gather_form(cls, data: object) -> object:
        """Move the one form key of the flat writing into `date`."""
        if not isinstance(data, dict) or "date" in data:
            return data
        found = [key for key in _FORM_KEYS if key in data]
        if len(found) > 1:
            raise ValueError(f"two date forms at once, {found[0]} and {found[1]}; keep one")
        if not found:
            raise ValueError(f"no date form here; write one of {DATE_FORMS}")
        form = {key: data[key] for key in (found[0], *_ADDED_KEYS) if key in data}
        rest = {key: value for key, value in data.items() if key not in form}
        return {**rest, "date": form}

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the flat writing, as files use it."""
        text_or_year: dict[str, Any] = {"type": ["string", "integer"]}
        item: dict[str, Any] = {"type": ["string", "integer", "object"]}
        return {
            "title": "Due",
            "description": f"A due date: one of {DATE_FORMS}.",
            "type": "object",
            "properties": {
                "before": {"type": "string", "format": "date"},
                "leaving": {"type": "string"},
                "by": text_or_year,
                "window": text_or_year,
                "list": {"anyOf": [{"type": "string"}, {"type": "array", "items": item, "minItems": 1}]},
                "at": {"enum": ["year-end", "ongoing", "none"]},
                "expected": text_or_year,
                "within": {"type": "string"},
                "cut_off": text_or_year,
                "plus": {"type": "string"},
                "origin": {"enum": [origin.value for origin in Origin]},
                "source": {"type": "string", "minLength": 1, "maxLength": 300},
            },
            "required": ["source"],
            "additionalProperties": False,
        }


class ReportBeforeDay(Record):
    """Before that day of the period's last month, strictly; a month without it may be used whole."""

    before_day: int = Field(ge=2, le=31)
    origin: Origin = Origin.PLAN
    source: Source


class ReportCutOff(Record):
    """Figures close on that day of the period's last month and are sent within some working days."""

    cut_off_day: int = Field(ge=1, le=31)
    plus: WorkingDaysText
    origin: Origin = Origin.PLAN
    source: Source


class ReportWithin(Record):
    """Within a counted term from the last day of the period."""

    within: ReportWithinText
    origin: Origin = Origin.PLAN
    source: Source


_REPORT_KEYS = ("before_day", "cut_off_day", "within")


def _report_form_of(value: object) -> str | None:
    keys = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, Record) else ()
    return next((key for key in _REPORT_KEYS if key in keys), None)


ReportDue = Annotated[
    Annotated[ReportBeforeDay, Tag("before_day")]
    | Annotated[ReportCutOff, Tag("cut_off_day")]
    | Annotated[ReportWithin, Tag("within")],
    Discriminator(_report_form_of),
]
"""When a periodic report is due, counted from its period."""

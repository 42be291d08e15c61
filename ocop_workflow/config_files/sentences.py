"""Pydantic's findings in plain English, each with its remedy and the line it belongs to."""

import types
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ocop_workflow.config_files.documents import Document, Location
from ocop_workflow.config_files.faults import Fault, shortened
from ocop_workflow.policy.date_forms import DATE_FORMS, REPORT_FORMS


def faults_of(error: ValidationError, document: Document, model: type[BaseModel]) -> tuple[Fault, ...]:
    """Return one fault for each finding of `error`, with the line of the part it is about."""
    return tuple(
        document.fault(detail["loc"], _sentence(detail, document.data, model))
        for detail in error.errors(include_url=False)
    )


def model_sentences(error: ValidationError, model: type[BaseModel], data: Any) -> tuple[str, ...]:
    """Return the sentences alone, for data that has no lines of its own, such as a row of a table."""
    return tuple(_sentence(detail, data, model) for detail in error.errors(include_url=False))


def _sentence(detail: ErrorDetails, data: Any, model: type[BaseModel]) -> str:
    loc = detail["loc"]
    kind = detail["type"]
    if kind == "missing":
        return _missing(loc, data)
    if kind == "extra_forbidden":
        return _unknown(str(loc[-1]), _allowed_keys(model, loc[:-1]))
    subject = _subject(loc)
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        forms = REPORT_FORMS if _allowed_keys(model, loc) & {"before_day"} else DATE_FORMS
        return f"{subject} has no known date form; write one of {forms}"
    context = detail.get("ctx", {})
    if kind == "value_error":
        return f"{subject}: {context.get('error')}"
    phrase = _PHRASES.get(kind)
    if phrase is None:
        return f"{subject} can't be read; compare it with the JSON Schema named on the first line of the file"
    return f"{subject} {phrase(context)}, not {_shown(detail['input'])}"


def _must(words: str) -> Callable[[dict[str, Any]], str]:
    return lambda _context: f"must be {words}"


def _bound(words: str, name: str) -> Callable[[dict[str, Any]], str]:
    return lambda context: f"must be {words} {context.get(name)}"


_ID = "an id: lower-case letters and digits, with - _ or . between them"
_DAY = "a day written as 2018-06-30"
_TIME = "a time of day written as 07:30"
_WHOLE = "a whole number without quotes"
_PHRASES: dict[str, Callable[[dict[str, Any]], str]] = {
    "string_type": _must("a text; put numbers, true and false in quotes"),
    "string_too_short": _must("a text that is not empty"),
    "string_too_long": _bound("a shorter text, with characters at most", "max_length"),
    "string_pattern_mismatch": _must(_ID),
    "int_type": _must(_WHOLE),
    "int_parsing": _must(_WHOLE),
    "int_from_float": _must(_WHOLE),
    "decimal_type": _must("a number"),
    "decimal_parsing": _must("a number"),
    "bool_type": _must("true or false"),
    "bool_parsing": _must("true or false"),
    "float_type": _must("a number"),
    "float_parsing": _must("a number"),
    "date_type": _must(_DAY),
    "date_parsing": _must(_DAY),
    "date_from_datetime_parsing": _must(_DAY),
    "date_from_datetime_inexact": _must(_DAY),
    "time_type": _must(_TIME),
    "time_parsing": _must(_TIME),
    "dict_type": _must("keys with values"),
    "model_type": _must("keys with values"),
    "tuple_type": _must("a list"),
    "list_type": _must("a list"),
    "too_short": _must("a list with at least one entry"),
    "literal_error": _bound("one of", "expected"),
    "enum": _bound("one of", "expected"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "greater_than": _bound("more than", "gt"),
    "less_than": _bound("less than", "lt"),
}


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return shortened(value)


def _subject(loc: Location) -> str:
    """Name the part in question by its last key."""
    keys = [part for part in loc if isinstance(part, str)]
    if not keys:
        return "the file"
    if keys[-1] == "[key]":
        return "a key here"
    if isinstance(loc[-1], int):
        return f'entry {loc[-1] + 1} of "{keys[-1]}"'
    return f'"{keys[-1]}"'


def _missing(loc: Location, data: Any) -> str:
    key = str(loc[-1])
    owner = _part(data, loc[:-1])
    name = shortened(owner["id"]) if isinstance(owner, dict) and "id" in owner else ""
    if "report_duties" in loc and key == "collector":
        return f"report duty {name} has no collector: name the unit and role that receive it"
    if key == "source":
        return f'{name} "source" is missing; name the article or item, or write: chosen for this example'.lstrip()
    holder = f" in {name}" if name else ""
    return f'"{key}" is missing{holder}; add it'


def _unknown(key: str, allowed: frozenset[str]) -> str:
    close = get_close_matches(key, allowed, n=1)
    if close:
        return f'unknown key {shortened(key)}; did you mean "{close[0]}"?'
    return f"unknown key {shortened(key)}; allowed here are {', '.join(sorted(allowed))}"


def _part(data: Any, loc: Location) -> Any:
    for key in loc:
        in_mapping = isinstance(data, dict) and key in data
        in_list = isinstance(data, list) and isinstance(key, int) and key < len(data)
        if in_mapping or in_list:
            data = data[key]
    return data


def _allowed_keys(model: type[BaseModel], loc: Location) -> frozenset[str]:
    """Return the keys that the records at `loc` know."""
    at: list[Any] = [model]
    for part in loc:
        at = [step for annotation in at for step in _steps(annotation, part)] or at
    return frozenset(key for annotation in at for record in _records(annotation) for key in record.model_fields)


def _steps(annotation: Any, part: str | int) -> Iterator[Any]:
    """Yield what stands below `annotation` under a key or an index."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _steps(get_args(annotation)[0], part)
    elif origin in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _steps(member, part)
    elif origin in {tuple, list} and isinstance(part, int):
        yield get_args(annotation)[0]
    elif origin is dict:
        yield get_args(annotation)[1]
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and part in annotation.model_fields:
        yield annotation.model_fields[str(part)].annotation


def _records(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for member in get_args(annotation):
        yield from _records(member)

"""The forms of a due date: read, written back, refused with a remedy."""

import json

import pytest
from pydantic import ValidationError

from ocop_workflow.policy.date_expressions import Due


def due(**form: object) -> Due:
    return Due.model_validate({**form, "source": "item 1"})


ALL_FORMS: list[dict[str, object]] = [
    {"before": "2020-06-30"},
    {"before": "2027-04-30", "leaving": "15 working days"},
    {"by": 2020},
    {"by": "tháng 5/2020"},
    {"window": "Tháng 4-5/2020"},
    {"by": "2020-06-30"},
    {"window": "2018-Q1..2018-Q2"},
    {"list": ["2020-04", {"expected": "2020-09"}]},
    {"at": "year-end"},
    {"expected": "2021-09"},
    {"within": "15 working days of received"},
    {"cut_off": 14, "plus": "2 working days"},
    {"cut_off": "2020-06-14", "plus": "2 working days"},
    {"by": "2020", "origin": "statutory"},
]


@pytest.mark.parametrize("form", ALL_FORMS)
def test_due_comes_back_from_json_and_from_its_own_data(form: dict[str, object]) -> None:
    written = due(**form)

    assert Due.model_validate_json(written.model_dump_json()) == written
    assert Due.model_validate(json.loads(json.dumps(written.model_dump(mode="json")))) == written
    assert Due.model_validate(written.model_dump()) == written


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "no date form here; write one of before"),
        ({"by": "2020-06", "before": "2020-06-30"}, "two date forms at once, before and by; keep one"),
        ({"by": "2020-13"}, '"2020-13" is not in the calendar'),
        ({"before": "2021-02-29"}, '"2021-02-29" is not in the calendar'),
        ({"before": "2020-06"}, '"2020-06" must be one day'),
        ({"by": "tháng sáu"}, "is no day, month, quarter or year"),
        ({"by": "2020-04..2020-05"}, "is no day, month, quarter or year"),
        ({"by": "Quý V/2020"}, "is no day, month, quarter or year"),
        ({"window": "2020-05..2020-04"}, "ends before it starts"),
        ({"within": "15 working days of lunch"}, "is no counted term"),
        ({"within": "0 days of received"}, "is no counted term"),
        ({"cut_off": 32, "plus": "2 working days"}, "32 is no day of a month"),
        ({"cut_off": 14, "plus": "2 days"}, "must count working days"),
        ({"by": "x" * 500}, "is no day, month, quarter or year"),
    ],
)
def test_due_refuses_what_it_cannot_read(form: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        due(**form)

    message = str(refusal.value.errors(include_url=False)[0]["ctx"]["error"])
    assert sentence in message
    assert "x" * 81 not in message


def test_due_refuses_a_date_without_its_source() -> None:
    with pytest.raises(ValidationError, match="source"):
        Due.model_validate({"by": "2020-06"})


@pytest.mark.parametrize("form", [{"by": "2027-04"}, {"at": "year-end"}, {"within": "15 days of received"}])
def test_only_before_leaves_working_days_to_somebody_else(form: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="leaving"):
        Due.model_validate({**form, "leaving": "15 working days", "source": "item 1"})


@pytest.mark.parametrize("term", ["15 days", "15 working days of received", "0 working days"])
def test_what_is_left_is_counted_in_working_days(term: str) -> None:
    with pytest.raises(ValidationError, match="working days"):
        Due.model_validate({"before": "2027-04-30", "leaving": term, "source": "item 1"})


@pytest.mark.parametrize("text", ["tháng 13/2020", "quý 5/2020", "tháng 0/2020", "tháng 5 năm 2020"])
def test_printed_periods_outside_the_calendar_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Due.model_validate({"by": text, "source": "item 1"})

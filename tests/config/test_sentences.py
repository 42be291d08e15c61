"""Faults of models in plain English: one sentence with the remedy, on the line of the part in question."""

from pathlib import Path

import pytest

from ocop_workflow.config_files import InvalidFilesError, load_plan, load_units

SMALL = Path(__file__).parent / "small"
JARGON = ("pydantic", "Input should", "valid ", "type=", "https://", "dictionary", "validator")


def faults_after(tmp_path: Path, old: str, new: str) -> list[tuple[int, str]]:
    """Return the faults of the small plan after one replacement."""
    text = (SMALL / "cycles" / "small.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "small.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as refusal:
        load_plan(path)
    return [(fault.line, fault.sentence) for fault in refusal.value.faults]


NO_DATE_FORM = (
    "no date form here; write one of before: 2020-06-30, by: 2020-06 (or a day, 2020-Q2, 2020), "
    "window: 2020-04..2020-05, list: [..], at: year-end (or ongoing, none), expected: 2021-09, "
    "within: 15 working days of received, cut_off: 14 with plus: 2 working days"
)
NO_REPORT_FORM = (
    "has no known date form; write one of before_day: 30, cut_off_day: 14 with plus: 2 working days, "
    "within: 15 days of period_end (or working days)"
)
NO_PERIOD = "is no day, month, quarter or year; write 2020-06-30, 2020-06, 2020-Q2, 2020 or Quý II/2020"
NO_ID = "must be an id: lower-case letters and digits, with - _ or . between them, not"
NO_TEXT = "must be a text; put numbers, true and false in quotes, not"
NO_DAY = "must be a day written as 2018-06-30, not"
NO_SOURCE = '"source" is missing; name the article or item, or write: chosen for this example'
DUE = "{ before_day: 30, source: item 3 }"


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("office: north\n", "", 1, '"office" is missing in "small"; add it'),
        ("office: north\n", "office: 12\n", 4, f'"office" {NO_TEXT} "12"'),
        ("office: north\n", "office: North Province\n", 4, f'"office" {NO_ID} "North Province"'),
        (
            "at: 07:30\nladders",
            "at: soon\nladders",
            10,
            '"digest_at" must be a time of day written as 07:30, not "soon"',
        ),
        ("first_day: 2018-01-01", "first_day: 2018-01", 7, f'"first_day" {NO_DAY} "2018-01"'),
        ("first_day: 2018-01-01", "first_day: 2018", 7, f'"first_day" {NO_DAY} "2018"'),
        ("quarter\n", "week\n", 30, "\"every\" must be one of 'month', 'quarter', 'half-year' or 'year', not \"week\""),
        (DUE, "{ before: 30, source: item 3 }", 33, f'"due" {NO_REPORT_FORM}'),
        (DUE, "{ before_day: 32, source: item 3 }", 33, '"before_day" must be at most 31, not "32"'),
        (DUE, "{ before_day: 30 }", 33, NO_SOURCE),
        ("[{ days: -7 }, { days: 1 }]", "[]", 12, '"rungs" must be a list with at least one entry, not an empty list'),
        ("{ days: -7 }", "{ day: -7 }", 12, 'unknown key "day"; did you mean "days"?'),
        ("{ days: 1 }", "{ days: soon }", 12, '"days" must be a whole number without quotes, not "soon"'),
        ("{ role: team, level: district }", "team", 31, '"reporters" must be keys with values, not "team"'),
        ("lead: { role: office, unit: north }", "lead: null", 39, '"lead" must be keys with values, not empty'),
        ("[{ days: -7 }, { days: 1 }]", "{ days: 1 }", 12, '"rungs" must be a list, not keys with values'),
        (
            "by: 2018-03, source: item 1 }",
            "by: 2018-03, source: item 1 }, lapse: { after_days: 3, grund: late, source: x }",
            23,
            'unknown key "grund"; did you mean "ground"?',
        ),
        ("window: 2018-Q2", "window: 2018-Q5", 40, f'"window": "2018-Q5" {NO_PERIOD}'),
        ("window: 2018-Q2", "when: 2018-Q2", 40, f'entry 1 of "dates": {NO_DATE_FORM}'),
    ],
)
def test_load_plan_refuses_a_wrong_part_in_plain_words(
    tmp_path: Path, old: str, new: str, line: int, sentence: str
) -> None:
    faults = faults_after(tmp_path, old, new)

    assert (line, sentence) in faults
    assert not [word for word in JARGON for _, said in faults if word in said]


def test_load_plan_names_the_allowed_keys_where_none_is_close(tmp_path: Path) -> None:
    ((_, sentence),) = faults_after(tmp_path, "{ days: 1 }", "{ days: 1, colour: red }")

    assert sentence == 'unknown key "colour"; allowed here are audience, count, days, useful_for_days'


def test_load_plan_never_shows_more_than_eighty_characters_of_a_value(tmp_path: Path) -> None:
    ((_, sentence),) = faults_after(tmp_path, "{ days: 1 }", f"{{ days: {'x' * 500} }}")

    assert "x" * 79 + "…" in sentence
    assert "x" * 80 not in sentence


def test_load_plan_names_every_fault_at_once(tmp_path: Path) -> None:
    faults = faults_after(tmp_path, "digest_at: 07:30\n", "digest_at: soon\nnumber: 12\ncolour: red\n")

    assert [line for line, _ in faults] == [10, 11, 12]


def test_load_units_refuses_what_does_not_fit_together(tmp_path: Path) -> None:
    (tmp_path / "units").mkdir()
    text = (SMALL / "units" / "small.yaml").read_text(encoding="utf-8")
    text = text.replace("parent: north", "parent: nort").replace("level: province, title", "level: nation, title")
    text += (
        "  - { id: hill, level: district, name: { vi: a, en: b }, valid_from: 2018-01-01, valid_until: 2017-01-01 }\n"
    )
    (tmp_path / "units" / "small.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidFilesError) as refusal:
        load_units(tmp_path, "small")

    assert [(fault.line, fault.sentence) for fault in refusal.value.faults] == [
        (5, 'unknown level "nation"; known are district, province'),
        (8, 'unknown unit "nort"; did you mean "north"?'),
        (9, '"hill" ends before it begins; correct one of the days'),
        (9, 'the unit "hill" stands twice; give each its own id'),
    ]

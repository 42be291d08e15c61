"""`ocop cycle calendar`: the plan's year as a table and as JSON, without a data folder."""

import csv
import io
import json
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ocop_workflow.cli import app
from ocop_workflow.cli.calendar_command import why_sentence
from ocop_workflow.cli.output import console
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir
from ocop_workflow.errors import InputError
from ocop_workflow.policy.date_expressions import (
    Anchor,
    Due,
    ReportWithin,
    report_periods,
    resolve_due,
    resolve_report_due,
)
from ocop_workflow.policy.plan import CalendarRules
from ocop_workflow.policy.working_days import working_days_of_vietnam

DAYS = working_days_of_vietnam(range(2018, 2023), CalendarRules())


def calendar(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["cycle", "calendar", *arguments, "--json"], catch_exceptions=False)
    entries = json.loads(result.stdout)

    assert result.exit_code == 0
    assert isinstance(entries, list)
    return entries


def table(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr(console, "_width", 240)
    result = CliRunner().invoke(app, ["cycle", "calendar", *arguments], catch_exceptions=False)

    assert result.exit_code == 0
    return result.stdout


def test_calendar_of_ba_don_has_the_one_month_that_its_plan_prints() -> None:
    """Part III.6: "dự kiến vào tháng 9/2021", so 1 October is the first instant too late, and nothing is enforced."""
    dated = [entry for entry in calendar("ba-don-2021") if entry["due_at"] is not None]

    assert [(entry["subject"], entry["responsible"]) for entry in dated] == [
        ("2021-1/district_evaluation/decision", "ba-don/economic_office"),
        ("2021-1/province_evaluation/submission", "ba-don/economic_office"),
    ]
    assert {entry["due_at"] for entry in dated} == {"2021-10-01T00:00:00+07:00"}
    assert {(entry["last_day"], entry["hard"], entry["source"]) for entry in dated} == {
        ("2021-09-30", False, "part III.6")
    }


def test_calendar_gives_everything_that_programs_read() -> None:
    entry = calendar("ba-don-2021", "--year", "2021")[0]

    assert entry == {
        "due_at": "2021-10-01T00:00:00+07:00",
        "last_day": "2021-09-30",
        "kind": "dossier_step",
        "subject": "2021-1/district_evaluation/decision",
        "title": {"vi": "Đánh giá, phân hạng sản phẩm cấp huyện", "en": "Evaluate the product at district level"},
        "responsible": "ba-don/economic_office",
        "hard": False,
        "source": "part III.6",
        "why": "The plan only expects it, by 30/09/2021; it is reminded of but never counted as late.",
        "rungs": [
            {
                "at": f"2021-09-{day}T07:00:00+07:00",
                "audience": "responsible",
                "useful_until": "2021-10-01T00:00:00+07:00",
                "rung": rung,
            }
            for day, rung in ((16, "-14"), (23, "-7"), (29, "-1"))
        ],
    }


def test_calendar_lists_what_has_no_date_last_with_null() -> None:
    entries = calendar("ba-don-2021")
    undated = [entry for entry in entries if entry["due_at"] is None]

    assert entries[-len(undated) :] == undated
    assert {entry["why"] for entry in undated} == {"The plan sets no date."}
    assert [(e["kind"], e["subject"], e["responsible"]) for e in undated if e["kind"] == "report"] == [
        ("report", "commune-report", "*/commune_officer")
    ]


def test_calendar_is_in_the_order_of_its_dates() -> None:
    instants = [
        entry["due_at"] for entry in calendar("quang-ninh-2017-2020", "--year", "2018") if entry["due_at"] is not None
    ]

    assert instants == sorted(instants)
    assert {instant[-6:] for instant in instants} == {"+07:00"}


def test_calendar_says_from_what_a_term_counts() -> None:
    by_subject = {entry["subject"]: entry for entry in calendar("quang-ninh-2017-2020", "--year", "2018")}
    decision = by_subject["2018-1/idea_registration/decision"]

    assert (decision["due_at"], decision["last_day"], decision["hard"]) == (None, None, True)
    assert decision["why"] == "The time limit is 10 working days after receipt of the dossier."


WHYS = [
    ({"before": "2020-06-30"}, "The plan says “before” a day, so the last day in time is 29/06/2020."),
    ({"by": "2020-06"}, "The plan says the month 6/2020, so the last day in time is 30/06/2020."),
    ({"by": "2020-Q2"}, "The plan says the quarter II/2020, so the last day in time is 30/06/2020."),
    ({"by": "2020"}, "The plan says the year 2020, so the last day in time is 31/12/2020."),
    ({"window": "2020-04..2020-05"}, "The plan gives a period; its last day is 31/05/2020."),
    ({"list": "2020-04, 2020-10"}, "The plan gives a period; its last day is 31/10/2020."),
    ({"at": "year-end"}, "The plan says the end of the year, so the last day in time is 31/12/2020."),
    ({"at": "ongoing"}, "Ongoing work without a last day."),
    (
        {"cut_off": "2020-12-14", "plus": "2 working days"},
        "Figures close on 14/12/2020 and are sent within 2 working days; the last day in time is 16/12/2020.",
    ),
    ({"within": "1 month of decided"}, "The time limit is 1 month after the decision."),
]


@pytest.mark.parametrize(("date_", "sentence"), WHYS, ids=lambda value: str(value)[:40])
def test_why_is_a_sentence_for_every_form_of_a_date(date_: dict[str, str], sentence: str) -> None:
    due = Due.model_validate({**date_, "source": "item 1"})

    assert why_sentence(resolve_due(due, year=2020, zone=OFFICE_ZONE, days=DAYS)) == sentence


def test_why_says_that_a_day_off_was_moved() -> None:
    """30 days after Thursday 2 July 2020 is Saturday 1 August; the next working day is Monday the 3rd."""
    due = Due.model_validate({"within": "30 days of received", "source": "item 1"})
    anchors = {Anchor.RECEIVED: datetime(2020, 7, 2, 9, tzinfo=OFFICE_ZONE)}
    resolved = resolve_due(due, year=2020, zone=OFFICE_ZONE, days=DAYS, anchors=anchors)

    assert resolved.last_day == date(2020, 8, 3)
    assert why_sentence(resolved) == (
        "30 days after receipt of the dossier, counted from 03/07/2020; the last day in time is 03/08/2020. "
        "01/08/2020 is a day off, so the last day in time moves to 03/08/2020."
    )


def test_why_names_the_end_of_a_reports_period() -> None:
    due = ReportWithin.model_validate({"within": "15 days of period_end", "source": "item 1"})
    first_quarter = report_periods("quarter", 2020)[0]

    sentence = why_sentence(resolve_report_due(due, first_quarter, zone=OFFICE_ZONE, days=DAYS))

    assert sentence.startswith("15 days after ")
    assert "period" in sentence
    assert sentence.endswith(", counted from 01/04/2020; the last day in time is 15/04/2020.")


def test_calendar_table_joins_the_reports_of_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        line
        for line in table(monkeypatch, "quang-ninh-2017-2020", "--year", "2018").splitlines()
        if "Report on the progress" in line
    ]

    assert len(lines) == 4
    assert "Thursday 29/03/2018" in lines[0]
    assert "OCOP team (14 units)" in lines[0]
    assert "15/03/2018 – 05/04/2018 (office)" in lines[0]


def test_calendar_table_shows_who_when_what_and_what_is_only_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = table(monkeypatch, "ba-don-2021")
    (evaluation,) = [line for line in shown.splitlines() if "Evaluate the product at district level" in line]

    assert "Thursday 30/09/2021 (expected)" in evaluation
    assert "economic office, Ba Đồn Town" in evaluation
    assert "16/09/2021 – 29/09/2021" in evaluation
    assert "OCOP officer (each unit)" in shown
    assert "2 with a date" in shown


def test_calendar_reads_a_plans_file(tmp_path: Path) -> None:
    shutil.copytree(default_config_dir(), tmp_path / "config")
    file = tmp_path / "mine.yaml"
    plan = (default_config_dir() / "cycles" / "ba-don-2021.yaml").read_text(encoding="utf-8")
    file.write_text(plan.replace("expected: 2021-09", "by: 2021-10"), encoding="utf-8")

    first = calendar(str(file), "--config", str(tmp_path / "config"))[0]

    assert (first["due_at"], first["hard"]) == ("2021-11-01T00:00:00+07:00", True)


def test_calendar_refuses_a_year_that_the_plan_lacks() -> None:
    with pytest.raises(InputError, match="plan ba-don-2021 has nothing for 2020; it has 2021"):
        CliRunner().invoke(app, ["cycle", "calendar", "ba-don-2021", "--year", "2020"], catch_exceptions=False)


def test_calendar_asks_for_the_year_of_a_plan_with_several(tmp_path: Path) -> None:
    plan = (default_config_dir() / "cycles" / "ba-don-2021.yaml").read_text(encoding="utf-8")
    file = tmp_path / "mine.yaml"
    file.write_text(f"{plan}  2022: {{}}\n", encoding="utf-8")

    with pytest.raises(InputError, match="has the years 2021, 2022; name one with --year"):
        CliRunner().invoke(app, ["cycle", "calendar", str(file)], catch_exceptions=False)


def test_calendar_needs_no_data_folder_and_loads_neither_prefect_nor_fastapi() -> None:
    code = (
        "import sys; from ocop_workflow.cli import app\n"
        "try: app(['cycle', 'calendar', 'ba-don-2021', '--json'])\n"
        "except SystemExit as stop: code = stop.code\n"
        "print('LOADED', [name for name in ('prefect', 'fastapi') if name in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env={})

    assert done.stdout.splitlines()[-1] == "LOADED [] 0"


def test_calendar_as_csv_has_the_source_of_each_date() -> None:
    ran = CliRunner().invoke(
        app, ["cycle", "calendar", "quang-ninh-2017-2020", "--year", "2018", "--csv"], catch_exceptions=False
    )
    rows = list(csv.DictReader(io.StringIO(ran.stdout)))
    reports = [row for row in rows if row["what"].startswith("Report on the progress")]

    assert [row["what"].rpartition(" ")[2] for row in reports] == ["(I/2018)", "(II/2018)", "(III/2018)", "(IV/2018)"]
    assert all(row["source"].startswith("KH 139/KH-UBND of Cẩm Phả") for row in reports)


def test_calendar_in_vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day that the plan does not print is said to be the office's own choice."""
    monkeypatch.setenv("OCOP_LANGUAGE", "vi")
    shown = CliRunner().invoke(app, ["cycle", "calendar", "quang-ninh-2017-2020", "--year", "2018", "--csv"]).stdout

    assert shown.splitlines()[0] == 'hạn cuối,bên thực hiện,việc,căn cứ,nguồn,"các lần nhắc, đầu – cuối"'
    assert "Ngày cuối cùng còn kịp là 30/03/2018, do cơ quan ấn định." in shown
    assert "Tổ OCOP (14 đơn vị)" in shown
    assert "Ban Xây dựng nông thôn mới tỉnh Quảng Ninh" in shown

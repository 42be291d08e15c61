"""`ocop cycle calendar --ics`: the plan's year as a calendar program reads it."""

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import icalendar
from typer.testing import CliRunner

from ocop_workflow.cli import app

if TYPE_CHECKING:
    from tests.ocop_workflow.cli.conftest import Run

QUANG_NINH = ("quang-ninh-2017-2020", "--year", "2018")


def events(ics: bytes) -> list[icalendar.Event]:
    return icalendar.Calendar.from_ical(ics).events


def printed(plan: tuple[str, ...], *options: str) -> bytes:
    ran = CliRunner().invoke(app, ["cycle", "calendar", *plan, "--ics", "-", *options], catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.stdout_bytes


def test_calendar_file_has_every_dated_entry_on_its_last_day(ocop: "Run") -> None:
    """Reports that many units owe on one day are one entry, as in the table: nobody wants fourteen of them."""
    entries: list[dict[str, Any]] = json.loads(ocop("cycle", "calendar", *QUANG_NINH, "--json").out)
    lines = {
        (e["subject"].rpartition("/")[0] if e["kind"] == "report" else e["subject"], e["last_day"])
        for e in entries
        if e["last_day"] is not None
    }

    assert Counter(str(event.start) for event in events(printed(QUANG_NINH))) == Counter(day for _, day in lines)


def test_a_calendar_entry_is_a_whole_day_that_makes_nobody_busy() -> None:
    """Before the 30th ("trước ngày 30") of March 2018: in time until the 29th, and there the event ends."""
    report = events(printed(QUANG_NINH))[0]

    assert (report.start, report.end) == (date(2018, 3, 29), date(2018, 3, 30))
    assert b"DTSTART;VALUE=DATE:20180329" in report.to_ical()
    assert report["TRANSP"] == "TRANSPARENT"
    assert report.DTSTAMP.utcoffset() == timedelta(0)


def test_calendar_file_keeps_vietnamese_and_its_language_and_folds_its_lines() -> None:
    """RFC 5545, section 3.1: no line is longer than 75 octets; a letter with its diacritics is not torn in two."""
    content = printed(QUANG_NINH, "--language", "vi")
    report = events(content)[0]

    assert str(report["SUMMARY"]) == "Báo cáo kết quả thực hiện Chương trình OCOP (I/2018)"
    assert report["SUMMARY"].params["LANGUAGE"] == "vi"
    assert "Tổ OCOP (14 đơn vị)" in str(report["DESCRIPTION"])
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode("utf-8") is not None for line in lines)


def test_importing_the_calendar_again_moves_entries_instead_of_doubling_them() -> None:
    vietnamese, english = (events(printed(QUANG_NINH, "--language", language)) for language in ("vi", "en"))
    identifiers = [event["UID"] for event in vietnamese]

    assert identifiers == [event["UID"] for event in english]
    assert len(set(identifiers)) == len(identifiers)


def test_an_expected_date_says_so_in_the_calendar() -> None:
    """Part III.6 of Ba Đồn's plan: "dự kiến vào tháng 9/2021"."""
    assert {
        (str(event["SUMMARY"]), event.start) for event in events(printed(("ba-don-2021",), "--language", "vi"))
    } == {
        ("Đánh giá, phân hạng sản phẩm cấp huyện (dự kiến)", date(2021, 9, 30)),
        ("Trình hồ sơ lên cấp tỉnh (dự kiến)", date(2021, 9, 30)),
    }


def test_calendar_file_is_written_where_it_was_asked_for(ocop: "Run", tmp_path: Path) -> None:
    file = tmp_path / "plan.ics"
    ran = ocop("cycle", "calendar", "ba-don-2021", "--ics", file)

    assert (ran.code, ran.out) == (0, "")
    assert str(file) in ran.err
    assert len(events(file.read_bytes())) == 2


def test_a_calendar_file_that_cannot_be_written_is_refused(ocop: "Run", tmp_path: Path) -> None:
    ran = ocop("cycle", "calendar", "ba-don-2021", "--ics", tmp_path / "nowhere" / "plan.ics")

    assert ran.code == 2
    assert "name another file" in ran.err

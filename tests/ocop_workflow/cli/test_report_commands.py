"""The receiving side's commands, and the year of reports as table, JSON, spreadsheet and page."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from ocop_workflow.cli.demo import default_staging, prepare_folder
from ocop_workflow.config_files import default_config_dir, load_plan_files
from ocop_workflow.replay import Staging, stage_year
from ocop_workflow.runtime import open_runtime

SPRING = Path(__file__).parents[2] / "replay" / "spring.yaml"
COLLECTING = """\
      - id: summary
        title: { vi: "=1+1", en: "=1+1" }
        every: quarter
        collects: progress
        reporters: { role: coordination_office, unit: quang-ninh }
        collector: { role: province_leader, unit: quang-ninh }
        due: { before_day: 31, source: made up }
        figures:
          - { id: products, title: { vi: "=SUM(A1)", en: "=SUM(A1)" } }
          - { id: note, title: { vi: "Nhận xét", en: "Remarks" }, kind: text }
        source: made up
    tasks:
"""


@pytest.fixture(scope="module")
def opened_collecting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of spring, whose office adds up its districts' reports; opened on 1 March 2018."""
    config = default_config_dir()
    made = tmp_path_factory.mktemp("collecting")
    plan = made / "spring.yaml"
    plan.write_text(SPRING.read_text(encoding="utf-8").replace("    tasks:\n", COLLECTING, 1), encoding="utf-8")
    base = default_staging(config)
    demo = base.demo.model_copy(update={"opens": "03-01"})
    staging = Staging(load_plan_files(plan, config), 2018, 5, demo, base.schedules)
    prepare_folder(made / "data", staging)
    with open_runtime(made / "data") as runtime:
        stage_year(runtime, staging)
    return made / "data"


@pytest.fixture
def collecting(opened_collecting: Path, tmp_path: Path) -> Path:
    """A copy of that folder for one test."""
    shutil.copytree(opened_collecting, tmp_path / "collecting")
    return tmp_path / "collecting"


def row_of(ocop: Any, folder: Path, unit: str, period: str = "2018-Q1") -> dict[str, Any]:
    rows = json.loads(ocop("report", "list", "--data", folder, "--json").out)
    (found,) = [row for row in rows if (row["unit"], row["period"]) == (unit, period)]
    return dict(found)


def file(ocop: Any, folder: Path, unit: str, at: str, *figures: str) -> None:
    given = [part for figure in figures for part in ("--figure", figure)] or ["--nothing"]
    assert ocop("report", "file", "2018-Q1", unit, "--duty", "progress", *given, "--data", folder, "--at", at).code == 0


def test_report_list_says_by_how_many_days_a_report_is_late(ocop: Any, office: Path) -> None:
    """Due before 30 March: 2 April is four days after the 29th."""
    file(ocop, office, "ba-che", "2018-04-02T09:00", "products=1.250")

    row = row_of(ocop, office, "ba-che")
    other = row_of(ocop, office, "cam-pha")

    assert (row["standing"], row["days_late"], row["figures"]) == ("late", 4, {"products": 1250})
    assert (other["standing"], other["days_late"]) == ("missing", 4)


def test_report_return_accept_and_excuse(ocop: Any, office: Path) -> None:
    file(ocop, office, "ba-che", "2018-03-20T09:00", "products=9")
    where = ("--data", office)
    returned = ocop("report", "return", "2018-Q1/ba-che", "--by", "06/04/2018", "--reason", "Thiếu bảng", *where)
    assert (returned.code, returned.out.strip()) == (0, "progress 2018-Q1 of ba-che is returned")
    assert row_of(ocop, office, "ba-che")["correct_by_at"] == "2018-04-07T00:00:00+07:00"
    file(ocop, office, "ba-che", "2018-04-05T09:00", "products=10")
    assert ocop("report", "accept", "progress/2018-Q1/ba-che", *where).code == 0
    row = row_of(ocop, office, "ba-che")
    assert (row["status"], row["standing"], row["revised_at"]) == ("accepted", "in_time", "2018-04-05T09:00:00+07:00")
    again = ocop("report", "return", "2018-Q1/ba-che", "--by", "2018-04-09", "--reason", "Sai", *where)
    assert (again.code, "the report is “Accepted” and can't take `return`" in again.err) == (2, True)
    assert ocop("report", "excuse", "2018-Q1/cam-pha", "--reason", "Không có sản phẩm", *where).code == 0
    assert row_of(ocop, office, "cam-pha")["standing"] == "excused"
    assert ocop("audit", "verify", *where).code == 0


def test_report_link_is_printed_revoked_and_made_anew(ocop: Any, office: Path) -> None:
    first = ocop("report", "link", "2018-Q1/ba-che", "--data", office).out.strip()
    assert first.startswith("http://127.0.0.1:8000/s/")
    assert ocop("report", "link", "2018-Q1/ba-che", "--revoke", "--data", office).code == 0
    assert "revoked or has expired" in ocop("report", "link", "2018-Q1/ba-che", "--data", office).err
    anew = ocop("report", "link", "2018-Q1/ba-che", "--reissue", "--data", office).out.strip()
    assert anew != first
    assert anew.partition(".")[0] == first.partition(".")[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("accept", "ba-che"), "names no report; write PERIOD/UNIT"),
        (("accept", "2018-Q1/nowhere"), "0 reports of nowhere for 2018-Q1"),
        (("accept", "2018-Q1/ba-che"), "the report is “Upcoming” and can't take `accept`; possible here: file,"),
        (("return", "2018-Q1/ba-che", "--by", "soon", "--reason", "x"), "'soon' is no day"),
        (("excuse", "2018-Q1/ba-che", "--reason", " "), "the reason: why it is not required is missing"),
        (("link", "2018-Q1/ba-che", "--revoke", "--reissue"), "not both"),
        (("matrix", "--duty", "nothing"), "the plan has no report 'nothing'; it has progress"),
        (("consolidate", "progress", "2018-Q1", "--unit", "ba-che"), "collects no others; those that do: none here"),
        (("matrix", "--xlsx", "/nowhere/at/all.xlsx"), "can't be written"),
        (("matrix", "--html", "/nowhere/at/all.html"), "can't be written"),
    ],
)
def test_report_commands_refuse_with_a_remedy(
    ocop: Any, office: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = ocop("report", *arguments, "--data", office)

    assert refused.code == 2
    assert sentence in refused.err


def test_consolidate_sends_totals_and_says_when_a_supplement_is_needed(ocop: Any, collecting: Path) -> None:
    """By hand: 9 + 4 = 13 products, the third said nothing; the other 11 of 14 districts are missing."""
    for unit, figures in (("ba-che", ["products=9"]), ("cam-pha", ["products=4"]), ("co-to", [])):
        file(ocop, collecting, unit, "2018-03-20T09:00", *figures)
    where = ("consolidate", "summary", "2018-Q1", "--data", collecting)
    shown = ocop("report", *where, "--language", "vi")
    drafted = json.loads(ocop("report", *where, "--json").out)
    assert (drafted["totals"], len(drafted["missing"]), drafted["snapshot"]) == ({"products": 13}, 11, None)
    assert "Chưa có báo cáo của: " in shown.out
    assert "Tổng cộng" in shown.out
    assert "state it with --figure note=" in ocop("report", *where, "--send").err
    assert "sent upward as snapshot 1" in ocop("report", *where, "--send", "--figure", "note=Tốt").out
    file(ocop, collecting, "hai-ha", "2018-04-02T09:00", "products=1")
    row = row_of(ocop, collecting, "quang-ninh")
    assert (row["figures"], row["needs_supplement"]) == ({"products": 13, "note": "Tốt"}, True)
    assert json.loads(ocop("report", *where, "--send", "--figure", "note=Tốt", "--json").out)["snapshot"] == 2
    assert row_of(ocop, collecting, "quang-ninh")["needs_supplement"] is False
    assert ocop("audit", "verify", "--data", collecting).code == 0


def test_matrix_is_what_the_history_implies(ocop: Any, collecting: Path, tmp_path: Path) -> None:
    """In time, three days late, nothing to report, and missing; the other periods have not opened."""
    file(ocop, collecting, "ba-che", "2018-03-29T23:59", "products=9")
    file(ocop, collecting, "co-to", "2018-03-30T00:00")
    file(ocop, collecting, "cam-pha", "2018-04-01T09:00", "products=4")
    sheet, page = tmp_path / "matrix.xlsx", tmp_path / "matrix.html"
    printed = ocop("report", "matrix", "--data", collecting, "--xlsx", sheet, "--html", page, "--language", "vi")
    (progress, summary) = json.loads(ocop("report", "matrix", "--data", collecting, "--json").out)

    cells = {unit: (row["2018-Q1"]["standing"], row["2018-Q1"]["days_late"]) for unit, row in progress["units"].items()}
    expected = dict.fromkeys(cells, ("missing", 3))
    expected |= {"ba-che": ("in_time", 0), "co-to": ("nothing_late", 1), "cam-pha": ("late", 3)}
    assert len(cells) == 14
    assert cells == expected
    assert progress["tally"] == {"in_time": 1, "late": 1, "nothing_late": 1, "missing": 11, "not_yet": 42}
    assert summary["units"]["quang-ninh"]["2018-Q1"]["standing"] == "missing"
    for sign in ("✓+ 3", "0+ 1", "✗ 3", "✗ Chưa gửi, đã quá hạn: 11"):
        assert sign in printed.out
    html = page.read_text(encoding="utf-8")
    assert "http" not in html
    assert "<script" not in html
    assert "Gửi chậm, 3 ngày" in html


def test_spreadsheet_keeps_text_as_text_and_numbers_as_numbers(ocop: Any, collecting: Path, tmp_path: Path) -> None:
    """What begins with = stays text (libraries, section 8); days are days and figures add up in Excel."""
    file(ocop, collecting, "cam-pha", "2018-04-01T09:00", "products=4")
    note = ("--figure", "note==1+1")
    assert ocop("report", "consolidate", "summary", "2018-Q1", "--send", *note, "--data", collecting).code == 0
    assert ocop("report", "matrix", "--data", collecting, "--xlsx", tmp_path / "m.xlsx", "--language", "vi").code == 0

    book = load_workbook(tmp_path / "m.xlsx")

    assert book.sheetnames == ["Tình hình", "Số liệu", "Tình hình 2", "Số liệu 2"]
    figures = list(book["Số liệu"].iter_rows(values_only=True))
    (cam_pha,) = [row for row in figures if row[0] == "2018-Q1" and row[1] == "thành phố Cẩm Phả"]
    assert cam_pha[2:] == ("Gửi chậm", datetime(2018, 3, 29), datetime(2018, 4, 1, 9, 0), 3, 4)  # noqa: DTZ001 -- Excel has no zones
    head, first = list(book["Số liệu 2"].iter_rows())[:2]
    assert (head[6].value, head[6].data_type) == ("=SUM(A1)", "s")
    assert (first[7].value, first[7].data_type) == ("=1+1", "s")
    assert (first[6].value, first[6].data_type) == (4, "n")

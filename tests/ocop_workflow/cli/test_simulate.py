"""`ocop cycle simulate`: a year of a small plan that can be counted by hand, and the page made of it."""

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ocop_workflow.cli import app
from ocop_workflow.config_files import default_config_dir

if TYPE_CHECKING:
    from tests.ocop_workflow.cli.conftest import Run

SMALL = Path(__file__).parents[1] / "small"
PLAN = "coast-2018"
NOBODY_ACTS = {
    "in_time: 0.80": "in_time: 0.0",
    "late: 0.15": "late: 0.0",
    "never: 0.05": "never: 1.0",  # of submissions and of reports
    "reports_late: 0.2": "reports_late: 0.0",
    "without_address: 0.08": "without_address: 0.0",
    'ticks: ["07:30", "12:00", "17:00"]': 'ticks: ["07:30"]',
    "days_after: 31": "days_after: 0",
}


def edited(text: str, changes: dict[str, str]) -> str:
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small plan with people of whom none ever submits or reports; the steering meetings alone are held."""
    folder = tmp_path_factory.mktemp("preview") / "config"
    shutil.copytree(SMALL, folder)
    shutil.copy(default_config_dir() / "schedules.yaml", folder)
    demo = (default_config_dir() / "demo.yaml").read_text(encoding="utf-8")
    (folder / "demo.yaml").write_text(edited(demo, NOBODY_ACTS), encoding="utf-8")
    plan = folder / "cycles" / f"{PLAN}.yaml"
    automatic = "digest_at: 07:30\nescalations: automatic\nescalations_source: item 9"
    plan.write_text(edited(plan.read_text(encoding="utf-8"), {"digest_at: 07:30": automatic}), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Simulated:
    object: dict[str, Any]
    page: str
    scratch: Path


@pytest.fixture(scope="module")
def year(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    page = tmp_path_factory.mktemp("page") / "preview.html"
    arguments = ["cycle", "simulate", PLAN, "--config", str(config), "--json", "--html", str(page), "--language", "vi"]
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(scratch))
        ran = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return Simulated(json.loads(ran.stdout), page.read_text(encoding="utf-8"), scratch)


@pytest.fixture(scope="module")
def mails(year: Simulated) -> dict[str, int]:
    return {each["day"]: each["count"] for each in year.object["mails"]}


def test_the_busiest_day_is_when_producers_teams_and_superiors_meet(year: Simulated, mails: dict[str, int]) -> None:
    """2 April is the Monday after both 30 March (dossiers, a Friday) and 29 March (reports).

    Three producers are told that they are late; so are the two teams of the districts, who take the dossiers in, and
    the two leaders above the teams, who miss the reports: seven mails. No other day has more than four.
    """
    assert year.object["busiest"][:2] == [{"day": "2018-04-02", "count": 7}, {"day": "2018-07-02", "count": 4}]
    assert year.object["summary"]["busiest_day"] == "2018-04-02"
    assert sum(mails.values()) == year.object["summary"]["mails"]


def test_producers_mails_lie_on_the_working_days_of_their_ladder(mails: dict[str, int]) -> None:
    """30 March minus 14, 7 and 1 days, and the lapse 30 days after: three producers, one of them with two dossiers."""
    assert [mails[day] for day in ("2018-03-16", "2018-03-23", "2018-03-29", "2018-04-30")] == [3, 3, 3, 3]
    assert mails["2018-04-06"] == 1, "a week after, the office alone is told, in one digest"


def test_a_reminder_on_a_saturday_comes_on_the_friday_before(mails: dict[str, int]) -> None:
    """Reports of the third quarter are due by 29 September: 14 days before is Saturday the 15th."""
    assert "2018-09-15" not in mails
    assert mails["2018-09-14"] == 2


def test_preview_counts_readers_by_month(year: Simulated) -> None:
    """April: three producers twice (2 and 30 April), four superiors on 2 April, the office on the 5th and the 6th."""
    assert year.object["readers"]["2018-04"] == {"producer": 6, "official": 0, "superior": 4, "office": 2}
    assert sum(sum(month.values()) for month in year.object["readers"].values()) == year.object["summary"]["mails"]


def test_preview_finds_the_deadlines_that_meet_a_day_off(year: Simulated) -> None:
    """Before the 30th of September and of December 2018: both 29ths are Saturdays; the two districts report."""
    assert [(met["day"], met["duties"]) for met in year.object["due_on_days_off"]] == [
        ("2018-09-29", 2),
        ("2018-12-29", 2),
    ]


def test_preview_looks_at_the_eight_working_days_before_tet(year: Simulated) -> None:
    """Lunar new year fell on 16 February 2018; the holiday began on the 14th, eight working days after the 2nd."""
    [tet] = year.object["tets"]

    assert (tet["quiet_from"], tet["first_day_off"], tet["new_year"]) == ("2018-02-02", "2018-02-14", "2018-02-16")
    assert tet["rungs"] == []


def test_preview_tells_what_is_late_missing_and_loaded(year: Simulated) -> None:
    """Nobody acts: all four dossiers lapse, all eight reports are missing, and each team's reports pile up to four."""
    assert year.object["dossiers"] == {"lapsed": 4}
    assert [(late["key"], late["late"]) for late in year.object["late"]] == [
        ("progress", {"count": 8, "of": 8}),
        ("registration/submission", {"count": 4, "of": 4}),
    ]
    assert {row["unit"]: list(row["periods"].values()) for row in year.object["reports"]} == {
        "delta": [[0, 0, 1]] * 4,
        "hill": [[0, 0, 1]] * 4,
    }
    loads = {load["position"]: load["months"] for load in year.object["loads"]}
    assert loads["hill/ocop_team"][:5] == [0, 1, 1, 1, 2], "the first report opens 30 days before 30 March"
    assert max(loads["hill/ocop_team"]) == 4


def test_the_risks_are_the_three_that_concern_most(year: Simulated) -> None:
    risks = year.object["summary"]["risks"]

    assert [(risk["risk"], risk["count"], risk["of"]) for risk in risks] == [
        ("lapsed", 4, 4),
        ("late", 4, 4),
        ("reports", 8, 8),
    ]


class Page(HTMLParser):
    """What the tests look at in a page."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.figures: list[set[str]] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "figure":
            self.figures.append(set())
        elif self.figures:
            self.figures[-1].add(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_needs_nothing_beside_itself(year: Simulated) -> None:
    """No script, no reference: it can be sent by mail, opened without network and printed."""
    page = Page(year.page)

    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & {tag for tag, _ in page.tags}
    assert not [a for _, a in page.tags if {"src", "href", "xlink:href", "srcset"} & a.keys()]
    assert not re.search(r"https?://|@import|url\(", year.page)


def test_every_chart_has_its_table_and_a_name(year: Simulated) -> None:
    page = Page(year.page)

    assert len(page.figures) == 4
    assert all({"svg", "table", "figcaption", "caption"} <= figure for figure in page.figures)
    charts = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    names = {title["id"] for title in page.all("title") if "id" in title}
    assert {svg["aria-labelledby"] for svg in charts} == names
    assert len(charts) == 4


def test_every_figure_of_the_summary_is_the_jsons(year: Simulated) -> None:
    summary = year.object["summary"]
    shown = {
        str(attributes["data-figure"]): attributes.get("value") or attributes.get("data-value")
        for _, attributes in Page(year.page).tags
        if "data-figure" in attributes
    }
    risks = [attributes for attributes in Page(year.page).all("li") if "data-risk" in attributes]

    assert shown == {name: str(value) for name, value in summary.items() if name != "risks"}
    assert [(r["data-risk"], r["data-count"], r["data-of"]) for r in risks] == [
        (risk["risk"], str(risk["count"]), str(risk["of"])) for risk in summary["risks"]
    ]


def test_the_page_is_in_the_language_asked_for_and_says_that_it_is_simulated(year: Simulated) -> None:
    page = Page(year.page)

    assert page.all("html") == [{"lang": "vi"}]
    assert "Xem trước năm 2018" in year.page
    assert "con người và hành động là mô phỏng (số gieo 1)" in year.page
    assert next(tag for tag, _ in page.tags if tag in ("h1", "h2")) == "h1"


def test_charts_draw_what_their_tables_say(year: Simulated, mails: dict[str, int]) -> None:
    """The number in each cell of the map of days is the day's, and diamonds mark the seven fixed last days."""
    drawn = [int(count) for count in re.findall(r'<text class="cell on\d"[^>]*>(\d+)</text>', year.page)]

    assert drawn == list(mails.values())
    assert year.page.count('<path class="mark"') == 1 + 2 + 4


def test_simulate_leaves_nothing_behind(year: Simulated) -> None:
    assert year.object["simulated"] is True
    assert not list(year.scratch.iterdir())


def test_a_product_in_an_unknown_unit_is_refused(ocop: "Run", config: Path, tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    header = "key,name,form,producer,unit,planned_level,group,source\n"
    products.write_text(f"{header}a-1,Mật ong,Mật ong,HTX Một,nowhere,,,made up\n", encoding="utf-8")

    ran = ocop("cycle", "simulate", PLAN, "--config", config, "--products", products)

    assert ran.code == 2
    assert "products.csv: product a-1 lies in the unknown unit nowhere" in ran.err


def test_a_folders_cycle_has_its_year(ocop: "Run", office: Path) -> None:
    ran = ocop("cycle", "simulate", office, "--year", 2018)

    assert ran.code == 2
    assert "--cycle, not --year" in ran.err


@pytest.mark.slow
def test_a_folders_cycle_is_previewed_with_what_it_is_pinned_to_and_only_read(
    ocop: "Run", config: Path, office: Path, tmp_path: Path
) -> None:
    """The plan of the folder lies in no configuration: only its pinned copy can be replayed."""
    products = tmp_path / "products.csv"
    header = "key,name,form,producer,unit,planned_level,group,source\n"
    products.write_text(f"{header}a-1,Mật ong,Mật ong,HTX Một,ba-che,,,made up\n", encoding="utf-8")
    before = ocop("audit", "verify", "--data", office).out

    ran = ocop("cycle", "simulate", office, "--config", config, "--products", products, "--json")

    preview = json.loads(ran.out)
    assert (ran.code, preview["plan"], preview["summary"]["dossiers"]) == (0, "spring", 1)
    assert ocop("audit", "verify", "--data", office).out == before


def test_a_preview_never_uses_the_offices_own_database(
    ocop: "Run", config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCOP_DATABASE_URL", f"sqlite:///{tmp_path / 'office.db'}")
    ran = ocop("cycle", "simulate", PLAN, "--config", config)

    assert ran.code == 2
    assert "run it without OCOP_DATABASE_URL" in ran.err
    assert not (tmp_path / "office.db").exists()

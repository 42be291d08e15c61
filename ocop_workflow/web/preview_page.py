"""The preview of a year as one HTML page that needs nothing beside it: no script, no style sheet, no picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

from markupsafe import Markup

from notifications.catalogue import Language, show_date
from ocop_workflow.policy.year_preview import POSITIONS_SHOWN, Reader, YearPreview
from ocop_workflow.services.letters import period_name
from ocop_workflow.services.titles import rung_title, show_month
from ocop_workflow.services.year_preview import risk_sentence
from ocop_workflow.web.rendering import load_renderer

LABELS, CHART = 250, 740
"""Widths of a chart in units of its drawing: the labels on the left, then what is drawn."""

LEVELS = 5
"""Shades of a heat map, from few to many."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The days of a year along a line of `CHART` units."""

    first: date
    last: date

    def at(self, day: date) -> float:
        """Return where a day begins; days outside lie on the edge."""
        share = (min(max(day, self.first), self.last + timedelta(days=1)) - self.first).days / self._days
        return round(LABELS + CHART * share, 1)

    def until(self, day: date) -> float:
        """Return where a day ends."""
        return self.at(day + timedelta(days=1))

    def month(self, month: str) -> float:
        """Return where a month such as `2018-01` begins."""
        return self.at(date.fromisoformat(f"{month}-01"))

    @property
    def _days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of the heat map; `level` 0 is a day without mail."""

    day: date
    count: int
    level: int
    off: bool


def preview_page(preview: YearPreview, language: Language) -> str:
    """Return the page in a language."""
    style = files("ocop_workflow.web").joinpath("static", "preview.css").read_text(encoding="utf-8")
    return load_renderer(
        simulated=True
    ).render(
        "preview",
        language,
        style=Markup(style),  # noqa: S704 -- our own file
        preview=preview,
        axis=Axis(preview.first_day, preview.last_day),
        readers=tuple(Reader),
        weeks=_day_cells(preview),
        loads=preview.loads[:POSITIONS_SHOWN],
        periods=sorted({period for row in preview.reports for period in row.periods}),
        level=level,
        number=lambda count: show_number(count, language),
        risk=lambda risk: risk_sentence(risk, language),
        rung=lambda rung: rung_title(rung)[language.value],
        month=show_month,
        period=period_name,
        days=lambda days: ", ".join(show_date(day) for day in days),
        labels=LABELS,
        width=LABELS + CHART,
        chart=CHART,
    )


def show_number(count: int, language: Language) -> str:
    """Return a number with the thousands apart in the way of a language."""
    return f"{count:,}".replace(",", ".") if language is Language.VI else f"{count:,}"


def level(count: int, most: int) -> int:
    """Return the shade of a number, from 0 for none to `LEVELS` for the most."""
    return -(-count * LEVELS // most) if most else 0


def _day_cells(preview: YearPreview) -> dict[str, list[DayCell]]:
    """Return every day of the replay by month."""
    counts = {each.day: each.count for each in preview.mails}
    most, off = max(counts.values(), default=0), set(preview.days_off)
    months: dict[str, list[DayCell]] = {month: [] for month in preview.months}
    for day in _every_day(preview.first_day, preview.last_day):
        count = counts.get(day, 0)
        months[f"{day:%Y-%m}"].append(DayCell(day, count, level(count, most), day in off))
    return months


def _every_day(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))

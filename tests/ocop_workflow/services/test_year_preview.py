"""The preview's timeline names what the plan leaves open, instead of leaving it out."""

from datetime import date
from typing import TYPE_CHECKING, Any

from ocop_workflow.services.year_preview import preview_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office


def test_a_round_without_dates_stands_in_the_timeline(office_with: "Callable[..., Office]") -> None:
    """As the second round of Thái Bình's plan: it has a conference, and no day for any step."""

    def second_round(plan: dict[str, Any]) -> None:
        titles = {"vi": "Đợt 2", "en": "Round 2"}
        days = {"opens_on": "2018-10-01", "closes_on": "2018-12-31"}
        plan["years"]["2018"]["rounds"].append({"id": "r2", "title": titles, "source": "item 3", "stages": {}, **days})

    office = office_with(plan=second_round)
    office.open()
    with office.reading("2018-12-31 08:00") as work:
        spans = preview_of(work, office.cycle(work), seed=1).spans

    (undated,) = (span for span in spans if span.key.startswith("round/"))
    assert (undated.start, undated.end, undated.marks) == (date(2018, 10, 1), date(2018, 12, 31), ())
    assert undated.title.model_dump() == {"vi": "Đợt 2: không ghi ngày", "en": "Round 2: no date printed"}

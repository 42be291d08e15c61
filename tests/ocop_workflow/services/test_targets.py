"""A plan's targets beside what was counted: each product and producer once, over the years of the plan."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.config_files import InvalidFilesError
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import Target
from ocop_workflow.policy.targets import TargetCount
from ocop_workflow.services.targets import count_targets

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

TITLE = {"vi": "Chỉ tiêu", "en": "Target"}
TARGETS = [
    {"id": "products", "counts": "products", "least": 5},
    {"id": "organisations", "counts": "producers", "least": 2, "most": 2},
    {"id": "ideas", "counts": "products", "per": "district", "least": 1, "most": 2},
    {"id": "stars", "counts": "recognised", "stars_at_least": 4, "least": 1, "of": 4},
    {"id": "trained", "percent": 100},
]


def with_targets(*targets: dict[str, Any]) -> Callable[[Any], None]:
    def edit(plan: Any) -> None:
        plan["targets"] = [{"title": dict(TITLE), "source": "item 9", **target} for target in targets]

    return edit


def counted(office: "Office") -> list[tuple[str, str | None, int | None, str | None]]:
    with office.reading() as work:
        cycle = office.cycle(work)
        counts = count_targets(work.session, cycle, work.books.of_cycle(work.session, cycle))
    return [(count.target.id, count.unit, count.reached, count.standing) for count in counts]


def test_every_target_stands_beside_its_count(office_with: "Callable[..., Office]") -> None:
    """Four products of three producers, two in each district; one is recognised with four stars, one with three."""
    office = office_with(plan=with_targets(*TARGETS))
    office.open()
    for number, points in (("1-1-1", "75"), ("1-2-1", "60")):
        office.to_council(number)
        office.score("2018-03-12 08:00", points, number=number)

    assert counted(office) == [
        ("products", None, 4, "short"),
        ("organisations", None, 3, "above"),
        ("ideas", "delta", 2, "reached"),
        ("ideas", "hill", 2, "reached"),
        ("stars", None, 1, "reached"),
        ("trained", None, None, None),
    ]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"id": "a", "counts": "products", "stars_at_least": 3}, "stars_at_least counts recognised products only"),
        ({"id": "a", "counts": "products", "per": "ward"}, 'unknown level "ward"; known are district, province'),
    ],
)
def test_a_target_that_cannot_be_counted_is_refused(
    office_with: "Callable[..., Office]", target: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidFilesError) as caught:
        office_with(plan=with_targets(target))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("least", "most", "reached", "standing"),
    [
        (5, 6, 4, "short"),
        (5, 6, 5, "reached"),
        (5, 6, 6, "reached"),
        (5, 6, 7, "above"),
        (80, None, 80, "reached"),
        (None, 3, 4, "above"),
        (None, None, 4, None),
    ],
)
def test_ranges_include_both_ends(least: int | None, most: int | None, reached: int, standing: str | None) -> None:
    """Ba Đồn wants 5 to 6 products, Quảng Ninh at least 80 organisations."""
    target = Target(id="t", title=LocalText(vi="t", en="t"), least=least, most=most, source="item 1")

    assert TargetCount(target, None, reached).standing == standing

"""Thái Bình's plan, item 12: from three stars on, each kind of support once from the state's budget."""

from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.errors import InputError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.support import SupportRefusedError, give_support, support_given
from ocop_workflow.storage.tables import Support

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


@pytest.fixture
def office(office_with: "Callable[..., Office]") -> "Office":
    """Two products of one producer, with 3 and 4 stars, and one of another producer that got two."""

    def items(plan: Any) -> None:
        packaging = {"title": {"vi": "Bao bì", "en": "Packaging"}, "once_per": "product"}
        stall = {"title": {"vi": "Điểm bán hàng", "en": "Stall"}, "once_per": "producer", "from_stars": 4}
        items: dict[str, dict[str, Any]] = {"packaging": packaging, "stall": stall}
        plan["support"] = [{"id": id_, "source": "item 12.2", **item} for id_, item in items.items()]

    opened = office_with(plan=items)
    opened.open()
    for number, points in (("1-1-1", "60"), ("1-2-1", "75"), ("2-1-1", "40")):
        opened.to_council(number)
        opened.score("2018-03-12 08:00", points, number=number)
    return opened


def give(office: "Office", item: str, number: str, document: str = "01/QĐ") -> None:
    with office.at("2018-06-01 08:00") as work:
        give_support(work, office.dossier(work, number), item, actor=OFFICE, document=document)


def test_each_content_is_given_once_for_each_product(office: "Office") -> None:
    give(office, "packaging", "1-1-1")
    give(office, "packaging", "1-2-1")
    with pytest.raises(SupportRefusedError, match=r"given to this product on 01/06/2018 by 01/QĐ; .*\(item 12\.2\)"):
        give(office, "packaging", "1-1-1", "02/QĐ")

    with office.reading() as work:
        assert len(support_given(work.session, office.cycle(work))) == 2
        assert verify(work.session).faults == ()


def test_the_plan_can_give_it_once_to_each_producer(office: "Office") -> None:
    """Both products are of one cooperative."""
    give(office, "stall", "1-2-1")
    with office.at("2018-06-02 08:00") as work:
        dossier = office.dossier(work, "1-1-1")
        dossier.stars = 4
        with pytest.raises(SupportRefusedError, match="given to this producer on 01/06/2018"):
            give_support(work, dossier, "stall", actor=OFFICE, document="03/QĐ")


@pytest.mark.parametrize(
    ("item", "number", "document", "sentence"),
    [
        (
            "packaging",
            "2-1-1",
            "01/QĐ",
            r"with 3 stars or more; .* is “Rated, without certificate” with 2 \(item 12\.2\)$",
        ),
        ("stall", "1-1-1", "01/QĐ", r"recognised with 4 stars or more; .* is “Recognised” with 3 \(item 12\.2\)$"),
        ("packaging", "2-1-2", "01/QĐ", r"2-1-2 is “Awaiting submission” \(item 12\.2\)$"),
        ("website", "1-1-1", "01/QĐ", "no support item 'website'; it has packaging, stall"),
    ],
)
def test_what_the_plan_does_not_give_is_refused_with_its_item(
    office: "Office", item: str, number: str, document: str, sentence: str
) -> None:
    with pytest.raises(SupportRefusedError, match=sentence):
        give(office, item, number, document)
    with office.reading() as work:
        assert support_given(work.session, office.cycle(work)) == []


def test_support_needs_the_number_of_its_document(office: "Office") -> None:
    with pytest.raises(InputError, match="the number of the document that gives the support is missing"):
        give(office, "packaging", "1-1-1", " ")


@pytest.mark.parametrize("edit", ["document = '09/QĐ'", "key = 'x'", "given_at = '2017-01-01 00:00:00.000000'"])
def test_an_edited_grant_is_found(office: "Office", edit: str) -> None:
    give(office, "packaging", "1-1-1")
    with office.at("2018-06-02 08:00") as work:
        work.session.connection().exec_driver_sql(f"UPDATE {Support.__tablename__} SET {edit}")
    with office.reading() as work:
        assert [fault.sentence for fault in verify(work.session).faults] == ["the row is not as its event says"]

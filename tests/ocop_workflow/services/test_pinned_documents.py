"""The shelf of pinned documents: what two rulebooks have in common is kept once."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.pinned_documents import RulebookShelf

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office


def test_cycles_of_two_offices_share_the_documents_that_are_the_same(office: "Office") -> None:
    """34 offices with one register of 3,355 units hold it once, not 34 times."""
    plan = office.documents.plan.model_copy(update={"id": "hill-2018", "office": "hill"})
    with office.at("2018-01-03 08:00") as work:
        other = open_cycle(work, replace(office.documents, plan=plan), year=2018, actor="hill/office")
        shelf = RulebookShelf()
        first, second = shelf.of_cycle(work.session, office.cycle(work)), shelf.of_cycle(work.session, other)

        assert second.plan.id == "hill-2018"
        assert first.plan.id == "coast-2018"
        assert first.units is second.units
        assert first.rule_set is second.rule_set
        assert first.products is second.products

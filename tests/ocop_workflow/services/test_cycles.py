"""Opening and closing a cycle, pinned to its documents (I6)."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlmodel import select

from ocop_workflow.policy.plan import CycleYear
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import CycleError, close_cycle, close_intake, find_cycle, open_cycle, steps_due
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import events_of
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.storage.tables import PinnedDocument
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def test_open_cycle_pins_plan_rule_set_units_days_off_and_products(office: "Office") -> None:
    """I6: what the cycle was opened with is stored by content hash and read back as it was."""
    with office.reading() as work:
        cycle = office.cycle(work)
        book = RulebookShelf().of_cycle(work.session, cycle)
        kinds = sorted(work.session.exec(select(PinnedDocument.kind)))
        (event,) = events_of(work.session, f"cycle:{cycle.id}")

    documents = office.documents
    assert kinds == ["days", "plan", "products", "rule_set", "units"]
    assert (book.plan, book.rule_set, book.units) == (documents.plan, documents.rule_set, documents.units)
    assert (book.days, book.products) == (documents.days, documents.products)
    assert cycle.plan_hash in event.details


def test_open_cycle_refuses_a_year_that_is_open(office: "Office") -> None:
    with office.at("2018-02-01 08:00") as work, pytest.raises(CycleError, match="coast-2018/2018 is open already"):
        open_cycle(work, office.documents, year=2018, actor=OFFICE)


def test_open_cycle_refuses_a_year_the_plan_does_not_have(unopened_office: "Office") -> None:
    with (
        unopened_office.at("2018-02-01 08:00") as work,
        pytest.raises(CycleError, match="nothing for 2019; it has 2018"),
    ):
        open_cycle(work, unopened_office.documents, year=2019, actor=OFFICE)


@pytest.mark.parametrize(("when", "refused"), [("2019-03-31 23:59", False), ("2019-04-01 00:00", True)])
def test_open_cycle_refuses_a_plan_whose_horizon_is_past(
    unopened_office: "Office", when: str, *, refused: bool
) -> None:
    with unopened_office.at(when) as work:
        if refused:
            with pytest.raises(CycleError, match="ran until 2019-04-01"):
                open_cycle(work, unopened_office.documents, year=2018, actor=OFFICE)
        else:
            open_cycle(work, unopened_office.documents, year=2018, actor=OFFICE)


@pytest.mark.parametrize(
    ("when", "steps"),
    [
        ("2018-04-30 23:59:59", []),
        ("2018-05-01 00:00:00", ["close-intake"]),
        ("2019-03-31 23:59:59", ["close-intake"]),
        ("2019-04-01 00:00:00", ["close-intake", "close"]),
    ],
)
def test_steps_due_come_after_the_last_round_and_at_the_horizon(office: "Office", when: str, steps: list[str]) -> None:
    with office.reading(when) as work:
        assert steps_due(work, office.cycle(work)) == steps


def test_steps_due_of_a_plan_without_rounds_never_close_an_intake(unopened_office: "Office") -> None:
    """A plan of nothing but reports has no intake that could be over."""
    plan = unopened_office.documents.plan
    bare = plan.model_copy(update={"years": {2018: CycleYear(report_duties=plan.years[2018].report_duties)}})
    with unopened_office.at("2018-02-01 08:00") as work:
        cycle = open_cycle(work, replace(unopened_office.documents, plan=bare), year=2018, actor=OFFICE)
        assert steps_due(work, cycle) == []


def test_open_dossiers_go_on_after_the_cycle_was_closed(office: "Office") -> None:
    """Section 10: closing stops intake; what is open runs on under the cycle's documents."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    with office.at("2019-04-01 08:00") as work:
        cycle = office.cycle(work)
        close_intake(work, cycle, actor=OFFICE)
        close_cycle(work, cycle, actor=OFFICE)
        with pytest.raises(CycleError, match="closed already"):
            close_cycle(work, cycle, actor=OFFICE)
    with office.at("2019-04-02 08:00") as work:
        apply_trigger(work, office.dossier(work), Request(DossierTrigger.RECEIVE, "hill/ocop_team"))
        cycle = office.cycle(work)
        states = [(event.from_state, event.to_state) for event in events_of(work.session, f"cycle:{cycle.id}")]
        assert states == [(None, "open"), ("open", "intake_closed"), ("intake_closed", "closed")]
        assert verify(work.session).faults == ()


def test_find_cycle_needs_no_key_where_there_is_one(office: "Office") -> None:
    with office.reading() as work:
        assert find_cycle(work.session, None).key == find_cycle(work.session, "coast-2018/2018").key
        with pytest.raises(CycleError, match="no cycle 'x'"):
            find_cycle(work.session, "x")


def test_find_cycle_names_what_to_do_where_there_is_none(unopened_office: "Office") -> None:
    with unopened_office.reading() as work, pytest.raises(CycleError, match="ocop cycle open PLAN"):
        find_cycle(work.session, None)

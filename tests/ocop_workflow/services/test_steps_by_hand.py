"""Steps that no trigger settles: the chain of dates passes over them (I5)."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from ocop_workflow.storage.tables import Obligation
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

TEAM = {"level": "district", "role": "ocop_team"}


def by_hand(step: str) -> dict[str, Any]:
    return {"id": step, "title": {"vi": "Kiểm tra", "en": "Check"}, "owner": dict(TEAM)}


def with_step(office_with: "Callable[..., Office]", step: str, place: int) -> "Office":
    """Open the small office with one more step at a place of the registration, dated, and no trigger."""

    def rules(data: dict[str, Any]) -> None:
        data["route"]["stages"][0]["steps"].insert(place, by_hand(step))

    def plan(data: dict[str, Any]) -> None:
        dates = data["years"]["2018"]["rounds"][0]["stages"]["registration"]
        dates[step] = {"due": {"within": "2 working days of received", "source": "item 5"}}
        del dates["completion"]

    office = office_with(plan=plan, rules=rules)
    office.open()
    return office


def steps(office: "Office") -> list[tuple[str | None, str]]:
    with office.reading() as work:
        dossier = office.dossier(work)
        query = select(Obligation.step, Obligation.status).where(col(Obligation.subject_id) == dossier.id)
        return list(work.session.exec(query.order_by(col(Obligation.opens_at), col(Obligation.status))))


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_step_without_trigger_never_blocks_the_next_one(office_with: "Callable[..., Office]", place: int) -> None:
    """I5: the decision falls due, whichever place the step by hand has; it used to wait for ever."""
    office = with_step(office_with, "check", place)
    assert steps(office) == [("submission", "open")]
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)

    assert steps(office) == [("submission", "done"), ("receipt", "done"), ("decision", "open")]


def test_a_completion_without_a_date_takes_the_decisions_not_the_last_steps(
    office_with: "Callable[..., Office]",
) -> None:
    """Section 5: the clock of the decision runs on; a notice by hand behind it says nothing about that."""
    office = with_step(office_with, "written_notice", 3)
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.act("2018-03-07 08:00", DossierTrigger.RETURN)

    with office.reading() as work:
        assert office.obligation(work, "completion").due_at == office.obligation(work, "decision").due_at

"""Steps that no trigger settles: done by hand with their document, beside the route and after a decision (I5)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from ocop_workflow.config_files import InvalidFilesError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossiers import NotPermittedError, Request, apply_trigger
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.hand_steps import StepError, record_step
from ocop_workflow.services.status_page import status_page
from ocop_workflow.storage.tables import Obligation
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

TEAM = {"level": "district", "role": "ocop_team"}
COUNCIL = {"level": "province", "role": "province_council"}
OFFICE = "coast/coordination_office"
Making = Callable[..., "Office"]


def by_hand(step: str, owner: dict[str, str] = TEAM, **more: Any) -> dict[str, Any]:
    return {"id": step, "title": {"vi": "Kiểm tra", "en": "Check"}, "owner": dict(owner), **more}


def with_step(office_with: Making, step: str, place: int) -> "Office":
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


@pytest.fixture
def evaluated(office_with: Making) -> "Office":
    """The small office whose evaluation has minutes before the decision and a publication after it."""

    def rules(data: dict[str, Any]) -> None:
        steps = data["route"]["stages"][1]["steps"]
        steps.insert(2, by_hand("minutes", COUNCIL, document_number=True))
        steps.append(by_hand("publication", COUNCIL, document_number=True))

    def plan(data: dict[str, Any]) -> None:
        dates = data["years"]["2018"]["rounds"][0]["stages"]["evaluation"]
        dates["minutes"] = {"due": {"within": "6 working days of received", "source": "item 5"}}
        dates["publication"] = {
            "due": {"within": "5 working days of decided", "source": "item 5"},
            "ladder": "official",
        }

    office = office_with(plan=plan, rules=rules)
    office.open()
    office.to_council()
    return office


def steps(office: "Office", stage: str = "registration") -> list[tuple[str | None, str]]:
    with office.reading() as work:
        dossier = office.dossier(work)
        query = select(Obligation.step, Obligation.status).where(
            col(Obligation.subject_id) == dossier.id, col(Obligation.stage) == stage
        )
        return list(work.session.exec(query.order_by(col(Obligation.opens_at), col(Obligation.step).desc())))


@pytest.mark.parametrize(("place", "opened"), [(0, "submission"), (1, "submission"), (2, "receipt"), (3, "decision")])
def test_a_step_by_hand_never_blocks_the_next_one(office_with: Making, place: int, opened: str) -> None:
    """I5: the decision falls due, whichever place the step by hand has; the step opens with the one before it."""
    office = with_step(office_with, "check", place)
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)

    found = [each for each in steps(office) if each[0] != "check"]
    assert found == [("submission", "done"), ("receipt", "done"), ("decision", "open")]
    assert ("check", "open") not in steps(office) or opened != "decision"


def test_a_step_by_hand_is_owed_beside_the_decision_and_settled_with_its_document(evaluated: "Office") -> None:
    """Received on Friday 9 March: the minutes by Monday 19 March, the decision by Wednesday 21 March."""
    assert steps(evaluated, "evaluation")[2:] == [("minutes", "open"), ("decision", "open")]
    with evaluated.reading() as work:
        due_at = evaluated.obligation(work, "minutes").due_at
        assert due_at is not None
        assert due_at.isoformat() == "2018-03-19T17:00:00+00:00"
    with evaluated.at("2018-03-12 10:00") as work:
        dossier = evaluated.dossier(work)
        with pytest.raises(StepError, match="evaluation/minutes is done with a document; give its number"):
            record_step(work, dossier, "minutes", actor=OFFICE)
        with pytest.raises(NotPermittedError, match="may not do evaluation/minutes"):
            record_step(work, dossier, "minutes", actor="hill/ocop_team", document="3/BB")
        for _ in range(2):
            record_step(work, dossier, "minutes", actor=OFFICE, document="3/BB-HĐ", command="minutes-1")
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]
        assert (event.action, details_of(event)) == (
            "step_done",
            {"stage": "evaluation", "step": "minutes", "document": "3/BB-HĐ"},
        )

    assert steps(evaluated, "evaluation")[2:] == [("minutes", "done"), ("decision", "open")]


def test_what_follows_a_decision_is_owed_after_it_also_by_a_closed_dossier(evaluated: "Office") -> None:
    """Decided on Tuesday 20 March: publication within five working days, by Tuesday 27 March; minutes are void."""
    with evaluated.at("2018-03-15 10:00") as work, pytest.raises(StepError, match="follows the decision of evaluation"):
        record_step(work, evaluated.dossier(work), "publication", actor=OFFICE, document="1/TB")
    evaluated.score("2018-03-20 08:00", "80", "80")

    assert steps(evaluated, "evaluation")[2:] == [
        ("minutes", "cancelled"),
        ("decision", "done"),
        ("publication", "open"),
    ]
    with evaluated.reading("2018-03-21 08:00") as work:
        dossier = evaluated.dossier(work)
        due_at = evaluated.obligation(work, "publication").due_at
        assert due_at is not None
        assert due_at.isoformat() == "2018-03-27T17:00:00+00:00"
        assert (dossier.status, dossier.stars) == ("recognised", 4)
        assert status_page(work, dossier).outcome is not None
    evaluated.enforce("2018-04-10 08:00")
    with evaluated.at("2018-04-10 09:00") as work:
        dossier = evaluated.dossier(work)
        assert evaluated.obligation(work, "publication").overdue_at is not None
        record_step(work, dossier, "publication", actor=OFFICE, document="1/TB")
        assert dossier.status == "recognised"
        assert verify(work.session).faults == ()

    assert ("publication", "done") in steps(evaluated, "evaluation")


def test_stars_exist_from_the_decision_only(evaluated: "Office") -> None:
    with evaluated.at("2018-03-12 10:00") as work:
        record_step(work, evaluated.dossier(work), "minutes", actor=OFFICE, document="3/BB-HĐ")

    with evaluated.reading() as work:
        assert evaluated.dossier(work).stars is None


@pytest.mark.parametrize(
    ("step", "stage", "sentence"),
    [
        ("decision", None, "'decision' is not done by hand at evaluation; so are minutes, publication"),
        ("minutes", "registration", "'minutes' is not done by hand at registration; so are none"),
        ("minutes", "national", "unknown stage 'national'; the dossier passes registration, evaluation"),
    ],
)
def test_only_steps_of_the_route_are_done_by_hand(
    evaluated: "Office", step: str, stage: str | None, sentence: str
) -> None:
    with evaluated.at("2018-03-12 10:00") as work, pytest.raises(StepError, match=sentence):
        record_step(work, evaluated.dossier(work), step, stage_id=stage, actor=OFFICE, document="1")


def test_a_step_of_a_stage_to_come_is_refused(evaluated: "Office") -> None:
    with evaluated.at("2018-03-12 10:00") as work:
        dossier = evaluated.dossier(work, "1-2-1")
        with pytest.raises(StepError, match="has not come to evaluation"):
            record_step(work, dossier, "minutes", stage_id="evaluation", actor=OFFICE, document="1")


def test_publication_outlives_the_withdrawal_from_the_next_stage(office_with: Making) -> None:
    """The district's written notice is still owed when the producer withdraws at the province."""
    office = with_step(office_with, "written_notice", 3)
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00")
    assert ("written_notice", "open") in steps(office)
    with office.at("2018-03-08 08:00") as work:
        apply_trigger(work, office.dossier(work), Request(DossierTrigger.WITHDRAW, OFFICE))

    assert ("written_notice", "open") in steps(office)


def test_a_step_by_hand_cannot_lapse_a_dossier(office_with: Making) -> None:
    def rules(data: dict[str, Any]) -> None:
        data["route"]["stages"][0]["steps"].insert(1, by_hand("sample") | {"owner": {"producer": True}})

    def plan(data: dict[str, Any]) -> None:
        dates = data["years"]["2018"]["rounds"][0]["stages"]["registration"]
        dates["sample"] = dates["submission"]

    with pytest.raises(InvalidFilesError, match='step "sample" is done by hand, so missing it can\'t lapse a dossier'):
        office_with(plan=plan, rules=rules)


def test_a_completion_without_a_date_takes_the_decisions_not_the_last_steps(office_with: Making) -> None:
    """Section 5: the clock of the decision runs on; a notice by hand behind it says nothing about that."""
    office = with_step(office_with, "written_notice", 3)
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.act("2018-03-07 08:00", DossierTrigger.RETURN)

    with office.reading() as work:
        assert office.obligation(work, "completion").due_at == office.obligation(work, "decision").due_at

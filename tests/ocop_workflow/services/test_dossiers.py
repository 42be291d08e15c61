"""A dossier's life through the one function that applies a trigger (I1, I5)."""

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from ocop_workflow.services.dossiers import (
    DossierNotFoundError,
    NotPermittedError,
    Request,
    apply_trigger,
    find_dossier,
)
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.storage.tables import Dossier, Event, Obligation
from state_machines.dossier import DossierTrigger
from state_machines.guards import Facts

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

T = DossierTrigger
OFFICE, TEAM, OTHER_TEAM, COUNCIL = (
    "coast/coordination_office",
    "hill/ocop_team",
    "delta/ocop_team",
    "coast/province_council",
)
PRODUCER, OTHER_PRODUCER = "its producer", "another producer"
EVERYBODY = (PRODUCER, OTHER_PRODUCER, OFFICE, TEAM, OTHER_TEAM, COUNCIL, "system:enforce-deadlines", "")


def obligations(office: "Office", number: str = "1-1-1") -> dict[str, str]:
    """Return the status of each obligation of a dossier by stage and step."""
    with office.reading() as work:
        dossier = office.dossier(work, number)
        rows = work.session.exec(select(Obligation).where(col(Obligation.subject_id) == dossier.id))
        return {row.key.removeprefix(f"{dossier.key}/"): row.status for row in rows}


def local(office: "Office", step: str, column: str = "due_at") -> str | None:
    """Return an instant of a step's latest obligation as local text."""
    with office.reading() as work:
        value = getattr(office.obligation(work, step), column)
        return value.astimezone(work.now.tzinfo).isoformat(sep=" ", timespec="minutes")[:16] if value else None


def status(office: "Office", number: str = "1-1-1") -> tuple[str, str]:
    with office.reading() as work:
        dossier = office.dossier(work, number)
        return dossier.stage, dossier.status


def bring_to(office: "Office", state: str) -> None:
    """Bring dossier 1-1-1 in time into one of the states of its first stage, or before the council."""
    if state == "council":
        office.to_council()
        return
    if state != "awaiting_submission":
        office.act("2018-03-05 08:00", T.SUBMIT)
    if state in ("received", "under_review", "returned"):
        office.act("2018-03-06 08:00", T.RECEIVE)
    if state == "under_review":
        office.act("2018-03-07 08:00", T.REVIEW)
    if state == "returned":
        office.act("2018-03-07 08:00", T.RETURN)


PERMITTED = [
    ("awaiting_submission", T.SUBMIT, {PRODUCER, OFFICE}),
    ("returned", T.SUBMIT, {PRODUCER, OFFICE}),
    ("submitted", T.RECEIVE, {TEAM, OFFICE}),
    ("received", T.REVIEW, {TEAM, OFFICE}),
    ("received", T.RETURN, {TEAM, OFFICE}),
    ("under_review", T.RETURN, {TEAM, OFFICE}),
    ("submitted", T.REJECT, {TEAM, OFFICE}),
    ("received", T.CONCLUDE, {TEAM, OFFICE}),
    ("awaiting_submission", T.WITHDRAW, {PRODUCER, OFFICE}),
    ("under_review", T.WITHDRAW, {PRODUCER, OFFICE}),
    ("awaiting_submission", T.LAPSE, {"system:enforce-deadlines"}),
    ("council", T.CONCLUDE, {COUNCIL, OFFICE}),
    ("council", T.RETURN, {COUNCIL, OFFICE}),
]


@pytest.mark.parametrize(("state", "trigger", "permitted"), PERMITTED)
def test_apply_trigger_lets_only_those_act_whose_act_it_is(
    office: "Office", state: str, trigger: DossierTrigger, permitted: set[str]
) -> None:
    """I5: permission is a check inside the one function, for each actor there is (peers' mistake 6)."""
    with office.reading() as work:
        parties = {
            PRODUCER: office.obligation(work, "submission", "1-1-1").party,
            OTHER_PRODUCER: office.obligation(work, "submission", "2-1-1").party,
        }
    bring_to(office, state)

    assert {who for who in EVERYBODY if may(office, trigger, parties.get(who, who))} == permitted


class UndoneError(Exception):
    """Takes a trial back."""


def undo() -> None:
    raise UndoneError


def may(office: "Office", trigger: DossierTrigger, actor: str) -> bool:
    """Try a trigger, take it back, and return whether the actor was permitted."""
    facts = Facts(verdict="accepted", mean=Fraction(60))
    try:
        with office.at("2018-03-20 08:00") as work:
            apply_trigger(work, office.dossier(work), Request(trigger, actor, facts=facts))
            undo()
    except NotPermittedError:
        return False
    except UndoneError:
        pass
    return True


def test_not_permitted_names_those_who_may(office: "Office") -> None:
    bring_to(office, "submitted")

    with pytest.raises(NotPermittedError, match="that is for coast/coordination_office or hill/ocop_team"):
        office.act("2018-03-06 08:00", T.RECEIVE, actor=OTHER_TEAM)


RESPONSIBLE = [
    ("awaiting_submission", PRODUCER),
    ("submitted", TEAM),
    ("received", TEAM),
    ("under_review", TEAM),
    ("returned", PRODUCER),
    ("council", COUNCIL),
]


@pytest.mark.parametrize(("state", "expected"), RESPONSIBLE)
def test_each_open_dossier_has_one_responsible_party(office: "Office", state: str, expected: str) -> None:
    """I5: whose move it is stands in the row, in every state."""
    with office.reading() as work:
        producer = office.obligation(work, "submission").party
    bring_to(office, state)

    with office.reading() as work:
        assert office.dossier(work).responsible == (producer if expected == PRODUCER else expected)


def test_submission_at_the_upper_level_is_the_lower_levels_move(office: "Office") -> None:
    bring_to(office, "submitted")
    office.act("2018-03-06 08:00", T.RECEIVE)
    office.conclude("2018-03-07 08:00")

    assert status(office) == ("evaluation", "awaiting_submission")
    with office.reading() as work:
        assert office.dossier(work).responsible == TEAM
    office.act("2018-03-08 08:00", T.SUBMIT)
    with office.reading() as work:
        assert office.dossier(work).responsible == OFFICE


def test_an_ended_dossier_has_nobody_responsible(office: "Office") -> None:
    office.act("2018-03-05 08:00", T.WITHDRAW)

    with office.reading() as work:
        dossier = office.dossier(work)
        assert (dossier.responsible, dossier.closed_at is not None) == (None, True)


def test_obligations_follow_the_steps_of_the_stages(office: "Office") -> None:
    """Each trigger settles its step and opens the next; a stage's end opens the next stage's first step."""
    first = obligations(office)
    office.act("2018-03-05 08:00", T.SUBMIT)
    submitted = obligations(office)
    office.act("2018-03-06 08:00", T.RECEIVE)
    received = obligations(office)
    office.conclude("2018-03-07 08:00")
    concluded = obligations(office)

    assert first == {"registration/submission": "open"}
    assert submitted == {"registration/submission": "done", "registration/receipt": "open"}
    assert received == {**submitted, "registration/receipt": "done", "registration/decision": "open"}
    assert concluded == {**received, "registration/decision": "done", "evaluation/submission": "open"}


def test_due_instants_follow_the_plan_from_their_anchors(office: "Office") -> None:
    """Counts begin the day after the anchor and skip days off: 2018-04-25 is a holiday, 04-30 and 05-01 too."""
    assert local(office, "submission") == "2018-03-31 00:00"
    office.act("2018-03-29 08:00", T.SUBMIT)  # Thursday: Friday, Monday, Tuesday 3 April
    assert local(office, "receipt") == "2018-04-04 00:00"
    office.act("2018-04-16 08:00", T.RECEIVE)  # Monday; ten working days without 25 and 30 April, 1 May: 3 May
    assert local(office, "decision") == "2018-05-04 00:00"


def test_withdrawal_cancels_what_was_open(office: "Office") -> None:
    bring_to(office, "received")
    office.act("2018-03-07 08:00", T.WITHDRAW, actor=OFFICE)

    assert obligations(office) == {
        "registration/submission": "done",
        "registration/receipt": "done",
        "registration/decision": "cancelled",
    }
    with office.reading() as work:
        decision = office.obligation(work, "decision")
        assert (decision.next_action_at, decision.enforce_at) == (None, None)


def test_early_decision_cancels_nothing_that_was_done_and_rejection_cancels_the_receipt(office: "Office") -> None:
    bring_to(office, "submitted")
    office.act("2018-03-06 08:00", T.REJECT, actor=TEAM)

    assert status(office) == ("registration", "rejected")
    assert obligations(office) == {"registration/submission": "done", "registration/receipt": "cancelled"}


def test_a_returned_dossier_comes_back_to_whoever_returned_it(office: "Office") -> None:
    """Section 5: the return opens a completion of its own while the decision's clock runs on."""
    bring_to(office, "returned")
    returned = obligations(office)

    assert returned["registration/decision"] == "open"
    assert [key for key, state in returned.items() if "completion" in key and state == "open"] == [
        "registration/completion/5"
    ]
    assert local(office, "completion") == "2018-03-15 00:00"  # five working days after Wednesday 7 March

    office.act("2018-03-09 08:00", T.SUBMIT)

    assert status(office) == ("registration", "under_review")
    assert obligations(office)["registration/completion/5"] == "done"
    assert obligations(office)["registration/decision"] == "open"


def test_a_dossier_returned_twice_has_two_completions(office: "Office") -> None:
    bring_to(office, "returned")
    office.act("2018-03-08 08:00", T.SUBMIT)
    office.act("2018-03-09 08:00", T.RETURN)

    completions = {key: state for key, state in obligations(office).items() if "completion" in key}
    assert completions == {"registration/completion/5": "done", "registration/completion/7": "open"}


def test_receipt_numbers_count_through_the_cycle(office: "Office") -> None:
    """Each receipt has the next number of the cycle's book, unless it is given by hand."""
    for number in ("1-1-1", "2-1-1"):
        office.act("2018-03-05 08:00", T.SUBMIT, number=number)
        office.act("2018-03-06 08:00", T.RECEIVE, number=number)
    with office.at("2018-03-06 09:00") as work:
        third = office.dossier(work, "2-1-2")
        apply_trigger(work, third, Request(T.SUBMIT, third.responsible or ""))
        given = Request(T.RECEIVE, third.responsible or "", details={"receipt_number": "77/TN"})
        apply_trigger(work, third, given)

    with office.reading() as work:
        numbers = [office.dossier(work, number).receipt_number for number in ("1-1-1", "2-1-1", "2-1-2")]
        event = work.session.exec(select(Event).where(col(Event.action) == "dossier_received")).first()
        assert event is not None
        assert numbers == ["0001/2018", "0002/2018", "77/TN"]
        assert details_of(event)["receipt_number"] in numbers


def test_event_says_who_when_from_where_to_where_and_by_which_rule(office: "Office") -> None:
    """I1, with the instant of receipt beside that of writing it down (I9)."""
    with office.at("2018-03-06 08:00") as work:
        dossier = office.dossier(work)
        received_at = work.now.replace(day=5)
        producer = dossier.responsible or ""
        apply_trigger(work, dossier, Request(T.SUBMIT, OFFICE, effective_at=received_at, details={"by": "post"}))
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]

    assert producer.startswith("producer:")
    assert (event.actor, event.action, event.rule) == (OFFICE, "dossier_submitted", "article 1")
    assert (event.from_state, event.to_state) == ("registration:awaiting_submission", "registration:submitted")
    assert (event.effective_at, event.recorded_at) == (received_at, work.now)
    assert details_of(event) == {"by": "post"}


def test_find_dossier_by_number_key_and_beginning_of_its_id(office: "Office") -> None:
    with office.reading() as work:
        dossier = find_dossier(work.session, "1-2-1")
        found = [
            find_dossier(work.session, reference).id
            for reference in (dossier.id, dossier.id[:12], dossier.key, "1-2-1")
        ]

    assert set(found) == {dossier.id}


def test_a_number_means_its_dossier_though_ids_begin_with_the_same_digit(office: "Office") -> None:
    """Products are often numbered 1, 2, 3; an id is a row of hexadecimal digits."""
    with office.at("2018-03-01 08:00") as work:
        numbered, other = find_dossier(work.session, "1-1-1"), find_dossier(work.session, "2-1-1")
        digit = other.id[0]
        numbered.key = f"coast-2018/2018/r1/{digit}"
        work.session.add(numbered)
        work.session.flush()

        assert find_dossier(work.session, digit).id == numbered.id
        assert find_dossier(work.session, other.id[:12]).id == other.id


def test_a_number_of_two_years_is_refused_with_both_keys(office: "Office") -> None:
    with office.at("2018-03-01 08:00") as work:
        second = find_dossier(work.session, "1-2-1")
        second.key = "coast-2019/2019/r1/1-1-1"
        work.session.add(second)
        work.session.flush()

        with pytest.raises(
            DossierNotFoundError, match="write one of coast-2018/2018/r1/1-1-1, coast-2019/2019/r1/1-1-1"
        ):
            find_dossier(work.session, "1-1-1")


@pytest.mark.parametrize("reference", ["", "%", "9-9-9", "_-_-_", "r1"])
def test_find_dossier_refuses_what_matches_none_or_several(office: "Office", reference: str) -> None:
    with office.reading() as work, pytest.raises(DossierNotFoundError, match="ocop dossier list"):
        find_dossier(work.session, reference)


def test_every_dossier_row_has_a_natural_key_of_cycle_round_and_product(office: "Office") -> None:
    with office.reading() as work:
        keys = sorted(work.session.exec(select(Dossier.key)))

    assert keys == [f"coast-2018/2018/r1/{number}" for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2")]

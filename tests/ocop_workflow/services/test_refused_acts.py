"""A refused act of a known party is one event of its dossier, tells its rule in both languages, and moves nothing."""

from typing import TYPE_CHECKING

import pytest

from notifications.catalogue import Language
from ocop_workflow.errors import RefusedError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.refused_acts import ACT_REFUSED, record_refused_act, recorded_refusal
from ocop_workflow.services.source_labels import tell_in
from ocop_workflow.storage.tables import Event, EventText
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE, TEAM = "coast/coordination_office", "hill/ocop_team"
RULE = "two-stages: article 1"


def receive(office: "Office", when: str, *, actor: str = TEAM) -> bool:
    """Try to receive a dossier that was not submitted, and put the refusal on record; tell whether it is new."""
    with pytest.raises(RefusedError) as refused, office.at(when) as work:
        apply_trigger(work, office.dossier(work), Request(DossierTrigger.RECEIVE, actor))
    with office.at(when) as work:
        return record_refused_act(work, office.dossier(work), refused.value, command="dossier receive", actor=actor)


def refused_events(office: "Office") -> list[Event]:
    with office.reading() as work:
        events = events_of(work.session, f"dossier:{office.dossier(work).id}")
    return [event for event in events if event.action == ACT_REFUSED]


def faults(office: "Office") -> list[str]:
    with office.reading() as work:
        return [str(fault) for fault in verify(work.session).faults]


def test_a_refused_act_is_on_record_and_changes_no_state(office: "Office") -> None:
    """Who tried what, by which rule it was refused; the dossier stays where it was, and the record verifies."""
    with office.reading() as work:
        before = office.dossier(work)

    assert receive(office, "2018-03-05 08:00")

    (event,) = refused_events(office)
    with office.reading() as work:
        after = office.dossier(work)
    assert (event.actor, event.rule, event.from_state, event.to_state) == (TEAM, RULE, None, None)
    assert details_of(event) == {"command": "dossier receive", "code": "refusal.not_open"}
    assert (after.stage, after.status, after.version) == (before.stage, before.status, before.version + 1)
    assert faults(office) == []


def test_a_recorded_refusal_is_told_in_both_languages_with_its_rule(office: "Office") -> None:
    receive(office, "2018-03-05 08:00")
    told = {}
    for language in Language:
        with office.reading() as work:
            refusal = recorded_refusal(work, refused_events(office)[0])
        assert refusal is not None
        tell_in(refusal, language)
        told[language] = str(refusal)

    assert told[Language.EN].endswith(f"possible here: submit, withdraw ({RULE})")
    assert "chưa thể tiếp nhận" in told[Language.VI]
    assert told[Language.VI].endswith("(two-stages: Điều 1)")


def test_a_refusal_whose_sentence_a_later_version_gave_up_breaks_no_history(office: "Office") -> None:
    receive(office, "2018-03-05 08:00")
    (event,) = refused_events(office)
    event.details = event.details.replace("refusal.not_open", "refusal.given_up")
    with office.reading() as work:
        assert recorded_refusal(work, event) is None


def test_the_same_refusal_in_a_row_is_recorded_once(office: "Office") -> None:
    """A hand that repeats what was refused adds nothing; after another act the same refusal is news again."""
    assert [receive(office, f"2018-03-05 08:0{minute}") for minute in range(3)] == [True, False, False]
    assert receive(office, "2018-03-05 09:00", actor=OFFICE)
    assert receive(office, "2018-03-05 10:00")
    assert len(refused_events(office)) == 3


def test_an_act_that_was_refused_can_be_done_when_it_is_open(office: "Office") -> None:
    """The record of the refusal takes nothing from the act: no command is spent, no place is lost."""
    receive(office, "2018-03-05 08:00")
    office.act("2018-03-06 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-07 08:00", DossierTrigger.RECEIVE)

    with office.reading() as work:
        assert office.dossier(work).status == "received"
    assert faults(office) == []


def test_what_no_rule_refused_and_whom_nobody_knows_is_not_recorded(office: "Office") -> None:
    """A slip of the hand is not an act, and a name typed as the actor must not come into the chain."""
    assert not receive(office, "2018-03-05 08:00", actor="Nguyễn Văn An")
    with office.at("2018-03-05 08:00") as work:
        slip = RefusedError("not_yet", rule=None, act_at="2019-01-01T00:00:00+07:00")
        assert not record_refused_act(work, office.dossier(work), slip, command="dossier submit", actor=TEAM)

    assert refused_events(office) == []


def test_the_words_of_a_refusal_can_be_erased_and_not_changed(office: "Office") -> None:
    """What was typed lies beside the event: without it the chain verifies, with other words it does not."""
    receive(office, "2018-03-05 08:00")
    (event,) = refused_events(office)
    with office.at("2018-03-06 08:00") as work:
        text = work.session.get_one(EventText, (event.stream, event.seq))
        kept, text.body = text.body, "{}"
        work.session.add(text)
    assert [fault for fault in faults(office) if "free text was changed" in fault]

    with office.at("2018-03-06 08:00") as work:
        text = work.session.get_one(EventText, (event.stream, event.seq))
        assert "receive" in kept
        work.session.delete(text)
    assert faults(office) == []
    with office.reading() as work:
        assert recorded_refusal(work, event) is None

"""The append-only streams: canonical payloads, one chain, compare-and-set, idempotent commands, erasable texts (I1)."""

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import GENESIS, Act, VersionConflictError, append_event, command_done, events_of
from ocop_workflow.storage.tables import Dossier, Event, EventText
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

STREAM = "task:t1"


def append(office: "Office", seq: int, *, when: str = "2018-03-01 08:00", **parts: str) -> Event:
    with office.at(when) as work:
        act = Act("coast/coordination_office", "task_noted", rule=parts.get("rule"), command=parts.get("command"))
        return append_event(work, stream=parts.get("stream", STREAM), seq=seq, cycle_id=None, act=act)


def test_append_event_payload_is_sorted_json_without_blanks_with_instants_in_utc(office: "Office") -> None:
    """I1: the hash covers a canonical payload, so equal facts give equal bytes."""
    event = append(office, 1, rule="item 8")

    assert event.payload.decode() == (
        '{"action":"task_noted","actor":"coast/coordination_office","command":null,"cycle_id":null,"details":"{}",'
        '"effective_at":"2018-03-01T01:00:00+00:00","from_state":null,"recorded_at":"2018-03-01T01:00:00+00:00",'
        '"rule":"item 8","seq":1,"stream":"task:t1","text_hash":null,"to_state":null}'
    )


def test_append_event_hash_covers_version_previous_hash_and_payload(office: "Office") -> None:
    """I1: each event's hash binds the one before; the first binds 64 zeros."""
    first, second = append(office, 1), append(office, 2)

    assert first.previous_hash == GENESIS == "0" * 64
    assert second.previous_hash == first.hash
    for event in (first, second):
        material = b"1\n" + event.previous_hash.encode() + b"\n" + event.payload
        assert event.hash == hashlib.sha256(material).hexdigest()


def test_append_event_payload_is_nfc_whatever_was_given(office: "Office") -> None:
    """I1: decomposed Vietnamese gives the same payload as composed."""
    decomposed = "Quye\u0302\u0301t \u0111i\u0323nh"
    event = append(office, 1, rule=decomposed)

    assert json.loads(event.payload)["rule"] == "Quy\u1ebft \u0111\u1ecbnh"
    with office.reading() as work:
        assert [str(fault) for fault in verify(work.session).faults] == ["task:t1 event 1: its row is missing"]


def test_append_event_refuses_a_number_that_exists(office: "Office") -> None:
    """I1: the second writer of one version loses."""
    append(office, 1)

    with pytest.raises(VersionConflictError, match="version 1 exists"):
        append(office, 1)


def test_append_event_refuses_a_gap(office: "Office") -> None:
    append(office, 1)

    with pytest.raises(VersionConflictError, match="event 2 of task:t1 is missing"):
        append(office, 3)


def test_append_event_refuses_a_command_of_another_stream(office: "Office") -> None:
    """A command's name is unique for good, across all streams."""
    append(office, 1, command="once")

    with pytest.raises(VersionConflictError):
        append(office, 1, stream="task:t2", command="once")


def test_apply_trigger_on_a_dossier_read_before_somebody_elses_change_conflicts(office: "Office") -> None:
    """I1: two actors on one dossier: the one who read the older version is refused, and nothing of theirs stays."""
    with office.reading() as work:
        stale = office.dossier(work)
        work.session.expunge(stale)
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)

    with pytest.raises(VersionConflictError), office.at("2018-03-05 08:01") as work:
        apply_trigger(work, stale, Request(DossierTrigger.WITHDRAW, stale.responsible or ""))

    with office.reading() as work:
        assert office.dossier(work).status == "submitted"
        assert verify(work.session).faults == ()


def test_apply_trigger_with_a_command_done_before_does_nothing(office: "Office") -> None:
    """I1: an act has one event, however often it is repeated."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, command="act-1")
    office.act("2018-03-06 08:00", DossierTrigger.SUBMIT, command="act-1")

    with office.reading() as work:
        dossier = office.dossier(work)
        assert command_done(work.session, "act-1")
        assert not command_done(work.session, "act-2")
        assert not command_done(work.session, None)
        assert [event.action for event in events_of(work.session, f"dossier:{dossier.id}")] == [
            "dossier_opened",
            "link_issued",
            "dossier_submitted",
        ]


def test_free_text_stands_beside_the_event_and_can_be_erased(office: "Office") -> None:
    """I1: the payload holds only a salted hash, so a person's words can go and the chain still verifies."""
    with office.at("2018-03-05 08:00") as work:
        dossier = office.dossier(work)
        request = Request(DossierTrigger.WITHDRAW, dossier.responsible or "", text="Ông A đã chuyển đi nơi khác")
        apply_trigger(work, dossier, request)
        stream, seq = f"dossier:{dossier.id}", dossier.version

    with office.at("2018-03-06 08:00") as work:
        event = work.session.get_one(Event, (stream, seq))
        body = work.session.get_one(EventText, (stream, seq))
        assert "Ông A" not in event.payload.decode()
        assert event.text_hash == hashlib.sha256(f"{body.salt}\n{body.body}".encode()).hexdigest()
        assert verify(work.session).faults == ()
        work.session.delete(body)

    with office.reading() as work:
        assert work.session.get(EventText, (stream, seq)) is None
        assert verify(work.session).faults == ()


@pytest.mark.parametrize("table", ["event", "seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = 'x'", "DELETE FROM {}"])
def test_database_refuses_to_change_or_delete_the_record(office: "Office", table: str, statement: str) -> None:
    """I1: append-only is the database's own rule, not only ours."""
    with office.at("2018-03-05 08:00") as work:
        from_sql = "INSERT INTO seal VALUES (1, '2018-01-01', '2018-01-01', x'00', 'p', 'h')"
        work.session.execute(text(from_sql))

    with pytest.raises(DatabaseError, match=f"{table} is append-only"), office.at("2018-03-05 08:01") as work:
        work.session.execute(text(statement.format(table)))


def test_events_and_rows_are_written_together_or_not_at_all(office: "Office") -> None:
    """I1: when the transaction fails after the event, neither event nor state is there."""

    def submit_and_fail() -> None:
        with office.at("2018-03-05 08:00") as work:
            dossier = office.dossier(work)
            apply_trigger(work, dossier, Request(DossierTrigger.SUBMIT, dossier.responsible or ""))
            work.session.flush()
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        submit_and_fail()

    with office.reading() as work:
        dossier = office.dossier(work)
        assert (dossier.status, dossier.version) == ("awaiting_submission", 2)
        assert len(events_of(work.session, f"dossier:{dossier.id}")) == 2
        assert isinstance(dossier, Dossier)

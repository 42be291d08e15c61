"""An extension is taken back while nobody was told; the earlier date and its rungs are as before (issue item 4)."""

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.events import events_of
from ocop_workflow.services.extension_scopes import Scope, obligations_in
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend_scope
from ocop_workflow.services.fulfilment import Means, Told, fulfil
from ocop_workflow.services.obligations import DOSSIER_STEP
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def grant(office: "Office", when: str, *, until: str = "2018-04-14 00:00") -> None:
    with office.at(when) as work:
        cycle, scope = office.cycle(work), Scope(round_id="r1", step="submission")
        owed = obligations_in(work.session, cycle, scope)
        extend_scope(work, cycle, owed, Extension(vn(until), "mưa bão", "05/QĐ-GH", OFFICE), scope=scope.named)


def undo(office: "Office", when: str, *, decision: str = "05/QĐ-GH", actor: str = OFFICE) -> int:
    with office.at(when) as work:
        cycle = office.cycle(work)
        return len(undo_extension(work, cycle, decision=decision, actor=actor, reason="nhầm số"))


def outcomes(office: "Office", number: str = "1-1-1") -> dict[tuple[int | None, str | None], str]:
    with office.reading() as work:
        return {(n.deadline_version, n.rung): n.suppression or n.status for n in office.notices(work, about=number)}


def test_the_earlier_date_comes_back_under_a_new_version_and_nobody_is_told(office: "Office") -> None:
    grant(office, "2018-03-12 08:00")
    assert undo(office, "2018-03-12 08:30") == 4
    office.send("2018-03-12 09:00")

    with office.reading() as work:
        owed = office.obligation(work, "submission")
        assert (owed.due_at, owed.deadline_version) == (vn("2018-03-31 00:00"), 3)
        assert owed.lapse_at == vn("2018-04-30 00:00")
        assert owed.next_action_at == vn("2018-03-16 07:30")
        actions = [event.action for event in events_of(work.session, f"dossier:{office.dossier(work).id}")]
        assert actions[-2:] == ["deadline_extended", "extension_undone"]
        assert [n.status for n in office.notices(work, rungs=False)] == ["suppressed"] * 4
        assert verify(work.session).faults == ()


def test_rungs_are_as_before_what_was_sent_is_not_said_again(office: "Office") -> None:
    """The rung -14 was sent, -7 was planned when the extension came: after the undoing -7 is said, -14 is not."""
    office.sweep("2018-03-16 07:30", kinds=(DOSSIER_STEP,))
    office.send("2018-03-16 07:30")
    office.sweep("2018-03-23 07:30", kinds=(DOSSIER_STEP,))
    grant(office, "2018-03-23 07:40")
    undo(office, "2018-03-23 07:50")
    office.sweep("2018-03-23 08:00", kinds=(DOSSIER_STEP,))
    office.send("2018-03-23 08:00")

    assert outcomes(office) == {(1, "-14"): "sent", (1, "-7"): "redated", (3, "-7"): "sent"}


def test_a_rung_that_came_between_is_said_by_the_earlier_date(office: "Office") -> None:
    """-7 falls on 23 March 07:30, between the extension and its undoing; -14 of the later date (30 March) never is."""
    grant(office, "2018-03-22 08:00")
    undo(office, "2018-03-23 08:00")
    office.sweep("2018-03-23 09:00", kinds=(DOSSIER_STEP,))

    found = outcomes(office)
    assert found[3, "-7"] == "planned"
    assert found[1, "-14"] == "redated"
    assert found[3, "-14"] == "planned"  # nobody had said it


def test_lateness_is_as_before(office: "Office") -> None:
    """I9: extended and taken back on 5 April, the date of 30 March is missed."""
    grant(office, "2018-04-05 08:00")
    undo(office, "2018-04-05 08:30")

    with office.reading() as work:
        assert office.obligation(work, "submission").overdue_at == vn("2018-03-31 00:00")


def test_again_changes_nothing(office: "Office") -> None:
    grant(office, "2018-03-12 08:00")
    assert [undo(office, "2018-03-12 08:30") for _ in range(2)] == [4, 0]


def test_what_was_told_is_not_taken_back(office: "Office") -> None:
    """Whole or nothing: the producers of all four were told at once."""
    grant(office, "2018-03-12 08:00")
    office.send("2018-03-12 08:05")

    with pytest.raises(ExtensionRefusedError, match=r"somebody was told of .*; nothing was taken back"):
        undo(office, "2018-03-12 08:30")


def test_what_was_told_by_hand_is_not_taken_back(office: "Office") -> None:
    grant(office, "2018-03-12 08:00")
    with office.at("2018-03-12 08:10") as work:
        fulfil(work, office.notices(work, rungs=False)[0], Told(Means.ZALO, "Hoa"), actor=OFFICE)

    with pytest.raises(ExtensionRefusedError, match="somebody was told"):
        undo(office, "2018-03-12 08:30")


def test_what_was_settled_since_is_not_taken_back(office: "Office") -> None:
    grant(office, "2018-03-12 08:00")
    office.act("2018-03-12 08:10", DossierTrigger.SUBMIT)

    with pytest.raises(ExtensionRefusedError, match="was settled or moved since"):
        undo(office, "2018-03-12 08:30")


def test_a_dossier_that_would_lapse_at_once_is_not_taken_back(office: "Office") -> None:
    """The earlier date lets it lapse on 29 April."""
    grant(office, "2018-04-29 08:00", until="2018-06-01 00:00")

    with pytest.raises(ExtensionRefusedError, match="would be over at once"):
        undo(office, "2018-04-30 08:00")


def test_an_unknown_decision_is_refused(office: "Office") -> None:
    with pytest.raises(ExtensionRefusedError, match="no extension rests on the decision '99/QĐ'"):
        undo(office, "2018-03-12 08:00", decision="99/QĐ")


def test_only_the_office_takes_back(office: "Office") -> None:
    grant(office, "2018-03-12 08:00")
    with pytest.raises(OfficeOnlyError):
        undo(office, "2018-03-12 08:30", actor="hill/ocop_team")

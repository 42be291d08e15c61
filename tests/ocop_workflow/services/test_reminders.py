"""Obligations whose rung has come become notices, each once (I2a, I3)."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from ocop_workflow.services.obligations import DOSSIER_STEP, PLAN_TASK, REPORT
from ocop_workflow.services.reminders import QueuedNotices, due_obligations, queue_due_notices
from ocop_workflow.storage.tables import Notice, Obligation
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office


def outcomes(office: "Office", number: str = "1-1-1") -> dict[str, str]:
    with office.reading() as work:
        return {n.rung or "": n.suppression or n.status for n in office.notices(work, about=number)}


def test_queue_due_notices_plans_each_rung_once(office: "Office") -> None:
    """I2a: a second sweep at the same instant, and one after it, plan nothing again."""
    first = office.sweep("2018-03-16 07:30", kinds=(DOSSIER_STEP,))
    again = office.sweep("2018-03-16 07:30", kinds=(DOSSIER_STEP,))
    later = office.sweep("2018-03-16 08:00", kinds=(DOSSIER_STEP,))

    assert (first, again, later) == (QueuedNotices(planned=4), QueuedNotices(), QueuedNotices())


def test_queue_due_notices_for_rungs_already_there_counts_them_and_adds_none(office: "Office") -> None:
    """I2a: the unique key decides, even when two sweeps see the same obligation as due."""
    office.sweep("2018-03-16 07:30", kinds=(DOSSIER_STEP,))
    with office.at("2018-03-16 08:00") as work:
        for obligation in work.session.exec(select(Obligation).where(col(Obligation.kind) == DOSSIER_STEP)):
            obligation.next_action_at = work.now.replace(hour=7, minute=30)
            work.session.add(obligation)

    assert office.sweep("2018-03-16 08:15", kinds=(DOSSIER_STEP,)) == QueuedNotices(planned=4, already=4)
    with office.reading() as work:
        assert len(work.session.exec(select(Notice)).all()) == 4


def test_a_notice_is_keyed_by_obligation_version_rung_and_recipient(office: "Office") -> None:
    office.sweep("2018-03-16 07:30", kinds=(DOSSIER_STEP,))

    with office.reading() as work:
        party = office.obligation(work, "submission").party
        (notice,) = office.notices(work, about="1-1-1")
    assert notice.key == f"coast-2018/2018/r1/1-1-1/registration/submission|v1|-14|{party}"
    assert (notice.line_kind, notice.audience, notice.recipient) == ("reminder", "responsible", party)


def test_a_sweep_costs_what_is_due_and_not_what_exists(office: "Office") -> None:
    """Section 7: only obligations whose next moment has come are looked at."""
    with office.reading("2018-03-16 07:29:59") as work:
        kinds = (DOSSIER_STEP, PLAN_TASK)
        assert due_obligations(work.session, office.cycle(work), kinds=kinds, now=work.now) == []
    with office.reading("2018-03-16 07:30") as work:
        assert len(due_obligations(work.session, office.cycle(work), kinds=kinds, now=work.now)) == 4
        assert len(due_obligations(work.session, office.cycle(work), kinds=(REPORT,), now=work.now)) == 2


def test_after_an_outage_over_the_date_everybody_is_told_once(office: "Office") -> None:
    """I3: nobody swept from January to 10 April: each party gets the one thing that still makes sense."""
    office.sweep("2018-04-10 08:00", kinds=(DOSSIER_STEP,))

    assert outcomes(office) == {
        "-14": "useless",
        "-7": "useless",
        "-1": "useless",
        "+1": "planned",
        "+3/superior": "draft",
        "+7/office": "planned",
    }
    with office.reading() as work:
        kinds = {notice.rung: (notice.line_kind, notice.recipient) for notice in office.notices(work, about="1-1-1")}
    assert kinds["+3/superior"] == ("escalation", "hill/ocop_team")
    assert kinds["+7/office"] == ("escalation", "coast/coordination_office")
    assert kinds["+1"][0] == "overdue"


def test_escalations_are_automatic_where_the_plan_says_so(unopened_office: "Office") -> None:
    documents = unopened_office.documents
    plan = documents.plan.model_copy(update={"escalations": "automatic"})
    automatic = replace(unopened_office, documents=replace(documents, plan=plan))
    automatic.open()
    automatic.sweep("2018-04-10 08:00", kinds=(DOSSIER_STEP,))

    assert outcomes(automatic)["+3/superior"] == "planned"


def test_rungs_settled_before_the_sweep_are_recorded_as_settled(office: "Office") -> None:
    """I3: the rung -14 had come when the dossier was submitted, nobody had swept; -7 never happens."""
    office.act("2018-03-20 08:00", DossierTrigger.SUBMIT)
    office.sweep("2018-03-25 08:00", kinds=(DOSSIER_STEP,))

    assert {rung: state for rung, state in outcomes(office).items() if rung in ("-14", "-7", "-1")} == {
        "-14": "settled"
    }
    office.sweep("2018-06-01 08:00", kinds=(DOSSIER_STEP,))
    assert "-7" not in outcomes(office)


def test_rungs_before_the_obligation_opened_are_never_planned(office: "Office") -> None:
    """I3: the receipt opens on 28 March and is due by 2 April; its working day before is 30 March."""
    office.act("2018-03-28 08:00", DossierTrigger.SUBMIT)
    office.act("2018-04-16 08:00", DossierTrigger.RECEIVE)
    office.sweep("2018-05-20 08:00", kinds=(DOSSIER_STEP,))

    with office.reading() as work:
        receipt = office.obligation(work, "receipt")
        rungs = work.session.exec(select(Notice.rung).where(col(Notice.obligation_id) == receipt.id)).all()
        assert all(
            notice.moment_at >= receipt.opens_at
            for notice in work.session.exec(select(Notice).where(col(Notice.obligation_id) == receipt.id))
        )
    assert set(rungs) == {"-1w", "+1", "+3/superior", "+7/office"}


def test_rungs_before_the_cycle_was_opened_are_never_planned(unopened_office: "Office") -> None:
    """I3: a cycle opened on 20 March sends no reminder of 16 March, also not a suppressed one."""
    unopened_office.open("2018-03-20 09:00")
    unopened_office.sweep("2018-03-31 08:00", kinds=(DOSSIER_STEP,))

    assert outcomes(unopened_office) == {"-7": "useless", "-1": "useless"}


def test_no_rung_is_left_undecided_at_the_end_of_the_year(office: "Office") -> None:
    """I3: whatever the sweeps, each rung since the opening ends with an outcome; nothing waits for a sweep."""
    for when in ("2018-03-17 12:00", "2018-04-03 12:00", "2018-07-01 12:00", "2018-12-31 12:00", "2019-02-01 12:00"):
        office.sweep(when)

    with office.reading() as work:
        waiting = work.session.exec(select(Obligation.key).where(col(Obligation.next_action_at).is_not(None))).all()
        assert waiting == []
        submission = office.obligation(work, "submission")
        rungs = work.session.exec(select(Notice.rung).where(col(Notice.obligation_id) == submission.id)).all()
    assert sorted(rung or "" for rung in rungs) == sorted(["-14", "-7", "-1", "+1", "+3/superior", "+7/office"])


def test_one_party_behind_two_rungs_is_told_once_after_an_outage(office: "Office") -> None:
    """I3: the meetings are led by the office itself, so +1 to it is overtaken by +7 to it."""
    office.sweep("2018-05-20 08:00", kinds=(PLAN_TASK,))

    with office.reading() as work:
        first = [n for n in office.notices(work) if "/task/meeting/1|" in n.key]
    assert {n.rung: n.suppression or n.status for n in first} == {
        "-7": "useless",
        "+1": "overtaken",
        "+7/office": "planned",
    }


@pytest.mark.parametrize("kinds", [(), ("nothing",)])
def test_due_obligations_of_no_kind_are_none(office: "Office", kinds: tuple[str, ...]) -> None:
    with office.at("2018-12-01 08:00") as work:
        cycle = office.cycle(work)
        assert due_obligations(work.session, cycle, kinds=kinds, now=work.now) == []
        assert queue_due_notices(work, cycle, []) == QueuedNotices()

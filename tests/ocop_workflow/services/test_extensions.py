"""An extension gives one obligation a later date, and everything that was said of the old one ends (section 7)."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.errors import InputError
from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extensions import Extension, extend, obligation_to_extend
from ocop_workflow.services.obligations import PLAN_TASK
from ocop_workflow.storage.tables import EventText, Obligation
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def grant(
    office: "Office",
    when: str,
    until: str,
    *,
    step: str = "submission",
    actor: str = OFFICE,
    command: str | None = None,
) -> None:
    with office.at(when) as work:
        extension = Extension(vn(until), "mưa bão", "01/QĐ-GH", actor, command)
        extend(work, office.obligation(work, step), extension)


def outcomes(office: "Office") -> dict[tuple[int | None, str | None], str]:
    with office.reading() as work:
        return {(n.deadline_version, n.rung): n.suppression or n.status for n in office.notices(work, about="1-1-1")}


def test_extend_raises_the_version_and_moves_date_and_lapse(office: "Office") -> None:
    grant(office, "2018-03-20 08:00", "2018-04-14 00:00")

    with office.reading() as work:
        obligation = office.obligation(work, "submission")
        assert (obligation.deadline_version, obligation.due_at) == (2, vn("2018-04-14 00:00"))
        assert obligation.lapse_at == vn("2018-05-14 00:00")
        assert obligation.enforce_at == vn("2018-04-14 00:15")
        assert obligation.next_action_at == vn("2018-03-30 07:30")


def test_extend_is_one_event_with_the_decision_and_its_reason_beside_it(office: "Office") -> None:
    """I1: an extension is an act; the reason may hold personal data."""
    grant(office, "2018-03-20 08:00", "2018-04-14 00:00")

    with office.reading() as work:
        dossier = office.dossier(work)
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]
        text = work.session.get_one(EventText, (event.stream, event.seq))
        assert (event.action, event.rule, event.actor, text.body) == (
            "deadline_extended",
            "01/QĐ-GH",
            OFFICE,
            "mưa bão",
        )
        assert details_of(event) == {
            "obligation": "coast-2018/2018/r1/1-1-1/registration/submission",
            "due_before": "2018-03-30T17:00:00+00:00",
            "due_after": "2018-04-14T00:00:00+07:00",
            "deadline_version": 2,
        }
        assert verify(work.session).faults == ()


def test_extend_ends_the_old_rungs_and_begins_a_new_ladder(office: "Office") -> None:
    """I3: what was planned for the old date and what no sweep has seen are re-dated; the new rungs come."""
    office.sweep("2018-03-16 07:30")
    grant(office, "2018-03-24 08:00", "2018-04-14 00:00")
    office.sweep("2018-03-30 07:30")

    assert outcomes(office) == {(1, "-14"): "redated", (1, "-7"): "redated", (2, "-14"): "planned"}


def test_extend_plans_no_rung_of_the_new_ladder_that_is_past(office: "Office") -> None:
    """The new ladder begins now: for 14 April the rung of 30 March is past on 3 April."""
    grant(office, "2018-04-03 08:00", "2018-04-14 00:00")
    office.sweep("2018-04-19 08:00")

    assert [key for key in outcomes(office) if key[0] == 2] == [(2, "-7"), (2, "-1"), (2, "+1"), (2, "+3/superior")]


def test_extend_before_the_obligation_opens_plans_no_rung_before_its_opening(office: "Office") -> None:
    """I3: extended in January, the submission opens on 1 March; a rung in February never happens."""
    grant(office, "2018-01-10 08:00", "2018-04-01 00:00")
    with office.at("2018-01-11 08:00") as work:
        obligation = office.obligation(work, "submission")
        assert obligation.opens_at == vn("2018-03-01 00:00")
        obligation.opens_at = vn("2018-03-18 00:00")  # later than the rung -14 of 16 March
        work.session.add(obligation)
    grant(office, "2018-01-12 08:00", "2018-04-02 00:00")

    with office.reading() as work:
        assert office.obligation(work, "submission").next_action_at == vn("2018-03-23 07:30")


def test_extend_after_the_date_takes_the_lateness_back(office: "Office") -> None:
    """Section 7: also after the date; what is late follows from the new one."""
    office.enforce("2018-04-05 08:00")
    grant(office, "2018-04-05 09:00", "2018-04-14 00:00")
    office.act("2018-04-13 23:00", DossierTrigger.SUBMIT)

    with office.reading() as work:
        assert office.obligation(work, "submission").overdue_at is None


def test_extend_tells_the_party_at_once_with_the_new_last_day(office: "Office") -> None:
    grant(office, "2018-03-20 08:00", "2018-04-14 00:00")

    with office.reading() as work:
        (news,) = office.notices(work, about="1-1-1", rungs=False)
        assert (news.code, news.params["last_on"], news.immediate) == ("news.extended", "2018-04-13", True)
        assert news.recipient == office.dossier(work).responsible


def test_extend_with_a_command_done_before_does_nothing(office: "Office") -> None:
    grant(office, "2018-03-20 08:00", "2018-04-14 00:00", command="extend-1")
    grant(office, "2018-03-21 08:00", "2018-05-14 00:00", command="extend-1")

    with office.reading() as work:
        assert office.obligation(work, "submission").due_at == vn("2018-04-14 00:00")


@pytest.mark.parametrize("until", ["2018-03-31 00:00", "2018-03-30 00:00", "2018-01-01 00:00"])
def test_extend_refuses_a_date_that_is_not_later(office: "Office", until: str) -> None:
    with pytest.raises(ExtensionRefusedError, match="later than the old one"):
        grant(office, "2018-03-20 08:00", until)


def test_extend_refuses_a_date_that_is_past_already(office: "Office") -> None:
    with pytest.raises(ExtensionRefusedError, match="than today"):
        grant(office, "2018-04-10 08:00", "2018-04-05 00:00")


@pytest.mark.parametrize("actor", ["hill/ocop_team", "coast/province_leader", ""])
def test_extend_refuses_anybody_but_the_office(office: "Office", actor: str) -> None:
    with pytest.raises(OfficeOnlyError, match=f"only {OFFICE} extends"):
        grant(office, "2018-03-20 08:00", "2018-04-14 00:00", actor=actor)


def test_extend_refuses_what_is_settled(office: "Office") -> None:
    office.act("2018-03-20 08:00", DossierTrigger.SUBMIT)

    with pytest.raises(ExtensionRefusedError, match="settled already"):
        grant(office, "2018-03-21 08:00", "2018-04-14 00:00")


def test_extend_refuses_a_statutory_date(office: "Office") -> None:
    """Section 4: it can only be overrun with a reason."""
    office.to_council()

    with pytest.raises(ExtensionRefusedError, match=r"date is statutory; .*\(article 7\)$"):
        grant(office, "2018-03-12 08:00", "2018-06-01 00:00", step="decision")


@pytest.mark.parametrize(
    ("when", "refused"), [("2018-04-29 23:59:59.999999", False), ("2018-04-30 00:00", True), ("2018-04-30 00:10", True)]
)
def test_extend_refuses_a_dossier_that_has_lapsed_whether_or_not_a_sweep_recorded_it(
    office: "Office", when: str, *, refused: bool
) -> None:
    """I9: the same answer before and after the sweep."""
    if refused:
        with pytest.raises(ExtensionRefusedError, match="lapsed at 00:00 30/04/2018"):
            grant(office, when, "2018-06-01 00:00")
    else:
        grant(office, when, "2018-06-01 00:00")


def test_extend_refuses_the_date_of_a_plan_task(office: "Office") -> None:
    """It is the plan's own; the plan would have to be amended."""
    with office.at("2018-03-20 08:00") as work:
        task = work.session.exec(select(Obligation).where(col(Obligation.kind) == PLAN_TASK)).first()
        assert task is not None
        assert task.due_at is not None
        extension = Extension(task.due_at + timedelta(days=10), "bận", "02/QĐ", OFFICE)
        with pytest.raises(ExtensionRefusedError, match="only the dates of dossiers and reports"):
            extend(work, task, extension)


@pytest.mark.parametrize(("reason", "decision", "missing"), [(" ", "01/QĐ", "reason"), ("mưa", "", "decision")])
def test_extend_needs_a_reason_and_the_number_of_a_decision(
    office: "Office", reason: str, decision: str, missing: str
) -> None:
    with office.at("2018-03-20 08:00") as work, pytest.raises(InputError, match=missing):
        extend(work, office.obligation(work, "submission"), Extension(vn("2018-04-14 00:00"), reason, decision, OFFICE))


def test_extend_refuses_an_obligation_without_date(office: "Office") -> None:
    with office.at("2018-03-20 08:00") as work:
        obligation = office.obligation(work, "submission")
        obligation.due_at = obligation.lapse_at = None
        with pytest.raises(ExtensionRefusedError, match="no date"):
            extend(work, obligation, Extension(vn("2018-05-01 00:00"), "bận", "02/QĐ", OFFICE))


@pytest.fixture
def returned(office: "Office") -> "Office":
    """Dossier 1-1-1 was returned on 7 March: the decision (by 20 March) and the completion (by 14 March) are open."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.act("2018-03-07 08:00", DossierTrigger.RETURN)
    return office


@pytest.mark.parametrize(("step", "other"), [("completion", "decision"), ("decision", "completion")])
def test_of_two_open_dates_the_one_that_is_named_is_extended(returned: "Office", step: str, other: str) -> None:
    """Section 7: an extension is of one item; it used to be whichever fell due first."""
    with returned.at("2018-03-08 08:00") as work:
        dossier = returned.dossier(work)
        before = returned.obligation(work, other).due_at
        obligation = obligation_to_extend(work.session, dossier, step=step)
        extend(work, obligation, Extension(vn("2018-04-14 00:00"), "mưa bão", "01/QĐ-GH", OFFICE))

    with returned.reading() as work:
        extended, left = returned.obligation(work, step), returned.obligation(work, other)
        assert (extended.due_at, extended.deadline_version) == (vn("2018-04-14 00:00"), 2)
        assert (left.due_at, left.deadline_version) == (before, 1)


def test_of_several_open_dates_one_has_to_be_named(returned: "Office") -> None:
    with (
        returned.reading() as work,
        pytest.raises(ExtensionRefusedError, match="several open dates; name one of completion, decision"),
    ):
        obligation_to_extend(work.session, returned.dossier(work))


def test_the_only_open_date_needs_no_name(office: "Office") -> None:
    with office.reading() as work:
        dossier = office.dossier(work)
        assert obligation_to_extend(work.session, dossier).step == "submission"
        with pytest.raises(ExtensionRefusedError, match="'decision' is not open; open is submission"):
            obligation_to_extend(work.session, dossier, step="decision")


def test_a_dossier_that_owes_nothing_has_nothing_to_extend(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW, actor=OFFICE)

    with office.reading() as work, pytest.raises(ExtensionRefusedError, match="owes nothing now"):
        obligation_to_extend(work.session, office.dossier(work))


def test_an_extended_completion_lapses_by_its_new_date(returned: "Office") -> None:
    """The plan file dates the completion and lets it lapse ten days later; both move."""
    grant(returned, "2018-03-08 08:00", "2018-04-14 00:00", step="completion")

    with returned.reading() as work:
        assert returned.obligation(work, "completion").lapse_at == vn("2018-04-24 00:00")

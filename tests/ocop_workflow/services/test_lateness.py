"""Late, overdue, lapsed: what is true follows from dates and receipts, never from when a sweep ran (I9)."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlmodel import select

from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossiers import (
    DossierLapsedError,
    NotPermittedError,
    Request,
    apply_trigger,
)
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.storage.tables import Event
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

T = DossierTrigger
OFFICE = "coast/coordination_office"


def local(office: "Office", step: str, column: str = "due_at") -> str | None:
    """Return an instant of a step's latest obligation as local text."""
    with office.reading() as work:
        value = getattr(office.obligation(work, step), column)
        return value.astimezone(work.now.tzinfo).isoformat(sep=" ", timespec="minutes")[:16] if value else None


def status(office: "Office", number: str = "1-1-1") -> tuple[str, str]:
    with office.reading() as work:
        dossier = office.dossier(work, number)
        return dossier.stage, dossier.status


@pytest.mark.parametrize(
    ("submitted", "late"),
    [("2018-03-30 23:59:59.999999", False), ("2018-03-31 00:00:00", True), ("2018-03-31 00:00:00.000001", True)],
)
@pytest.mark.parametrize("swept", [None, "2018-03-31 00:15", "2018-04-10 08:00"])
def test_lateness_follows_from_the_instant_of_receipt_whenever_a_sweep_runs(
    office: "Office", submitted: str, swept: str | None, *, late: bool
) -> None:
    """I9: due_at is the first instant too late, and what is recorded is due_at, not the sweep's instant."""
    office.act(submitted, T.SUBMIT)
    if swept is not None:
        office.enforce(swept)

    assert local(office, "submission", "overdue_at") == ("2018-03-31 00:00" if late else None)


def test_an_open_obligation_is_overdue_since_due_at_whenever_the_sweep_runs(office: "Office") -> None:
    """I9: recorded a margin of 15 minutes after due_at at the earliest, with due_at as the instant."""
    assert office.enforce("2018-03-31 00:14:59.999999").overdue == 2  # the reports, due a day earlier
    assert local(office, "submission", "overdue_at") is None

    assert office.enforce("2018-03-31 00:15").overdue == 4
    assert local(office, "submission", "overdue_at") == "2018-03-31 00:00"


@pytest.mark.parametrize("swept", ["2018-04-30 00:15", "2018-06-01 08:00"])
def test_a_dossier_lapses_by_its_producers_own_obligation_since_the_lapse_instant(office: "Office", swept: str) -> None:
    """I9 and section 5: 30 days after the missed date, on the ground that the plan cites, whenever the sweep runs."""
    enforced = office.enforce(swept)

    assert enforced.lapsed == 4
    assert status(office) == ("registration", "lapsed")
    with office.reading() as work:
        dossier = office.dossier(work)
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]
        assert dossier.closed_at == event.effective_at
        assert event.effective_at.astimezone(work.now.tzinfo).isoformat() == "2018-04-30T00:00:00+07:00"
        assert event.actor == "system:enforce-deadlines"
        assert details_of(event)["ground"]["vi"] == "Không nộp hồ sơ"
        assert details_of(event)["source"] == "item 6"
        assert verify(work.session).faults == ()


def test_a_dossier_does_not_lapse_before_the_margin_and_only_once(office: "Office") -> None:
    assert office.enforce("2018-04-30 00:14:59").lapsed == 0
    assert office.enforce("2018-04-30 00:15").lapsed == 4
    assert office.enforce("2018-04-30 00:30").lapsed == 0


def test_news_of_a_lapse_tell_the_day_it_became_true(office: "Office") -> None:
    """I9: after an outage the mail names the day of the lapse, not that of the sweep."""
    office.enforce("2018-06-01 08:00")

    with office.reading() as work:
        news = office.notices(work, about="1-1-1", rungs=False)
        days = [notice.moment_at.astimezone(work.now.tzinfo).date().isoformat() for notice in news]
        assert ([notice.code for notice in news], days) == (["news.lapsed"], ["2018-04-30"])


@pytest.mark.parametrize(
    ("when", "refused"),
    [("2018-04-29 23:59:59.999999", False), ("2018-04-30 00:00", True), ("2018-04-30 00:10", True)],
)
def test_submission_after_the_lapse_instant_is_refused_even_before_a_sweep_ran(
    office: "Office", when: str, *, refused: bool
) -> None:
    """I9: guards evaluate the lapse, sweeps only record it."""
    if refused:
        with pytest.raises(DossierLapsedError, match="lapsed at 00:00 30/04/2018"):
            office.act(when, T.SUBMIT)
    else:
        office.act(when, T.SUBMIT)

    assert status(office)[1] == ("awaiting_submission" if refused else "submitted")


def test_submission_received_before_the_lapse_and_typed_in_after_it_counts(office: "Office") -> None:
    """I9: a receipt is judged by when it came in."""
    with office.at("2018-04-30 00:10") as work:
        dossier = office.dossier(work)
        came_in = office.obligation(work, "submission").lapse_at
        assert came_in is not None
        came_in -= timedelta(minutes=1)
        apply_trigger(work, dossier, Request(T.SUBMIT, OFFICE, effective_at=came_in))

    assert status(office)[1] == "submitted"


def test_an_authoritys_lateness_never_changes_the_dossier(office: "Office") -> None:
    """Section 5: it is overdue and escalates; the dossier stays where it is."""
    office.act("2018-03-05 08:00", T.SUBMIT)
    enforced = office.enforce("2018-12-01 08:00")

    assert status(office) == ("registration", "submitted")
    assert enforced.lapsed == 3  # the other producers' dossiers
    assert local(office, "receipt", "overdue_at") == "2018-03-09 00:00"
    office.act("2018-12-02 08:00", T.RECEIVE)
    assert status(office) == ("registration", "received")


def test_a_returned_dossier_lapses_by_its_completion(office: "Office") -> None:
    office.act("2018-03-05 08:00", T.SUBMIT)
    office.act("2018-03-06 08:00", T.RECEIVE)
    office.act("2018-03-07 08:00", T.RETURN)

    assert office.enforce("2018-03-25 00:14").lapsed == 0
    assert office.enforce("2018-03-25 00:15").lapsed == 1
    assert status(office) == ("registration", "lapsed")
    with office.reading() as work:
        assert office.obligation(work, "decision").status == "cancelled"


def test_nobody_but_the_sweep_lapses_a_dossier(office: "Office") -> None:
    with pytest.raises(NotPermittedError):
        office.act("2018-06-01 08:00", T.LAPSE, actor=OFFICE)


def test_enforce_again_adds_nothing(office: "Office") -> None:
    office.enforce("2018-05-05 08:00")
    with office.reading() as work:
        before = len(work.session.exec(select(Event.seq)).all())

    again = office.enforce("2018-05-05 08:00")

    with office.reading() as work:
        assert (again.overdue, again.lapsed) == (0, 0)
        assert len(work.session.exec(select(Event.seq)).all()) == before

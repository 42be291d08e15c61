"""What happens at one instant leaves the same dates, rungs and notices in whatever order it is written down."""

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from ocop_workflow.services.calendar_edits import CalendarEdit, set_day
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.reports import file_report
from ocop_workflow.storage.tables import Notice, Obligation, Report
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office

    Opening = Callable[[Path, Path], AbstractContextManager[Office]]

OFFICE = "coast/coordination_office"
MOMENT_OF_A_RUNG = "2018-03-23 07:30"
"""The very moment of the rung -7 of the submissions due by 30 March."""


def extends(office: "Office", work: "UnitOfWork") -> None:
    owed = office.obligation(work, "submission", "1-1-1")
    assert owed.due_at is not None
    later = owed.due_at.replace(month=4, day=20)
    extend(work, owed, Extension(later, "mưa bão", "01/QĐ", OFFICE))


def submits(office: "Office", work: "UnitOfWork") -> None:
    apply_trigger(work, office.dossier(work, "2-1-2"), Request(DossierTrigger.SUBMIT, OFFICE))


def decrees(office: "Office", work: "UnitOfWork") -> None:
    """2 April lies in the term of the decision on 2-1-1 (to 4 April), and of nothing else."""
    set_day(work, office.cycle(work), CalendarEdit(date(2018, 4, 2), True, "bão", "02/QĐ", OFFICE))  # noqa: FBT003 -- off


def files(_office: "Office", work: "UnitOfWork") -> None:
    query = select(Report).where(col(Report.unit_id) == "hill", col(Report.period_id) == "2018-Q1")
    file_report(work, work.session.exec(query).one(), actor=OFFICE, figures={"rated": 1})


def hands_over(_office: "Office", work: "UnitOfWork") -> None:
    hand_over(work, Handover("hill/ocop_team", "Phạm Thị Mai", "mai@office.example", "vi", date(2018, 3, 23)))


def sweeps(_office: "Office", _work: "UnitOfWork") -> None:
    """Stands for a sweep, which opens its own transaction."""


ACTS = (extends, submits, decrees, files, hands_over, sweeps)


def after(office: "Office", order: list[Callable[["Office", "UnitOfWork"], None]]) -> tuple[Any, ...]:
    """Do everything at one instant in an order, sweep and bundle; return dates, next rungs, and what is said.

    Why a rung was not said may be named otherwise (settled, or overtaken before that); that it has an outcome is not.
    """
    office.act("2018-03-20 08:00", DossierTrigger.SUBMIT, number="2-1-1")
    office.act("2018-03-21 08:00", DossierTrigger.RECEIVE, number="2-1-1")
    office.send("2018-03-21 08:00")
    for act in order:
        if act is sweeps:
            office.sweep(MOMENT_OF_A_RUNG)
        else:
            with office.at(MOMENT_OF_A_RUNG) as work:
                act(office, work)
    office.sweep(MOMENT_OF_A_RUNG)
    office.bundle(MOMENT_OF_A_RUNG)
    with office.reading() as work:
        owed = [
            (o.key, o.status, o.due_at, o.deadline_version, o.next_action_at, o.enforce_at)
            for o in work.session.exec(select(Obligation).order_by(col(Obligation.key)))
        ]
        notices = [
            (n.key, n.status, n.moment_at)
            for n in work.session.exec(select(Notice).order_by(col(Notice.key)))
            if n.status != "suppressed" or not (n.rung or "").startswith("handover")  # a line that was never said
        ]
    return owed, notices


def test_the_order_of_acts_of_one_instant_does_not_matter(open_office: "Opening", opened_database: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, open_office(opened_database, Path(folder) / "first.db") as first:
        expected = after(first, list(ACTS))

        @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(st.permutations(ACTS))
        def in_any_order(order: list[Callable[["Office", "UnitOfWork"], None]]) -> None:
            with tempfile.TemporaryDirectory() as own, open_office(opened_database, Path(own) / "own.db") as office:
                assert after(office, order) == expected

        in_any_order()

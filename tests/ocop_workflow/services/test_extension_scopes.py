"""A unit, a stage, a round or a report is extended whole or not at all (issue item 4)."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time
from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extension_scopes import Scope, obligations_in
from ocop_workflow.services.extensions import Extension, extend_scope
from ocop_workflow.services.obligations import REPORT
from ocop_workflow.storage.tables import Event, Notice, Obligation, Report
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def grant(
    office: "Office",
    scope: Scope,
    *,
    when: str = "2018-03-20 08:00",
    until: str = "2018-04-14 00:00",
    command: str | None = None,
) -> list[str]:
    """Extend a scope; return what moved by the last part of the dossier's number and step, or by unit and period."""
    with office.at(when) as work:
        cycle = office.cycle(work)
        extension = Extension(vn(until), "mưa bão", "05/QĐ-GH", OFFICE, command)
        owed = obligations_in(work.session, cycle, scope)
        moves = extend_scope(work, cycle, owed, extension, scope=scope.named)
        return sorted(move.obligation.key.removeprefix("coast-2018/2018/") for move in moves)


def last_days(office: "Office", step: str = "submission") -> dict[str, str]:
    with office.reading() as work:
        found = {}
        for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2"):
            due_at = office.obligation(work, step, number).due_at
            assert due_at is not None
            found[number] = last_day_in_time(due_at).isoformat()
        return found


def test_a_round_is_extended_with_one_act_and_one_event_for_each_dossier(office: "Office") -> None:
    """I1 and I6: who reads a dossier's record finds the decision there."""
    moved = grant(office, Scope(round_id="r1"))

    assert moved == [f"r1/{number}/registration/submission" for number in ("1-1-1", "1-2-1", "2-1-1", "2-1-2")]
    assert set(last_days(office).values()) == {"2018-04-13"}
    with office.reading() as work:
        (act,) = work.session.exec(select(Event).where(col(Event.action) == "extension_granted")).all()
        assert details_of(act) == {
            "scope": {"round_id": "r1"},
            "due_after": "2018-04-14T00:00:00+07:00",
            "dates": 4,
        }
        for number in ("1-1-1", "2-1-2"):
            event = events_of(work.session, f"dossier:{office.dossier(work, number).id}")[-1]
            assert (event.action, event.rule) == ("deadline_extended", "05/QĐ-GH")
        assert verify(work.session).faults == ()


def test_a_unit_alone_means_its_dossiers_and_its_report(office: "Office") -> None:
    """The report on the first quarter is due before 30 March, those on later quarters after the new date."""
    assert grant(office, Scope(unit="hill")) == [
        "r1/1-1-1/registration/submission",
        "r1/1-2-1/registration/submission",
        "report/progress/2018-Q1/hill",
    ]
    assert last_days(office)["2-1-1"] == "2018-03-30"


def test_names_narrow_each_other(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number="1-2-1")

    assert grant(office, Scope(unit="hill", stage="registration", step="submission")) == [
        "r1/1-1-1/registration/submission"
    ]


def test_a_report_is_extended_for_every_unit_and_each_is_told(office: "Office") -> None:
    grant(office, Scope(period="2018-Q1", duty="progress"))

    with office.reading() as work:
        reports = work.session.exec(select(Report).where(col(Report.period_id) == "2018-Q1")).all()
        assert {report.due_at for report in reports} == {vn("2018-04-14 00:00")}
        news = work.session.exec(select(Notice).where(col(Notice.code) == "news.report_extended")).all()
        assert sorted(notice.recipient for notice in news) == ["delta/ocop_team", "hill/ocop_team"]
        assert verify(work.session).faults == ()
    office.send("2018-03-20 08:00")
    said = [
        office.text_of(mail.message) for mail in office.mails() if mail.message and "ocop_team.hill" in mail.address
    ]
    assert "được gia hạn đến hết ngày 13/04/2018" in said[-1]


def test_a_report_filed_by_its_new_date_is_not_late(office: "Office") -> None:
    """I9: lateness follows from the date."""
    grant(office, Scope(period="2018-Q1", unit="hill"))
    office.enforce("2018-04-05 08:00")

    with office.reading() as work:
        owed = select(Obligation).where(col(Obligation.kind) == REPORT, col(Obligation.key).endswith("Q1/hill"))
        assert work.session.exec(owed).one().overdue_at is None


def test_what_is_as_late_already_stays(office: "Office") -> None:
    grant(office, Scope(unit="delta", stage="registration"), until="2018-05-01 00:00")

    assert grant(office, Scope(round_id="r1")) == [
        "r1/1-1-1/registration/submission",
        "r1/1-2-1/registration/submission",
    ]
    assert last_days(office)["2-1-1"] == "2018-04-30"


def test_the_same_words_again_move_nothing(office: "Office") -> None:
    assert len(grant(office, Scope(round_id="r1"))) == 4
    assert grant(office, Scope(round_id="r1")) == []
    assert grant(office, Scope(unit="hill"), command="one") == ["report/progress/2018-Q1/hill"]
    assert grant(office, Scope(unit="hill"), until="2018-05-01 00:00", command="one") == []

    with office.reading() as work:
        assert len(work.session.exec(select(Event).where(col(Event.action) == "extension_granted")).all()) == 2


def test_one_statutory_date_refuses_the_whole_scope_with_its_article(office: "Office") -> None:
    """1-1-1 is before the council, by article 7; nothing of the other dossiers of the round moves."""
    office.to_council()

    with pytest.raises(
        ExtensionRefusedError,
        match=r"1-1-1/evaluation/decision: this date is statutory; .*; nothing .*\(article 7\)$",
    ):
        grant(office, Scope(round_id="r1"))
    assert last_days(office)["2-1-1"] == "2018-03-30"


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        (Scope(), "say what is extended"),
        (Scope(round_id="r1", period="2018-Q1"), "one after the other"),
        (Scope(round_id="r9"), "nothing is open with a date in round_id 'r9'"),
        (Scope(unit="hill", stage="evaluation"), "nothing is open with a date in unit 'hill', stage 'evaluation'"),
        (Scope(period="2019-Q1"), "nothing is open"),
    ],
)
def test_a_scope_without_anything_open_is_refused(office: "Office", scope: Scope, sentence: str) -> None:
    with pytest.raises(ExtensionRefusedError, match=sentence):
        grant(office, scope)


def limited(**rules: str) -> Callable[[dict[str, Any]], None]:
    def edit(plan: dict[str, Any]) -> None:
        plan["extensions"] = {**rules, "source": "item 9"}

    return edit


@pytest.mark.parametrize(
    ("until", "allowed"),
    [("2018-04-10 00:00", True), ("2018-04-11 00:00", False)],  # ten days after 30 March is 9 April
)
def test_the_plan_says_how_far(office_with: "Callable[..., Office]", until: str, *, allowed: bool) -> None:
    office = office_with(plan=limited(at_most_days="10"))
    office.open()

    if allowed:
        assert len(grant(office, Scope(round_id="r1"), until=until)) == 4
    else:
        with pytest.raises(
            ExtensionRefusedError,
            match=r"is 11 days after .* 30/03/2018; the plan allows 10; nothing .*\(item 9\)$",
        ):
            grant(office, Scope(round_id="r1"), until=until)


def test_days_count_from_the_first_date_however_often_it_is_extended(office_with: "Callable[..., Office]") -> None:
    office = office_with(plan=limited(at_most_days="10"))
    office.open()
    grant(office, Scope(round_id="r1"), until="2018-04-05 00:00")

    with pytest.raises(ExtensionRefusedError, match="is 15 days after the first date 30/03/2018"):
        grant(office, Scope(round_id="r1"), until="2018-04-15 00:00")


def test_the_plan_says_how_often(office_with: "Callable[..., Office]") -> None:
    office = office_with(plan=limited(at_most_times="1"))
    office.open()
    grant(office, Scope(unit="hill"), until="2018-04-05 00:00")

    with pytest.raises(ExtensionRefusedError, match=r"extended 1 times, and the plan allows no more; .*\(item 9\)$"):
        grant(office, Scope(round_id="r1"), until="2018-04-15 00:00")
    assert last_days(office) == {
        "1-1-1": "2018-04-04",
        "1-2-1": "2018-04-04",
        "2-1-1": "2018-03-30",
        "2-1-2": "2018-03-30",
    }

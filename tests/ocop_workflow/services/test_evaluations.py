"""Score sheets, exact means, stars by band edges, and results that can be computed again (I7)."""

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import select

from ocop_workflow.policy.scoring import ScoreOutOfRangeError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.council_case import CouncilError, NotJudgedSoError
from ocop_workflow.services.dossiers import NotPermittedError
from ocop_workflow.services.evaluations import conclude, result_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.storage.tables import ScoreSheet
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

COUNCIL = "coast/province_council"


def points(a: str, b: str, c: str) -> dict[str, Decimal]:
    return {"A": Decimal(a), "B": Decimal(b), "C": Decimal(c)}


@pytest.fixture
def before_council(office: "Office") -> "Office":
    office.to_council()
    return office


@pytest.mark.parametrize(
    ("totals", "mean", "stars", "status"),
    [
        (("100", "100", "100"), "100", 5, "recognised"),
        (("90", "90", "90"), "90", 5, "recognised"),
        (("90", "90", "89.999999"), "269999999/3000000", 4, "recognised"),
        (("89.5", "89.5"), "179/2", 4, "recognised"),
        (("70", "70", "70"), "70", 4, "recognised"),
        (("69.5", "69.5"), "139/2", 3, "recognised"),
        (("50", "50", "50"), "50", 3, "recognised"),
        (("49", "50", "50"), "149/3", 2, "rated_uncertified"),
        (("30", "30"), "30", 2, "rated_uncertified"),
        (("29.999999",), "29999999/1000000", 1, "rated_uncertified"),
        (("0", "0", "0"), "0", 1, "rated_uncertified"),
    ],
)
def test_conclude_rates_by_the_exact_mean(
    before_council: "Office", totals: tuple[str, ...], mean: str, stars: int, status: str
) -> None:
    """I7: the mean is never rounded, so a band is reached or it is not; bands are half-open."""
    before_council.score("2018-03-12 08:00", *totals)

    with before_council.reading() as work:
        dossier = before_council.dossier(work)
        assert (dossier.mean, dossier.stars, dossier.status) == (mean, stars, status)


def test_result_of_equals_what_was_recorded(before_council: "Office") -> None:
    """I7: from the stored sheets and the rule set, at any time; row and event say the same."""
    before_council.score("2018-03-12 08:00", "71.25", "68", "70.5")

    with before_council.reading() as work:
        dossier = before_council.dossier(work)
        book = work.books.of_dossier(work.session, before_council.cycle(work), dossier)
        again = result_of(work.session, dossier.id, book.rule_set, stage="evaluation", session_number=1)
        details = details_of(events_of(work.session, f"dossier:{dossier.id}")[-1])
        assert (
            again.mean
            == Fraction(dossier.mean or "")
            == Fraction(details["mean"])
            == Fraction("69.91666") + Fraction(2, 300000)
        )
        assert again.stars == dossier.stars == details["stars"] == 3
        assert verify(work.session).faults == ()


def test_record_sheets_keeps_each_members_points_as_given(before_council: "Office") -> None:
    with before_council.at("2018-03-12 08:00") as work:
        sheets = {"ông A": points("30.5", "20", "35.25"), "bà B": points("35", "25", "40")}
        number = record_sheets(work, before_council.dossier(work), sheets, actor=COUNCIL)
        rows = {row.member: row for row in work.session.exec(select(ScoreSheet))}
        event = events_of(work.session, f"dossier:{before_council.dossier(work).id}")[-1]

    assert number == 1
    assert rows["ông A"].points == {"A": "30.5", "B": "20", "C": "35.25"}
    assert (rows["ông A"].total, rows["bà B"].total) == ("85.75", "100")
    assert (event.action, details_of(event)["session"]) == ("scores_recorded", 1)


def test_the_last_session_decides(before_council: "Office") -> None:
    """Numbered sessions at one stage: the second one replaces the first one's result, and both stay on record."""
    with before_council.at("2018-03-12 08:00") as work:
        dossier = before_council.dossier(work)
        assert record_sheets(work, dossier, {"m": points("35", "25", "40")}, actor=COUNCIL) == 1
        assert record_sheets(work, dossier, {"m": points("10", "10", "20")}, actor=COUNCIL) == 2
        conclude(work, dossier, actor=COUNCIL)

    with before_council.reading() as work:
        assert (before_council.dossier(work).mean, before_council.dossier(work).status) == ("40", "rated_uncertified")
        assert len(work.session.exec(select(ScoreSheet)).all()) == 2


def test_record_sheets_of_one_command_are_recorded_once(before_council: "Office") -> None:
    """I1: a repeated act gives the number it gave, also after later sessions and after the stage's end."""
    with before_council.at("2018-03-12 08:00") as work:
        dossier = before_council.dossier(work)
        sheets = {"m": points("35", "25", "20")}
        first = record_sheets(work, dossier, sheets, actor=COUNCIL, command="sheets-1")
        record_sheets(work, dossier, sheets, actor=COUNCIL, command="sheets-2")
        conclude(work, dossier, actor=COUNCIL, command="end-1")
        again = record_sheets(work, dossier, sheets, actor=COUNCIL, command="sheets-1")
        ended = conclude(work, dossier, actor=COUNCIL, command="end-1")
        rows = len(work.session.exec(select(ScoreSheet)).all())

    assert (first, again, rows) == (1, 1, 2)
    assert ended.status == "recognised"


@pytest.mark.parametrize("actor", ["hill/ocop_team", "delta/ocop_team", "producer:x", ""])
def test_record_sheets_refuses_whoever_does_not_decide_here(before_council: "Office", actor: str) -> None:
    """Peers' mistake 6: permission is a check in the act, not a filter of a form."""
    with before_council.at("2018-03-12 08:00") as work, pytest.raises(NotPermittedError, match="may not score"):
        record_sheets(work, before_council.dossier(work), {"m": points("1", "1", "1")}, actor=actor)


@pytest.mark.parametrize(
    ("sheets", "sentence"),
    [
        ({}, "no score sheet was handed in"),
        ({"m": {"A": Decimal(1), "B": Decimal(1)}}, "part C has no points"),
        ({"m": {**points("1", "1", "1"), "D": Decimal(1)}}, "part D is unknown"),
        ({"m": points("35.000001", "1", "1")}, "part A has 35.000001 points; give 0 to 35"),
        ({"m": points("1", "-0.5", "1")}, "part B has -0.5 points; give 0 to 25"),
        ({"m": points("NaN", "1", "1")}, "part A has NaN points"),
        ({"m": points("1", "1", "Infinity")}, "part C has Infinity points"),
        ({"m": points("1.0000001", "1", "1")}, "A has too many decimals; give 6 at most"),
    ],
)
def test_record_sheets_refuses_sheets_that_do_not_fit(before_council: "Office", sheets: Any, sentence: str) -> None:
    with before_council.at("2018-03-12 08:00") as work, pytest.raises(ScoreOutOfRangeError, match=sentence):
        record_sheets(work, before_council.dossier(work), sheets, actor=COUNCIL)


def test_a_council_stage_takes_no_verdict_and_needs_sheets(before_council: "Office") -> None:
    with before_council.at("2018-03-12 08:00") as work:
        dossier = before_council.dossier(work)
        with pytest.raises(NotJudgedSoError, match="a council judges evaluation"):
            conclude(work, dossier, actor=COUNCIL, verdict="accepted")
        with pytest.raises(CouncilError, match="no session was opened at evaluation"):
            conclude(work, dossier, actor=COUNCIL)


def test_a_verdict_stage_takes_no_sheets_and_needs_a_verdict(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    with office.at("2018-03-07 08:00") as work:
        dossier = office.dossier(work)
        with pytest.raises(NotJudgedSoError, match="decided by verdict"):
            record_sheets(work, dossier, {"m": points("1", "1", "1")}, actor="hill/ocop_team")
        with pytest.raises(NotJudgedSoError, match="write accepted or declined"):
            conclude(work, dossier, actor="hill/ocop_team")
        conclude(work, dossier, actor="hill/ocop_team", verdict="declined")
        assert (dossier.status, dossier.mean, dossier.stars) == ("not_passed", None, None)


def test_record_sheets_needs_a_received_dossier(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00")
    with office.at("2018-03-08 08:00") as work, pytest.raises(NotJudgedSoError, match="receive it first"):
        record_sheets(work, office.dossier(work), {"m": points("1", "1", "1")}, actor=COUNCIL)


def test_producer_is_told_the_result_at_once(before_council: "Office") -> None:
    before_council.score("2018-03-12 08:00", "95")

    with before_council.reading() as work:
        news = before_council.notices(work, about="1-1-1", rungs=False)[-1]
        assert (news.code, news.params["stars"], news.immediate) == ("news.recognised", 5, True)


def test_sheets_from_before_a_return_conclude_nothing(before_council: "Office") -> None:
    """What came back is judged anew: the council scored another dossier than the one it has now."""
    with before_council.at("2018-03-12 08:00") as work:
        record_sheets(work, before_council.dossier(work), {"m": points("35", "25", "40")}, actor=COUNCIL)
    before_council.act("2018-03-12 09:00", DossierTrigger.RETURN)
    before_council.act("2018-03-13 09:00", DossierTrigger.SUBMIT)

    with before_council.at("2018-03-14 08:00") as work:
        with pytest.raises(CouncilError, match="since the dossier came before the council"):
            conclude(work, before_council.dossier(work), actor=COUNCIL)
        record_sheets(work, before_council.dossier(work), {"m": points("10", "10", "20")}, actor=COUNCIL)
        concluded = conclude(work, before_council.dossier(work), actor=COUNCIL)
        assert (concluded.mean, concluded.status) == ("40", "rated_uncertified")


def test_more_sheets_than_members_are_refused(before_council: "Office") -> None:
    """The plan's council has three members."""
    sheets = {f"m{number}": points("10", "10", "20") for number in range(4)}
    with before_council.at("2018-03-12 08:00") as work, pytest.raises(CouncilError, match="has 3 members"):
        record_sheets(work, before_council.dossier(work), sheets, actor=COUNCIL)


@pytest.mark.parametrize(("percent", "sheets", "enough"), [("67", 2, False), ("66", 2, True), ("67", 3, True)])
def test_a_session_decides_with_its_quorum(
    office_with: "Callable[..., Office]", percent: str, sheets: int, *, enough: bool
) -> None:
    """I7, section 4: two thirds of three members are two, and one hundredth more needs the third."""

    def quorum(plan: dict[str, Any]) -> None:
        plan["councils"]["evaluation"]["quorum_percent"] = percent

    office = office_with(plan=quorum)
    office.open()
    office.to_council()
    with office.at("2018-03-12 08:00") as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, {f"m{n}": points("30", "20", "20") for n in range(sheets)}, actor=COUNCIL)
        if enough:
            assert conclude(work, dossier, actor=COUNCIL).stars == 4
        else:
            with pytest.raises(CouncilError, match="2 sheets are in, the quorum of evaluation is 3"):
                conclude(work, dossier, actor=COUNCIL)


def test_without_a_quorum_in_the_plan_every_member_scores(office_with: "Callable[..., Office]") -> None:
    def silent(plan: dict[str, Any]) -> None:
        del plan["councils"]["evaluation"]["quorum_percent"]

    office = office_with(plan=silent)
    office.open()
    office.to_council()

    with pytest.raises(CouncilError, match="the quorum of evaluation is 3"):
        office.score("2018-03-12 08:00", "70", "70")

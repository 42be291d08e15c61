"""Numbered sessions, quorum, spread, interests, findings and rejection: what lets a council decide."""

import hashlib
import json
import shutil
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import select

from notifications.catalogue import Language, translate
from ocop_workflow.config_files import InvalidFilesError
from ocop_workflow.policy.rating import FindingMissingError
from ocop_workflow.services.audit import verify
from ocop_workflow.services.council_case import CouncilError
from ocop_workflow.services.council_sessions import (
    Opening,
    SessionKind,
    declare_interest,
    open_session,
    record_findings,
)
from ocop_workflow.services.cycles import CycleDocuments
from ocop_workflow.services.dossiers import NotPermittedError, Request, apply_trigger
from ocop_workflow.services.evaluations import GroundUnknownError, conclude, reject, result_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.score_sheets import add_sheets, record_sheets
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.session_views import explained, shown_sessions
from ocop_workflow.simulation.acting import carry_out
from ocop_workflow.simulation.acts import ActKind, ScriptedAct
from ocop_workflow.storage.database import Database, open_database
from ocop_workflow.storage.tables import ScoreSheet
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

COUNCIL = "coast/province_council"
NOON = "2018-03-12 12:00"
GATES = [
    {"id": "origin", "title": {"vi": "Nguồn gốc", "en": "Origin"}, "cap": 4, "source": "annex, mark *****"},
    {"id": "label", "title": {"vi": "Nhãn hàng hóa", "en": "Label"}, "cap": 2, "source": "annex, mark ***"},
]
SEATS = [
    {
        "id": "chair",
        "title": {"vi": "Chủ tịch", "en": "Chair"},
        "role": "chair",
        "position": {"role": "coordination_office", "unit": "coast"},
    },
    {
        "id": "trade",
        "title": {"vi": "Công Thương", "en": "Trade"},
        "position": {"role": "ocop_team", "unit": "delta"},
    },
    {"id": "health", "title": {"vi": "Y tế", "en": "Health"}},
    {"id": "clerk", "title": {"vi": "Thư ký", "en": "Secretary"}, "role": "secretary"},
]
Making = Callable[..., "Office"]


def sheet(total: str) -> dict[str, Decimal]:
    """Return a sheet with this total: part A is filled first, then B, then C."""
    left, points = Decimal(total), {}
    for part, maximum in (("A", 35), ("B", 25), ("C", 40)):
        points[part] = min(left, Decimal(maximum))
        left -= points[part]
    return points


def sheets(*totals: str) -> dict[str, dict[str, Decimal]]:
    return {f"m{number}": sheet(total) for number, total in enumerate(totals, start=1)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, CycleDocuments]]:
    """Where offices that were brought before a council are kept, and their documents, by how they were made."""
    return tmp_path_factory.mktemp("prepared"), {}


@pytest.fixture
def before_council(
    office_with: Making,
    unopened_office: "Office",
    prepared: tuple[Path, dict[str, CycleDocuments]],
    tmp_path: Path,
) -> Generator[Making, None, None]:
    """A way to have dossier 1-1-1 before a council with other rules, or under a rule set with gates."""
    folder, documents = prepared
    opened: list[Database] = []

    def make(*, gates: bool = False, **council: Any) -> "Office":
        made = hashlib.sha256(json.dumps([gates, council]).encode()).hexdigest()
        if made not in documents:
            office = _office_before_council(office_with, gates=gates, council=council)
            office.database.dispose()  # the last connection folds the write-ahead log into the file
            shutil.copy(office.database.writing.url.database or "", folder / made)
            documents[made] = office.documents
        shutil.copy(folder / made, tmp_path / "council.db")
        opened.append(open_database(f"sqlite:///{tmp_path / 'council.db'}"))
        return replace(unopened_office, database=opened[-1], documents=documents[made])

    yield make
    for database in opened:
        database.dispose()


def _office_before_council(office_with: Making, *, gates: bool, council: dict[str, Any]) -> "Office":
    def rules(data: dict[str, Any]) -> None:
        data["gates"] = GATES if gates else []
        data["rejection_grounds"] = [
            {"id": "forged", "title": {"vi": "Giả mạo hồ sơ", "en": "Forged dossier"}, "source": "article 6"}
        ]
        evaluation = data["route"]["stages"][1]
        low = evaluation["outcomes"][1]
        evaluation["outcomes"] = [
            {"when": {"guard": "mean_within", "at_least": 90}, "to": "national"},
            {"when": {"guard": "mean_within", "at_least": 50, "below": 90}, "to": "recognised"},
            low,
        ]
        recognised = {"when": {"guard": "mean_within", "at_least": 50}, "to": "recognised"}
        data["route"]["stages"].append({**evaluation, "id": "national", "outcomes": [recognised, low]})

    def plan(data: dict[str, Any]) -> None:
        data["councils"]["evaluation"] |= council

    office = office_with(plan=plan, rules=rules)
    office.open()
    office.to_council()
    return office


def state_of(office: "Office") -> tuple[str, str, str | None, int | None]:
    with office.reading() as work:
        dossier = office.dossier(work)
        assert verify(work.session).faults == ()
        return dossier.stage, dossier.status, dossier.mean, dossier.stars


@pytest.mark.parametrize(
    ("total", "origin", "label", "end"),
    [
        # With every gate met the mean decides; "origin" caps at 4 stars, "label" at 2.
        ("29.99", True, True, ("evaluation", "rated_uncertified", 1)),
        ("49.99", True, True, ("evaluation", "rated_uncertified", 2)),
        ("50", True, True, ("evaluation", "recognised", 3)),
        ("89.99", True, True, ("evaluation", "recognised", 4)),
        ("90", True, True, ("national", "awaiting_submission", 5)),
        ("92", False, True, ("evaluation", "recognised", 4)),
        ("100", False, True, ("evaluation", "recognised", 4)),
        ("89.5", False, True, ("evaluation", "recognised", 4)),
        ("50", False, True, ("evaluation", "recognised", 3)),
        ("100", True, False, ("evaluation", "rated_uncertified", 2)),
        ("50", False, False, ("evaluation", "rated_uncertified", 2)),
        ("29.99", False, False, ("evaluation", "rated_uncertified", 1)),
    ],
)
def test_a_product_goes_where_its_stars_belong(
    before_council: Making, total: str, *, origin: bool, label: bool, end: tuple[str, str, int]
) -> None:
    """92 points with a cap of 4 stars are recognised at the province and not referred to the nation (I5, I7)."""
    office = before_council(gates=True)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets(total, total), actor=COUNCIL)
        record_findings(work, dossier, {"origin": origin, "label": label}, actor=COUNCIL)
        conclude(work, dossier, actor=COUNCIL)

    stage, status, mean, stars = state_of(office)
    assert (stage, status, stars) == end
    assert mean is not None
    assert Decimal(total) == Decimal(mean.partition("/")[0]) / Decimal(mean.partition("/")[2] or 1)


@pytest.mark.parametrize("language", list(Language))
def test_a_capped_result_is_explained_by_rule_and_article(before_council: Making, language: Language) -> None:
    """92 points, the band of 5 stars, a gate that caps at 4, and what follows from 4 stars: each with its source."""
    office = before_council(gates=True)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("92", "92"), actor=COUNCIL)
        record_findings(work, dossier, {"origin": False, "label": True}, actor=COUNCIL)
        conclude(work, dossier, actor=COUNCIL)
        book = work.books.of_dossier(work.session, office.cycle(work), dossier)
        told = explained(work.session, book, dossier, shown_sessions(work, dossier))
        sentences = [translate(language, each.code, each.params) for each in told]

    assert [each.code for each in told] == ["result.mean", "result.band", "result.gate", "result.outcome"]
    assert [told[1].params["stars"], told[2].params["stars"], told[3].params["stars"]] == [5, 4, 4]
    assert "92.00" in sentences[0]
    assert {"vi": "phụ lục", "en": "annex, mark *****"}[language] in sentences[2]
    assert ("Nguồn gốc" if language is Language.VI else "Origin") in sentences[2]
    assert {"vi": "Điều 2", "en": "article 2"}[language] in sentences[3]


def test_conclude_waits_for_a_finding_on_every_gate(before_council: Making) -> None:
    office = before_council(gates=True)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("80"), actor=COUNCIL)
        record_findings(work, dossier, {"label": False}, actor=COUNCIL)
        with pytest.raises(FindingMissingError, match="has not found whether origin is met"):
            conclude(work, dossier, actor=COUNCIL)
        record_findings(work, dossier, {"label": True, "origin": True}, actor=COUNCIL)
        assert conclude(work, dossier, actor=COUNCIL).stars == 4

    assert state_of(office)[1] == "recognised"


def test_findings_belong_to_gates_of_the_rule_set_and_to_a_session(before_council: Making) -> None:
    office = before_council(gates=True)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        with pytest.raises(CouncilError, match="no session was opened"):
            record_findings(work, dossier, {"label": True}, actor=COUNCIL)
        open_session(work, dossier, Opening(), actor=COUNCIL)
        with pytest.raises(CouncilError, match="lable is no gate of two-stages; known are origin, label"):
            record_findings(work, dossier, {"lable": True}, actor=COUNCIL)
        with pytest.raises(NotPermittedError):
            record_findings(work, dossier, {"label": True}, actor="hill/ocop_team")


def test_an_outcome_inside_a_band_is_refused_where_there_are_gates(office_with: Making) -> None:
    """I5: a rating that a gate lowered is known as stars; an edge of 75 would leave it undecided."""

    def rules(data: dict[str, Any]) -> None:
        data["gates"] = GATES
        high, low = data["route"]["stages"][1]["outcomes"]
        high["when"]["at_least"] = low["when"]["below"] = 75

    with pytest.raises(InvalidFilesError, match="75 points lie inside a band"):
        office_with(rules=rules)


@pytest.mark.parametrize(
    ("totals", "asked"),
    [(("70", "80", "75"), False), (("70", "80.000001", "75"), True), (("60", "75", "90"), True)],
)
def test_a_spread_above_the_limit_asks_for_a_re_score(
    before_council: Making, totals: tuple[str, ...], *, asked: bool
) -> None:
    """Tây Ninh and Đồng Tháp: above 10 points the council discusses and scores anew; 10 exactly is not above."""
    office = before_council(max_spread=10)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets(*totals), actor=COUNCIL)
        if not asked:
            assert conclude(work, dossier, actor=COUNCIL).stars == 4
            return
        with pytest.raises(CouncilError, match=r"points apart, more than 10; .* record a re-score session \(item 2\)"):
            conclude(work, dossier, actor=COUNCIL)
        record_sheets(work, dossier, sheets(*totals), actor=COUNCIL)
        with pytest.raises(CouncilError, match="more than 10"):  # a second session is no re-score
            conclude(work, dossier, actor=COUNCIL)
        again = record_sheets(
            work, dossier, sheets("71", "72", "74"), actor=COUNCIL, opening=Opening(SessionKind.RE_SCORE)
        )
        concluded = conclude(work, dossier, actor=COUNCIL)
        assert (again, concluded.mean) == (3, "217/3")
        assert [row.state for row in sessions_of(work.session, dossier.id)] == [
            "superseded",
            "superseded",
            "conclusive",
        ]

    assert state_of(office)[1] == "recognised"


def test_a_council_that_stays_apart_after_its_re_score_can_still_decide(before_council: Making) -> None:
    """I5: no dossier is stuck; the rule asks for one new scoring, not for agreement."""
    office = before_council(max_spread=10)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("50", "90"), actor=COUNCIL)
        record_sheets(work, dossier, sheets("50", "90"), actor=COUNCIL, opening=Opening(SessionKind.RE_SCORE))
        assert conclude(work, dossier, actor=COUNCIL).stars == 4


def test_an_interested_member_does_not_score_the_product(before_council: Making) -> None:
    office = before_council(quorum_percent=100)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        declare_interest(work, dossier, "m2", actor=COUNCIL, text="anh trai là chủ cơ sở")
        declare_interest(work, dossier, "m2", actor=COUNCIL)
        with pytest.raises(CouncilError, match=r"m2 declared an interest in this product, .* \(item 2\)"):
            record_sheets(work, dossier, sheets("70", "70", "70"), actor=COUNCIL)
        declared = [e for e in events_of(work.session, f"dossier:{dossier.id}") if e.action == "interest_declared"]
        assert len(declared) == 1

    with office.at(NOON) as work:
        dossier = office.dossier(work)
        declare_interest(work, dossier, "m2", actor=COUNCIL, text="anh trai là chủ cơ sở")
        record_sheets(work, dossier, {"m1": sheet("70"), "m3": sheet("70")}, actor=COUNCIL)
        assert conclude(work, dossier, actor=COUNCIL).stars == 4  # two of the two who may score

    assert state_of(office)[1] == "recognised"


def test_an_interest_declared_after_scoring_needs_a_session_without_that_sheet(before_council: Making) -> None:
    office = before_council()
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("95", "60"), actor=COUNCIL)
        declare_interest(work, dossier, "m1", actor=COUNCIL)
        with pytest.raises(CouncilError, match="m1 scored and declared an interest"):
            conclude(work, dossier, actor=COUNCIL)
        record_sheets(work, dossier, {"m2": sheet("60")}, actor=COUNCIL)
        assert conclude(work, dossier, actor=COUNCIL).stars == 3


def test_seats_say_who_scores_and_who_must_be_there(before_council: Making) -> None:
    """75 of 100 of four members with the chair; the secretary is one of them but gives no sheet."""
    office = before_council(
        members=4, quorum_percent=67, quorum_needs_chair=True, secretary_scores=False, seats=SEATS, max_spread=10
    )
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        open_session(work, dossier, Opening(), actor=COUNCIL)
        for member, sentence in (("clerk", "is the secretary"), ("press", "has no seat in the council")):
            with pytest.raises(CouncilError, match=sentence):
                add_sheets(work, dossier, {member: sheet("70")}, actor=COUNCIL)
        add_sheets(work, dossier, {"trade": sheet("70")}, actor="delta/ocop_team")  # the seat's own holder
        with pytest.raises(NotPermittedError):
            add_sheets(work, dossier, {"health": sheet("70")}, actor="delta/ocop_team")
        add_sheets(work, dossier, {"health": sheet("70")}, actor=COUNCIL, from_paper=True)
        with pytest.raises(CouncilError, match=r"2 sheets are in, the quorum of evaluation is 3: 1 missing \(item 2\)"):
            conclude(work, dossier, actor=COUNCIL)
        add_sheets(work, dossier, {"chair": sheet("70")}, actor=COUNCIL)
        assert conclude(work, dossier, actor=COUNCIL).stars == 4
        entered = {row.member: (row.entered_by, row.from_paper) for row in work.session.exec(select(ScoreSheet))}

    assert entered["trade"] == ("delta/ocop_team", False)
    assert entered["health"] == (COUNCIL, True)
    assert state_of(office)[1] == "recognised"


def test_a_quorum_without_the_chair_does_not_decide(before_council: Making) -> None:
    office = before_council(members=4, quorum_percent=50, quorum_needs_chair=True, seats=SEATS)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, {"trade": sheet("70"), "health": sheet("70")}, actor=COUNCIL)
        with pytest.raises(CouncilError, match="needs the chair, and chair has no sheet"):
            conclude(work, dossier, actor=COUNCIL)


def test_a_sheet_by_criteria_keeps_them_and_sums_the_parts(before_council: Making) -> None:
    office = before_council(max_spread=10)
    points = {name: Decimal(value) for name, value in {"A.1": "5.5", "A.2": "10", "B.1": "20", "C": "35"}.items()}
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, {"m1": points | {"A": Decimal("15.5")}}, actor=COUNCIL)
        (row,) = work.session.exec(select(ScoreSheet))
        conclude(work, dossier, actor=COUNCIL)

    assert row.points == {"C": "35", "A": "15.5", "B": "20"}
    assert row.criteria == {"A.1": "5.5", "A.2": "10", "B.1": "20"}
    assert state_of(office)[2] == "141/2"


def test_a_sheet_stays_as_it_was_entered(before_council: Making) -> None:
    office = before_council()
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("70"), actor=COUNCIL)
        with pytest.raises(CouncilError, match="m1 has a sheet in session 1 already"):
            add_sheets(work, dossier, sheets("80"), actor=COUNCIL)


@pytest.mark.parametrize(
    ("opening", "sentence"),
    [
        (
            Opening(SessionKind.ORDINARY),
            "session 1 of evaluation is being held; conclude it, or open one of another kind",
        ),
        (
            Opening(SessionKind.REDO, reason="x"),
            "a session of the kind “redo by a superior's order” rests on a decision; give the number of its document",
        ),
        (Opening(SessionKind.RE_EVALUATION, document="1/BNN"), "re-evaluation after .* rests on a decision"),
        (Opening(SessionKind.SECOND), "one of the kind “second” follows one"),
        (Opening(SessionKind.RE_SCORE), "one of the kind “re-score” follows one"),
        (Opening(SessionKind.REDO, date(2018, 3, 13), "1/QĐ", "x"), "a session of 13/03/2018 was not held here"),
        (Opening(SessionKind.REDO, date(2018, 3, 6), "1/QĐ", "x"), "the dossier is at evaluation since 07/03/2018"),
    ],
)
def test_a_session_needs_what_its_kind_rests_on(before_council: Making, opening: Opening, sentence: str) -> None:
    office = before_council()
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        open_session(work, dossier, Opening(), actor=COUNCIL)
        with pytest.raises(CouncilError, match=sentence):
            open_session(work, dossier, opening, actor=COUNCIL)


def test_sessions_stay_on_record_with_day_paper_and_reason(before_council: Making) -> None:
    """Lần 1, lần 2 after the laboratory, and a redo by a superior's order: the last one decides."""
    office = before_council()
    redo = Opening(SessionKind.REDO, date(2018, 3, 12), "15/QĐ-UBND", "khiếu nại của chủ thể")
    with office.at("2018-03-10 09:00") as work:
        record_sheets(work, office.dossier(work), sheets("88"), actor=COUNCIL)
    with office.at("2018-03-11 09:00") as work:
        record_sheets(work, office.dossier(work), sheets("91"), actor=COUNCIL)
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("66"), actor=COUNCIL, opening=redo)
        conclude(work, dossier, actor=COUNCIL)
        rows = sessions_of(work.session, dossier.id)
        rule_set = work.books.of_dossier(work.session, office.cycle(work), dossier).rule_set
        again = [
            result_of(work.session, dossier.id, rule_set, stage="evaluation", session_number=row.number) for row in rows
        ]
        opened = [e for e in events_of(work.session, f"dossier:{dossier.id}") if e.action == "session_opened"]

    assert [(row.number, row.kind, row.state, f"{row.held_on:%d/%m}", row.document) for row in rows] == [
        (1, "ordinary", "superseded", "10/03", None),
        (2, "second", "superseded", "11/03", None),
        (3, "redo", "conclusive", "12/03", "15/QĐ-UBND"),
    ]
    assert [result.stars for result in again] == [4, 5, 3]
    assert [details_of(event)["kind"] for event in opened] == ["ordinary", "second", "redo"]
    assert [event.text_hash is not None for event in opened] == [False, False, True]
    assert state_of(office)[2:] == ("66", 3)


def test_a_re_evaluation_after_the_ministrys_result_replaces_the_one_that_referred(office_with: Making) -> None:
    """QĐ 26, Điều 8: below 90 points at the ministry the province may evaluate anew; here the route leads back."""

    def rules(data: dict[str, Any]) -> None:
        stages = data["route"]["stages"]
        national = {**stages[1], "id": "national"}
        national["outcomes"] = [
            {"when": {"guard": "mean_within", "at_least": 90}, "to": "recognised"},
            {"when": {"guard": "mean_within", "below": 90}, "to": "evaluation"},
        ]
        stages[1]["outcomes"] = [
            {"when": {"guard": "mean_within", "at_least": 90}, "to": "national"},
            {"when": {"guard": "mean_within", "at_least": 50, "below": 90}, "to": "recognised"},
            {"when": {"guard": "mean_within", "below": 50}, "to": "rated_uncertified"},
        ]
        stages.append(national)

    office = office_with(rules=rules)
    office.open()
    office.to_council()
    office.score("2018-03-12 08:00", "95")
    for day in (13, 14):
        office.act(f"2018-03-{day} 08:00", DossierTrigger.SUBMIT)
        office.act(f"2018-03-{day} 09:00", DossierTrigger.RECEIVE)
        if day == 13:
            office.score("2018-03-13 10:00", "88")
    after = Opening(SessionKind.RE_EVALUATION, document="7/BNN", reason="88 điểm ở trung ương")
    with office.at("2018-03-14 10:00") as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("86"), actor=COUNCIL, opening=after)
        conclude(work, dossier, actor=COUNCIL)
        rows = [(row.stage, row.number, row.kind, row.state) for row in sessions_of(work.session, dossier.id)]

    assert rows == [
        ("evaluation", 1, "ordinary", "superseded"),
        ("national", 1, "ordinary", "conclusive"),
        ("evaluation", 2, "re-evaluation", "conclusive"),
    ]
    assert state_of(office) == ("evaluation", "recognised", "86", 4)


def test_open_session_of_one_command_is_opened_once(before_council: Making) -> None:
    office = before_council()
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        first = open_session(work, dossier, Opening(), actor=COUNCIL, command="open-1")
        again = open_session(work, dossier, Opening(), actor=COUNCIL, command="open-1")
        assert first.id == again.id


@pytest.mark.parametrize("trigger", [DossierTrigger.RETURN, DossierTrigger.WITHDRAW])
def test_a_session_is_void_when_the_dossier_leaves_the_council(before_council: Making, trigger: DossierTrigger) -> None:
    office = before_council()
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("70"), actor=COUNCIL)
        apply_trigger(work, dossier, Request(trigger, "coast/coordination_office"))
        assert [row.state for row in sessions_of(work.session, dossier.id)] == ["void"]

    assert state_of(office)[3] is None


def test_a_scripted_council_scores_under_gates_seats_and_a_narrow_spread(before_council: Making) -> None:
    """The people of the demo act by the same rules: every gate is met, and who is far apart scores anew."""
    office = before_council(gates=True, members=4, secretary_scores=False, seats=SEATS, max_spread=1)
    given = {"chair": sheet("70"), "trade": sheet("80"), "health": sheet("75")}
    for _ in range(2):
        with office.at(NOON) as work:
            carry_out(work, ScriptedAct(work.now, "end-1", ActKind.CONCLUDE, office.dossier(work).key, sheets=given))

    with office.reading() as work:
        held = sessions_of(work.session, office.dossier(work).id)
        assert [(row.kind, row.state) for row in held] == [("ordinary", "superseded"), ("re-score", "conclusive")]
    assert state_of(office) == ("evaluation", "recognised", "75", 4)


def test_rejection_overrides_points_and_cites_a_ground(before_council: Making) -> None:
    office = before_council()
    with office.at(NOON) as work:
        dossier = office.dossier(work)
        record_sheets(work, dossier, sheets("100", "100"), actor=COUNCIL)
        with pytest.raises(GroundUnknownError, match="unknown ground 'late'; the rule set knows forged"):
            reject(work, dossier, "late", actor=COUNCIL)
        reject(work, dossier, "forged", actor=COUNCIL)
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]
        assert (event.action, details_of(event)) == ("dossier_rejected", {"ground": "forged"})
        news = office.notices(work, about="1-1-1", rungs=False)[-1]
        assert (news.code, news.params["ground"]) == ("news.rejected", {"vi": "Giả mạo hồ sơ", "en": "Forged dossier"})

    assert state_of(office) == ("evaluation", "rejected", None, None)


@pytest.mark.parametrize(
    ("council", "sentence"),
    [
        ({"members": 3, "seats": SEATS}, "the council has 3 members and 4 seats; let both be the same"),
        ({"members": 4, "seats": [SEATS[0]] * 4}, 'the seat "chair" stands twice; give each its own id'),
        ({"quorum_needs_chair": True}, "no seat is the chair's; give one seat role: chair"),
        ({"secretary_scores": False}, "no seat is the secretary's; give one seat role: secretary"),
        ({"members": 1, "seats": SEATS[3:], "secretary_scores": False}, "no seat scores"),
    ],
)
def test_a_plan_with_a_council_that_contradicts_itself_is_refused(
    office_with: Making, council: dict[str, Any], sentence: str
) -> None:
    def plan(data: dict[str, Any]) -> None:
        data["councils"]["evaluation"] |= council

    with pytest.raises(InvalidFilesError, match=sentence):
        office_with(plan=plan)

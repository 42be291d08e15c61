"""Rating on the criteria sets of QĐ 26: findings by criterion, sheets by criterion, and the set a session scores on.

Marks and options are those of `tests/config/criteria/counted-by-hand.csv` and of annex II itself.
"""

import csv
import shutil
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from notifications.catalogue import Language, translate
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import PlanFiles, default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.criteria import CriteriaError, scored_criteria
from ocop_workflow.policy.rating import FindingMissingError
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.council_case import CouncilError
from ocop_workflow.services.council_sessions import Opening, open_session, record_findings
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossier_criteria import CriteriaSetError, name_criteria_set
from ocop_workflow.services.dossiers import NotPermittedError, Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.session_views import explained, shown_sessions
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.simulation.acting import carry_out
from ocop_workflow.simulation.acts import ActKind, ScriptedAct
from ocop_workflow.storage.database import open_database
from ocop_workflow.storage.tables import Cycle, Dossier, Event, ScoreSheet
from state_machines.dossier import DossierTrigger

BY_HAND = Path(__file__).parents[2] / "config" / "criteria" / "counted-by-hand.csv"
COMMUNE, OFFICE, COUNCIL = (
    "lai-chau.muong-te/commune_officer",
    "lai-chau/coordination_office",
    "lai-chau/province_council",
)
DOSSIERS = {1: "vegetables", 13: "coffee", 26: "homestay", None: "unnamed"}
NO_FIVE_STAR_MARKS = """
    UPDATE pinned_document SET body = CAST(replace(CAST(body AS TEXT), '"gate"\\:5', '"gate"\\:null') AS BLOB)
    WHERE kind = 'criteria'
"""
SHELF = RulebookShelf()
Working = Callable[[], AbstractContextManager[UnitOfWork]]


def gates_by_hand(number: int) -> dict[str, Decimal]:
    """Return the points of each gated criterion's highest gate, from the marks counted by hand."""
    reached: dict[str, Decimal] = {}
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["set"], row["counted"]) == (str(number), "gates"):
                for code, _, points in (mark.partition("=") for mark in row["reckoning"].split()):
                    reached[code] = max(Decimal(points), reached.get(code, Decimal(0)))
    return reached


MEMBERS = ("chair", "agriculture", "trade", "health", "science", "culture", "quality", "extension", "office")
"""The nine seats of the province's council in the shipped plan."""


def sheet(total: str) -> dict[str, Decimal]:
    """Return a sheet with this total: part A of 40 is filled first, then B of 25, then C of 35."""
    left, points = Decimal(total), {}
    for part, maximum in (("A", 40), ("B", 25), ("C", 35)):
        points[part] = min(left, Decimal(maximum))
        left -= points[part]
    return points


def nine(points: dict[str, Decimal]) -> dict[str, dict[str, Decimal]]:
    return dict.fromkeys(MEMBERS, points)


@contextmanager
def working(path: Path) -> Generator[UnitOfWork, None, None]:
    database = open_database(f"sqlite:///{path}")
    now = datetime(2027, 5, 20, 9, tzinfo=OFFICE_ZONE).astimezone(UTC)
    with database.transaction() as session:
        yield UnitOfWork(session, now, SeededIds("criteria"), SHELF)
    database.dispose()


@pytest.fixture(scope="module")
def prepared(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A province's year under QĐ 26 with four products before its council, three of which name their criteria set."""
    path = tmp_path_factory.mktemp("criteria") / "criteria.db"
    shutil.copy(migrated_database, path)
    bring_before_council(path, load_plan_files(find_plan(default_config_dir(), "province-2027"), default_config_dir()))
    return path


def bring_before_council(path: Path, files: PlanFiles) -> None:
    products = tuple(
        PlannedProduct(
            key=key, name=key, form=key, producer=key, unit="lai-chau.muong-te", criteria_set=number, source="made up"
        )
        for number, key in DOSSIERS.items()
    )
    with working(path) as work:
        cycle = open_cycle(work, documents_for(replace(files, products=products), 2027), year=2027, actor=OFFICE)
        register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
        for key in DOSSIERS.values():
            dossier = find_dossier(work.session, key)
            for trigger in (DossierTrigger.SUBMIT, DossierTrigger.RECEIVE):
                apply_trigger(work, dossier, Request(trigger, OFFICE))
            conclude(work, dossier, actor=COMMUNE)
            for trigger in (DossierTrigger.SUBMIT, DossierTrigger.RECEIVE):
                apply_trigger(work, dossier, Request(trigger, OFFICE))


@pytest.fixture
def at_council(prepared: Path, tmp_path: Path) -> Working:
    """A way to work on that year in a database of its own."""
    shutil.copy(prepared, tmp_path / "year.db")
    return lambda: working(tmp_path / "year.db")


def dossier_on(work: UnitOfWork, number: int | None) -> Dossier:
    return find_dossier(work.session, DOSSIERS[number])


@pytest.mark.parametrize(
    ("number", "total", "lower", "end"),
    [
        # `lower` are the findings below the highest mark; without any every gate is met.
        (1, "92", {}, ("national_evaluation", "awaiting_submission", 5)),
        (1, "92", {"1.3": 2}, ("province_evaluation", "recognised", 4)),  # ***** at 3 points
        (1, "92", {"1.5": 2}, ("province_evaluation", "recognised", 4)),  # **** at 2, ***** at 3
        (1, "92", {"1.5": 1}, ("province_evaluation", "recognised", 3)),
        (1, "92", {"2.3": 2}, ("province_evaluation", "recognised", 3)),  # *** at 1, **** at 3: 2 meets the lower
        (1, "92", {"2.2": 1}, ("province_evaluation", "rated_uncertified", 2)),  # *** at 2
        (1, "92", {"2.2": 3, "1.3": 2}, ("province_evaluation", "recognised", 4)),  # above the mark is met too
        (13, "92", {"7": 3}, ("province_evaluation", "recognised", 4)),  # **** at 3, ***** at 5
        (13, "92", {"7": 1}, ("province_evaluation", "recognised", 3)),
        (13, "92", {"8": 0}, ("province_evaluation", "rated_uncertified", 2)),  # *** at 2, its lowest option
        (13, "92", {"7": 3, "8": 0}, ("province_evaluation", "rated_uncertified", 2)),
        (13, "69.99", {"7": 3}, ("province_evaluation", "recognised", 3)),  # the band is lower than the cap
        (13, "49.99", {}, ("province_evaluation", "rated_uncertified", 2)),
        (26, "92", {}, ("national_evaluation", "awaiting_submission", 5)),  # set 26 has no ***** mark
        (26, "92", {"3.4": 1}, ("province_evaluation", "recognised", 3)),  # **** at 3
        (26, "92", {"3.5": 1}, ("province_evaluation", "recognised", 3)),  # *** at 1, **** at 2
        (26, "92", {"3.5": 3}, ("national_evaluation", "awaiting_submission", 5)),  # the option above ****
        (26, "92", {"3.5": 0}, ("province_evaluation", "rated_uncertified", 2)),
    ],
)
def test_the_rating_is_the_lower_of_band_and_marks(
    at_council: Working, number: int, total: str, lower: dict[str, int], end: tuple[str, str, int]
) -> None:
    reached = gates_by_hand(number) | {code: Decimal(points) for code, points in lower.items()}
    with at_council() as work:
        dossier = dossier_on(work, number)
        record_sheets(work, dossier, nine(sheet(total)), actor=COUNCIL)
        record_findings(work, dossier, {}, actor=COUNCIL, reached=reached)
        conclude(work, dossier, actor=COUNCIL)

        assert (dossier.stage, dossier.status, dossier.stars) == end
        assert verify(work.session).faults == ()


@pytest.mark.parametrize(
    ("findings", "recorded"),
    [
        ({"2.3-4": True}, {"2.3-4": True, "2.3-3": True}),
        ({"2.3-3": False}, {"2.3-3": False, "2.3-4": False}),
        ({"2.3-4": False}, {"2.3-4": False}),  # the lower one is still to be found
        ({"2.3-3": True}, {"2.3-3": True}),
    ],
)
def test_a_yes_meets_the_lower_gates_and_a_no_denies_the_higher(
    at_council: Working, findings: dict[str, bool], recorded: dict[str, bool]
) -> None:
    """Label of set 1: *** at 1 point, **** at 3."""
    with at_council() as work:
        dossier = dossier_on(work, 1)
        open_session(work, dossier, Opening(), actor=COUNCIL)
        assert record_findings(work, dossier, findings, actor=COUNCIL).findings == recorded


def test_findings_that_fit_no_criterion_or_contradict_each_other_are_refused(at_council: Working) -> None:
    with at_council() as work:
        dossier = dossier_on(work, 1)
        open_session(work, dossier, Opening(), actor=COUNCIL)
        for findings, reached, sentence in (
            ({"2.3-3": False, "2.3-4": True}, {}, "2.3 is said to reach 3 points and not 1"),
            ({"2.3-4": True}, {"2.3": Decimal(2)}, "gate 2.3-4 is met by one of the answers and not by another"),
            ({}, {"2.4": Decimal(1)}, "criterion 2.4 has no gate in criteria set 1"),
            ({}, {"2.3": Decimal(4)}, r"2.3 \(Phong cách, ghi nhãn hàng hóa\) has 4 points; give 0, 1, 2 or 3"),
            ({"2.3-5": True}, {}, "2.3-5 is no gate of qd-26-2026"),
        ):
            with pytest.raises((CriteriaError, CouncilError), match=sentence):
                record_findings(work, dossier, findings, actor=COUNCIL, reached=reached)


def test_conclude_waits_for_the_finding_on_each_gated_criterion_and_names_it(at_council: Working) -> None:
    reached = gates_by_hand(1)
    label = reached.pop("2.3")
    with at_council() as work:
        dossier = dossier_on(work, 1)
        record_sheets(work, dossier, nine(sheet("80")), actor=COUNCIL)
        record_findings(work, dossier, {}, actor=COUNCIL, reached=reached)
        with pytest.raises(FindingMissingError, match=r"2\.3-3, 2\.3-4 .*2\.3\. Phong cách, ghi nhãn hàng hóa"):
            conclude(work, dossier, actor=COUNCIL)
        record_findings(work, dossier, {}, actor=COUNCIL, reached={"2.3": label})
        assert conclude(work, dossier, actor=COUNCIL).stars == 4


def test_a_council_does_not_begin_without_the_products_criteria(at_council: Working) -> None:
    with at_council() as work:
        dossier = dossier_on(work, None)
        remedy = "names none of the criteria sets of qd-26-2026; .* `ocop dossier scores criteria DOSSIER SET`"
        with pytest.raises(CouncilError, match=remedy):
            open_session(work, dossier, Opening(), actor=COUNCIL)
        with pytest.raises(CouncilError, match=remedy):
            record_sheets(work, dossier, nine(sheet("80")), actor=COUNCIL)
        with pytest.raises(CriteriaSetError, match="has no criteria set 27 in this cycle; it has 1 to 26"):
            name_criteria_set(work, dossier, 27, actor=COUNCIL)
        with pytest.raises(NotPermittedError):
            name_criteria_set(work, dossier, 13, actor=COMMUNE)
        name_criteria_set(work, dossier, 13, actor=COUNCIL)
        record_sheets(work, dossier, nine(sheet("80")), actor=COUNCIL)
        record_findings(work, dossier, {}, actor=COUNCIL, reached=gates_by_hand(13))
        assert conclude(work, dossier, actor=COUNCIL).stars == 4
        assert verify(work.session).faults == ()
        with pytest.raises(CriteriaSetError, match="is “Recognised”; its criteria set stays"):
            name_criteria_set(work, dossier, 12, actor=COUNCIL)


def test_another_set_makes_the_session_that_is_being_held_void(at_council: Working) -> None:
    """What was scored on vegetables says nothing on coffee; the sheets stay on record."""
    with at_council() as work:
        dossier = dossier_on(work, 1)
        record_sheets(work, dossier, nine(sheet("80")), actor=COUNCIL)
        before = dossier.version
        name_criteria_set(work, dossier, 1, actor=COUNCIL)
        assert dossier.version == before
        name_criteria_set(work, dossier, 13, actor=COUNCIL)
        with pytest.raises(CouncilError, match="no session was opened"):
            conclude(work, dossier, actor=COUNCIL)
        record_sheets(work, dossier, nine(sheet("80")), actor=COUNCIL)
        told = [(held.criteria_set, held.state) for held in sessions_of(work.session, dossier.id)]
        assert told == [(1, "void"), (13, "open")]
        assert len(work.session.exec(select(ScoreSheet)).all()) == 18
        assert verify(work.session).faults == ()


def by_criterion(work: UnitOfWork, number: int, **changed: str | None) -> dict[str, Decimal]:
    """Return a sheet with every criterion's maximum, but for those named as `c1_5`; None leaves one out."""
    (book,) = [work.books.of_cycle(work.session, cycle) for cycle in work.session.exec(select(Cycle))]
    points = {each.code: each.maximum for each in scored_criteria(book.criteria[number])}
    for name, value in changed.items():
        code = name[1:].replace("_", ".")
        if value is None:
            del points[code]
        else:
            points[code] = Decimal(value)
    return points


def test_parts_are_the_sums_of_their_criteria(at_council: Working) -> None:
    """Set 13: all maxima are 100 points; without option 3 of 1.5 and with 3 of 5 for 7 they are 40 - 1 and 35 - 2."""
    with at_council() as work:
        dossier = dossier_on(work, 13)
        points = by_criterion(work, 13, c1_5="2", c7="3")
        record_sheets(work, dossier, {"chair": points}, actor=COUNCIL)
        (row,) = work.session.exec(select(ScoreSheet))
        assert (row.points, row.total) == ({"A": "39", "B": "25", "C": "33"}, "97")
        assert len(row.criteria) == 16 + 6 + 12
        assert verify(work.session).faults == ()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"c1_5": "4"}, r"criterion 1\.5 \(Liên kết chuỗi trong sản xuất\) has 4 points; give 0, 1, 2 or 3"),
        ({"c7": "2"}, r"criterion 7 \(TÍNH ĐỘC ĐÁO\) has 2 points; give 0, 1, 3 or 5"),
        ({"c2_4": "0.5"}, r"criterion 2\.4 .* has 0\.5 points; give 0 or 1"),
        ({"c1_5": None}, r"criterion 1\.5 \(Liên kết chuỗi trong sản xuất\) has no points; give 0, 1, 2 or 3"),
        ({"c1_5": "NaN"}, r"criterion 1\.5 .* has NaN points"),
        ({"c12": "1"}, "criteria set 13 scores no criterion 12"),
        ({"c1": "18"}, "criteria set 13 scores no criterion 1;"),
    ],
)
def test_points_are_those_of_an_option(at_council: Working, changed: dict[str, str | None], sentence: str) -> None:
    with at_council() as work:
        points = by_criterion(work, 13, **changed)
        with pytest.raises(CriteriaError, match=sentence):
            record_sheets(work, dossier_on(work, 13), {"chair": points}, actor=COUNCIL)


@pytest.mark.parametrize("language", list(Language))
def test_the_explanation_names_the_criterion_and_its_source(at_council: Working, language: Language) -> None:
    with at_council() as work:
        dossier = dossier_on(work, 13)
        record_sheets(work, dossier, nine(sheet("92")), actor=COUNCIL)
        record_findings(work, dossier, {}, actor=COUNCIL, reached=gates_by_hand(13) | {"7": Decimal(3)})
        conclude(work, dossier, actor=COUNCIL)
        book = work.books.of_dossier(work.session, work.session.get_one(Cycle, dossier.cycle_id), dossier)
        told = explained(work.session, book, dossier, shown_sessions(work, dossier))

    (sentence,) = [translate(language, each.code, each.params) for each in told if each.code == "result.gate"]
    assert "7. TÍNH ĐỘC ĐÁO" in sentence
    assert "4 sao" in sentence if language is Language.VI else "4 stars" in sentence
    cited = {"vi": "phụ lục II, bộ 13, tiêu chí 7", "en": "annex II, set 13, criterion 7"}
    assert cited[language] in sentence


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (NO_FIVE_STAR_MARKS, "the pinned document was changed"),
        (NO_FIVE_STAR_MARKS, "its result can't be computed"),
        ("UPDATE cycle SET criteria_hashes = '{}'", "the criteria sets are not those it was opened with"),
        ("UPDATE dossier SET criteria_set = 26 WHERE criteria_set = 13", "the row's criteria_set is not what"),
        ("UPDATE council_session SET criteria_set = 26", "session 1 at province_evaluation is not as its events say"),
    ],
)
def test_audit_finds_edited_criteria(at_council: Working, change: str, fault: str) -> None:
    """I6 and I7: the result is computed anew with the set that was pinned, and an edited one is named."""
    with at_council() as work:
        dossier = dossier_on(work, 13)
        record_sheets(work, dossier, nine(sheet("92")), actor=COUNCIL)
        record_findings(work, dossier, {}, actor=COUNCIL, reached=gates_by_hand(13) | {"7": Decimal(3)})
        conclude(work, dossier, actor=COUNCIL)
        work.session.flush()
        work.session.execute(text(change))
        work.session.expire_all()

        assert any(fault in found.sentence for found in verify(work.session).faults)


def test_a_scripted_council_scores_an_unnamed_product_on_the_first_set(at_council: Working) -> None:
    with at_council() as work:
        dossier = dossier_on(work, None)
        carry_out(work, ScriptedAct(work.now, "end", ActKind.CONCLUDE, dossier.key, sheets=nine(sheet("92"))))
        assert (dossier.criteria_set, dossier.stars) == (1, 5)


def test_the_opening_names_the_pinned_criteria(at_council: Working) -> None:
    with at_council() as work:
        (cycle,) = work.session.exec(select(Cycle))
        (opened,) = work.session.exec(select(Event).where(col(Event.action) == "cycle_opened"))
        assert list(cycle.criteria_hashes) == ["qd-26-2026"]
        assert cycle.criteria_hashes["qd-26-2026"] in opened.details


def test_a_cycle_that_was_opened_without_criteria_goes_on_as_before(migrated_database: Path, tmp_path: Path) -> None:
    """I6: what the configuration learned later does not reach into an open cycle."""
    files = load_plan_files(find_plan(default_config_dir(), "province-2027"), default_config_dir())
    shutil.copy(migrated_database, tmp_path / "before.db")
    bring_before_council(tmp_path / "before.db", replace(files, criteria={}))
    with working(tmp_path / "before.db") as work:
        dossier = dossier_on(work, 13)
        with pytest.raises(CriteriaSetError, match="no criteria set 13 in this cycle; it has none"):
            name_criteria_set(work, dossier, 13, actor=COUNCIL)
        record_sheets(work, dossier, nine(sheet("80")), actor=COUNCIL)
        conclude(work, dossier, actor=COUNCIL)
        assert (dossier.criteria_set, dossier.stars) == (None, 4)
        assert verify(work.session).faults == ()

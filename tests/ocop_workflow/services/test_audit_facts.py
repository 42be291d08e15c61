"""Verifying the facts beside the states: whatever of them is changed in the database is found (I1, I7)."""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE, local_day
from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.feed_links import issue_feed_link, reissue_feed_link, revoke_feed_link
from ocop_workflow.services.links import links_of, reissue_link, revoke_link
from ocop_workflow.services.people import find_official
from ocop_workflow.services.plan_tasks import complete_task
from ocop_workflow.services.reports import file_report
from ocop_workflow.services.sealing import seal_through
from ocop_workflow.storage.tables import PlanTask, Report

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

    Opening = Callable[[Path, Path], AbstractContextManager[Office]]

OFFICE = "coast/coordination_office"


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


@pytest.fixture(scope="module")
def recorded(open_office: "Opening", opened_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recognised dossier, a filed report, a done task, links revoked and issued anew; all sealed through April.

    Two officials have calendars: one link is revoked, the other was issued anew.
    """
    path = tmp_path_factory.mktemp("facts") / "facts.db"
    with open_office(opened_database, path) as office:
        office.to_council()
        office.score("2018-03-20 08:00", "80", "81", "82")
        with office.at("2018-03-21 08:00") as work:
            reports = select(Report).where(col(Report.period_id) == "2018-Q1", col(Report.unit_id) == "hill")
            file_report(work, work.session.exec(reports).one(), actor=OFFICE, figures={"rated": 3})
            tasks = select(PlanTask).where(col(PlanTask.occurrence) == 1)
            complete_task(work, work.session.exec(tasks).one(), actor=OFFICE)
            for number, acts in (("2-1-1", (revoke_link,)), ("2-1-2", (revoke_link, reissue_link))):
                (link,) = links_of(work.session, office.dossier(work, number).id)
                for act in acts:
                    act(work, link, actor=OFFICE)
            revoked, renewed = (
                issue_feed_link(work, find_official(work.session, position, on=local_day(work.now)), actor=OFFICE)
                for position in (OFFICE, "hill/ocop_team")
            )
            revoke_feed_link(work, revoked, actor=OFFICE)
            reissue_feed_link(work, renewed, actor=OFFICE)
        with office.at("2018-05-02 08:00") as work:
            seal_through(work, vn("2018-05-01 00:00"))
    return path


@pytest.fixture
def facts(open_office: "Opening", recorded: Path, tmp_path: Path) -> Generator["Office", None, None]:
    """The recorded year in a database of its own."""
    with open_office(recorded, tmp_path / "own.db") as office:
        yield office


def tamper(office: "Office", statement: str) -> int:
    """Change the file beside the application, as somebody who has it could; return how many rows changed."""
    with closing(sqlite3.connect(office.database.writing.url.database or "")) as connection:
        changed = connection.execute(statement).rowcount
        connection.commit()
    return changed


def sentences(office: "Office") -> set[str]:
    with office.reading() as work:
        return {fault.sentence for fault in verify(work.session).faults}


def test_verify_finds_nothing_in_an_untouched_year(facts: "Office") -> None:
    assert sentences(facts) == set()


NOT_AS_RECORDED = "the score sheets are not those that were recorded"
TAMPERINGS = [
    ("UPDATE score_sheet SET total = '99', points = json_set(points, '$.C', '39')", NOT_AS_RECORDED),
    ("UPDATE score_sheet SET points = json_set(points, '$.A', '30')", NOT_AS_RECORDED),
    (
        "UPDATE score_sheet SET points = json_set(points, '$.A', '34', '$.B', '24', '$.C', '22') WHERE total = '80'",
        NOT_AS_RECORDED,
    ),
    ("UPDATE score_sheet SET criteria = json_object('A.1', '35') WHERE member = 'member-1'", NOT_AS_RECORDED),
    ("UPDATE score_sheet SET entered_by = 'coast/coordination_office'", NOT_AS_RECORDED),
    ("UPDATE score_sheet SET from_paper = 1", NOT_AS_RECORDED),
    ("UPDATE score_sheet SET total = '79' WHERE member = 'member-1'", NOT_AS_RECORDED),
    ('UPDATE score_sheet SET points = \'{"A": "ba mươi"}\'', NOT_AS_RECORDED),
    ("UPDATE score_sheet SET member = 'member-9' WHERE member = 'member-1'", NOT_AS_RECORDED),
    ("DELETE FROM score_sheet", NOT_AS_RECORDED),
    ("DELETE FROM score_sheet WHERE member = 'member-3'", NOT_AS_RECORDED),
    (
        (
            "INSERT INTO score_sheet SELECT 'x', dossier_id, stage, 2, member, points, total, recorded_at, criteria, "
            "entered_by, from_paper FROM score_sheet WHERE member = 'member-1'"
        ),
        "the score sheets of session 2 at evaluation were never recorded",
    ),
    *(
        (f"UPDATE council_session SET {change}", "session 1 at evaluation is not as its events say")
        for change in (
            "findings = json_object('story', json('true'))",
            "state = 'void'",
            "held_on = '2018-03-19'",
            "kind = 'redo'",
            "document = '1/QĐ'",
            "rule_set_hash = (SELECT hash FROM pinned_document WHERE kind = 'plan')",
            "opened_seq = 1",
        )
    ),
    ("DELETE FROM council_session", "session 1 at evaluation is not as its events say"),
    (
        (
            "INSERT INTO council_session SELECT 'x', dossier_id, stage, 2, kind, held_on, state, document, findings, "
            "opened_seq, criteria_set, rule_set_hash FROM council_session"
        ),
        "session 2 at evaluation is not as its events say",
    ),
    (
        (
            "INSERT INTO council_interest SELECT 'x', dossier_id, stage, member, recorded_at FROM score_sheet "
            "WHERE member = 'member-1'"
        ),
        "the interest of member-1 at evaluation is not as its events say",
    ),
    ("UPDATE dossier SET stars = 5 WHERE stars = 4", "the row's stars is not what its events say"),
    ("UPDATE dossier SET mean = '95' WHERE stars = 4", "the row's mean is not what its events say"),
    ("UPDATE dossier SET mean = '81', stars = 4 WHERE stars IS NULL", "the row's mean is not what its events say"),
    (
        "UPDATE dossier SET submitted_at = '2018-01-01 00:00:00.000000' WHERE stars = 4",
        "the row's submitted_at is not what its events say",
    ),
    (
        "UPDATE dossier SET received_at = '2018-01-01 00:00:00.000000' WHERE stars = 4",
        "the row's received_at is not what its events say",
    ),
    (
        "UPDATE dossier SET receipt_number = '0009/2018' WHERE stars = 4",
        "the row's receipt_number is not what its events say",
    ),
    ("UPDATE dossier SET closed_at = NULL WHERE stars = 4", "the row's closed_at is not what its events say"),
    (
        "UPDATE dossier SET closed_at = '2018-03-19 00:00:00.000000' WHERE stars = 4",
        "the row's closed_at is not what its events say",
    ),
    (
        "UPDATE dossier SET rule_set_hash = (SELECT hash FROM pinned_document WHERE kind = 'plan') WHERE stars IS NULL",
        "the row's rule set is not that of its round, or that it was moved to",
    ),
    (
        "UPDATE report SET due_at = '2019-12-31 00:00:00.000000'",
        "the row's due_at is not the one it was planned with or moved to",
    ),
    ("UPDATE report SET due_at = NULL", "the row's due_at is not the one it was planned with or moved to"),
    (
        "UPDATE report SET submitted_at = '2018-12-31 00:00:00.000000' WHERE submitted_at IS NOT NULL",
        "the row's submitted_at is not what its events say",
    ),
    (
        "UPDATE report SET figures = '{\"rated\": 99}' WHERE submitted_at IS NOT NULL",
        "the row's figures is not what its events say",
    ),
    (
        "UPDATE plan_task SET done_at = '2018-12-31 00:00:00.000000' WHERE done_at IS NOT NULL",
        "the row's done_at is not what its events say",
    ),
    (
        "UPDATE status_link SET revoked_at = NULL WHERE revoked_at IS NOT NULL",
        "a status link is not as its events say",
    ),
    (
        "UPDATE status_link SET revoked_at = '2018-01-02 00:30:00.000000' WHERE revoked_at IS NULL",
        "a status link is not as its events say",
    ),
    ("UPDATE status_link SET generation = 0 WHERE generation = 2", "a status link is not as its events say"),
    ("UPDATE status_link SET expires_at = '2099-01-01 00:00:00.000000'", "a status link is not as its events say"),
    ("UPDATE status_link SET recipient = 'producer:somebody'", "a status link is not as its events say"),
    ("DELETE FROM status_link", "a link that was issued is missing"),
    (
        (
            "INSERT INTO status_link (id, dossier_id, recipient, generation, issued_at, expires_at, revoked_at) "
            "SELECT 'forged', dossier_id, recipient, generation, issued_at, expires_at, revoked_at "
            "FROM status_link LIMIT 1"
        ),
        "a status link is not as its events say",
    ),
    *(
        (f"UPDATE feed_link SET {change}", "the link to a calendar is not as its events say")
        for change in (
            "revoked_at = NULL",
            "generation = 1",
            "expires_at = '2099-01-01 00:00:00.000000'",
            "official_id = 'somebody' WHERE generation = 2",
        )
    ),
    ("UPDATE feed_link SET version = 3", "the row counts 3 events, the record holds 2"),
    ("DELETE FROM feed_link", "its row is missing"),
    (
        (
            "INSERT INTO feed_link SELECT 'forged', (SELECT id FROM official WHERE id NOT IN (SELECT official_id FROM "
            "feed_link)), 1, 0, issued_at, expires_at, NULL FROM feed_link LIMIT 1"
        ),
        "the link to a calendar is not as its events say",
    ),
    (
        (
            'UPDATE pinned_document SET body = replace(body, \'"at_least":"90"\', \'"at_least":"80"\') '
            "WHERE kind = 'rule_set'"
        ),
        "the pinned document was changed",
    ),
    (
        "UPDATE cycle SET plan_hash = rule_set_hash",
        "the row's plan_hash is not the one it was opened with",
    ),
    (
        "UPDATE cycle SET round_rule_sets = json_object('r1', rule_set_hash)",
        "the rule sets of its rounds are not those it was opened with",
    ),
]


@pytest.mark.parametrize(("statement", "sentence"), TAMPERINGS, ids=[text[:70] for text, _ in TAMPERINGS])
def test_verify_finds_a_fact_that_was_changed(facts: "Office", statement: str, sentence: str) -> None:
    assert tamper(facts, statement) > 0
    assert sentence in sentences(facts)


def smuggle(office: "Office", when: str) -> None:
    """Append an event by our own code that claims to have been recorded at an earlier time, with its row moved on."""
    with office.at(when) as work:
        dossier = office.dossier(work, "1-2-1")
        dossier.version += 1
        act = Act(OFFICE, "remark_noted")
        append_event(work, stream=f"dossier:{dossier.id}", seq=dossier.version, cycle_id=dossier.cycle_id, act=act)
        work.session.add(dossier)


def test_verify_finds_an_event_put_in_behind_a_seal(facts: "Office") -> None:
    """The chain of the stream fits; but the seal through 30 April would have seen an event of 10 April."""
    smuggle(facts, "2018-04-10 08:00")

    assert sentences(facts) == {"it was put in after seal 1, which did not see it"}


def test_verify_takes_an_event_after_the_last_seal(facts: "Office") -> None:
    smuggle(facts, "2018-05-01 00:00")

    assert sentences(facts) == set()

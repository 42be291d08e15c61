"""A whole year of a province whose units end on 1 July, lived through with the shipped succession.

On that morning dossiers stand at every stage, certificates are owed, reports are late, and escalations wait for the
office. The flows run once more before anybody is appointed, and one commune stays without an official until October.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlmodel import Session, col, select

from notifications.catcher import MailCatcher, read_messages
from notifications.composing import notice_keys
from ocop_workflow.cli.demo import catcher_settings, prepare_folder
from ocop_workflow.clock import local_day
from ocop_workflow.config_files import (
    default_config_dir,
    load_demo_settings,
    load_plan_files,
    load_schedules,
    load_succession,
)
from ocop_workflow.policy.route import CERTIFICATE
from ocop_workflow.replay import Staging, stage_year
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.scheduler import tick
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.escalations import drafts_of, release
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.positions import vacant_positions
from ocop_workflow.services.subjects import stream_of
from ocop_workflow.services.successions import Succeeded, succeed
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.simulation.acting import carry_out
from ocop_workflow.simulation.acts import ScriptedAct
from ocop_workflow.simulation.dossier_script import Lead
from ocop_workflow.simulation.script import script_of
from ocop_workflow.storage.tables import Certificate, Dossier, Event, Mail, Notice, Obligation, Report
from tests.replay.reckoning import Reckoner, Recorded, vn

pytestmark = pytest.mark.slow

CONFIG = default_config_dir()
SUCCESSION = CONFIG / "successions" / "ba-don-2025.yaml"
OFFICE, OFFICE_AFTER = "quang-binh/coordination_office", "quang-tri/coordination_office"
LATE_TO_BE_HELD = "quang-tri.nam-ba-don/commune_officer"

ENTERED_AT, HELD_SINCE = vn("2025-07-01 09:00"), vn("2025-07-01 10:00")
NEW_COMMUNES = {"quang-tri.ba-don", "quang-tri.bac-gianh", "quang-tri.nam-ba-don", "quang-tri.nam-gianh"}
NOBODY_THERE_YET = vn("2025-07-01 09:05")
RELEASED_AT, LATE_HELD_SINCE = vn("2025-07-03 10:00"), vn("2025-10-06 10:00")

SUPERIORS = {
    "commune_officer": "ba-don/economic_office",
    "economic_office": "ba-don/district_leader",
    "coordination_office": "quang-binh/province_leader",
    "agriculture_department": "quang-binh/province_leader",
    "province_council": "quang-binh/province_leader",
    "national_council": OFFICE,
}
"""Who stands above each role before the reform, as the register says; above the ministry's council nobody."""

SATURDAY = 5

Act = tuple[datetime, Callable[[UnitOfWork], object]]


@dataclass(frozen=True)
class Lived:
    """A year that was lived through.

    Attributes:
        folder: Where it lies.
        done: What the act of succession said that it moved.
        ticks: When the flows ran.
        arrived: How many mails had arrived when the succession was entered.
        papers: What was written by then: the events' payloads and the mails' bytes, by event and mail.
        open_after: Who owed what was open then, by key.
        vacant_after: The needed positions that nobody held when officials had been appointed.
    """

    folder: Path
    done: Succeeded
    ticks: tuple[datetime, ...]
    arrived: int
    papers: dict[object, bytes | None]
    open_after: dict[str, str]
    vacant_after: list[str]


def staging() -> Staging:
    demo = load_demo_settings(CONFIG)
    shares = {"late": 0.3, "never": 0.1, "late_days_at_most": 30, "officials_late": 0.2, "without_address": 0}
    changes: dict[str, Any] = {"opens": "01-02", "until": "12-31", "outage": None, "ticks": (time(7, 30),)}
    changes["behaviour"] = demo.behaviour.model_copy(update=shares)
    files = load_plan_files(Path(__file__).with_name("reform.yaml"), CONFIG)
    return Staging(files, 2025, 5, demo.model_copy(update=changes), load_schedules(CONFIG))


def mornings(first: str, last: str) -> Iterator[datetime]:
    """Yield half past seven of each weekday; no rung comes at a weekend."""
    at = vn(f"{first} 07:30")
    while at <= vn(f"{last} 07:30"):
        if at.weekday() < SATURDAY:
            yield at
        at += timedelta(days=1)


def scripted(script: tuple[ScriptedAct, ...], since: datetime, until: datetime) -> list[Act]:
    def carried_out(act: ScriptedAct) -> Act:
        return act.at, lambda work: carry_out(work, act)

    return [carried_out(act) for act in script if since <= act.at < until]


def prolonged(at: str, number: str, due: str, office: str) -> Act:
    """Give a producer more time to submit."""

    def act(work: UnitOfWork) -> None:
        owed = select(Obligation).where(col(Obligation.key).contains(f"/{number}/"), col(Obligation.status) == "open")
        extend(work, work.session.exec(owed).one(), Extension(vn(due), "mưa bão", "5/QĐ", office))

    return vn(at), act


def held(at: datetime, wanted: Callable[[str], bool]) -> Act:
    """Let officials take the new positions over, as `unit succeed` asks for."""

    def act(work: UnitOfWork) -> None:
        register = work.books.of_cycle(work.session, cycles_of(work.session)[0]).units
        for position in register.positions():
            if position.startswith("quang-tri") and wanted(position):
                hand_over(work, Handover(position, position, address_of(position), "vi", local_day(at)))

    return at, act


def unit_written_to(message: EmailMessage) -> str:
    """Return the unit to whose position a mail is addressed."""
    return str(message["To"]).rpartition("<")[2].partition("@")[0].partition(".")[2]


def address_of(position: str) -> str:
    unit, _, role = position.partition("/")
    return f"{role}.{unit}@ocop.invalid"


def let_drafts_go(work: UnitOfWork) -> None:
    (cycle,) = cycles_of(work.session)
    drafts = [notice for notice, _ in drafts_of(work.session, cycle)]
    assert drafts
    release(work, cycle, drafts, actor=OFFICE_AFTER)


def papers(session: Session) -> dict[object, bytes | None]:
    written: dict[object, bytes | None] = {(e.stream, e.seq): e.payload for e in session.exec(select(Event))}
    return written | {mail.id: mail.message for mail in session.exec(select(Mail)) if mail.message is not None}


def enter(work: UnitOfWork) -> Succeeded:
    registers = [work.books.of_cycle(work.session, cycle).units for cycle in cycles_of(work.session)]
    return succeed(work, load_succession(SUCCESSION, registers))


def live(folder: Path, *, swept: bool) -> Lived:
    """Live through the year; unswept no flow runs before the last morning."""
    staged, ran = staging(), list[datetime]()
    prepare_folder(folder, staged)
    end = vn("2026-01-01 07:30")

    def go(runtime: Runtime, waiting: list[Act], ticks: Iterator[datetime]) -> None:
        for at in ticks:
            while waiting and waiting[0][0] < at:
                when, act = waiting.pop(0)
                with runtime.transaction(when) as work:
                    act(work)
            if swept or at == end:
                assert tick(runtime, staged.schedules, at=at).failures == {}
                ran.append(at)

    with (
        MailCatcher(folder / "mail") as catcher,
        open_runtime(folder, settings=catcher_settings(folder, catcher.port)) as runtime,
    ):
        acts = scripted(stage_year(runtime, staged), vn("2025-01-01 00:00"), ENTERED_AT)
        acts.append(prolonged("2025-06-09 10:00", "3-3-1", "2025-07-19 00:00", OFFICE))
        go(runtime, in_order(acts), mornings("2025-01-02", "2025-07-01"))
        with runtime.reading(ENTERED_AT) as work:
            arrived, written = catcher.count, papers(work.session)
        with runtime.transaction(ENTERED_AT) as work:
            done = enter(work)
            owed = work.session.exec(select(Obligation).where(col(Obligation.status) == "open"))
            open_after = {each.key: each.party for each in owed}
        go(runtime, [], iter([NOBODY_THERE_YET]))
        with runtime.reading(HELD_SINCE) as work:
            (cycle,) = cycles_of(work.session)
            book = work.books.of_cycle(work.session, cycle)
            lead = Lead(book, cycle.key, cycle.opened_at, staged.demo.behaviour, staged.seed)
            script = script_of(lead, specials=True)
        acts = in_order(
            [
                held(HELD_SINCE, lambda position: position != LATE_TO_BE_HELD),
                (RELEASED_AT, let_drafts_go),
                prolonged("2025-07-08 10:00", "2-3-1", "2025-07-26 00:00", OFFICE_AFTER),
                held(LATE_HELD_SINCE, lambda position: position == LATE_TO_BE_HELD),
                *scripted(script, HELD_SINCE, end),
            ]
        )
        go(runtime, acts, mornings("2025-07-02", "2025-07-02"))
        with runtime.reading(runtime.business_now()) as work:
            vacant_after = vacant_positions(work.session, work.books, on=local_day(work.now))
        go(runtime, acts, mornings("2025-07-03", "2026-01-01"))
    return Lived(folder, done, tuple(ran), arrived, written, open_after, vacant_after)


def in_order(acts: list[Act]) -> list[Act]:
    return sorted(acts, key=lambda act: act[0])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The year with the flows running every morning; to be read only."""
    return live(tmp_path_factory.mktemp("swept") / "data", swept=True)


def heirs() -> Callable[[str], str]:
    """Return the position that takes another over, as the shipped file says it."""
    taken = yaml.safe_load(SUCCESSION.read_text(encoding="utf-8"))["take_overs"]
    successors = {unit: each for each in taken for unit in each["units"]}

    def heir(position: str) -> str:
        unit, _, role = position.partition("/")
        entry = successors.get(unit)
        return position if entry is None else f"{entry['successor']}/{entry.get('roles', {}).get(role, role)}"

    return heir


# --- the notices ---


def history_of(session: Session, owed: Obligation) -> list[Recorded]:
    """Return when a duty was opened, given more time and ended, and the two acts of the office about all of them."""
    told = [(event, dict(details_of(event))) for event in events_of(session, stream_of(owed))]
    extended: list[Recorded] = [
        (event.action, event.recorded_at, details | {"due_after": datetime.fromisoformat(details["due_after"])})
        for event, details in told
        if event.action == "deadline_extended" and details["obligation"] == owed.key
    ]
    first = datetime.fromisoformat(extended[0][2]["due_before"]) if extended else owed.due_at
    office: list[Recorded] = [
        ("units_succeeded", ENTERED_AT, {"heir": heirs()}),
        ("escalations_released", RELEASED_AT, {}),
    ]
    ended: list[Recorded] = []
    if owed.closed_at is not None:
        ended = [("ended", written_down_at(session, owed), {"effective_at": owed.closed_at})]
    return [("opened", owed.opens_at, {"due_at": first}), *extended, *office, *ended]


def written_down_at(session: Session, owed: Obligation) -> datetime:
    """Return when the end of a duty was recorded: a certificate counts from the day on it, all else from the act."""
    assert owed.closed_at is not None
    if owed.step != CERTIFICATE:
        return owed.closed_at
    issued = session.exec(select(Certificate).where(Certificate.dossier_id == owed.subject_id)).one()
    return events_of(session, f"certificate:{issued.id}")[0].recorded_at


def party_at_first(session: Session, owed: Obligation) -> str:
    """Return who owed a duty when it was opened."""
    moved = [
        party["before"]
        for event in events_of(session, stream_of(owed))
        if event.action == "units_succeeded"
        for party in details_of(event)["parties"]
        if party["obligation"] == owed.key
    ]
    return moved[0] if moved else owed.party


def reckoned(session: Session, book: Rulebook, owed: Obligation, ticks: tuple[datetime, ...]) -> dict[str, str]:
    """Return keys and outcomes of a duty's notices as its history implies them."""
    ladder = book.plan.model_dump(mode="json")["ladders"][owed.ladder]
    party, heir = party_at_first(session, owed), heirs()
    superior = "ba-don/economic_office" if party.startswith("producer:") else SUPERIORS[party.partition("/")[2]]
    recipients = {"responsible": party, "superior": superior, "office": OFFICE}
    if owed.opens_at >= ENTERED_AT:
        recipients = {audience: heir(position) for audience, position in recipients.items()}
    reckoner = Reckoner(
        ladder["rungs"],
        time.fromisoformat(ladder["at"]),
        book.days.is_working_day,
        recipients,
        drafts=True,
        is_vacant=lambda position, at: position == LATE_TO_BE_HELD and at < LATE_HELD_SINCE,
    )
    reckoner.follow(owed.key, owed.opens_at, history_of(session, owed), [at for at in ticks if at > owed.opens_at])
    return reckoner.outcomes


def is_list(key: str) -> bool:
    """Tell whether a notice is a line of the list that a successor or a new holder reads."""
    return key.split("|")[-2].startswith(("succession/", "handover/"))


def test_each_duty_is_told_of_by_its_ladder_through_the_reform(lived: Lived) -> None:
    """I2a and I3: before the day to those before, after it to the successors, and nothing is said twice."""
    listed = Counter(key for message in read_messages(lived.folder / "mail") for key in notice_keys(message))
    seen = Counter[str]()
    with open_runtime(lived.folder) as runtime, runtime.database.reading() as session:
        book = runtime.books.of_cycle(session, cycles_of(session)[0])
        stored: dict[str, dict[str, str]] = defaultdict(dict)
        for notice in session.exec(select(Notice).where(col(Notice.obligation_id).is_not(None))):
            if not is_list(notice.key):
                stored[notice.obligation_id or ""][notice.key] = notice.suppression or notice.status
        for owed in session.exec(select(Obligation).where(col(Obligation.ladder).is_not(None))):
            implied = reckoned(session, book, owed, lived.ticks)

            assert stored[owed.id] == implied, owed.key
            assert all(listed[key] == (outcome == "sent") for key, outcome in implied.items())
            seen.update(implied.values())
    assert set(seen) >= {"sent", "settled", "redated", "merged", "no_recipient"}


def test_a_successor_reads_what_came_to_it_in_its_first_digest(lived: Lived) -> None:
    """Each duty once, on the day after somebody holds the position; what was done by then is not listed."""
    first_digest = {LATE_TO_BE_HELD: vn("2025-10-07 07:30")}
    with open_runtime(lived.folder) as runtime, runtime.database.reading() as session:
        read: dict[str, list[datetime]] = defaultdict(list)
        lists = Counter[str]()
        for notice, mail in session.exec(select(Notice, Mail).where(Notice.mail_id == Mail.id)):
            if notice.status == "sent" and mail.created_at > ENTERED_AT and notice.audience == "responsible":
                read[notice.obligation_id or ""].append(mail.created_at)
                lists[notice.obligation_id or ""] += is_list(notice.key)
        came = [duty for duty in lived.done.cycles[0].duties if duty.before != duty.after]
        for duty in came:
            at = first_digest.get(duty.after, vn("2025-07-02 07:30"))
            owed = session.get_one(Obligation, duty.id)
            stood_open = owed.closed_at is None or written_down_at(session, owed) > at

            assert lists[duty.id] <= 1
            assert (min(read[duty.id], default=None) == at) == stood_open, duty.key
    assert {duty.after for duty in came} >= {OFFICE_AFTER, LATE_TO_BE_HELD}


def test_nothing_is_mailed_that_had_ended_or_moved_by_then(lived: Lived) -> None:
    """I4, on both sides of the day."""
    with open_runtime(lived.folder) as runtime, runtime.database.reading() as session:
        for notice, mail, owed in session.exec(
            select(Notice, Mail, Obligation).where(
                Notice.mail_id == Mail.id, Notice.obligation_id == Obligation.id, Notice.status == "sent"
            )
        ):
            assert mail.frozen_at is not None
            acts = history_of(session, owed)[1:]
            assert all(at > mail.frozen_at for action, at, _ in acts if action == "ended"), notice.key
            moved = [at for action, at, _ in acts if action == "deadline_extended"]
            assert sum(at <= mail.frozen_at for at in moved) == (notice.deadline_version or 1) - 1, notice.key


def test_each_producer_with_an_open_dossier_is_told_of_the_reform_once(lived: Lived) -> None:
    """By one mail on the day; what a dossier is called, and what is owed of it, the producer knows already."""
    told = [key for message in read_messages(lived.folder / "mail") for key in notice_keys(message)]
    news = [key for key in told if "|news.units_succeeded|" in key]
    with open_runtime(lived.folder) as runtime, runtime.database.reading() as session:
        dossiers = session.exec(select(Dossier)).all()
        open_then = {d.id for d in dossiers if d.closed_at is None or d.closed_at > ENTERED_AT}

    assert sorted(key.partition("/")[0] for key in news) == sorted(f"dossier:{each}" for each in open_then)
    assert len(open_then) > len(NEW_COMMUNES)


# --- who answers ---


def test_every_open_duty_has_a_holder_or_a_vacancy_that_is_named(lived: Lived) -> None:
    """Before anybody was appointed the act names each new position; afterwards the office is told of the one left."""
    (moves,) = lived.done.cycles
    parties = {party for party in lived.open_after.values() if not party.startswith("producer:")}

    assert parties
    assert {party.partition("/")[0] for party in parties} <= {"quang-tri", *NEW_COMMUNES, "vn"}
    assert {party for party in parties if party.startswith("quang-tri")} <= set(lived.done.vacant)
    assert moves.office == (OFFICE, OFFICE_AFTER)
    assert lived.vacant_after == [LATE_TO_BE_HELD]


def test_no_mail_leaves_for_a_unit_that_is_gone(lived: Lived) -> None:
    messages = read_messages(lived.folder / "mail")
    addressed = [unit_written_to(message) for message in messages]
    before, after = set(addressed[: lived.arrived]), set(addressed[lived.arrived :])
    gone = {"quang-binh", "ba-don", *(unit for unit in addressed if unit.startswith("ba-don."))}

    assert before >= gone
    assert not after & gone
    assert after >= {"quang-tri", *NEW_COMMUNES}


# --- what stays ---


def test_old_papers_keep_their_words_and_the_record_holds(lived: Lived) -> None:
    """I1: what was written is as it was, and reports stand under the units of their time."""
    with open_runtime(lived.folder) as runtime, runtime.database.reading() as session:
        now = papers(session)
        assert {paper: now[paper] for paper in lived.papers} == lived.papers
        assert verify(session).faults == ()
        certificates = session.exec(select(Certificate)).all()
        before = {each.authority for each in certificates if each.issued_on < local_day(ENTERED_AT)}
        after = {each.authority for each in certificates if each.issued_on >= local_day(ENTERED_AT)}
        assert (before, after) == ({"ba-don"}, {"quang-tri", "vn"})
        by_period = Counter((row.duty_id, row.period_id) for row in session.exec(select(Report)) if is_asked(row))
        assert by_period == {
            ("communes", "2025-Q1"): 16,
            ("communes", "2025-Q2"): 16,
            ("communes", "2025-Q3"): 4,
            ("communes", "2025-Q4"): 4,
            ("districts", "2025-Q1"): 1,
            ("districts", "2025-Q2"): 1,
        }


def is_asked(row: Report) -> bool:
    return row.status != "not_required"


def test_a_year_that_is_swept_once_at_its_end_comes_to_the_same(lived: Lived, tmp_path: Path) -> None:
    """I9: what was late, since when, and who answers follows from dates and acts."""
    unswept = live(tmp_path / "data", swept=False)

    assert unswept.arrived == 0
    assert facts(unswept.folder) == facts(lived.folder)


def facts(folder: Path) -> list[tuple[object, ...]]:
    with open_runtime(folder) as runtime, runtime.database.reading() as session:
        dossiers: list[tuple[object, ...]] = [
            (d.key, d.stage, d.status, d.responsible, d.closed_at, d.stars, d.version)
            for d in session.exec(select(Dossier).order_by(col(Dossier.key)))
        ]
        owed: list[tuple[object, ...]] = [
            (o.key, o.status, o.party, o.superior, o.unit_id, o.closed_at, o.due_at, o.overdue_at, o.lapse_at)
            for o in session.exec(select(Obligation).order_by(col(Obligation.key)))
        ]
        certificates: list[tuple[object, ...]] = [
            (c.number, c.status, c.authority, c.expires_at)
            for c in session.exec(select(Certificate).order_by(col(Certificate.number)))
        ]
        reports: list[tuple[object, ...]] = [
            (r.unit_id, r.duty_id, r.period_id, r.status)
            for r in session.exec(select(Report).order_by(col(Report.unit_id), col(Report.due_at)))
        ]
    return [*dossiers, *owed, *certificates, *reports]

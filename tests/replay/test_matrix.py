"""Each cell of the report matrix: what its history implies by the ladder is what is stored, and what was mailed.

The reckoner knows the plan's file, the days off, the instants of the ticks and the acts on record.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from notifications.catcher import MailCatcher, read_messages
from notifications.composing import notice_keys
from ocop_workflow.cli.demo import catcher_settings, prepare_folder
from ocop_workflow.replay import Staging, stage_year
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.scheduler import tick
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.report_review import excuse_report, return_report
from ocop_workflow.services.reports import file_report
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Notice, Obligation, Report
from tests.replay.reckoning import ZONE, Reckoner, Recorded, vn


def history_of(session: Session, report: Report) -> list[Recorded]:
    """Return the acts on a report with the instant of recording, instants among their details read."""
    found = []
    for event in events_of(session, f"report:{report.id}"):
        details = dict(details_of(event)) | {"effective_at": event.effective_at, "seq": event.seq}
        for name in ("due_at", "correct_by_at", "due_after"):
            if isinstance(details.get(name), str):
                details[name] = datetime.fromisoformat(details[name])
        found.append((event.action, event.recorded_at, details))
    return found


def reckoned(session: Session, book: Rulebook, cycle: Cycle, report: Report, ticks: list[datetime]) -> dict[str, str]:
    """Return keys and outcomes of a report's notices as its history implies them."""
    plan = book.plan.model_dump(mode="json")
    duty = next(each for each in plan["years"][str(cycle.year)]["report_duties"] if each["id"] == report.duty_id)
    if duty["ladder"] is None:
        return {}
    ladder = plan["ladders"][duty["ladder"]]
    office = f"{plan['office']}/{plan['office_role']}"
    superior = book.units.superior_of(report.reporter) or office
    reckoner = Reckoner(
        ladder["rungs"],
        time.fromisoformat(ladder["at"]),
        book.days.is_working_day,
        {"responsible": report.reporter, "superior": superior, "office": office},
        drafts=plan["escalations"] == "drafts",
    )
    key = f"{cycle.key}/report/{report.duty_id}/{report.period_id}/{report.unit_id}"
    reckoner.follow(key, report.opens_at, history_of(session, report), [at for at in ticks if at > report.opens_at])
    return reckoner.outcomes


def ticks_of(staging: Staging) -> list[datetime]:
    """Return when the flows ran: each day at the hours of the staging, but for the days of its outage."""
    outage = staging.demo.outage
    silent = set[date]()
    if outage is not None:
        begin = date.fromisoformat(f"{staging.year}-{outage.start}")
        silent = {begin + timedelta(days=number) for number in range(outage.days)}
    days = [staging.opens_on + timedelta(days=n) for n in range((staging.last_day - staging.opens_on).days + 1)]
    ticks = [datetime.combine(day, at, ZONE) for day in days if day not in silent for at in staging.demo.ticks]
    return [*ticks, datetime.combine(days[-1] + timedelta(days=1), staging.demo.ticks[0], ZONE)]


def compare(folder: Path, ticks: list[datetime]) -> dict[str, dict[str, str]]:
    """Compare every cell of a folder with its reckoning and its mails; return the outcomes by unit and period."""
    listed = Counter(key for message in read_messages(folder / "mail") for key in notice_keys(message))
    cells: dict[str, dict[str, str]] = {}
    with open_runtime(folder) as runtime, runtime.database.reading() as session:
        (cycle,) = cycles_of(session)
        book = runtime.books.of_cycle(session, cycle)
        stored: dict[str, dict[str, str]] = defaultdict(dict)
        rungs = select(Notice, Obligation.subject_id).join(Obligation, col(Obligation.id) == col(Notice.obligation_id))
        for notice, report_id in session.exec(rungs):
            stored[report_id][notice.key] = notice.suppression or notice.status
        for report in session.exec(select(Report)):
            implied = reckoned(session, book, cycle, report, ticks)

            assert stored[report.id] == implied, report.unit_id
            assert all(listed[key] == (outcome == "sent") for key, outcome in implied.items())
            cells[f"{report.unit_id} {report.period_id}"] = implied
    return cells


def test_every_cell_of_a_replayed_year_is_what_its_history_implies(
    reference_folder: Callable[[str], Path], year: str, staging: Staging
) -> None:
    cells = compare(reference_folder(year), ticks_of(staging))

    assert "sent" in {outcome for cell in cells.values() for outcome in cell.values()}


Act = Callable[["UnitOfWork", Report], None]


def file(effective: str | None = None) -> Act:
    at = vn(effective) if effective else None
    return lambda work, report: _done(file_report(work, report, actor=report.reporter, figures=None, effective_at=at))


def _done(_: object) -> None:
    """Let an act whose result nobody needs stand among the others."""


def excuse(work: UnitOfWork, report: Report) -> None:
    excuse_report(work, report, actor=report.collector, reason="sáp nhập")


def give_back(by: str) -> Act:
    return lambda work, report: return_report(
        work, report, actor=report.collector, reason="thiếu số liệu", correct_by_at=vn(by)
    )


def give_time(until: str) -> Act:
    def act(work: UnitOfWork, report: Report) -> None:
        (owed,) = open_obligations_of(work.session, report.id)
        extend(work, owed, Extension(vn(until), "mưa bão", "5/QĐ", report.collector))

    return act


HISTORIES: dict[str, list[tuple[str, Act]]] = {
    "ha-long": [],
    "cam-pha": [("2018-03-20 09:00", file())],
    "uong-bi": [("2018-03-22 10:00", file())],
    "mong-cai": [("2018-03-27 10:00", file())],
    "quang-yen": [("2018-03-31 10:00", file())],
    "dong-trieu": [("2018-03-23 10:00", excuse)],
    "van-don": [("2018-03-27 11:00", excuse)],
    "hoanh-bo": [("2018-03-23 15:00", give_time("2018-04-11 00:00"))],
    "tien-yen": [("2018-03-27 12:00", give_time("2018-04-11 00:00")), ("2018-04-12 09:00", file())],
    "dam-ha": [("2018-04-05 09:00", give_time("2018-04-21 00:00"))],
    "hai-ha": [
        ("2018-03-21 09:00", file()),
        ("2018-04-02 09:00", give_back("2018-04-13 00:00")),
        ("2018-04-10 09:00", file()),
    ],
    "binh-lieu": [("2018-03-28 09:00", file()), ("2018-03-30 09:00", give_back("2018-04-03 00:00"))],
    "ba-che": [("2018-04-03 09:00", file("2018-03-27 16:00"))],
    "co-to": [
        ("2018-03-24 09:00", give_time("2018-04-06 00:00")),
        ("2018-04-03 12:00", give_time("2018-04-19 00:00")),
        ("2018-04-17 09:00", file()),
    ],
}
"""What is done about each district's report of the first quarter; the flows stand still from 25 to 28 March.

Trước ngày 30: the last day in time is Thursday 29 March; reports open twenty days before the 30th.
"""


def live(runtime: Runtime, staging: Staging, ticks: list[datetime]) -> None:
    """Let the ticks run with the acts between them."""
    acts = sorted(((vn(at), unit, act) for unit, acts in HISTORIES.items() for at, act in acts), key=lambda row: row[0])
    for at in ticks:
        while acts and acts[0][0] < at:
            when, unit, act = acts.pop(0)
            with runtime.transaction(when) as work:
                own = select(Report).where(Report.unit_id == unit, Report.period_id == "2018-Q1")
                act(work, work.session.exec(own).one())
        assert tick(runtime, staging.schedules, at=at).failures == {}


@pytest.fixture
def lived(spring: Staging, tmp_path: Path) -> tuple[Path, list[datetime]]:
    """Seven weeks with every kind of act on reports and an outage, and when the flows ran in it."""
    outage = spring.demo.outage
    assert outage is not None
    changes = {
        "opens": "03-09",
        "until": "04-26",
        "outage": outage.model_copy(update={"start": "03-25", "days": 4}),
        "ticks": (time(7, 30),),
    }
    staging = Staging(spring.files, spring.year, spring.seed, spring.demo.model_copy(update=changes), spring.schedules)
    folder, ticks = tmp_path / "data", ticks_of(staging)
    prepare_folder(folder, staging)
    with (
        MailCatcher(folder / "mail") as catcher,
        open_runtime(folder, settings=catcher_settings(folder, catcher.port)) as runtime,
    ):
        stage_year(runtime, staging)
        live(runtime, staging, ticks)
    return folder, ticks


def test_every_cell_is_what_its_history_implies(lived: tuple[Path, list[datetime]]) -> None:
    """Under an outage, with late and corrected reports, extensions before and behind the date, and without a report."""
    cells = compare(*lived)
    short = {
        place.partition(" ")[0]: {key.partition("|v")[2].rpartition("|")[0]: outcome for key, outcome in cell.items()}
        for place, cell in cells.items()
        if place.endswith("2018-Q1")
    }

    # By hand, for four of them: rungs lie on 22, 26, 28 and 30 March, on Monday 2 and Tuesday 3 April.
    assert short["cam-pha"] == {}
    assert short["ha-long"] == {
        "1|-7": "sent",
        "1|-3": "overtaken",
        "1|-1": "sent",
        "1|+1": "sent",
        "1|+3/superior": "sent",
        "1|+5/office": "sent",
    }
    assert short["mong-cai"] == {"1|-7": "sent", "1|-3": "settled"}
    assert short["tien-yen"] == {
        "1|-7": "sent",
        "1|-3": "redated",
        "2|-7": "sent",
        "2|-3": "sent",
        "2|-1": "sent",
        "2|+1": "sent",
    }

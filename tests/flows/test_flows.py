"""Each flow as a plain function on a small folder: what it does, once, and with a bad item (sections 8 and 10)."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import SQLModel, col, select

from flows.chase_reports import chase_reports
from flows.check_health import check_health
from flows.close_cycle import close_cycle
from flows.deliver_mail import deliver_mail
from flows.enforce_deadlines import enforce_deadlines
from flows.open_cycle import open_cycle
from flows.running import BATCH_SIZE, Shard, SweepFailedError, SweepReport, sweep_items
from flows.send_reminders import KINDS, send_reminders
from notifications.catcher import read_messages
from ocop_workflow.runtime import Runtime
from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.obligations import DOSSIER_STEP, OPINION, PLAN_TASK, RENEWAL, REPORT, WITHDRAWAL
from ocop_workflow.services.people import give_producer_address
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Notice, Obligation, Official, Producer, Report, Seal
from state_machines.dossier import DossierTrigger

VN = Callable[[str], datetime]
BAD = "coast-2018/2018/r1/2-1-1/registration/submission"


def counts(runtime: Runtime) -> dict[str, int]:
    """Return how many rows each table has that a flow could write to."""
    with runtime.database.reading() as session:
        return {
            name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in SQLModel.metadata.tables.items()
        }


def counted(report: dict[str, Any]) -> dict[str, int]:
    """Return what a flow's run counted."""
    found: dict[str, int] = report["counts"]
    return found


def statuses(runtime: Runtime) -> dict[str, str]:
    with runtime.database.reading() as session:
        return {key.rpartition("/")[2]: status for key, status in session.exec(select(Dossier.key, Dossier.status))}


def spoil(runtime: Runtime, table: type[SQLModel], key: str, **values: Any) -> None:
    """Change a row behind the services' back, so that what touches it raises."""
    with runtime.database.transaction() as session:
        row = session.exec(select(table).where(table.key == key)).one()  # type: ignore[attr-defined]  # each table given has a key
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


@pytest.fixture
def projected(runtime: Runtime, vn: VN) -> Runtime:
    """The folder after the first run of `open_cycle`, with an address for every producer."""
    open_cycle.fn(at=vn("2018-01-02 07:30"))
    with runtime.transaction(vn("2018-01-02 08:00")) as work:
        for number, producer in enumerate(work.session.exec(select(Producer).order_by(Producer.name))):
            give_producer_address(work, producer.id, email=f"p{number}@producer.example", language="vi")
    return runtime


def test_open_cycle_projects_everything_once(runtime: Runtime, vn: VN) -> None:
    first = open_cycle.fn(at=vn("2018-01-02 07:30"))
    before = counts(runtime)
    again = open_cycle.fn(at=vn("2018-01-02 07:30"))

    assert counted(first) == {"dossiers": 4, "reports": 8, "tasks": 2}
    assert counted(again) == {}
    assert counts(runtime) == before


def test_open_cycle_with_nothing_missing_opens_no_write_transaction(projected: Runtime, vn: VN) -> None:
    """Section 10: it runs every morning; where nothing is missing business time does not even move."""
    again = open_cycle.fn(at=vn("2018-01-09 06:00"))

    assert (again["batches"], counted(again)) == (0, {})
    assert projected.business_now() == vn("2018-01-02 08:00")


def test_open_cycle_with_one_bad_product_registers_the_others(runtime: Runtime, vn: VN) -> None:
    """Peers' mistake 9: the bad item is named, the others are committed, the run fails at the end."""
    with runtime.transaction(vn("2018-01-02 07:30")) as work:
        bad = runtime.ids.new("dossier", "coast-2018/2018/r1/2-1-1")
        append_event(work, stream=f"dossier:{bad}", seq=1, cycle_id=None, act=Act("somebody", "squatted"))

    with pytest.raises(SweepFailedError, match=r"2-1-1: .* was changed by somebody else") as failed:
        open_cycle.fn(at=vn("2018-01-02 07:30"))

    assert failed.value.report.counts == {"dossiers": 3, "reports": 8, "tasks": 2}
    assert sorted(statuses(runtime)) == ["1-1-1", "1-2-1", "2-1-2"]


@pytest.mark.usefixtures("runtime")
def test_open_cycle_after_intake_adds_duties_but_no_dossier(vn: VN) -> None:
    close_cycle.fn(at=vn("2018-05-01 06:30"))
    done = open_cycle.fn(at=vn("2018-05-01 07:00"))

    assert counted(done) == {"dossiers": 0, "reports": 8, "tasks": 2}


def test_send_reminders_plans_dossiers_and_tasks_once(projected: Runtime, vn: VN) -> None:
    at = vn("2018-03-16 07:30")
    first, again = send_reminders.fn(at=at), send_reminders.fn(at=at)

    assert (counted(first)["planned"], first["batches"]) == (4, 1)
    assert counted(again) == {}
    assert counts(projected)["notice"] == 4


@pytest.mark.parametrize(
    ("flow", "key", "when"),
    [
        (send_reminders, BAD, "2018-03-16 07:30"),
        (chase_reports, "coast-2018/2018/report/progress/2018-Q1/hill", "2018-03-15 07:30"),
    ],
)
def test_a_bad_obligation_fails_the_run_and_no_other_item(
    projected: Runtime, vn: VN, flow: Any, key: str, when: str
) -> None:
    """Section 8: a failed batch is repeated item by item; a second run adds nothing and fails again."""
    spoil(projected, Obligation, key, ladder="no-such-ladder")
    with pytest.raises(SweepFailedError) as failed:
        flow.fn(at=vn(when))
    before = counts(projected)
    with pytest.raises(SweepFailedError) as again:
        flow.fn(at=vn(when))

    assert len(failed.value.report.failures) == len(again.value.report.failures) == 1
    assert failed.value.report.counts["planned"] == (3 if flow is send_reminders else 1)
    assert again.value.report.counts.get("planned", 0) == 0
    assert counts(projected) == before
    with projected.database.reading() as session:
        keys = session.exec(select(Notice.key)).all()
    assert keys
    assert not [notice for notice in keys if notice.startswith(key)]


def test_chase_reports_opens_periods_and_plans_their_rungs(projected: Runtime, vn: VN) -> None:
    opened = chase_reports.fn(at=vn("2018-02-28 07:30"))
    planned = chase_reports.fn(at=vn("2018-03-15 07:30"))
    again = chase_reports.fn(at=vn("2018-03-15 07:30"))

    assert counted(opened) == {"opened": 2, "closed": 0, "planned": 0, "suppressed": 0, "already": 0}
    assert (counted(planned)["opened"], counted(planned)["planned"]) == (0, 2)
    assert counted(again) == {}
    with projected.database.reading() as session:
        assert sorted(session.exec(select(Report.status))) == ["open"] * 2 + ["upcoming"] * 6


def test_every_kind_of_obligation_has_its_rungs_handled_by_exactly_one_flow(projected: Runtime, vn: VN) -> None:
    """Section 10: the rung kinds are partitioned between `send_reminders` and `chase_reports`."""
    at = vn("2018-04-30 08:00")
    send_reminders.fn(at=at)
    with projected.database.reading() as session:
        reminded = set(
            session.exec(
                select(Obligation.kind).join(Notice, col(Notice.obligation_id) == col(Obligation.id)).distinct()
            )
        )
    chase_reports.fn(at=at)
    with projected.database.reading() as session:
        handled = set(
            session.exec(
                select(Obligation.kind).join(Notice, col(Notice.obligation_id) == col(Obligation.id)).distinct()
            )
        )
        kinds = set(session.exec(select(Obligation.kind).distinct()))

    assert kinds == {DOSSIER_STEP, REPORT, PLAN_TASK}
    assert reminded == set(KINDS) - {OPINION, RENEWAL, WITHDRAWAL} == {DOSSIER_STEP, PLAN_TASK}
    assert handled - reminded == {REPORT}


def test_enforce_deadlines_records_lateness_and_lapses_once(projected: Runtime, vn: VN) -> None:
    at = vn("2018-05-02 08:00")
    first, again = enforce_deadlines.fn(at=at), enforce_deadlines.fn(at=at)

    assert counted(first) == {"overdue": 7, "lapsed": 4}  # with two reports and a meeting
    assert counted(again) == {}
    assert set(statuses(projected).values()) == {"lapsed"}


def test_enforce_deadlines_handles_no_rung(projected: Runtime, vn: VN) -> None:
    """Section 10: it plans no notice of an obligation, only the news of a lapse."""
    enforce_deadlines.fn(at=vn("2018-05-02 08:00"))

    with projected.database.reading() as session:
        assert set(session.exec(select(Notice.line_kind))) == {"news"}


def test_enforce_deadlines_with_one_bad_dossier_lapses_the_others(projected: Runtime, vn: VN) -> None:
    spoil(projected, Obligation, BAD, subject_id="gone")

    with pytest.raises(SweepFailedError, match="1 failed, the rest is committed"):
        enforce_deadlines.fn(at=vn("2018-05-02 08:00"))
    before = counts(projected)
    with pytest.raises(SweepFailedError):
        enforce_deadlines.fn(at=vn("2018-05-02 08:00"))

    assert counts(projected) == before
    assert sorted(statuses(projected).values()) == ["awaiting_submission", "lapsed", "lapsed", "lapsed"]


def test_close_cycle_takes_each_step_once(projected: Runtime, vn: VN) -> None:
    results = [
        counted(close_cycle.fn(at=vn(when)))
        for when in ("2018-04-30 23:59", "2018-05-01 00:00", "2018-05-01 00:00", "2019-04-01 00:00", "2019-04-02 00:00")
    ]

    assert results == [{}, {"close-intake": 1}, {}, {"close": 1}, {}]
    with projected.database.reading() as session:
        assert session.exec(select(Cycle.status)).one() == "closed"


@pytest.mark.usefixtures("projected")
def test_close_cycle_that_was_never_run_takes_both_steps_at_once(vn: VN) -> None:
    assert counted(close_cycle.fn(at=vn("2019-04-01 08:00"))) == {"close-intake": 1, "close": 1}


def test_deliver_mail_bundles_seals_and_sends_over_smtp(projected: Runtime, vn: VN, tmp_path: Path) -> None:
    """The real way out: SMTP to a server on this machine; again at the same instant sends nothing."""
    at = vn("2018-03-16 07:30")
    send_reminders.fn(at=at)
    first, again = deliver_mail.fn(at=at), deliver_mail.fn(at=at)
    messages = read_messages(tmp_path / "mail")

    assert (counted(first)["bundled"], counted(first)["accepted"], counted(first)["failed"]) == (4, 3, 0)
    assert counted(again).get("accepted", 0) == 0
    with projected.database.reading() as session:
        mails = {mail.message_id: mail for mail in session.exec(select(Mail))}
        assert {str(message["Message-ID"]) for message in messages} == set(mails)
        assert {mail.status for mail in mails.values()} == {"sent"}
        assert session.exec(select(func.count()).select_from(Seal)).one() == 1
        assert verify(session).faults == ()


def test_deliver_mail_with_a_mail_that_cannot_be_made_sends_the_others_and_fails(
    projected: Runtime, vn: VN, tmp_path: Path
) -> None:
    """Peers' mistake 9, once more: the run ends failed, and a later one sends what was mended."""
    at = vn("2018-03-15 07:30")
    with projected.database.transaction() as session:
        official = session.exec(select(Official).where(col(Official.email) == "ocop_team.hill@office.example")).one()
        official.name = "hai\ndòng"
        session.add(official)
    chase_reports.fn(at=at)

    with pytest.raises(SweepFailedError, match="coast: 1 mails failed and are tried again later"):
        deliver_mail.fn(at=at)
    assert len(read_messages(tmp_path / "mail")) == 1

    with projected.database.transaction() as session:
        official = session.exec(select(Official).where(col(Official.email) == "ocop_team.hill@office.example")).one()
        official.name = "Cán bộ hill"
        session.add(official)
    assert counted(deliver_mail.fn(at=vn("2018-03-15 08:00")))["accepted"] == 1


def test_deliver_mail_of_one_office_leaves_the_others_alone(projected: Runtime, vn: VN, tmp_path: Path) -> None:
    """The shard is the office."""
    at = vn("2018-03-16 07:30")
    send_reminders.fn(at=at, office="elsewhere")
    assert counts(projected)["notice"] == 0
    send_reminders.fn(at=at, office="coast")
    deliver_mail.fn(at=at, office="elsewhere")

    assert read_messages(tmp_path / "mail") == []


def test_a_tick_of_all_flows_twice_is_as_good_as_once(projected: Runtime, vn: VN) -> None:
    """I2a: whatever ran before at that instant, the second run finds nothing to do."""
    with projected.transaction(vn("2018-03-05 08:00")) as work:
        dossier = work.session.exec(select(Dossier).where(col(Dossier.key).endswith("/1-1-1"))).one()
        apply_trigger(work, dossier, Request(DossierTrigger.SUBMIT, dossier.responsible or ""))
    flows = (open_cycle, send_reminders, chase_reports, enforce_deadlines, close_cycle, deliver_mail)
    for when in ("2018-03-05 12:00", "2018-04-02 07:30", "2018-05-02 07:30"):
        for flow in flows:
            flow.fn(at=vn(when))
        before = counts(projected)
        for flow in flows:
            flow.fn(at=vn(when))
        assert counts(projected) == before


class _Batch:
    """Stands for a task: its plain function only."""

    def __init__(self, function: Callable[..., dict[str, int]]) -> None:
        self.fn = function


def test_sweep_items_runs_batches_and_repeats_a_failed_one_item_by_item(runtime: Runtime, vn: VN) -> None:
    """Section 8: at most 500 items in one transaction; after a failure each item alone."""
    sizes: list[int] = []

    def work(_runtime: Runtime, _cycle: str, items: list[str], _now: datetime) -> dict[str, int]:
        sizes.append(len(items))
        if "bad" in items:
            raise ValueError("spoilt")
        return {"done": len(items)}

    report = SweepReport("a-flow")
    items = [str(number) for number in range(BATCH_SIZE)] + ["a", "bad", "b"]
    sweep_items(report, _Batch(work), Shard(runtime, "c", vn("2018-01-02 07:30")), items)  # type: ignore[arg-type]  # .fn is all that is used

    assert sizes == [BATCH_SIZE, 3, 1, 1, 1]
    assert (report.counts, report.failures) == ({"done": BATCH_SIZE + 2}, ["bad: spoilt"])


def test_check_health_tells_each_office_once_a_day(runtime: Runtime, vn: VN) -> None:
    """Nothing ran for three days after the cycle was opened, and positions are vacant."""
    first = counted(check_health.fn(at=vn("2018-01-05 06:00")))
    again = counted(check_health.fn(at=vn("2018-01-05 06:15")))

    with runtime.database.reading() as session:
        alarms = list(session.exec(select(Notice.key).where(col(Notice.code) == "news.health")))
    assert first == again == {"troubles": 2}
    assert alarms == ["health/coast/2018-01-05|news.health|coast/coordination_office"]

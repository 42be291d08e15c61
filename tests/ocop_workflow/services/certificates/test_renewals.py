"""Certificates are watched and renewed; dates decide, not sweeps (I2a, I3, I4, I9)."""

import random
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.services.certificate_watch import Watched
from ocop_workflow.services.certificates import CertificateRefusedError, record_changes
from ocop_workflow.services.cycles import close_cycle, open_cycle
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.obligations import RENEWAL
from ocop_workflow.services.pinned_documents import RENEWAL_ROUND
from ocop_workflow.services.producer_acts import Change
from ocop_workflow.services.producer_closures import close_producer
from ocop_workflow.services.producer_register import find_producer
from ocop_workflow.services.reopening import Reopening, ReopeningRefusedError, reopen
from ocop_workflow.services.status_page import status_page
from ocop_workflow.storage.tables import Obligation
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.services.certificates.conftest import Certified

OFFICE = "coast/coordination_office"
FIRST = "01/GCN"
RUNGS = ["-300", "-180", "-90/superior", "-60", "-30", "-7", "+1/office", "+60/office"]
EXTENDING = {"extended_by_law": {"days": "180", "source": "article 12"}}


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def test_nothing_is_watched_before_the_ladder_begins(certified: "Certified") -> None:
    assert certified.watch("2019-11-20 06:15") == Watched()
    assert certified.watch("2019-12-30 06:15") == Watched(asked=1)
    assert certified.watch("2019-12-30 06:15") == Watched()


def test_dates_are_recorded_with_the_instants_at_which_they_became_true(certified: "Certified") -> None:
    """I9: after an outage of three years."""
    assert certified.watch("2021-06-01 06:15").changes == 2
    assert certified.history() == [
        ("valid", vn("2018-03-15 00:00")),
        ("renewal_due", vn("2020-09-16 00:00")),
        ("expired", vn("2021-03-16 00:00")),
    ]
    assert certified.faults() == []


@pytest.mark.parametrize("seed", range(2))
def test_years_with_outages_give_each_rung_once_and_expire_at_the_instant(certified: "Certified", seed: int) -> None:
    """I3, I9: whatever days the sweeps run on, each rung ends once, and no certificate lapses unnoticed."""
    randomly = random.Random(seed)  # noqa: S311 -- which days are swept is no secret
    now = vn("2018-03-16 06:15")
    while now < vn("2021-06-01 00:00"):
        certified.sweep(now)
        if randomly.random() < 0.3:
            certified.sweep(now)
        now += timedelta(days=randomly.choice([1, 1, 2, 5, 9, 45, 120]), hours=randomly.randrange(5))
    certified.sweep("2021-06-01 06:15")

    rungs = certified.rungs()
    assert sorted(rungs) == sorted(RUNGS)
    assert set(rungs.values()) <= {"planned", "overtaken", "useless", "settled"}  # settled: by the expiry itself
    assert certified.history()[-1] == ("expired", vn("2021-03-16 00:00"))
    with certified.office.reading() as work:
        told = [
            n.recipient for n in certified.office.notices(work, rungs=False) if n.code == "news.certificate_expired"
        ]
    assert len(told) == 2
    assert certified.faults() == []


def test_the_producer_is_told_what_to_submit_when_and_to_whom(certified: "Certified") -> None:
    sender = RecordingEmailSender()
    certified.sweep("2020-08-17 07:30")
    certified.office.send("2020-08-17 07:30", sender)
    texts = [(each.recipient, certified.office.text_of(each.message)) for each in sender.envelopes]
    text = next(text for _, text in texts if "Nộp hồ sơ đề nghị đánh giá, phân hạng lại" in text)
    guide = next(text for address, text in texts if address == "ocop_team.hill@office.example" and FIRST in text)

    assert "giấy chứng nhận số 01/GCN" in text
    assert "có hiệu lực đến hết ngày 15/03/2021" in text
    assert "Nhận hồ sơ từ ngày 16/09/2020; nơi nhận: Tổ OCOP huyện Đồi Chè" in text
    assert "15/11/2020" in text
    assert "Nhắc và hướng dẫn chủ thể" in guide


def test_after_the_window_the_office_reads_that_it_is_too_late(certify: "Callable[..., Certified]") -> None:
    certified = certify(extended_by_law={"days": "180", "late_submissions": "true", "source": "article 12"})
    certified.sweep("2020-11-16 07:30")
    sender = RecordingEmailSender()
    certified.office.send("2020-11-16 07:30", sender)
    texts = [certified.office.text_of(envelope.message) for envelope in sender.envelopes]
    text = next(text for text in texts if "Đã quá thời hạn nộp hồ sơ thông thường" in text)

    assert "không quá 180 ngày (article 12)" in text


def test_submission_ends_the_reminders_in_the_same_transaction(certified: "Certified") -> None:
    """I4: the dossier of a renewal belongs to its certificate, not to a round."""
    certified.sweep("2020-09-16 07:30")
    key = certified.open_renewal("2020-10-01 08:00")
    assert certified.status() == "renewing"
    certified.do("2020-10-05 09:00", key, DossierTrigger.SUBMIT)
    certified.sweep("2021-02-20 06:15")

    with certified.office.reading() as work:
        dossier = certified.office.dossier(work, key)
        owed = work.session.exec(select(Obligation).where(col(Obligation.kind) == RENEWAL)).one()
        certificate = certified.certificate(work)
    assert (dossier.kind, dossier.key) == ("renewal", "coast-2018/2018/renewal/R1")
    assert dossier.round_id == f"{RENEWAL_ROUND}{certificate.id}/1"
    assert (owed.status, owed.closed_at, owed.overdue_at) == ("done", vn("2020-10-05 09:00"), None)
    assert "-7" not in certified.rungs()
    assert certified.status() == "renewing"
    assert certified.faults() == []


def test_a_renewed_product_gets_a_new_certificate_that_supersedes(certified: "Certified") -> None:
    key = certified.open_renewal("2020-10-01 08:00")
    certified.do("2020-10-05 09:00", key, DossierTrigger.SUBMIT)
    certified.bring_to_council(key, "2020-10-06")
    certified.score("2020-10-20 08:00", key, "80")
    certified.watch("2020-10-21 06:15")
    assert certified.status() == "renewing"
    certified.issue("2020-10-25 08:00", key, "02/GCN", "2020-10-22")

    assert certified.history()[-1] == ("superseded", vn("2020-10-22 00:00"))
    assert certified.status("02/GCN") == "valid"
    with certified.office.reading() as work:
        assert certified.certificate(work, "02/GCN").expires_at == vn("2023-10-23 00:00")
        page = status_page(work, certified.office.dossier(work, key))
    assert [line.code for line in page.certificate] == ["certificate.standing", "page.certificate.window"]
    assert page.round_title.vi == "Đánh giá, phân hạng lại"
    assert certified.faults() == []


def test_an_authority_that_is_late_costs_the_producer_nothing_where_the_law_extends(
    certify: "Callable[..., Certified]",
) -> None:
    """Điều 12.3 as a switch: submitted in time and undecided, the certificate stays in force until the decision."""
    certified = certify(**EXTENDING)
    key = certified.open_renewal("2020-10-01 08:00")
    certified.do("2020-10-05 09:00", key, DossierTrigger.SUBMIT)
    certified.do("2020-10-06 10:00", key, DossierTrigger.RECEIVE)
    certified.watch("2021-04-01 06:15")
    assert certified.history()[-1] == ("extended_by_law", vn("2021-03-16 00:00"))
    with certified.office.at("2021-05-03 10:00") as work:
        conclude(work, certified.office.dossier(work, key), actor=OFFICE, verdict="declined")

    assert certified.history()[-1] == ("expired", vn("2021-05-03 10:00"))
    assert certified.faults() == []


def test_without_the_switch_the_certificate_expires_the_dossier_goes_on_and_the_office_is_told(
    certified: "Certified",
) -> None:
    key = certified.open_renewal("2020-10-01 08:00")
    certified.do("2020-10-05 09:00", key, DossierTrigger.SUBMIT)
    certified.do("2020-10-06 10:00", key, DossierTrigger.RECEIVE)
    certified.sweep("2021-04-01 06:15")

    assert certified.status() == "expired"
    with certified.office.reading() as work:
        dossier = certified.office.dossier(work, key)
        late = certified.office.notices(work, about=key)
        told = [
            n.recipient for n in certified.office.notices(work, rungs=False) if n.code == "news.certificate_expired"
        ]
        overdue = [o.step for o in work.session.exec(select(Obligation)) if o.subject_id == dossier.id and o.overdue_at]
    assert dossier.status == "received"
    assert late == []  # that sweep decides the rungs of renewals only
    assert overdue == ["decision"]
    assert OFFICE in told


def test_a_renewal_that_came_on_paper_in_time_counts_from_its_receipt(certify: "Callable[..., Certified]") -> None:
    """I9: the expiry was recorded; then somebody types what was received before."""
    certified = certify(**EXTENDING)
    certified.watch("2021-03-20 06:15")
    assert certified.status() == "expired"
    key = certified.open_renewal("2021-03-21 08:00", effective="2020-11-10 09:00")
    assert certified.status() == "expired"
    certified.do("2021-03-21 09:00", key, DossierTrigger.SUBMIT, effective="2020-11-10 09:00")

    assert certified.history()[-1] == ("extended_by_law", vn("2021-03-16 00:00"))
    assert certified.faults() == []


def test_a_failed_renewal_leaves_the_certificate_and_asks_again(certified: "Certified") -> None:
    certified.sweep("2020-09-16 07:30")
    key = certified.open_renewal("2020-09-20 08:00")
    certified.do("2020-09-21 09:00", key, DossierTrigger.SUBMIT)
    certified.do("2020-09-30 09:00", key, DossierTrigger.WITHDRAW)

    assert certified.history()[-1] == ("renewal_due", vn("2020-09-30 09:00"))
    assert certified.watch("2020-10-01 06:15") == Watched(asked=1)
    again = certified.open_renewal("2020-10-02 08:00")
    assert again.endswith("R2")
    assert certified.status() == "renewing"
    assert certified.faults() == []


@pytest.mark.parametrize(
    ("when", "sentence"),
    [("2021-03-16 00:00", "was valid until 15/03/2021"), ("2020-10-02 08:00", "is being renewed already")],
)
def test_open_renewal_refuses(certified: "Certified", when: str, sentence: str) -> None:
    if when.startswith("2020"):
        certified.open_renewal("2020-10-01 08:00")

    with pytest.raises(CertificateRefusedError, match=sentence):
        certified.open_renewal(when)


def test_a_newer_cycle_brings_its_own_window_and_repeats_no_rung(certified: "Certified") -> None:
    """The rule in force on the day: another window is another date; the same one repeats nothing."""
    office = certified.office
    certified.sweep("2020-01-20 07:30")
    assert certified.rungs() == {"-300": "planned"}
    other = office.documents.rule_set.model_copy(deep=True)
    renewal = other.renewal
    assert renewal is not None
    plan = office.documents.plan.model_copy(
        update={
            "id": "coast-2020",
            "runs_until": date(2021, 4, 1),
            "years": {2020: office.documents.plan.years[2018]},
        }
    )
    with office.at("2020-02-01 08:00") as work:
        close_cycle(work, office.cycle(work), actor=OFFICE)
        changed = other.model_copy(update={"renewal": renewal.model_copy(update={"closes_days_before": 90})})
        documents = type(office.documents)(
            plan, changed, {}, office.documents.units, office.documents.days, office.documents.products
        )
        newest = open_cycle(work, documents, year=2020, actor=OFFICE).id

    assert certified.watch("2020-02-02 06:15") == Watched(redated=1)
    assert certified.watch("2020-02-02 06:15") == Watched()
    with office.reading() as work:
        owed = work.session.exec(select(Obligation).where(col(Obligation.kind) == RENEWAL)).one()
    assert (owed.cycle_id, owed.deadline_version) == (newest, 2)
    assert owed.due_at == vn("2020-12-16 00:00")  # 90 days before 15 March 2021 is 15 December


def test_a_newer_cycle_with_the_same_window_goes_on_where_the_older_one_was(certified: "Certified") -> None:
    office = certified.office
    certified.sweep("2020-01-20 07:30")
    plan = office.documents.plan.model_copy(
        update={
            "id": "coast-2020",
            "runs_until": date(2021, 4, 1),
            "years": {2020: office.documents.plan.years[2018]},
        }
    )
    documents = type(office.documents)(
        plan, office.documents.rule_set, {}, office.documents.units, office.documents.days, office.documents.products
    )
    with office.at("2020-05-25 08:00") as work:
        open_cycle(work, documents, year=2020, actor=OFFICE)
    for day in ("2020-05-26", "2020-09-17", "2020-12-01", "2021-02-01"):
        certified.sweep(f"{day} 07:30")

    assert certified.rungs()["-180"] == "planned"  # it came on 19 May, when nothing was swept
    assert sorted(certified.rungs()) == sorted(RUNGS)


def test_record_changes_again_records_nothing(certified: "Certified") -> None:
    with certified.office.at("2021-06-01 08:00") as work:
        assert record_changes(work, certified.certificate(work), actor="system:x") == 2
        assert record_changes(work, certified.certificate(work), actor="system:x") == 0


def test_nobody_is_asked_to_renew_for_a_producer_who_has_closed(certified: "Certified") -> None:
    """Unless it has closed, its first reminder begins on 30 December 2019."""
    certified.office.enforce("2018-06-01 08:00")  # its other product lapsed long ago
    with certified.office.at("2019-12-01 08:00") as work:
        producer = find_producer(work.session, "HTX Đồi Ong")
        close_producer(work, producer, Change(date(2019, 11, 30), "8/TB"))

    assert certified.watch("2019-12-30 06:15") == Watched()
    assert certified.status() == "valid"
    assert certified.faults() == []


def test_a_certificate_follows_its_renewal_when_that_is_reopened(certified: "Certified") -> None:
    """A withdrawn renewal leaves the certificate due; a superior's decision lets it be renewed again."""
    certified.watch("2020-09-20 06:15")
    key = certified.open_renewal("2020-10-01 08:00")
    certified.do("2020-10-05 09:00", key, DossierTrigger.SUBMIT)
    certified.do("2020-10-06 09:00", key, DossierTrigger.WITHDRAW)
    assert certified.status() == "renewal_due"
    with certified.office.at("2020-10-12 08:00") as work:
        order = Reopening("99/QĐ", "UBND tỉnh", "Khiếu nại")
        reopen(work, certified.office.dossier(work, key), order, actor=OFFICE)

    assert certified.status() == "renewing"
    certified.bring_to_council(key, "2020-10-13")
    certified.score("2020-10-20 08:00", key, "80")
    certified.issue("2020-10-25 08:00", key, "02/GCN", "2020-10-22")
    assert certified.history()[-1] == ("superseded", vn("2020-10-22 00:00"))
    assert certified.faults() == []
    with (
        certified.office.at("2020-10-26 08:00") as work,
        pytest.raises(ReopeningRefusedError, match="certificate 02/GCN was issued on its result"),
    ):
        reopen(work, certified.office.dossier(work, key), order, actor=OFFICE)

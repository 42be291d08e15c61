"""Checks after the recognition are on record and counted; a finding asks the authority for the withdrawal."""

from datetime import date

import pytest
from sqlmodel import col, select

from ocop_workflow.services.certificate_acts import Revocation, revoke
from ocop_workflow.services.certificate_checks import Check, checks_of, record_check
from ocop_workflow.services.certificates import CertificateRefusedError
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.letters import act_of
from ocop_workflow.services.obligations import WITHDRAWAL
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.storage.tables import Obligation
from tests.ocop_workflow.services.certificates.conftest import COUNCIL, FIRST, OFFICE, Certified, vn

TEAM = "hill/ocop_team"


def check(
    made: Certified, when: str, *, finding: str | None = None, actor: str = OFFICE, document: str = "3/BB"
) -> None:
    with made.office.at(f"{when} 09:00") as work:
        held_on = date.fromisoformat(when)
        record_check(work, made.certificate(work), Check(document, held_on, actor, finding, "ghi chú"))


def withdrawal(made: Certified) -> list[Obligation]:
    with made.office.reading() as work:
        return list(work.session.exec(select(Obligation).where(col(Obligation.kind) == WITHDRAWAL)))


def test_a_check_is_one_event_of_the_certificate_and_changes_nothing(certified: Certified) -> None:
    check(certified, "2018-06-05")

    with certified.office.reading() as work:
        event = events_of(work.session, f"certificate:{certified.certificate(work).id}")[-1]
    assert (event.action, event.effective_at, event.to_state) == ("certificate_checked", vn("2018-06-05 00:00"), None)
    assert details_of(event) == {"document": "3/BB", "finding": None}
    assert event.text_hash is not None
    assert certified.history() == [("valid", vn("2018-03-15 00:00"))]
    assert (withdrawal(certified), certified.faults()) == ([], [])


def test_checks_are_counted_in_their_year(certified: Certified) -> None:
    """One of two certificates in force was checked in 2018, none in 2019."""
    certified.office.to_council("1-2-1")
    certified.office.score("2018-03-12 08:00", "75", "75", "75", number="1-2-1")
    certified.issue("2018-03-20 09:00", "1-2-1", "02/GCN", "2018-03-20")
    check(certified, "2018-06-05")

    with certified.office.reading("2018-12-31 08:00") as work:
        found = {
            year: [(each.certificate.number, each.last_on) for each in checks_of(work, "coast", year=year)]
            for year in (2018, 2019)
        }
    assert found == {
        2018: [("02/GCN", None), (FIRST, date(2018, 6, 5))],
        2019: [(FIRST, None), ("02/GCN", None)],
    }


def test_a_finding_asks_the_authority_for_the_withdrawal_within_fifteen_days(certified: Certified) -> None:
    """Điều 8.4: 15 days from the finding of 5 June, the day itself not counted, end with 20 June."""
    check(certified, "2018-06-05", finding="stopped")

    (owed,) = withdrawal(certified)
    assert (owed.party, owed.origin, owed.source) == (COUNCIL, "statutory", "article 10")
    assert (owed.opens_at, owed.due_at) == (vn("2018-06-05 00:00"), vn("2018-06-21 00:00"))
    with certified.office.reading() as work:
        book = work.books.of_cycle(work.session, certified.office.cycle(work))
        assert act_of(book, owed, certified.certificate(work)).code == "act.withdrawal"


@pytest.mark.parametrize(("decided_on", "overdue"), [("2018-06-20", None), ("2018-06-21", vn("2018-06-21 00:00"))])
def test_the_withdrawal_settles_what_the_finding_asked(certified: Certified, decided_on: str, overdue: object) -> None:
    check(certified, "2018-06-05", finding="stopped")
    with certified.office.at("2018-07-01 08:00") as work:
        days = (date(2018, 6, 5), date.fromisoformat(decided_on))
        revoke(work, certified.certificate(work), Revocation("stopped", "12/QĐ", *days, COUNCIL, "chờ xác minh"))

    (owed,) = withdrawal(certified)
    assert (owed.status, owed.closed_at, owed.overdue_at) == ("done", vn(f"{decided_on} 00:00"), overdue)
    assert certified.status() == "revoked"
    assert certified.faults() == []


def test_a_later_check_that_finds_nothing_ends_it(certified: Certified) -> None:
    check(certified, "2018-06-05", finding="stopped")
    check(certified, "2018-06-08", finding="stopped", document="4/BB")
    check(certified, "2018-06-12", document="5/BB")

    assert [(owed.status, owed.overdue_at) for owed in withdrawal(certified)] == [("cancelled", None)]
    assert certified.status() == "valid"


def test_the_authority_is_reminded_and_lateness_climbs(certified: Certified) -> None:
    """By the plan's ladder for officials: the working day before 20 June, then one, three and seven days behind it."""
    check(certified, "2018-06-05", finding="stopped")
    for day in ("2018-06-19", "2018-06-21", "2018-06-25", "2018-06-27"):
        with certified.office.at(f"{day} 07:30") as work:
            cycle = certified.office.cycle(work)
            queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=(WITHDRAWAL,), now=work.now))

    with certified.office.reading() as work:
        found = [(n.rung, n.recipient) for n in certified.office.notices(work) if "/withdrawal/" in n.key]
    assert found == [
        ("-1w", COUNCIL),
        ("+1", COUNCIL),
        ("+3/superior", "coast/province_leader"),
        ("+7/office", OFFICE),
    ]


def test_what_cannot_be_checked_is_refused(certified: Certified) -> None:
    for sentence, change in (
        ("unknown ground 'whim'; known are stopped", {"finding": "whim"}),
        ("needs the number of its minutes", {"document": " "}),
        ("may not; that is for coast", {"actor": TEAM}),
    ):
        with pytest.raises(CertificateRefusedError, match=sentence):
            check(certified, "2018-06-05", **change)
    with certified.office.at("2018-06-05 09:00") as work:
        for day in (date(2018, 3, 14), date(2018, 6, 6)):
            with pytest.raises(CertificateRefusedError, match=r"between the certificate's issue \(15/03/2018\)"):
                record_check(work, certified.certificate(work), Check("3/BB", day, OFFICE))
        revoke(
            work,
            certified.certificate(work),
            Revocation("stopped", "12/QĐ", date(2018, 6, 1), date(2018, 6, 2), COUNCIL),
        )
        with pytest.raises(CertificateRefusedError, match="is withdrawn; only one in force is checked"):
            record_check(work, certified.certificate(work), Check("3/BB", date(2018, 6, 5), OFFICE))

"""Terms and windows of certificates against a table reckoned by hand with a calendar (I9)."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time, local_day, start_of_day
from ocop_workflow.policy.certificate_terms import (
    CertificateFacts,
    changes,
    expiry_of,
    in_force_until,
    renewal_due_at,
    status_at,
    window_of,
)
from ocop_workflow.policy.rule_set import ExtendedByLaw, Renewal
from state_machines.certificate import CertificateStatus

WINDOW = Renewal(opens_days_before=180, closes_days_before=120, source="Điều 7, khoản 6, điểm a")
IN_TIME_ONLY = WINDOW.model_copy(update={"extended_by_law": ExtendedByLaw(days=180, source="Điều 12, khoản 3")})
LATE_TOO = WINDOW.model_copy(
    update={"extended_by_law": ExtendedByLaw(days=180, late_submissions=True, source="Điều 12, khoản 3")}
)

DAYS = st.dates(date(2019, 1, 1), date(2040, 12, 31))


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


@pytest.mark.parametrize(
    ("issued_on", "months", "first_invalid"),
    [
        ("2028-02-29", 36, "2031-03-01 00:00"),  # 2031 has no 29 February: the last valid day is the 28th
        ("2028-02-28", 36, "2031-03-01 00:00"),
        ("2029-02-28", 36, "2032-02-29 00:00"),  # the same day of a leap year, not its month's end
        ("2028-08-31", 36, "2031-09-01 00:00"),
        ("2028-08-31", 18, "2030-03-01 00:00"),  # a month that is too short
        ("2028-08-31", 1, "2028-10-01 00:00"),
        ("2026-12-31", 36, "2030-01-01 00:00"),  # across New Year
        ("2026-04-30", 36, "2029-05-01 00:00"),  # the last valid day is a public holiday: it stays
    ],
)
def test_expiry_is_the_first_instant_no_longer_valid(issued_on: str, months: int, first_invalid: str) -> None:
    assert expiry_of(date.fromisoformat(issued_on), months) == vn(first_invalid)


@pytest.mark.parametrize(
    ("last_valid", "opens_on", "last_in_time"),
    [
        ("2032-02-29", "2031-09-02", "2031-11-01"),  # the first day is the National Day: a day off moves nothing
        ("2031-02-28", "2030-09-01", "2030-10-31"),  # that of 29/02/2028; the first day is a Sunday
        ("2031-08-31", "2031-03-04", "2031-05-03"),
        ("2030-03-15", "2029-09-16", "2029-11-15"),
        ("2027-04-30", "2026-11-01", "2026-12-31"),  # the last day in time is New Year's Eve
        ("2027-05-10", "2026-11-11", "2027-01-10"),  # across New Year
        ("2028-06-28", "2027-12-31", "2028-02-29"),  # the last day in time is a leap day
    ],
)
def test_window_is_counted_back_from_the_last_valid_day(last_valid: str, opens_on: str, last_in_time: str) -> None:
    """QĐ 26/2026 Điều 7.6.a: not earlier than 180 and not later than 120 days before; half-open in instants."""
    window = window_of(start_of_day(date.fromisoformat(last_valid) + timedelta(days=1)), WINDOW)

    assert window.opens_at == vn(f"{opens_on} 00:00")
    assert last_day_in_time(window.closes_at) == date.fromisoformat(last_in_time)
    assert window.contains(vn(f"{opens_on} 00:00"))
    assert window.contains(vn(f"{last_in_time} 23:59:59"))
    assert not window.contains(vn(f"{opens_on} 00:00") - timedelta(microseconds=1))
    assert not window.contains(window.closes_at)


@given(DAYS, DAYS, st.integers(1, 60))
def test_a_later_issue_never_expires_earlier(one: date, other: date, months: int) -> None:
    earlier, later = sorted((one, other))

    assert expiry_of(earlier, months) <= expiry_of(later, months)
    assert expiry_of(earlier, months) < expiry_of(earlier, months + 1)


@given(DAYS, st.integers(0, 200), st.integers(0, 200))
def test_a_window_is_half_open_and_has_whole_days(issued_on: date, first: int, second: int) -> None:
    closes, opens = sorted((first, second))
    expires_at = expiry_of(issued_on, 36)
    window = window_of(expires_at, Renewal(opens_days_before=opens, closes_days_before=closes, source="x"))

    assert (window.closes_at - window.opens_at).days == opens - closes + 1
    assert window.closes_at <= expires_at
    assert local_day(expires_at) - last_day_in_time(window.closes_at) == timedelta(days=closes + 1)


EXPIRES = vn("2029-03-16 00:00")  # the last valid day is 15/03/2029, the window 16/09 to 15/11/2028


@pytest.mark.parametrize(
    ("rule", "submitted", "failed", "until"),
    [
        (WINDOW, "2028-11-01 08:00", None, "2029-03-16 00:00"),  # no extension by this rule
        (IN_TIME_ONLY, "2028-11-15 23:59", None, "2029-09-12 00:00"),  # 180 days after 15/03 is 11/09
        (IN_TIME_ONLY, "2028-11-16 00:00", None, "2029-03-16 00:00"),  # one day late
        (LATE_TOO, "2028-11-16 00:00", None, "2029-09-12 00:00"),
        (LATE_TOO, "2029-03-15 23:59", None, "2029-09-12 00:00"),
        (LATE_TOO, "2029-03-16 00:00", None, "2029-03-16 00:00"),  # it had expired
        (IN_TIME_ONLY, None, None, "2029-03-16 00:00"),
        (IN_TIME_ONLY, "2028-11-01 08:00", "2029-05-02 10:00", "2029-05-02 10:00"),  # until the decision
        (IN_TIME_ONLY, "2028-11-01 08:00", "2029-01-02 10:00", "2029-03-16 00:00"),  # refused before the expiry
        (IN_TIME_ONLY, "2028-11-01 08:00", "2029-12-02 10:00", "2029-09-12 00:00"),  # at most 180 days
    ],
)
def test_extension_by_law_lasts_until_the_decision(
    rule: Renewal, submitted: str | None, failed: str | None, until: str
) -> None:
    facts = CertificateFacts(
        EXPIRES, rule, vn("2028-10-01 08:00"), vn(submitted) if submitted else None, vn(failed) if failed else None
    )

    assert in_force_until(facts) == vn(until)
    assert status_at(facts, vn(until)) is CertificateStatus.EXPIRED


def test_without_a_window_the_expiry_is_the_last_date() -> None:
    facts = CertificateFacts(EXPIRES)

    assert renewal_due_at(facts) == EXPIRES
    assert status_at(facts, EXPIRES - timedelta(microseconds=1)) is CertificateStatus.VALID
    assert status_at(facts, EXPIRES) is CertificateStatus.EXPIRED


def test_what_a_long_outage_missed_is_told_in_order_with_its_instants() -> None:
    facts = CertificateFacts(EXPIRES, IN_TIME_ONLY, vn("2028-10-01 08:00"), vn("2028-10-02 08:00"))
    found = changes(facts, status=CertificateStatus.VALID, since=vn("2026-03-15 00:00"), now=vn("2030-01-01 00:00"))

    assert [(change.status.value, change.at) for change in found] == [
        ("renewal_due", vn("2028-09-16 00:00")),
        ("renewing", vn("2028-10-01 08:00")),
        ("extended_by_law", vn("2029-03-16 00:00")),
        ("expired", vn("2029-09-12 00:00")),
    ]


def test_once_due_stays_due_when_a_later_rule_opens_the_window_later() -> None:
    later = Renewal(opens_days_before=60, closes_days_before=30, source="a later rule")
    facts = CertificateFacts(EXPIRES, later)
    since = vn("2028-09-16 00:00")

    assert changes(facts, status=CertificateStatus.RENEWAL_DUE, since=since, now=vn("2029-03-01 00:00")) == ()


INSTANTS = st.none() | st.integers(0, 1500).map(lambda days: vn("2026-03-15 00:00") + timedelta(days=days, hours=8))


@given(
    rule=st.sampled_from([None, WINDOW, IN_TIME_ONLY, LATE_TOO]),
    opened=INSTANTS,
    submitted=INSTANTS,
    failed=INSTANTS,
    sweeps=st.lists(st.integers(0, 1500), max_size=8),
)
def test_sweeps_only_record_what_the_dates_say(
    rule: Renewal | None,
    opened: datetime | None,
    submitted: datetime | None,
    failed: datetime | None,
    sweeps: list[int],
) -> None:
    """I9: whenever sweeps run, the same changes are found at the same instants."""
    began = vn("2026-03-15 00:00")
    if opened is None:
        submitted = failed = None
    elif failed is not None:
        failed = max(failed, opened)
    facts = CertificateFacts(EXPIRES, rule, opened, submitted, failed)
    end = began + timedelta(days=2000)
    at_once = changes(facts, status=CertificateStatus.VALID, since=began, now=end)
    status, since, found = CertificateStatus.VALID, began, []
    for now in [*sorted(began + timedelta(days=day) for day in sweeps), end]:
        for change in changes(facts, status=status, since=since, now=now):
            found.append(change)
            status, since = change.status, change.at

    assert tuple(found) == at_once
    assert found[-1].status is CertificateStatus.EXPIRED
    assert found[-1].at == in_force_until(facts) >= EXPIRES

"""How long a certificate is valid, when its renewal may be submitted, and what it is at any instant (promise I9)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ocop_workflow.clock import last_day_in_time, start_of_day
from ocop_workflow.policy.periods import add_months
from ocop_workflow.policy.rule_set import Renewal
from state_machines.certificate import CertificateStatus


@dataclass(frozen=True, slots=True)
class RenewalWindow:
    """When a renewal may be submitted: from `opens_at` until before `closes_at`, the first instant too late."""

    opens_at: datetime
    closes_at: datetime

    def contains(self, at: datetime) -> bool:
        """Tell whether an instant lies in the window."""
        return self.opens_at <= at < self.closes_at


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What decides about a certificate besides acts that end it.

    Attributes:
        expires_at: The first instant at which it is no longer valid.
        renewal: The rule of the day about renewals, or that of the renewal's dossier; None where there is none.
        opened_at: When the dossier of its renewal was opened.
        submitted_at: When the producer first submitted that dossier.
        failed_at: When that dossier ended without recognition.
    """

    expires_at: datetime
    renewal: Renewal | None = None
    opened_at: datetime | None = None
    submitted_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def window(self) -> RenewalWindow | None:
        """Return the renewal window, where the rule has one."""
        return None if self.renewal is None else window_of(self.expires_at, self.renewal)


@dataclass(frozen=True, slots=True)
class Change:
    """What a certificate became, and the instant at which it did."""

    status: CertificateStatus
    at: datetime


def expiry_of(issued_on: date, months: int) -> datetime:
    """Return the first instant at which a certificate is no longer valid.

    The day of issue is not counted, and the term ends with the same day of its last month, or with the last day of a
    month that is too short: 29/02/2028 and 36 months end with 28/02/2031. A day off moves nothing.

    Source: Bộ luật Dân sự 2015, Điều 147-148 as the field reads them (unverified).
    """
    return start_of_day(add_months(issued_on, months) + timedelta(days=1))


def window_of(expires_at: datetime, renewal: Renewal) -> RenewalWindow:
    """Return the renewal window in whole days, counted back from the last valid day; a day off moves nothing."""
    last_valid = last_day_in_time(expires_at)
    return RenewalWindow(
        start_of_day(last_valid - timedelta(days=renewal.opens_days_before)),
        start_of_day(last_valid - timedelta(days=renewal.closes_days_before - 1)),
    )


def renewal_due_at(facts: CertificateFacts) -> datetime:
    """Return the first instant at which a renewal is too late: the window's end, or the expiry without a window."""
    return facts.window.closes_at if facts.window is not None else facts.expires_at


def in_force_until(facts: CertificateFacts) -> datetime:
    """Return the first instant at which a certificate is no longer in force, with its extension by law.

    The law extends it while a renewal that was submitted in time, or late where the rule says so, awaits its decision.
    """
    extension = facts.renewal.extended_by_law if facts.renewal is not None else None
    if extension is None or facts.submitted_at is None:
        return facts.expires_at
    limit = facts.expires_at if extension.late_submissions else renewal_due_at(facts)
    if facts.submitted_at >= limit:
        return facts.expires_at
    latest = start_of_day(last_day_in_time(facts.expires_at) + timedelta(days=extension.days + 1))
    return max(facts.expires_at, min(latest, facts.failed_at or latest))


def status_at(facts: CertificateFacts, at: datetime) -> CertificateStatus:
    """Return what a certificate is at an instant, unless an act has ended it."""
    if at >= facts.expires_at:
        return CertificateStatus.EXTENDED_BY_LAW if at < in_force_until(facts) else CertificateStatus.EXPIRED
    if facts.opened_at is not None and facts.opened_at <= at and (facts.failed_at is None or at < facts.failed_at):
        return CertificateStatus.RENEWING
    if facts.window is not None and at >= facts.window.opens_at:
        return CertificateStatus.RENEWAL_DUE
    return CertificateStatus.VALID


def changes(
    facts: CertificateFacts, *, status: CertificateStatus, since: datetime, now: datetime
) -> tuple[Change, ...]:
    """Return what a certificate has become up to `now`, in order, that is not recorded yet.

    A certificate whose renewal has come due stays so when a later rule has its window open later.

    Args:
        facts: What decides.
        status: What is recorded.
        since: From when the recorded status holds.
        now: Business time.
    """
    due_from = None if facts.window is None else facts.window.opens_at
    opened_at = None if facts.opened_at is None else max(facts.opened_at, since)
    named = (due_from, opened_at, facts.failed_at, facts.expires_at, in_force_until(facts))
    found = []
    for at in sorted({moment for moment in named if moment is not None and since <= moment <= now}):
        new = status_at(facts, at)
        undone = (status, new) == (CertificateStatus.RENEWAL_DUE, CertificateStatus.VALID)
        if new != status and not undone:
            found.append(Change(new, at))
            status = new
    return tuple(found)

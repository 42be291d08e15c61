"""What a cycle's year came to: the funnel, the stars, the reports, the notices."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.policy.report_standing import days_late
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Mail, Notice, Obligation, Report
from state_machines.report import FILED_STATUSES, ReportStatus


@dataclass(frozen=True, slots=True)
class ReportTally:
    """How many reports came in time, late, or not at all although they were due."""

    on_time: int = 0
    late: int = 0
    missing: int = 0


def products_count(session: Session, cycle: Cycle) -> int:
    """Return how many products have a dossier in the cycle."""
    return session.exec(select(func.count()).select_from(Dossier).where(col(Dossier.cycle_id) == cycle.id)).one()


def dossiers_by_status(session: Session, cycle: Cycle) -> dict[str, int]:
    """Return how many dossiers are in each status."""
    query = select(Dossier.status, func.count()).where(col(Dossier.cycle_id) == cycle.id).group_by(col(Dossier.status))
    return dict(sorted(session.exec(query)))


def dossiers_by_stars(session: Session, cycle: Cycle) -> dict[int, int]:
    """Return how many dossiers ended with each number of stars."""
    query = (
        select(Dossier.stars, func.count())
        .where(
            col(Dossier.cycle_id) == cycle.id,
            col(Dossier.status).in_(("recognised", "rated_uncertified")),
            col(Dossier.stars).is_not(None),
        )
        .group_by(col(Dossier.stars))
    )
    return {
        stars: count for stars, count in sorted(session.exec(query), key=lambda row: row[0] or 0) if stars is not None
    }


def funnel(session: Session, cycle: Cycle, book: Rulebook) -> dict[str, dict[str, int]]:
    """Return, by unit in the register's order and by stage, how many dossiers reached the stage."""
    units = dict(session.exec(select(Dossier.id, Dossier.unit_id).where(col(Dossier.cycle_id) == cycle.id)).all())
    stages = [stage.id for stage in book.rule_set.route.stages]
    present = set(units.values())
    reached: dict[str, dict[str, int]] = {
        unit.id: dict.fromkeys(stages, 0) for unit in book.units.units if unit.id in present
    }
    arrivals = session.exec(
        select(Event.stream, Event.to_state).where(
            col(Event.cycle_id) == cycle.id, col(Event.to_state).endswith(":awaiting_submission")
        )
    )
    for stream, state in arrivals:
        unit = units[stream.partition(":")[2]]
        reached[unit][(state or "").partition(":")[0]] += 1
    return reached


def reports_by_unit_and_period(session: Session, cycle: Cycle, *, now: datetime) -> dict[tuple[str, str], ReportTally]:
    """Return the tally of reports by unit and period; what is not due yet does not count as missing."""
    tallies: dict[tuple[str, str], Counter[str]] = {}
    for report in session.exec(select(Report).where(col(Report.cycle_id) == cycle.id).order_by(col(Report.period_id))):
        counter = tallies.setdefault((report.unit_id, report.period_id), Counter())
        if report.status in FILED_STATUSES or report.status == ReportStatus.RETURNED:  # what was returned came
            counter["late" if days_late(report.due_at, report.submitted_at) else "on_time"] += 1
        elif report.status != ReportStatus.NOT_REQUIRED and report.due_at is not None and now >= report.due_at:
            counter["missing"] += 1
    return {key: ReportTally(**counter) for key, counter in tallies.items()}


def reports_total(tallies: dict[tuple[str, str], ReportTally]) -> ReportTally:
    """Return the sum of tallies."""
    values = list(tallies.values())
    return ReportTally(sum(t.on_time for t in values), sum(t.late for t in values), sum(t.missing for t in values))


def notices_by_outcome(session: Session, cycle: Cycle) -> tuple[dict[str, int], dict[str, int]]:
    """Return notices by status, and the suppressed ones by reason."""
    by_status = select(Notice.status, func.count()).where(col(Notice.cycle_id) == cycle.id).group_by(col(Notice.status))
    by_reason = (
        select(Notice.suppression, func.count())
        .where(col(Notice.cycle_id) == cycle.id, col(Notice.suppression).is_not(None))
        .group_by(col(Notice.suppression))
    )
    reasons = {reason: count for reason, count in session.exec(by_reason) if reason is not None}
    return dict(sorted(session.exec(by_status))), dict(sorted(reasons.items()))


def obligations_by_status(session: Session, cycle: Cycle) -> dict[str, int]:
    """Return obligations by status."""
    query = select(Obligation.status, func.count()).where(col(Obligation.cycle_id) == cycle.id)
    return dict(sorted(session.exec(query.group_by(col(Obligation.status)))))


def mails_sent(session: Session, office_id: str) -> int:
    """Return how many of an office's mails a server took."""
    query = select(func.count()).select_from(Mail).where(col(Mail.office_id) == office_id, col(Mail.status) == "sent")
    return session.exec(query).one()


def unsaid_notices(session: Session, *, since: datetime) -> int:
    """Return how many notices found no recipient or no address since an instant."""
    query = (
        select(func.count())
        .select_from(Notice)
        .where(
            col(Notice.suppression).in_((Suppression.NO_RECIPIENT.value, Suppression.NO_ADDRESS.value)),
            col(Notice.settled_at) >= since,
        )
    )
    return session.exec(query).one()


def waiting_drafts(session: Session, office_id: str | None = None) -> int:
    """Return how many escalations to superiors wait for an office, or for any when none is named."""
    query = select(func.count()).select_from(Notice).where(col(Notice.status) == "draft")
    if office_id is not None:
        query = query.where(col(Notice.office_id) == office_id)
    return session.exec(query).one()

"""What is still to be said when units take over from others: it goes to the successors, and nothing is said twice."""

from collections.abc import Sequence

from sqlmodel import Session, col, or_, select

from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.handovers import line_of_open
from ocop_workflow.services.links import links_of, links_of_positions, reissue_link, revoke_link, subject_of_link
from ocop_workflow.services.notices import insert_notices, suppress
from ocop_workflow.services.succession_duties import MovedDuty
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Notice, Obligation, Report
from state_machines.report import FINAL_REPORT_STATUSES


def readdress_notices(work: UnitOfWork, cycle: Cycle) -> int:
    """Address what was not frozen into a mail yet to the successors; return how many notices.

    A notice keeps its row, so it is said once (promise I2a); its key names the new recipient. Where the successor was
    to be told the same already, one of the two is said. A frozen mail leaves as it is (promise I4).
    """
    units = work.books.of_cycle(work.session, cycle).units
    waiting = (
        select(Notice)
        .join(Mail, col(Mail.id) == col(Notice.mail_id), isouter=True)
        .where(
            col(Notice.cycle_id) == cycle.id,
            or_(
                col(Notice.status).in_(("planned", "draft")),
                (col(Notice.status) == "bundled") & (col(Mail.status) == "open"),
            ),
        )
    )
    count = 0
    for notice in work.session.exec(waiting.order_by(col(Notice.key))).all():
        recipient = units.successor_of(notice.recipient)
        if recipient == notice.recipient:
            continue
        parts = notice.key.split("|")
        key = "|".join(recipient if part == notice.recipient else part for part in parts)
        if _is_taken(work.session, key):
            suppress(notice, Suppression.OVERTAKEN, at=work.now)
        else:
            notice.key, notice.recipient = key, recipient
            notice.status = "draft" if notice.status == "draft" else "planned"
        notice.mail_id = None
        work.session.add(notice)
        work.session.flush()
        count += 1
    return count


def readdress_links(work: UnitOfWork, cycle: Cycle) -> int:
    """Issue links to open dossiers and to reports that can be filed anew to the successors; return how many went over.

    The token in the mails before stops working. Where the successor has a link there already, the one before ends.
    """
    units = work.books.of_cycle(work.session, cycle).units
    count = 0
    for link in work.session.exec(links_of_positions(cycle)).all():
        recipient, subject = units.successor_of(link.recipient), subject_of_link(work.session, link)
        if recipient == link.recipient or _has_ended(subject):
            continue
        if any(each.recipient == recipient and each.revoked_at is None for each in links_of(work.session, subject.id)):
            revoke_link(work, link, actor=cycle.office_position)
        else:
            link.recipient = recipient
            reissue_link(work, link, actor=cycle.office_position)
        count += 1
    return count


def _has_ended(subject: Dossier | Report) -> bool:
    if isinstance(subject, Dossier):
        return subject.closed_at is not None
    return subject.status in FINAL_REPORT_STATUSES


def tell_successors(work: UnitOfWork, cycle: Cycle, duties: Sequence[MovedDuty], *, rung: str) -> None:
    """List for each successor what came to it and is owed now; what opens later is told by its own ladder."""
    came = [
        duty.id
        for duty in duties
        if duty.before != duty.after
        and (duty.opens_at <= work.now or (duty.due_at is not None and duty.due_at <= work.now))
    ]
    rows = [line_of_open(work, cycle, work.session.get_one(Obligation, each), rung=rung) for each in came]
    insert_notices(work.session, rows)


def _is_taken(session: Session, key: str) -> bool:
    return session.exec(select(Notice.id).where(col(Notice.key) == key)).first() is not None

"""Mailing a producer the present link again, when somebody asks for it with an e-mail address."""

from sqlalchemy import func
from sqlmodel import Session, col, literal, select

from ocop_workflow.clock import local_day
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.links import reissue_link
from ocop_workflow.services.notices import tell
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Producer, Product, StatusLink

ACTOR = "system:status-page"


def resend_links(work: UnitOfWork, address: str) -> int:
    """Plan one mail with the present link for each dossier, open or ended, of the producers with this address.

    At most one such notice is planned for a dossier and local day, however often it is asked for. An expired link is
    issued anew; a revoked one stays revoked and is not mailed. Nothing tells the asker whether the address is known.

    Args:
        work: The unit of work; the caller commits.
        address: An e-mail address in any case; an unknown one does nothing.

    Returns:
        For how many links a notice stands planned on this day.
    """
    found = _links_of_address(work.session, address) if address else []
    for link, dossier, cycle in found:
        if work.now >= link.expires_at:
            reissue_link(work, link, actor=ACTOR)
        tell(
            work,
            cycle,
            recipient=link.recipient,
            code="news.link",
            params={},
            subject_id=dossier.id,
            stream=f"dossier:{dossier.id}",
            seq=int(f"{local_day(work.now):%Y%m%d}"),  # not a version: the notice's key is to hold the day
        )
    return len(found)


def _links_of_address(session: Session, address: str) -> list[tuple[StatusLink, Dossier, Cycle]]:
    query = (
        select(StatusLink, Dossier, Cycle)
        .join(Dossier, col(Dossier.id) == col(StatusLink.dossier_id))
        .join(Cycle, col(Cycle.id) == col(Dossier.cycle_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Product.producer_id))
        .where(
            func.lower(col(Producer.email)) == address.lower(),
            col(StatusLink.recipient) == literal(f"{PRODUCER}:").concat(col(Producer.id)),
            col(StatusLink.revoked_at).is_(None),
        )
        .order_by(col(Dossier.key))
    )
    return list(session.exec(query))

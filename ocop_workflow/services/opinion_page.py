"""What a council member who is asked in writing sees behind the own link."""

from dataclasses import dataclass
from datetime import date, datetime

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import Seat
from ocop_workflow.policy.rule_set import CriteriaPart
from ocop_workflow.services.council_case import council_of, position_of_seat
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.session_rows import consultation_of, interested_in, open_session_of, opinions_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Producer, WrittenOpinion


@dataclass(frozen=True, slots=True)
class OpinionPage:
    """One question to one member.

    Attributes:
        member: The seat's id, as acts name it.
        seat: The seat as people read it.
        product: The product's name.
        producer: The producer's name.
        stage: The stage at which the council judges.
        document: The number of the letter that asks, or None.
        parts: The proposed points by part, exact decimals as text.
        total: Their sum.
        last_on: The last day for the answer.
        is_late: Whether that day is over; an answer still counts until the council has decided.
        answer: What the member has answered; None before.
        answered_at: When that came.
        as_of: The instant for which all this holds.
    """

    member: str
    seat: LocalText
    product: str
    producer: str
    stage: LocalText
    document: str | None
    parts: tuple[tuple[CriteriaPart, str], ...]
    total: str
    last_on: date
    is_late: bool
    answer: str | None
    answered_at: datetime | None
    as_of: datetime


def opinion_page(work: UnitOfWork, dossier: Dossier, *, recipient: str) -> OpinionPage | None:
    """Return what a dossier's council asks a party in writing now, or None when nothing; reads only.

    A party without a seat of its own, such as the secretary who collects signed papers, is asked nothing here.
    """
    held = open_session_of(work.session, dossier)
    consultation = consultation_of(work.session, held) if held is not None else None
    if held is None or consultation is None:
        return None
    case = case_of(work, dossier)
    interested = interested_in(work.session, dossier.id, dossier.stage)
    asked = {row.member: row for row in opinions_of(work.session, held) if row.member not in interested}
    found = _asked(case, recipient, asked)
    if found is None:
        return None
    seat, opinion = found
    points = consultation.points
    return OpinionPage(
        member=seat.id,
        seat=seat.title,
        product=case.product.name,
        producer=work.session.get_one(Producer, case.product.producer_id).name,
        stage=case.stage.title,
        document=held.document,
        parts=tuple((part, points[part.id]) for part in case.book.rule_set.parts if part.id in points),
        total=consultation.total,
        last_on=last_day_in_time(consultation.due_at),
        is_late=work.now >= consultation.due_at,
        answer=opinion.answer,
        answered_at=opinion.answered_at,
        as_of=work.now,
    )


def _asked(case: DossierCase, recipient: str, asked: dict[str, WrittenOpinion]) -> tuple[Seat, WrittenOpinion] | None:
    """Return the seat that a position holds among those asked, the unanswered one first where it holds several."""
    council = council_of(case)
    seats = [
        (seat, asked[seat.id])
        for seat in (council.seats if council is not None else ())
        if seat.id in asked and council is not None and position_of_seat(case, council, seat.id) == recipient
    ]
    return min(seats, key=lambda found: found[1].answer is not None, default=None)

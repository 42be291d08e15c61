"""Whether written consultations and their answers are what the events say, and let the proposal stand that did."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from ocop_workflow.policy.consultation import tally_of
from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.storage.tables import CouncilSession, Event, WrittenConsultation, WrittenOpinion

_UNANSWERED: dict[str, Any] = {"answer": None, "answered_at": None, "entered_by": None, "from_paper": False}


@dataclass
class ToldConsultation:
    """One consultation as the events of its dossier tell it, read in their order.

    Attributes:
        asked: The facts of its row but `turned_at`.
        opinions: The facts of each member's row.
        turned_at: When a meeting took its place.
        miscounted: The number of the event whose tally the answers before it do not give.
    """

    asked: dict[str, Any]
    opinions: dict[str, dict[str, Any]] = field(default_factory=dict)
    turned_at: datetime | None = None
    miscounted: int | None = None

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> "ToldConsultation":
        """Return the consultation that an event opened."""
        facts = {name: details[name] for name in ("points", "criteria", "total")}
        facts["due_at"] = datetime.fromisoformat(details["due_at"])
        return cls(facts, {member: dict(_UNANSWERED) for member in details["asked"]})

    def answer(self, event: Event, details: Mapping[str, Any]) -> None:
        """Take a member's answer; the last one counts."""
        self.opinions[details["member"]] = {
            "answer": details["answer"],
            "answered_at": event.effective_at,
            "entered_by": event.actor,
            "from_paper": details["from_paper"],
        }

    def conclude(self, event: Event, details: Mapping[str, Any], *, interested: Collection[str]) -> None:
        """Count the answers that a decision rests on."""
        answers = {member: told["answer"] for member, told in self.opinions.items()}
        if asdict(tally_of(answers, interested)) != details.get("opinions"):
            self.miscounted = event.seq


def consultation_faults(
    told: Mapping[tuple[str, str, int], ToldConsultation], session: Session
) -> Iterator[AuditFault]:
    """Yield each consultation whose rows are not as its events say."""
    places = {
        row.id: (f"dossier:{row.dossier_id}", row.stage, row.number) for row in session.exec(select(CouncilSession))
    }
    opinions: dict[str, dict[str, dict[str, Any]]] = {}
    for row in session.exec(select(WrittenOpinion)):
        opinions.setdefault(row.session_id, {})[row.member] = {name: getattr(row, name) for name in _UNANSWERED}
    shown = {}
    for asked in session.exec(select(WrittenConsultation)):
        facts = {name: getattr(asked, name) for name in ("points", "criteria", "total", "due_at")}
        shown[places[asked.session_id]] = (facts, opinions.pop(asked.session_id, {}), asked.turned_at)
    for place in sorted({*told, *shown}):
        stream, stage, number = place
        each = told.get(place)
        if each is None or shown.get(place) != (each.asked, each.opinions, each.turned_at):
            yield AuditFault(stream, None, f"the written consultation of session {number} at {stage} is not as told")
        elif each.miscounted is not None:
            yield AuditFault(stream, each.miscounted, "its count of written opinions is not that of the answers")
    for session_id in opinions:
        yield AuditFault(f"session {session_id}", None, "written opinions stand without a consultation")

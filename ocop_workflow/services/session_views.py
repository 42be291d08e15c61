"""What a council's sessions came to, and why: each result with the rules and articles that it follows from."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from notifications.letter import Wording
from ocop_workflow.errors import InputError
from ocop_workflow.policy.consultation import Tally, tally_of
from ocop_workflow.policy.criteria_sheets import council_gates
from ocop_workflow.policy.rating import Rating
from ocop_workflow.policy.route import outcome_for
from ocop_workflow.policy.rule_set import Gate
from ocop_workflow.policy.scoring import shown_mean, spread_of
from ocop_workflow.services.evaluations import rating_of
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.session_rows import (
    SessionState,
    consultation_of,
    interested_in,
    opinions_of,
    scored_in,
    sessions_of,
    sheets_of_session,
)
from ocop_workflow.services.source_labels import source_in_both
from ocop_workflow.services.titles import ground_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import (
    CouncilSession,
    Cycle,
    Dossier,
    ScoreSheet,
    WrittenConsultation,
    WrittenOpinion,
)
from state_machines.dossier import DossierStatus
from state_machines.guards import Facts


@dataclass(frozen=True, slots=True)
class ShownSession:
    """One session with its sheets and what follows from them; `rating` is None as long as nothing does.

    `book` is the rulebook by which it scores; `gates` are those that the council finds on. A written consultation has
    its proposal and the members asked instead of sheets; `interested` are those of the stage who declared an interest.
    """

    held: CouncilSession
    book: Rulebook
    sheets: Sequence[ScoreSheet]
    spread: Decimal
    rating: Rating | None
    gates: tuple[Gate, ...]
    consultation: WrittenConsultation | None = None
    opinions: Sequence[WrittenOpinion] = ()
    interested: Collection[str] = ()

    @property
    def tally(self) -> Tally:
        """Return how the members asked in writing have answered."""
        return tally_of({opinion.member: opinion.answer for opinion in self.opinions}, self.interested)


def shown_sessions(work: UnitOfWork, dossier: Dossier) -> list[ShownSession]:
    """Return a dossier's sessions in their order, each with the result that its stored sheets and findings give."""
    shown = []
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    for held in sessions_of(work.session, dossier.id):
        book = work.books.of_council_session(work.session, cycle, held)
        sheets = sheets_of_session(work.session, held)
        criteria_set = book.criteria.get(held.criteria_set or 0)
        try:
            rating = rating_of(scored_in(work.session, held), held.findings, book.rule_set, criteria_set)
        except InputError:  # no sheet or no finding yet
            rating = None
        gates = council_gates(book.rule_set, criteria_set)
        spread = spread_of([Decimal(sheet.total) for sheet in sheets])
        interested = interested_in(work.session, dossier.id, held.stage)
        asked, opinions = consultation_of(work.session, held), opinions_of(work.session, held)
        shown.append(ShownSession(held, book, sheets, spread, rating, gates, asked, opinions, interested))
    return shown


def explained(session: Session, book: Rulebook, dossier: Dossier, sessions: Sequence[ShownSession]) -> list[Wording]:
    """Return why the dossier has the result that it has, each sentence with its rule; nothing before a decision."""
    concluded = [each for each in sessions if each.held.state == SessionState.CONCLUSIVE]
    told = _of_session(concluded[-1]) if concluded else []
    if dossier.status == DossierStatus.REJECTED:
        events = events_of(session, f"dossier:{dossier.id}")
        rejected = next(event for event in reversed(events) if event.to_state == DossierStatus.REJECTED)
        ground = details_of(rejected).get("ground", "")
        grounds = book.rule_set.rejection_grounds
        source = next((each.source for each in grounds if each.id == ground), rejected.rule or "")
        told.append(
            Wording(
                "result.rejected", {"ground": ground_title(book.rule_set, ground), "source": source_in_both(source)}
            )
        )
    return told


def _of_session(shown: ShownSession) -> list[Wording]:
    """Return how the points, the band, the gates and the route made a session's result."""
    rating, rule_set = shown.rating, shown.book.rule_set
    if rating is None:
        return []
    stage = rule_set.route.stage(shown.held.stage)
    band = next(each for each in rule_set.bands if each.stars == rating.band_stars)
    mean: dict[str, Any] = {"mean": shown_mean(rating.mean), "count": len(shown.sheets), "spread": str(shown.spread)}
    made: dict[str, Any] = {**mean, **asdict(shown.tally), "number": shown.held.number}
    code = "result.mean" if shown.consultation is None else "result.written"
    told = [
        Wording(code, {**made, "stage": stage.title.model_dump()}),
        Wording("result.band", {"stars": rating.band_stars, "source": source_in_both(band.source)}),
    ]
    told += [
        Wording(
            "result.gate", {"gate": gate.title.model_dump(), "stars": gate.cap, "source": source_in_both(gate.source)}
        )
        for gate in shown.gates
        if gate.id in rating.unmet
    ]
    outcome = outcome_for(stage, Facts(mean=rating.score))
    if outcome is not None:
        source = outcome.source or stage.source
        told.append(Wording("result.outcome", {"stars": rating.stars, "source": source_in_both(source)}))
    return told

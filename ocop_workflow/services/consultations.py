"""A written consultation that is open: whom it asks, by which procedure, and how the members have answered."""

from ocop_workflow.policy.consultation import Tally, tally_of
from ocop_workflow.policy.plan import Council, WrittenProcedure
from ocop_workflow.services.council_case import CouncilError, council_of, position_of_seat
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.session_rows import consultation_of, interested_in, open_session_of, opinions_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import CouncilSession, WrittenConsultation

OPINIONS_ASKED, OPINION_GIVEN, CONSULTATION_TURNED = "opinions_asked", "opinion_given", "consultation_turned"
"""The acts of a written consultation besides the opening of its session."""


def consultation_held(work: UnitOfWork, case: DossierCase) -> tuple[CouncilSession, WrittenConsultation]:
    """Return the written consultation that is open at the present stage.

    Raises:
        CouncilError: There is none.
    """
    held = open_session_of(work.session, case.dossier)
    consultation = consultation_of(work.session, held) if held is not None else None
    if held is None or consultation is None:
        raise CouncilError("no_consultation", rule=case.rule(), stage=case.stage.title.model_dump())
    return held, consultation


def tally_held(work: UnitOfWork, held: CouncilSession) -> Tally:
    """Return how the members of a consultation have answered so far."""
    answers = {opinion.member: opinion.answer for opinion in opinions_of(work.session, held)}
    return tally_of(answers, interested_in(work.session, held.dossier_id, held.stage))


def leading_seats(council: Council) -> tuple[str, ...]:
    """Return the seats that ask in writing and call meetings: the chair's and the secretary's."""
    return tuple(seat.id for seat in council.seats if seat.role in ("chair", "secretary"))


def procedure_of(case: DossierCase) -> tuple[Council, WrittenProcedure]:
    """Return the present stage's council, and how it is asked in writing.

    Raises:
        CouncilError: The rule set or the plan knows no written opinions here.
    """
    allowed, council = case.stage.written_opinions, council_of(case)
    stage = case.stage.title.model_dump()
    if allowed is None or case.dossier.kind not in allowed.kinds:
        rule = case.rule(allowed.source if allowed is not None else None)
        raise CouncilError("written_not_allowed", rule=rule, stage=stage)
    if council is None or council.written is None:
        rule = council.source if council is not None else case.rule(allowed.source)
        raise CouncilError("written_without_procedure", rule=rule, stage=stage)
    return council, council.written


def party_of_seat(case: DossierCase, council: Council, member: str) -> str:
    """Return who answers for a seat: the holder of its position, else who keeps the council's papers."""
    return position_of_seat(case, council, member) or case.party(case.stage.decided_by)

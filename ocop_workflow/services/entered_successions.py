"""The successions of units that an installation has entered, and what they make of a register."""

import json

from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError, RefusedError
from ocop_workflow.policy.successions import Succession, check_succession, concerns, with_succession
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.storage.tables import PinnedDocument, SuccessionAct


class SuccessionRefusedError(RefusedError):
    """Units can't take over from others so, or not now."""


class SuccessionMisfitError(InputError):
    """What a document or register says of units doesn't fit the others; each line is one reason with its remedy."""


def entered_successions(session: Session) -> list[Succession]:
    """Return the decisions whose successions were entered, in their order."""
    query = (
        select(PinnedDocument)
        .join(SuccessionAct, col(SuccessionAct.document_hash) == col(PinnedDocument.hash))
        .order_by(col(SuccessionAct.recorded_at), col(SuccessionAct.key))
    )
    return [Succession.model_validate(json.loads(document.body)) for document in session.exec(query)]


def with_entered_successions(session: Session, register: UnitRegister) -> UnitRegister:
    """Return a register as its file has it, with what was entered since that the file does not say itself.

    Raises:
        SuccessionMisfitError: The file contradicts a decision that was entered.
    """
    for succession in entered_successions(session):
        there = {unit for each in register.taken_over for unit in each.units}
        if not concerns(succession, register) or not there.isdisjoint(succession.ended):
            continue
        found = check_succession(succession, [register])
        if found:
            reasons = "\n".join(f"{succession.decision}: {finding.sentence}" for finding in found)
            raise SuccessionMisfitError(f"the register {register.id} does not fit what was entered:\n{reasons}")
        register = with_succession(register, succession)
    return register

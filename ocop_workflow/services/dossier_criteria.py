"""Naming the criteria set on which a dossier's product is scored."""

from ocop_workflow.errors import InputError
from ocop_workflow.services.council_sessions import check_permitted, record
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.session_rows import void
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier

CRITERIA_SET_NAMED = "criteria_set_named"


class CriteriaSetError(InputError):
    """The criteria set can't be named so."""


def name_criteria_set(work: UnitOfWork, dossier: Dossier, number: int, *, actor: str) -> None:
    """Record on which criteria set a dossier's product is scored; naming the same set again does nothing.

    A session that is being held on another set is void. Results that were concluded stay, with their set.

    Raises:
        CriteriaSetError: The dossier has ended, or its rule set has no such criteria set.
        NotPermittedError: The actor neither decides at the present stage nor is the office.
    """
    if dossier.closed_at is not None:
        raise CriteriaSetError(f"dossier {dossier.key} is {dossier.status}; its criteria set stays as it is")
    case = case_of(work, dossier)
    check_permitted(case, actor)
    criteria = case.book.criteria
    if number not in criteria:
        known = f"{min(criteria)} to {max(criteria)}" if criteria else "none"
        raise CriteriaSetError(f"{case.book.rule_set.id} has no criteria set {number} in this cycle; it has {known}")
    if number == dossier.criteria_set:
        return
    void(work, dossier)
    dossier.criteria_set = number
    record(work, case, CRITERIA_SET_NAMED, {"criteria_set": number}, actor=actor)
    work.session.flush()

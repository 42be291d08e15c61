"""Naming the criteria set on which a dossier's product is scored."""

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.criteria import set_of_group
from ocop_workflow.services.council_case import check_permitted, record
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.session_rows import void
from ocop_workflow.services.titles import status_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Product

CRITERIA_SET_NAMED = "criteria_set_named"


class CriteriaSetError(RefusedError):
    """The criteria set can't be named so."""


def set_at_opening(book: Rulebook, product: Product, number: int | None) -> int | None:
    """Return the criteria set with which a dossier is opened: the one named, or the one that is the product's group.

    A set's number means something under one rule set only, so what an earlier dossier was scored on says nothing.
    None where neither tells; the set is then named before the council begins.

    Raises:
        CriteriaSetError: The rule set has no such criteria set.
    """
    if number is None:
        return set_of_group(book.criteria, product.group or "")
    check_set(book, number)
    return number


def check_set(book: Rulebook, number: int) -> None:
    """Refuse a number that no criteria set of the rule set has.

    Raises:
        CriteriaSetError: There is no such set.
    """
    if number not in book.criteria:
        raise CriteriaSetError(
            "criteria_set_unknown" if book.criteria else "no_criteria_set",
            rule=f"{book.rule_set.id}: {book.rule_set.source}",
            rule_set=book.rule_set.id,
            number=number,
            first=min(book.criteria, default=0),
            last=max(book.criteria, default=0),
        )


def name_criteria_set(work: UnitOfWork, dossier: Dossier, number: int, *, actor: str) -> None:
    """Record on which criteria set a dossier's product is scored; naming the same set again does nothing.

    A session that is being held on another set is void. Results that were concluded stay, with their set.

    Raises:
        CriteriaSetError: The dossier has ended, or its rule set has no such criteria set.
        NotPermittedError: The actor neither decides at the present stage nor is the office.
    """
    case = case_of(work, dossier)
    if dossier.closed_at is not None:
        status = status_title(dossier.status)
        raise CriteriaSetError("criteria_set_stays", rule=case.rule(), dossier=dossier.key, status=status)
    check_permitted(case, actor)
    check_set(case.book, number)
    if number == dossier.criteria_set:
        return
    void(work, dossier)
    dossier.criteria_set = number
    record(work, case, CRITERIA_SET_NAMED, {"criteria_set": number}, actor=actor)
    work.session.flush()

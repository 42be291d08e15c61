"""Who acted, as people read it, where an event belongs to no cycle."""

from notifications.catalogue import Language
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.letters import party_name
from ocop_workflow.services.unit_of_work import UnitOfWork


def actor_name(work: UnitOfWork, actor: str, language: Language) -> str:
    """Return role and unit of a position, or a producer's name; a flow, and what no register knows, stay as written."""
    unit_id, _, role_id = actor.partition("/")
    for cycle in cycles_of(work.session):
        book = work.books.of_cycle(work.session, cycle)
        known = role_id in book.units.roles and any(unit.id == unit_id for unit in book.units.units)
        if known or actor.startswith(f"{PRODUCER}:"):
            return party_name(work.session, book, actor, language)
    return actor

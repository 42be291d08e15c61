"""Made-up people for every position of a plan, and addresses for producers; all under `.invalid`."""

from datetime import date

from sqlmodel import select

from ocop_workflow.services.people import appoint, give_producer_address
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.simulation.draws import draw
from ocop_workflow.storage.tables import Producer

DOMAIN = "ocop.invalid"
ENGLISH_READERS = 0.06
"""The share of people who read English, so that both catalogues are seen."""


def appoint_everybody(work: UnitOfWork, book: Rulebook, *, seed: int, start_on: date) -> int:
    """Let one made-up official hold each position of the plan's units; return how many."""
    count = 0
    for unit in book.units.units:
        for role_id, role in book.units.roles.items():
            if role.level != unit.level:
                continue
            language = _language(seed, f"{unit.id}/{role_id}")
            position = f"{unit.id}/{role_id}"
            title = position_title(book.units, position).in_language(language)
            appoint(
                work,
                position=position,
                name=f"{title[0].upper()}{title[1:]}",
                email=f"{role_id}.{unit.id}@{DOMAIN}",
                language=language,
                start_on=start_on,
            )
            count += 1
    return count


def give_addresses(work: UnitOfWork, *, seed: int, without: float) -> None:
    """Give producers an address and a language, except the share that has none."""
    for producer in work.session.exec(select(Producer)):
        natural = f"{producer.unit_id}|{producer.name}"
        email = None if draw(seed, natural, "address") < without else f"producer.{producer.id[:10]}@{DOMAIN}"
        give_producer_address(work, producer.id, email=email, language=_language(seed, natural))


def _language(seed: int, subject: str) -> str:
    return "en" if draw(seed, subject, "language") < ENGLISH_READERS else "vi"

"""Product codes: made of the codes of units, a serial number and the year of evaluation; given once, never again."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from ocop_workflow.errors import RefusedError
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Product, ProductCode


class ProductCodeRefusedError(RefusedError):
    """No code can be given so."""


def assign_code(work: UnitOfWork, dossier: Dossier, *, actor: str, serial: int | None = None) -> ProductCode:
    """Give a dossier's product its code, as it stands on the score sheets: unit codes, serial number, year.

    Args:
        work: The unit of work.
        dossier: Not ended; its cycle's year is the year of evaluation.
        actor: Somebody of the unit that gives the serial number, or the office recording it.
        serial: The number that the unit gave; the next one of the unit and year when None.

    Raises:
        ProductCodeRefusedError: The rule set asks for none, there is one already, the dossier has ended, a unit has no
            code, the number was given before, or the actor may not.
    """
    session = work.session
    cycle = session.get_one(Cycle, dossier.cycle_id)
    product = session.get_one(Product, dossier.product_id)
    book = work.books.of_dossier(session, cycle, dossier)
    codes = _unit_codes(book, product.unit_id)
    rule = book.rule_set.product_code.source if book.rule_set.product_code else None
    giver, _ = codes[-1]
    if actor != cycle.office_position and actor.partition("/")[0] != giver:
        raise ProductCodeRefusedError("code_not_permitted", rule=rule, actor=actor[:80], giver=giver)
    present = session.exec(select(ProductCode.code).where(col(ProductCode.dossier_id) == dossier.id)).first()
    if present is not None:
        raise ProductCodeRefusedError("code_given", rule=rule, dossier=dossier.key, code=present)
    if dossier.closed_at is not None:
        raise ProductCodeRefusedError("code_too_late", rule=rule, dossier=dossier.key)
    number = _next_serial(session, giver, cycle.year) if serial is None else serial
    code = "-".join([*(unit_code for _, unit_code in codes), str(number), str(cycle.year)])
    if number < 1 or session.get(ProductCode, code) is not None:
        raise ProductCodeRefusedError("code_taken", rule=rule, number=number, giver=giver, year=cycle.year)
    row = ProductCode(code=code, dossier_id=dossier.id, unit_id=giver, year=cycle.year, serial=number)
    session.add(row)
    dossier.version += 1
    session.add(dossier)
    act = Act(actor, "product_code_assigned", rule=rule, details={"code": code, "serial": number, "unit": giver})
    append_event(work, stream=f"dossier:{dossier.id}", seq=dossier.version, cycle_id=cycle.id, act=act)
    session.flush()
    return row


def _unit_codes(book: Rulebook, unit_id: str) -> list[tuple[str, str]]:
    """Return the units whose codes make the product's code, with these codes."""
    rule = book.rule_set.product_code
    if rule is None:
        raise ProductCodeRefusedError("no_code", rule=book.rule_set.source, rule_set=book.rule_set.id)
    found = []
    for level in rule.levels:
        unit = book.units.ancestor(unit_id, level)
        if unit is None or unit.code is None:
            raise ProductCodeRefusedError(
                "unit_without_code" if unit else "no_unit_of_level",
                rule=rule.source,
                unit=unit.id if unit else unit_id,
                level=level,
                register=book.units.id,
            )
        found.append((unit.id, unit.code))
    return found


def _next_serial(session: Session, unit_id: str, year: int) -> int:
    query = select(func.max(ProductCode.serial)).where(
        col(ProductCode.unit_id) == unit_id, col(ProductCode.year) == year
    )
    return (session.exec(query).one() or 0) + 1

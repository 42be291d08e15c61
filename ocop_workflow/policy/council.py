"""Who of a council scores a product, and how many sheets make its quorum; by the plan's council procedure."""

from collections.abc import Collection

from notifications.letter import Wording
from ocop_workflow.policy.plan import Council, Seat


def scoring_names(council: Council) -> tuple[str, ...]:
    """Return the names under which a council's sheets come: of the seats that score, or member-1 and so on."""
    if not council.seats:
        return tuple(f"member-{number}" for number in range(1, council.members + 1))
    return tuple(seat.id for seat in council.seats if _scores(council, seat))


def sheet_refusal(council: Council, member: str, interested: Collection[str]) -> Wording | None:
    """Return why the council's procedure takes no sheet by `member`, or None when it does.

    Args:
        council: The stage's council.
        member: Whose sheet it is.
        interested: Who declared an interest in the product.
    """
    if member in interested:
        return Wording("interested", {"member": member})
    if not council.seats:
        return None
    seat = next((seat for seat in council.seats if seat.id == member), None)
    if seat is None:
        return Wording("no_seat", {"member": member[:80], "known": ", ".join(scoring_names(council))})
    if not _scores(council, seat):
        return Wording("secretary", {"member": member})
    return None


def quorum_of(council: Council, interested: Collection[str]) -> int:
    """Return how many sheets a session needs: the share, rounded up, of those who may score this product."""
    names = scoring_names(council)
    barred = len(set(interested) & set(names)) if council.seats else len(set(interested))
    scoring = max(len(names) - barred, 1)
    return -(-scoring * (council.quorum_percent or 100) // 100)


def chair_missing(council: Council, present: Collection[str], interested: Collection[str]) -> str | None:
    """Return the chair's seat where the quorum needs a chair who has no sheet; who may not score is not missed."""
    if not council.quorum_needs_chair:
        return None
    chairs = [seat.id for seat in council.seats if seat.role == "chair" and seat.id not in interested]
    return chairs[0] if chairs and not set(chairs) & set(present) else None


def _scores(council: Council, seat: Seat) -> bool:
    return council.secretary_scores or seat.role != "secretary"

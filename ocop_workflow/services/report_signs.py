"""Signs for how reports stand, so that a table needs no colour."""

from ocop_workflow.policy.report_standing import Standing
from ocop_workflow.services.report_matrix import Cell

SIGNS = {
    Standing.IN_TIME: "✓",
    Standing.LATE: "✓+",
    Standing.NOTHING: "0",
    Standing.NOTHING_LATE: "0+",
    Standing.RETURNED: "↩",
    Standing.MISSING: "✗",
    Standing.AWAITED: "…",
    Standing.NOT_YET: "·",
    Standing.EXCUSED: "–",
}
"""One sign for each standing; a plus means late."""


def sign_of(cell: Cell) -> str:
    """Return a cell's sign, with the days it came late or has been missing, and `!` where a supplement is needed."""
    days = f" {cell.days_late}" if cell.days_late else ""
    return f"{SIGNS[cell.standing]}{days}{' !' if cell.needs_supplement else ''}"

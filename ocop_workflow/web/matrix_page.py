"""The coverage of reports as one self-contained page to print: no script, nothing loaded from elsewhere."""

from collections.abc import Sequence
from datetime import datetime

from notifications.catalogue import Language
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.services.report_matrix import Matrix
from ocop_workflow.services.report_signs import SIGNS, sign_of
from ocop_workflow.services.titles import period_title
from ocop_workflow.web.rendering import load_renderer


def matrix_page(
    tables: Sequence[Matrix], units: UnitRegister, language: Language, *, cycle: str, now: datetime, simulated: bool
) -> str:
    """Return the page of some matrices as of `now`."""
    return load_renderer(simulated=simulated).render(
        "matrix",
        language,
        tables=tables,
        units=units,
        cycle=cycle,
        now=now,
        signs=SIGNS,
        sign_of=sign_of,
        period_title=period_title,
    )

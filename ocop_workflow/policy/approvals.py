"""By when the consent that a plan task needs must be on file.

Source: groups VII and VIII of QĐ 2366 ask for consent "before" the work is carried out; no day is printed.
"""

from datetime import date

from ocop_workflow.clock import OFFICE_ZONE, start_of_day
from ocop_workflow.policy.date_forms import At, Before, Due
from ocop_workflow.policy.plan import Approval
from ocop_workflow.policy.resolved_due import ResolvedDue

APPROVAL = "approval"
"""The step of a plan task that its authority owes: the consent before it starts."""


def approval_due(task_due: ResolvedDue, approval: Approval, *, year: int) -> Due:
    """Return the date of an approval: before the first day of the task's window.

    None where the task has no window, or one that opens with the cycle's year or before: then no day in the year is in
    time, and the consent is asked for without a date.
    """
    if task_due.opens_at is None or task_due.opens_at <= start_of_day(date(year, 1, 1)):
        return Due(date=At(at="none"), source=approval.source)
    first_day = task_due.opens_at.astimezone(OFFICE_ZONE).date()
    return Due(date=Before(before=first_day), source=approval.source)

"""By when the consent that a plan task needs must be on file.

Source: groups VII and VIII of QĐ 2366 ask for consent "before" the work is carried out; no day is printed.
"""

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.date_forms import At, Before, Due
from ocop_workflow.policy.plan import Approval
from ocop_workflow.policy.resolved_due import ResolvedDue

APPROVAL = "approval"
"""The step of a plan task that its authority owes: the consent before it starts."""


def approval_due(task_due: ResolvedDue, approval: Approval) -> Due:
    """Return the date of an approval: before the first day of the task's window, none where the task has no window."""
    if task_due.opens_at is None:
        return Due(date=At(at="none"), source=approval.source)
    first_day = task_due.opens_at.astimezone(OFFICE_ZONE).date()
    return Due(date=Before(before=first_day), source=approval.source)

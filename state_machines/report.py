"""The states of a periodic report. Lateness is a fact about it, not a state."""

from enum import StrEnum

from state_machines.lifecycle import Lifecycle, Transition


class ReportStatus(StrEnum):
    """Where a report is."""

    UPCOMING = "upcoming"
    OPEN = "open"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    NOTHING_TO_REPORT = "nothing_to_report"
    NOT_REQUIRED = "not_required"


class ReportTrigger(StrEnum):
    """What can be done to a report."""

    OPEN = "open"
    SUBMIT = "submit"
    DECLARE_NOTHING = "declare_nothing"
    ACCEPT = "accept"
    RETURN = "return"
    EXCUSE = "excuse"


FINAL_REPORT_STATUSES = frozenset({ReportStatus.ACCEPTED, ReportStatus.NOT_REQUIRED})

FILED_STATUSES = frozenset({ReportStatus.SUBMITTED, ReportStatus.ACCEPTED, ReportStatus.NOTHING_TO_REPORT})
"""The states in which the reporter owes nothing more for now."""

_S, _T = ReportStatus, ReportTrigger


def report_lifecycle() -> Lifecycle:
    """Return the report's table."""
    lines = [Transition(_T.OPEN, _S.UPCOMING, _S.OPEN)]
    for source in (_S.UPCOMING, _S.OPEN, _S.RETURNED):
        lines += [
            Transition(_T.SUBMIT, source, _S.SUBMITTED),
            Transition(_T.DECLARE_NOTHING, source, _S.NOTHING_TO_REPORT),
            Transition(_T.EXCUSE, source, _S.NOT_REQUIRED),
        ]
    for source in (_S.SUBMITTED, _S.NOTHING_TO_REPORT):
        lines += [
            Transition(_T.ACCEPT, source, _S.ACCEPTED),
            Transition(_T.RETURN, source, _S.RETURNED),
            Transition(_T.SUBMIT, source, _S.SUBMITTED),  # before acceptance a second one replaces the first
            Transition(_T.DECLARE_NOTHING, source, _S.NOTHING_TO_REPORT),
        ]
    return Lifecycle("report", _S.UPCOMING, frozenset(FINAL_REPORT_STATUSES), tuple(lines))

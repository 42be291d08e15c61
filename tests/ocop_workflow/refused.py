"""Every refusal of an act outside a dossier's own table: its code, and the article that it cites.

The rules are those of the small office: its rule set "two-stages", its plan, and what the tests add to them. `None`
stands where no text says it: only what was given is at fault, or the office's own part is meant.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from notifications.catalogue import Language
from ocop_workflow.errors import RefusedError
from ocop_workflow.services.source_labels import tell_in

if TYPE_CHECKING:
    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office

STARS, GROUNDS, RENEWAL = "two-stages: article 5", "two-stages: article 10", "two-stages: article 9"
REGISTRATION, EVALUATION = "two-stages: article 1", "two-stages: article 2"
TEXT = "made up for the tests"
STEP, REPORT, TASK, DECREE = "item 5", "item 7", "item 8", "12/NQ-HĐND"

CERTIFICATES = {
    "stars_not_certified": STARS,
    "rated_uncertified": STARS,
    "not_recognised": STARS,
    "not_its_authority": STARS,
    "certificate_issued": STARS,
    "certificate_number_taken": STARS,
    "issue_day": STARS,
    "no_more_stars": STARS,
    "most_stars": STARS,
    "no_validity": f"two-stages: {TEXT}",
    "withdrawal_ground_unknown": GROUNDS,
    "no_withdrawal_grounds": f"two-stages: {TEXT}",
    "withdrawal_days": GROUNDS,
    "check_document": None,
    "check_day": None,
    "not_in_force": RENEWAL,
    "certificate_ended": RENEWAL,
    "renewing_already": RENEWAL,
    "renewal_expired": RENEWAL,
    "upgrade_expired": RENEWAL,
    "product_busy": RENEWAL,
    "upgraded_in_round": "item 4",
    "cycle_closed": None,
}
DATES = {
    "not_later": STEP,
    "settled": STEP,
    "no_date": STEP,
    "lapsed_before": STEP,
    "statutory_date": "article 7",
    "scope_not_extended": "article 7",
    "past_statutory_date": "article 9",
    "extended_too_far": "item 9",
    "extended_before": "item 9",
    "task_not_extended": TASK,
    "office_only": None,
    "owes_nothing": None,
    "step_not_owed": None,
    "several_owed": None,
    "scope_missing": None,
    "scope_mixed": None,
    "scope_empty": None,
    "not_overrun": "article 9",
}
UNDOING = {"moved_since": STEP, "told_since": STEP, "over_at_once": STEP, "no_such_extension": None}
SUPPORT = {
    "support_not_recognised": "item 12",
    "support_few_stars": "item 12",
    "support_given_to_product": "item 12",
    "support_given_to_producer": "item 12",
    "support_unknown": TEXT,
    "no_support": TEXT,
}
TASKS = {
    "task_awaiting_approval": "item VII",
    "task_open": TASK,
    "task_started": TASK,
    "task_done": TASK,
    "task_cancelled": TASK,
    "task_not_permitted": TASK,
}
REPORTS = {
    "report_not_permitted": REPORT,
    "review_not_permitted": REPORT,
    "period_not_begun": REPORT,
    "figure": REPORT,
    "report_not_open": REPORT,
    "report_settled": REPORT,
    "correction_day_past": REPORT,
}
IDEAS = {
    "split_names": REGISTRATION,
    "product_name_taken": REGISTRATION,
    "merge_several": REGISTRATION,
    "merge_differs": REGISTRATION,
    "idea_ended": REGISTRATION,
    "idea_handed_in": EVALUATION,
}
REOPENING = {
    "reopened_early": None,
    "producer_closed": REGISTRATION,
    "product_busy": REGISTRATION,
    "reopened_late": STEP,
    "reopened_undated": EVALUATION,
}
CERTIFIED_RESULT = {"result_certified": EVALUATION}
UNITS = {"succession_ahead": DECREE, "succession_entered": DECREE, "succession_of_none": DECREE}

FAMILIES = (
    *(CERTIFICATES, DATES, UNDOING, SUPPORT, TASKS, REPORTS),
    *(IDEAS, REOPENING, CERTIFIED_RESULT, UNITS),
)
"""Each is met whole by one test."""


class Met(dict[str, str | None]):
    """The refusals that a test has met: code and cited article. Each differs by language and cites behind it."""

    def at(self, office: "Office", when: str | datetime, act: Callable[["UnitOfWork"], object]) -> None:
        """Try an act that a rule refuses, at a local time; nothing of it stays."""
        with pytest.raises(RefusedError) as refused, office.at(when) as work:
            act(work)
        refusal = refused.value
        self[refusal.code.removeprefix("refusal.")] = refusal.rule
        english = str(refusal)
        tell_in(refusal, Language.VI)
        vietnamese = str(refusal)
        assert english != vietnamese
        for said in (english, vietnamese):
            assert refusal.rule is None or said.endswith(")"), said

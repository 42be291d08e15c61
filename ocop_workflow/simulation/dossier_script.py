"""How one product's dossier goes through the year: every act fixed before the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ocop_workflow.clock import at_local, last_day_in_time, local_day, start_of_day
from ocop_workflow.config_files import Behaviour
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.council import scoring_names
from ocop_workflow.policy.date_expressions import Anchor
from ocop_workflow.policy.plan import Round, StepDates
from ocop_workflow.policy.route import CERTIFICATE
from ocop_workflow.policy.rule_set import DossierKind, Stage
from ocop_workflow.policy.scoring import mean_score
from ocop_workflow.services.dossier_dates import step_due
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.simulation.acts import ActKind, ScriptedAct
from ocop_workflow.simulation.draws import day_between, draw, next_office_time, office_time
from ocop_workflow.simulation.scores import sheets_of, totals_of
from state_machines.dossier import DossierStatus, DossierTrigger, split_state, state_of
from state_machines.guards import VERDICTS, Facts

SUBMISSION_LEAD_DAYS = 24
"""Producers who are in time submit within so many days before the last one."""

EXTENSION_DAYS = 14
EXTENDED_AT = time(10)
GROUND = "hồ sơ chưa nêu rõ nguồn nguyên liệu tại địa phương"
RETURNED_ITEMS = ("kết quả kiểm nghiệm sản phẩm",)


class Special(StrEnum):
    """What happens to a product besides the ordinary."""

    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"
    EXTENDED = "extended"


@dataclass(frozen=True, slots=True)
class Lead:
    """Whose dossier, in which cycle, and how people behave.

    Attributes:
        book: The cycle's documents.
        cycle_key: The cycle.
        opened_at: When it was opened.
        behaviour: The shares.
        seed: Of every draw.
    """

    book: Rulebook
    cycle_key: str
    opened_at: datetime
    behaviour: Behaviour
    seed: int


def dossier_acts(lead: Lead, round_: Round, product: PlannedProduct, special: Special | None) -> list[ScriptedAct]:
    """Return everything that is done to one dossier, in order, up to where its people stop."""
    walk = _Walk(lead, round_, product, special)
    walk.go()
    return walk.acts


class _Walk:
    """A dossier on its way through the route, in thought only; `at` is where it is in time."""

    def __init__(self, lead: Lead, round_: Round, product: PlannedProduct, special: Special | None) -> None:
        self.acts: list[ScriptedAct] = []
        self._lead, self._round, self._special = lead, round_, special
        self._key = f"{lead.cycle_key}/{round_.id}/{product.key}"
        self._subject = product.key
        self._stages = lead.book.stages(round_.id, DossierKind.FIRST)
        self._at = max(lead.opened_at, start_of_day(round_.opens_on))

    def go(self) -> None:
        stage: Stage | None = self._stages[0]
        while stage is not None:
            if stage.submitted_by.producer:
                submitted = self._producer_submits(stage)
            else:
                anchors = {Anchor.DECIDED: self._at, Anchor.FORWARDED: self._at}
                submitted = self._move(ActKind.SUBMIT, stage, self._officials_time(stage, "submission", anchors))
            if not submitted:
                return
            receipt_at = self._officials_time(stage, "receipt", {Anchor.SUBMITTED: self._at})
            self._move(ActKind.RECEIVE, stage, receipt_at)
            if self._special is Special.SENT_BACK and stage.judged_by == "council":
                self._return(stage)
            stage = self._conclude(stage, receipt_at)

    def _producer_submits(self, stage: Stage) -> bool:
        """Add what the producer does at this stage and return whether the dossier was submitted."""
        later_stage = stage is not self._stages[0]
        if self._special is Special.WITHDRAWN and later_stage:
            self._move(ActKind.WITHDRAW, stage, next_office_time(self._at, 0.4, self._lead.book.days))
            return False
        dates = self._dates(stage, "submission")
        due_at = self._due_at(dates, {Anchor.DECIDED: self._at, Anchor.FORWARDED: self._at}, of_producer=True)
        if self._special is Special.EXTENDED and later_stage and due_at is not None:
            due_at = self._extend(stage, due_at)
        at = self._producers_time(stage, due_at)
        lapse_at = due_at + timedelta(days=dates.lapse.after_days) if due_at and dates.lapse else None
        if at is None or (lapse_at is not None and at >= lapse_at):
            return False
        return self._move(ActKind.SUBMIT, stage, at)

    def _extend(self, stage: Stage, due_at: datetime) -> datetime:
        """Add the office's extension, two working days before the last day, and return the later date."""
        asked_at = at_local(self._lead.book.days.add(last_day_in_time(due_at), -2), EXTENDED_AT)
        if asked_at <= self._at:
            return due_at
        self._special = None
        details = {"days": EXTENSION_DAYS, "step": "submission"}
        self._move(ActKind.EXTEND, stage, asked_at, details=details)
        return due_at + timedelta(days=EXTENSION_DAYS)

    def _producers_time(self, stage: Stage, due_at: datetime | None) -> datetime | None:
        """Return when the producer submits: mostly in time, sometimes late, sometimes never."""
        behaviour, days = self._lead.behaviour, self._lead.book.days
        chance, share = self._draw(stage, "submission"), self._draw(stage, "submission-day")
        soonest = days.add(local_day(self._at), 1)
        if chance < behaviour.never:
            return None
        last = days.add(soonest, 5) if due_at is None else last_day_in_time(due_at)
        if chance < behaviour.never + behaviour.late:
            late_by = 1 + int(share * behaviour.late_days_at_most)
            day = days.roll_forward(max(last + timedelta(days=late_by), soonest))
        else:
            first = max(soonest, last - timedelta(days=SUBMISSION_LEAD_DAYS))
            day = day_between(first, max(last, first), share, days)
        return office_time(day, self._draw(stage, "submission-hour"))

    def _officials_time(self, stage: Stage, step: str, anchors: Mapping[Anchor, datetime]) -> datetime:
        """Return when officials do a step: by its last day, or late as often as the behaviour says."""
        behaviour, days = self._lead.behaviour, self._lead.book.days
        due_at = self._due_at(self._dates(stage, step), anchors)
        soonest = days.add(local_day(self._at), 1)
        last = days.add(soonest, 3) if due_at is None else last_day_in_time(due_at)
        share = self._draw(stage, f"{step}-day")
        if self._draw(stage, step) < behaviour.officials_late:
            late_by = 1 + int(share * behaviour.officials_late_days_at_most)
            day = days.roll_forward(max(last + timedelta(days=late_by), soonest))
        else:
            day = day_between(soonest, max(last, soonest), share, days)
        return office_time(day, self._draw(stage, f"{step}-hour"))

    def _return(self, stage: Stage) -> None:
        """Add one return and the producer's answer two working days later."""
        self._special = None
        days = self._lead.book.days
        self._move(ActKind.RETURN, stage, next_office_time(self._at, 0.2, days), details={"items": RETURNED_ITEMS})
        self._move(ActKind.SUBMIT, stage, office_time(days.add(local_day(self._at), 2), 0.7), name="submit-again")

    def _conclude(self, stage: Stage, received_at: datetime) -> Stage | None:
        """Add the council's or the office's decision and return the stage it leads to, or None at an end."""
        at = self._officials_time(stage, "decision", {Anchor.RECEIVED: received_at})
        if stage.judged_by == "council":
            rule_set, council = self._lead.book.rule_set, self._lead.book.plan.councils[stage.id]
            members = scoring_names(council)
            sheets = sheets_of(self._lead.seed, self._subject, stage.id, members=members, parts=rule_set.parts)
            facts = Facts(mean=mean_score(totals_of(sheets)))
            self._move(ActKind.CONCLUDE, stage, at, sheets=sheets)
        elif stage.judged_by == "nobody":
            facts = Facts()
            self._move(ActKind.CONCLUDE, stage, at)
        else:
            accepted = self._draw(stage, "verdict") < self._lead.behaviour.accepted
            facts = Facts(verdict=VERDICTS[0] if accepted else VERDICTS[1])
            self._move(
                ActKind.CONCLUDE, stage, at, verdict=facts.verdict, details={} if accepted else {"ground": GROUND}
            )
        lifecycle = self._lead.book.lifecycle(self._round.id, DossierKind.FIRST)
        before = state_of(stage.id, DossierStatus.RECEIVED)
        next_stage, status = split_state(lifecycle.fire(before, DossierTrigger.CONCLUDE, facts), stage.id)
        if status is DossierStatus.RECOGNISED:
            self._move(ActKind.CERTIFY, stage, self._officials_time(stage, CERTIFICATE, {Anchor.DECIDED: self._at}))
        if status is not DossierStatus.AWAITING_SUBMISSION:
            return None
        return next(s for s in self._stages if s.id == next_stage)

    def _due_at(
        self, dates: StepDates, anchors: Mapping[Anchor, datetime], *, of_producer: bool = False
    ) -> datetime | None:
        if dates.due is None:
            return None
        return step_due(self._lead.book, dates.due, anchors=anchors, opens_at=self._at, of_producer=of_producer).due_at

    def _dates(self, stage: Stage, step: str) -> StepDates:
        return self._round.stages.get(stage.id, {}).get(step, StepDates())

    def _draw(self, stage: Stage, step: str) -> float:
        return draw(self._lead.seed, self._subject, f"{stage.id}/{step}")

    def _move(
        self,
        kind: ActKind,
        stage: Stage,
        at: datetime,
        *,
        name: str | None = None,
        verdict: str | None = None,
        sheets: Mapping[str, Mapping[str, Decimal]] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> bool:
        """Add one act and go to its instant; always true, for the caller's convenience."""
        command = f"script:{self._key}/{stage.id}/{name or kind.value}"
        self.acts.append(
            ScriptedAct(at, command, kind, self._key, verdict=verdict, sheets=sheets, details=details or {})
        )
        self._at = at
        return True

"""The whole script of a year: what everybody does and when, fixed before the run."""

from datetime import timedelta

from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.approvals import APPROVAL
from ocop_workflow.policy.plan import ReportDuty
from ocop_workflow.policy.report_turns import report_turns
from ocop_workflow.services.obligations import resolve
from ocop_workflow.simulation.acts import ActKind, ScriptedAct
from ocop_workflow.simulation.dossier_script import Lead, Special, dossier_acts
from ocop_workflow.simulation.draws import day_between, draw, office_time

REPORT_LEAD_DAYS = 20
"""Reporters who are in time file within so many days before the last one."""

CONSENT_LEAD_DAYS = 14
"""Authorities give their consent so many days before a task is done."""

NOTHING_TO_REPORT = 0.06
FIGURES_AT_MOST = 40


def script_of(lead: Lead, *, specials: bool) -> tuple[ScriptedAct, ...]:
    """Return every act of every scripted person in the order of time; the same seed gives the same script."""
    acts = [*_dossiers(lead, specials=specials), *_reports(lead), *_tasks(lead)]
    return tuple(sorted(acts, key=lambda act: (act.at, act.command)))


def _dossiers(lead: Lead, *, specials: bool) -> list[ScriptedAct]:
    if not lead.book.cycle_year.rounds:
        return []
    round_ = lead.book.cycle_year.rounds[0]
    chosen = _specials(lead) if specials else {}
    return [
        act for product in lead.book.products for act in dossier_acts(lead, round_, product, chosen.get(product.key))
    ]


def _specials(lead: Lead) -> dict[str, Special]:
    """Choose for each special fate the first product, in a drawn order, whose own story has room for it."""
    round_ = lead.book.cycle_year.rounds[0]
    order = sorted(lead.book.products, key=lambda product: draw(lead.seed, product.key, "special"))
    chosen: dict[str, Special] = {}
    for special, kind in (
        (Special.SENT_BACK, ActKind.RETURN),
        (Special.WITHDRAWN, ActKind.WITHDRAW),
        (Special.EXTENDED, ActKind.EXTEND),
    ):
        for product in order:
            if product.key not in chosen and _has(dossier_acts(lead, round_, product, special), kind):
                chosen[product.key] = special
                break
    return chosen


def _has(acts: list[ScriptedAct], kind: ActKind) -> bool:
    return any(act.kind is kind for act in acts)


def _reports(lead: Lead) -> list[ScriptedAct]:
    acts = []
    book = lead.book
    for duty, unit, period, due in report_turns(book.plan, book.units, year=book.year, days=book.days):
        key = f"{lead.cycle_key}/report/{duty.id}/{period.id}/{unit}"
        chance, share = draw(lead.seed, key, "filing"), draw(lead.seed, key, "filing-day")
        if due.due_at is None or chance < lead.behaviour.reports_never:
            continue
        last = last_day_in_time(due.due_at)
        if chance < lead.behaviour.reports_never + lead.behaviour.reports_late:
            day = lead.book.days.roll_forward(last + timedelta(days=1 + int(share * lead.behaviour.late_days_at_most)))
        else:
            first = max(last - timedelta(days=REPORT_LEAD_DAYS), local_day(lead.opened_at))
            day = day_between(first, last, share, lead.book.days)
        at = office_time(day, draw(lead.seed, key, "filing-hour"))
        acts.append(ScriptedAct(at, f"script:{key}", ActKind.FILE_REPORT, key, figures=_figures(lead, duty, key)))
    return acts


def _figures(lead: Lead, duty: ReportDuty, key: str) -> dict[str, int] | None:
    if draw(lead.seed, key, "nothing") < NOTHING_TO_REPORT:
        return None
    return {figure.id: int(draw(lead.seed, key, figure.id) * FIGURES_AT_MOST) for figure in duty.figures}


def _tasks(lead: Lead) -> list[ScriptedAct]:
    acts = []
    for task in lead.book.cycle_year.tasks:
        for occurrence, date in enumerate(task.dates, start=1):
            key = f"{lead.cycle_key}/task/{task.id}/{occurrence}"
            due_at = resolve(lead.book, date).due_at
            if due_at is None:
                continue
            last = last_day_in_time(due_at)
            share = draw(lead.seed, key, "day")
            day = day_between(max(last - timedelta(days=20), local_day(lead.opened_at)), last, share, lead.book.days)
            at = office_time(day, draw(lead.seed, key, "hour"))
            if task.needs_approval is not None:
                consent = f"script:{key}/{APPROVAL}"
                paper = {"document": f"{occurrence:02}/MP"}
                early = max(at - timedelta(days=CONSENT_LEAD_DAYS), lead.opened_at)
                acts.append(ScriptedAct(early, consent, ActKind.APPROVE_TASK, key, details=paper))
            acts.append(ScriptedAct(at, f"script:{key}", ActKind.COMPLETE_TASK, key))
    return acts

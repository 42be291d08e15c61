"""What plans print, figure by figure: `plan_figures.csv` was counted in the documents before the files were written.

Columns: plan; item and phrase of the document; the figure's name as `figures_of` gives it; its value; the reckoning.
"""

import csv
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from ocop_workflow.clock import OFFICE_ZONE, local_day
from ocop_workflow.config_files import PlanFiles, default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.date_expressions import Due, Firmness, ResolvedDue, resolve_occurrences
from ocop_workflow.policy.plan import CycleYear, PlanTask, ReportDuty, Target
from ocop_workflow.policy.report_turns import dated_periods, report_turns
from ocop_workflow.policy.working_days import WorkingDays, working_days_of_plan

CONFIG = default_config_dir()
ROWS = list(csv.DictReader((Path(__file__).parent / "plan_figures.csv").read_text(encoding="utf-8").splitlines()))


@cache
def files_of(plan_id: str) -> PlanFiles:
    return load_plan_files(find_plan(CONFIG, plan_id), CONFIG)


@cache
def figures_of(plan_id: str) -> dict[str, str]:
    """Return every figure of a plan's files by its name in the table; `-` where the plan leaves it out."""
    files = files_of(plan_id)
    plan, units = files.plan, files.units
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    found = {
        "number": plan.number or "-",
        "signed on": f"{plan.signed_on or '-'}",
        "years": ", ".join(str(year) for year in sorted(plan.years)),
        "rounds": ", ".join(round_.id for content in plan.years.values() for round_ in content.rounds),
        "chains": f"{len({chain.number for chain in plan.chains})}",
        "forms": f"{sum(len(chain.forms) for chain in plan.chains)}",
        "districts with chains": f"{len({chain.unit for chain in plan.chains})}",
    }
    found |= {f"target {target.id}": _target(target) for target in plan.targets}
    found |= {
        f"support {item.id}": f"once for each {item.once_per} from {item.from_stars} stars" for item in plan.support
    }
    found["support items"] = f"{len(plan.support)}"
    found |= {f"council {stage}": f"{council.members}" for stage, council in plan.councils.items()}
    found |= {f"chains of {unit}": f"{count}" for unit, count in Counter(c.unit for c in plan.chains).items()}
    planned = Counter(product.planned_level for product in files.products)
    found |= {f"products planned for {level}": f"{count}" for level, count in planned.items()}
    area = units.unit(plan.office)
    for level in ("district", "commune"):
        inside = [unit for unit in units.units_of_level(level) if units.ancestor(unit.id, area.level) == area]
        found[f"units of level {level}"] = f"{len(inside)}"
    for year, content in plan.years.items():
        found |= _tasks(year, content, days) | _rounds(year, content, days) | _reports(files, year, days)
    return found


def _target(target: Target) -> str:
    amount = f"{target.percent}%" if target.percent is not None else f"{target.least}..{target.most or ''}"
    return amount + (f" of {target.of}" if target.of else "") + (f" per {target.per}" if target.per else "")


def _tasks(year: int, content: CycleYear, days: WorkingDays) -> dict[str, str]:
    by_name: dict[str, list[PlanTask]] = defaultdict(list)
    for task in content.tasks:
        by_name[task.id.partition(".")[0]].append(task)
    found: dict[str, str] = {}
    for name, tasks in by_name.items():
        (dates,) = {"; ".join(_dates(due, year, days) for due in task.dates) for task in tasks}
        co_leads = "".join(f" & {reference.role}" for reference in tasks[0].co_leads)
        support = ", ".join(reference.role for reference in tasks[0].support)
        found[f"dates {year} {name}"] = dates or "-"
        found[f"occurrences {year} {name}"] = f"{len(tasks[0].dates)}"
        found[f"times {year} {name}"] = f"{len({task.lead.unit for task in tasks})}"
        found[f"lead {year} {name}"] = tasks[0].lead.role + co_leads + (f" + {support}" if support else "")
        consents = {task.needs_approval for task in tasks}
        found[f"consent {year} {name}"] = ", ".join(consent or "-" for consent in consents)
    return found


def _dates(due: Due, year: int, days: WorkingDays) -> str:
    resolved = resolve_occurrences(due, year=year, zone=OFFICE_ZONE, days=days)
    return "; ".join(_date(each) for each in resolved if each.last_day is not None)


def _date(due: ResolvedDue) -> str:
    opens = f"{local_day(due.opens_at)}.." if due.opens_at else ""
    return f"{'expected ' if due.firmness is Firmness.EXPECTED else ''}{opens}{due.last_day}"


def _rounds(year: int, content: CycleYear, days: WorkingDays) -> dict[str, str]:
    found: dict[str, str] = {}
    for round_ in content.rounds:
        dated = {
            f"round {round_.id} {stage}/{step}": _dates(dates.due, year, days)
            for stage, steps in round_.stages.items()
            for step, dates in steps.items()
            if dates.due is not None
        }
        found |= dated | {f"dated steps of round {round_.id}": f"{len(dated)}"}
    return found


def _reports(files: PlanFiles, year: int, days: WorkingDays) -> dict[str, str]:
    plan = files.plan
    turns = list(report_turns(plan, files.units, year=year, days=days))
    last_days = sorted({f"{turn.due.last_day}" for turn in turns})
    reporters = {(turn.duty.reporters.role, turn.unit) for turn in turns}
    found = {f"report days {year}": ", ".join(last_days), f"reporters {year}": f"{len(reporters)}"}
    for duty in plan.years[year].report_duties:
        count = len(files.units.units_meant(duty.reporters, office=plan.office))
        found[f"report {duty.id}"] = f"{_rule(duty)}, {count} to {duty.collector.role}"
        assert len(list(dated_periods(plan, duty, year=year, days=days))) <= 4
    return found


def _rule(duty: ReportDuty) -> str:
    day = getattr(duty.due, "before_day", None)
    return f"{duty.every}, {'no date' if day is None else f'before {day}'}"


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=f"line {line}, {row['plan']} {row['item']}: {row['figure']}")
        for line, row in enumerate(ROWS, start=2)
    ],
)
def test_files_say_what_the_document_prints(row: dict[str, str]) -> None:
    found = figures_of(row["plan"]).get(row["figure"], "nothing")
    if row["figure"].startswith("consent"):
        approval = next(each for each in files_of(row["plan"]).plan.approvals if each.id == found)
        found = f"{approval.authority.role} of {approval.authority.unit}"

    assert found == row["value"], row["reckoning"]


@pytest.mark.parametrize("plan_id", ["thai-binh-2020", "cam-pha-2015", "quang-ninh-2017-2020"])
def test_every_target_and_every_dated_task_is_in_the_table(plan_id: str) -> None:
    """What stands in the files without a row would be a figure that nobody found in the document."""
    known = {row["figure"] for row in ROWS if row["plan"] == plan_id}
    named = {
        name
        for name, value in figures_of(plan_id).items()
        if name.startswith("target ") or (name.startswith("dates ") and value != "-")
    }

    # The days of 2018's meetings were chosen for the example; their number is printed.
    assert named - known <= {"dates 2018 steering-meeting"}


@pytest.mark.parametrize("plan_id", sorted({row["plan"] for row in ROWS}))
def test_every_date_and_number_carries_an_item_or_says_that_it_was_chosen(plan_id: str) -> None:
    sources = _sources(files_of(plan_id).plan.model_dump(mode="json"))
    named = ("item", "annex", "part", "table of tasks", "targets", "QĐ ", "KH ", "plan of ", "chosen for this example")

    assert [source for source in sources if not source.startswith(named)] == []


def _sources(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["source"])] if "source" in value else []
        return own + [found for child in value.values() for found in _sources(child)]
    return [found for child in value for found in _sources(child)] if isinstance(value, list) else []

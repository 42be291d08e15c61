"""The nation as documents: today's provinces and communes, and a made-up plan for the office of each province.

The lowest level of a rule set is taken for the communes, the one above for the provinces; what lies higher is one unit.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from vietnam_provinces import NESTED_DIVISIONS_JSON_PATH

from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.document import CHOSEN
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.rule_set import Owner, RuleSet
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import working_days_of_plan
from ocop_workflow.services.cycles import CycleDocuments

OFFICES, COMMUNES, DOSSIERS = 34, 3_321, 12_000
PRODUCERS_OF_SIX_PRODUCTS = 5
"""So many producers have six products together."""

OFFICE_ROLE, REPORTER_ROLE = "coordination_office", "ocop_officer"
COUNCIL_MEMBERS = 9


@dataclass(frozen=True, slots=True)
class Province:
    """A province with those of its communes that take part."""

    id: str
    communes: tuple[str, ...]


def nation(*, scale: float, offices: int = OFFICES) -> tuple[tuple[Province, ...], dict[str, str]]:
    """Return the first provinces with a share of their communes, at least one, and the names of all units by id."""
    provinces = []
    names: dict[str, str] = {}
    for province in json.loads(NESTED_DIVISIONS_JSON_PATH.read_text(encoding="utf-8"))[:offices]:
        province_id = f"p{province['code']:02}"
        names[province_id] = province["name"]
        wards = province["wards"][: max(1, round(len(province["wards"]) * scale))]
        names.update({f"c{ward['code']:05}": ward["name"] for ward in wards})
        provinces.append(Province(province_id, tuple(f"c{ward['code']:05}" for ward in wards)))
    return tuple(provinces), names


def nation_documents(
    rule_set: RuleSet, *, scale: float, offices: int = OFFICES, installation: int = 0, installations: int = 1
) -> Iterator[CycleDocuments]:
    """Yield what each office's cycle is opened with: the same register for all, its own plan and products.

    The dossiers are spread evenly over the communes, 12,000 over all of them. Of several installations each has its own
    provinces: the first every second one of two, say.
    """
    provinces, names = nation(scale=scale, offices=offices)
    units = _register(rule_set, provinces, names)
    year = rule_set.in_force.start.year + 1
    numbered = count()
    for place, province in enumerate(provinces):
        products = tuple(
            product for commune in province.communes for product in _products(commune, _share(next(numbered)))
        )
        if place % installations != installation:
            continue
        plan = CyclePlan.model_validate(_plan(rule_set, province, year))
        days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
        yield CycleDocuments(plan, rule_set, {}, units, days, products)


def _share(number: int) -> int:
    """Return how many dossiers the commune with this number has."""
    return DOSSIERS * (number + 1) // COMMUNES - DOSSIERS * number // COMMUNES


def _products(commune: str, number_of: int) -> Iterator[PlannedProduct]:
    for number in range(number_of):
        yield PlannedProduct(
            key=f"{commune}-{number + 1}",
            name=f"Sản phẩm {number + 1}",
            form=f"Sản phẩm {number + 1}",
            producer=f"Hợp tác xã {number * PRODUCERS_OF_SIX_PRODUCTS // 6 + 1}",
            unit=commune,
            source=CHOSEN,
        )


def _register(rule_set: RuleSet, provinces: tuple[Province, ...], names: dict[str, str]) -> UnitRegister:
    lowest, office_level, *above = rule_set.levels
    roles = {role: {"level": level, "title": _text(role)} for level, role in _acting(rule_set)}
    roles |= {OFFICE_ROLE: {"level": office_level, "title": _text("Văn phòng điều phối")}}
    roles |= {REPORTER_ROLE: {"level": lowest, "title": _text("Cán bộ OCOP")}}
    for role in roles.values():
        if role["level"] == lowest:
            role |= {"superior": OFFICE_ROLE, "superior_in": "parent"}
    units: list[dict[str, Any]] = []
    for at, level in enumerate(above):
        parent = f"top{at + 1}" if at + 1 < len(above) else None
        units.append({"id": f"top{at}", "level": level, "name": _text("Trung ương"), "parent": parent})
    for province in provinces:
        parent = "top0" if above else None
        units.append({"id": province.id, "level": office_level, "name": _text(names[province.id]), "parent": parent})
        units += [
            {"id": commune, "level": lowest, "name": _text(names[commune]), "parent": province.id}
            for commune in province.communes
        ]
    return UnitRegister.model_validate({"id": "nation", "source": CHOSEN, "roles": roles, "units": units})


def _acting(rule_set: RuleSet) -> set[tuple[str, str]]:
    """Return level and role of everybody who acts on the route."""
    owners: list[Owner] = []
    for stage in rule_set.route.stages:
        owners += [stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps)]
    return {(owner.level, owner.role) for owner in owners if owner.level is not None and owner.role is not None}


def _plan(rule_set: RuleSet, province: Province, year: int) -> dict[str, Any]:
    councils = [stage.id for stage in rule_set.route.stages if stage.judged_by == "council"]
    return {
        "id": f"plan-{province.id}",
        "title": _text(f"Kế hoạch OCOP {province.id}"),
        "source": CHOSEN,
        "office": province.id,
        "office_role": OFFICE_ROLE,
        "units": "nation",
        "first_day": f"{year}-01-02",
        "runs_until": f"{year + 1}-02-01",
        "rule_set": rule_set.id,
        "escalations": "automatic",
        "digest_at": "07:30",
        "ladders": {
            "producer": _ladder(-14, -7, -1),
            "official": _ladder(-1, 1, office=3),
            "report": _ladder(-14, -7, -1, office=3),
        },
        "councils": {stage: {"members": COUNCIL_MEMBERS, "source": CHOSEN} for stage in councils},
        "years": {year: {"rounds": [_round(rule_set, year)], "report_duties": [_report(rule_set, province)]}},
    }


def _ladder(*days: int, office: int | None = None) -> dict[str, Any]:
    rungs: list[dict[str, Any]] = [{"days": each} for each in days]
    if office is not None:
        rungs.append({"days": office, "audience": "office"})
    return {"at": "07:00", "source": CHOSEN, "rungs": rungs}


def _round(rule_set: RuleSet, year: int) -> dict[str, Any]:
    stages: dict[str, Any] = {}
    for stage in rule_set.route.stages:
        dates = {
            "submission": {"due": {"within": "10 working days of decided", "source": CHOSEN}, "ladder": "official"},
            "receipt": {"due": {"within": "3 working days of submitted", "source": CHOSEN}, "ladder": "official"},
            "decision": {"due": {"within": "15 working days of received", "source": CHOSEN}, "ladder": "official"},
        }
        if stage.submitted_by.producer:
            dates["submission"] = {"due": {"before": f"{year}-04-30", "source": CHOSEN}, "ladder": "producer"}
        written = {step.id for step in stage.steps}
        stages[stage.id] = {step: date for step, date in dates.items() if step in written}
    return {
        "id": f"{year}-1",
        "title": _text("Đợt 1"),
        "opens_on": f"{year}-01-15",
        "closes_on": f"{year}-12-31",
        "stages": stages,
        "source": CHOSEN,
    }


def _report(rule_set: RuleSet, province: Province) -> dict[str, Any]:
    return {
        "id": "quarterly",
        "title": _text("Báo cáo quý"),
        "every": "quarter",
        "reporters": {"role": REPORTER_ROLE, "level": rule_set.levels[0]},
        "collector": {"role": OFFICE_ROLE, "unit": province.id},
        "due": {"before_day": 30, "source": CHOSEN},
        "ladder": "report",
        "figures": [{"id": "products", "title": _text("Số sản phẩm")}],
        "source": CHOSEN,
    }


def _text(text: str) -> dict[str, str]:
    return {"vi": text, "en": text}

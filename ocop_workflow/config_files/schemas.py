"""JSON Schemas of the files in `config/`, for editors: `config/schema/<name>.schema.json`."""

import json
from pathlib import Path
from typing import Any

from ocop_workflow.config_files.demo_settings import DemoSettings
from ocop_workflow.config_files.schedules import Schedules
from ocop_workflow.policy.criteria import CriteriaSet, Misprints
from ocop_workflow.policy.plan import CalendarRules, CyclePlan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import UnitRegister


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of each kind of file by the name it has in `config/schema/`."""
    return {
        "calendar": CalendarRules.model_json_schema(),
        "criteria-set": CriteriaSet.model_json_schema(),
        "cycle-plan": CyclePlan.model_json_schema(),
        "demo": DemoSettings.model_json_schema(),
        "misprints": Misprints.model_json_schema(),
        "rule-set": RuleSet.model_json_schema(),
        "schedules": Schedules.model_json_schema(),
        "succession": Succession.model_json_schema(),
        "unit-register": UnitRegister.model_json_schema(),
    }


def write_json_schemas(config_dir: Path) -> None:
    """Write all schemas into `config_dir/schema`, replacing those that are there."""
    folder = config_dir / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas().items():
        (folder / f"{name}.schema.json").write_text(schema_text(schema), encoding="utf-8")


def schema_text(schema: dict[str, Any]) -> str:
    """Return a schema as it is written into its file."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"

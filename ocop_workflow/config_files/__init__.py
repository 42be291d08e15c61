"""Rule sets, plans, unit registers, calendars and schedules: read from files, checked, refused in plain words."""

from ocop_workflow.config_files.criteria import load_criteria_set, load_criteria_sets, rule_sets_with_criteria
from ocop_workflow.config_files.demo_settings import Behaviour, DemoSettings
from ocop_workflow.config_files.documents import Document, read_document
from ocop_workflow.config_files.faults import Fault, InvalidFilesError
from ocop_workflow.config_files.loading import (
    PlanFiles,
    default_config_dir,
    find_plan,
    load_calendar,
    load_demo_settings,
    load_plan,
    load_plan_files,
    load_rule_set,
    load_rule_sets,
    load_schedules,
    load_units,
    plans_under,
)
from ocop_workflow.config_files.products import load_products
from ocop_workflow.config_files.schedules import Schedule, Schedules
from ocop_workflow.config_files.schemas import json_schemas, write_json_schemas
from ocop_workflow.config_files.successions import load_succession

__all__ = [
    "Behaviour",
    "DemoSettings",
    "Document",
    "Fault",
    "InvalidFilesError",
    "PlanFiles",
    "Schedule",
    "Schedules",
    "default_config_dir",
    "find_plan",
    "json_schemas",
    "load_calendar",
    "load_criteria_set",
    "load_criteria_sets",
    "load_demo_settings",
    "load_plan",
    "load_plan_files",
    "load_products",
    "load_rule_set",
    "load_rule_sets",
    "load_schedules",
    "load_succession",
    "load_units",
    "plans_under",
    "read_document",
    "rule_sets_with_criteria",
    "write_json_schemas",
]

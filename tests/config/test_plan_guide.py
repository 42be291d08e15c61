"""The plan in docs/plans.md is a whole one, and every key of a plan is explained there."""

import re
import shutil
from pathlib import Path

import pytest

from ocop_workflow.config_files import default_config_dir, load_plan_files
from ocop_workflow.config_files.certificates import COLUMNS as CERTIFICATES
from ocop_workflow.config_files.people import COLUMNS as PEOPLE
from ocop_workflow.config_files.products import COLUMNS as PRODUCTS
from ocop_workflow.policy import plan as models
from ocop_workflow.policy.document import Record

GUIDE = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
MODELS = [each for each in vars(models).values() if isinstance(each, type) and issubclass(each, Record)]


def test_the_plan_of_the_guide_has_no_fault(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(default_config_dir(), config)
    (written,) = re.findall(r"```yaml\n(.+?)```", GUIDE, re.DOTALL)
    file = config / "cycles" / "my-plan.yaml"
    file.write_text(written, encoding="utf-8")

    files = load_plan_files(file, config)

    assert sorted(files.plan.years) == [2022]


@pytest.mark.parametrize("model", [each for each in MODELS if each.__module__ == models.__name__])
def test_every_key_is_explained(model: type[Record]) -> None:
    missing = [name for name in model.model_fields if not re.search(rf"\b{name}\b", GUIDE)]

    assert missing == []


@pytest.mark.parametrize("columns", [PEOPLE, PRODUCTS, CERTIFICATES])
def test_the_tables_have_the_columns_that_are_read(columns: tuple[str, ...]) -> None:
    assert f"```csv\n{','.join(columns)}\n" in GUIDE

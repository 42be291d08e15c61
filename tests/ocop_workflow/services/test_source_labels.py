"""A Vietnamese reader is shown the citation of a source, and no English explanation."""

import re
from typing import Any

import pytest
import yaml

from ocop_workflow.config_files import default_config_dir
from ocop_workflow.services.source_labels import source_label

SOURCES = {"source", "article", "validity_source", "escalations_source", "old_certificates"}
ENGLISH = re.compile(r"\b(the|of|and|for|to|is|are|a|an|with|without|below|from|which|what|chosen|each|points)\b")


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("chosen for this example", "chọn cho ví dụ này"),
        ("chosen for this example: the stars follow the national mean", "chọn cho ví dụ này"),
        ("item III.3.7 (three meetings); the day chosen for this example", "mục III.3.7; có phần chọn cho ví dụ này"),
        ("QĐ 1048/QĐ-TTg prints 70-89; a mean of 89.5 does not reach 90", "QĐ 1048/QĐ-TTg ghi 70-89"),
        ("Điều 4.1 a and 7.4 g: the chair recognises 3 and 4 stars", "Điều 4.1 a và 7.4 g"),
        ("annex II, sets 1 to 17: “Hồ sơ bị loại khi”", "phụ lục II, các bộ 1 đến 17"),
        ("table of tasks, III.3.2 to III.3.6 (each year, without days)", "bảng nhiệm vụ, III.3.2 đến III.3.6"),
        ("mục 3 phần II Kế hoạch số 12/KH-UBND của tỉnh", "mục 3 phần II Kế hoạch số 12/KH-UBND của tỉnh"),
        ("Điều 8.4", "Điều 8.4"),
    ],
)  # fmt: skip
def test_a_source_is_shown_as_its_citation(source: str, label: str) -> None:
    assert source_label(source, "vi") == label
    assert source_label(source, "en") == source


def sources_in(value: Any) -> set[str]:
    if isinstance(value, list):
        return {found for each in value for found in sources_in(each)}
    if not isinstance(value, dict):
        return set()
    own = {each for key, each in value.items() if key in SOURCES and isinstance(each, str)}
    return own | {found for each in value.values() for found in sources_in(each)}


@pytest.mark.parametrize("folder", ["rulesets", "cycles"])
def test_no_shipped_source_speaks_english_to_a_vietnamese_reader(folder: str) -> None:
    files = sorted((default_config_dir() / folder).glob("*.yaml"))
    texts = [yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) for path in files]  # noqa: S506 -- text only
    labels = {source_label(source, "vi") for source in sources_in(texts)}

    assert len(labels) > 50
    assert {label for label in labels if ENGLISH.search(re.sub(r"\d \w\b", "", label))} == set()

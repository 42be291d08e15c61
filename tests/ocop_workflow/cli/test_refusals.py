"""A refusal tells itself and cites its rule in the language that was asked for."""

import pytest

from notifications.catalogue import Language
from ocop_workflow.cli.refusals import refusals_in
from ocop_workflow.errors import RefusedError


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("qd-26-2026: Điều 7.1 and 7.2", "(qd-26-2026: Điều 7.1 và 7.2)"),
        ("QĐ 26/2026/QĐ-TTg, annex II, set 1, criterion 8", "(QĐ 26/2026/QĐ-TTg, phụ lục II, bộ 1, tiêu chí 8)"),
        ("chosen for this example: as the office likes", "(chọn cho ví dụ này)"),
    ],
)
def test_a_refusal_in_vietnamese_cites_in_vietnamese(rule: str, told: str) -> None:
    with pytest.raises(RefusedError) as refused, refusals_in(Language.VI):
        raise RefusedError("replaced", rule=rule, dossier="1", successors="2")

    assert str(refused.value).endswith(told)

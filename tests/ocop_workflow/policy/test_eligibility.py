"""Who may take part: QĐ 26/2026, Điều 2.3, read by hand into this table."""

from datetime import date

import pytest

from ocop_workflow.config_files import default_config_dir, load_rule_set
from ocop_workflow.policy.eligibility import LegalForm, ProducerStanding, Reason, ineligibility

TOURISM = "Dịch vụ du lịch cộng đồng, du lịch sinh thái và điểm du lịch"
TODAY = date(2027, 3, 1)
BEFORE, LATER = date(2020, 1, 1), date(2027, 3, 2)

TABLE = [
    # form, registered on, product group, what refuses it
    ("cooperative", None, "Thực phẩm", None),
    ("cooperative_group", None, "Thực phẩm", None),
    ("small_firm", None, "Thực phẩm", None),
    ("large_firm", BEFORE, "Thực phẩm", Reason.FORM),
    ("farm", BEFORE, "Thực phẩm", None),
    ("farm", None, "Thực phẩm", Reason.REGISTRATION),
    ("household", BEFORE, "Thực phẩm", None),
    ("household", TODAY, "Thực phẩm", None),
    ("household", LATER, "Thực phẩm", Reason.REGISTRATION),
    ("household", None, TOURISM, Reason.REGISTRATION),
    ("association", None, TOURISM, None),
    ("association", None, "Thực phẩm", Reason.GROUP),
    ("association", None, None, Reason.GROUP),
    (None, None, "Thực phẩm", Reason.UNKNOWN),
]


@pytest.mark.parametrize(("form", "registered_on", "group", "reason"), TABLE)
def test_who_may_take_part_under_the_law_in_force(
    form: str | None, registered_on: date | None, group: str | None, reason: Reason | None
) -> None:
    rules = load_rule_set(default_config_dir(), "qd-26-2026").eligibility
    standing = ProducerStanding(LegalForm(form) if form else None, registered_on)
    found = ineligibility(rules, standing, group=group, on=TODAY)

    assert (found.reason if found else None) == reason
    if found is not None:
        assert found.source.startswith("Điều 2.3")


def test_a_rule_set_that_says_nothing_refuses_only_the_closed() -> None:
    closed = ProducerStanding(LegalForm.LARGE_FIRM, closed_on=TODAY)

    assert ineligibility(None, closed, group=None, on=TODAY) is None
    found = ineligibility(None, closed, group=None, on=LATER)
    assert found is not None
    assert found.reason is Reason.CLOSED

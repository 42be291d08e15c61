"""The benchmark measures what it says: the nation's numbers, and a year that ends without trouble."""

from pathlib import Path

import pytest

from bench.nation import nation, nation_documents
from bench.nation_year import measure, report
from bench.sampling import Sampler
from ocop_workflow.config_files import default_config_dir, load_rule_set
from ocop_workflow.policy.plan_checks import check_plan
from ocop_workflow.policy.report_turns import report_turns
from ocop_workflow.policy.unit_checks import check_register

RULE_SET = load_rule_set(default_config_dir(), "qd-1048-2019")


def test_nation_has_34_offices_and_3321_communes() -> None:
    provinces, names = nation(scale=1)

    assert len(provinces) == 34
    assert sum(len(province.communes) for province in provinces) == 3321
    assert len(names) == 34 + 3321


def test_whole_nation_has_12000_dossiers_and_13284_quarterly_reports() -> None:
    """The reports of a year are four for each commune."""
    documents = list(nation_documents(RULE_SET, scale=1))
    year = RULE_SET.in_force.start.year + 1
    turns = [turn for each in documents for turn in report_turns(each.plan, each.units, year=year, days=each.days)]

    assert sum(len(each.products) for each in documents) == 12_000
    assert len({product.key for each in documents for product in each.products}) == 12_000
    assert len(turns) == 13_284


def test_made_up_plans_and_units_pass_the_checks_of_real_ones() -> None:
    documents = next(nation_documents(RULE_SET, scale=0.01, offices=1))

    assert check_plan(documents.plan, {RULE_SET.id: RULE_SET}, documents.units) == ()
    assert check_register(documents.units) == ()


def test_sampler_charges_what_a_library_does_to_the_function_that_called_it() -> None:
    with Sampler() as sampler:
        while sampler.looks.total() < 3:
            list(nation_documents(RULE_SET, scale=0.1, offices=34))

    assert any(name.startswith("ocop_workflow.") for name in sampler.looks)
    assert sum(share for _, share in sampler.costliest(1000)) == pytest.approx(1)


@pytest.mark.slow
def test_a_small_nations_spring_ends_without_trouble(tmp_path: Path) -> None:
    """Two offices with one commune each: all reports and dossiers are there, mails left, nothing was refused."""
    measured = measure(tmp_path / "data", scale=0.001, offices=2, days=150)

    assert measured.trouble == []
    assert measured.rows["cycle"] == 2
    assert measured.rows["report"] == 2 * 4
    assert measured.rows["dossier"] == 12_000 * 2 // 3321
    assert 0 < measured.mails_by_day.total() <= measured.rows["mail"]
    assert measured.wall_seconds > sum(measured.seconds.values()) * 0.9
    assert any(line.startswith("mails: ") for line in report(measured, scale=0.001))

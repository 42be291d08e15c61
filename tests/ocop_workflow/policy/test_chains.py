"""The chains of Quảng Ninh's annex, row by row as printed, and the products they give."""

import pytest

from ocop_workflow.config_files import default_config_dir, find_plan, load_plan
from ocop_workflow.policy.chains import PlannedProduct, expand_chains
from ocop_workflow.policy.plan import Chain, CyclePlan

# Chain, unit, forms, producers; counted by hand in the annex "chuỗi sản phẩm chủ lực cấp huyện".
ANNEX = [
    (1, "dong-trieu", 2, 1),
    (2, "dong-trieu", 2, 1),
    (3, "quang-yen", 1, 1),
    (4, "quang-yen", 1, 1),
    (5, "quang-yen", 1, 1),
    (6, "uong-bi", 1, 1),
    (7, "uong-bi", 1, 2),
    (8, "hoanh-bo", 1, 1),
    (9, "hoanh-bo", 1, 0),
    (10, "hoanh-bo", 2, 1),
    (11, "ha-long", 1, 1),
    (12, "ha-long", 1, 1),
    (13, "cam-pha", 2, 1),
    (14, "van-don", 1, 1),
    (15, "van-don", 1, 1),
    (16, "van-don", 1, 1),
    (17, "van-don", 1, 1),
    (18, "ba-che", 3, 2),
    (19, "ba-che", 3, 1),
    (20, "tien-yen", 2, 1),
    (21, "tien-yen", 1, 1),
    (22, "tien-yen", 1, 1),
    (23, "binh-lieu", 1, 1),
    (24, "binh-lieu", 1, 2),
    (25, "dam-ha", 2, 1),
    (26, "dam-ha", 1, 1),
    (27, "hai-ha", 1, 1),
    (28, "mong-cai", 2, 1),
    (29, "mong-cai", 3, 1),
    (30, "co-to", 2, 2),
    (31, "co-to", 1, 2),
]


@pytest.fixture(scope="module")
def plan() -> CyclePlan:
    return load_plan(find_plan(default_config_dir(), "quang-ninh-2017-2020"))


def test_plan_prints_the_chains_of_the_annex(plan: CyclePlan) -> None:
    assert [(c.number, c.unit, len(c.forms), len(c.producers)) for c in plan.chains] == ANNEX


@pytest.mark.parametrize(("number", "unit", "forms", "producers"), ANNEX)
def test_expand_chains_makes_one_product_of_each_form_and_producer(
    plan: CyclePlan, number: int, unit: str, forms: int, producers: int
) -> None:
    products = [product for product in expand_chains(plan) if product.chain == number]

    assert len(products) == forms * producers
    assert {product.unit for product in products} == ({unit} if producers else set())
    assert len({(product.form, product.producer) for product in products}) == forms * producers


def test_expand_chains_of_quang_ninh_gives_52_products_of_30_chains(plan: CyclePlan) -> None:
    products = expand_chains(plan)

    assert len(products) == 52
    assert len({product.chain for product in products}) == 30
    assert len({product.key for product in products}) == 52


def test_expand_chains_names_what_the_plan_prints(plan: CyclePlan) -> None:
    products = {product.key: product for product in expand_chains(plan)}

    assert products["18-2-1"] == PlannedProduct(
        key="18-2-1",
        chain=18,
        name="Ba kích – Rượu ba kích",
        form="Rượu ba kích",
        producer="Công ty CP kinh doanh lâm sản Đạp Thanh",
        unit="ba-che",
        source="annex, chain 18",
    )
    assert products["1-1-1"].name == "Gạo nếp cái hoa vàng"
    assert products["31-1-2"].producer == "Cơ sở Ngọc Oanh"
    assert products["15-1-1"].producer == products["14-1-1"].producer


def test_expand_chains_leaves_a_chain_without_producer_as_a_target(plan: CyclePlan) -> None:
    lone = plan.model_copy(
        update={"chains": (Chain(number=9, name="Hoa", unit="hoanh-bo", forms=("Hoa",), source="x"),)}
    )

    assert expand_chains(lone) == ()


def test_expand_chains_needs_the_plan_to_say_how(plan: CyclePlan) -> None:
    assert expand_chains(plan.model_copy(update={"expansion": None})) == ()

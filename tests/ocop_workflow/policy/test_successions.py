"""What a decision about units makes of a register, and what it may not say."""

from datetime import date

import pytest

from ocop_workflow.config_files import default_config_dir, load_succession, load_units
from ocop_workflow.config_files.units_of_today import units_of_today
from ocop_workflow.errors import InputError
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.route import position_of
from ocop_workflow.policy.succession_drafts import bare_name, candidates
from ocop_workflow.policy.successions import Succession, check_succession, with_succession
from ocop_workflow.policy.units import PositionRef, TakeOver, Unit, UnitRegister

CONFIG = default_config_dir()
OFFICER = "commune_officer"


@pytest.fixture(scope="module")
def register() -> UnitRegister:
    return load_units(CONFIG, "vn-2017")


@pytest.fixture(scope="module")
def ba_don(register: UnitRegister) -> Succession:
    return load_succession(CONFIG / "successions" / "ba-don-2025.yaml", [register])


# --- Ba Đồn on 1 July 2025 ---


def test_the_sixteen_communes_of_ba_don_become_the_four_that_are_listed_today(
    register: UnitRegister, ba_don: Succession
) -> None:
    """NQ 1680 makes four of them; each has the code and the name that the list of today gives it."""
    today = {unit.id: unit for unit in units_of_today("44", province_level="p", commune_level="c").communes}
    after = with_succession(register, ba_don)
    sixteen = [unit.id for unit in register.units if unit.parent == "ba-don"]
    heirs = [after.unit_today(unit) for unit in sixteen]

    assert len(sixteen) == 16
    assert {heir: heirs.count(heir) for heir in heirs} == {
        "quang-tri.ba-don": 4,
        "quang-tri.bac-gianh": 3,
        "quang-tri.nam-ba-don": 5,
        "quang-tri.nam-gianh": 4,
    }
    for heir in set(heirs):
        assert (after.unit(heir).code, after.unit(heir).name) == (today[heir].code, today[heir].name)
        assert after.unit(heir).valid_from == date(2025, 7, 1)


def test_old_units_stay_under_their_names_until_the_day(register: UnitRegister, ba_don: Succession) -> None:
    after = with_succession(register, ba_don)

    assert {unit.id for unit in register.units} < {unit.id for unit in after.units}
    old = after.unit("ba-don.quang-hai")
    assert (old.name.vi, old.valid_until, old.successors) == ("xã Quảng Hải", date(2025, 7, 1), ("quang-tri.ba-don",))
    assert (old.exists_on(date(2025, 6, 30)), old.exists_on(date(2025, 7, 1))) == (True, False)


def test_what_an_abolished_level_did_the_province_does(register: UnitRegister, ba_don: Succession) -> None:
    """No district is left, so a route that asks for one comes to whoever took its office over, from both communes."""
    after = with_succession(register, ba_don)
    team = PositionRef(level="district", role="ocop_team")

    for place in ("ba-don.quang-hai", "quang-tri.ba-don", "ba-don"):
        assert position_of(team, units=after, unit=place) == "quang-tri/coordination_office"
    assert after.superior_of(f"quang-tri.ba-don/{OFFICER}") == "quang-tri/coordination_office"
    assert after.successor_of(f"ba-don.quang-hai/{OFFICER}") == f"quang-tri.ba-don/{OFFICER}"
    assert after.successor_of("producer:1") == "producer:1"


def test_an_ended_office_still_has_the_communes_that_its_own_became(register: UnitRegister, ba_don: Succession) -> None:
    after = with_succession(register, ba_don)
    officers = PositionRef(role=OFFICER)

    assert len(after.units_meant(officers, office="ba-don", on=date(2025, 6, 30))) == 16
    assert len(after.units_meant(officers, office="ba-don", on=date(2025, 7, 1))) == 4
    assert len(register.units_meant(officers, office="ba-don", on=date(2025, 7, 1))) == 0


def test_hoanh_bo_joins_ha_long_role_by_role(register: UnitRegister) -> None:
    """NQ 837/NQ-UBTVQH14: the district becomes part of the city on 1 January 2020."""
    after = with_succession(register, load_succession(CONFIG / "successions" / "ha-long-2020.yaml", [register]))

    assert after.successor_of("hoanh-bo/ocop_team") == "ha-long/ocop_team"
    assert after.unit("ha-long").predecessors == ("hoanh-bo",)


def test_one_succession_follows_another(register: UnitRegister) -> None:
    """Who answered for Hoành Bồ since 2020 ended in 2025."""
    joined = with_succession(register, load_succession(CONFIG / "successions" / "ha-long-2020.yaml", [register]))
    ended = made("ha-long", "quang-ninh", roles=OFFICES)
    after = with_succession(joined, ended)

    assert check_succession(ended, [joined]) == ()
    assert after.successor_of("hoanh-bo/ocop_team") == "quang-ninh/coordination_office"


# --- What is refused ---

OFFICES = {
    "ocop_team": "coordination_office",
    "economic_office": "coordination_office",
    "district_leader": "province_leader",
}


def made(old: str, heir: str, *, on: str = "2025-07-01", **more: object) -> Succession:
    values: dict[str, object] = {"roles": {}, "new_units": (), **more}
    return Succession(
        id="made-up",
        decision="1/NQ",
        source="made up for the tests",
        effective_on=date.fromisoformat(on),
        new_units=values["new_units"],
        take_overs=(TakeOver(units=(old,), successor=heir, roles=values["roles"]),),
    )


NEW = Unit(id="cua-luc", level="district", parent="quang-ninh", name=LocalText(vi="Cửa Lục", en="Cửa Lục"))


@pytest.mark.parametrize(
    ("succession", "sentence"),
    [
        (made("ha-lon", "cam-pha"), 'unknown unit "ha-lon"; did you mean "ha-long"?'),
        (made("ha-long", "cam-pa"), 'unknown unit "cam-pa"; did you mean "cam-pha"?'),
        (made("ha-long", "ha-long"), '"ha-long" ends by this decision too; name a unit that stays'),
        (made("ha-long", "hoanh-bo"), '"hoanh-bo" is gone by then; name a unit that stays'),
        (made("hoanh-bo", "mong-cai"), '"hoanh-bo" is gone since 01/01/2020 by the register; correct `effective_on`'),
        (made("ba-don", "mong-cai", on="2013-12-20"), "by the register; correct `effective_on`"),
        (made("ha-long", "quang-ninh"), 'nobody in "quang-ninh" takes over the role "ocop_team" of "ha-long"'),
        (made("ha-long", "cua-luc", new_units=(NEW.model_copy(update={"level": "ward"}),)), 'unknown level "ward"'),
        (made("ha-long", "cua-luc", new_units=(NEW.model_copy(update={"parent": "x"}),)), 'unknown unit "x"'),
        (made("ha-long", "cua-luc", new_units=(NEW, NEW)), 'the unit "cua-luc" stands twice'),
        (made("ha-long", "cua-luc", new_units=(NEW.model_copy(update={"parent": "cua-luc"}),)), "lies in itself"),
    ],
)
def test_a_succession_that_does_not_fit_is_refused_with_what_to_do(
    register: UnitRegister, succession: Succession, sentence: str
) -> None:
    found = [finding.sentence for finding in check_succession(succession, [register])]

    assert any(sentence in each for each in found), found


def test_a_register_without_the_units_is_left_alone(register: UnitRegister) -> None:
    elsewhere = load_units(CONFIG, "vinh-nguon-2023")

    assert check_succession(made("ha-long", "quang-ninh", roles=OFFICES), [register, elsewhere]) == ()


# --- The units of today ---


@pytest.mark.parametrize(("province", "communes"), [("44", 78), ("Quảng Ninh", 54), ("thành phố Hà Nội", 126)])
def test_provinces_of_today_have_the_communes_that_were_announced(province: str, communes: int) -> None:
    """Quảng Trị 78, Quảng Ninh 54, Hà Nội 126: the numbers of the resolutions of June 2025; no two ids are one."""
    today = units_of_today(province, province_level="province", commune_level="commune")

    assert len(today.communes) == communes
    assert len({unit.id for unit in today.communes}) == communes


def test_an_unknown_province_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match='no province of today is called "Quảng Bình"; there are An Giang'):
        units_of_today("Quảng Bình", province_level="province", commune_level="commune")


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("phường Ba Đồn", None, ["19009"]),
        ("xã Quảng Hải", None, []),
        ("xã Quảng Hải", "19066", ["19066"]),
    ],
)
def test_a_unit_is_matched_by_its_code_then_by_its_name(name: str, code: str | None, expected: list[str]) -> None:
    communes = units_of_today("44", province_level="province", commune_level="commune").communes
    unit = Unit(id="x", level="commune", name=LocalText(vi=name, en=name), code=code)

    assert [each.code for each in candidates(unit, communes)] == expected


def test_one_that_became_several_has_several_candidates() -> None:
    communes = units_of_today("22", province_level="province", commune_level="commune").communes
    unit = Unit(id="x", level="commune", name=LocalText(vi="thành phố Móng Cái", en="Móng Cái"))

    assert {each.name.vi for each in candidates(unit, communes)} == {f"phường Móng Cái {n}" for n in (1, 2, 3)}


@pytest.mark.parametrize("name", ["thị xã Ba Đồn", "Phường  Ba Đồn", "ba đồn"])
def test_names_are_compared_without_their_kind(name: str) -> None:
    assert bare_name(name) == "ba đồn"

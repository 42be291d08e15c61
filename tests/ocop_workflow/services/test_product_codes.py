"""Product codes `T-X-STT-20YY`: given by the unit before scoring, unique, never given again (QĐ 26/2026)."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import select

from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.product_codes import ProductCodeRefusedError, assign_code
from ocop_workflow.storage.tables import ProductCode
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

OFFICE, TEAM = "coast/coordination_office", "hill/ocop_team"


@pytest.fixture
def coded(office_with: "Callable[..., Office]") -> "Office":
    """The small office under a rule set that asks for codes; province 83 and hill 829 have theirs, delta none."""

    def rules(rule_set: dict[str, Any]) -> None:
        rule_set["product_code"] = {"levels": ["province", "district"], "source": "annex III"}

    def units(register: dict[str, Any]) -> None:
        for unit in register["units"]:
            if unit["id"] in ("coast", "hill"):
                unit["code"] = {"coast": "83", "hill": "829"}[unit["id"]]

    office = office_with(rules=rules, units=units)
    office.open()
    return office


def test_code_is_made_of_unit_codes_serial_and_year(coded: "Office") -> None:
    with coded.at("2018-03-05 08:00") as work:
        first = coded.dossier(work, "1-1-1")
        given = assign_code(work, first, actor=TEAM).code
        again = assign_code(work, coded.dossier(work, "1-2-1"), actor=OFFICE, serial=28780).code
        event = events_of(work.session, f"dossier:{first.id}")[-1]

    assert (given, again) == ("83-829-1-2018", "83-829-28780-2018")
    assert (event.action, details_of(event)["code"], event.rule) == ("product_code_assigned", given, "annex III")
    with coded.reading() as work:
        assert verify(work.session).faults == ()


def test_the_next_number_follows_the_last_one_also_after_a_withdrawal(coded: "Office") -> None:
    """Never reissued: a code stays with the dossier that had it."""
    with coded.at("2018-03-05 08:00") as work:
        assign_code(work, coded.dossier(work, "1-1-1"), actor=TEAM, serial=7)
    coded.act("2018-03-05 09:00", DossierTrigger.WITHDRAW)
    with coded.at("2018-03-06 08:00") as work:
        with pytest.raises(ProductCodeRefusedError, match="the number 7 can't be given by hill for 2018"):
            assign_code(work, coded.dossier(work, "1-2-1"), actor=TEAM, serial=7)
        assert assign_code(work, coded.dossier(work, "1-2-1"), actor=TEAM).code == "83-829-8-2018"


@pytest.mark.parametrize(
    ("number", "actor", "sentence"),
    [
        ("2-1-1", OFFICE, "the unit delta has no code; add its `code` to the register coast"),
        ("1-1-1", "delta/ocop_team", "may not give the code; that is for hill"),
    ],
)
def test_code_is_refused_with_its_remedy(coded: "Office", number: str, actor: str, sentence: str) -> None:
    with coded.at("2018-03-05 08:00") as work, pytest.raises(ProductCodeRefusedError, match=sentence):
        assign_code(work, coded.dossier(work, number), actor=actor)


def test_one_dossier_has_one_code_given_before_its_end(coded: "Office") -> None:
    coded.act("2018-03-05 07:00", DossierTrigger.WITHDRAW, number="1-2-1")
    with coded.at("2018-03-05 08:00") as work:
        assign_code(work, coded.dossier(work, "1-1-1"), actor=TEAM)
        with pytest.raises(ProductCodeRefusedError, match="has the code 83-829-1-2018 already"):
            assign_code(work, coded.dossier(work, "1-1-1"), actor=TEAM)
        with pytest.raises(ProductCodeRefusedError, match="has ended"):
            assign_code(work, coded.dossier(work, "1-2-1"), actor=TEAM)


def test_without_the_rule_no_code_is_given(office: "Office") -> None:
    with (
        office.at("2018-03-05 08:00") as work,
        pytest.raises(ProductCodeRefusedError, match="asks for no"),
    ):
        assign_code(work, office.dossier(work), actor=OFFICE)


def test_verify_finds_a_code_that_was_changed(coded: "Office") -> None:
    with coded.at("2018-03-05 08:00") as work:
        assign_code(work, coded.dossier(work, "1-1-1"), actor=TEAM)
    with coded.at("2018-03-06 08:00") as work:
        row = work.session.exec(select(ProductCode)).one()
        row.serial = 2
        work.session.add(row)
    with coded.reading() as work:
        assert {fault.sentence for fault in verify(work.session).faults} == {
            "its product code is not what its events say"
        }

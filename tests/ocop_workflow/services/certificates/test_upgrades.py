"""An upgrade goes for a higher star and leaves the present certificate alone until it has one (QĐ 26, Điều 7.5)."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.services.certificate_acts import Revocation, revoke
from ocop_workflow.services.certificates import CertificateRefusedError
from ocop_workflow.services.cycles import close_intake
from ocop_workflow.services.product_lists import IntakeClosedError
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.upgrades import open_upgrade
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.services.certificates.conftest import Certified

OFFICE = "coast/coordination_office"
FIRST = "01/GCN"


def upgrade(certified: "Certified", when: str, **more: Any) -> str:
    with certified.office.at(when) as work:
        return open_upgrade(work, certified.certificate(work), actor=OFFICE, **more).key


def news_of(certified: "Certified", key: str) -> list[str | None]:
    with certified.office.reading() as work:
        return [n.code for n in certified.office.notices(work, about=key, rungs=False)]


def scored(certified: "Certified", total: str) -> str:
    """Bring an upgrade before the council and let it score."""
    key = upgrade(certified, "2018-03-20 08:00")
    certified.do("2018-03-21 08:00", key, DossierTrigger.SUBMIT)
    certified.bring_to_council(key, "2018-03-22")
    certified.score("2018-03-26 08:00", key, total)
    return key


def test_an_upgrade_belongs_to_a_round_and_is_owed_by_the_producer(certified: "Certified") -> None:
    key = upgrade(certified, "2018-03-20 08:00")

    with certified.office.reading() as work:
        dossier = certified.office.dossier(work, key)
        owed = certified.office.obligation(work, "submission", key)
        page = status_page(work, dossier)
    assert (dossier.kind, dossier.key, dossier.round_id) == ("upgrade", "coast-2018/2018/r1/U1", "r1")
    assert owed.party.startswith("producer:")
    assert owed.due_at == datetime(2018, 3, 31, tzinfo=OFFICE_ZONE)
    assert [line.code for line in page.certificate] == ["certificate.standing", "page.certificate.window"]
    assert certified.status() == "valid"
    assert certified.faults() == []


def test_more_stars_supersede_the_certificate(certified: "Certified") -> None:
    key = scored(certified, "95")
    assert certified.status() == "valid"
    certified.issue("2018-03-27 08:00", key, "02/GCN", "2018-03-27")

    assert certified.history()[-1] == ("superseded", datetime(2018, 3, 27, tzinfo=OFFICE_ZONE))
    with certified.office.reading() as work:
        assert certified.certificate(work, "02/GCN").stars == 5
    assert "news.upgrade_without_effect" not in news_of(certified, key)
    assert certified.faults() == []


@pytest.mark.parametrize("total", ["89", "60", "40"])
def test_no_more_stars_leave_the_certificate_untouched(certified: "Certified", total: str) -> None:
    """89 points are 4 stars, 60 are 3, 40 are 2; the certificate has 4."""
    before = certified.history()
    key = scored(certified, total)
    with pytest.raises(CertificateRefusedError):
        certified.issue("2018-03-27 08:00", key, "02/GCN", "2018-03-27")

    assert certified.history() == before
    assert certified.status() == "valid"
    assert "news.upgrade_without_effect" in news_of(certified, key)
    assert certified.faults() == []


def test_a_withdrawn_upgrade_leaves_the_certificate_untouched_and_says_so(certified: "Certified") -> None:
    key = upgrade(certified, "2018-03-20 08:00")
    certified.do("2018-03-21 08:00", key, DossierTrigger.WITHDRAW)

    with certified.office.reading() as work:
        told = {n.code: n.params for n in certified.office.notices(work, about=key, rungs=False)}
    kept = told["news.upgrade_without_effect"]
    assert (kept["number"], kept["last_valid_on"]) == (FIRST, "2021-03-15")
    assert "news.withdrawn" in told
    assert certified.status() == "valid"


def test_a_product_has_one_open_dossier_and_one_upgrade_in_a_round(certified: "Certified") -> None:
    key = upgrade(certified, "2018-03-20 08:00")
    with pytest.raises(CertificateRefusedError, match="still open"):
        upgrade(certified, "2018-03-20 09:00")
    with pytest.raises(CertificateRefusedError, match="still open"):
        certified.open_renewal("2018-03-20 09:00")

    certified.do("2018-03-21 08:00", key, DossierTrigger.WITHDRAW)
    with pytest.raises(CertificateRefusedError, match="had its upgrade in round r1"):
        upgrade(certified, "2018-03-22 09:00")


def test_after_the_round_nothing_is_taken(certified: "Certified") -> None:
    later = "took dossiers until 2018-04-30; open the upgrade in a later round or the next cycle"
    with pytest.raises(IntakeClosedError, match=later):
        upgrade(certified, "2018-05-01 08:00")
    with certified.office.at("2018-05-02 08:00") as work:
        close_intake(work, certified.office.cycle(work), actor=OFFICE)
    with pytest.raises(IntakeClosedError, match="is intake_closed; open the upgrade in the next cycle"):
        upgrade(certified, "2018-05-03 08:00")


def test_a_certificate_out_of_force_is_not_upgraded(certified: "Certified") -> None:
    day = date(2018, 3, 19)
    with certified.office.at("2018-03-19 08:00") as work:
        revoke(work, certified.certificate(work), Revocation("stopped", "5/QĐ", day, day, OFFICE))

    with pytest.raises(CertificateRefusedError, match="is withdrawn; register the product anew"):
        upgrade(certified, "2018-03-20 08:00")


def test_the_most_stars_can_only_be_renewed(certify: "Callable[..., Certified]") -> None:
    certified = certify()
    key = scored(certified, "95")
    certified.issue("2018-03-27 08:00", key, "02/GCN", "2018-03-27")
    with (
        certified.office.at("2018-03-28 08:00") as work,
        pytest.raises(CertificateRefusedError, match="5 stars, the most"),
    ):
        open_upgrade(work, certified.certificate(work, "02/GCN"), actor=OFFICE)

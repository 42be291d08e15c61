"""The page of a dossier says which certificate it renews and until when that is valid (I8, I9)."""

from datetime import date
from typing import TYPE_CHECKING

from ocop_workflow.config_files.certificates import CertificateRow
from ocop_workflow.services.certificate_facts import find_certificate
from ocop_workflow.services.certificate_lists import import_certificates
from ocop_workflow.services.renewals import open_renewal
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.web.conftest import Counter

OFFICE = "coast/coordination_office"
ROW = CertificateRow(
    2, "Mật ong hoa nhãn", "hill", "HTX Đồi Ong", 3, "1/GCN", date(2015, 4, 30), expires_on=date(2018, 4, 30)
)


def test_page_of_a_renewal_shows_the_certificate_as_it_is_now(counter: "Counter") -> None:
    counter.office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW)
    with counter.office.at("2018-03-06 08:00") as work:
        import_certificates(work, "coast", [ROW], actor=OFFICE)
        open_renewal(work, find_certificate(work.session, "1/GCN"), actor=OFFICE)
    counter.go_to("2018-03-20 09:00")
    page = counter.client.get(f"/s/{counter.token('R1')}").text
    counter.go_to("2018-05-01 00:00")
    later = counter.client.get(f"/s/{counter.token('R1')}").text

    assert "Giấy chứng nhận số 1/GCN, hạng 3 sao, có hiệu lực đến hết ngày 30/04/2018." in page
    assert "Giấy chứng nhận số 1/GCN, hạng 3 sao, đã hết hiệu lực" in later
    assert "Đánh giá, phân hạng lại" in page

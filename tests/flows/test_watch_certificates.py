"""`watch-certificates` as a plain function: what it records, once, whenever it runs (I9)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlmodel import select

from flows.watch_certificates import watch_certificates
from ocop_workflow.config_files.certificates import CertificateRow
from ocop_workflow.runtime import Runtime
from ocop_workflow.services.audit import verify
from ocop_workflow.services.certificate_lists import import_certificates
from ocop_workflow.storage.tables import Certificate

VN = Callable[[str], datetime]
ROWS = (
    CertificateRow(2, "Nước mắm", "delta", "HTX Cửa Sông", 3, "1/GCN", date(2015, 2, 28), date(2018, 2, 28)),
    CertificateRow(3, "Mật ong", "hill", "HTX Đồi Ong", 4, "2/GCN", date(2017, 2, 28), date(2020, 2, 28)),
)


@pytest.fixture
def certified(runtime: Runtime, vn: VN) -> Runtime:
    """The staged folder with two certificates that were issued before."""
    with runtime.transaction(vn("2018-01-03 08:00")) as work:
        import_certificates(work, "coast", ROWS, actor="coast/coordination_office")
    return runtime


def run(at: datetime, office: str | None = None) -> dict[str, int]:
    report: Any = watch_certificates.fn(at=at, office=office)
    counts: dict[str, int] = report["counts"]
    return counts


def test_expiry_is_recorded_once_with_the_instant_at_which_it_became_true(certified: Runtime, vn: VN) -> None:
    assert run(vn("2018-02-28 23:59")) == {}
    assert run(vn("2018-05-01 06:15"))["changes"] == 1
    assert run(vn("2018-05-01 06:15")) == {}

    with certified.database.reading() as session:
        rows = {row.number: (row.status, row.status_at) for row in session.exec(select(Certificate))}
        assert verify(session).faults == ()
    assert rows == {
        "1/GCN": ("expired", vn("2018-03-01 00:00")),
        "2/GCN": ("valid", vn("2017-02-28 00:00")),
    }


@pytest.mark.usefixtures("certified")
def test_a_shard_is_one_office(vn: VN) -> None:
    assert run(vn("2018-05-01 06:15"), office="elsewhere") == {}
    assert run(vn("2018-05-01 06:15"), office="coast")["changes"] == 1

"""Certificates are issued by the right authority, left by failed upgrades, withdrawn on a ground (I1)."""

from copy import deepcopy
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.services.certificate_acts import Issue, Revocation, issue_certificate, revoke
from ocop_workflow.services.certificate_watch import Watched
from ocop_workflow.services.certificates import CertificateRefusedError
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.storage.tables import Dossier
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office
    from tests.ocop_workflow.services.certificates.conftest import Certified, Edit

OFFICE, COUNCIL, TEAM = "coast/coordination_office", "coast/province_council", "hill/ocop_team"
FIRST = "01/GCN"


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def test_issue_writes_the_facts_and_tells_producer_and_office(certified: "Certified") -> None:
    with certified.office.reading() as work:
        row = certified.certificate(work)
        event = events_of(work.session, f"certificate:{row.id}")[0]
        news = [n for n in certified.office.notices(work, rungs=False) if n.code == "news.certificate_issued"]

    assert (row.stars, row.authority, row.decision) == (4, "coast", "9/QĐ-UBND")
    assert row.expires_at == vn("2021-03-16 00:00")
    assert (event.action, details_of(event)["number"], event.rule) == ("certificate_issued", FIRST, "9/QĐ-UBND")
    assert sorted(n.recipient.partition(":")[0] for n in news) == [OFFICE, "producer"]
    assert certified.faults() == []


@pytest.mark.parametrize(
    ("number", "issued_on", "actor", "sentence"),
    [
        (FIRST, "2018-03-15", OFFICE, "has the certificate 01/GCN already"),
        ("02/GCN", "2018-03-16", OFFICE, "has the certificate 01/GCN already"),
        ("02/GCN", "2018-03-15", TEAM, "may not; that is for coast"),
    ],
)
def test_issue_refuses(certified: "Certified", number: str, issued_on: str, actor: str, sentence: str) -> None:
    issue = Issue(number, "9", date.fromisoformat(issued_on), actor)
    with certified.office.at("2018-03-20 08:00") as work, pytest.raises(CertificateRefusedError, match=sentence):
        issue_certificate(work, certified.office.dossier(work), issue)


def test_one_and_two_stars_get_no_certificate(certified: "Certified") -> None:
    """QĐ 26/2026 Điều 4.1.a: no decision and no certificate; the producer was told in writing."""
    certified.office.to_council("1-2-1")
    certified.office.score("2018-03-12 08:00", "40", "40", "40", number="1-2-1")

    with pytest.raises(CertificateRefusedError, match="rated 2 stars, which are told in writing and not certified"):
        certified.issue("2018-03-16 09:00", "1-2-1", "02/GCN", "2018-03-16")
    with certified.office.reading() as work:
        codes = [n.code for n in certified.office.notices(work, about="1-2-1", rungs=False)]
    assert codes[-1] == "news.rated_uncertified"


def test_an_undecided_dossier_gets_no_certificate(certified: "Certified") -> None:
    certified.office.to_council("1-2-1")

    with pytest.raises(CertificateRefusedError, match="a certificate follows the recognition"):
        certified.issue("2018-03-16 09:00", "1-2-1", "02/GCN", "2018-03-16")


def test_ninety_points_are_referred_without_a_certificate_and_fewer_stars_go_back_to_their_authority(
    office_with: "Callable[..., Office]",
    certifying: "tuple[Edit, Edit]",
    following: "Callable[[Office], Certified]",
) -> None:
    """Điều 7.3.e and 7.4.g: 90 and above goes up; below 90 there, the province recognises three or four stars."""

    def three_levels(rules: dict[str, Any]) -> None:
        certifying[1](rules)
        rules["levels"].append("nation")
        province = rules["route"]["stages"][1]
        nation = {**deepcopy(province), "id": "referral", "level": "nation", "source": "article 2b"}
        province["outcomes"] = [
            {"when": {"guard": "mean_within", "at_least": "90"}, "to": "referral"},
            {"when": {"guard": "mean_within", "at_least": "50", "below": "90"}, "to": "recognised"},
            {"when": {"guard": "mean_within", "below": "50"}, "to": "rated_uncertified"},
        ]
        rules["route"]["stages"].append(nation)
        rules["recognition"] = [
            {"stars": ["3", "4"], "level": "province", "source": "article 5"},
            {"stars": ["5"], "level": "nation", "source": "article 5"},
        ]

    def nation(units: dict[str, Any]) -> None:
        units["units"][0]["parent"] = "republic"
        units["units"].append({"id": "republic", "level": "nation", "name": {"vi": "cả nước", "en": "Republic"}})

    office = office_with(plan=certifying[0], rules=three_levels, units=nation)
    office.open()
    made = following(office)
    for number in ("1-1-1", "1-2-1"):
        office.to_council(number)
        office.score("2018-03-12 08:00", "92", "92", "92", number=number)

    with pytest.raises(CertificateRefusedError, match="is “Awaiting submission” at "):
        made.issue("2018-03-12 09:00", "1-1-1", FIRST, "2018-03-12")
    for number, total, key, authority in (("1-1-1", "85", FIRST, "coast"), ("1-2-1", "95", "02/GCN", "republic")):
        made.do("2018-03-13 08:00", number, DossierTrigger.SUBMIT)
        made.do("2018-03-13 09:00", number, DossierTrigger.RECEIVE)
        made.score("2018-03-14 08:00", number, total)
        made.issue("2018-03-15 09:00", number, key, "2018-03-15")
        with office.reading() as work:
            assert made.certificate(work, key).authority == authority


def test_a_failed_upgrade_leaves_the_certificate_untouched(certified: "Certified") -> None:
    with certified.office.at("2018-04-01 08:00") as work:
        product_id = certified.certificate(work).product_id
        first = certified.office.dossier(work)
        upgrade = Dossier(
            **{
                **first.model_dump(),
                "id": "upgrade",
                "key": "coast-2018/2018/r1/up",
                "kind": "upgrade",
                "closed_at": None,
                "status": "received",
                "stage": "evaluation",
                "stars": None,
                "mean": None,
                "receipt_number": "77/2018",
                "version": 0,
            }
        )
        work.session.add(upgrade)
        work.session.flush()
        record_sheets(work, upgrade, {"m1": {"A": Decimal(20), "B": Decimal(0), "C": Decimal(0)}}, actor=COUNCIL)
        conclude(work, upgrade, actor=COUNCIL)
        assert (upgrade.status, upgrade.product_id) == ("rated_uncertified", product_id)

    assert certified.history() == [("valid", vn("2018-03-15 00:00"))]


@pytest.mark.parametrize(("decided_on", "overrun"), [("2019-05-16", 0), ("2019-05-17", 1)])
def test_withdrawal_is_within_fifteen_days_of_the_finding_or_says_why_not(
    certified: "Certified", decided_on: str, overrun: int
) -> None:
    """Điều 8.4: 15 days from the finding; an overrun is recorded with its reason and never refused."""
    with certified.office.at("2019-05-20 08:00") as work:
        revocation = Revocation(
            "stopped", "12/QĐ", date(2019, 5, 1), date.fromisoformat(decided_on), COUNCIL, "Chờ xác minh"
        )
        assert revoke(work, certified.certificate(work), revocation) == overrun
        event = events_of(work.session, f"certificate:{certified.certificate(work).id}")[-1]

    assert (event.action, event.rule, event.text_hash is not None) == (
        "certificate_revoked",
        "article 10",
        bool(overrun),
    )
    assert details_of(event)["overrun_days"] == overrun
    assert certified.history()[-1] == ("revoked", vn(f"{decided_on} 00:00"))
    assert certified.watch("2022-01-01 06:15") == Watched()
    assert certified.faults() == []


def test_withdrawal_needs_a_ground_its_authority_and_a_certificate_in_force(certified: "Certified") -> None:
    with certified.office.at("2019-05-20 08:00") as work:
        certificate = certified.certificate(work)
        days = (date(2019, 5, 1), date(2019, 5, 2))
        with pytest.raises(CertificateRefusedError, match="unknown ground 'whim'; known are stopped"):
            revoke(work, certificate, Revocation("whim", "12/QĐ", *days, COUNCIL))
        with pytest.raises(CertificateRefusedError, match="that is for coast"):
            revoke(work, certificate, Revocation("stopped", "12/QĐ", *days, TEAM))
        with pytest.raises(CertificateRefusedError, match="the finding comes first"):
            revoke(work, certificate, Revocation("stopped", "12/QĐ", days[1], days[0], COUNCIL))
        revoke(work, certificate, Revocation("stopped", "12/QĐ", *days, COUNCIL))
        with pytest.raises(CertificateRefusedError, match="is withdrawn; only one in force"):
            revoke(work, certificate, Revocation("stopped", "13/QĐ", *days, COUNCIL))


@pytest.mark.parametrize(
    ("column", "value"), [("stars", 5), ("status", "expired"), ("renewal_id", None), ("expires_at", "later")]
)
def test_verify_finds_a_certificate_that_is_not_what_its_events_say(
    certified: "Certified", column: str, value: Any
) -> None:
    certified.open_renewal("2020-10-01 08:00")
    with certified.office.at("2020-10-02 08:00") as work:
        certificate = certified.certificate(work)
        changed = certificate.expires_at + timedelta(days=365) if value == "later" else value
        setattr(certificate, column, changed)
        work.session.add(certificate)

    assert len(certified.faults()) == 1

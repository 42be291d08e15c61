"""Each refusal of an act on a certificate names its rule and article, and `closed_certificate_acts` tells the same."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from notifications.catalogue import Language
from ocop_workflow.errors import RefusedError
from ocop_workflow.services.certificate_acts import Issue, Revocation, issue_certificate, revoke
from ocop_workflow.services.certificate_checks import Check, record_check
from ocop_workflow.services.certificate_facts import certificate_case
from ocop_workflow.services.certificates import authority_for
from ocop_workflow.services.closed_certificate_acts import CertificateAct, closed_certificate_acts
from ocop_workflow.services.renewals import open_renewal
from ocop_workflow.services.reopening import Reopening, reopen
from ocop_workflow.services.upgrades import check_bettered, open_upgrade
from ocop_workflow.storage.tables import Cycle
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.conftest import TEAM
from tests.ocop_workflow.refused import CERTIFICATES, CERTIFIED_RESULT, RENEWAL, Met
from tests.ocop_workflow.services.certificates.conftest import FIRST, OFFICE, Certified, rules_with

if TYPE_CHECKING:
    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office

DAY, FIVE = date(2018, 3, 20), "05/GCN"
Act = Callable[["UnitOfWork"], object]


def issuing(made: Certified, number: str, certificate: str, *, on: date = DAY, actor: str = OFFICE) -> Act:
    return lambda work: issue_certificate(work, made.office.dossier(work, number), Issue(certificate, "9", on, actor))


def revoking(made: Certified, *, ground: str = "stopped", decided_on: date = DAY) -> Act:
    return lambda work: revoke(work, made.certificate(work), Revocation(ground, "9", DAY, decided_on, OFFICE))


def checking(made: Certified, *, document: str = "3/BB", held_on: date = DAY) -> Act:
    return lambda work: record_check(work, made.certificate(work), Check(document, held_on, OFFICE))


def renewing(made: Certified, number: str = FIRST) -> Act:
    return lambda work: open_renewal(work, made.certificate(work, number), actor=OFFICE)


def upgrading(made: Certified, number: str = FIRST) -> Act:
    return lambda work: open_upgrade(work, made.certificate(work, number), actor=OFFICE)


def of_the_register(met: Met, made: Certified) -> None:
    """Try what the rule set and the register of the office refuse."""

    def few_stars(work: "UnitOfWork") -> None:
        case = certificate_case(work.session, work.books, made.certificate(work))
        authority_for(case.book.rule_set, case.book.units, "hill", 2)

    def in_no_cycle(work: "UnitOfWork") -> None:
        work.session.get_one(Cycle, made.office.cycle(work).id).status = "closed"
        renewing(made)(work)

    met.at(made.office, "2018-03-20 08:00", few_stars)
    met.at(made.office, "2018-03-20 08:00", in_no_cycle)


def of_issuing(met: Met, made: Certified) -> None:
    """Try to issue what is not recognised, or not so; at the end 2-1-1 has five stars and a certificate."""
    made.office.to_council("2-1-1")
    made.score("2018-03-12 09:00", "2-1-1", "95")
    made.office.to_council("1-2-1")
    made.score("2018-03-12 09:00", "1-2-1", "40")
    for act in (
        issuing(made, "1-1-1", "02/GCN"),
        issuing(made, "1-1-1", "02/GCN", actor=TEAM),
        issuing(made, "1-2-1", "02/GCN"),
        issuing(made, "2-1-2", "02/GCN"),
        issuing(made, "2-1-1", FIRST),
        issuing(made, "2-1-1", FIVE, on=date(2018, 3, 11)),
    ):
        met.at(made.office, "2018-03-20 08:00", act)
    made.issue("2018-03-20 08:00", "2-1-1", FIVE, "2018-03-20")


def of_bettering(met: Met, made: Certified) -> None:
    """Try a second open dossier of the product, an upgrade without more stars, a second one in the round."""
    met.at(made.office, "2018-03-20 09:00", upgrading(made, FIVE))
    with made.office.at("2018-03-20 09:00") as work:
        key = open_upgrade(work, made.certificate(work), actor=OFFICE).key
    met.at(made.office, "2018-03-20 10:00", renewing(made))
    made.do("2018-03-21 08:00", key, DossierTrigger.SUBMIT)
    made.bring_to_council(key, "2018-03-22")
    made.score("2018-03-26 08:00", key, "60")
    met.at(made.office, "2018-03-27 08:00", issuing(made, key, "03/GCN", on=date(2018, 3, 27)))
    met.at(made.office, "2018-03-27 08:00", upgrading(made))


def of_looking_after(met: Met, made: Certified) -> None:
    """Try checks and withdrawals that are not so, then what is renewed, has expired, or was withdrawn."""
    for act in (
        checking(made, document=" "),
        checking(made, held_on=date(2018, 3, 14)),
        revoking(made, ground="whim"),
        revoking(made, decided_on=date(2018, 3, 19)),
    ):
        met.at(made.office, "2018-03-28 08:00", act)
    made.open_renewal("2020-10-01 08:00")
    met.at(made.office, "2020-10-02 08:00", renewing(made))
    met.at(made.office, "2021-03-21 08:00", renewing(made, FIVE))
    met.at(
        made.office,
        "2021-03-21 08:00",
        lambda work: check_bettered(
            work,
            case := certificate_case(work.session, work.books, made.certificate(work, FIVE)),
            case.book.rule_set,
            work.now,
        ),
    )
    with made.office.at("2020-10-03 08:00") as work:
        revoking(made)(work)
    met.at(made.office, "2020-10-04 08:00", checking(made))
    met.at(made.office, "2020-10-04 08:00", renewing(made))


def test_each_refusal_about_a_certificate_cites_its_article(
    certify_with: Callable[..., Certified], office: "Office"
) -> None:
    met, made = Met(), certify_with(rules_with())
    of_the_register(met, made)
    of_issuing(met, made)
    of_bettering(met, made)
    of_looking_after(met, made)
    office.to_council()
    office.score("2018-03-12 08:00", "75", "75", "75")
    met.at(office, "2018-03-20 08:00", issuing(Certified(office), "1-1-1", FIRST))

    assert met == {code: CERTIFICATES[code] for code in CERTIFICATES if code != "no_withdrawal_grounds"}


def test_without_grounds_in_the_rule_set_nothing_is_withdrawn(certify_with: Callable[..., Certified]) -> None:
    met, made = Met(), certify_with(rules_with(), lambda rules: rules.pop("withdrawal_grounds"))
    met.at(made.office, "2018-03-20 08:00", revoking(made))

    assert met == {"no_withdrawal_grounds": CERTIFICATES["no_withdrawal_grounds"]}


def test_a_certified_result_is_not_reopened(certified: Certified) -> None:
    met, order = Met(), Reopening("99/QĐ", "UBND tỉnh", "khiếu nại")
    met.at(
        certified.office,
        "2018-03-20 08:00",
        lambda work: reopen(work, certified.office.dossier(work), order, actor=OFFICE),
    )

    assert met == CERTIFIED_RESULT


def closed(made: Certified, when: str) -> dict[CertificateAct, RefusedError]:
    with made.office.reading(when) as work:
        return closed_certificate_acts(work, made.certificate(work))


def test_what_can_be_done_with_a_certificate_follows_from_its_dates_and_acts(certified: Certified) -> None:
    """In force all is open; being renewed it is not renewed again; expired nothing is open, recorded or not (I9)."""
    assert closed(certified, "2018-03-20 08:00") == {}
    certified.open_renewal("2020-10-01 08:00")
    busy = closed(certified, "2020-10-02 08:00")
    assert {act: refusal.code for act, refusal in busy.items()} == {
        CertificateAct.RENEW: "refusal.renewing_already",
        CertificateAct.UPGRADE: "refusal.product_busy",
    }
    over = closed(certified, "2021-03-16 00:00")
    assert {act: refusal.code for act, refusal in over.items()} == {
        CertificateAct.RENEW: "refusal.renewal_expired",
        CertificateAct.UPGRADE: "refusal.upgrade_expired",
        CertificateAct.CHECK: "refusal.not_in_force",
        CertificateAct.REVOKE: "refusal.not_in_force",
    }
    assert {refusal.rule for refusal in over.values()} == {RENEWAL}
    over[CertificateAct.CHECK].language = Language.VI
    assert "giấy chứng nhận số 01/GCN hết hiệu lực" in str(over[CertificateAct.CHECK])

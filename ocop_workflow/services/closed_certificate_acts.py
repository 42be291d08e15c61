"""What can't be done to a certificate now, and why: each refusal as the act itself would tell it."""

from enum import StrEnum
from functools import partial

from ocop_workflow.errors import RefusedError
from ocop_workflow.services.certificate_facts import certificate_case
from ocop_workflow.services.certificates import check_in_force
from ocop_workflow.services.renewals import check_renewable
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.upgrades import check_bettered
from ocop_workflow.storage.tables import Certificate


class CertificateAct(StrEnum):
    """What people do with a certificate that was issued."""

    RENEW = "renew"
    UPGRADE = "upgrade"
    CHECK = "check"
    REVOKE = "revoke"


def closed_certificate_acts(work: UnitOfWork, certificate: Certificate) -> dict[CertificateAct, RefusedError]:
    """Return what can't be done to a certificate now with the refusal that it would meet; writes nothing.

    An upgrade is judged by the rule set of the office's cycle; whether a round takes it is said when it is opened.
    """
    case = certificate_case(work.session, work.books, certificate)
    checks = {
        CertificateAct.RENEW: partial(check_renewable, work, case, work.now),
        CertificateAct.UPGRADE: partial(check_bettered, work, case, case.book.rule_set, work.now),
        CertificateAct.CHECK: partial(check_in_force, case, work.now),
        CertificateAct.REVOKE: partial(check_in_force, case, work.now),
    }
    refused = {}
    for act, check in checks.items():
        try:
            check()
        except RefusedError as refusal:
            refused[act] = refusal
    return refused

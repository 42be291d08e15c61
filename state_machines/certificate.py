"""The states of a certificate. Which one holds follows from its dates and the dossier of its renewal."""

from enum import StrEnum

from state_machines.lifecycle import Lifecycle, Transition


class CertificateStatus(StrEnum):
    """What a certificate is worth."""

    VALID = "valid"
    RENEWAL_DUE = "renewal_due"
    RENEWING = "renewing"
    EXTENDED_BY_LAW = "extended_by_law"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class CertificateTrigger(StrEnum):
    """What can become of a certificate."""

    COME_DUE = "come_due"
    RENEW = "renew"
    KEEP = "keep"
    EXTEND = "extend"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    REVOKE = "revoke"


_S, _T = CertificateStatus, CertificateTrigger

IN_FORCE = (_S.VALID, _S.RENEWAL_DUE, _S.RENEWING, _S.EXTENDED_BY_LAW)
"""The states in which the product may bear its stars."""

FINAL_CERTIFICATE_STATUSES = frozenset({_S.EXPIRED, _S.SUPERSEDED, _S.REVOKED})

ENDED_BY_ACT = frozenset({_S.SUPERSEDED, _S.REVOKED})
"""The ends that no date undoes."""

TRIGGER_INTO = {
    _S.VALID: _T.KEEP,
    _S.RENEWAL_DUE: _T.COME_DUE,
    _S.RENEWING: _T.RENEW,
    _S.EXTENDED_BY_LAW: _T.EXTEND,
    _S.EXPIRED: _T.EXPIRE,
    _S.SUPERSEDED: _T.SUPERSEDE,
    _S.REVOKED: _T.REVOKE,
}
"""The one trigger that leads into each state."""


def certificate_lifecycle() -> Lifecycle:
    """Return the certificate's table.

    An end by date gives way to what happened before it and came to be known later: a renewal received in time, or a
    new certificate issued in time.
    """
    lines = [
        Transition(_T.COME_DUE, _S.VALID, _S.RENEWAL_DUE),
        Transition(_T.COME_DUE, _S.RENEWING, _S.RENEWAL_DUE),
        Transition(_T.KEEP, _S.RENEWING, _S.VALID),
        Transition(_T.RENEW, _S.VALID, _S.RENEWING),
        Transition(_T.RENEW, _S.RENEWAL_DUE, _S.RENEWING),
        Transition(_T.EXTEND, _S.RENEWING, _S.EXTENDED_BY_LAW),
        Transition(_T.EXTEND, _S.EXPIRED, _S.EXTENDED_BY_LAW),
    ]
    lines += [Transition(_T.EXPIRE, source, _S.EXPIRED) for source in IN_FORCE]
    lines += [Transition(_T.SUPERSEDE, source, _S.SUPERSEDED) for source in (*IN_FORCE, _S.EXPIRED)]
    lines += [Transition(_T.REVOKE, source, _S.REVOKED) for source in IN_FORCE]
    return Lifecycle("certificate", _S.VALID, FINAL_CERTIFICATE_STATUSES, tuple(lines))

"""Every state of a certificate with every trigger, against a list written by hand from architecture, section 5."""

from itertools import product

import pytest

from state_machines.certificate import (
    FINAL_CERTIFICATE_STATUSES,
    IN_FORCE,
    TRIGGER_INTO,
    CertificateStatus,
    CertificateTrigger,
    certificate_lifecycle,
)
from state_machines.lifecycle import TransitionNotAllowedError

ALLOWED = {
    ("valid", "come_due"): "renewal_due",
    ("valid", "renew"): "renewing",
    ("valid", "expire"): "expired",
    ("valid", "supersede"): "superseded",
    ("valid", "revoke"): "revoked",
    ("renewal_due", "renew"): "renewing",
    ("renewal_due", "expire"): "expired",
    ("renewal_due", "supersede"): "superseded",
    ("renewal_due", "revoke"): "revoked",
    ("renewing", "come_due"): "renewal_due",
    ("renewing", "keep"): "valid",
    ("renewing", "extend"): "extended_by_law",
    ("renewing", "expire"): "expired",
    ("renewing", "supersede"): "superseded",
    ("renewing", "revoke"): "revoked",
    ("extended_by_law", "expire"): "expired",
    ("extended_by_law", "supersede"): "superseded",
    ("extended_by_law", "revoke"): "revoked",
    ("expired", "extend"): "extended_by_law",
    ("expired", "supersede"): "superseded",
}


@pytest.mark.parametrize(("status", "trigger"), list(product(CertificateStatus, CertificateTrigger)))
def test_every_state_with_every_trigger(status: CertificateStatus, trigger: CertificateTrigger) -> None:
    lifecycle = certificate_lifecycle()
    expected = ALLOWED.get((status.value, trigger.value))

    if expected is None:
        with pytest.raises(TransitionNotAllowedError):
            lifecycle.fire(status, trigger)
    else:
        assert lifecycle.fire(status, trigger) == expected


def test_no_certificate_is_stuck() -> None:
    """I5: every state can be reached, and from each the end by date can."""
    assert certificate_lifecycle().faults() == ()


def test_a_certificate_is_in_force_or_ended() -> None:
    assert set(IN_FORCE) | FINAL_CERTIFICATE_STATUSES == set(CertificateStatus) == set(TRIGGER_INTO)

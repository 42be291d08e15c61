"""The mail leaves over TLS and with the login that the settings name, or not at all."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from notifications.delivery import Envelope, TemporaryDeliveryError
from notifications.smtp import SmtpEmailSender, SmtpSettings

if TYPE_CHECKING:
    from tests.notifications.smtp.conftest import Identity, Postmaster

USERNAME, PASSWORD = "ocop", "example-only"

Tls = Literal["starttls", "implicit"]


def receive_over_tls(postmaster: "Postmaster", mail: Envelope, identity: "Identity", **settings: Any) -> None:
    """Have one mail handed over to a server that wants TLS and, where the settings name a user, the one login."""

    def authenticate(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    options: dict[str, Any] = {"implicit": identity.context}
    if settings["tls"] == "starttls":
        options = {"tls_context": identity.context, "require_starttls": True}
    if "username" in settings:
        options |= {"authenticator": authenticate, "auth_required": True}

    async def scenario() -> None:
        async with (
            postmaster.serving(**options) as reached,
            SmtpEmailSender(replace(reached, **settings)) as sender,
        ):
            await sender.send(mail)

    postmaster.run(scenario)


def test_server_without_starttls_gets_no_mail(postmaster: "Postmaster", mail: Envelope) -> None:
    with pytest.raises(TemporaryDeliveryError, match="STARTTLS"):
        postmaster.receive(mail, tls="starttls")

    assert postmaster.taken == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_mail_goes_over_tls(postmaster: "Postmaster", mail: Envelope, identity: "Identity", tls: Tls) -> None:
    receive_over_tls(postmaster, mail, identity, tls=tls, cafile=identity.cafile)

    assert len(postmaster.taken) == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_server_with_an_unknown_certificate_gets_no_mail(
    postmaster: "Postmaster", mail: Envelope, identity: "Identity", tls: Tls
) -> None:
    with pytest.raises(TemporaryDeliveryError):
        receive_over_tls(postmaster, mail, identity, tls=tls)


def test_certificate_for_another_name_is_refused(
    postmaster: "Postmaster", mail: Envelope, identity: "Identity"
) -> None:
    with pytest.raises(TemporaryDeliveryError):
        receive_over_tls(postmaster, mail, identity, tls="starttls", cafile=identity.cafile, host="localhost")


def test_missing_file_of_certificates_is_temporary(postmaster: "Postmaster", mail: Envelope, tmp_path: Path) -> None:
    with pytest.raises(TemporaryDeliveryError, match="No such file"):
        postmaster.receive(mail, tls="starttls", cafile=str(tmp_path / "none.pem"))


def test_right_login_is_let_in(postmaster: "Postmaster", mail: Envelope, identity: "Identity") -> None:
    receive_over_tls(
        postmaster, mail, identity, tls="starttls", cafile=identity.cafile, username=USERNAME, password=PASSWORD
    )

    assert len(postmaster.taken) == 1


@pytest.mark.parametrize("password", ["wrong", "", None])
def test_wrong_login_is_temporary(
    postmaster: "Postmaster", mail: Envelope, identity: "Identity", password: str | None
) -> None:
    with pytest.raises(TemporaryDeliveryError) as caught:
        receive_over_tls(
            postmaster, mail, identity, tls="starttls", cafile=identity.cafile, username=USERNAME, password=password
        )

    assert caught.value.code == 535
    assert PASSWORD not in str(caught.value)


def test_login_is_never_tried_on_a_server_that_offers_none(postmaster: "Postmaster", mail: Envelope) -> None:
    with pytest.raises(TemporaryDeliveryError, match="AUTH"):
        postmaster.receive(mail, username=USERNAME, password=PASSWORD)


def test_settings_never_show_the_password() -> None:
    assert PASSWORD not in repr(SmtpSettings("mail.example", 587, username=USERNAME, password=PASSWORD))

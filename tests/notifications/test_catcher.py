"""The catcher keeps what arrives, byte for byte, whole or not at all, and only for this machine."""

import smtplib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from notifications.catcher import SIZE_AT_MOST, MailCatcher, NotLoopbackError, read_messages
from notifications.composing import notice_keys
from notifications.letter import Letter


def hand_over(port: int, *messages: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=5) as client:
        for message in messages:
            client.sendmail("ocop@tinh.invalid", ["to@xa.invalid"], message)


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_catcher_keeps_exactly_the_bytes(tmp_path: Path, letter: Letter, composed: Callable[[Letter], bytes]) -> None:
    wire = composed(letter)

    with MailCatcher(tmp_path / "mails") as catcher:
        hand_over(catcher.port, wire)

        assert catcher.count == 1
    assert kept(tmp_path / "mails") == {"000001.eml": wire}


def test_catcher_undoes_dot_stuffing_and_keeps_line_ends(tmp_path: Path) -> None:
    message = b"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nin.side\r\n\r\n \r\nlast.\r\n"

    with MailCatcher(tmp_path) as catcher:
        hand_over(catcher.port, message)

    assert kept(tmp_path) == {"000001.eml": message}


def test_catcher_keeps_bytes_that_are_not_ascii(tmp_path: Path) -> None:
    message = "Subject: x\r\n\r\nChả mực\r\n".encode()

    with MailCatcher(tmp_path) as catcher:
        hand_over(catcher.port, message)

    assert kept(tmp_path) == {"000001.eml": message}


def test_catcher_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    mails = [f"Subject: {number}\r\n\r\nx\r\n".encode() for number in range(4)]
    with MailCatcher(tmp_path) as catcher:
        hand_over(catcher.port, *mails[:2])

    with MailCatcher(tmp_path) as catcher:
        assert catcher.count == 2
        hand_over(catcher.port, *mails[2:])
        assert catcher.count == 4

    assert list(kept(tmp_path)) == ["000001.eml", "000002.eml", "000003.eml", "000004.eml"]
    assert [str(message["Subject"]) for message in read_messages(tmp_path)] == ["0", "1", "2", "3"]


def test_catcher_goes_on_after_the_highest_number_not_the_count(tmp_path: Path) -> None:
    (tmp_path / "000041.eml").write_bytes(b"Subject: old\r\n\r\n")
    (tmp_path / "notes.eml").write_bytes(b"Subject: put here by hand\r\n\r\n")

    with MailCatcher(tmp_path) as catcher:
        hand_over(catcher.port, b"Subject: new\r\n\r\nx\r\n")

        assert catcher.count == 2
    assert (tmp_path / "000042.eml").exists()


def test_message_half_written_in_a_crash_is_no_message(tmp_path: Path) -> None:
    (tmp_path / "000001.part").write_bytes(b"Subject: ha")

    with MailCatcher(tmp_path) as catcher:
        assert catcher.count == 0
        assert read_messages(tmp_path) == []
        hand_over(catcher.port, b"Subject: whole\r\n\r\nx\r\n")

    assert kept(tmp_path) == {"000001.eml": b"Subject: whole\r\n\r\nx\r\n"}


def test_message_that_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    with MailCatcher(tmp_path / "mails") as catcher:
        (tmp_path / "mails").rmdir()

        with pytest.raises(smtplib.SMTPDataError) as caught:
            hand_over(catcher.port, b"Subject: x\r\n\r\nx\r\n")

    assert caught.value.smtp_code >= 400
    assert list(tmp_path.iterdir()) == []


def test_message_cut_off_before_its_end_is_not_kept(tmp_path: Path) -> None:
    with MailCatcher(tmp_path) as catcher:
        client = smtplib.SMTP("127.0.0.1", catcher.port, local_hostname="localhost", timeout=5)
        client.ehlo()
        client.mail("ocop@tinh.invalid")
        client.rcpt("to@xa.invalid")
        client.docmd("DATA")
        client.send(b"Subject: half\r\n\r\nhal")
        client.close()
        hand_over(catcher.port, b"Subject: whole\r\n\r\nx\r\n")

    assert list(kept(tmp_path).values()) == [b"Subject: whole\r\n\r\nx\r\n"]


def test_message_beyond_the_size_is_refused(tmp_path: Path) -> None:
    line = b"x" * 998 + b"\r\n"
    with MailCatcher(tmp_path) as catcher, pytest.raises(smtplib.SMTPResponseException) as caught:
        hand_over(catcher.port, b"Subject: x\r\n\r\n" + line * (SIZE_AT_MOST // len(line) + 1))

    assert caught.value.smtp_code == 552
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1", "mail.example", "127.0.0.1.mail.example"])  # noqa: S104 -- to be refused
def test_catcher_refuses_any_host_but_this_machine(tmp_path: Path, host: str) -> None:
    with pytest.raises(NotLoopbackError, match="listens on this machine only"):
        MailCatcher(tmp_path / "mails", host=host)

    assert not (tmp_path / "mails").exists()


def test_catcher_stops_listening(tmp_path: Path) -> None:
    with MailCatcher(tmp_path) as catcher:
        port = catcher.port

    with pytest.raises(ConnectionRefusedError):
        hand_over(port, b"Subject: x\r\n\r\nx\r\n")


def test_read_messages_parses_mails_with_their_notices(
    tmp_path: Path, letter: Letter, composed: Callable[..., bytes]
) -> None:
    simulated = replace(letter, simulated=True)
    with MailCatcher(tmp_path) as catcher:
        hand_over(catcher.port, composed(simulated))

    (message,) = read_messages(tmp_path)

    assert notice_keys(message) == tuple(line.notice_key for line in letter.lines)
    assert message.defects == []


def test_catcher_keeps_many_on_one_connection(tmp_path: Path) -> None:
    with MailCatcher(tmp_path) as catcher:
        hand_over(catcher.port, *(f"Subject: {number}\r\n\r\nx\r\n".encode() for number in range(50)))

    assert [str(message["Subject"]) for message in read_messages(tmp_path)] == [str(number) for number in range(50)]

"""One rule for addresses: what a mail can carry, and what servers anywhere can find."""

import pytest

from notifications.addresses import is_address, is_public_address


@pytest.mark.parametrize("text", ["van.phong@tinh.example", "a+b@x.y.example", "o'neil@x.example"])
def test_is_address_takes_one_mailbox_in_ascii(text: str) -> None:
    assert is_address(text)
    assert is_public_address(text)


@pytest.mark.parametrize(
    "text", ["", "a@", "@x.example", "a..b@x.example", ".a@x.example", "a.@x.example", "á@x.example", "a b@x.example",
             "a@x.example, b@x.example", "a@x..example", "a@x.example\n"]
)  # fmt: skip
def test_is_address_refuses_what_no_server_takes(text: str) -> None:
    assert not is_address(text)
    assert not is_public_address(text)


def test_a_host_of_the_offices_own_network_is_no_public_address() -> None:
    assert is_address("ocop@mail")
    assert not is_public_address("ocop@mail")

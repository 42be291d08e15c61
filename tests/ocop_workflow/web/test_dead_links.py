"""Made-up, revoked and expired links answer alike, by one code path (promise I8)."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from ocop_workflow.web.app import create_app

if TYPE_CHECKING:
    from httpx2 import Response

    from tests.ocop_workflow.web.conftest import Counter


def compared(answer: "Response") -> tuple[int, dict[str, str], bytes]:
    """Return all of an answer that a reader can compare."""
    return answer.status_code, dict(answer.headers), answer.content


def test_made_up_revoked_and_expired_links_get_the_same_answer(counter: "Counter") -> None:
    """Status, headers and bytes; the server adds only the date of the answer."""
    client, revoked, expired = counter.client, counter.token("1-2-1"), counter.token("1-1-1")
    counter.revoke("1-2-1")
    counter.go_to("2019-12-01 09:00")  # the link lived 180 days beyond the horizon of 1 April 2019

    answers = [compared(client.get(f"/s/{token}")) for token in ("0" * 20 + "." + "A" * 24, revoked, expired)]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 404
    assert 'action="/s/new?lang=vi"' in answers[0][2].decode()
    assert counter.accesses() == []


@pytest.mark.parametrize(
    "pattern",
    [
        "{link}.{other_mac}",
        "{link}.{short_mac}",
        "{link}",
        "{link}.",
        "{link}.{mac}A",
        "{link}..{mac}",
        "{link}.{mac}%20",
        "{link}.{mac}%00",
        "{link}.{mac}/",
        "{upper_link}.{mac}",
        "{other_link}.{mac}",
        "%00",
        "%ff%fe",
        "%F0%9F%90%9D.%E1%BA%A5",
        "' OR 1=1 --",
        "../../etc/passwd",
        pytest.param("{link}.{mac}" + "A" * 10_000, id="over-long"),
    ],
)
def test_a_token_that_is_not_exactly_right_opens_nothing(counter: "Counter", pattern: str) -> None:
    client = counter.client
    link, _, mac = counter.token("1-1-1").partition(".")
    other_link, _, other_mac = counter.token("1-2-1").partition(".")
    token = pattern.format(
        link=link, mac=mac, other_link=other_link, other_mac=other_mac, short_mac=mac[:-1], upper_link=link.upper()
    )

    answer = compared(client.get(f"/s/{token}"))

    assert answer == compared(client.get("/s/nothing"))
    assert answer[0] == 404
    assert counter.accesses() == []


def test_a_reissued_link_kills_the_token_before(counter: "Counter") -> None:
    client, before = counter.client, counter.token()

    counter.reissue("1-1-1")

    assert client.get(f"/s/{before}").status_code == 404
    assert client.get(f"/s/{counter.token()}").status_code == 200


def test_a_rotated_key_opens_old_tokens_and_makes_new_ones(counter: "Counter") -> None:
    """Keys are a list, the newest first; a token of a key that left the list opens nothing."""
    old = counter.token()
    counter.runtime = replace(counter.runtime, link_keys=(b"n" * 32, b"k" * 32))
    new = counter.token()

    assert old != new
    assert [counter.client.get(f"/s/{token}").status_code for token in (old, new)] == [200, 200]
    counter.runtime = replace(counter.runtime, link_keys=(b"n" * 32,))
    assert [counter.client.get(f"/s/{token}").status_code for token in (old, new)] == [404, 200]


def test_a_dead_link_does_not_show_the_token_it_was_asked_with(counter: "Counter") -> None:
    token = counter.token()
    counter.revoke("1-1-1")

    answer = TestClient(create_app(counter.runtime)).get(f"/s/{token}")

    assert token not in answer.text
    assert token not in str(dict(answer.headers))

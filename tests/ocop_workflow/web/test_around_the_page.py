"""What every page has in common: its language, its headers, the style sheet, the pages without a dossier."""

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from ocop_workflow.storage.tables import Producer, Product
from ocop_workflow.web.app import create_app

if TYPE_CHECKING:
    from tests.ocop_workflow.web.conftest import Counter

PRIVATE_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "vi"),
        ("", "en-GB,en;q=0.9", "vi"),  # the recipient's own language comes before the browser's
        ("?lang=en", "", "en"),
        ("?lang=xx", "", "vi"),
    ],
)
def test_status_speaks_the_language_asked_for_or_the_recipients(
    counter: "Counter", query: str, accepted: str, language: str
) -> None:
    answer = counter.client.get(f"/s/{counter.token()}{query}", headers={"accept-language": accepted})

    assert f'<html lang="{language}">' in answer.text
    assert ("Whose turn" in answer.text) == (language == "en")


def test_status_speaks_english_to_a_producer_who_chose_it(counter: "Counter") -> None:
    with counter.office.at("2018-03-01 08:00") as work:
        product = work.session.get_one(Product, counter.office.dossier(work).product_id)
        producer = work.session.get_one(Producer, product.producer_id)
        producer.language = "en"
        work.session.add(producer)

    answer = counter.client.get(f"/s/{counter.token()}")

    assert '<html lang="en">' in answer.text
    assert '<a href="?lang=vi" lang="vi" hreflang="vi">Tiếng Việt</a>' in answer.text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "vi"),
        ("en-GB,en;q=0.9", "en"),
        ("fr, en;q=0.2, vi;q=0.9", "vi"),
        ("en;q=0", "vi"),
        ("en;q=nonsense", "vi"),
        ("fr", "vi"),
    ],
)
def test_pages_without_a_recipient_follow_the_browsers_language(
    counter: "Counter", accepted: str, language: str
) -> None:
    answer = counter.client.get("/", headers={"accept-language": accepted})

    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize("path", ["/", "/healthz", "/s/nothing", "/nowhere", "/s/{token}", "/s/{token}?lang=en"])
def test_every_page_forbids_keeping_indexing_framing_and_passing_on(counter: "Counter", path: str) -> None:
    answer = counter.client.get(path.format(token=counter.token()))

    assert {name: answer.headers[name] for name in PRIVATE_HEADERS} == PRIVATE_HEADERS


def test_a_failure_is_answered_with_a_page_of_the_same_headers(counter: "Counter") -> None:
    path = f"/s/{counter.token()}"
    with counter.office.at("2018-03-01 08:00") as work:
        dossier = counter.office.dossier(work)
        dossier.stage = "unknown"
        work.session.add(dossier)

    answer = TestClient(create_app(counter.runtime), raise_server_exceptions=False).get(path)

    assert answer.status_code == 500
    assert "Trang đang gặp lỗi" in answer.text
    assert {name: answer.headers[name] for name in PRIVATE_HEADERS} == PRIVATE_HEADERS


def test_home_says_what_this_is_and_names_no_dossier(counter: "Counter") -> None:
    page = counter.client.get("/").text

    assert "<h1>Theo dõi hồ sơ OCOP</h1>" in page
    assert "Mật ong" not in page


def test_healthz_answers_ok(counter: "Counter") -> None:
    answer = counter.client.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok")


def test_docs_of_the_framework_are_off(counter: "Counter") -> None:
    assert [counter.client.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3


def test_style_is_kept_by_browsers_and_confirmed_by_its_tag(counter: "Counter") -> None:
    first = counter.client.get("/static/style.css")

    again = counter.client.get("/static/style.css", headers={"if-none-match": first.headers["etag"]})

    assert first.headers["content-type"] == "text/css; charset=utf-8"
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (again.status_code, again.content) == (304, b"")
    assert f"/static/style.css?v={first.headers['etag'].strip(chr(34))}" in counter.client.get("/").text

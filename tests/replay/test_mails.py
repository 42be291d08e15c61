"""Every mail of a replayed year, read back from its file and compared with what the database says."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from notifications.catalogue import Language, translate
from notifications.catcher import read_messages
from notifications.composing import notice_keys
from notifications.letter import LineKind
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.runtime import Runtime, open_runtime
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.letters import act_of, subject_of
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.storage.tables import Cycle, Dossier, Mail, Notice, Obligation, Product, Report, StatusLink
from ocop_workflow.web.app import create_app

DATES = re.compile(r"\b\d\d/\d\d/\d{4}\b")
LINKS = re.compile(r"http://127\.0\.0\.1:8000(/s/[A-Za-z0-9_.-]+)")


@dataclass(frozen=True)
class Said:
    """What the database says that a notice says; `others` are the days besides its own that a body may name.

    Those are the day on which an overdue dossier would lapse, the day of the return that asks for more, and the last
    valid day of a certificate.
    """

    day: date
    act: str | None
    subject_id: str
    others: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Archive:
    """A year's mails with what stands behind them."""

    messages: list[EmailMessage]
    said: dict[str, dict[Language, Said]]
    languages: dict[str, Language]
    products: dict[str, str]
    folder: Path


@pytest.fixture
def archive(reference_folder: Callable[[str], Path], year: str) -> Archive:
    """The mails of the undisturbed year."""
    folder = reference_folder(year)
    said: dict[str, dict[Language, Said]] = {}
    with open_runtime(folder) as runtime, runtime.database.reading() as session:
        book = RulebookShelf().of_cycle(session, cycles_of(session)[0])
        for notice in session.exec(select(Notice)):
            completion = completion_asked_by(session, notice)
            if notice.obligation_id is None and completion is None:
                last_on = notice.params.get("last_on")
                day = date.fromisoformat(last_on) if last_on else local_day(notice.moment_at)
                valid = notice.params.get("last_valid_on")
                others = frozenset({date.fromisoformat(valid)} if valid else ())
                said[notice.key] = dict.fromkeys(Language, Said(day, None, notice.subject_id, others))
                continue
            owed = completion or session.get_one(Obligation, notice.obligation_id)
            act = act_of(book, owed, subject_of(session, owed.kind, owed.subject_id))
            assert owed.due_at is not None
            named = {local_day(notice.moment_at)} if completion else set()
            if notice.line_kind == LineKind.OVERDUE and owed.lapse_at is not None and owed.party == notice.recipient:
                named.add(last_day_in_time(owed.lapse_at))
            said[notice.key] = {
                language: Said(
                    last_day_in_time(owed.due_at),
                    translate(language, act.code, act.params),
                    owed.subject_id,
                    frozenset(named),
                )
                for language in Language
            }
        languages = {mail.message_id: Language(mail.language) for mail in session.exec(select(Mail))}
        products = {d.id: session.get_one(Product, d.product_id).name for d in session.exec(select(Dossier))}
    return Archive(read_messages(folder / "mail"), said, languages, products, folder)


def completion_asked_by(session: Session, notice: Notice) -> Obligation | None:
    """Return what the news of a return asks of its reader; None for every other notice."""
    if notice.code != "news.returned":
        return None
    event = notice.key.partition("|")[0].rpartition("/")[2]
    query = select(Obligation).where(
        col(Obligation.subject_id) == notice.subject_id,
        col(Obligation.party) == notice.recipient,
        col(Obligation.key).endswith(f"/completion/{event}"),
    )
    return session.exec(query).first()


def bodies(message: EmailMessage) -> tuple[str, str]:
    """Return the text part and the HTML part."""
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    assert all(parts)
    plain, html = (part.get_content() for part in parts if part is not None)
    return plain, html


def test_mails_parse_without_defects_in_utf8_and_nfc(archive: Archive) -> None:
    for message in archive.messages:
        texts = [str(message["Subject"]), *bodies(message)]

        assert [part.defects for part in message.walk() if part.defects] == []
        assert {part.get_content_charset() for part in message.walk() if not part.is_multipart()} == {"utf-8"}
        assert all(unicodedata.is_normalized("NFC", text) for text in texts)


def test_subjects_hold_the_act_the_earliest_date_and_the_count(archive: Archive) -> None:
    """What was extended after it was said keeps the date that was true then, so such lines are left out."""
    for message in archive.messages:
        subject = str(message["Subject"])
        language = archive.languages[message["Message-ID"]]
        lines = [archive.said[key][language] for key in notice_keys(message)]
        if any("|v1|" in key and key.replace("|v1|", "|v2|") in archive.said for key in notice_keys(message)):
            continue

        owed = [line for line in lines if line.act is not None]
        assert f"{min(line.day for line in owed or lines):%d/%m/%Y}" in subject
        if len(lines) > 1:
            assert str(len(lines)) in subject.split(" ", maxsplit=1)[0]
        assert not owed or any(str(line.act) in subject for line in owed)


def test_dates_in_bodies_are_the_last_days_in_time(archive: Archive) -> None:
    for message in archive.messages:
        language = archive.languages[message["Message-ID"]]
        said = [archive.said[key][language] for key in notice_keys(message)]
        expected = {f"{day:%d/%m/%Y}" for line in said for day in (line.day, *line.others)}
        for body in bodies(message):
            assert set(DATES.findall(body)) <= expected or "|v1|" in str(message["X-OCOP-Notices"])


def test_every_notice_that_was_sent_stands_in_exactly_one_mail(archive: Archive) -> None:
    listed = [key for message in archive.messages for key in notice_keys(message)]
    with open_runtime(archive.folder) as runtime, runtime.database.reading() as session:
        sent = {notice.key for notice in session.exec(select(Notice)) if notice.status == "sent"}

    assert len(listed) == len(set(listed))
    assert set(listed) == sent


def reporters_by_link(runtime: Runtime) -> dict[str, set[str]]:
    """Return the names of the reporting unit by the id of each link to a report."""
    with runtime.database.reading() as session:
        found = {}
        for link, report in session.exec(select(StatusLink, Report).where(StatusLink.report_id == Report.id)):
            book = runtime.books.of_cycle(session, session.get_one(Cycle, report.cycle_id))
            found[link.id] = set(book.units.unit(report.unit_id).name.model_dump().values())
        return found


def test_every_link_answers_and_names_its_product(archive: Archive) -> None:
    """Each producer's lines link to their own dossier, whose page names its product; a report's names its unit."""
    seen: dict[str, set[str]] = {}
    for message in archive.messages:
        language = archive.languages[message["Message-ID"]]
        subjects = {archive.said[key][language].subject_id for key in notice_keys(message)}
        for path in LINKS.findall(bodies(message)[0]):
            seen.setdefault(path, set()).update(archive.products[s] for s in subjects if s in archive.products)
    with open_runtime(archive.folder) as runtime, TestClient(create_app(runtime)) as client:
        reporters = reporters_by_link(runtime)
        for path, products in seen.items():
            page = client.get(path)
            names = reporters.get(path.removeprefix("/s/").partition(".")[0], products)

            assert page.status_code == 200
            assert any(name in page.text for name in names)
    assert len(seen) > 5
    assert reporters


def test_stored_copies_hold_no_token(archive: Archive) -> None:
    with open_runtime(archive.folder) as runtime, runtime.database.reading() as session:
        stored = [mail.message for mail in session.exec(select(Mail)) if mail.message is not None]
    tokens = {path for message in archive.messages for path in LINKS.findall(bodies(message)[0])}

    assert stored
    for token in tokens:
        assert not any(token.removeprefix("/s/").encode() in message for message in stored)

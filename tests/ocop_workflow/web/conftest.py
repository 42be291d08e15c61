"""The pages over the small office: a live data folder whose clock is set by the test."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import SQLModel, select

from ocop_workflow.clock import OFFICE_ZONE, SetClock
from ocop_workflow.runtime import Runtime
from ocop_workflow.services.installation import LIVE, SIMULATED, create_installation
from ocop_workflow.services.links import links_of, reissue_link, revoke_link, token_of
from ocop_workflow.services.unit_of_work import SeededIds
from ocop_workflow.settings import Settings
from ocop_workflow.storage.tables import LinkAccess, Notice, StatusLink
from ocop_workflow.web.app import create_app

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OPENED_AT = "2018-01-02 07:30"
NOW = "2018-03-20 09:00"


@dataclass
class Counter:
    """Where a reader stands: the office, its pages, and short ways to its links."""

    office: "Office"
    runtime: Runtime
    clock: SetClock

    @property
    def client(self) -> TestClient:
        """Return a new application, asked as a browser would."""
        return TestClient(create_app(self.runtime))

    def token(self, number: str = "1-1-1") -> str:
        """Return the token of a dossier's link."""
        return token_of(self.link(number), self.runtime.link_keys)

    def link(self, number: str = "1-1-1") -> StatusLink:
        with self.office.reading() as work:
            return links_of(work.session, self.office.dossier(work, number).id)[0]

    def revoke(self, number: str) -> None:
        with self.office.at(self.clock.at) as work:
            revoke_link(work, links_of(work.session, self.office.dossier(work, number).id)[0], actor="coast/office")

    def reissue(self, number: str) -> None:
        with self.office.at(self.clock.at) as work:
            reissue_link(work, links_of(work.session, self.office.dossier(work, number).id)[0], actor="coast/office")

    def go_to(self, when: str) -> None:
        """Set the machine's clock to a local time."""
        self.clock.at = _instant(when)

    def accesses(self) -> list[str]:
        """Return the links that were fetched, in order."""
        with self.office.reading() as work:
            return [access.link_id for access in work.session.exec(select(LinkAccess).order_by("id"))]

    def link_notices(self) -> list[Notice]:
        """Return the planned mails with links."""
        with self.office.reading() as work:
            return list(work.session.exec(select(Notice).where(Notice.code == "news.link").order_by("key")))

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table."""
        with self.office.reading() as work:
            return {
                name: [tuple(row) for row in work.session.execute(table.select())]
                for name, table in SQLModel.metadata.tables.items()
            }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def _counter(office: "Office", folder: Path, mode: str) -> Counter:
    clock = SetClock(_instant(NOW))
    with office.database.transaction() as session:
        create_installation(session, mode=mode, seed="test" if mode == SIMULATED else None, now=_instant(OPENED_AT))
    keys = (b"k" * 32,)
    runtime = Runtime(folder, Settings(), office.database, mode, clock, SeededIds("test"), keys, office.books)
    return Counter(office, runtime, clock)


@pytest.fixture
def counter(office: "Office", tmp_path: Path) -> Counter:
    """The pages of a live folder on 20 March 2018 at 09:00."""
    return _counter(office, tmp_path, LIVE)


@pytest.fixture
def simulated_counter(office: "Office", tmp_path: Path) -> Counter:
    """The pages of a simulated folder, whose time stands at the opening of the cycle."""
    return _counter(office, tmp_path, SIMULATED)

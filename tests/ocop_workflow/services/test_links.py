"""Status links: derived tokens, their end, keys that rotate (promise I8)."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlmodel import SQLModel, select

from ocop_workflow.clock import start_of_day
from ocop_workflow.services.events import events_of
from ocop_workflow.services.links import (
    issue_link,
    links_of,
    log_access,
    open_link,
    reissue_link,
    revoke_link,
    token_of,
)
from ocop_workflow.storage.tables import LinkAccess

if TYPE_CHECKING:
    from datetime import datetime

    from ocop_workflow.services.unit_of_work import UnitOfWork
    from ocop_workflow.storage.tables import StatusLink
    from tests.ocop_workflow.conftest import Office

OLD, NEW = b"o" * 32, b"n" * 32
NOON = "2018-03-20 12:00"


def link_of(office: "Office", work: "UnitOfWork", number: str = "1-1-1") -> "StatusLink":
    return links_of(work.session, office.dossier(work, number).id)[0]


def opened(work: "UnitOfWork", token: str, *keys: bytes, now: "datetime | None" = None) -> str | None:
    """Return the id of the link that a token opens."""
    link = open_link(work.session, token, keys=keys or (OLD,), now=now or work.now)
    return link.id if link else None


def test_issue_link_outlives_the_cycles_horizon_by_180_days(office: "Office") -> None:
    """The plan runs until 1 April 2019; 180 days later is 28 September."""
    with office.reading() as work:
        assert link_of(office, work).expires_at == start_of_day(date(2019, 9, 28))


def test_issue_link_gives_a_second_party_a_link_of_its_own(office: "Office") -> None:
    with office.at(NOON) as work:
        second = issue_link(work, office.dossier(work), recipient="hill/ocop_team", actor="coast/coordination_office")
        links = links_of(work.session, office.dossier(work).id)

        assert [link.id for link in links] == [link_of(office, work).id, second.id]
        assert opened(work, token_of(second, (OLD,))) == second.id
        assert token_of(second, (OLD,)) != token_of(links[0], (OLD,))


def test_token_of_uses_the_newest_key_and_open_link_takes_every_key_of_the_list(office: "Office") -> None:
    with office.reading(NOON) as work:
        link = link_of(office, work)
        before, after = token_of(link, (OLD,)), token_of(link, (NEW, OLD))

        assert before != after
        assert [opened(work, token, NEW, OLD) for token in (before, after)] == [link.id, link.id]
        assert [opened(work, token, NEW) for token in (before, after)] == [None, link.id]


def test_open_link_ends_at_the_instant_of_expiry(office: "Office") -> None:
    with office.reading(NOON) as work:
        link = link_of(office, work)
        token, end = token_of(link, (OLD,)), link.expires_at

        assert opened(work, token, now=end - timedelta(microseconds=1)) == link.id
        assert opened(work, token, now=end) is None


def test_open_link_refuses_a_revoked_link_until_it_is_issued_anew(office: "Office") -> None:
    with office.at(NOON) as work:
        link = link_of(office, work)
        old = token_of(link, (OLD,))
        revoke_link(work, link, actor="coast/coordination_office")
        assert opened(work, old) is None

        reissue_link(work, link, actor="coast/coordination_office")

        assert opened(work, old) is None
        assert opened(work, token_of(link, (OLD,))) == link.id


@pytest.mark.parametrize("token", ["", ".", "..", "nothing", "é.ấ", "'; DROP TABLE status_link; --", "x" * 100_000])
def test_open_link_opens_nothing_for_what_is_no_token(office: "Office", token: str) -> None:
    with office.reading(NOON) as work:
        assert opened(work, token) is None


def test_open_link_refuses_the_mac_of_another_link(office: "Office") -> None:
    with office.reading(NOON) as work:
        mine, other = link_of(office, work), link_of(office, work, "1-2-1")

        assert opened(work, f"{mine.id}.{token_of(other, (OLD,)).partition('.')[2]}") is None


def test_links_are_events_of_their_dossier_and_no_table_holds_a_token(office: "Office") -> None:
    """I1 and I8: issued, revoked and reissued are recorded; what opens the page is derived each time."""
    with office.at(NOON) as work:
        link = link_of(office, work)
        revoke_link(work, link, actor="coast/coordination_office")
        reissue_link(work, link, actor="coast/coordination_office")
        log_access(work.session, link, now=work.now)
        macs = [token_of(link, (key,)).partition(".")[2] for key in (OLD, NEW)]

    with office.reading() as work:
        actions = [event.action for event in events_of(work.session, f"dossier:{office.dossier(work).id}")]
        stored = str(
            [list(work.session.execute(table.select())) for table in SQLModel.metadata.tables.values()],
        )
    assert actions[-3:] == ["link_issued", "link_revoked", "link_reissued"]
    assert not [mac for mac in macs if mac in stored]


def test_log_access_writes_down_each_fetch(office: "Office") -> None:
    with office.at(NOON) as work:
        link = link_of(office, work)
        log_access(work.session, link, now=work.now)
        log_access(work.session, link, now=work.now + timedelta(minutes=1))

    with office.reading() as work:
        accesses = list(work.session.exec(select(LinkAccess)))
        assert [access.link_id for access in accesses] == [link_of(office, work).id] * 2
        assert accesses[1].fetched_at - accesses[0].fetched_at == timedelta(minutes=1)

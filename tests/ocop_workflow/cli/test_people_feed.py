"""`ocop people feed`: the private address of an official's calendar, revoked and issued anew (issue item 11)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import select

from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.events import events_of
from ocop_workflow.services.feed_links import open_feed_link
from ocop_workflow.storage.tables import Official

if TYPE_CHECKING:
    from tests.ocop_workflow.cli.conftest import Run

TEAM = "ba-che/ocop_team"


def opens(office: Path, printed: str) -> str | None:
    """Return whose calendar a printed address opens."""
    token = printed.strip().rpartition("/f/")[2].removesuffix(".ics")
    with open_runtime(office) as runtime, runtime.database.reading() as session:
        link = open_feed_link(session, token, keys=runtime.link_keys, now=runtime.business_now())
        return session.get_one(Official, link.official_id).name if link else None


def holder(ocop: "Run", office: Path) -> str:
    listed = json.loads(ocop("people", "list", "--data", office, "--json").out)
    return next(str(row["name"]) for row in listed if row["position"] == TEAM)


def test_feed_prints_one_address_for_a_person_by_position_name_or_mail_address(ocop: "Run", office: Path) -> None:
    name = holder(ocop, office)
    with open_runtime(office) as runtime, runtime.database.reading() as session:
        email = session.exec(select(Official.email).where(Official.name == name)).one()

    printed = [ocop("people", "feed", reference, "--data", office) for reference in (TEAM, name, email)]

    assert {ran.code for ran in printed} == {0}
    assert len({ran.out for ran in printed}) == 1
    assert printed[0].out.strip().endswith(".ics")
    assert opens(office, printed[0].out) == name


def test_feed_address_can_be_revoked_and_issued_anew_each_recorded(ocop: "Run", office: Path) -> None:
    """I1: an act of the office each; printing the address again is none."""
    first = ocop("people", "feed", TEAM, "--data", office).out
    ocop("people", "feed", TEAM, "--data", office)
    revoked = ocop("people", "feed", TEAM, "--revoke", "--data", office)

    assert "is revoked; --reissue makes a new one" in revoked.out
    assert opens(office, first) is None
    refused = ocop("people", "feed", TEAM, "--data", office)
    assert (refused.code, "--reissue makes a new one" in refused.err) == (2, True)
    second = ocop("people", "feed", TEAM, "--reissue", "--data", office).out
    assert opens(office, first) is None
    assert opens(office, second) is not None

    with open_runtime(office) as runtime, runtime.database.reading() as session:
        events = events_of(session, f"feed:{second.rpartition('/')[2].partition('.')[0]}")
        assert [event.action for event in events] == ["link_issued", "link_revoked", "link_reissued"]
        assert {event.actor for event in events} == {"quang-ninh/coordination_office"}
    assert ocop("audit", "verify", "--data", office).code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ba-che/nobody",), "nobody holds 'ba-che/nobody' on "),
        (("Nobody",), "no official is called 'Nobody'; give the position UNIT/ROLE or the address"),
        ((TEAM, "--revoke"), "has no calendar address, so there is nothing to revoke"),
        ((TEAM, "--revoke", "--reissue"), "give --revoke or --reissue, not both"),
    ],
)
def test_feed_says_who_is_not_meant(ocop: "Run", office: Path, arguments: tuple[str, ...], sentence: str) -> None:
    refused = ocop("people", "feed", *arguments, "--data", office)

    assert refused.code == 2
    assert sentence in refused.err

"""Dossiers by command: list, show, submit, receive, return, decide, extend, withdraw."""

import json
from pathlib import Path
from typing import Any

import pytest

AT = "2018-03-0{}T09:00"


@pytest.fixture
def submitted(ocop: Any, office: Path) -> Path:
    """The folder with dossier 1-1-1 submitted and received."""
    assert ocop("dossier", "submit", "1-1-1", "--data", office, "--at", "2018-03-05T09:00").code == 0
    assert ocop("dossier", "receive", "1-1-1", "--data", office, "--at", "2018-03-06T09:00").code == 0
    return office


def show(ocop: Any, office: Path, reference: str = "1-1-1") -> dict[str, Any]:
    """Return what `dossier show --json` prints."""
    found: dict[str, Any] = json.loads(ocop("dossier", "show", reference, "--data", office, "--json").out)
    return found


def test_list_shows_all_dossiers_with_whose_move_it_is(ocop: Any, office: Path) -> None:
    """Three chains with two, two and one forms and two, one and two producers: 4 + 2 + 2 products."""
    listed = json.loads(ocop("dossier", "list", "--data", office, "--json").out)

    assert len(listed) == 8
    assert {row["status"] for row in listed} == {"awaiting_submission"}
    assert {row["due_at"] for row in listed} == {"2018-03-15T00:00:00+07:00"}
    assert "8 dossiers" in ocop("dossier", "list", "--data", office).out


def test_list_late_names_only_what_is_past_its_date(ocop: Any, office: Path) -> None:
    """The last day in time is 14 March; a tick on the 15th moves the simulated folder's time there."""
    assert "0 dossiers" in ocop("dossier", "list", "--late", "--data", office).out
    ocop("run", "enforce-deadlines", "--at", "2018-03-15T07:30", "--data", office)

    assert "8 dossiers" in ocop("dossier", "list", "--late", "--data", office).out


def test_submit_and_receive_open_the_decision_with_its_date(ocop: Any, submitted: Path) -> None:
    """Three working days after the receipt on Tuesday 6 March end on Friday 9 March."""
    shown = show(ocop, submitted)

    assert (shown["stage"], shown["status"]) == ("idea_registration", "received")
    assert [(o["step"], o["due_at"]) for o in shown["obligations"]] == [("decision", "2018-03-10T00:00:00+07:00")]
    assert [e["action"] for e in shown["events"]][-2:] == ["dossier_submitted", "dossier_received"]
    assert shown["events"][-1]["details"]["receipt_number"] == "0001/2018"


def test_return_and_submit_again_come_back_to_the_review(ocop: Any, submitted: Path) -> None:
    returned = ocop(
        "dossier", "return", "1-1-1", "--item", "phiếu kiểm nghiệm", "--data", submitted, "--at", "2018-03-07T09:00"
    )
    assert (returned.code, show(ocop, submitted)["status"]) == (0, "returned")
    ocop("dossier", "submit", "1-1-1", "--data", submitted, "--at", "2018-03-08T09:00")

    assert show(ocop, submitted)["status"] == "under_review"


def test_decide_by_verdict_moves_on_to_the_next_stage(ocop: Any, submitted: Path) -> None:
    decided = ocop(
        "dossier", "decide", "1-1-1", "--verdict", "accepted", "--data", submitted, "--at", "2018-03-07T09:00"
    )

    assert decided.code == 0
    assert "business_plan: awaiting_submission" in decided.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("submit", "9-9-9"), "no dossier matches '9-9-9'"),
        (("submit", "1-1"), "no dossier matches '1-1'"),
        (
            ("decide", "1-1-1", "--verdict", "accepted"),
            "a dossier that is idea_registration:awaiting_submission cannot conclude",
        ),
        (("receive", "1-1-1"), "possible here: submit, withdraw, lapse"),
        (("submit", "1-1-1", "--as", "ha-long/ocop_team"), "ha-long/ocop_team may not submit this dossier"),
        (("submit", "1-1-1", "--at", "yesterday"), "'yesterday' is no instant"),
        (("submit", "1-1-1", "--at", "2018-02-01T00:00"), "business time never goes back"),
        (("decide", "1-1-1", "--sheet", "m1=30/20"), "is no score sheet; write MEMBER=POINTS for A/B/C"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(
    ocop: Any, office: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = ocop("dossier", *arguments, "--data", office)

    assert ran.code == 2
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_refused_command_changes_nothing(ocop: Any, office: Path) -> None:
    before = show(ocop, office)
    ocop("dossier", "receive", "1-1-1", "--data", office, "--at", "2018-03-05T09:00")

    assert show(ocop, office) == before


def test_extend_gives_a_later_last_day_and_is_on_record(ocop: Any, office: Path) -> None:
    extended = ocop(
        "dossier",
        "extend",
        "1-1-1",
        "--to",
        "20/03/2018",
        "--reason",
        "mưa bão",
        "--decision",
        "7/QĐ",
        "--data",
        office,
        "--at",
        "2018-03-05T09:00",
    )
    shown = show(ocop, office)

    assert extended.code == 0
    assert shown["obligations"][0]["due_at"] == "2018-03-21T00:00:00+07:00"
    assert (shown["events"][-1]["action"], shown["events"][-1]["rule"]) == ("deadline_extended", "7/QĐ")


def test_council_sheets_decide_by_the_exact_mean(ocop: Any, submitted: Path) -> None:
    """Three members with 50, 50 and 49.5: the mean 49.8333 is below 50 and is not rounded up."""
    day = 7
    for stage in range(3):
        if stage:
            ocop("dossier", "submit", "1-1-1", "--data", submitted, "--at", f"2018-03-{day:02d}T08:30")
            ocop("dossier", "receive", "1-1-1", "--data", submitted, "--at", f"2018-03-{day:02d}T08:45")
        ocop(
            "dossier",
            "decide",
            "1-1-1",
            "--verdict",
            "accepted",
            "--data",
            submitted,
            "--at",
            f"2018-03-{day:02d}T09:00",
        )
        day += 1
    ocop("dossier", "submit", "1-1-1", "--data", submitted, "--at", f"2018-03-{day:02d}T08:30")
    ocop("dossier", "receive", "1-1-1", "--data", submitted, "--at", f"2018-03-{day:02d}T08:45")
    sheets = ("--sheet", "a=20/15/15", "--sheet", "b=20/15/15", "--sheet", "c=20/15/14.5")
    decided = ocop("dossier", "decide", "1-1-1", *sheets, "--data", submitted, "--at", f"2018-03-{day:02d}T10:00")
    shown = show(ocop, submitted)

    assert "rated_uncertified" in decided.out
    assert (shown["mean"], shown["stars"]) == ("299/6", 2)


def test_withdraw_ends_the_dossier(ocop: Any, office: Path) -> None:
    withdrawn = ocop("dossier", "withdraw", "2-1-1", "--data", office, "--at", "2018-03-05T09:00")

    assert "withdrawn" in withdrawn.out
    assert show(ocop, office, "2-1-1")["obligations"] == []

"""Dossiers by command: list, show, submit, receive, return, decide, withdraw, and extend."""

import json
import re
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from ocop_workflow.cli.output import natural_order
from ocop_workflow.clock import at_local
from ocop_workflow.runtime import create_data_folder, open_runtime
from ocop_workflow.services.dossiers import find_dossier
from ocop_workflow.services.installation import SIMULATED
from ocop_workflow.services.links import open_link
from ocop_workflow.services.status_page import StatusPage, status_page
from ocop_workflow.storage.tables import EventText

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
            "the dossier is “Awaiting submission” and can't take `decide`; possible here: submit,",
        ),
        (("receive", "1-1-1"), "possible here: submit, withdraw"),
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


def test_a_refused_command_changes_nothing_and_is_on_record(ocop: Any, office: Path) -> None:
    """Nor does it move the simulated folder's time from 1 March to the day that it named."""
    before = show(ocop, office)
    ocop("dossier", "receive", "1-1-1", "--data", office, "--at", "2018-03-05T09:00")
    after = show(ocop, office)

    *earlier, refused = after["events"]
    assert earlier == before["events"]
    assert after == {**before, "version": before["version"] + 1, "events": after["events"]}
    assert (refused["action"], refused["actor"], refused["at"][:10]) == (
        "act_refused",
        "quang-ninh/coordination_office",
        "2018-03-01",
    )
    assert refused["details"] == {"command": "dossier receive", "code": "refusal.not_open"}
    assert refused["sentence"].endswith(f"({refused['rule']})")
    assert ocop("audit", "verify", "--data", office).code == 0


def test_the_history_tells_a_refusal_by_rule_and_article_in_the_readers_language(ocop: Any, office: Path) -> None:
    """The producer asks tomorrow why the submission was refused; the office reads it off the dossier."""
    ocop("dossier", "receive", "1-1-1", "--data", office)

    for language, words in (
        ("en", ("Refused `dossier receive`", "possible here: submit", "(quang-ninh-2017: item III.3.2)")),
        ("vi", ("Từ chối `dossier receive`", "chưa thể tiếp nhận", "(quang-ninh-2017: mục III.3.2)")),
    ):
        shown = ocop("dossier", "show", "1-1-1", "--data", office, "--language", language).out
        history = " ".join(re.sub(r"[│┃|]", " ", shown).split())
        assert [word for word in words if word not in history] == [], history


def test_a_refusal_whose_words_were_erased_still_names_its_rule(ocop: Any, office: Path) -> None:
    ocop("dossier", "receive", "1-1-1", "--data", office)
    with open_runtime(office) as runtime, runtime.database.transaction() as session:
        session.delete(session.exec(select(EventText)).one())

    refused = show(ocop, office)["events"][-1]
    assert refused["sentence"] == "quang-ninh-2017: item III.3.2"
    assert "Refused `dossier receive`" in ocop("dossier", "show", "1-1-1", "--data", office).out
    assert ocop("audit", "verify", "--data", office).code == 0


def test_of_several_dossiers_the_refused_one_has_the_record(ocop: Any, office: Path) -> None:
    """All or none: the first one's submission is undone with the second one's refusal, which alone is recorded."""
    ocop("dossier", "withdraw", "1-1-2", "--data", office)
    assert ocop("dossier", "submit", "1-1-1", "1-1-2", "--data", office).code == 2

    assert [event["action"] for event in show(ocop, office, "1-1-2")["events"]][-1] == "act_refused"
    assert "act_refused" not in [event["action"] for event in show(ocop, office, "1-1-1")["events"]]
    assert show(ocop, office, "1-1-1")["status"] == "awaiting_submission"


def test_extend_gives_a_later_last_day_and_is_on_record(ocop: Any, office: Path) -> None:
    extended = ocop(
        "extend",
        "--yes",
        "--dossier",
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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--status", "receive"), 'unknown status "receive"; did you mean "received"? known are awaiting_submission,'),
        (("--stage", "busines_plan"), 'unknown stage "busines_plan"; did you mean "business_plan"? known are'),
        (("--party", "ba-che/ocop_tem"), 'unknown position "ba-che/ocop_tem"; did you mean "ba-che/ocop_team"?'),
        (("--unit", "ba-che1"), 'unknown unit "ba-che1"; did you mean "ba-che"?'),
        (("--cycle", "spring/2019"), "no cycle 'spring/2019'; here are spring/2018"),
    ],
)
def test_list_refuses_words_that_it_does_not_know(
    ocop: Any, office: Path, arguments: tuple[str, str], sentence: str
) -> None:
    refused = ocop("dossier", "list", *arguments, "--data", office)

    assert refused.code == 2
    assert sentence in refused.err


def test_list_by_party_is_what_the_party_owes_now(ocop: Any, submitted: Path) -> None:
    """1-1-1 waits for the district's decision; the others for their producers."""
    listed = json.loads(ocop("dossier", "list", "--party", "ba-che/ocop_team", "--data", submitted, "--json").out)

    assert [row["key"].rpartition("/")[2] for row in listed] == ["1-1-1"]


def test_list_by_unit_takes_the_units_in_it(ocop: Any, office: Path) -> None:
    def count(unit: str) -> int:
        return len(json.loads(ocop("dossier", "list", "--unit", unit, "--data", office, "--json").out))

    assert (count("ba-che"), count("ha-long"), count("quang-ninh")) == (4, 2, 8)


def test_list_fits_80_columns_without_cutting_words(ocop: Any, office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocop_workflow.cli.output.console._width", 80)
    shown = ocop("dossier", "list", "--data", office, "--language", "vi").out

    assert "…" not in shown
    assert "chủ thể" in shown  # whose move it is; the producers' names are left out
    assert "HTX Một" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "8 hồ sơ, lúc " in shown


def test_list_sorts_numbers_as_people_count() -> None:
    assert sorted(["p/10-1-1", "p/2-1-1", "p/1-2-1", "p/1-1-10"], key=natural_order) == [
        "p/1-1-10",
        "p/1-2-1",
        "p/2-1-1",
        "p/10-1-1",
    ]


def test_show_speaks_vietnamese(ocop: Any, submitted: Path) -> None:
    shown = ocop("dossier", "show", "1-1-1", "--data", submitted, "--language", "vi").out

    assert "Đăng ký ý tưởng sản phẩm: Đã tiếp nhận" in shown
    assert "Tổ OCOP" in shown
    assert "Việc đang chờ" in shown
    assert "awaiting_submission" not in shown


def test_several_dossiers_are_received_at_once_or_none(ocop: Any, office: Path) -> None:
    at = ("--data", office, "--at", "2018-03-05T09:00")
    refused = ocop("dossier", "submit", "1-1-1", "9-9-9", *at)
    assert (refused.code, show(ocop, office)["status"]) == (2, "awaiting_submission")
    submitted = ocop("dossier", "submit", "1-1-1", "1-1-2", *at)
    received = ocop("dossier", "receive", "1-1-1", "1-1-2", *at)

    assert (submitted.code, received.code) == (0, 0)
    assert len(received.out.splitlines()) == 2
    assert "is now idea_registration: received (Ba kích – Rượu ba kích, HTX Một)" in received.out
    assert "a receipt number belongs to one dossier" in ocop("dossier", "receive", "1", "2", "--number", "7", *at).err


def test_decide_declined_needs_a_reason_and_keeps_it(ocop: Any, submitted: Path) -> None:
    declined = ("dossier", "decide", "1-1-1", "--verdict", "declined", "--data", submitted, "--at", "2018-03-07T09:00")

    assert "the producer is told why; give --reason" in ocop(*declined).err
    assert ocop(*declined, "--reason", "Thiếu phiếu kiểm nghiệm.").code == 0
    assert show(ocop, submitted)["events"][-1]["details"]["ground"] == "Thiếu phiếu kiểm nghiệm"


def test_decide_names_the_verdicts(ocop: Any, submitted: Path) -> None:
    refused = ocop("dossier", "decide", "1-1-1", "--verdict", "yes", "--data", submitted, "--at", "2018-03-07T09:00")

    assert refused.code == 2
    assert "unknown verdict 'yes' for product idea registration; write accepted or declined" in refused.err


def token(printed: str) -> str:
    """Return the token at the end of a printed link."""
    return printed.strip().rpartition("/s/")[2]


def opens(office: Path, given: str) -> bool:
    """Tell whether a token opens a page."""
    with open_runtime(office) as runtime, runtime.database.reading() as session:
        return open_link(session, given, keys=runtime.link_keys, now=runtime.business_now()) is not None


def test_link_prints_the_producers_link_and_reissue_kills_the_old_one(ocop: Any, office: Path) -> None:
    first = token(ocop("dossier", "link", "1-1-1", "--data", office).out)
    again = token(ocop("dossier", "link", "1-1-1", "--data", office).out)
    assert first == again
    assert opens(office, first)

    second = token(ocop("dossier", "link", "1-1-1", "--reissue", "--data", office).out)

    assert second != first
    assert opens(office, second)
    assert not opens(office, first)


def test_link_can_be_revoked_and_issued_anew(ocop: Any, office: Path) -> None:
    first = token(ocop("dossier", "link", "1-1-1", "--data", office).out)
    revoked = ocop("dossier", "link", "1-1-1", "--revoke", "--data", office)

    assert "is revoked; --reissue makes a new one" in revoked.out
    assert not opens(office, first)
    refused = ocop("dossier", "link", "1-1-1", "--data", office)
    assert (refused.code, "--reissue makes a new one" in refused.err) == (2, True)
    assert opens(office, token(ocop("dossier", "link", "1-1-1", "--reissue", "--data", office).out))
    assert ocop("dossier", "link", "1-1-1", "--reissue", "--revoke", "--data", office).code == 2


SEATS = ("chair", "agriculture", "trade", "health", "science", "culture", "quality", "extension", "office")
"""The nine seats of the province's council in the shipped plan."""


def test_the_page_counts_the_steps_every_product_passes_and_lists_papers_until_it_is_rated(
    ocop: Any, tmp_path: Path
) -> None:
    """QĐ 26 has five stages, of which a product with 3 or 4 stars passes the first two (Điều 4.1, 7.2, 7.3)."""
    folder, products = tmp_path / "office", tmp_path / "products.csv"
    create_data_folder(folder, mode=SIMULATED, seed="1", now=at_local(date(2027, 1, 4), time(8)))
    products.write_text(
        "key,name,form,producer,unit,planned_level,group,source\n1,Chè,Chè khô,Hộ Ví Dụ,lai-chau.binh-lu,,,KH\n",
        encoding="utf-8",
    )
    sheets = [part for seat in SEATS for part in ("--sheet", f"{seat}=30/20/30")]

    def page() -> StatusPage:
        with open_runtime(folder) as runtime, runtime.reading(runtime.business_now()) as work:
            return status_page(work, find_dossier(work.session, "1"))

    for command in (
        ("cycle", "open", "province-2027", "--year", 2027),
        ("products", "import", products),
        ("dossier", "submit", 1),
        ("dossier", "receive", 1),
    ):
        assert ocop(*command, "--data", folder).code == 0
    begun = page()
    gates = [part for gate in ("3.4-4", "3.5-4") for part in ("--met", gate)]  # set 26 marks two criteria
    council = (
        ("scores", "criteria", 1, 26),
        ("scores", "open", 1),
        ("scores", "findings", 1, *gates),
        ("decide", 1, *sheets),
    )
    for act in (("decide", 1), ("submit", 1), ("receive", 1), *council):
        assert ocop("dossier", *act, "--data", folder).code == 0
    rated = page()

    assert [stage.state for stage in begun.route] == ["present", "coming", "possible", "possible", "possible"]
    assert (begun.step, begun.steps, [paper.paper.id for paper in begun.papers][:1]) == (1, 2, ["registration"])
    assert (rated.status, rated.steps, rated.papers) == ("recognised", 2, ())

"""`ocop producer` and what lists say of producers; business time is 1 March 2018."""

import json
from pathlib import Path
from typing import Any

ACT = ("--on", "2018-02-01", "--document", "12/ĐKKD")


def test_a_producer_is_renamed_and_shown(ocop: Any, office: Path) -> None:
    done = ocop("producer", "rename", "HTX Bốn", "--to", "HTX Miến Dong", *ACT, "--data", office)
    shown = json.loads(ocop("producer", "show", "HTX Bốn", "--data", office, "--json").out)
    read = ocop("producer", "show", "HTX Miến Dong", "--data", office, "--language", "vi").out

    assert done.out == "HTX Bốn is now called HTX Miến Dong\n"
    assert (shown["name"], shown["former_names"]) == ("HTX Miến Dong", ["HTX Bốn (–01/02/2018)"])
    assert [event["action"] for event in shown["events"]] == ["producer_renamed"]
    assert all(said in read for said in ("Tên cũ: HTX Bốn", "Loại hình: chưa ghi nhận", "Đổi tên", "12/ĐKKD"))
    assert ocop("audit", "verify", "--data", office).code == 0


def test_form_and_registration_stand_in_the_list(ocop: Any, office: Path) -> None:
    done = ocop("producer", "form", "Công ty Ba", "household", "--registered-on", "01/05/2016", *ACT, "--data", office)
    rows = {row["name"]: row for row in json.loads(ocop("producer", "list", "--data", office, "--json").out)}
    again = ocop("producer", "form", "Công ty Ba", "giant", *ACT, "--data", office)

    assert done.out == "Công ty Ba is on record as household\n"
    assert (rows["Công ty Ba"]["form"], rows["Công ty Ba"]["registered_on"]) == ("household", "2016-05-01")
    assert rows["HTX Một"]["form"] is None
    assert "household" in ocop("producer", "list", "--data", office).out
    assert again.code == 2


def test_a_product_passes_to_another_producer(ocop: Any, office: Path) -> None:
    wrong = ocop("producer", "transfer", "HTX Bốn", "--product", "Trà", "--to", "HTX Một", *ACT, "--data", office)
    product = json.loads(ocop("producer", "show", "HTX Bốn", "--data", office, "--json").out)["products"][0]
    done = ocop("producer", "transfer", "HTX Bốn", "--product", product, "--to", "HTX Một", *ACT, "--data", office)
    listed = json.loads(ocop("dossier", "show", "3-1-1", "--data", office, "--json").out)

    assert (wrong.code, done.code) == (2, 0)
    assert "makes no product called 'Trà'; here are Miến dong" in wrong.err
    assert done.out == f"{product} is made by HTX Một from 01/02/2018\n"
    assert listed["producer"] == "HTX Một"
    assert ocop("notices", "list", "--data", office).code == 0
    assert ocop("dossier", "list", "--data", office).code == 0


def test_ideas_are_split_and_merged(ocop: Any, office: Path) -> None:
    """3-1-1 becomes two products; the two parts become one again."""
    document = ("--document", "5/BB", "--data", office)
    parts = ocop("dossier", "split", "3-1-1", "--into", "Miến trắng", "--into", "Miến vàng", *document)
    whole = ocop("dossier", "merge", "3-1-1.1", "3-1-1.2", "--into", "Miến hai màu", *document)
    shown = json.loads(ocop("dossier", "show", "3-1-1", "--data", office, "--json").out)
    key = "spring/2018/spring-1/3-1-1"

    assert parts.out == f"{key} has ended; in its place are {key}.1, {key}.2\n"
    assert whole.out == f"{key}.1, {key}.2 have ended; in their place is {key}.1+3-1-1.2\n"
    assert (shown["status"], shown["successors"]) == ("withdrawn", [f"{key}.1", f"{key}.2"])
    told = ocop("dossier", "show", "3-1-1", "--data", office, "--language", "vi").out
    assert f"Được thay bằng: {key}.1, {key}.2" in told
    assert "tách thành" in told
    assert "split" not in told
    assert ocop("audit", "verify", "--data", office).code == 0


def test_a_dossier_shows_what_can_be_done_to_it_now(ocop: Any, office: Path) -> None:
    """One line says it; what the status rules out is not told once for each act."""
    shown = ocop("dossier", "show", "3-1-1", "--data", office, "--language", "vi").out

    assert "Lúc này có thể: nộp hồ sơ (submit), rút hồ sơ (withdraw)\n" in shown
    assert "chưa thể" not in shown


def test_who_recorded_a_change_is_named(ocop: Any, office: Path) -> None:
    ocop("producer", "close", "HTX Năm", *ACT, "--data", office)
    shown = ocop("producer", "show", "HTX Năm", "--data", office, "--language", "vi").out

    assert "Ngày hoạt động cuối: 01/02/2018" in shown
    assert "coordination_office" not in shown


def test_a_closed_producer_has_nothing_open(ocop: Any, office: Path) -> None:
    done = ocop("producer", "close", "HTX Năm", *ACT, "--data", office)
    shown = ocop("dossier", "show", "3-1-2", "--data", office)

    assert done.out == "HTX Năm has closed; withdrawn: spring/2018/spring-1/3-1-2; certificates in force: none\n"
    assert "Withdrawn" in shown.out
    assert ocop("producer", "close", "HTX Năm", *ACT, "--data", office).code == 2
    assert ocop("audit", "verify", "--data", office).code == 0

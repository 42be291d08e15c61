"""`ocop certificate` and `ocop dossier open`; business time is 1 March 2018."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADER = "product,unit,producer,stars,number,issued_on,expires_on"
OLD = "Sá sùng khô,van-don,HTX Cũ,4,11/GCN,2015-05-20,"
LAPSED = "Nước mắm,van-don,HTX Cũ,3,12/GCN,2014-01-31,2017-01-31"
KNOWN = "Rượu ba kích,ba-che,HTX Một,3,13/GCN,20/01/2018,"


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Write a list of certificates."""

    def write(*rows: str, header: str = HEADER) -> Path:
        path = tmp_path / "certificates.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def listed(ocop: Any, office: Path) -> Callable[..., list[dict[str, Any]]]:
    def read(*options: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(ocop("certificate", "list", "--data", office, "--json", *options).out)
        return rows

    return read


def test_import_enters_old_certificates_with_what_became_of_them(
    ocop: Any, office: Path, table: Callable[..., Path], listed: Callable[..., list[dict[str, Any]]]
) -> None:
    """An office begins with certificates issued before; 36 months from 20/05/2015 end with 20/05/2018."""
    done = ocop("certificate", "import", table(OLD, LAPSED, KNOWN), "--data", office)

    assert done.code == 0
    assert "3 new, 0 already there, 0 refused: 3 certificates entered." in done.out
    assert [(row["number"], row["status"], row["last_valid_on"]) for row in listed()] == [
        ("12/GCN", "expired", "2017-01-31"),
        ("11/GCN", "valid", "2018-05-20"),
        ("13/GCN", "valid", "2021-01-20"),
    ]
    assert [row["number"] for row in listed("--expiring-before", "2018-05-21")] == ["11/GCN"]
    assert listed("--expiring-before", "2018-05-20") == []
    assert [row["number"] for row in listed("--status", "expired")] == ["12/GCN"]
    again = ocop("certificate", "import", table(OLD, LAPSED, KNOWN), "--data", office)
    assert "0 new, 3 already there, 0 refused: 0 certificates entered." in again.out
    assert ocop("audit", "verify", "--data", office).code == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,nowhere,B,3,1/G,2017-01-01,", 'unknown unit "nowhere"'),
        ("A,van-don,B,2,1/G,2017-01-01,", "2 stars are not certified under rule set"),
        ("A,van-don,B,3,1/G,2018-03-02,", "the day of issue 02/03/2018 lies in the future"),
        ("A,van-don,B,3,1/G,2017-01-01,2017-01-01", "the certificate ends before it begins"),
        ("A,van-don,B,3,11/GCN,2017-01-01,", "the number stands twice in the list"),
        ("Sá sùng khô,van-don,HTX Cũ,3,2/G,2017-01-01,", "the product stands twice in the list"),
    ],
)
def test_one_refused_row_stops_the_whole_import(
    ocop: Any, office: Path, table: Callable[..., Path], row: str, reason: str
) -> None:
    done = ocop("certificate", "import", table(OLD, row), "--data", office, "--json")
    said = json.loads(done.out)

    assert (done.code, said["entered"]) == (2, 0)
    assert said["rows"][1]["verdict"] == "refused"
    assert reason in said["rows"][1]["reason"]
    assert json.loads(ocop("certificate", "list", "--data", office, "--json").out) == []


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("A,van-don,B,six,1/G,2017-01-01,", ':2: "six" is no number of stars; write 1 to 5'),
        ("A,van-don,B,3,1/G,soon,", ':2: "soon" is no day; write it like 2018-03-30 or 30/03/2018'),
        ("A,van-don,,3,1/G,2017-01-01,", ":2: the column producer is empty; fill it in"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_line(
    ocop: Any, office: Path, table: Callable[..., Path], row: str, sentence: str
) -> None:
    done = ocop("certificate", "import", table(row), "--data", office)

    assert done.code == 2
    assert sentence in done.err


def test_import_refuses_what_is_here_under_another_number(ocop: Any, office: Path, table: Callable[..., Path]) -> None:
    ocop("certificate", "import", table(OLD), "--data", office)
    other = OLD.replace("11/GCN", "14/GCN")
    taken = KNOWN.replace("13/GCN", "11/GCN")
    rows = json.loads(ocop("certificate", "import", table(other, taken), "--data", office, "--json").out)["rows"]

    assert rows[0]["reason"] == "the product has the certificate 11/GCN, which is valid"
    assert rows[1]["reason"] == "the number belongs to another product's certificate; correct it"


def test_dry_run_writes_nothing(
    ocop: Any, office: Path, table: Callable[..., Path], listed: Callable[..., list[dict[str, Any]]]
) -> None:
    assert "1 new" in ocop("certificate", "import", table(OLD), "--data", office, "--dry-run").out
    assert listed() == []


def test_a_certificate_is_renewed_by_a_dossier_of_its_own(ocop: Any, office: Path, table: Callable[..., Path]) -> None:
    ocop("certificate", "import", table(OLD), "--data", office)
    opened = ocop("dossier", "open", "--renewal", "11/GCN", "--data", office)
    shown = json.loads(ocop("certificate", "show", "11/GCN", "--data", office, "--json").out)
    dossier = json.loads(ocop("dossier", "show", "R1", "--data", office, "--json").out)
    again = ocop("dossier", "open", "--renewal", "11/GCN", "--data", office)

    assert "certificate 11/GCN is being renewed" in opened.out
    assert (shown["status"], shown["renewal_dossier"]) == ("renewing", dossier["key"])
    assert [event["action"] for event in shown["events"]] == [
        "certificate_imported",
        "renewal_opened",
        "certificate_renewal_begun",
    ]
    assert dossier["status"] == "awaiting_submission"
    assert again.code == 2
    assert again.err.startswith("error: certificate 11/GCN is being renewed already (")
    assert ocop("dossier", "list", "--data", office).code == 0


def test_a_certified_product_goes_for_a_higher_star(ocop: Any, office: Path, table: Callable[..., Path]) -> None:
    ocop("certificate", "import", table(OLD), "--data", office)
    opened = ocop("dossier", "open", "--upgrade", "11/GCN", "--round", "spring-1", "--data", office)
    dossier = json.loads(ocop("dossier", "show", "U1", "--data", office, "--json").out)
    certificate = json.loads(ocop("certificate", "show", "11/GCN", "--data", office, "--json").out)

    assert opened.out == (
        "spring/2018/spring-1/U1 is open; certificate 11/GCN stays as it is until one with more stars is issued\n"
    )
    assert (dossier["product"], dossier["status"]) == ("Sá sùng khô", "awaiting_submission")
    assert certificate["status"] == "valid"
    assert [each["trigger"] for each in certificate["not_open"]] == ["renew", "upgrade"]
    assert "still open" in certificate["not_open"][0]["sentence"]
    ocop("dossier", "withdraw", "U1", "--data", office)
    ocop("dossier", "open", "--renewal", "11/GCN", "--data", office)
    second = ("dossier", "show", "R1", "--data", office)
    (earlier,) = json.loads(ocop(*second, "--json").out)["earlier"]
    assert (earlier["key"], earlier["kind"], earlier["status"]) == (dossier["key"], "upgrade", "withdrawn")
    assert "Before this, spring/2018/spring-1/U1: Sá sùng khô, Round 1 (2018): Withdrawn" in ocop(*second).out
    for arguments in ((), ("--upgrade", "11/GCN", "--renewal", "11/GCN"), ("--renewal", "11/GCN", "--round", "r")):
        assert ocop("dossier", "open", *arguments, "--data", office).code == 2


def test_withdrawal_names_ground_and_overrun(ocop: Any, office: Path, table: Callable[..., Path]) -> None:
    ocop("certificate", "import", table(OLD), "--data", office)
    common = ("--decision", "7/QĐ", "--found-on", "2018-02-01", "--data", office)
    wrong = ocop("certificate", "revoke", "11/GCN", "--ground", "whim", *common)
    known = wrong.err.rpartition(" known are ")[2].partition(" (")[0].split(", ")
    done = ocop("certificate", "revoke", "11/GCN", "--ground", known[0], *common, "--at", "02/03/2018")
    again = ocop("certificate", "revoke", "11/GCN", "--ground", known[0], *common)
    shown = ocop("certificate", "show", "11/GCN", "--data", office, "--language", "vi")

    assert wrong.code == 2
    assert "certificate 11/GCN is withdrawn from 02/03/2018" in done.out
    assert again.code == 2
    assert "certificate 11/GCN is withdrawn; only one in force is checked or withdrawn (" in again.err
    assert "đã thu hồi" in shown.out
    assert "Chưa thực hiện được lúc này" in shown.out
    told = json.loads(ocop("certificate", "show", "11/GCN", "--data", office, "--language", "vi", "--json").out)
    assert [each["trigger"] for each in told["not_open"]] == ["renew", "upgrade", "check", "revoke"]
    assert told["not_open"][0]["sentence"].startswith("giấy chứng nhận số 11/GCN đã thu hồi; hãy đăng ký lại")
    assert all(each["sentence"].endswith(f"({each['rule']})") for each in told["not_open"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("certificate", "show", "99"), "0 certificates have the number '99'"),
        (("certificate", "list", "--status", "good"), 'unknown status "good"'),
        (
            ("certificate", "issue", "1-1-1", "--number", "1", "--decision", "2"),
            "a certificate follows the recognition",
        ),
        (("dossier", "open", "--renewal", "99"), "0 certificates have the number '99'"),
    ],
)
def test_what_is_not_there_is_refused_with_the_next_step(
    ocop: Any, office: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = ocop(*arguments, "--data", office)

    assert done.code == 2
    assert sentence in done.err


def test_the_list_is_readable(ocop: Any, office: Path, table: Callable[..., Path]) -> None:
    ocop("certificate", "import", table(OLD), "--data", office)
    out = ocop("certificate", "list", "--data", office, "--language", "vi").out

    assert "20/05/2018" in out
    assert "11/GCN" in out
    assert all(said in out for said in ("Giấy chứng nhận", "có hiệu lực đến hết", "đánh giá lại đến"))
    assert "last valid day" not in out


def test_a_rule_set_without_product_codes_refuses_one(ocop: Any, office: Path) -> None:
    done = ocop("dossier", "code", "1-1-1", "--data", office)

    assert done.code == 2
    assert "rule set quang-ninh-2017 asks for no product code" in done.err


def test_check_records_a_check_and_checks_counts_them(ocop: Any, office: Path, table: Callable[..., Path]) -> None:
    ocop("certificate", "import", table(OLD, LAPSED, KNOWN), "--data", office)

    done = ocop("certificate", "check", "13/GCN", "--document", "7/BB", "--data", office)
    told = json.loads(ocop("certificate", "checks", "--data", office, "--json").out)

    assert done.out == "certificate 13/GCN was checked on 01/03/2018: nothing was found\n"
    assert (told["checked"], told["in_force"]) == (1, 2)
    assert [(row["number"], row["checked_on"]) for row in told["certificates"]] == [
        ("11/GCN", None),
        ("13/GCN", "2018-03-01"),
    ]
    table_ = ocop("certificate", "checks", "--data", office, "--language", "vi").out
    assert "Đã kiểm tra 1/2 giấy chứng nhận" in " ".join(table_.split())
    shown = ocop("certificate", "show", "13/GCN", "--data", office, "--language", "vi").out
    assert "Đã kiểm tra, giám sát sản phẩm" in " ".join(shown.split())
    assert ocop("certificate", "check", "12/GCN", "--document", "8/BB", "--data", office).code == 2
    found = ("--document", "9/BB", "--finding", "false-papers", "--data", office)
    assert ocop("certificate", "check", "11/GCN", *found).code == 0
    for command in (("certificate", "checks"), ("certificate", "show", "11/GCN")):
        assert "false-papers" not in ocop(*command, "--data", office, "--language", "vi").out
    assert ocop("audit", "verify", "--data", office).code == 0

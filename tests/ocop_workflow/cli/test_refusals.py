"""A refusal tells itself and cites its rule in the language that was asked for."""

import json
from pathlib import Path
from typing import Any

import pytest

from notifications.catalogue import Language
from ocop_workflow.cli.refusals import refusals_in
from ocop_workflow.errors import RefusedError

LATE_EXTENSION = ("extend", "--dossier", "1-1-1", "--to", "20/03/2018", "--at", "2018-03-25T08:00")
"""A date of 14 March extended on the 25th, to a day that is over."""


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("qd-26-2026: Điều 7.1 and 7.2", "(qd-26-2026: Điều 7.1 và 7.2)"),
        ("QĐ 26/2026/QĐ-TTg, annex II, set 1, criterion 8", "(QĐ 26/2026/QĐ-TTg, phụ lục II, bộ 1, tiêu chí 8)"),
        ("chosen for this example: as the office likes", "(chọn cho ví dụ này)"),
    ],
)
def test_a_refusal_in_vietnamese_cites_in_vietnamese(rule: str, told: str) -> None:
    with pytest.raises(RefusedError) as refused, refusals_in(Language.VI):
        raise RefusedError("replaced", rule=rule, dossier="1", successors="2")

    assert str(refused.value).endswith(told)


def test_a_command_without_a_language_option_refuses_in_the_language_of_the_environment(
    ocop: Any, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`report accept` takes no `--language`; it tells as the settings say, and the sentence cites the plan's item."""
    accept = ("report", "accept", "2018-Q1/ba-che", "--data", office)
    english = ocop(*accept)
    monkeypatch.setenv("OCOP_LANGUAGE", "vi")
    vietnamese = ocop(*accept)
    monkeypatch.setenv("OCOP_LANGUAGE", "xx")
    unknown = ocop(*accept)

    assert english.err.startswith("error: the report is “Upcoming” and can't take `accept`; possible here: file, ")
    assert vietnamese.err.startswith("lỗi: báo cáo đang ở trạng thái")
    assert (english.code, vietnamese.code, unknown.code) == (2, 2, 2)
    assert "OCOP_LANGUAGE: input should be 'vi' or 'en'" in unknown.err
    assert all(told.err.rstrip().endswith(")") for told in (english, vietnamese))


@pytest.mark.parametrize(
    ("arguments", "command", "code"),
    [
        (("certificate", "issue", "1-1-1", "--number", "1", "--decision", "9"), "certificate issue", "not_recognised"),
        ((*LATE_EXTENSION, "--decision", "9", "--reason", "x"), "extend", "scope_not_extended"),
        (("dossier", "split", "1-1-1", "--into", "A", "--document", "9"), "dossier split", "split_names"),
        (("dossier", "merge", "1-1-1", "2-1-1", "--into", "A", "--document", "9"), "dossier merge", "merge_differs"),
        (("support", "give", "stall", "1-1-1", "--document", "9"), "support give", "no_support"),
        (("dossier", "code", "1-1-1"), "dossier code", "no_code"),
        (("dossier", "paper", "1-1-1", "letter"), "dossier paper", "no_papers"),
        (("dossier", "scores", "open", "1-1-1"), "dossier scores open", "by_verdict"),
    ],
)
def test_whatever_is_refused_on_a_dossier_stands_in_its_history(
    ocop: Any, office: Path, arguments: tuple[str, ...], command: str, code: str
) -> None:
    refused = ocop(*arguments, "--data", office, "--language", "vi")
    told = json.loads(ocop("dossier", "show", "1-1-1", "--data", office, "--language", "vi", "--json").out)
    event = told["events"][-1]

    assert (refused.code, refused.err[:5]) == (2, "lỗi: ")
    assert event["details"] == {"command": command, "code": f"refusal.{code}"}
    assert event["sentence"] == refused.err.removeprefix("lỗi: ").strip()
    assert ocop("audit", "verify", "--data", office).code == 0

"""`ocop dossier reopen` and `ocop dossier review`; business time is 1 March 2018."""

import json
from pathlib import Path
from typing import Any


def test_a_withdrawn_dossier_goes_on_by_a_superiors_decision(ocop: Any, office: Path) -> None:
    order = ("--decision", "99/QĐ", "--by", "UBND tỉnh", "--reason", "Khiếu nại", "--data", office)
    too_early = ocop("dossier", "reopen", "3-1-1", *order)
    ocop("dossier", "withdraw", "3-1-1", "--data", office)
    after_end = ocop("dossier", "submit", "3-1-1", "--data", office)
    done = ocop("dossier", "reopen", "3-1-1", "--until", "2018-03-19", *order)
    shown = json.loads(ocop("dossier", "show", "3-1-1", "--data", office, "--json").out)

    assert too_early.code == 2
    assert "can't take `reopen`" in too_early.err
    assert "only a superior's decision reopens it" in after_end.err
    assert "is now idea_registration: awaiting_submission" in done.out
    assert [each["due_at"] for each in shown["obligations"]] == ["2018-03-20T00:00:00+07:00"]
    assert [each["action"] for each in shown["events"]][-5:] == [
        "act_refused",
        "dossier_withdrawn",
        "act_refused",
        "dossier_reopened",
        "deadline_extended",
    ]
    assert (
        "Mở lại theo quyết định của cấp trên"
        in ocop("dossier", "show", "3-1-1", "--data", office, "--language", "vi").out
    )
    assert ocop("audit", "verify", "--data", office).code == 0


def test_an_examination_that_has_begun_is_recorded(ocop: Any, office: Path) -> None:
    for act in ("submit", "receive"):
        assert ocop("dossier", act, "3-1-1", "3-1-2", "--data", office).code == 0
    done = ocop("dossier", "review", "3-1-1", "3-1-2", "--data", office)

    assert (done.code, done.out.count("idea_registration: under_review")) == (0, 2)
    assert ocop("dossier", "review", "3-1-1", "--data", office).code == 2

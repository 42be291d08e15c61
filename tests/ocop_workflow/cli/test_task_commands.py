"""The plan's tasks as commands: consent, start, end."""

import json
from datetime import date, time
from pathlib import Path
from typing import Any

from ocop_workflow.clock import at_local
from ocop_workflow.runtime import create_data_folder
from ocop_workflow.services.installation import SIMULATED


def test_a_task_is_approved_then_started_then_done(ocop: Any, tmp_path: Path) -> None:
    """Group VII of QĐ 2366: the islands' project needs the province's consent before it starts."""
    folder = tmp_path / "office"
    create_data_folder(folder, mode=SIMULATED, seed="1", now=at_local(date(2018, 1, 2), time(8)))
    assert ocop("cycle", "open", "quang-ninh-2017-2020", "--year", 2018, "--data", folder).code == 0

    early = ocop("task", "start", "islands", "--data", folder)
    assert early.code == 2
    assert "awaits the approval of quang-ninh/province_leader; possible here: approve (" in early.err
    for command in (("approve", "islands", "--document", "5/UBND"), ("start", "islands"), ("done", "islands")):
        assert ocop("task", *command, "--data", folder).code == 0

    listed = json.loads(ocop("task", "list", "--json", "--data", folder).out)
    (islands,) = [task for task in listed if task["task"] == "islands"]
    assert (islands["status"], islands["approval_document"]) == ("done", "5/UBND")
    assert None not in (islands["approved_at"], islands["started_at"], islands["done_at"])

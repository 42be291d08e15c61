"""What scripted people do, before they do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class ActKind(StrEnum):
    """What a scripted person does."""

    SUBMIT = "submit"
    RECEIVE = "receive"
    RETURN = "return"
    CONCLUDE = "conclude"
    CERTIFY = "certify"
    WITHDRAW = "withdraw"
    EXTEND = "extend"
    FILE_REPORT = "file_report"
    APPROVE_TASK = "approve_task"
    COMPLETE_TASK = "complete_task"


@dataclass(frozen=True, slots=True)
class ScriptedAct:
    """One act of one person, fixed before the run.

    Attributes:
        at: When.
        command: Its name, unique for good, which makes it idempotent.
        kind: What.
        subject: The dossier's, report's or plan task's natural key.
        verdict: What is decided, where a verdict is given.
        sheets: The council's sheets, where it scores.
        figures: A report's figures; None with `FILE_REPORT` means nothing to report.
        details: Whatever else the act says.
    """

    at: datetime
    command: str
    kind: ActKind
    subject: str
    verdict: str | None = None
    sheets: Mapping[str, Mapping[str, Decimal]] | None = None
    figures: Mapping[str, int] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

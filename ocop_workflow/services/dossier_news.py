"""What a producer is told when something was done to the dossier."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.notices import tell
from ocop_workflow.services.titles import ground_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from state_machines.dossier import FINAL_STATUSES, DossierTrigger


def tell_producer(
    work: UnitOfWork, case: DossierCase, trigger: DossierTrigger, details: Mapping[str, Any], *, at: datetime
) -> None:
    """Plan the news of an act for the producer; `at` is when it became true."""
    news = _news(case, trigger, details)
    if news is None:
        return
    code, params = news
    tell(
        work,
        case.cycle,
        recipient=case.producer,
        code=code,
        params={"stage": case.stage.title.model_dump(), **params},
        subject_id=case.dossier.id,
        stream=case.stream,
        seq=case.dossier.version,
        happened_at=at,
    )


def _news(  # noqa: PLR0911 -- one answer for each trigger
    case: DossierCase, trigger: DossierTrigger, details: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """Return the catalogue code of what the producer is told, with what goes into it; None when nothing is."""
    dossier = case.dossier
    match trigger:
        case DossierTrigger.RECEIVE:
            return "news.received", {"number": dossier.receipt_number or ""}
        case DossierTrigger.RETURN:
            return "news.returned", {"items": ", ".join(details.get("items", ()))}
        case DossierTrigger.CONCLUDE if dossier.status not in FINAL_STATUSES:
            return "news.advanced", {"next_stage": case.stage_named(dossier.stage).title.model_dump()}
        case DossierTrigger.CONCLUDE:
            return f"news.{dossier.status}", {"stars": dossier.stars or 0, "ground": details.get("ground", "")}
        case DossierTrigger.REJECT | DossierTrigger.LAPSE:
            ground = ground_title(case.book.rule_set, details.get("ground", ""))
            return f"news.{dossier.status}", {"ground": ground}
        case DossierTrigger.WITHDRAW:
            return "news.withdrawn", {}
        case DossierTrigger.SUBMIT | DossierTrigger.REVIEW:
            return None  # the receipt follows, with its number

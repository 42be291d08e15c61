"""What a producer is told when something was done to the dossier."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.services.certificates import certificates_not_ended
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.links import issue_link, links_of, revoke_link
from ocop_workflow.services.notices import tell
from ocop_workflow.services.titles import ground_title, position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.withdrawals import withdrawal_reason
from state_machines.certificate import IN_FORCE
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger

REOPENED = "news.reopened"

UPGRADE_WITHOUT_EFFECT = "news.upgrade_without_effect"
"""The code of the second news of an upgrade's end: which certificate stays."""


def tell_producer(
    work: UnitOfWork, case: DossierCase, trigger: DossierTrigger, details: Mapping[str, Any], *, at: datetime
) -> None:
    """Plan the news of an act for the producer; `at` is when it became true."""
    for news in (_news(work, case, trigger, details), _upgrade_without_effect(work, case)):
        if news is None:
            continue
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


def give_link(work: UnitOfWork, case: DossierCase, *, actor: str) -> None:
    """Issue the producer a link of its own, and tell; those of whoever made the product before work no longer."""
    for link in links_of(work.session, case.dossier.id):
        if link.recipient.startswith(f"{PRODUCER}:") and link.recipient != case.producer and link.revoked_at is None:
            revoke_link(work, link, actor=actor)
    issue_link(work, case.dossier, recipient=case.producer, actor=actor)
    tell(
        work,
        case.cycle,
        recipient=case.producer,
        code="news.link",
        params={},
        subject_id=case.dossier.id,
        stream=case.stream,
        seq=case.dossier.version,
    )


def tell_of_successors(work: UnitOfWork, case: DossierCase, *, decision: str) -> None:
    """Tell the producer in which unit its product lies now and who handles the dossier, and that nothing is redone."""
    handler = case.dossier.responsible or case.producer
    if handler == case.producer:
        handler = case.party(case.stage.decided_by)
    units = case.book.units
    names = {
        "unit": units.unit(case.product.unit_id).name.model_dump(),
        "handler": position_title(units, handler).model_dump(),
    }
    tell(
        work,
        case.cycle,
        recipient=case.producer,
        code="news.units_succeeded",
        params={"decision": decision, **names},
        subject_id=case.dossier.id,
        stream=case.stream,
        seq=case.dossier.version,
    )


def _upgrade_without_effect(work: UnitOfWork, case: DossierCase) -> tuple[str, dict[str, Any]] | None:
    """Return that the present certificate stays, where an upgrade has ended without more stars than it has."""
    dossier = case.dossier
    if dossier.kind != DossierKind.UPGRADE or dossier.status not in FINAL_STATUSES:
        return None
    gained = dossier.stars or 0 if dossier.status == DossierStatus.RECOGNISED else 0
    for kept in certificates_not_ended(work.session, case.product.id):
        if kept.status in IN_FORCE and kept.stars >= gained:
            last_valid = last_day_in_time(kept.expires_at).isoformat()
            return UPGRADE_WITHOUT_EFFECT, {"number": kept.number, "stars": kept.stars, "last_valid_on": last_valid}
    return None


def _news(  # noqa: PLR0911 -- one answer for each trigger
    work: UnitOfWork, case: DossierCase, trigger: DossierTrigger, details: Mapping[str, Any]
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
        case DossierTrigger.REOPEN:
            return REOPENED, {"decision": details["decision"], "by": details["by"]}
        case DossierTrigger.WITHDRAW:
            return "news.withdrawn", withdrawal_reason(work.session, details)
        case DossierTrigger.SUBMIT | DossierTrigger.REVIEW:
            return None  # the receipt follows, with its number

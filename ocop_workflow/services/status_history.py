"""What has happened to a dossier, as its producer may read it: no officials, links or score sheets."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from notifications.letter import Wording
from ocop_workflow.clock import last_day_in_time
from ocop_workflow.services.dossier_news import REOPENED
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.successions import UNITS_SUCCEEDED
from ocop_workflow.services.titles import ground_title, told
from ocop_workflow.services.withdrawals import withdrawal_reason
from ocop_workflow.storage.tables import Dossier, Event
from state_machines.dossier import FINAL_STATUSES, DossierStatus, split_state

if TYPE_CHECKING:
    from notifications.catalogue import Parameter

NOT_GIVEN = "–"
"""What is shown where an act names no ground or item."""

_REDATED = {
    "deadline_extended": "page.told.extended",
    "extension_undone": "page.told.extension_undone",
    "deadlines_recounted": "page.told.recounted",
    "deadlines_amended": "page.told.amended",
}

_GOING_ON = {"review_begun": "page.told.review", "dossier_reopened": REOPENED}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened: what, and the instant (aware, UTC) at which it became true."""

    told: Wording
    at: datetime


def history_of(session: Session, book: Rulebook, dossier: Dossier) -> tuple[HistoryEntry, ...]:
    """Return what happened to a dossier, in the order in which it became true."""
    events = sorted(events_of(session, f"dossier:{dossier.id}"), key=lambda event: (event.effective_at, event.seq))
    told = [(event, _told(session, book, dossier, event)) for event in events]
    return tuple(HistoryEntry(wording, event.effective_at) for event, wording in told if wording is not None)


def _told(session: Session, book: Rulebook, dossier: Dossier, event: Event) -> Wording | None:
    """Return what the page says of an event, or None of one that is not for the producer."""
    details = details_of(event)
    titles = {
        stage.id: stage.title.model_dump() for rules in (*book.earlier, book.rule_set) for stage in rules.route.stages
    }
    if event.action in _REDATED:
        return _redated(event.action, dossier, details, titles)
    if event.action == UNITS_SUCCEEDED:
        return Wording("page.told.units_succeeded", {"decision": event.rule or NOT_GIVEN})
    if event.from_state is None or event.to_state is None:
        return None
    if event.action in _GOING_ON:
        stage_id = details.get("stage") or split_state(event.from_state, dossier.stage)[0]
        return _going_on(event.action, details, titles[stage_id])
    states = event.from_state, event.to_state
    return _moved(session, book, event.action, details, titles=titles, states=states, stage_id=dossier.stage)


def _moved(  # noqa: PLR0911 -- one answer for each event
    session: Session,
    book: Rulebook,
    action: str,
    details: dict[str, Any],
    *,
    titles: dict[str, dict[str, str]],
    states: tuple[str, str],
    stage_id: str,
) -> Wording | None:
    """Return what the page says of a change of state; a final state tells no stage, then it is `stage_id`."""
    stage_id, before = split_state(states[0], stage_id)
    next_id, after = split_state(states[1], stage_id)
    stage = {"stage": titles[stage_id]}
    match action:
        case "dossier_submitted":
            again = "_again" if before is DossierStatus.RETURNED else ""
            return Wording(f"page.told.submitted{again}", stage)
        case "dossier_received":
            return Wording("news.received", {**stage, "number": details.get("receipt_number", NOT_GIVEN)})
        case "dossier_returned":
            return Wording("news.returned", {**stage, "items": ", ".join(details.get("items", ())) or NOT_GIVEN})
        case "stage_concluded" if after in FINAL_STATUSES:
            reason = {"ground": details["ground"]} if "ground" in details else {}
            return told(book, f"news.{after}", {**stage, "stars": details.get("stars", 0), **reason})
        case "stage_concluded":
            return Wording("news.advanced", {**stage, "next_stage": titles[next_id]})
        case "dossier_rejected" | "dossier_lapsed":
            ground = ground_title(book.rule_set, details["ground"]) if "ground" in details else NOT_GIVEN
            return told(book, f"news.{after}", {"ground": ground})
        case "rule_set_migrated":
            return Wording("page.told.migrated", {"stage": titles[next_id], "rule_set": _rule_set(book, details)})
        case "dossier_withdrawn":
            return Wording("news.withdrawn", withdrawal_reason(session, details))
        case _:
            return None


def _going_on(action: str, details: dict[str, Any], stage: dict[str, str]) -> Wording:
    """Return what the page says when a dossier goes on where it was."""
    decided: dict[str, Parameter] = {name: details[name] for name in ("decision", "by") if name in details}
    return Wording(_GOING_ON[action], {"stage": stage, **decided})


def _rule_set(book: Rulebook, details: dict[str, Any]) -> dict[str, str]:
    """Return the title of the rule set that a dossier was moved to."""
    moved_to = next(rules for rules in (book.rule_set, *book.earlier) if rules.id == details["rule_set"])
    return moved_to.title.model_dump()


def _redated(action: str, dossier: Dossier, details: dict[str, Any], titles: dict[str, dict[str, str]]) -> Wording:
    """Return what the page says of a date that was moved: the first one, where an act moved several."""
    move = details["moved"][0] if "moved" in details else details
    stage_id = move["obligation"].removeprefix(f"{dossier.key}/").partition("/")[0]
    last_on = last_day_in_time(datetime.fromisoformat(move["due_after"])).isoformat()
    return Wording(_REDATED[action], {"stage": titles[stage_id], "last_on": last_on})

"""An event as the commands print it in JSON."""

from ocop_workflow.cli.output import iso
from ocop_workflow.services.events import details_of
from ocop_workflow.storage.tables import Event


def event_object(event: Event) -> dict[str, object]:
    """Return what one event says: who did what when, from where to where, by which rule."""
    return {
        "seq": event.seq,
        "at": iso(event.effective_at),
        "actor": event.actor,
        "action": event.action,
        "from": event.from_state,
        "to": event.to_state,
        "rule": event.rule,
        "details": details_of(event),
    }

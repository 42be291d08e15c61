"""Refused acts of people on a dossier, put on record: who tried what, and which rule refused it.

A refused act rolls its transaction back, so the record is made in a transaction of its own by whoever took the act: the
command line, or a page. It changes no state, and the act can be tried again.
"""

import json

from notifications.catalogue import has_sentence
from ocop_workflow.errors import RefusedError
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.events import Act, append_event, details_of, events_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Event, EventText

ACT_REFUSED = "act_refused"


def record_refused_act(work: UnitOfWork, dossier: Dossier, refusal: RefusedError, *, command: str, actor: str) -> bool:
    """Put on record that a rule refused somebody's act on a dossier; return whether it is new.

    Nothing is recorded where no rule refused but only the input is at fault, where the actor is no party known here
    (then a name may have been typed), and where the same refusal is the last thing on record. What the sentence is made
    of lies beside the event and can be erased: it may hold what somebody typed.

    Args:
        work: A unit of work after the refused one.
        dossier: On which it was tried, as it stands.
        refusal: What the act met.
        command: What was tried, by the name of its command, such as `dossier submit`.
        actor: Who tried.
    """
    case = case_of(work, dossier)
    if refusal.rule is None or (actor != case.producer and actor not in case.book.units.positions()):
        return False
    details = {"command": command, "code": refusal.code}
    told = json.dumps(refusal.params, ensure_ascii=False, sort_keys=True)
    last = events_of(work.session, case.stream)[-1]
    if (last.action, last.actor, last.rule, details_of(last)) == (ACT_REFUSED, actor, refusal.rule, details):
        before = _text_of(work, last)
        if before is not None and before.body == told:
            return False
    dossier.version += 1
    act = Act(actor, ACT_REFUSED, rule=refusal.rule, details=details, text=told)
    append_event(work, stream=case.stream, seq=dossier.version, cycle_id=case.cycle.id, act=act)
    work.session.add(dossier)
    return True


def recorded_refusal(work: UnitOfWork, event: Event) -> RefusedError | None:
    """Return the refusal that an event recorded, as the act met it.

    None where its words were erased, or where this version no longer has the sentence.
    """
    told, code = _text_of(work, event), details_of(event)["code"]
    if told is None or not has_sentence(code):
        return None
    return RefusedError(code.removeprefix("refusal."), rule=event.rule, **json.loads(told.body))


def _text_of(work: UnitOfWork, event: Event) -> EventText | None:
    return work.session.get(EventText, (event.stream, event.seq))

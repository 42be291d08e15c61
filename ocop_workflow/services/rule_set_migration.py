"""The act that moves open dossiers to another rule set: stage, duties and criteria follow it, told and on record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.cycle_acts import check_office, record_cycle_act, said
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.dossier_duties import open_step
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.letters import act_of
from ocop_workflow.services.migrated_duties import Carried
from ocop_workflow.services.moved_dates import tell_of_date
from ocop_workflow.services.notices import tell
from ocop_workflow.services.obligations import (
    DOSSIER_STEP,
    OPINION,
    close_obligation,
    enforcement_of,
    open_obligations_of,
)
from ocop_workflow.services.pinned_documents import pin
from ocop_workflow.services.redating import RULE_SET_MIGRATED, Move, redate
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.rule_set_changes import Change, Target, changes_of
from ocop_workflow.services.session_rows import void
from ocop_workflow.services.titles import in_both
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Event, Obligation
from state_machines.dossier import state_of

DOSSIERS_MIGRATED = "dossiers_migrated"


@dataclass(frozen=True, slots=True)
class Migration:
    """Which rule set dossiers are moved to, and why.

    Attributes:
        target: The rule set.
        reason: Free text, kept beside the events.
        decision: The number of the decision.
        actor: The office.
        command: Makes the act idempotent.
    """

    target: Target
    reason: str
    decision: str
    actor: str
    command: str | None = None


def migrate(work: UnitOfWork, cycle: Cycle, dossiers: Sequence[Dossier], migration: Migration) -> list[Change]:
    """Move open dossiers to another rule set and return what changed; those that are under it stay as they are.

    All of them or none. The status stays, and so does the cycle's plan; a council's session that is being held ends
    without a result, and results that were concluded stay under the rule set that they were made by. Each dossier
    records one act; its producer is told, and so is everybody whose duty is new, has another date, or has gone.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
        InputError: Reason or decision is missing.
        MigrationRefusedError: A dossier can't be moved there; see `changes_of`.
    """
    check_office(cycle, migration.actor, act="migrate")
    reason = said(migration.reason, what="the reason")
    decision = said(migration.decision, what="the number of the decision")
    if command_done(work.session, migration.command):
        return []
    changes = changes_of(work, cycle, dossiers, migration.target)
    if not changes:
        return []
    queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=(DOSSIER_STEP, OPINION), now=work.now))
    rule_set = migration.target.rule_set
    digest = pin(work.session, kind="rule_set", name=rule_set.id, value=rule_set.model_dump(mode="json"))
    details = {"rule_set": rule_set.id, "rule_set_hash": digest, "dossiers": len(changes)}
    criteria = _pin_criteria(work, cycle, migration.target)
    act = Act(
        migration.actor,
        DOSSIERS_MIGRATED,
        rule=decision,
        details=details | criteria,
        text=reason,
        command=migration.command,
    )
    record_cycle_act(work, cycle, act)
    for change in changes:
        _move(work, change, digest, Act(migration.actor, RULE_SET_MIGRATED, rule=decision, text=reason))
    return changes


def _pin_criteria(work: UnitOfWork, cycle: Cycle, target: Target) -> dict[str, str]:
    """Pin the target's criteria sets where the cycle has none of them yet; return what its event says of them."""
    name = target.rule_set.id
    if not target.criteria or name in cycle.criteria_hashes:
        return {}
    value = [each.model_dump(mode="json") for each in target.criteria]
    digest = pin(work.session, kind="criteria", name=name, value=value)
    cycle.criteria_hashes = {**cycle.criteria_hashes, name: digest}
    return {f"criteria_of_{name}": digest}


def _move(work: UnitOfWork, change: Change, digest: str, act: Act) -> None:
    """Change the dossier's row and duties, record it, and tell those concerned."""
    case, dossier = change.after, change.before.dossier
    before, old_digest = state_of(dossier.stage, dossier.status), dossier.rule_set_hash
    leaving = [(owed.id, owed.party, _asked(change.before, owed)) for owed in _leaving(change)]
    passed_on = {obligation_id for obligation_id, _, _ in leaving}
    void(work, dossier)
    dossier.earlier_rule_sets = [*dossier.earlier_rule_sets, old_digest]
    dossier.rule_set_hash, dossier.criteria_set = digest, change.criteria_set
    dossier.stage = case.stage.id
    moved = [_carry(work, case.cycle, carried) for carried in change.duties.carried]
    told = [
        carried.obligation
        for carried, move in zip(change.duties.carried, moved, strict=True)
        if move is not None or carried.obligation.id in passed_on
    ]
    for owed in change.duties.ended:
        close_obligation(owed, status="cancelled", at=work.now)
        work.session.add(owed)
    known = {owed.key for owed in open_obligations_of(work.session, dossier.id)}
    for added in change.duties.added:
        open_step(work, case, case.stage, added.step, opens_at=work.now, anchors=added.anchors)
    work.session.flush()
    told += [owed for owed in open_obligations_of(work.session, dossier.id) if owed.key not in known]
    dossier.responsible = case.responsible()
    dossier.version += 1
    work.session.add(dossier)
    details = {
        "rule_set_before": old_digest,
        "rule_set_hash": digest,
        "rule_set": case.book.rule_set.id,
        "criteria_set": dossier.criteria_set,
        "moved": [move.details for move in moved if move is not None],
    }
    recorded = replace(act, from_state=before, to_state=state_of(dossier.stage, dossier.status), details=details)
    event = append_event(work, stream=case.stream, seq=dossier.version, cycle_id=case.cycle.id, act=recorded)
    _tell(work, case, event, told, [(party, what) for _, party, what in leaving])


def _carry(work: UnitOfWork, cycle: Cycle, carried: Carried) -> Move | None:
    """Give a duty its stage, party and date under the target; return the move where it is dated or owed otherwise."""
    obligation, present = carried.obligation, carried.obligation.due_at
    is_same = (obligation.party, obligation.ladder, present) == (carried.party, carried.ladder, carried.due_at)
    obligation.stage, obligation.party = carried.stage, carried.party
    obligation.superior, obligation.ladder = carried.superior, carried.ladder
    if not carried.party.startswith(f"{PRODUCER}:"):
        obligation.lapse_at = None
    if carried.dated is not None:
        due = carried.dated.due
        obligation.firmness, obligation.origin = due.firmness.value, due.origin.value
        obligation.why_code, obligation.why_params, obligation.source = due.code, dict(due.params), due.source
        obligation.limit_at, obligation.limit_source = carried.dated.limit_at, carried.dated.limit_source
    move = None
    if carried.due_at is not None and not is_same:
        move = Move(obligation, present, carried.due_at.astimezone(UTC))
        redate(work, cycle, move)
    enforcement_of(obligation, work.now)
    work.session.add(obligation)
    return move


def _leaving(change: Change) -> Iterator[Obligation]:
    """Yield the duties that their parties no longer owe."""
    yield from change.duties.ended
    yield from (each.obligation for each in change.duties.carried if each.obligation.party != each.party)


def _asked(case: DossierCase, obligation: Obligation) -> dict[str, str]:
    """Return what a duty asks for, in both languages."""
    asked = act_of(case.book, obligation, case.dossier)
    return in_both(asked.code, asked.params)


def _tell(
    work: UnitOfWork,
    case: DossierCase,
    event: Event,
    told: Sequence[Obligation],
    gone: Sequence[tuple[str, dict[str, str]]],
) -> None:
    """Tell the producer where the dossier is now, and each party what it owes by when, or no longer owes."""

    def news(recipient: str, code: str, **params: object) -> None:
        tell(
            work,
            case.cycle,
            recipient=recipient,
            code=code,
            params=params,
            subject_id=case.dossier.id,
            stream=event.stream,
            seq=event.seq,
        )

    titles = {"rule_set": case.book.rule_set.title.model_dump(), "stage": case.stage.title.model_dump()}
    news(case.producer, "news.migrated", **titles)
    for owed in told:
        tell_of_date(work, case.cycle, owed, event, news="news.migrated_duty")
    undated = [(owed.party, _asked(case, owed)) for owed in told if owed.due_at is None]
    for code, whats in (("news.migrated_turn", undated), ("news.migrated_away", gone)):
        for party in dict.fromkeys(party for party, _ in whats):
            asked = [what for other, what in whats if other == party]
            news(party, code, what={language: "; ".join(each[language] for each in asked) for language in asked[0]})

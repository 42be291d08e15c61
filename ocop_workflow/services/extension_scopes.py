"""What an extension covers: the open dates of a unit, a stage, a round, or a report."""

from dataclasses import asdict, dataclass

from sqlmodel import Session, col, select

from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.services.obligations import DOSSIER_STEP, REPORT
from ocop_workflow.storage.tables import Cycle, Dossier, Obligation, Report


@dataclass(frozen=True, slots=True)
class Scope:
    """Which open dates are meant; every given name narrows.

    Attributes:
        unit: In whose area; alone it means dossiers and reports.
        stage: At which stage dossiers are.
        step: Which step of theirs.
        round_id: Of which round.
        period: The period of reports, such as 2018-Q1; reports only.
        duty: Which report, where the plan has several; reports only.
    """

    unit: str | None = None
    stage: str | None = None
    step: str | None = None
    round_id: str | None = None
    period: str | None = None
    duty: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """Return what was named, for the record."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def obligations_in(session: Session, cycle: Cycle, scope: Scope) -> list[Obligation]:
    """Return the open obligations that a scope means, the earliest due first.

    Raises:
        ExtensionRefusedError: Nothing was named, dossiers and reports at once, or nothing of it is open.
    """
    of_dossiers = scope.stage or scope.step or scope.round_id
    of_reports = scope.period or scope.duty
    if not scope.named:
        raise ExtensionRefusedError("scope_missing", rule=None)
    if of_dossiers and of_reports:
        raise ExtensionRefusedError("scope_mixed", rule=None)
    found: list[Obligation] = []
    if not of_reports:
        found += _of_dossiers(session, cycle, scope)
    if not of_dossiers:
        found += _of_reports(session, cycle, scope)
    if not found:
        named = ", ".join(f"{name} {value[:40]!r}" for name, value in scope.named.items())
        raise ExtensionRefusedError("scope_empty", rule=None, named=named)
    return sorted(found, key=lambda owed: (str(owed.due_at), owed.key))


def _of_dossiers(session: Session, cycle: Cycle, scope: Scope) -> list[Obligation]:
    query = (
        select(Obligation)
        .join(Dossier, col(Dossier.id) == col(Obligation.subject_id))
        .where(
            col(Obligation.cycle_id) == cycle.id,
            col(Obligation.kind) == DOSSIER_STEP,
            col(Obligation.status) == "open",
            col(Obligation.due_at).is_not(None),
        )
    )
    for column, value in (
        (Obligation.unit_id, scope.unit),
        (Obligation.stage, scope.stage),
        (Obligation.step, scope.step),
        (Dossier.round_id, scope.round_id),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    return list(session.exec(query))


def _of_reports(session: Session, cycle: Cycle, scope: Scope) -> list[Obligation]:
    query = (
        select(Obligation)
        .join(Report, col(Report.id) == col(Obligation.subject_id))
        .where(
            col(Obligation.cycle_id) == cycle.id,
            col(Obligation.kind) == REPORT,
            col(Obligation.status) == "open",
            col(Obligation.due_at).is_not(None),
        )
    )
    for column, value in (
        (Obligation.unit_id, scope.unit),
        (Report.period_id, scope.period),
        (Report.duty_id, scope.duty),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    return list(session.exec(query))

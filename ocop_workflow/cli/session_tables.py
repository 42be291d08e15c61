"""Printing a dossier's sessions: score sheets, means, findings, and why the result is what it is."""

from collections.abc import Sequence

from notifications.catalogue import Language, translate
from ocop_workflow.cli.output import console, iso, print_table
from ocop_workflow.policy.scoring import shown_mean
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.session_views import ShownSession, explained, shown_sessions
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, ScoreSheet


class SessionTables:
    """A dossier's sessions, read inside a transaction and printed after it."""

    def __init__(self, work: UnitOfWork, book: Rulebook, row: Dossier, language: Language) -> None:
        """Read the sessions and make the sentences."""
        self._language = language
        self._sessions = shown_sessions(work, row)
        self._why = [
            translate(language, told.code, told.params) for told in explained(work.session, book, row, self._sessions)
        ]

    def print_sessions(self) -> None:
        """Print one line for each session and why the result is what it is; nothing where there is neither."""
        names = ("session", "stage", "kind", "held_on", "session_state", "sheets", "mean", "spread", "findings")
        if self._sessions:
            print_table(self._word("sessions"), [self._word(name) for name in names], map(self._line, self._sessions))
        for sentence in self._why:
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    def print_that_there_is_none(self) -> None:
        """Say that there is no session, where there is none."""
        if not self._sessions:
            console.print(self._word("no_sessions"), highlight=False)

    def print_sheets(self) -> None:
        """Print the sheets of each session."""
        names = [self._word(name) for name in ("member", "total_points", "entered_by", "by_criterion")]
        for shown in self._sessions:
            title = f"{self._word('session')} {shown.held.number}, {self._stage(shown)}"
            parts = [part.id for part in shown.book.rule_set.parts]
            columns = [names[0], *parts, *names[1:]]
            print_table(title, columns, [self._sheet(sheet, parts) for sheet in shown.sheets])

    def objects(self) -> list[dict[str, object]]:
        """Return the sessions for programs."""
        return [_object(shown) for shown in self._sessions]

    @property
    def why(self) -> list[str]:
        """Return the sentences that say why the result is what it is."""
        return self._why

    def _line(self, shown: ShownSession) -> Sequence[object]:
        held, rating = shown.held, shown.rating
        kind = translate(self._language, f"session.kind.{held.kind}")
        return (
            held.number,
            self._stage(shown),
            f"{kind} ({held.document})" if held.document else kind,
            f"{held.held_on:%d/%m/%Y}",
            translate(self._language, f"session.state.{held.state}"),
            len(shown.sheets),
            shown_mean(rating.mean) if rating else "–",
            shown.spread,
            self._findings(shown),
        )

    def _findings(self, shown: ShownSession) -> str:
        """Return the findings; of a criteria set, with its many gates, how many are met and which are not."""
        findings = shown.held.findings
        answers = {met: self._word("met" if met else "unmet") for met in (True, False)}
        if shown.held.criteria_set is None:
            return "; ".join(
                f"{gate.title.in_language(self._language)}: {answers[findings[gate.id]]}"
                for gate in shown.gates
                if gate.id in findings
            )
        told = [f"{answers[True]}: {sum(findings.values())}/{len(shown.gates)}"]
        unmet = [gate.id for gate in shown.gates if findings.get(gate.id) is False]
        return "; ".join([*told, f"{answers[False]}: {', '.join(unmet)}"] if unmet else told)

    def _sheet(self, sheet: ScoreSheet, parts: Sequence[str]) -> Sequence[object]:
        paper = f" ({self._word('from_paper')})" if sheet.from_paper else ""
        criteria = ", ".join(f"{code} {points}" for code, points in sorted(sheet.criteria.items()))
        return (
            sheet.member,
            *(sheet.points.get(part) for part in parts),
            sheet.total,
            sheet.entered_by + paper,
            criteria,
        )

    def _stage(self, shown: ShownSession) -> str:
        return shown.book.stage_known(shown.held.stage).title.in_language(self._language)

    def _word(self, name: str) -> str:
        return translate(self._language, f"table.{name}")


def _object(shown: ShownSession) -> dict[str, object]:
    held, rating = shown.held, shown.rating
    return {
        "stage": held.stage,
        "number": held.number,
        "kind": held.kind,
        "held_on": held.held_on.isoformat(),
        "state": held.state,
        "document": held.document,
        "criteria_set": held.criteria_set,
        "findings": held.findings,
        "spread": str(shown.spread),
        "mean": None if rating is None else str(rating.mean),
        "mean_shown": None if rating is None else shown_mean(rating.mean),
        "stars": None if rating is None else rating.stars,
        "unmet": [] if rating is None else list(rating.unmet),
        "sheets": [
            {
                "member": sheet.member,
                "points": sheet.points,
                "criteria": sheet.criteria,
                "total": sheet.total,
                "entered_by": sheet.entered_by,
                "from_paper": sheet.from_paper,
                "recorded_at": iso(sheet.recorded_at),
            }
            for sheet in shown.sheets
        ],
    }

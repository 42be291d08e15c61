"""How notices stand in a list: to whom, about what, by when, by whom it is owed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications.catalogue import Language, translate
from ocop_workflow.cli.output import iso, print_table, show_instant, show_last_day
from ocop_workflow.services.letters import about_of, act_of, party_name, subject_of
from ocop_workflow.services.titles import told
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Notice, Obligation

COLUMNS = ("id", "when", "addressee", "what", "about", "party", "last_day", "status")
DROPPABLE = ("when", "party")


@dataclass(frozen=True, slots=True)
class ListedNotice:
    """One notice as people read it in a list; `due_at` is the first instant too late."""

    notice: Notice
    to: str
    says: str
    about: str
    owed_by: str | None
    due_at: datetime | None

    def row(self, language: Language) -> tuple[object, ...]:
        """Return the cells under `COLUMNS`."""
        reason, outcome = self.notice.suppression, self.notice.status
        return (
            self.notice.id[:8],
            show_instant(self.notice.moment_at),
            self.to,
            self.says,
            self.about,
            self.owed_by,
            show_last_day(self.due_at),
            translate(language, f"reason.{reason}" if reason else f"explain.outcome.{outcome}"),
        )

    @property
    def as_object(self) -> dict[str, Any]:
        """Return the notice for JSON."""
        return {
            "id": self.notice.id,
            "key": self.notice.key,
            "to": self.notice.recipient,
            "says": self.says,
            "about": self.about,
            "owed_by": self.owed_by,
            "moment_at": iso(self.notice.moment_at),
            "due_at": iso(self.due_at),
            "status": self.notice.status,
            "suppression": self.notice.suppression,
        }


def print_notices(title: str, rows: Iterable[ListedNotice], language: Language, *, caption: str) -> None:
    """Print notices as a table."""
    titles = {name: translate(language, f"table.{name}") for name in COLUMNS}
    print_table(
        title,
        list(titles.values()),
        (row.row(language) for row in rows),
        caption=caption,
        droppable=[titles[name] for name in DROPPABLE],
    )


def listed(work: UnitOfWork, cycle: Cycle, notices: Iterable[Notice], language: Language) -> list[ListedNotice]:
    """Return notices as people read them, in their order."""
    return [_listed(work, cycle, notice, language) for notice in notices]


def _listed(work: UnitOfWork, cycle: Cycle, notice: Notice, language: Language) -> ListedNotice:
    session, book = work.session, work.books.of_cycle(work.session, cycle)
    obligation = session.get(Obligation, notice.obligation_id) if notice.obligation_id is not None else None
    subject = subject_of(session, obligation.kind if obligation else None, notice.subject_id)
    if isinstance(subject, Dossier):
        book = work.books.of_dossier(session, cycle, subject)
    says = act_of(book, obligation, subject) if obligation else told(book, notice.code or "", notice.params)
    return ListedNotice(
        notice,
        to=party_name(session, book, notice.recipient, language),
        says=translate(language, says.code, says.params),
        about=about_of(session, book, subject, language),
        owed_by=party_name(session, book, obligation.party, language) if obligation else None,
        due_at=obligation.due_at if obligation else None,
    )

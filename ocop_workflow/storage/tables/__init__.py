"""The tables of one installation. Instants are aware and stored in UTC; states are text."""

from ocop_workflow.storage.tables import conventions  # isort: skip -- names constraints before any table is declared
from ocop_workflow.storage.tables.documents import Installation, PinnedDocument
from ocop_workflow.storage.tables.dossiers import Cycle, Dossier, PlanTask, Product, Report, ScoreSheet
from ocop_workflow.storage.tables.events import Event, EventText, Seal
from ocop_workflow.storage.tables.links import LinkAccess, StatusLink
from ocop_workflow.storage.tables.mails import DeliveryAttempt, Mail, Notice
from ocop_workflow.storage.tables.obligations import Obligation
from ocop_workflow.storage.tables.people import Deputy, Holding, Official, Producer

__all__ = [
    "Cycle",
    "DeliveryAttempt",
    "Deputy",
    "Dossier",
    "Event",
    "EventText",
    "Holding",
    "Installation",
    "LinkAccess",
    "Mail",
    "Notice",
    "Obligation",
    "Official",
    "PinnedDocument",
    "PlanTask",
    "Producer",
    "Product",
    "Report",
    "ScoreSheet",
    "Seal",
    "StatusLink",
    "conventions",
]

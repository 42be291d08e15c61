"""The tables of one installation. Instants are aware and stored in UTC; states are text."""

from ocop_workflow.storage.tables import conventions  # isort: skip -- names constraints before any table is declared
from ocop_workflow.storage.tables.certificates import Certificate, ProductCode
from ocop_workflow.storage.tables.consultations import WrittenConsultation, WrittenOpinion
from ocop_workflow.storage.tables.councils import CouncilInterest, CouncilSession, ScoreSheet
from ocop_workflow.storage.tables.documents import Installation, PinnedDocument, SuccessionAct
from ocop_workflow.storage.tables.dossiers import (
    Cycle,
    Dossier,
    PlanTask,
    Product,
    Report,
    ReportSnapshot,
)
from ocop_workflow.storage.tables.events import Event, EventText, Seal
from ocop_workflow.storage.tables.former_producers import FormerHolder, FormerName
from ocop_workflow.storage.tables.links import FeedLink, LinkAccess, StatusLink
from ocop_workflow.storage.tables.mails import DeliveryAttempt, Mail, Notice
from ocop_workflow.storage.tables.obligations import Obligation
from ocop_workflow.storage.tables.papers import DossierPaper
from ocop_workflow.storage.tables.people import Deputy, Holding, Official, Producer
from ocop_workflow.storage.tables.successions import DossierSuccession
from ocop_workflow.storage.tables.support import Support

__all__ = [
    "Certificate",
    "CouncilInterest",
    "CouncilSession",
    "Cycle",
    "DeliveryAttempt",
    "Deputy",
    "Dossier",
    "DossierPaper",
    "DossierSuccession",
    "Event",
    "EventText",
    "FeedLink",
    "FormerHolder",
    "FormerName",
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
    "ProductCode",
    "Report",
    "ReportSnapshot",
    "ScoreSheet",
    "Seal",
    "StatusLink",
    "SuccessionAct",
    "Support",
    "WrittenConsultation",
    "WrittenOpinion",
    "conventions",
]

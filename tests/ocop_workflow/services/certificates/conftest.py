"""The small office with a certificate, and short ways to what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.services.audit import verify
from ocop_workflow.services.certificate_acts import Issue, issue_certificate
from ocop_workflow.services.certificate_facts import cycle_of_the_day, find_certificate
from ocop_workflow.services.certificate_watch import Watched, certificates_to_watch, watch
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.enforcement import enforce, overdue_obligations
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import events_of
from ocop_workflow.services.obligations import RENEWAL
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.renewals import open_renewal
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.storage.tables import Certificate, Cycle, Notice, Obligation
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

Edit = Callable[[dict[str, Any]], None]

OFFICE, COUNCIL = "coast/coordination_office", "coast/province_council"
FIRST = "01/GCN"
RUNGS = ["-300", "-180", "-90/superior", "-60", "-30", "-7", "+1/office", "+60/office"]


def vn(text: str) -> datetime:
    """Return the instant of a local time in the office's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def points(total: str) -> dict[str, Decimal]:
    """Return a score sheet with this total: part C is filled first."""
    c = min(Decimal(total), Decimal(40))
    a = min(Decimal(total) - c, Decimal(35))
    return {"A": a, "B": Decimal(total) - c - a, "C": c}


def rules_with(**renewal: Any) -> Edit:
    def edit(rules: dict[str, Any]) -> None:
        rules["validity_months"] = "36"
        rules["validity_source"] = "article 8"
        rules["renewal"] = {
            "opens_days_before": "180",
            "closes_days_before": "120",
            "source": "article 9",
            **renewal,
        }
        rules["withdrawal_grounds"] = [
            {"id": "stopped", "title": {"vi": "Ngừng sản xuất", "en": "Production stopped"}, "source": "article 10"}
        ]
        rules["withdrawal_within"] = {"days": "15", "source": "article 10"}

    return edit


def plan_with_certificates(plan: dict[str, Any]) -> None:
    days = [{"days": rung.partition("/")[0], "audience": rung.partition("/")[2] or "responsible"} for rung in RUNGS]
    plan["ladders"]["renewal"] = {"at": "07:30", "source": "item 9", "rungs": days}
    decision = {"due": {"within": "15 working days of received", "source": "item 9"}, "ladder": "official"}
    plan["certificates"] = {
        "ladder": "renewal",
        "withdrawal_ladder": "official",
        "renewal_stages": {"registration": {"decision": decision}},
        "source": "item 9",
    }


@dataclass(frozen=True)
class Certified:
    """The small office in which 1-1-1 was recognised with four stars and certified on 15 March 2018.

    The certificate is valid until 15 March 2021; its renewal window is 16 September to 15 November 2020.
    """

    office: "Office"

    def certificate(self, work: Any, number: str = FIRST) -> Certificate:
        return find_certificate(work.session, number)

    def status(self, number: str = FIRST) -> str:
        with self.office.reading() as work:
            return self.certificate(work, number).status

    def history(self, number: str = FIRST) -> list[tuple[str, datetime]]:
        with self.office.reading() as work:
            events = events_of(work.session, f"certificate:{self.certificate(work, number).id}")
            return [(event.to_state, event.effective_at) for event in events if event.to_state is not None]

    def watch(self, when: str | datetime) -> Watched:
        with self.office.at(when) as work:
            return watch(work, certificates_to_watch(work, cycle_of_the_day(work.session, "coast")))

    def sweep(self, when: str | datetime) -> None:
        """Do what the flows do at one tick."""
        self.watch(when)
        with self.office.at(when) as work:
            for cycle in work.session.exec(select(Cycle)).all():
                queue_due_notices(work, cycle, due_obligations(work.session, cycle, kinds=(RENEWAL,), now=work.now))
                enforce(work, cycle, overdue_obligations(work.session, cycle, now=work.now))

    def open_renewal(self, when: str, *, effective: str | None = None) -> str:
        with self.office.at(when) as work:
            at = None if effective is None else vn(effective)
            return open_renewal(work, self.certificate(work), actor=OFFICE, effective_at=at).key

    def do(self, when: str, key: str, trigger: DossierTrigger, *, effective: str | None = None) -> None:
        with self.office.at(when) as work:
            at = None if effective is None else vn(effective)
            apply_trigger(work, self.office.dossier(work, key), Request(trigger, OFFICE, effective_at=at))

    def bring_to_council(self, key: str, day: str) -> None:
        self.do(f"{day} 10:00", key, DossierTrigger.RECEIVE)
        with self.office.at(f"{day} 11:00") as work:
            conclude(work, self.office.dossier(work, key), actor=OFFICE, verdict="accepted")
        self.do(f"{day} 12:00", key, DossierTrigger.SUBMIT)
        self.do(f"{day} 13:00", key, DossierTrigger.RECEIVE)

    def score(self, when: str, key: str, total: str) -> None:
        with self.office.at(when) as work:
            dossier = self.office.dossier(work, key)
            record_sheets(work, dossier, {"m1": points(total)}, actor=COUNCIL)
            conclude(work, dossier, actor=COUNCIL)

    def issue(self, when: str, key: str, number: str, issued_on: str) -> None:
        with self.office.at(when) as work:
            issue = Issue(number, "9/QĐ-UBND", date.fromisoformat(issued_on), OFFICE)
            issue_certificate(work, self.office.dossier(work, key), issue)

    def rungs(self) -> dict[str, str]:
        """Return what became of each rung of the renewal."""
        with self.office.reading() as work:
            rows = work.session.exec(
                select(Notice)
                .join(Obligation, col(Obligation.id) == col(Notice.obligation_id))
                .where(col(Obligation.kind) == RENEWAL)
            ).all()
            assert len({row.key for row in rows}) == len(rows)
            return {row.rung or "": row.suppression or row.status for row in rows}

    def faults(self) -> list[str]:
        with self.office.reading() as work:
            return [str(fault) for fault in verify(work.session).faults]


@pytest.fixture
def certifying() -> tuple[Edit, Edit]:
    """The edits that give the small office's plan and rule set certificates."""
    return plan_with_certificates, rules_with()


@pytest.fixture
def following() -> "Callable[[Office], Certified]":
    """A way to follow the certificates of an office that is open."""
    return Certified


@pytest.fixture
def certify_with(office_with: "Callable[..., Office]") -> Callable[..., Certified]:
    """A way to make the office with its files edited further; `members` hand in the first dossier's sheets."""

    def make(*edits: Edit, plan: Edit | None = None, members: tuple[str, ...] = ("m1", "m2", "m3")) -> Certified:
        def all_rules(rules: dict[str, Any]) -> None:
            for edit in edits:
                edit(rules)

        def all_plan(data: dict[str, Any]) -> None:
            plan_with_certificates(data)
            if plan is not None:
                plan(data)

        office = office_with(plan=all_plan, rules=all_rules)
        office.open()
        office.to_council()
        with office.at("2018-03-12 08:00") as work:
            record_sheets(work, office.dossier(work), dict.fromkeys(members, points("75")), actor=COUNCIL)
            conclude(work, office.dossier(work), actor=COUNCIL)
        made = Certified(office)
        made.issue("2018-03-15 09:00", "1-1-1", FIRST, "2018-03-15")
        return made

    return make


@pytest.fixture
def certify(certify_with: Callable[..., Certified]) -> Callable[..., Certified]:
    def make(**renewal: Any) -> Certified:
        return certify_with(rules_with(**renewal))

    return make


@pytest.fixture
def certified(certify: Callable[..., Certified]) -> Certified:
    return certify()

"""An office's second year beside the leftovers of its first (section 3)."""

from copy import deepcopy
from datetime import date, time
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from notifications.catalogue import Language, translate
from ocop_workflow.config_files import PlanFiles
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import close_cycle, cycles_of, open_cycle
from ocop_workflow.services.earlier_attempts import earlier_attempts
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.services.projection import missing_products, project_reports, project_tasks, register_products
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.status_page import status_page
from ocop_workflow.storage.tables import Cycle, Dossier, Producer, Product
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


def with_2019(plan: dict[str, Any]) -> None:
    """Give the plan a second year: round 2 from 10 January to 30 March, submissions by 28 February."""
    plan["runs_until"] = "2020-04-01"
    second = plan["years"]["2019"] = deepcopy(plan["years"]["2018"])
    round_ = second["rounds"][0]
    round_ |= {"id": "r2", "opens_on": "2019-01-10", "closes_on": "2019-03-30"}
    round_["stages"]["registration"]["submission"] = {
        "due": {"by": "2019-02-28", "source": "item 5"},
        "ladder": "producer",
    }
    second["tasks"] = []


def begin_2019(office: "Office", when: str, **plan_changes: Any) -> list[str]:
    """Open the second year as the flow would, and return which products got a dossier."""
    documents = office.documents
    plan = documents.plan.model_copy(update=plan_changes)
    files = PlanFiles(plan, {documents.rule_set.id: documents.rule_set}, documents.units, documents.products)
    with office.at(when) as work:
        cycle = open_cycle(work, documents_for(files, 2019), year=2019, actor=OFFICE)
        project_reports(work, cycle, actor=OFFICE)
        project_tasks(work, cycle, actor=OFFICE)
        missing = missing_products(work, cycle)
        register_products(work, cycle, missing, actor=OFFICE)
        return missing


@pytest.fixture
def first_year(office_with: "Callable[..., Office]") -> "Office":
    """In 2018: 1-1-1 is recognised, 1-2-1 not passed, 2-1-1 lapsed, 2-1-2 still before the council."""
    office = office_with(plan=with_2019)
    office.open()
    office.to_council("1-1-1")
    office.score("2018-03-12 08:00", "80", "80", "80")
    office.act("2018-03-15 08:00", DossierTrigger.SUBMIT, number="1-2-1")
    office.act("2018-03-16 08:00", DossierTrigger.RECEIVE, number="1-2-1")
    office.conclude("2018-03-19 08:00", number="1-2-1", verdict="declined")
    office.act("2018-03-20 08:00", DossierTrigger.SUBMIT, number="2-1-2")
    office.enforce("2018-06-01 08:00")
    return office


def test_only_products_that_ended_without_recognition_get_another_first_dossier(first_year: "Office") -> None:
    """Section 5: what was not passed may enter the next cycle; what is recognised or still open does not."""
    assert begin_2019(first_year, "2019-01-03 07:30") == ["1-2-1", "2-1-1"]

    with first_year.reading() as work:
        dossiers = select(Dossier.key, Dossier.status).where(col(Dossier.key).startswith("coast-2018/2019/"))
        assert set(work.session.exec(dossiers)) == {
            ("coast-2018/2019/r2/1-2-1", "awaiting_submission"),
            ("coast-2018/2019/r2/2-1-1", "awaiting_submission"),
        }
        assert (len(work.session.exec(select(Product)).all()), len(work.session.exec(select(Producer)).all())) == (4, 3)
        assert verify(work.session).faults == ()


def test_a_second_attempt_tells_how_and_when_the_first_ended(first_year: "Office") -> None:
    """Section 5: not passed on 19 March; lapsed 30 days after 30 March, the last day of submission."""
    begin_2019(first_year, "2019-01-03 07:30")
    second = "coast-2018/2019/r2/"

    with first_year.reading() as work:
        (declined,) = earlier_attempts(work, first_year.dossier(work, f"{second}1-2-1"))
        (lapsed,) = earlier_attempts(work, first_year.dossier(work, f"{second}2-1-1"))
        page = status_page(work, first_year.dossier(work, f"{second}2-1-1"))
        first = first_year.dossier(work, "coast-2018/2018/r1/1-2-1")
        assert earlier_attempts(work, first) == ()
    assert (declined.key, declined.status, declined.closed_on) == (first.key, "not_passed", date(2018, 3, 19))
    assert (lapsed.status, lapsed.stars, lapsed.closed_on) == ("lapsed", None, date(2018, 4, 30))
    assert [translate(Language.VI, each.code, each.params) for each in page.attempts] == [
        "Nước mắm cốt, Đợt 1 (năm 2018): Dừng xử lý do quá hạn ở bước đăng ký, ngày 30/04/2018."
    ]


def test_every_morning_of_the_second_year_finds_nothing_missing(first_year: "Office") -> None:
    """It used to fail each morning on the products that are busy."""
    begin_2019(first_year, "2019-01-03 07:30")

    with first_year.at("2019-01-04 06:00") as work:
        for cycle in cycles_of(work.session):
            assert missing_products(work, cycle) == []
            assert (project_reports(work, cycle, actor=OFFICE), project_tasks(work, cycle, actor=OFFICE)) == (0, 0)


def test_a_leftover_gets_its_dossier_once_it_has_ended(first_year: "Office") -> None:
    begin_2019(first_year, "2019-01-03 07:30")
    with first_year.at("2019-02-01 08:00") as work:
        (leftover,) = work.session.exec(select(Dossier).where(col(Dossier.key) == "coast-2018/2018/r1/2-1-2"))
        first_year_number = leftover.key
    first_year.act("2019-02-01 08:00", DossierTrigger.WITHDRAW, number=first_year_number, actor=OFFICE)

    with first_year.at("2019-02-02 06:00") as work:
        second = cycles_of(work.session)[1]
        assert missing_products(work, second) == ["2-1-2"]


def test_mail_leaves_at_the_hour_of_the_newest_open_cycle(first_year: "Office") -> None:
    """The plan of 2019 lets digests leave at 09:30, that of 2018 at 07:30; one office, one digest a day."""
    begin_2019(first_year, "2019-01-03 07:30", digest_at=time(9, 30))
    with first_year.at("2019-02-21 07:30") as work:
        for cycle in cycles_of(work.session):
            ids = due_obligations(work.session, cycle, kinds=(DOSSIER_STEP,), now=work.now)
            queue_due_notices(work, cycle, ids)
    first_year.bundle("2019-02-21 07:30")

    digests = {mail.next_try_at.isoformat() for mail in first_year.mails() if mail.kind == "digest"}
    assert digests == {"2019-02-21T02:30:00+00:00"}


def test_mail_of_a_closed_year_still_finds_its_hour(first_year: "Office") -> None:
    """With every cycle closed the last one opened says when."""
    begin_2019(first_year, "2019-01-03 07:30", digest_at=time(9, 30))
    with first_year.at("2020-04-03 06:00") as work:
        for cycle in work.session.exec(select(Cycle)):
            close_cycle(work, cycle, actor=OFFICE)
    first_year.sweep("2020-04-03 06:30")
    first_year.bundle("2020-04-03 06:30")

    digests = {mail.next_try_at.isoformat() for mail in first_year.mails() if mail.kind == "digest"}
    assert digests == {"2020-04-03T02:30:00+00:00"}

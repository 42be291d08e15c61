"""What the page tells of what has happened: acts in order, grounds and dates, no officials (promise I8)."""

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from notifications.letter import Wording
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.status_page import StatusPage, status_page
from state_machines.dossier import DossierStatus, DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

TEAM = "hill/ocop_team"
REGISTRATION = {"vi": "Đăng ký", "en": "Registration"}
EVALUATION = {"vi": "Đánh giá", "en": "Evaluation"}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def page_at(office: "Office", when: str) -> StatusPage:
    """Return the page as it is at a local time."""
    with office.reading(when) as work:
        return status_page(work, office.dossier(work))


def give_back(office: "Office", when: str, **details: Any) -> None:
    with office.at(when) as work:
        apply_trigger(work, office.dossier(work), Request(DossierTrigger.RETURN, TEAM, details=details))


def told(page: StatusPage) -> list[tuple[str, dict[str, Any]]]:
    return [(entry.told.code, dict(entry.told.params)) for entry in page.history]


def test_status_page_of_an_extended_date_explains_the_extension_instead_of_the_plan(office: "Office") -> None:
    with office.at("2018-03-20 08:00") as work:
        due_at = local("2018-04-14 00:00")
        decision = Extension(due_at, "bão", "12/QĐ-VPĐP", "coast/coordination_office")
        extend(work, office.obligation(work, "submission"), decision)

    page = page_at(office, "2018-03-20 09:00")
    task = page.tasks[0]

    assert (task.last_on, task.lapses_after) == (date(2018, 4, 13), date(2018, 5, 13))
    assert task.why == (Wording("page.why_extended", {"first_on": "2018-03-30"}),)
    assert told(page) == [("page.told.extended", {"stage": REGISTRATION, "last_on": "2018-04-13"})]
    assert "bão" not in str(page)


def test_status_page_tells_what_happened_in_order_without_officials_links_and_scores(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    give_back(office, "2018-03-07 08:00", items=["ảnh"])
    office.act("2018-03-08 08:00", DossierTrigger.SUBMIT)
    office.conclude("2018-03-09 08:00")
    office.act("2018-03-12 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-13 08:00", DossierTrigger.RECEIVE)
    office.act("2018-03-13 09:00", DossierTrigger.REVIEW)
    office.score("2018-03-14 08:00", "80", "81", "81")

    page = page_at(office, "2018-03-15 08:00")

    assert told(page) == [
        ("page.told.submitted", {"stage": REGISTRATION}),
        ("news.received", {"stage": REGISTRATION, "number": "0001/2018"}),
        ("news.returned", {"stage": REGISTRATION, "items": "ảnh"}),
        ("page.told.submitted_again", {"stage": REGISTRATION}),
        ("news.advanced", {"stage": REGISTRATION, "next_stage": EVALUATION}),
        ("page.told.submitted", {"stage": EVALUATION}),
        ("news.received", {"stage": EVALUATION, "number": "0002/2018"}),
        ("page.told.review", {"stage": EVALUATION}),
        ("news.recognised", {"stage": EVALUATION, "stars": 4}),
    ]
    assert page.history[0].at == local("2018-03-05 08:00")
    assert page.receipt_number == "0002/2018"


@pytest.mark.parametrize(
    ("details", "ground"),
    [
        ({}, "–"),
        ({"ground": "giả mạo"}, "giả mạo"),
        ({"ground": {"vi": "Giả mạo", "en": "Forged"}}, {"vi": "Giả mạo", "en": "Forged"}),
    ],
)
def test_status_page_of_a_rejected_dossier_names_the_ground(
    office: "Office", details: dict[str, Any], ground: str | dict[str, str]
) -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    with office.at("2018-03-06 08:00") as work:
        apply_trigger(work, office.dossier(work), Request(DossierTrigger.REJECT, TEAM, details=details))

    page = page_at(office, "2018-03-07 08:00")

    assert page.status == DossierStatus.REJECTED
    assert told(page)[-1] == ("news.rejected", {"ground": ground})


def test_status_page_names_a_ground_that_is_given_by_its_id(unopened_office: "Office") -> None:
    forged = {"id": "forged", "title": {"vi": "Giả mạo", "en": "Forged"}, "source": "article 9"}
    documents = unopened_office.documents
    rules = {**documents.rule_set.model_dump(mode="json"), "rejection_grounds": [forged]}
    office = replace(unopened_office, documents=replace(documents, rule_set=RuleSet.model_validate(rules)))
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    with office.at("2018-03-06 08:00") as work:
        apply_trigger(work, office.dossier(work), Request(DossierTrigger.REJECT, TEAM, details={"ground": "forged"}))

    assert told(page_at(office, "2018-03-07 08:00"))[-1][1] == {"ground": {"vi": "Giả mạo", "en": "Forged"}}

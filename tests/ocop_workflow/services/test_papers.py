"""A dossier's checklist: what its kind and product need, what is there, what has expired on the day one asks."""

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.policy.papers import PaperOnFile
from ocop_workflow.services.audit import verify
from ocop_workflow.services.papers import PaperRefusedError, checklist_of, record_paper
from ocop_workflow.services.status_page import status_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ocop_workflow.conftest import Office

TEAM = "hill/ocop_team"
SAFETY_ENDS = date(2018, 6, 30)


@pytest.fixture
def office(office_with: "Callable[..., Office]") -> "Office":
    """A form, samples that a service does not need, a safety paper with an end, a report for renewals only."""

    def papers(rules: Any) -> None:
        more: dict[str, dict[str, Any]] = {
            "form": {},
            "samples": {"not_for_groups": ["tourism"]},
            "safety": {"expires": True},
            "changes": {"kinds": ["renewal"]},
        }
        rules["papers"] = [
            {"id": id_, "title": {"vi": f"Giấy {id_}", "en": id_.title()}, "source": "article 6", **rest}
            for id_, rest in more.items()
        ]

    opened = office_with(rules=papers)
    opened.open()
    return opened


def states(office: "Office", when: str, number: str = "1-1-1") -> dict[str, str]:
    with office.reading(when) as work:
        return {item.paper.id: item.state.value for item in checklist_of(work, office.dossier(work, number))}


def record(office: "Office", paper: str, on_file: PaperOnFile, when: str = "2018-03-05 08:00") -> None:
    with office.at(when) as work:
        record_paper(work, office.dossier(work), paper, on_file, actor=TEAM)


def test_nothing_is_called_missing_that_nobody_has_checked(office: "Office") -> None:
    """A first dossier needs no report of changes."""
    assert states(office, "2018-03-05 08:00") == dict.fromkeys(("form", "samples", "safety"), "unchecked")


def test_a_paper_expires_by_its_date_and_is_told_sixty_days_before(office: "Office") -> None:
    """Valid to 30 June: from 1 May (60 days before) it expires soon, on 30 June it still holds, on 1 July no more."""
    record(office, "form", PaperOnFile(present=True))
    record(office, "safety", PaperOnFile(present=True, last_day=SAFETY_ENDS))

    told = {when: states(office, f"{when} 00:00")["safety"] for when in ("2018-04-30", "2018-05-01", "2018-06-30")}
    assert told == {"2018-04-30": "present", "2018-05-01": "expiring", "2018-06-30": "expiring"}
    assert states(office, "2018-07-01 00:00") == {"form": "present", "samples": "unchecked", "safety": "expired"}


def test_a_service_needs_no_samples(office: "Office") -> None:
    with office.at("2018-03-05 08:00") as work:
        product = work.session.connection()
        product.exec_driver_sql("UPDATE product SET \"group\" = 'tourism'")
    assert "samples" not in states(office, "2018-03-06 08:00")


def test_the_last_record_counts_and_each_is_an_event(office: "Office") -> None:
    record(office, "form", PaperOnFile(present=True))
    record(office, "form", PaperOnFile(present=False), "2018-03-06 08:00")

    assert states(office, "2018-03-07 08:00")["form"] == "missing"
    with office.reading() as work:
        assert office.dossier(work).version == 4  # registered, its link, two records
        assert verify(work.session).faults == ()


@pytest.mark.parametrize(
    ("paper", "on_file", "sentence"),
    [
        ("photo", PaperOnFile(present=True), "has no paper 'photo'; it has form, samples, safety"),
        ("safety", PaperOnFile(present=True), "say until when it is valid (article 6)"),
        ("form", PaperOnFile(present=True, last_day=SAFETY_ENDS), "it has no last day; leave that out (article 6)"),
    ],
)
def test_what_the_checklist_does_not_know_is_refused(
    office: "Office", paper: str, on_file: PaperOnFile, sentence: str
) -> None:
    with pytest.raises(PaperRefusedError, match=re.escape(sentence)):
        record(office, paper, on_file)


def test_the_producers_page_shows_what_is_missing(office: "Office") -> None:
    record(office, "form", PaperOnFile(present=True))
    record(office, "samples", PaperOnFile(present=False))
    with office.reading("2018-03-06 08:00") as work:
        page = status_page(work, office.dossier(work))
    assert [(item.paper.id, item.state) for item in page.papers] == [
        ("form", "present"),
        ("samples", "missing"),
        ("safety", "unchecked"),
    ]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ("UPDATE dossier_paper SET present = 0", "the paper form is not as its events say"),
        ("UPDATE dossier_paper SET last_day = '2030-01-01'", "the paper form is not as its events say"),
        ("DELETE FROM dossier_paper", "what was recorded of the paper form is missing"),
    ],
)
def test_an_edited_paper_is_found(office: "Office", edit: str, sentence: str) -> None:
    record(office, "form", PaperOnFile(present=True))
    with office.at("2018-03-06 08:00") as work:
        work.session.connection().exec_driver_sql(edit)
    with office.reading() as work:
        assert [fault.sentence for fault in verify(work.session).faults] == [sentence]

"""A recognition is not the end: its authority owes the certificate, and is chased for it like for any other act."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.services.amendments import Amendment, amend
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.health import troubles_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.sealing import seal_day
from tests.ocop_workflow.services.certificates.conftest import COUNCIL, OFFICE, Certified, rules_with, vn

if TYPE_CHECKING:
    from ocop_workflow.storage.tables import Obligation
    from tests.ocop_workflow.conftest import Office

Edit = Callable[[dict[str, Any]], None]


def term(plan: dict[str, Any]) -> None:
    """Let the certificate follow within ten working days of the decision."""
    stages = plan["years"]["2018"]["rounds"][0]["stages"]
    stages["evaluation"]["certificate"] = {
        "due": {"within": "10 working days of decided", "source": "item 9"},
        "ladder": "official",
    }


def limit(rules: dict[str, Any]) -> None:
    rules_with()(rules)
    due = {"within": "15 days of decided", "origin": "statutory", "source": "article 9"}
    rules["limits"] = [
        {"id": "certificate", "stage": "evaluation", "step": "certificate", "due": due, "article": "article 9"}
    ]


@pytest.fixture
def recognised(office_with: "Callable[..., Office]") -> "Callable[..., Certified]":
    """A way to have 1-1-1 recognised with so many points on Monday 12 March 2018; no certificate follows yet."""

    def make(plan: Edit | None = term, rules: Edit | None = None, points: str = "75") -> Certified:
        office = office_with(plan=plan, rules=rules or rules_with())
        office.open()
        office.to_council()
        office.score("2018-03-12 08:00", points, points, points)
        return Certified(office)

    return make


def owed(made: Certified) -> "list[Obligation]":
    with made.office.reading() as work:
        return open_obligations_of(work.session, made.office.dossier(work).id)


def test_a_recognition_asks_its_authority_for_the_certificate(recognised: "Callable[..., Certified]") -> None:
    """Ten working days from Monday 12 March, the day itself not counted, end with Monday 26 March."""
    (duty,) = owed(recognised())

    assert (duty.step, duty.party, duty.source) == ("certificate", COUNCIL, "item 9")
    assert (duty.opens_at, duty.due_at) == (vn("2018-03-12 08:00"), vn("2018-03-27 00:00"))


def test_the_authority_is_reminded_and_its_lateness_climbs(recognised: "Callable[..., Certified]") -> None:
    """A working day before 26 March is Friday 23 March; then one, three and seven days behind it."""
    made = recognised()
    for day in ("2018-03-23", "2018-03-27", "2018-03-29", "2018-04-02"):
        made.office.sweep(f"{day} 07:30")
        made.office.enforce(f"{day} 07:45")

    with made.office.reading() as work:
        found = [
            (notice.moment_at, notice.rung, notice.recipient)
            for notice in made.office.notices(work, about="1-1-1")
            if notice.obligation_id == owed(made)[0].id
        ]
        dossier = made.office.dossier(work)
    assert found == [
        (vn("2018-03-23 07:30"), "-1w", COUNCIL),
        (vn("2018-03-27 07:30"), "+1", COUNCIL),
        (vn("2018-03-29 07:30"), "+3/superior", "coast/province_leader"),
        (vn("2018-04-02 07:30"), "+7/office", OFFICE),
    ]
    assert owed(made)[0].overdue_at == vn("2018-03-27 00:00")
    assert (dossier.status, dossier.stars) == ("recognised", 4)


@pytest.mark.parametrize(("issued_on", "overdue_at"), [("2018-03-26", None), ("2018-03-27", vn("2018-03-27 00:00"))])
def test_the_day_of_issue_settles_it_whenever_it_is_recorded(
    recognised: "Callable[..., Certified]", issued_on: str, overdue_at: object
) -> None:
    made = recognised()
    made.issue("2018-04-10 09:00", "1-1-1", "01/GCN", issued_on)

    assert owed(made) == []
    with made.office.reading() as work:
        duty = made.office.obligation(work, "certificate")
    assert (duty.status, duty.closed_at, duty.overdue_at) == ("done", vn(f"{issued_on} 00:00"), overdue_at)
    assert made.faults() == []


def test_a_certificate_of_the_same_day_was_owed_for_no_time(recognised: "Callable[..., Certified]") -> None:
    made = recognised()
    made.issue("2018-03-12 09:00", "1-1-1", "01/GCN", "2018-03-12")

    with made.office.reading() as work:
        assert made.office.obligation(work, "certificate").closed_at == vn("2018-03-12 08:00")


def test_a_regulations_own_term_dates_it_and_is_never_extended(recognised: "Callable[..., Certified]") -> None:
    """Fifteen days from 12 March end with 27 March."""
    made = recognised(plan=None, rules=limit)
    (duty,) = owed(made)

    assert (duty.due_at, duty.origin, duty.source) == (vn("2018-03-28 00:00"), "statutory", "article 9")
    with made.office.at("2018-03-20 08:00") as work, pytest.raises(ExtensionRefusedError, match="article 9"):
        extend(work, owed(made)[0], Extension(vn("2018-04-10 00:00"), "bận", "5/QĐ", OFFICE))


def test_a_plans_term_can_be_extended_since_nothing_depends_on_it(recognised: "Callable[..., Certified]") -> None:
    made = recognised()
    with made.office.at("2018-03-20 08:00") as work:
        duty = made.office.obligation(work, "certificate")
        extend(work, duty, Extension(vn("2018-04-10 00:00"), "bận", "5/QĐ", OFFICE))

    assert owed(made)[0].due_at == vn("2018-04-10 00:00")


@pytest.mark.parametrize(("rules", "points"), [(rules_with(), "40"), (lambda _: None, "75")])
def test_what_is_not_certified_is_not_owed(recognised: "Callable[..., Certified]", rules: Edit, points: str) -> None:
    """One and two stars are told in writing; a rule set that gives no validity issues nothing."""
    assert owed(recognised(rules=rules, points=points)) == []


def test_what_nothing_dates_is_owed_and_the_office_is_asked_after_thirty_days(
    recognised: "Callable[..., Certified]",
) -> None:
    made = recognised(plan=None)

    def troubles(when: str) -> list[tuple[str, object]]:
        with made.office.at(when) as work:
            seal_day(work)
            return [(each.code, each.params.get("number")) for each in troubles_of(work, "coast")]

    (duty,) = owed(made)
    assert (duty.due_at, duty.ladder, duty.why_code) == (None, None, "none")
    assert "uncertified" not in dict(troubles("2018-04-11 08:00"))
    assert dict(troubles("2018-04-11 08:01"))["uncertified"] == "coast-2018/2018/r1/1-1-1"
    made.issue("2018-04-12 09:00", "1-1-1", "01/GCN", "2018-04-12")
    assert "uncertified" not in dict(troubles("2018-04-13 08:00"))


def test_an_amendment_dates_what_is_owed_from_the_decision(
    recognised: "Callable[..., Certified]", office_with: "Callable[..., Office]"
) -> None:
    """Twenty working days from 12 March end with 9 April; the dossier came to its stage on 8 March."""
    made = recognised()

    def longer(plan: dict[str, Any]) -> None:
        term(plan)
        plan["years"]["2018"]["rounds"][0]["stages"]["evaluation"]["certificate"]["due"]["within"] = (
            "20 working days of decided"
        )

    plan = office_with(plan=longer, rules=rules_with()).documents.plan
    with made.office.at("2018-03-20 08:00") as work:
        amend(work, made.office.cycle(work), Amendment(plan, "nhiều hồ sơ", "09/QĐ", OFFICE))

    assert owed(made)[0].due_at == vn("2018-04-10 00:00")

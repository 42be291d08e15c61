"""Acts that meet: units take over, producers close, and people change while opinions and withdrawals are owed."""

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.policy.consultation import Answer
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.route import CERTIFICATE
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import TakeOver, Unit
from ocop_workflow.services.amended_dates import AmendmentRefusedError
from ocop_workflow.services.amendments import Amendment, amend
from ocop_workflow.services.calendar_feed import calendar_feed
from ocop_workflow.services.certificate_acts import Issue, Revocation, issue_certificate, revoke
from ocop_workflow.services.certificate_checks import Check, record_check
from ocop_workflow.services.consultation_answers import Reply, give_opinion
from ocop_workflow.services.consultation_opening import Proposal, open_consultation
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import events_of
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.links import links_of, open_link, token_of
from ocop_workflow.services.obligations import OPINION, WITHDRAWAL, open_obligations_of
from ocop_workflow.services.opinion_page import opinion_page
from ocop_workflow.services.people import appoint
from ocop_workflow.services.producer_acts import Change
from ocop_workflow.services.producer_closures import close_producer
from ocop_workflow.services.producer_register import find_producer
from ocop_workflow.services.reopening import Reopening, reopen
from ocop_workflow.services.rule_set_changes import Target
from ocop_workflow.services.rule_set_migration import Migration, migrate
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.successions import succeed
from ocop_workflow.storage.tables import Cycle, Holding, Notice, Obligation, Official, StatusLink
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.services.certificates.conftest import COUNCIL, OFFICE, Certified, points, rules_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocop_workflow.services.unit_of_work import UnitOfWork

KEY = b"k" * 32
TRADE = "delta/ocop_team"


def merger(when: str) -> Succession:
    """Both districts become one; the place of HTX Đồi Ong goes to a unit of its own."""
    new = [
        Unit(id=unit_id, level="district", parent="coast", name=LocalText(vi=unit_id, en=unit_id))
        for unit_id in ("shore", "bay")
    ]
    taken = TakeOver(units=("delta", "hill"), successor="shore", producers={"HTX Đồi Ong": "bay"})
    return Succession(
        id="shore",
        decision="12/NQ-HĐND",
        source="made up for the tests",
        effective_on=date.fromisoformat(when),
        new_units=tuple(new),
        take_overs=(taken,),
    )


PROVINCE = Succession(
    id="gulf",
    decision="202/QH15",
    source="made up for the tests",
    effective_on=date(2018, 6, 11),
    new_units=(Unit(id="gulf", level="province", name=LocalText(vi="tỉnh Vịnh", en="Gulf")),),
    take_overs=(TakeOver(units=("coast",), successor="gulf"),),
)
"""The province itself becomes another."""


NO_DISTRICTS = PROVINCE.model_copy(
    update={
        "id": "no-districts",
        "new_units": (),
        "take_overs": (
            TakeOver(
                units=("delta", "hill"),
                successor="coast",
                roles={"ocop_team": "coordination_office", "district_leader": "province_leader"},
            ),
        ),
    }
)
"""No district is left: the province's offices take over."""


def seat(seat_id: str, **more: Any) -> dict[str, Any]:
    return {"id": seat_id, "title": {"vi": seat_id, "en": seat_id}, **more}


def asked_in_writing(plan: dict[str, Any]) -> None:
    decision = {"due": {"within": "60 days of received", "source": "item 9"}, "ladder": "official"}
    plan["certificates"]["renewal_stages"]["evaluation"] = {"decision": decision}
    plan["councils"]["evaluation"] = {
        "members": 3,
        "quorum_percent": 50,
        "seats": [
            seat("chair", role="chair", position={"role": "coordination_office", "unit": "coast"}),
            seat("trade", position={"role": "ocop_team", "unit": "delta"}),
            seat("team", position={"role": "ocop_team"}),
        ],
        "written": {"quorum_percent": 60, "agree_percent": 60, "ladder": "official", "source": "Điều 9"},
        "source": "Điều 5",
    }


def renewed_in_writing(rules: dict[str, Any]) -> None:
    rules["validity_months"], rules["validity_source"] = "36", "article 8"
    rules["renewal"] = {"opens_days_before": "180", "closes_days_before": "120", "source": "article 9"}
    rules["route"]["stages"][1]["written_opinions"] = {"kinds": ["renewal"], "source": "article 7.6"}


@pytest.fixture
def before_council(certify_with: "Callable[..., Certified]") -> tuple[Certified, str]:
    """A renewal that a council of three may be asked about: the office, and the teams of delta and hill."""
    made = certify_with(renewed_in_writing, plan=asked_in_writing, members=("chair", "trade", "team"))
    key = made.open_renewal("2020-09-20 09:00")
    made.do("2020-10-01 09:00", key, DossierTrigger.SUBMIT)
    made.bring_to_council(key, "2020-10-02")
    return made, key


@pytest.fixture
def consulted(before_council: tuple[Certified, str]) -> tuple[Certified, str]:
    """The council is asked in writing on 5 October 2020, by 15 October."""
    made, key = before_council
    with made.office.at("2020-10-05 09:00") as work:
        proposal = Proposal(points("75"), date(2020, 10, 15), "12/HĐ")
        open_consultation(work, made.office.dossier(work, key), proposal, actor=COUNCIL)
    return made, key


def opinions(work: "UnitOfWork") -> dict[str, tuple[str, str, str]]:
    rows = work.session.exec(select(Obligation).where(col(Obligation.kind) == OPINION))
    return {str(row.step): (row.party, row.unit_id, row.status) for row in rows}


def _is_opinion() -> ColumnElement[bool]:
    return col(Obligation.kind) == OPINION


def link_of(work: "UnitOfWork", subject_id: str, recipient: str) -> StatusLink:
    (link,) = [each for each in links_of(work.session, subject_id) if each.recipient == recipient]
    return link


def test_an_opinion_is_owed_and_given_by_the_successor_through_a_link_of_its_own(
    consulted: tuple[Certified, str],
) -> None:
    """The mail to the team of delta opens nothing any more; the dossier records the act once."""
    made, key = consulted
    with made.office.reading() as work:
        dossier = made.office.dossier(work, key)
        before = token_of(link_of(work, dossier.id, TRADE), (KEY,))
    with made.office.at("2020-10-06 09:00") as work:
        succeed(work, merger("2020-10-06"))

    with made.office.at("2020-10-07 09:00") as work:
        dossier = made.office.dossier(work, key)
        assert opinions(work) == {
            "chair": (OFFICE, "bay", "open"),
            "trade": ("shore/ocop_team", "bay", "open"),
            "team": ("shore/ocop_team", "bay", "open"),
        }
        assert open_link(work.session, before, keys=(KEY,), now=work.now) is None
        live = [each for each in links_of(work.session, dossier.id) if each.revoked_at is None]
        assert [each.recipient for each in live].count("shore/ocop_team") == 1
        actions = [event.action for event in events_of(work.session, f"dossier:{dossier.id}")]
        assert actions.count("units_succeeded") == 1
        for _ in range(2):  # one after the other, by one page
            page = opinion_page(work, dossier, recipient="shore/ocop_team")
            assert page is not None
            give_opinion(work, dossier, Reply(page.member, Answer.AGREE), actor="shore/ocop_team")
        assert {status for party, _, status in opinions(work).values() if party != OFFICE} == {"done"}
    assert made.faults() == []


def test_a_council_with_seats_of_units_that_are_gone_is_asked_where_they_went(
    before_council: tuple[Certified, str],
) -> None:
    """Two seats are of teams that became one: each is asked for by itself, by one link, and both answers count."""
    made, key = before_council
    with made.office.at("2020-10-05 08:00") as work:
        succeed(work, merger("2020-10-05"))
    with made.office.at("2020-10-05 09:00") as work:
        dossier = made.office.dossier(work, key)
        open_consultation(work, dossier, Proposal(points("75"), date(2020, 10, 15), "12/HĐ"), actor=COUNCIL)
        assert {seat_id: party for seat_id, (party, _, _) in opinions(work).items()} == {
            "chair": OFFICE,
            "trade": "shore/ocop_team",
            "team": "shore/ocop_team",
        }
        assert link_of(work, dossier.id, "shore/ocop_team").revoked_at is None
    with made.office.at("2020-10-06 09:00") as work:
        dossier = made.office.dossier(work, key)
        for member, actor in (("chair", OFFICE), ("trade", "shore/ocop_team"), ("team", "shore/ocop_team")):
            give_opinion(work, dossier, Reply(member, Answer.AGREE), actor=actor)
        assert conclude(work, dossier, actor=COUNCIL).status == "recognised"
    assert made.faults() == []


def test_a_plan_can_be_amended_while_the_council_is_asked_but_the_council_stays(
    consulted: tuple[Certified, str],
) -> None:
    """Who was asked by rules of procedure answers by them; a later day of the decision moves nobody's answer."""
    made, key = consulted
    with made.office.at("2020-10-06 09:00") as work:
        cycle = work.session.get_one(Cycle, made.office.dossier(work, key).cycle_id)
        plan = work.books.of_cycle(work.session, cycle).plan.model_dump(mode="json")
        plan["certificates"]["renewal_stages"]["evaluation"]["decision"]["due"]["date"] = {
            "within": "70 days of received"
        }
        before = opinions(work), [o.due_at for o in work.session.exec(select(Obligation).where(_is_opinion()))]
        moved = amend(work, cycle, Amendment(CyclePlan.model_validate(plan), "mưa bão", "9/QĐ", OFFICE)).moves
        assert [move.obligation.step for move in moved] == ["decision"]
        assert before == (
            opinions(work),
            [o.due_at for o in work.session.exec(select(Obligation).where(_is_opinion()))],
        )
        plan["councils"]["evaluation"]["written"]["agree_percent"] = 90
        with pytest.raises(AmendmentRefusedError, match="councils differs; a council stays"):
            amend(work, cycle, Amendment(CyclePlan.model_validate(plan), "quy chế mới", "10/QĐ", OFFICE))
    assert made.faults() == []


def test_the_successor_is_asked_by_mail_with_its_link(consulted: tuple[Certified, str]) -> None:
    made, _ = consulted
    day = date(2020, 10, 6)
    with made.office.at("2020-10-06 09:00") as work:
        succeed(work, merger("2020-10-06"))
        email = "shore@office.example"
        appoint(work, position="shore/ocop_team", name="Shore", email=email, language="en", start_on=day)
    sender = RecordingEmailSender()
    made.office.send("2020-10-07 07:30", sender)

    (mail,) = [each for each in sender.envelopes if each.recipient == "shore@office.example"]
    said = made.office.text_of(mail.message)
    assert said.count("15/10/2020") == 2  # its two seats
    assert "/s/" in said


def test_who_held_a_position_before_answers_no_more_by_the_old_mail(consulted: tuple[Certified, str]) -> None:
    """I8: a position that is handed over reads by a link of its own, and so for a dossier as for a report."""
    made, key = consulted
    with made.office.reading() as work:
        before = token_of(link_of(work, made.office.dossier(work, key).id, TRADE), (KEY,))
    with made.office.at("2020-10-06 09:00") as work:
        hand_over(work, Handover(TRADE, "Người mới", "new@office.example", "vi", date(2020, 10, 6)))
        assert open_link(work.session, before, keys=(KEY,), now=work.now) is None
        now = token_of(link_of(work, made.office.dossier(work, key).id, TRADE), (KEY,))
        assert open_link(work.session, now, keys=(KEY,), now=work.now) is not None
    assert made.faults() == []


def test_a_migration_ends_what_members_owe_once_and_tells_each_of_them(consulted: tuple[Certified, str]) -> None:
    """The other text knows no written opinions: the council meets, and nobody waits for an answer (I4)."""
    made, key = consulted
    with made.office.at("2020-10-06 09:00") as work:
        dossier = made.office.dossier(work, key)
        cycle = work.session.get_one(Cycle, dossier.cycle_id)
        rules = work.books.of_dossier(work.session, cycle, dossier).rule_set
        stages = tuple(stage.model_copy(update={"written_opinions": None}) for stage in rules.route.stages)
        route = rules.route.model_copy(update={"stages": stages})
        other = Target(rules.model_copy(update={"id": "no-writing", "route": route}))
        migrate(work, cycle, [dossier], Migration(other, "luật mới", "12/QĐ-UBND", OFFICE))

        assert {status for _, _, status in opinions(work).values()} == {"cancelled"}
        assert [held.state for held in sessions_of(work.session, dossier.id)][-1] == "void"
        news = work.session.exec(select(Notice).where(col(Notice.code) == "news.migrated_away")).all()
        assert {notice.recipient for notice in news} == {OFFICE, TRADE, "hill/ocop_team"}
        assert [owed.step for owed in open_obligations_of(work.session, dossier.id)] == ["decision"]
    sender = RecordingEmailSender()
    made.office.send("2020-10-06 09:05", sender)
    assert len(sender.envelopes) >= 4  # the three and the producer
    assert made.faults() == []


@pytest.mark.parametrize("trigger", [DossierTrigger.WITHDRAW, DossierTrigger.REJECT])
def test_a_dossier_that_ends_before_the_answers_is_reopened_without_them(
    consulted: tuple[Certified, str], trigger: DossierTrigger
) -> None:
    """Nobody owes an opinion about what has ended; after the reopening the council is asked anew."""
    made, key = consulted
    with made.office.at("2020-10-06 09:00") as work:
        apply_trigger(work, made.office.dossier(work, key), Request(trigger, OFFICE))
        assert {status for _, _, status in opinions(work).values()} == {"cancelled"}
    with made.office.at("2020-10-07 09:00") as work:
        dossier = reopen(work, made.office.dossier(work, key), Reopening("9/QĐ", "UBND", "nhầm"), actor=OFFICE)
        assert [owed.step for owed in open_obligations_of(work.session, dossier.id)] == ["decision"]
        open_consultation(work, dossier, Proposal(points("75"), date(2020, 10, 20), "13/HĐ"), actor=COUNCIL)
        assert len([o for o in open_obligations_of(work.session, dossier.id) if o.kind == OPINION]) == 3
    assert made.faults() == []


# --- a withdrawal that a finding asked for ---


@pytest.fixture
def found(certify_with: "Callable[..., Certified]") -> Certified:
    """Districts certify; the check of 5 June 2018 found that the production has stopped: a withdrawal by 20 June."""

    def by_district(rules: dict[str, Any]) -> None:
        rules["withdrawal_grounds"] = [
            {"id": "stopped", "title": {"vi": "Ngừng", "en": "Stopped"}, "source": "article 10"}
        ]
        rules["withdrawal_within"] = {"days": "15", "source": "article 10"}
        rules["validity_months"], rules["validity_source"] = "36", "article 8"

    made = certify_with(by_district)
    with made.office.at("2018-06-05 09:00") as work:
        record_check(work, made.certificate(work), Check("3/BB", date(2018, 6, 5), OFFICE, "stopped"))
    return made


def withdrawal(work: "UnitOfWork") -> Obligation:
    return work.session.exec(select(Obligation).where(col(Obligation.kind) == WITHDRAWAL)).one()


def test_a_producer_that_closes_does_not_end_the_withdrawal_that_is_owed(found: Certified) -> None:
    """Only the renewal is asked for no more; the authority's term of fifteen days runs on."""
    found.office.enforce("2018-06-08 08:00")  # the producer's other dossier has lapsed
    with found.office.at("2018-06-08 09:00") as work:
        close_producer(work, find_producer(work.session, "HTX Đồi Ong"), Change(date(2018, 6, 7), "8/TB"))

    with found.office.reading() as work:
        assert withdrawal(work).status == "open"
    with found.office.at("2018-06-11 09:00") as work:
        days = (date(2018, 6, 5), date(2018, 6, 11))
        revoke(work, found.certificate(work), Revocation("stopped", "12/QĐ", *days, COUNCIL))
        assert withdrawal(work).status == "done"
    assert found.faults() == []


def test_the_successor_of_the_authority_checks_and_withdraws(found: Certified) -> None:
    """The certificate names who recognised it; whoever took over acts for it."""
    with found.office.at("2018-06-11 09:00") as work:
        succeed(work, PROVINCE)
        owed = withdrawal(work)
        assert (owed.party, owed.superior, owed.unit_id) == ("gulf/province_council", "gulf/province_leader", "hill")
    with found.office.at("2018-06-12 09:00") as work:
        council = "gulf/province_council"
        record_check(work, found.certificate(work), Check("5/BB", date(2018, 6, 12), council, "stopped"))
        days = (date(2018, 6, 5), date(2018, 6, 12))
        revoke(work, found.certificate(work), Revocation("stopped", "12/QĐ", *days, council))
        assert withdrawal(work).status == "done"
        assert found.certificate(work).authority == "coast"
    assert found.faults() == []


def test_a_district_that_is_gone_leaves_its_withdrawal_to_the_province(
    certify_with: "Callable[..., Certified]",
) -> None:
    """The certificate names the district for good; the fifteen days since the finding run on for who took over."""

    def by_district(rules: dict[str, Any]) -> None:
        rules["recognition"] = [
            {"stars": ["3", "4"], "level": "district", "source": "article 5"},
            {"stars": ["5"], "level": "province", "source": "article 5"},
        ]

    made = certify_with(rules_with(), by_district)
    with made.office.at("2018-06-05 09:00") as work:
        assert made.certificate(work).authority == "hill"
        record_check(work, made.certificate(work), Check("3/BB", date(2018, 6, 5), OFFICE, "stopped"))
        before = withdrawal(work).due_at
    with made.office.at("2018-06-11 09:00") as work:
        succeed(work, NO_DISTRICTS)
        owed = withdrawal(work)
        assert (owed.party, owed.unit_id, owed.due_at) == (OFFICE, "coast", before)
        days = (date(2018, 6, 5), date(2018, 6, 11))
        revoke(work, made.certificate(work), Revocation("stopped", "12/QĐ", *days, OFFICE))
        assert withdrawal(work).status == "done"
        assert made.certificate(work).authority == "hill"
    assert made.faults() == []


def test_the_calendar_of_an_official_shows_the_withdrawal(found: Certified) -> None:
    with found.office.reading("2018-06-06 09:00") as work:
        holder = select(Official).join(Holding).where(col(Holding.position) == COUNCIL)
        feed = calendar_feed(work, work.session.exec(holder).one(), simulated=True).decode()
    assert "CATEGORIES;LANGUAGE=vi:thu hồi giấy chứng nhận" in feed


def test_a_certificate_that_is_owed_is_issued_by_the_successor(certified: Certified) -> None:
    """The dossier has ended, and what its recognition asks for goes over with the rest; the act stands on it once."""
    office = certified.office
    office.to_council("1-2-1")
    office.score("2018-03-12 08:00", "75", "75", "75", number="1-2-1")
    with office.at("2018-03-13 09:00") as work:
        succeed(work, PROVINCE.model_copy(update={"effective_on": date(2018, 3, 13)}))
        dossier = office.dossier(work, "1-2-1")
        (owed,) = [each for each in open_obligations_of(work.session, dossier.id) if each.step == CERTIFICATE]
        assert owed.party.startswith("gulf/")
        assert [e.action for e in events_of(work.session, f"dossier:{dossier.id}")].count("units_succeeded") == 1
        issue = Issue("02/GCN", "9/QĐ-UBND", date(2018, 3, 13), owed.party)
        assert issue_certificate(work, dossier, issue).authority == "gulf"
        assert owed.status == "done"
    assert certified.faults() == []


def test_a_successor_is_asked_for_the_withdrawal_by_a_later_finding(certified: Certified) -> None:
    with certified.office.at("2018-06-11 09:00") as work:
        succeed(work, PROVINCE)
    with certified.office.at("2018-06-12 09:00") as work:
        record_check(work, certified.certificate(work), Check("5/BB", date(2018, 6, 12), "gulf/x", "stopped"))
        assert withdrawal(work).party == "gulf/province_council"

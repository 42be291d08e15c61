"""Units take over from others before or after another act: it comes to the same (architecture, sections 3 and 5).

Each act on a dossier is done on the day of the reform, before the succession is entered in one office and after it in
the other. Then the same is owed by the same parties until the same day, whichever came first; and the record holds.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import local_day
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import TakeOver, Unit
from ocop_workflow.services.amendments import Amendment, amend
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.deputies import name_deputy
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_successions import Decree, merge, split
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.handovers import Handover, hand_over
from ocop_workflow.services.links import links_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.positions import UnknownPositionError
from ocop_workflow.services.producer_acts import Change
from ocop_workflow.services.producer_register import find_producer
from ocop_workflow.services.producer_transfers import transfer
from ocop_workflow.services.reopening import Reopening, reopen
from ocop_workflow.services.rule_set_changes import Chosen, dossiers_in
from ocop_workflow.services.rule_set_migration import Migration, migrate
from ocop_workflow.services.successions import succeed
from ocop_workflow.storage.tables import Dossier, Obligation, Product
from state_machines.dossier import FINAL_STATUSES, DossierTrigger
from tests.ocop_workflow.conftest import OFFICE, Office, instant
from tests.ocop_workflow.every_law import copied, decide, register, target

if TYPE_CHECKING:
    from ocop_workflow.services.unit_of_work import UnitOfWork

DAY = date(2025, 7, 8)
TO_OFFICE = {role: "coordination_office" for role, each in register().roles.items() if each.level == "district"}
REFORM = Succession(
    id="reform",
    decision="202/2025/QH15",
    source="made up for the tests",
    effective_on=DAY,
    new_units=(Unit(id="tea", level="commune", parent="coast", name=LocalText(vi="xã Chè", en="Tea")),),
    take_overs=(
        TakeOver(units=("hill.tea", "hill.bee"), successor="tea"),
        TakeOver(units=("hill", "delta"), successor="coast", roles=TO_OFFICE),
    ),
)
"""The districts end and the province's office takes over; two communes become one."""

Act = Callable[[Office, "UnitOfWork"], object]
DECREE, BY_ORDER = Decree(OFFICE, "5/BB"), Reopening("9/QĐ", "UBND tỉnh", "nhầm")


def is_given_time(office: Office, work: "UnitOfWork") -> None:
    (owed,) = open_obligations_of(work.session, office.dossier(work).id)
    extend(work, owed, Extension(instant("2025-07-26 00:00"), "mưa bão", "5/QĐ", OFFICE))


def is_moved_to_the_next_rule_set(office: Office, work: "UnitOfWork") -> None:
    cycle = office.cycle(work)
    act = Migration(target("qd-1489-2025"), "bỏ cấp huyện", "12/QĐ-UBND", OFFICE)
    migrate(work, cycle, dossiers_in(work, cycle, Chosen(round_id="r1")), act)


def is_split(office: Office, work: "UnitOfWork") -> None:
    split(work, office.dossier(work, "1-2-1"), ["Chè sen", "Chè nhài"], DECREE)


def is_merged(office: Office, work: "UnitOfWork") -> None:
    part, other = split(work, office.dossier(work, "1-2-1"), ["Chè sen", "Chè nhài"], DECREE)
    merge(work, [part, other], "Chè hoa", DECREE)


def is_given_back(office: Office, work: "UnitOfWork") -> None:
    asked = Request(DossierTrigger.RETURN, OFFICE, details={"items": ["x"]})
    apply_trigger(work, office.dossier(work), asked)


def is_decided(office: Office, work: "UnitOfWork") -> None:
    decide(work, office.dossier(work), percent=80, accepted=True, met=True)


def is_reopened(office: Office, work: "UnitOfWork") -> None:
    reopen(work, office.dossier(work, "2-1-1"), BY_ORDER, actor=OFFICE)


def is_dated_otherwise(office: Office, work: "UnitOfWork") -> None:
    cycle = office.cycle(work)
    plan = work.books.of_cycle(work.session, cycle).plan.model_dump(mode="json")
    (round_,) = plan["years"]["2025"]["rounds"]
    round_["stages"]["district_evaluation"]["submission"]["due"]["date"] = {"by": "2025-07-30"}
    amend(work, cycle, Amendment(CyclePlan.model_validate(plan), "mưa bão", "9/QĐ", OFFICE))


def is_sold(office: Office, work: "UnitOfWork") -> None:
    product = work.session.get_one(Product, office.dossier(work, "1-2-1").product_id)
    transfer(work, product, find_producer(work.session, "Cơ sở Sóng Biển"), Change(date(2025, 7, 7), "7/HĐ"))


def what_is_owed(office: Office) -> list[tuple[object, ...]]:
    """Return where every dossier stands, what it owes by whom until when, and who may read it."""
    rows: list[tuple[object, ...]] = []
    with office.reading() as work:
        for dossier in work.session.exec(select(Dossier).order_by(col(Dossier.key))):
            product = work.session.get_one(Product, dossier.product_id)
            rows.append((dossier.key, dossier.stage, dossier.status, dossier.responsible, product.unit_id))
            rows += [
                (
                    each.stage,
                    each.step,
                    each.party,
                    each.superior,
                    each.unit_id,
                    each.ladder,
                    each.due_at,
                    each.lapse_at,
                )
                for each in open_obligations_of(work.session, dossier.id)
            ]
            links = links_of(work.session, dossier.id)
            rows += sorted((link.recipient,) for link in links if link.revoked_at is None)
        assert [str(fault) for fault in verify(work.session).faults] == []
    return rows


def live(office: Office, act: Act, *, act_first: bool) -> list[tuple[object, ...]]:
    """Let 1-1-1 be received by the district and 2-1-1 withdrawn, do both acts on the day, and say what is owed."""

    def reform(_office: Office, work: "UnitOfWork") -> None:
        succeed(work, REFORM)

    office.act("2025-06-23 08:00", DossierTrigger.SUBMIT)
    office.act("2025-06-25 08:00", DossierTrigger.RECEIVE)
    office.act("2025-06-26 08:00", DossierTrigger.WITHDRAW, number="2-1-1", actor=OFFICE)
    for each in (act, reform) if act_first else (reform, act):
        with office.at("2025-07-08 09:00") as work:
            each(office, work)
    return what_is_owed(office)


@pytest.mark.parametrize(
    "act",
    [
        is_given_time,
        is_moved_to_the_next_rule_set,
        is_split,
        is_merged,
        is_given_back,
        is_decided,
        is_reopened,
        is_dated_otherwise,
        is_sold,
    ],
    ids=lambda act: act.__name__,
)
def test_what_meets_a_reform_comes_to_the_same_before_it_and_after_it(
    province: Office, june_2025: tuple[Path, Office], tmp_path: Path, act: Act
) -> None:
    after = live(province, act, act_first=False)
    with copied(june_2025[0], tmp_path / "other.db", june_2025[1]) as other:
        before = live(other, act, act_first=True)

    assert after == before
    named = {value.partition("/")[0] for row in after for value in row if isinstance(value, str)}
    assert not named & {"hill", "hill.tea", "hill.bee", "delta"}


@pytest.mark.parametrize("act", [is_split, is_merged, is_moved_to_the_next_rule_set], ids=lambda act: act.__name__)
def test_what_comes_of_an_idea_after_a_reform_goes_its_way_to_the_end(province: Office, act: Act) -> None:
    """I5: a part begins in the unit of today, which lies in no district, and its route still finds who answers."""
    live(province, act, act_first=False)
    at = instant("2025-07-09 08:00")
    with province.reading() as work:
        numbers = [each.key for each in work.session.exec(select(Dossier).where(col(Dossier.closed_at).is_(None)))]
    for number in numbers:
        for _ in range(12):
            with province.at(at) as work:
                dossier = province.dossier(work, number)
                if dossier.status in FINAL_STATUSES:
                    break
                case = case_of(work, dossier)
                if dossier.status == "received":
                    decide(work, dossier, percent=80, accepted=True, met=True)
                else:
                    waits = dossier.status == "awaiting_submission"
                    trigger = DossierTrigger.SUBMIT if waits else DossierTrigger.RECEIVE
                    apply_trigger(work, dossier, Request(trigger, case.responsible() or ""))
    with province.reading() as work:
        ends = {province.dossier(work, number).status for number in numbers}
        assert ends == {"recognised"}


# --- an office that ends itself ---

GULF = Succession(
    id="gulf",
    decision="202/QH15",
    source="made up for the tests",
    effective_on=date(2018, 3, 12),
    new_units=(Unit(id="gulf", level="province", name=LocalText(vi="tỉnh Vịnh", en="Gulf")),),
    take_overs=(TakeOver(units=("coast",), successor="gulf"),),
)
SHORE = Succession(
    id="shore",
    decision="12/NQ",
    source="made up for the tests",
    effective_on=date(2018, 3, 12),
    new_units=(Unit(id="shore", level="district", parent="coast", name=LocalText(vi="Ven Biển", en="Shore")),),
    take_overs=(TakeOver(units=("delta", "hill"), successor="shore"),),
)
TEAM, NEW_TEAM = "hill/ocop_team", "shore/ocop_team"


def test_an_extension_is_taken_back_by_the_office_that_took_over(office: Office) -> None:
    """The act is the office's, whatever it is called; the date, its lapse and the one rung to come are as before."""
    with office.reading() as work:
        before = office.obligation(work, "submission").model_dump(include={"due_at", "lapse_at"})
    with office.at("2018-03-12 08:00") as work:
        owed = office.obligation(work, "submission")
        extend(work, owed, Extension(instant("2018-04-14 00:00"), "mưa bão", "5/QĐ", OFFICE))
    with office.at("2018-03-12 09:00") as work:
        succeed(work, GULF)
    with office.at("2018-03-12 10:00") as work:
        with pytest.raises(OfficeOnlyError):
            undo_extension(work, office.cycle(work), decision="5/QĐ", actor=OFFICE, reason="nhầm số")
        undo_extension(work, office.cycle(work), decision="5/QĐ", actor="gulf/coordination_office", reason="nhầm số")
    office.sweep("2018-03-16 07:30")

    with office.reading() as work:
        assert office.obligation(work, "submission").model_dump(include={"due_at", "lapse_at"}) == before
        assert [(n.rung, n.deadline_version) for n in office.notices(work, about="1-1-1")] == [("-14", 3)]
        assert verify(work.session).faults == ()


def test_an_amendment_by_the_office_that_took_over_asks_whoever_is_there_today(office: Office) -> None:
    """The plan keeps the names that it was written with; what it adds is owed by today's positions."""
    with office.at("2018-03-12 09:00") as work:
        succeed(work, GULF)
        cycle = office.cycle(work)
        plan = work.books.of_cycle(work.session, cycle).plan.model_dump(mode="json")
        year = plan["years"]["2018"]
        year["report_duties"].append({**year["report_duties"][0], "id": "promotion", "since": "2018-04-01"})
        year["tasks"].append({**year["tasks"][0], "id": "fair"})
        written = CyclePlan.model_validate(plan)
        done = amend(work, cycle, Amendment(written, "thêm việc", "9/QĐ", "gulf/coordination_office"))

        owed = work.session.exec(select(Obligation).where(col(Obligation.key).in_([duty.key for duty in done.new])))
        parties = {each.key: each.party for each in owed}
        assert parties == {duty.key: duty.party for duty in done.new}
        assert set(parties.values()) == {TEAM, "delta/ocop_team", "gulf/coordination_office"}
        assert verify(work.session).faults == ()


# --- deputies ---


def deputise(office: Office, when: str, position: str) -> None:
    with office.at(when) as work:
        name_deputy(
            work,
            position=position,
            name="Lê Văn Mới",
            email="moi@office.example",
            language="vi",
            start_on=local_day(work.now),
            until_on=date(2018, 3, 30),
        )


def recipients(office: Office, when: str) -> list[str]:
    sender = RecordingEmailSender()
    office.sweep(when)
    office.send(when, sender)
    return [each.recipient for each in sender.envelopes if not each.recipient.startswith("p")]


def test_a_deputy_stands_in_for_a_person_and_not_for_what_took_the_unit_over(office: Office) -> None:
    """Who reads for the team of hill until 30 March reads nothing from 12 March on, until named for the new one."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    deputise(office, "2018-03-06 08:00", TEAM)
    assert recipients(office, "2018-03-07 07:30") == ["moi@office.example"]
    with office.at("2018-03-12 09:00") as work:
        assert NEW_TEAM in succeed(work, SHORE).vacant
    assert recipients(office, "2018-03-13 07:30") == []

    with office.at("2018-03-13 09:00") as work:
        away = Handover(NEW_TEAM, "Cán bộ ocop_team hill", "ocop_team.hill@office.example", "vi", date(2018, 3, 13))
        hand_over(work, away)
    deputise(office, "2018-03-13 10:00", NEW_TEAM)

    assert recipients(office, "2018-03-14 07:30") == ["moi@office.example"]
    with office.reading() as work:
        assert verify(work.session).faults == ()


def test_nobody_is_named_for_a_position_that_is_gone(office: Office) -> None:
    """Whoever held it would read nothing, and the position that answers would stay vacant."""
    with office.at("2018-03-12 09:00") as work:
        succeed(work, SHORE)
    taken_over = "hill/ocop_team was taken over by shore/ocop_team; name that one"
    with pytest.raises(UnknownPositionError, match=taken_over):
        deputise(office, "2018-03-12 10:00", TEAM)
    late = Handover(TEAM, "Người mới", "new@office.example", "vi", date(2018, 3, 12))
    with office.at("2018-03-12 10:00") as work, pytest.raises(UnknownPositionError, match=taken_over):
        hand_over(work, late)
    with office.reading() as work:
        assert verify(work.session).faults == ()

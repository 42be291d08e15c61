"""Acts that meet on one dossier or producer: each leaves what the other needs (I1, I6, I8)."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import last_day_in_time
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import TakeOver, Unit
from ocop_workflow.services.audit import verify
from ocop_workflow.services.dossier_successions import Decree, SuccessionRefusedError, merge, split
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import events_of
from ocop_workflow.services.extension_undoing import undo_extension
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.links import links_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.services.producer_acts import Change, rename
from ocop_workflow.services.producer_register import find_producer, name_of_holder
from ocop_workflow.services.producer_transfers import transfer
from ocop_workflow.services.reopening import Reopening, reopen
from ocop_workflow.services.rule_set_changes import Chosen, dossiers_in
from ocop_workflow.services.rule_set_migration import Migration, migrate
from ocop_workflow.services.successions import succeed
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Producer, Product
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.conftest import OFFICE, Office, instant
from tests.ocop_workflow.every_law import target

DECREE = Decree(OFFICE, "5/BB")
HIVE, SEA = "HTX Đồi Ong", "Cơ sở Sóng Biển"
MERGER = Succession(
    id="shore-2018",
    decision="12/NQ-HĐND",
    source="made up for the tests",
    effective_on=date(2018, 3, 12),
    new_units=(Unit(id="shore", level="district", parent="coast", name=LocalText(vi="Ven Biển", en="Shore")),),
    take_overs=(TakeOver(units=("delta", "hill"), successor="shore"),),
)


def sound(office: Office) -> None:
    with office.reading() as work:
        assert [str(fault) for fault in verify(work.session).faults] == []


# --- a dossier that was moved to another rule set ---


def move(work: UnitOfWork, office: Office, *numbers: str) -> None:
    """Move dossiers to the rule set of July 2025."""
    cycle = office.cycle(work)
    act = Migration(target("qd-1489-2025"), "bỏ cấp huyện", "12/QĐ-UBND", OFFICE)
    migrate(work, cycle, dossiers_in(work, cycle, Chosen(numbers)), act)


def owed(work: UnitOfWork, dossier: Dossier) -> list[tuple[str | None, date | None]]:
    """Return the steps that a dossier owes, each with its last day in time."""
    return [
        (each.step, last_day_in_time(each.due_at) if each.due_at else None)
        for each in open_obligations_of(work.session, dossier.id)
    ]


def test_what_a_moved_idea_is_split_into_goes_on_under_its_rule_set(province: Office) -> None:
    """I6: nobody moved the parts back; the record says under which rule set they began."""
    with province.at("2025-07-07 09:00") as work:
        move(work, province, "1-1-1")
        moved = province.dossier(work)
        before = (moved.rule_set_hash, moved.stage, owed(work, moved))
        parts = split(work, moved, ["Chè sen", "Chè nhài"], DECREE)

        assert [(part.rule_set_hash, part.stage, owed(work, part)) for part in parts] == [before] * 2
        assert before[2] == [("submission", date(2025, 7, 16))]


def test_ideas_under_different_rule_sets_are_not_merged(province: Office) -> None:
    with province.at("2025-07-07 09:00") as work:
        move(work, province, "1-1-1")
        ideas = [province.dossier(work, number) for number in ("1-1-1", "1-2-1")]
        with pytest.raises(SuccessionRefusedError, match="differ in their rule set"):
            merge(work, ideas, "Chè", DECREE)


def moves(province: Office, work: UnitOfWork) -> None:
    move(work, province, "1-1-1")


def gives_time(province: Office, work: UnitOfWork) -> None:
    (duty,) = open_obligations_of(work.session, province.dossier(work).id)
    extend(work, duty, Extension(instant("2025-07-26 00:00"), "mưa bão", "5/QĐ", OFFICE))


def takes_back(province: Office, work: UnitOfWork) -> None:
    undo_extension(work, province.cycle(work), decision="5/QĐ", actor=OFFICE, reason="nhầm số")


def withdraws(province: Office, work: UnitOfWork) -> None:
    apply_trigger(work, province.dossier(work), Request(DossierTrigger.WITHDRAW, OFFICE))


def reopens(province: Office, work: UnitOfWork) -> None:
    order = Reopening("9/QĐ", "UBND tỉnh", "nhầm", date(2025, 7, 25))
    reopen(work, province.dossier(work), order, actor=OFFICE)


@pytest.mark.parametrize(
    ("acts", "last_day"),
    [
        ((gives_time, moves), date(2025, 7, 25)),
        ((moves, gives_time), date(2025, 7, 25)),
        ((moves, gives_time, takes_back), date(2025, 7, 9)),
        ((withdraws, reopens, moves), date(2025, 7, 25)),
        ((moves, withdraws, reopens), date(2025, 7, 25)),
    ],
    ids=lambda each: "-".join(act.__name__ for act in each) if isinstance(each, tuple) else str(each),
)
def test_a_decision_about_a_date_stands_whether_the_dossier_was_moved_before_or_after_it(
    province: Office, acts: tuple[Callable[[Office, UnitOfWork], None], ...], last_day: date
) -> None:
    """I6: a migration keeps what an act gave, and an act after it is one under the new text; the commune decides."""
    for day, trigger in (("2025-06-23", DossierTrigger.SUBMIT), ("2025-06-25", DossierTrigger.RECEIVE)):
        province.act(f"{day} 08:00", trigger)
    for act in acts:
        with province.at("2025-07-07 09:00") as work:
            act(province, work)

    with province.reading() as work:
        dossier = province.dossier(work)
        assert (dossier.stage, dossier.status) == ("commune_assessment", "received")
        assert dossier.responsible == "hill.tea/commune_officer"
        assert owed(work, dossier) == [("decision", last_day)]


def test_an_extension_that_a_migration_has_passed_on_is_not_taken_back(province: Office) -> None:
    """Who owes the duty now was told of its day by the act that moved it, and keeps it."""
    for day, trigger in (("2025-06-23", DossierTrigger.SUBMIT), ("2025-06-25", DossierTrigger.RECEIVE)):
        province.act(f"{day} 08:00", trigger)
    with province.at("2025-07-07 09:00") as work:
        gives_time(province, work)
        moves(province, work)
        with pytest.raises(ExtensionRefusedError):
            takes_back(province, work)
        assert owed(work, province.dossier(work)) == [("decision", date(2025, 7, 25))]


def test_what_ended_under_the_old_text_is_reopened_under_it_and_then_moved_like_the_others(province: Office) -> None:
    """A migration leaves out what has ended; whoever reopens it later moves it by an act of its own."""
    province.act("2025-07-02 08:00", DossierTrigger.WITHDRAW, actor=OFFICE)
    with province.at("2025-07-07 09:00") as work:
        cycle = province.cycle(work)
        act = Migration(target("qd-1489-2025"), "bỏ cấp huyện", "12/QĐ-UBND", OFFICE)
        migrate(work, cycle, dossiers_in(work, cycle, Chosen(round_id="r1")), act)
    with province.at("2025-07-08 09:00") as work:
        reopens(province, work)
        assert province.dossier(work).stage == "district_evaluation"
        moves(province, work)

        late, other = province.dossier(work), province.dossier(work, "1-2-1")
        assert (late.stage, late.rule_set_hash) == (other.stage, other.rule_set_hash)
        assert owed(work, late) == [("submission", date(2025, 7, 25))]


# --- a product of another producer, reopened ---


def test_a_dossier_that_is_reopened_after_a_transfer_is_the_new_producers_to_read(office: Office) -> None:
    """I8: the link of whoever made the product before opens an ended story, not one that goes on."""
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW, actor=OFFICE)
    with office.at("2018-03-06 08:00") as work:
        product = work.session.get_one(Product, office.dossier(work).product_id)
        transfer(work, product, find_producer(work.session, SEA), Change(date(2018, 3, 6), "7/HĐ"))
    with office.at("2018-03-07 08:00") as work:
        reopen(work, office.dossier(work), Reopening("9/QĐ", "UBND tỉnh", "nhầm"), actor=OFFICE)
    sender = RecordingEmailSender()
    office.send("2018-03-07 08:05", sender)

    with office.reading() as work:
        live = [each for each in links_of(work.session, office.dossier(work).id) if each.revoked_at is None]
        sea = find_producer(work.session, SEA)
        assert [each.recipient for each in live] == [f"producer:{sea.id}"]
    texts = [office.text_of(each.message) for each in sender.envelopes if "9/QĐ" in office.text_of(each.message)]
    assert any("/s/" in text for text in texts)
    sound(office)


def test_a_reopened_dossier_keeps_the_link_that_its_producer_has(office: Office) -> None:
    with office.reading() as work:
        before = [link.model_dump() for link in links_of(work.session, office.dossier(work).id)]
    office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW, actor=OFFICE)
    with office.at("2018-03-07 08:00") as work:
        reopen(work, office.dossier(work), Reopening("9/QĐ", "UBND tỉnh", "nhầm"), actor=OFFICE)
        assert [link.model_dump() for link in links_of(work.session, office.dossier(work).id)] == before


# --- producers whose units are joined ---


def test_producers_told_apart_by_a_succession_keep_their_former_names(office: Office) -> None:
    """I1: the new name is an act of the producer's own record, and papers from before keep the old one."""
    with office.at("2018-03-08 08:00") as work:
        rename(work, find_producer(work.session, SEA), HIVE, Change(date(2018, 3, 8), "8/GCN"))
    with office.at("2018-03-12 09:00") as work:
        assert succeed(work, MERGER).renamed == 1

    with office.reading() as work:
        renamed = work.session.exec(select(Producer).where(col(Producer.name).contains("("))).one()
        assert renamed.name == f"{HIVE} (hill)"
        told = [event.action for event in events_of(work.session, f"producer:{renamed.id}")]
        assert told[-1:] == ["producer_renamed"]
        product = work.session.exec(select(Product).where(col(Product.producer_id) == renamed.id)).first()
        assert product is not None
        assert name_of_holder(work.session, product, date(2018, 3, 11)) == HIVE
        assert name_of_holder(work.session, product, date(2018, 3, 12)) == f"{HIVE} (hill)"
    sound(office)


@pytest.mark.parametrize("earlier", ["hill", "delta"])
def test_a_producer_renamed_before_and_told_apart_by_a_succession_verifies(office: Office, earlier: str) -> None:
    names = {"hill": HIVE, "delta": SEA}
    with office.at("2018-03-08 08:00") as work:
        rename(work, find_producer(work.session, names[earlier]), "HTX Chung", Change(date(2018, 3, 8), "8/GCN"))
        other = names["delta" if earlier == "hill" else "hill"]
        rename(work, find_producer(work.session, other), "HTX Chung", Change(date(2018, 3, 8), "9/GCN"))
    with office.at("2018-03-12 09:00") as work:
        succeed(work, MERGER)
    sound(office)


def test_an_audit_finds_a_dossier_made_another_kind(office: Office) -> None:
    with office.at("2018-03-12 09:00") as work:
        office.dossier(work).kind = "upgrade"
    with office.reading() as work:
        assert "kind is not what its events say" in " ".join(str(f) for f in verify(work.session).faults)

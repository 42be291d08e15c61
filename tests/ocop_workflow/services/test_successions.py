"""Units take over from others by a decision: what is open moves, nothing is lost or said twice, old papers stay."""

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.config_files import PlanFiles
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.successions import Succession
from ocop_workflow.policy.units import TakeOver, Unit
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import cycles_of, open_cycle
from ocop_workflow.services.entered_successions import SuccessionMisfitError, SuccessionRefusedError
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.links import links_of, open_link, token_of
from ocop_workflow.services.people import appoint, give_producer_address
from ocop_workflow.services.positions import vacant_positions
from ocop_workflow.services.product_lists import judge_products
from ocop_workflow.services.projection import are_duties_missing, missing_products, project_reports
from ocop_workflow.services.reports import file_report, open_reports, reports_to_open
from ocop_workflow.services.successions import Succeeded, succeed
from ocop_workflow.storage.tables import (
    Dossier,
    Event,
    Holding,
    Mail,
    Notice,
    Obligation,
    Producer,
    Product,
    Report,
    StatusLink,
    SuccessionAct,
)
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.conftest import OFFICE, TEAM, instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office

SHORE = "shore@office.example"
DAY = "2018-03-12"
FRIDAY = 4


def unit(unit_id: str, level: str, parent: str | None, name: str) -> Unit:
    return Unit(id=unit_id, level=level, parent=parent, name=LocalText(vi=name, en=name))


MERGER = Succession(
    id="shore-2018",
    decision="12/NQ-HĐND",
    source="made up for the tests",
    effective_on=date.fromisoformat(DAY),
    new_units=(unit("shore", "district", "coast", "huyện Ven Biển"),),
    take_overs=(TakeOver(units=("delta", "hill"), successor="shore"),),
)
"""Both districts become one."""

TO_PROVINCE = {"ocop_team": "coordination_office", "district_leader": "province_leader"}
ABOLITION = MERGER.model_copy(
    update={
        "id": "no-districts",
        "new_units": (),
        "take_overs": (TakeOver(units=("delta", "hill"), successor="coast", roles=TO_PROVINCE),),
    }
)
"""No district is left: the province's offices take over."""


GULF = MERGER.model_copy(
    update={
        "id": "gulf",
        "new_units": (unit("gulf", "province", None, "tỉnh Vịnh Xanh"),),
        "take_overs": (TakeOver(units=("coast",), successor="gulf"),),
    }
)
"""The province becomes another."""


def enter(office: "Office", when: str = f"{DAY} 09:00", succession: Succession = MERGER) -> Succeeded:
    with office.at(when) as work:
        return succeed(work, succession)


def appoint_in_shore(office: "Office", when: str = f"{DAY} 10:00") -> None:
    with office.at(when) as work:
        for role, address in (("ocop_team", SHORE), ("district_leader", "leader.shore@office.example")):
            appoint(
                work,
                position=f"shore/{role}",
                name=role,
                email=address,
                language="vi",
                start_on=date.fromisoformat(DAY),
            )


@pytest.fixture
def busy(office: "Office") -> "Office":
    """The team of hill owes two receipts since 5 March, by 8 March."""
    for number in ("1-1-1", "1-2-1"):
        office.act("2018-03-05 08:00", DossierTrigger.SUBMIT, number=number)
    office.send("2018-03-05 08:00")
    return office


def test_what_is_open_goes_to_the_successor_and_each_subject_records_it(busy: "Office") -> None:
    done = enter(busy)

    (moves,) = done.cycles
    assert (done.products, done.producers, moves.dossiers) == (4, 3, 4)
    assert len(moves.duties) == 4  # two receipts, and the superior's place of two submissions
    with busy.reading() as work:
        of_open = work.session.exec(select(Obligation).where(col(Obligation.status) == "open")).all()
        parties = {owed.party for owed in of_open if not owed.party.startswith("producer:")}
        assert parties == {"shore/ocop_team", OFFICE}
        assert {owed.superior for owed in of_open if owed.party == "shore/ocop_team"} == {"shore/district_leader"}
        dossier = busy.dossier(work)
        assert (dossier.responsible, dossier.unit_id) == ("shore/ocop_team", "hill")
        assert {product.unit_id for product in work.session.exec(select(Product))} == {"shore"}
        event = events_of(work.session, f"dossier:{dossier.id}")[-1]
        assert (event.action, event.rule, event.actor) == ("units_succeeded", "12/NQ-HĐND", OFFICE)
        details = details_of(event)
        assert (details["responsible_before"], details["responsible"]) == (TEAM, "shore/ocop_team")
        assert verify(work.session).faults == ()


def test_plan_rule_set_and_dates_stay_and_only_the_register_is_another(busy: "Office") -> None:
    with busy.reading() as work:
        before = busy.cycle(work).model_dump()
        dates = {each.key: each.due_at for each in work.session.exec(select(Obligation))}
    enter(busy)

    with busy.reading() as work:
        after = busy.cycle(work).model_dump()
        changed = {name for name in before if before[name] != after[name]}
        assert changed == {"units_hash", "version"}
        now = {each.key: each.due_at for each in work.session.exec(select(Obligation))}
        assert {key: now[key] for key in dates} == dates
        assert {each.deadline_version for each in work.session.exec(select(Obligation))} == {1}


def test_the_successor_reads_all_that_is_owed_in_one_digest(busy: "Office") -> None:
    enter(busy)
    appoint_in_shore(busy)
    sender = RecordingEmailSender()
    busy.sweep("2018-03-13 07:30")
    busy.send("2018-03-13 07:30", sender)

    (mail,) = [envelope for envelope in sender.envelopes if envelope.recipient == SHORE]
    said = busy.text_of(mail.message)
    assert said.count("08/03/2018") == 2  # the two receipts
    assert "29/03/2018" not in said  # the report of the quarter is new, and its own first rung comes on 15 March


def test_without_a_holder_nothing_is_lost_in_silence(busy: "Office") -> None:
    """The notices say why they did not leave, the position is work for the office, the superior rungs go on."""
    done = enter(busy)
    busy.send("2018-03-13 07:30")

    assert "shore/ocop_team" in done.vacant
    with busy.reading("2018-03-13 08:00") as work:
        waiting = work.session.exec(select(Notice).where(col(Notice.recipient) == "shore/ocop_team")).all()
        assert {notice.suppression for notice in waiting} <= {"no_recipient", "overtaken"}
        assert Counter(notice.suppression for notice in waiting)["no_recipient"] == 2  # one for each receipt
        assert "shore/ocop_team" in vacant_positions(work.session, work.books, on=date(2018, 3, 13))


def test_a_producer_is_told_once_where_the_product_lies_and_who_handles_the_dossier(busy: "Office") -> None:
    """HTX Đồi Ong has two dossiers at the district: one mail with a line for each, in the producer's language."""
    with busy.at("2018-03-11 08:00") as work:
        sea = work.session.exec(select(Producer).where(col(Producer.name) == "Cơ sở Sóng Biển")).one()
        give_producer_address(work, sea.id, email="sea@producer.example", language="en")
    enter(busy)
    sender = RecordingEmailSender()
    for when in (f"{DAY} 09:05", "2018-03-13 07:30"):
        busy.send(when, sender)

    mails = [" ".join(busy.text_of(each.message).split()) for each in sender.envelopes if "producer" in each.recipient]
    assert len(mails) == 3
    bees, sea_mail = (next(each for each in mails if name in each) for name in ("Mật ong", "Administrative units"))
    assert bees.count("theo 12/NQ-HĐND, sản phẩm nay thuộc địa bàn huyện Ven Biển") == 2
    assert bees.count("đơn vị tiếp nhận, giải quyết hồ sơ: Tổ OCOP huyện Ven Biển.") == 2
    assert bees.count("/s/") == 2
    assert "changed by 12/NQ-HĐND: the product is in huyện Ven Biển now" in sea_mail


def test_a_producer_is_not_told_where_only_somebody_above_is_another(office_with: "Callable[..., Office]") -> None:
    """The province becomes another; who takes the dossier in, and where the product lies, is as before."""

    def straight_under_the_province(units: dict[str, Any]) -> None:
        units["roles"]["ocop_team"] |= {"superior": "province_leader", "superior_in": "parent"}

    made = office_with(units=straight_under_the_province)
    made.open()
    made.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    done = enter(made, succession=GULF)

    assert {duty.superior for duty in done.cycles[0].duties if duty.before == TEAM} == {"gulf/province_leader"}
    with made.reading() as work:
        assert [notice.code for notice in made.notices(work, rungs=False)] == []


def test_the_ended_positions_have_no_holder_any_more(busy: "Office") -> None:
    assert {position for position, _ in enter(busy).ended} == {
        f"{place}/{role}" for place in ("delta", "hill") for role in ("ocop_team", "district_leader")
    }
    with busy.reading() as work:
        held = work.session.exec(select(Holding).where(col(Holding.position).startswith("hill/"))).all()
        assert {str(holding.until_on) for holding in held} == {DAY}
    sender = RecordingEmailSender()
    busy.sweep("2018-03-20 07:30")
    busy.send("2018-03-20 07:30", sender)

    assert not [each for each in sender.envelopes if "hill" in each.recipient or "delta" in each.recipient]


def test_a_notice_planned_before_goes_to_the_successor_and_one_sent_is_not_said_again(busy: "Office") -> None:
    """The rung one working day before the receipts' date left on 7 March; that of the day after waits on 9 March."""
    busy.sweep("2018-03-07 08:00")
    busy.send("2018-03-07 08:00")
    busy.sweep("2018-03-09 08:00")
    done = enter(busy)
    appoint_in_shore(busy)
    for day in ("2018-03-12 10:30", "2018-03-13 07:30"):
        busy.sweep(day)
        busy.send(day)

    assert done.cycles[0].notices == 4  # for each receipt one to the team, and a draft to its superior
    with busy.reading() as work:
        told = [(n.rung, n.recipient, n.suppression or n.status) for n in busy.notices(work, about="1-1-1")]
    assert [each for each in told if each[0] == "-1w"] == [("-1w", TEAM, "sent")]
    assert [each for each in told if each[0] == "+1"] == [("+1", "shore/ocop_team", "overtaken")]
    assert [each for each in told if each[0] == "succession/shore-2018"] == [
        ("succession/shore-2018", "shore/ocop_team", "sent")
    ]


def test_a_mail_that_is_frozen_leaves_as_it_is_and_an_open_one_is_made_anew(busy: "Office") -> None:
    busy.sweep("2018-03-09 08:00")
    busy.bundle("2018-03-09 08:00")
    enter(busy)
    appoint_in_shore(busy)
    sender = RecordingEmailSender()
    busy.send("2018-03-12 10:30", sender)

    assert [e.recipient for e in sender.envelopes if "receipt" not in e.recipient and "hill" in e.recipient] == []
    assert SHORE in [envelope.recipient for envelope in sender.envelopes]
    assert [mail.status for mail in busy.mails() if mail.address == "ocop_team.hill@office.example"] == ["withdrawn"]


def run_year(office: "Office", succession: Succession | None) -> Counter[tuple[str, str]]:
    """Let five weeks pass with a sweep each working morning and one submission; return how often each rung was sent."""
    day = instant("2018-03-01 08:00")
    while day < instant("2018-04-06 08:00"):
        if day.date() == date(2018, 3, 5):
            office.act(day, DossierTrigger.SUBMIT)
        if succession is not None and day.date() == succession.effective_on:
            enter(office, f"{DAY} 07:00", succession)
            appoint_in_shore(office, f"{DAY} 07:10")
        with office.at(day) as work:
            open_reports(work, reports_to_open(work.session, office.cycle(work), now=day), actor="system:chase")
        office.sweep(day)
        office.enforce(day)
        office.send(day)
        day += timedelta(days=3 if day.weekday() == FRIDAY else 1)
    with office.reading() as work:
        found = work.session.exec(
            select(Notice, Obligation).join(Obligation, col(Obligation.id) == col(Notice.obligation_id))
        )
        return Counter(
            (owed.key, notice.rung or "")
            for notice, owed in found
            if notice.status == "sent" and not (notice.rung or "").startswith("succession/")
        )


def test_weeks_with_a_succession_in_the_middle_loses_and_doubles_no_reminder(
    office: "Office", unopened_office: "Office"
) -> None:
    """Day by day beside the same time without a succession: each rung of the same duty is said once in both."""
    unopened_office.open()
    without = run_year(unopened_office, None)
    with_it = run_year(office, MERGER)

    assert set(with_it.values()) == {1}
    shared = {rung for rung in without if "/report/" not in rung[0]}
    assert shared == {rung for rung in with_it if "/report/" not in rung[0]}
    reports = Counter(key.rpartition("/")[2] for key, _ in with_it if "/report/" in key)
    per_unit = Counter(key.rpartition("/")[2] for key, _ in without if "/report/" in key)
    assert reports["shore"] >= per_unit["hill"] - 1  # the rung of 5 March for the first quarter went to each district
    with office.reading("2018-04-06 08:00") as work:
        assert verify(work.session).faults == ()
        assert not are_duties_missing(work, office.cycle(work))


# --- Reports ---


def report_rows(office: "Office", period: str) -> dict[str, tuple[str, str]]:
    """Return state and planned reporter of the reports of a period, by unit."""
    with office.reading() as work:
        found = work.session.exec(select(Report).where(col(Report.period_id) == period))
        return {row.unit_id: (row.status, row.reporter) for row in found}


def file(office: "Office", when: str, place: str, period: str, *, actor: str | None = None) -> None:
    with office.at(when) as work:
        query = select(Report).where(col(Report.unit_id) == place, col(Report.period_id) == period)
        row = work.session.exec(query).one()
        file_report(work, row, actor=actor or f"{place}/ocop_team", figures={"rated": 1})


def test_periods_that_end_after_the_day_are_reported_by_the_successor_alone(office: "Office") -> None:
    done = enter(office)

    assert report_rows(office, "2018-Q1") == {
        "delta": ("not_required", "delta/ocop_team"),
        "hill": ("not_required", "hill/ocop_team"),
        "shore": ("upcoming", "shore/ocop_team"),
    }
    (moves,) = done.cycles
    assert (len(moves.reports.excused), len(moves.reports.new), moves.reports.answered) == (8, 4, ())
    assert "shore/ocop_team" in done.vacant
    with office.reading() as work:
        row = work.session.exec(select(Report).where(col(Report.unit_id) == "hill")).first()
        assert row is not None
        event = events_of(work.session, f"report:{row.id}")[-1]
        assert (event.action, event.rule, event.to_state) == ("report_excused", "12/NQ-HĐND", "not_required")
        assert not are_duties_missing(work, office.cycle(work))
        assert verify(work.session).faults == ()


def test_for_a_period_that_ended_before_the_day_the_successor_answers_under_the_old_name(office: "Office") -> None:
    """Delta has sent its first quarter; that of hill is owed since 30 March, now by the team of the successor."""
    file(office, "2018-03-28 09:00", "delta", "2018-Q1")
    with office.at("2018-03-28 10:00") as work:
        open_reports(work, reports_to_open(work.session, office.cycle(work), now=work.now), actor="system:chase")
    april = MERGER.model_copy(update={"effective_on": date(2018, 4, 10)})
    done = enter(office, "2018-04-10 09:00", april)

    assert done.cycles[0].reports.answered == ("progress/2018-Q1/hill",)
    assert report_rows(office, "2018-Q1") == {
        "delta": ("submitted", "delta/ocop_team"),
        "hill": ("open", "hill/ocop_team"),
    }
    with office.reading() as work:
        (link,) = [each for each in work.session.exec(select(StatusLink)) if each.report_id and each.generation == 2]
        assert link.recipient == "shore/ocop_team"
    file(office, "2018-04-11 09:00", "hill", "2018-Q1", actor="shore/ocop_team")
    with office.reading() as work:
        assert verify(work.session).faults == ()


def test_the_old_link_to_a_report_works_no_more_and_the_successor_has_a_new_one(office: "Office") -> None:
    keys = (b"k" * 32,)
    with office.at("2018-03-28 10:00") as work:
        open_reports(work, reports_to_open(work.session, office.cycle(work), now=work.now), actor="system:chase")
        row = work.session.exec(select(Report).where(col(Report.unit_id) == "hill")).first()
        assert row is not None
        old = token_of(links_of(work.session, row.id)[0], keys)
    enter(office, "2018-04-10 09:00", MERGER.model_copy(update={"effective_on": date(2018, 4, 10)}))

    with office.reading("2018-04-10 10:00") as work:
        assert open_link(work.session, old, keys=keys, now=work.now) is None
        new = token_of(links_of(work.session, row.id)[0], keys)
        assert open_link(work.session, new, keys=keys, now=work.now) is not None


def test_a_day_that_is_past_changes_nothing_that_was_sent_or_due_since(office: "Office") -> None:
    """Entered on 10 July for 12 March: hill has sent two quarters, delta none; they stay theirs, the third is new."""
    file(office, "2018-03-28 09:00", "hill", "2018-Q1")
    file(office, "2018-06-28 09:00", "hill", "2018-Q2")
    done = enter(office, "2018-07-10 09:00")

    for period in ("2018-Q1", "2018-Q2"):
        assert {place: state for place, (state, _) in report_rows(office, period).items()} == {
            "delta": "upcoming",
            "hill": "submitted",
            "shore": "not_required",
        }
    assert {place: state for place, (state, _) in report_rows(office, "2018-Q3").items()} == {
        "delta": "not_required",
        "hill": "not_required",
        "shore": "upcoming",
    }
    assert done.cycles[0].reports.answered == ("progress/2018-Q1/delta", "progress/2018-Q2/delta")
    with office.reading() as work:
        late = [each for each in work.session.exec(select(Obligation)) if each.unit_id == "shore" and each.overdue_at]
        assert not [each.key for each in late if each.key.endswith("/shore")]  # nobody is late with what is new
        assert verify(work.session).faults == ()


def test_a_successor_that_was_there_already_reports_for_both(office: "Office") -> None:
    into_delta = MERGER.model_copy(
        update={"new_units": (), "take_overs": (TakeOver(units=("hill",), successor="delta"),)}
    )
    done = enter(office, succession=into_delta)

    assert done.cycles[0].reports.new == ()
    assert {place: state for place, (state, _) in report_rows(office, "2018-Q1").items()} == {
        "delta": "upcoming",
        "hill": "not_required",
    }


# --- An abolished level ---


def test_a_dossier_on_its_way_goes_on_when_its_level_is_abolished(busy: "Office") -> None:
    """Three acts of the district are left: receive, decide, forward; the province's office does them (promise I5)."""
    done = enter(busy, succession=ABOLITION)

    with busy.reading() as work:
        assert {each.responsible for each in work.session.exec(select(Dossier))} == {
            OFFICE,
            f"producer:{producer_of(work, '2-1-1')}",
            f"producer:{producer_of(work, '2-1-2')}",
        }
    busy.act("2018-03-13 08:00", DossierTrigger.RECEIVE)
    busy.conclude("2018-03-14 08:00")
    busy.act("2018-03-15 08:00", DossierTrigger.SUBMIT)
    busy.act("2018-03-16 08:00", DossierTrigger.RECEIVE)
    busy.score("2018-03-17 08:00", "70", "72", "74")

    assert done.cycles[0].reports.new == ()  # the plan asks districts, and there is none
    with busy.reading() as work:
        dossier = busy.dossier(work)
        assert (dossier.status, dossier.stars) == ("recognised", 4)
        assert not are_duties_missing(work, busy.cycle(work))
        assert verify(work.session).faults == ()


def producer_of(work: "UnitOfWork", number: str) -> str:
    dossier = work.session.exec(select(Dossier).where(col(Dossier.key).endswith(f"/{number}"))).one()
    return work.session.get_one(Product, dossier.product_id).producer_id


def test_an_office_that_ends_itself_hands_its_cycle_over(busy: "Office") -> None:
    enter(busy, succession=GULF)

    with busy.reading() as work:
        cycle = busy.cycle(work)
        assert (cycle.office_id, cycle.office_position) == ("coast", "gulf/coordination_office")
        of_open = work.session.exec(select(Obligation).where(col(Obligation.status) == "open")).all()
        assert {each.party for each in of_open if each.kind == "plan_task"} == {"gulf/coordination_office"}
        assert {each.superior for each in of_open if each.party == TEAM} == {"hill/district_leader"}
        assert len(report_places(work)) == 2  # the districts lie in what the province became
        assert verify(work.session).faults == ()
    busy.act("2018-03-13 08:00", DossierTrigger.RECEIVE, actor="gulf/coordination_office")


def report_places(work: "UnitOfWork") -> set[str]:
    return {row.unit_id for row in work.session.exec(select(Report)) if row.status != "not_required"}


# --- Products, producers, old papers ---


def test_a_producer_whose_place_went_elsewhere_is_named_by_the_file(office: "Office") -> None:
    split = MERGER.model_copy(
        update={
            "new_units": (unit("shore", "district", "coast", "Ven Biển"), unit("cape", "district", "coast", "Mũi Đá")),
            "take_overs": (TakeOver(units=("delta", "hill"), successor="shore", producers={"HTX Cửa Sông": "cape"}),),
        }
    )
    enter(office, succession=split)

    with office.reading() as work:
        places = {p.name: p.unit_id for p in work.session.exec(select(Producer))}
        assert places == {"HTX Cửa Sông": "cape", "Cơ sở Sóng Biển": "shore", "HTX Đồi Ong": "shore"}
        assert verify(work.session).faults == ()


def test_two_producers_of_one_name_stay_two(office: "Office") -> None:
    with office.at("2018-03-10 08:00") as work:
        work.session.add(Producer(id="namesake", unit_id="delta", name="HTX Đồi Ong"))
    done = enter(office)

    with office.reading() as work:
        assert done.renamed == 1
        assert {p.name for p in work.session.exec(select(Producer)) if "Đồi Ong" in p.name} == {
            "HTX Đồi Ong",
            "HTX Đồi Ong (hill)",
        }


def test_old_papers_keep_the_names_of_their_time(busy: "Office") -> None:
    with busy.reading() as work:
        mails = {mail.id: mail.message for mail in work.session.exec(select(Mail))}
        events = {(event.stream, event.seq): event.payload for event in work.session.exec(select(Event))}
    enter(busy)

    with busy.reading() as work:
        assert {m.id: m.message for m in work.session.exec(select(Mail)) if m.id in mails} == mails
        after = {(event.stream, event.seq): event.payload for event in work.session.exec(select(Event))}
        assert {place: after[place] for place in events} == events
        units = work.books.of_cycle(work.session, busy.cycle(work)).units
        assert units.unit("hill").name.vi == "huyện Đồi Chè"
        assert units.unit("hill").valid_until == date.fromisoformat(DAY)


# --- Refusals ---


def test_a_day_still_to_come_is_refused_with_what_to_do(office: "Office") -> None:
    with pytest.raises(SuccessionRefusedError, match="12/03/2018 is still to come; enter the succession on that day"):
        enter(office, "2018-03-11 23:00")


def test_the_same_act_again_is_refused_whether_by_its_id_or_by_its_units(office: "Office") -> None:
    enter(office)
    with pytest.raises(SuccessionRefusedError, match=r"shore-2018 was entered on 12/03/2018; .*\(12/NQ-HĐND\)$"):
        enter(office)
    with pytest.raises(SuccessionMisfitError, match='"hill" was taken over by "shore" on 12/03/2018 by 12/NQ-HĐND'):
        enter(office, succession=MERGER.model_copy(update={"id": "again"}))


def test_a_role_that_nobody_takes_over_is_refused_whole(office: "Office") -> None:
    lacking = ABOLITION.model_copy(update={"take_overs": (TakeOver(units=("delta", "hill"), successor="coast"),)})
    with pytest.raises(SuccessionMisfitError, match='nobody in "coast" takes over the role "ocop_team" of "delta"'):
        enter(office, succession=lacking)

    with office.reading() as work:
        assert work.session.exec(select(SuccessionAct)).all() == []
        assert {product.unit_id for product in work.session.exec(select(Product))} == {"delta", "hill"}


# --- The next year, and the record ---


def test_a_year_opened_afterwards_knows_the_successors_though_its_file_does_not(office: "Office") -> None:
    enter(office)
    documents = office.documents
    plan = documents.plan.model_copy(
        update={
            "id": "coast-2018-b",
            "first_day": date(2018, 4, 1),
        }
    )
    files = PlanFiles(plan, {documents.rule_set.id: documents.rule_set}, documents.units, documents.products)
    with office.at("2018-04-02 08:00") as work:
        cycle = open_cycle(work, documents_for(files, 2018), year=2018, actor=OFFICE)
        project_reports(work, cycle, actor=OFFICE)
        assert missing_products(work, cycle) == []  # their dossiers are open, in the unit that they lie in now
        places = work.session.exec(select(Report.unit_id).where(col(Report.cycle_id) == cycle.id)).all()
        assert set(places) == {"shore"}
        assert len(cycles_of(work.session)) == 2


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        ("UPDATE product SET unit_id = 'hill'", "does not lie where a succession of units put it"),
        ("UPDATE producer SET unit_id = 'hill'", "it is not where a succession of units put it"),
        ("UPDATE succession SET decision = '1'", "the row is not as its event says"),
        ("UPDATE cycle SET office_position = 'hill/ocop_team'", "its office is not the one that took over"),
        ("DELETE FROM succession", "its row is missing"),
    ],
)
def test_the_audit_finds_what_was_put_elsewhere_afterwards(office: "Office", tamper: str, fault: str) -> None:
    enter(office)
    with office.at("2018-03-12 10:00") as work:
        work.session.connection().exec_driver_sql(tamper)

    with office.reading() as work:
        assert any(fault in found.sentence for found in verify(work.session).faults)


def test_a_list_that_names_a_unit_of_before_is_told_the_successor(office: "Office") -> None:
    enter(office)
    listed = PlannedProduct(key="9", name="Trà", form="Trà", producer="HTX Chè", unit="hill", source="a letter")
    with office.at("2018-03-12 10:00") as work:
        (refused,) = judge_products(work, office.cycle(work), (listed,))
        (taken,) = judge_products(work, office.cycle(work), (listed.model_copy(update={"unit": "shore"}),))

    assert refused.reason == "the unit hill was taken over by shore; name that one"
    assert (taken.verdict, taken.reason) == ("new", "")

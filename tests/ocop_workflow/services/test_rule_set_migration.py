"""Open dossiers go on under another rule set by an act: stage, duties, results, what is told and refused (I6, I7)."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command as alembic
from sqlmodel import col, select

from notifications.catalogue import Language, translate
from ocop_workflow.clock import last_day_in_time
from ocop_workflow.policy.date_forms import Due
from ocop_workflow.policy.rule_set import Owner, RuleSet, Stage, StatutoryLimit, Step
from ocop_workflow.policy.taking_over import stages_taken_over
from ocop_workflow.services.audit import verify
from ocop_workflow.services.council_case import CouncilError
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.explaining import explain
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.letters import act_of
from ocop_workflow.services.positions import needed_positions
from ocop_workflow.services.rule_set_changes import (
    Change,
    Chosen,
    MigrationRefusedError,
    Target,
    changes_of,
    dossiers_in,
)
from ocop_workflow.services.rule_set_migration import Migration, migrate
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.session_rows import sessions_of
from ocop_workflow.services.session_views import shown_sessions
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.migrating import alembic_config
from ocop_workflow.storage.migrating import migrate as bring_up_to_date
from ocop_workflow.storage.tables import Notice, Obligation
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.conftest import Office
from tests.ocop_workflow.every_law import OFFICE, decide, rule_sets, target

DISTRICT, COMMUNE = "hill/economic_office", "hill.tea/commune_officer"
ROUND = Chosen(round_id="r1")


@contextmanager
def moved(office: Office, when: str, **given: Any) -> Generator[tuple[UnitOfWork, list[Change]], None, None]:
    """Move dossiers and go on in the same transaction."""
    to, chosen = given.pop("to", "qd-1489-2025"), given.pop("chosen", ROUND)
    with office.at(when) as work:
        cycle = office.cycle(work)
        goal = to if isinstance(to, Target) else target(to)
        act = Migration(goal, "bỏ cấp huyện", "12/QĐ-UBND", given.pop("actor", OFFICE), **given)
        yield work, migrate(work, cycle, dossiers_in(work, cycle, chosen), act)


def to_the_district(office: Office, number: str = "1-1-1") -> None:
    """Submit on 23 June (Monday), receive on 25 June: the decision is due within 10 working days, by 9 July."""
    for day, trigger in (("2025-06-23", DossierTrigger.SUBMIT), ("2025-06-25", DossierTrigger.RECEIVE)):
        office.act(f"{day} 08:00", trigger, number=number)


def to_the_province(office: Office, number: str = "1-1-1") -> None:
    """Let the district give 70 points on 26 June, which sends the dossier up."""
    to_the_district(office, number)
    with office.at("2025-06-26 08:00") as work:
        decide(work, office.dossier(work, number), percent=80, accepted=True, met=True)


def owed(work: UnitOfWork, office: Office, number: str = "1-1-1") -> list[tuple[Any, ...]]:
    """Return the open duties of a dossier: stage, step, party, last day in time, version of the date."""
    query = select(Obligation).where(
        col(Obligation.subject_id) == office.dossier(work, number).id, col(Obligation.status) == "open"
    )
    return [
        (o.stage, o.step, o.party, last_day_in_time(o.due_at) if o.due_at else None, o.deadline_version)
        for o in work.session.exec(query.order_by(col(Obligation.key)))
    ]


def with_limit(rule_set: RuleSet, term: str, *, stage: str = "commune_assessment", step: str = "decision") -> Target:
    """Return a rule set as target that has one statutory limit."""
    due = Due.model_validate({"within": term, "origin": "statutory", "source": "article 9"})
    limit = StatutoryLimit(id="limit", stage=stage, step=step, due=due, article="article 9")
    return Target(rule_set.model_copy(update={"limits": (limit,)}))


def with_stage(rule_set: RuleSet, stage_id: str, **changed: Any) -> Target:
    """Return a rule set as target with one stage written otherwise."""
    stages = tuple(
        stage.model_copy(update=changed) if stage.id == stage_id else stage for stage in rule_set.route.stages
    )
    return Target(rule_set.model_copy(update={"route": rule_set.route.model_copy(update={"stages": stages})}))


# --- where a dossier goes on ---


def test_a_dossier_of_a_district_goes_on_at_the_commune_with_its_status(province: Office) -> None:
    """Domain b.4: from July 2025 the commune receives; what was handed in and received need not be so again."""
    to_the_district(province)

    with moved(province, "2025-07-07 09:00") as (work, changes):
        dossier = province.dossier(work)
        assert len(changes) == 3
        assert (dossier.stage, dossier.status) == ("commune_assessment", "received")
        assert dossier.responsible == COMMUNE
        assert dossier.receipt_number == "0001/2025"
        assert work.books.of_dossier(work.session, province.cycle(work), dossier).rule_set.id == "qd-1489-2025"


def test_the_decision_passes_to_the_commune_and_its_clock_runs_on(province: Office) -> None:
    """The date by which the State answers does not move because the office that owes it does."""
    to_the_district(province)
    with province.reading() as work:
        assert owed(work, province) == [("district_evaluation", "decision", DISTRICT, date(2025, 7, 9), 1)]

    with moved(province, "2025-07-07 09:00") as (work, _):
        assert owed(work, province) == [("commune_assessment", "decision", COMMUNE, date(2025, 7, 9), 2)]


def test_a_producers_date_and_lapse_stay(province: Office) -> None:
    """What the producer owes on 15 July is owed on 15 July, and nothing about it is said anew but where it goes."""
    with province.reading() as work:
        before = province.obligation(work, "submission")

    with moved(province, "2025-07-07 09:00") as (work, _):
        after = province.obligation(work, "submission")
        assert (after.due_at, after.lapse_at, after.deadline_version) == (before.due_at, before.lapse_at, 1)
        assert (after.stage, after.superior) == ("commune_assessment", COMMUNE)


def test_a_moved_dossier_goes_its_new_way_to_the_end(province: Office) -> None:
    """QĐ 1489: the commune passes on, the province recognises 3 stars, as the district did before."""
    to_the_district(province)
    with moved(province, "2025-07-07 09:00"):
        pass

    province.act("2025-07-08 08:00", DossierTrigger.REVIEW, actor=COMMUNE)
    with province.at("2025-07-08 09:00") as work:
        decide(work, province.dossier(work), percent=0, accepted=True, met=True)
    province.act("2025-07-09 08:00", DossierTrigger.SUBMIT, actor=COMMUNE)
    province.act("2025-07-10 08:00", DossierTrigger.RECEIVE)
    with province.at("2025-07-11 08:00") as work:
        decide(work, province.dossier(work), percent=60, accepted=True, met=True)
        dossier = province.dossier(work)
        assert (dossier.stage, dossier.status, dossier.stars) == ("province_evaluation", "recognised", 3)


def test_a_stage_that_both_rule_sets_have_goes_on_as_itself(province: Office) -> None:
    to_the_province(province)

    with moved(province, "2025-07-07 09:00", chosen=Chosen(("1-1-1",))) as (work, _):
        dossier = province.dossier(work)
        assert (dossier.stage, dossier.status) == ("province_evaluation", "awaiting_submission")
        assert dossier.responsible == COMMUNE  # QĐ 1489: the commune asks the province


def test_an_unnamed_stage_without_its_like_has_nowhere_to_go() -> None:
    """QĐ 1048 knew no commune stage, and no text says where one would go on."""
    laws = rule_sets()

    assert "commune_assessment" not in stages_taken_over(laws["qd-1489-2025"], laws["qd-1048-2019"])


# --- results stay (I7) ---


def test_a_result_stays_under_the_rule_set_that_it_was_made_by(province: Office) -> None:
    """239/3 points were 4 stars by QĐ 148; a later text with other bands changes nothing of what was concluded."""
    to_the_province(province)
    later = rule_sets()["qd-1489-2025"]
    bands = tuple(
        band.model_copy(update={4: {"at_least": Decimal(85)}, 3: {"below": Decimal(85)}}.get(band.stars, {}))
        for band in later.bands
    )

    with moved(province, "2025-07-07 09:00", to=Target(later.model_copy(update={"bands": bands}))) as (work, _):
        dossier = province.dossier(work)
        (shown,) = shown_sessions(work, dossier)
        assert (dossier.mean, dossier.stars) == ("239/3", 4)
        assert shown.rating is not None
        assert (shown.rating.stars, shown.book.rule_set.id) == (4, "qd-148-2023")
        assert verify(work.session).faults == ()


def test_a_session_that_is_being_held_ends_without_a_result(province: Office) -> None:
    to_the_district(province)
    points = {"A": Decimal(30), "B": Decimal(20), "C": Decimal(30)}
    with province.at("2025-07-01 08:00") as work:
        record_sheets(work, province.dossier(work), {"m1": points}, actor=DISTRICT)

    with moved(province, "2025-07-07 09:00", chosen=Chosen(("1-1-1",))) as (work, (change,)):
        assert change.session is not None
        assert [held.state for held in sessions_of(work.session, province.dossier(work).id)] == ["void"]
        assert province.dossier(work).mean is None


def test_sessions_of_an_older_installation_score_by_their_dossiers_rule_set(province: Office, tmp_path: Path) -> None:
    """Before dossiers could be moved, a session's rule set was its dossier's; the record still verifies."""
    to_the_province(province)
    province.database.dispose()
    url = f"sqlite:///{tmp_path / 'province.db'}"
    alembic.downgrade(alembic_config(url), "0015-1")
    bring_up_to_date(url)

    with province.reading() as work:
        (held,) = sessions_of(work.session, province.dossier(work).id)
        assert held.rule_set_hash == province.dossier(work).rule_set_hash


# --- dates under the other text ---


def test_a_statutory_limit_of_the_new_text_bounds_the_date(province: Office) -> None:
    """Received on Wednesday 25 June, 8 working days end on Monday 7 July, before the plan's 9 July."""
    to_the_district(province)
    to = with_limit(rule_sets()["qd-1489-2025"], "8 working days of received")
    later = replace(to, rule_set=to.rule_set.model_copy(update={"in_force": rule_sets()["qd-148-2023"].in_force}))

    with moved(province, "2025-07-01 09:00", to=later) as (work, _):
        assert owed(work, province) == [("commune_assessment", "decision", COMMUNE, date(2025, 7, 7), 2)]
        assert province.obligation(work, "decision").source == "article 9"


def test_a_term_that_would_be_over_counts_from_the_act(province: Office) -> None:
    """2 working days of the receipt on 25 June would be over; from Monday 7 July they end on 9 July."""
    to_the_district(province)
    to = with_limit(rule_sets()["qd-1489-2025"], "2 working days of received")

    with moved(province, "2025-07-07 09:00", to=to) as (work, _):
        assert owed(work, province) == [("commune_assessment", "decision", COMMUNE, date(2025, 7, 9), 2)]
        assert province.obligation(work, "decision").source == "article 9"


def test_what_was_missed_stays_missed(province: Office) -> None:
    """The decision was due by 9 July; on 14 July it is late, whoever owes it from then on."""
    to_the_district(province)
    to = with_limit(rule_sets()["qd-1489-2025"], "2 working days of received")

    with moved(province, "2025-07-14 09:00", to=to) as (work, _):
        decision = province.obligation(work, "decision")
        assert owed(work, province) == [("commune_assessment", "decision", COMMUNE, date(2025, 7, 9), 2)]
        assert decision.overdue_at == decision.due_at


def test_what_an_extension_gave_stays(province: Office) -> None:
    to_the_district(province)
    with province.at("2025-07-01 08:00") as work:
        decision = province.obligation(work, "decision")
        assert decision.due_at is not None
        extend(work, decision, Extension(decision.due_at.replace(day=22), "mưa bão", "01/QĐ-GH", OFFICE))
    to = with_limit(rule_sets()["qd-1489-2025"], "9 working days of received")

    with moved(province, "2025-07-07 09:00", to=to) as (work, _):
        assert owed(work, province) == [("commune_assessment", "decision", COMMUNE, date(2025, 7, 22), 3)]


def test_only_a_producer_keeps_a_lapse(province: Office) -> None:
    """I5: under a text that has the commune submit, the commune owes it, and no delay of it ends anything."""
    commune = Owner(level="commune", role="commune_officer")
    (first, *others) = rule_sets()["qd-1489-2025"].route.stages[0].steps
    steps = (first.model_copy(update={"owner": commune}), *others)
    to = with_stage(rule_sets()["qd-1489-2025"], "commune_assessment", submitted_by=commune, steps=steps)

    with moved(province, "2025-07-07 09:00", to=to) as (work, _):
        submission = province.obligation(work, "submission")
        assert (submission.party, submission.lapse_at) == (COMMUNE, None)
    province.enforce("2025-10-01 08:00")
    with province.reading() as work:
        assert province.dossier(work).status == "awaiting_submission"


def a_report(stage: Stage) -> tuple[Step, ...]:
    """Return a stage's steps with one by hand before its decision."""
    *before, decision = stage.steps
    return (*before, decision.model_copy(update={"id": "report", "settled_by": None}), decision)


def test_steps_that_one_text_alone_asks_for_begin_and_end_with_it(province: Office) -> None:
    """A report by hand with a term of its own begins with the text that asks for it and ends without it."""
    to_the_district(province)
    district = rule_sets()["qd-148-2023"]
    asks = with_stage(district, "district_evaluation", steps=a_report(district.route.stages[0])).rule_set
    to = with_limit(asks, "4 working days of received", stage="district_evaluation", step="report")

    with moved(province, "2025-06-27 09:00", to=to) as (work, _):
        assert owed(work, province) == [
            ("district_evaluation", "decision", DISTRICT, date(2025, 7, 9), 1),
            ("district_evaluation", "report", DISTRICT, date(2025, 7, 1), 1),
        ]
    with moved(province, "2025-07-07 09:00") as (work, _):
        assert owed(work, province) == [("commune_assessment", "decision", COMMUNE, date(2025, 7, 9), 2)]
        report = province.obligation(work, "report")
        assert report.status == "cancelled"
        assert explain(work, report).obligation.due_at is not None


# --- criteria sets ---


def test_criteria_sets_come_with_the_text_and_must_be_named(province: Office) -> None:
    """QĐ 26 scores by criterion: the cycle is pinned to its sets by the act, and no council scores without one."""
    to_the_province(province)
    for day, trigger in (("2025-07-01", DossierTrigger.SUBMIT), ("2025-07-02", DossierTrigger.RECEIVE)):
        province.act(f"{day} 08:00", trigger)

    with moved(province, "2026-05-25 09:00", to="qd-26-2026", chosen=Chosen(("1-1-1",))) as (work, _):
        assert set(province.cycle(work).criteria_hashes) == {"qd-26-2026"}
    with province.at("2026-05-26 08:00") as work, pytest.raises(CouncilError, match="names none of the criteria sets"):
        record_sheets(work, province.dossier(work), {"m1": {}}, actor=OFFICE)
    with province.at("2026-05-26 08:00") as work:
        decide(work, province.dossier(work), percent=80, accepted=True, met=True)
        assert province.dossier(work).status == "recognised"


# --- on record, and told ---


def test_each_dossier_records_the_act_and_the_cycle_once(province: Office) -> None:
    """I6: one event for each dossier that moved, with both rule sets, and one of the cycle that tells how many."""
    to_the_district(province)

    with moved(province, "2025-07-07 09:00") as (work, _):
        dossier, cycle = province.dossier(work), province.cycle(work)
        last, of_cycle = (events_of(work.session, s)[-1] for s in (f"dossier:{dossier.id}", f"cycle:{cycle.id}"))
        details = details_of(last)
        assert (last.action, last.rule, last.actor) == ("rule_set_migrated", "12/QĐ-UBND", OFFICE)
        assert (last.from_state, last.to_state) == ("district_evaluation:received", "commune_assessment:received")
        assert (details["rule_set_before"], details["rule_set_hash"]) == (cycle.rule_set_hash, dossier.rule_set_hash)
        assert dossier.earlier_rule_sets == [cycle.rule_set_hash]
        assert (of_cycle.action, details_of(of_cycle)["dossiers"]) == ("dossiers_migrated", 3)


def test_the_producer_and_both_offices_are_told(province: Office) -> None:
    to_the_district(province)
    with moved(province, "2025-07-07 09:00", chosen=Chosen(("1-1-1",))) as (work, _):
        new = work.session.exec(select(Notice).where(col(Notice.code).startswith("news.migrated"))).all()
        told = {n.recipient: (n.code, n.params.get("last_on")) for n in new}
        producer = next(recipient for recipient in told if recipient.startswith("producer:"))

    assert told == {
        producer: ("news.migrated", None),
        COMMUNE: ("news.migrated_duty", "2025-07-09"),
        DISTRICT: ("news.migrated_away", None),
    }
    assert province.send("2025-07-07 10:00").failed == 0


def test_no_reminder_goes_to_who_no_longer_owes(province: Office) -> None:
    """I4: two days before the decision is due, the commune is reminded and the district is not."""
    to_the_district(province)
    with moved(province, "2025-07-04 16:00", to=as_of_june()):
        pass

    province.sweep("2025-07-07 08:00")
    with province.reading() as work:
        rungs = [(n.recipient, n.rung) for n in province.notices(work, about="1-1-1") if n.status == "planned"]
    assert rungs == [(COMMUNE, "-2")]


def as_of_june() -> Target:
    """Return QĐ 1489 as if it were in force since QĐ 148 is."""
    later = rule_sets()["qd-1489-2025"]
    return Target(later.model_copy(update={"in_force": rule_sets()["qd-148-2023"].in_force}))


def test_page_and_explanations_know_both_routes(province: Office) -> None:
    to_the_province(province)
    with moved(province, "2025-07-07 09:00"):
        pass

    with province.reading("2025-07-08 08:00") as work:
        page = status_page(work, province.dossier(work))
        told = [translate(Language.VI, each.told.code, each.told.params) for each in page.history]
        query = select(Obligation).where(col(Obligation.subject_id) == province.dossier(work).id)
        explained = {o.key.rpartition("r1/")[2]: explain(work, o) for o in work.session.exec(query)}
        decision = explained["1-1-1/district_evaluation/decision"]
        asked = act_of(decision.book, decision.obligation, decision.subject)
        assert told[0] == "Đã nộp hồ sơ đánh giá, phân hạng cấp huyện."
        assert told[-1].startswith("Hồ sơ được chuyển sang thực hiện theo quy định khác (Quy trình đánh giá")
        assert decision.written == "within: 10 working days of received"
        assert asked.params["title"] == {
            "vi": "Đánh giá, phân hạng sản phẩm cấp huyện",
            "en": "Evaluate the product at district level",
        }


def test_positions_are_needed_by_the_route_that_each_dossier_takes(province: Office) -> None:
    with province.reading() as work:
        assert "delta/economic_office" in needed_positions(work.session, work.books)
    with moved(province, "2025-07-07 09:00") as (work, _):
        needed = needed_positions(work.session, work.books)
        assert "delta.salt/commune_officer" in needed
        assert "delta/economic_office" not in needed


# --- what is refused, whole ---


def refused(office: Office, when: str, chosen: Chosen = ROUND, to: Target | None = None) -> str:
    with office.at(when) as work:
        cycle = office.cycle(work)
        with pytest.raises(MigrationRefusedError) as error:
            changes_of(work, cycle, dossiers_in(work, cycle, chosen), to or target("qd-1489-2025"))
    return str(error.value)


def test_a_text_that_is_not_in_force_takes_nothing(province: Office) -> None:
    assert "qd-1489-2025 is in force from 06/07/2025" in refused(province, "2025-07-05 09:00")
    to_the_province(province)
    assert "qd-1489-2025 was in force until 21/07/2026" in refused(province, "2026-07-22 09:00")


def test_a_stage_without_a_place_refuses_all_of_them_by_number(province: Office) -> None:
    """One sentence for each dossier that has no stage to go on at, with the remedy; the others do not move either."""
    to_the_province(province, "2-1-1")
    later = target("qd-1489-2025").rule_set.model_copy(update={"takes_over": ()})

    told = refused(province, "2025-07-07 09:00", to=Target(later)).splitlines()

    assert [line.split()[0].rpartition("/")[2] for line in told] == ["1-1-1", "1-2-1"]
    assert "is at district_evaluation, which qd-1489-2025 does not have; name under takes_over" in told[0]
    with province.reading() as work:
        assert province.dossier(work, "2-1-1").earlier_rule_sets == []


def test_what_has_ended_is_left_out_of_a_round_and_refused_by_number(province: Office) -> None:
    """I9: what has lapsed is over, recorded or not; what was to come by 15 July lapses on 26 July."""
    province.act("2025-06-20 08:00", DossierTrigger.WITHDRAW, number="1-2-1")
    to_the_province(province, "2-1-1")

    assert "1-2-1 is withdrawn; a dossier that has ended stays" in refused(
        province, "2025-07-28 09:00", Chosen(("1-2-1", "2-1-1"))
    )
    assert "1-1-1 has lapsed; `ocop run enforce-deadlines`" in refused(province, "2025-07-28 09:00", Chosen(("1-1-1",)))
    with moved(province, "2025-07-28 09:00") as (_, changes):
        assert [change.before.dossier.key.rpartition("/")[2] for change in changes] == ["2-1-1"]


def test_nothing_named_and_nothing_open_are_refused(province: Office) -> None:
    assert "say which dossiers move" in refused(province, "2025-07-07 09:00", Chosen())
    assert "not all an open dossier" in refused(province, "2025-07-07 09:00", Chosen(unit="hill.bee"))
    assert "has no unit 'hills'" in refused(province, "2025-07-07 09:00", Chosen(unit="hills"))


def test_a_route_that_the_register_has_nobody_for_is_refused(province: Office) -> None:
    nobody = Owner(level="commune", role="mayor")
    to = with_stage(rule_sets()["qd-1489-2025"], "commune_assessment", decided_by=nobody)

    assert 'qd-1489-2025 does not fit the register coast of coast-qd-148-2023/2025: unknown role "mayor"' in refused(
        province, "2025-07-07 09:00", to=to
    )


def test_only_the_office_moves_dossiers_and_says_why(province: Office) -> None:
    with pytest.raises(OfficeOnlyError, match="only coast/coordination_office moves dossiers"):
        moved(province, "2025-07-07 09:00", actor=DISTRICT).__enter__()


def test_moving_again_does_nothing(province: Office) -> None:
    with moved(province, "2025-07-07 09:00", command="c1") as (work, changes):
        version = province.dossier(work).version
        assert len(changes) == 3
    for command in ("c1", "c2"):
        with moved(province, "2025-07-08 09:00", command=command) as (work, changes):
            assert changes == []
            assert province.dossier(work).version == version


def test_a_unit_moves_with_its_whole_area(province: Office) -> None:
    with moved(province, "2025-07-07 09:00", chosen=Chosen(unit="hill")) as (work, changes):
        assert len(changes) == 2
        assert province.dossier(work, "2-1-1").stage == "district_evaluation"


def test_what_a_preview_tells_is_what_is_done(province: Office) -> None:
    to_the_district(province)
    with province.at("2025-07-07 09:00") as work:
        cycle = province.cycle(work)
        (shown,) = changes_of(work, cycle, dossiers_in(work, cycle, Chosen(("1-1-1",))), target("qd-1489-2025"))
        told = [
            (c.stage, c.obligation.step, c.party, last_day_in_time(c.due_at)) for c in shown.duties.carried if c.due_at
        ]
        assert "chosen for this example: the district level ended" in shown.source
        assert [stage.id for stage in shown.to_come] == [
            "commune_assessment",
            "province_evaluation",
            "national_evaluation",
        ]

    with moved(province, "2025-07-07 09:00", chosen=Chosen(("1-1-1",))) as (work, _):
        assert [row[:4] for row in owed(work, province)] == told


def test_a_receipt_before_the_act_can_still_be_recorded(province: Office) -> None:
    """I9: the district received on 4 July what is written down after the move; the decision counts from then."""
    province.act("2025-06-23 08:00", DossierTrigger.SUBMIT)
    with moved(province, "2025-07-07 09:00"):
        pass
    with province.at("2025-07-08 08:00") as work:
        happened = work.now.replace(day=4)
        apply_trigger(work, province.dossier(work), Request(DossierTrigger.RECEIVE, OFFICE, effective_at=happened))
        assert owed(work, province) == [("commune_assessment", "decision", COMMUNE, date(2025, 7, 18), 1)]

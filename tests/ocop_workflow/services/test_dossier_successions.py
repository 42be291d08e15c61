"""Ideas become several products or one, with links both ways, until something is judged."""

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import pytest

from notifications.catalogue import Language, translate
from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import last_day_in_time
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycle_acts import OfficeOnlyError
from ocop_workflow.services.dossier_successions import Decree, SuccessionRefusedError, merge, split
from ocop_workflow.services.earlier_attempts import earlier_attempts
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.projection import missing_products
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.withdrawals import DossierReplacedError, successors_of
from ocop_workflow.storage.tables import Product
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from ocop_workflow.services.unit_of_work import UnitOfWork
    from ocop_workflow.storage.tables import Dossier
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"
DECREE = Decree(OFFICE, "5/BB")


def sound(office: "Office") -> None:
    with office.reading() as work:
        assert [str(fault) for fault in verify(work.session).faults] == []


def product(work: "UnitOfWork", dossier: "Dossier") -> str:
    return work.session.get_one(Product, dossier.product_id).name


def test_a_split_idea_ends_and_names_what_came_of_it(office: "Office") -> None:
    with office.at("2018-03-05 08:00") as work:
        idea = office.dossier(work)
        new = split(work, idea, ["Mật ong sáp", "Mật ong chai"], DECREE)
    sender = RecordingEmailSender()
    office.send("2018-03-05 08:05", sender)

    with office.reading("2018-03-05 09:00") as work:
        idea = office.dossier(work, "coast-2018/2018/r1/1-1-1")
        assert (idea.status, [each.key for each in successors_of(work.session, idea)]) == (
            "withdrawn",
            ["coast-2018/2018/r1/1-1-1.1", "coast-2018/2018/r1/1-1-1.2"],
        )
        assert [product(work, each) for each in new] == ["Mật ong sáp", "Mật ong chai"]
        opened = events_of(work.session, f"dossier:{new[0].id}")[0]
        assert details_of(opened)["origin"] == [idea.id]
        (attempt,) = earlier_attempts(work, new[1])
        assert (attempt.key, attempt.closed_on) == (idea.key, date(2018, 3, 5))
        page = status_page(work, idea)
        assert page.outcome is not None
        said = translate(Language.EN, page.outcome.told.code, page.outcome.told.params)
        assert missing_products(work, office.cycle(work)) == []
    assert "split into products with dossiers of their own: Mật ong sáp; Mật ong chai (document no. 5/BB)" in said
    text = " ".join(" ".join(office.text_of(each.message) for each in sender.envelopes).split())
    assert "ý tưởng được tách thành các sản phẩm có hồ sơ riêng: Mật ong sáp; Mật ong chai" in text
    assert text.count("/s/") >= 2
    sound(office)


def test_each_part_keeps_the_plans_term(office: "Office") -> None:
    with office.at("2018-03-05 08:00") as work:
        split(work, office.dossier(work), ["Mật ong sáp", "Mật ong chai"], DECREE)

    with office.reading() as work:
        for number in ("1-1-1.1", "1-1-1.2"):
            owed = office.obligation(work, "submission", number)
            assert owed.due_at is not None
            assert last_day_in_time(owed.due_at) == date(2018, 3, 30)


def test_merged_ideas_have_one_dossier(office: "Office") -> None:
    """A verdict on the idea ends the stage, so one that was handed in and received may still be merged."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    with office.at("2018-03-07 08:00") as work:
        ideas = [office.dossier(work, number) for number in ("1-2-1", "1-1-1")]
        merged = merge(work, ideas, "Bộ quà mật ong", DECREE)
        assert merged.key == "coast-2018/2018/r1/1-1-1+1-2-1"

    office.act("2018-03-08 08:00", DossierTrigger.SUBMIT, number="1-1-1+1-2-1")
    with office.reading("2018-03-08 09:00") as work:
        merged = office.dossier(work, "1-1-1+1-2-1")
        assert [each.key.rpartition("/")[2] for each in earlier_attempts(work, merged)] == ["1-1-1", "1-2-1"]
        ends = {office.dossier(work, f"coast-2018/2018/r1/{number}").status for number in ("1-1-1", "1-2-1")}
        assert ends == {"withdrawn"}
    sound(office)


def test_an_act_on_a_split_idea_is_sent_to_its_parts(office: "Office") -> None:
    """No superior's decision opens it again, so none is asked for."""
    with office.at("2018-03-05 08:00") as work:
        split(work, office.dossier(work), ["Mật ong sáp", "Mật ong chai"], DECREE)

    with pytest.raises(DossierReplacedError) as refused:
        office.act("2018-03-06 08:00", DossierTrigger.SUBMIT, actor=OFFICE, number="coast-2018/2018/r1/1-1-1")

    assert "goes on as coast-2018/2018/r1/1-1-1.1, coast-2018/2018/r1/1-1-1.2" in str(refused.value)


def test_what_is_handed_in_to_be_judged_stays_whole(office: "Office") -> None:
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    office.conclude("2018-03-07 08:00")
    with office.at("2018-03-07 09:00") as work:  # waits for the forwarding: a part begins where the whole was
        parts = split(work, office.dossier(work), ["Mật ong sáp", "Mật ong chai"], DECREE)
        assert {(part.stage, part.responsible) for part in parts} == {("evaluation", "hill/ocop_team")}
    office.act("2018-03-08 08:00", DossierTrigger.SUBMIT, number="1-1-1.1")
    with office.at("2018-03-08 09:00") as work, pytest.raises(SuccessionRefusedError, match="handed in to be judged"):
        split(work, office.dossier(work, "1-1-1.1"), ["Sáp một", "Sáp hai"], DECREE)
    sound(office)


@pytest.mark.parametrize(
    ("numbers", "names", "decree", "sentence"),
    [
        (("1-1-1",), ["Một"], DECREE, "give --into for each"),
        (("1-1-1",), ["Một", "Một"], DECREE, "a name of its own"),
        (("1-1-1",), ["Một", "Mật ong bạc hà"], DECREE, "has a product called"),
        (("1-1-1", "1-1-1"), ["Một"], DECREE, "several dossiers, each once"),
        (("1-1-1", "2-1-1"), ["Một"], DECREE, "differ in their producer"),
    ],
)
def test_what_makes_no_sense_is_refused(
    office: "Office", numbers: tuple[str, ...], names: list[str], decree: Decree, sentence: str
) -> None:
    with office.at("2018-03-05 08:00") as work:
        dossiers = [office.dossier(work, number) for number in numbers]
        act = (
            partial(merge, work, dossiers, names[0]) if len(dossiers) > 1 else partial(split, work, dossiers[0], names)
        )
        with pytest.raises(SuccessionRefusedError, match=sentence):
            act(decree)


def test_only_the_office_splits(office: "Office") -> None:
    with office.at("2018-03-05 08:00") as work, pytest.raises(OfficeOnlyError):
        split(work, office.dossier(work), ["Một", "Hai"], Decree("hill/ocop_team", "5/BB"))


def test_verify_finds_a_succession_that_nobody_recorded(office: "Office") -> None:
    with office.at("2018-03-05 08:00") as work:
        split(work, office.dossier(work), ["Mật ong sáp", "Mật ong chai"], DECREE)
    with office.database.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM dossier_succession WHERE rowid = 1")

    with office.reading() as work:
        assert any("replaces it is not what the events say" in str(fault) for fault in verify(work.session).faults)

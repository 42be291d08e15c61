"""What changes about producers: each an act with day and document, one event for each stream it concerns (I1)."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from notifications.catalogue import Language, translate
from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.errors import InputError
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.eligibility import LegalForm
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.services.audit import verify
from ocop_workflow.services.certificate_acts import Issue, issue_certificate
from ocop_workflow.services.certificate_facts import find_certificate
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.eligibility import IneligibleError, eligibility_of
from ocop_workflow.services.events import events_of
from ocop_workflow.services.links import links_of
from ocop_workflow.services.producer_acts import Change, ProducerRefusedError, change_form, rename
from ocop_workflow.services.producer_closures import close_producer
from ocop_workflow.services.producer_register import (
    ProducerNotFoundError,
    find_producer,
    name_of_holder,
    producer_named,
    product_named,
)
from ocop_workflow.services.producer_transfers import transfer
from ocop_workflow.services.product_lists import import_products
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.renewals import open_renewal
from ocop_workflow.services.status_page import status_page
from ocop_workflow.storage.tables import Certificate, Obligation, Producer, Product

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from ocop_workflow.services.cycles import CycleDocuments
    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office

    Opening = Callable[[Path, Path], AbstractContextManager[Office]]

OFFICE = "coast/coordination_office"
HIVE, SEA, RIVER = "HTX Đồi Ong", "Cơ sở Sóng Biển", "HTX Cửa Sông"
DAY = date(2018, 3, 2)


GIVEN_TO_SOMEBODY_ELSE = """
UPDATE product SET producer_id = (SELECT id FROM producer WHERE form = 'household')
WHERE id IN (SELECT product_id FROM former_holder)
"""

FORMS = {
    "source": "article 6",
    "forms": [
        {"form": "cooperative", "source": "article 6.1"},
        {"form": "household", "registration": True, "source": "article 6.2"},
    ],
}
"""Cooperatives may take part, households with a registration."""


@pytest.fixture(scope="module")
def documents(small_documents: "CycleDocuments") -> "CycleDocuments":
    """The small office's, with a rule set that says who may take part and how certificates are withdrawn."""
    rules = small_documents.rule_set.model_dump(mode="json") | {
        "eligibility": FORMS,
        "validity_months": 36,
        "validity_source": "article 8",
        "withdrawal_within": {"days": 15, "source": "article 10"},
    }
    return replace(small_documents, rule_set=RuleSet.model_validate(rules))


@pytest.fixture(scope="module")
def opened(open_office: "Opening", documents: "CycleDocuments", migrated_database: Path, tmp_path_factory: Any) -> Path:
    path: Path = tmp_path_factory.mktemp("producers") / "opened.db"
    with open_office(migrated_database, path) as fresh:
        replace(fresh, documents=documents).open()
    return path


@pytest.fixture
def producing(
    open_office: "Opening", documents: "CycleDocuments", opened: Path, tmp_path: Path
) -> "Generator[Office, None, None]":
    """The small office under that rule set, its cycle opened."""
    with open_office(opened, tmp_path / "office.db") as office:
        yield replace(office, documents=documents)


@pytest.fixture
def unopened(unopened_office: "Office", documents: "CycleDocuments") -> "Office":
    return replace(unopened_office, documents=documents)


def named(work: "UnitOfWork", name: str) -> Producer:
    return find_producer(work.session, name)


def product_of(work: "UnitOfWork", office: "Office", number: str) -> Product:
    return work.session.get_one(Product, office.dossier(work, number).product_id)


def actions(work: "UnitOfWork", stream: str) -> list[str]:
    return [event.action for event in events_of(work.session, stream)]


def certify(office: "Office") -> None:
    """Let 1-1-1 have its certificate of four stars."""
    office.to_council()
    office.score("2018-03-12 08:00", "75", "75", "75")
    with office.at("2018-03-15 09:00") as work:
        issue = Issue("01/GCN", "9/QĐ", date(2018, 3, 15), OFFICE)
        issue_certificate(work, office.dossier(work), issue)


def sound(office: "Office") -> None:
    with office.reading() as work:
        assert [str(fault) for fault in verify(work.session).faults] == []


def test_papers_from_before_keep_the_old_name(producing: "Office") -> None:
    with producing.at("2018-03-05 08:00") as work:
        rename(work, named(work, HIVE), "HTX Ong Vàng", Change(DAY, "12/ĐKKD"))

    with producing.reading("2018-03-05 09:00") as work:
        product = product_of(work, producing, "1-1-1")
        assert name_of_holder(work.session, product, date(2018, 3, 1)) == HIVE
        assert name_of_holder(work.session, product, DAY) == "HTX Ong Vàng"
        assert status_page(work, producing.dossier(work)).producer == "HTX Ong Vàng"
        assert named(work, HIVE).name == "HTX Ong Vàng"
        (event,) = events_of(work.session, f"producer:{product.producer_id}")
        assert (event.action, event.rule, event.effective_at) == (
            "producer_renamed",
            "12/ĐKKD",
            datetime(2018, 3, 2, tzinfo=OFFICE_ZONE),
        )
        assert HIVE not in event.details  # names of people lie in the text that can be erased
    sound(producing)


def test_a_renamed_producer_reads_of_it(producing: "Office") -> None:
    with producing.at("2018-03-05 08:00") as work:
        rename(work, named(work, HIVE), "HTX Ong Vàng", Change(DAY, "12/ĐKKD"))
    sender = RecordingEmailSender()
    producing.send("2018-03-05 08:05", sender)

    (text,) = [producing.text_of(each.message) for each in sender.envelopes]
    assert "Tên chủ thể từ nay được ghi là HTX Ong Vàng (văn bản số 12/ĐKKD)." in text


def test_the_plan_goes_on_finding_a_renamed_producer(producing: "Office") -> None:
    """The list of the plan has the old name; nothing is registered twice."""
    with producing.at("2018-03-05 08:00") as work:
        rename(work, named(work, HIVE), "HTX Ong Vàng", Change(DAY, "12/ĐKKD"))
    with producing.at("2018-03-06 08:00") as work:
        cycle = producing.cycle(work)
        assert missing_products(work, cycle) == []
        (row, *_) = import_products(work, cycle, [producing.documents.products[0]], actor=OFFICE)
        assert row.verdict == "already there"


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        (HIVE, Change(DAY, "1"), "is called HTX Đồi Ong already"),
        ("HTX Mới", Change(date(2018, 3, 6), "1"), "06/03/2018 is still to come"),
        ("HTX Mới", Change(DAY, " "), "the document's number is missing"),
    ],
)
def test_a_renaming_that_cannot_be_is_refused(producing: "Office", name: str, change: Change, sentence: str) -> None:
    with producing.at("2018-03-05 08:00") as work, pytest.raises(InputError, match=sentence):
        rename(work, named(work, HIVE), name, change)


def test_a_name_of_somebody_else_in_the_unit_is_refused(producing: "Office") -> None:
    with producing.at("2018-03-05 08:00") as work, pytest.raises(ProducerRefusedError, match="another producer"):
        rename(work, named(work, SEA), RIVER, Change(DAY, "1"))


def test_who_has_a_name_now_goes_before_who_had_it(producing: "Office") -> None:
    """HTX Cửa Sông gives up its name and a product; another producer takes the name, and it makes a product alike."""
    with producing.at("2018-03-05 08:00") as work:
        river, sea = named(work, RIVER), named(work, SEA)
        given_away = product_of(work, producing, "2-1-2")
        name = given_away.name
        rename(work, river, "HTX Sông Mới", Change(DAY, "12/ĐKKD"))
        product_of(work, producing, "2-1-1").name = "Nước mắm Sóng"
        transfer(work, given_away, sea, Change(DAY, "3/HĐ"))
        assert producer_named(work.session, "delta", RIVER) == river
        assert product_named(work.session, river, name) == given_away

        for beginning in ("0", "z"):  # whatever its id
            taker = Producer(id=f"{beginning}-taker", unit_id="delta", name=RIVER)
            alike = Product(id=f"{beginning}-alike", producer_id=river.id, unit_id="delta", name=name, form="x")
            work.session.add_all([taker, alike])
            work.session.flush()
            assert producer_named(work.session, "delta", RIVER) == taker
            assert product_named(work.session, river, name) == alike
            work.session.delete(alike)
            work.session.delete(taker)
            work.session.flush()


def test_a_transfer_moves_duties_links_and_reminders(producing: "Office") -> None:
    """The dossier of 2-1-1 goes on with HTX Cửa Sông: same dates, a link of its own, the old one dead."""
    with producing.at("2018-03-05 08:00") as work:
        old, new = named(work, SEA), named(work, RIVER)
        product = product_of(work, producing, "2-1-1")
        product.name = "Nước mắm Sóng"  # both make one called alike
        before = producing.obligation(work, "submission", "2-1-1")
        due_at = before.due_at
        assert transfer(work, product, new, Change(DAY, "3/HĐ")) == []
    producing.sweep("2018-03-16 07:30")
    sender = RecordingEmailSender()
    producing.send("2018-03-16 07:30", sender)

    with producing.reading("2018-03-16 08:00") as work:
        dossier = producing.dossier(work, "2-1-1")
        owed = producing.obligation(work, "submission", "2-1-1")
        assert (owed.party, owed.due_at, owed.deadline_version) == (f"producer:{new.id}", due_at, 1)
        assert dossier.responsible == f"producer:{new.id}"
        alive = [link.recipient for link in links_of(work.session, dossier.id) if link.revoked_at is None]
        assert alive == [f"producer:{new.id}"]
        told = producing.notices(work, about="2-1-1")
        assert {n.recipient for n in told if n.status == "bundled"} <= {f"producer:{new.id}"}
        assert actions(work, f"producer:{old.id}") == ["product_handed_on"]
        assert actions(work, f"producer:{new.id}") == ["product_taken_over"]
        assert actions(work, f"dossier:{dossier.id}") == [
            "dossier_opened",
            "link_issued",
            "product_transferred",
            "link_revoked",
            "link_issued",
        ]
    texts = {each.recipient: producing.text_of(each.message) for each in sender.envelopes}
    assert sum("đã chuyển cho quý vị (văn bản số 3/HĐ)" in text for text in texts.values()) == 1
    assert sum("đã chuyển cho chủ thể HTX Cửa Sông" in text for text in texts.values()) == 1
    sound(producing)


def test_what_was_bundled_for_the_former_producer_is_not_said(producing: "Office") -> None:
    """I4: a reminder that waits in an open digest is withdrawn when somebody else owes it."""
    producing.sweep("2018-03-16 07:30")
    producing.bundle("2018-03-16 07:30")
    with producing.at("2018-03-16 07:31") as work:
        product_of(work, producing, "2-1-1").name = "Nước mắm Sóng"
        transfer(work, product_of(work, producing, "2-1-1"), named(work, RIVER), Change(DAY, "3/HĐ"))
        old = f"producer:{named(work, SEA).id}"
    sender = RecordingEmailSender()
    producing.send("2018-03-16 07:35", sender)

    with producing.reading() as work:
        rungs = [n for n in producing.notices(work, about="2-1-1") if n.recipient == old]
    assert {n.suppression for n in rungs} == {"handed_on"}


def test_a_certificate_keeps_the_name_that_it_was_issued_to(producing: "Office") -> None:
    certify(producing)
    with producing.at("2018-04-02 08:00") as work:
        product = product_of(work, producing, "1-1-1")
        assert transfer(work, product, named(work, RIVER), Change(date(2018, 4, 1), "3/HĐ")) == ["01/GCN"]

    with producing.reading() as work:
        certificate = find_certificate(work.session, "01/GCN")
        product = work.session.get_one(Product, certificate.product_id)
        assert name_of_holder(work.session, product, certificate.issued_on) == HIVE
        assert name_of_holder(work.session, product, date(2018, 4, 1)) == RIVER
        assert certificate.status == "valid"
        assert actions(work, f"certificate:{certificate.id}")[-1] == "product_transferred"
    sound(producing)


def test_a_list_with_the_former_producer_names_the_new_one(producing: "Office") -> None:
    certify(producing)
    with producing.at("2018-04-02 08:00") as work:
        transfer(work, product_of(work, producing, "1-1-1"), named(work, RIVER), Change(date(2018, 4, 1), "3/HĐ"))
    with producing.at("2018-04-03 08:00") as work:
        assert missing_products(work, producing.cycle(work)) == []
        again = producing.documents.products[0].model_copy(update={"key": "9"})
        (row,) = import_products(work, producing.cycle(work), [again], actor=OFFICE)
    assert row.reason == "the product was transferred to HTX Cửa Sông; name that producer"


def test_a_transfer_to_somebody_who_may_not_take_part_is_refused_by_article(producing: "Office") -> None:
    with producing.at("2018-03-05 08:00") as work:
        change_form(work, named(work, RIVER), LegalForm.LARGE_FIRM, Change(DAY, "7"))
    with producing.at("2018-03-06 08:00") as work, pytest.raises(IneligibleError, match="article 6"):
        transfer(work, product_of(work, producing, "1-1-1"), named(work, RIVER), Change(DAY, "8"))


def test_closing_withdraws_what_is_open_and_tells_why(producing: "Office") -> None:
    with producing.at("2018-03-05 08:00") as work:
        producer = named(work, SEA)
        assert close_producer(work, producer, Change(DAY, "8/TB")) == (["coast-2018/2018/r1/2-1-1"], [])
    sender = RecordingEmailSender()
    producing.send("2018-03-05 08:05", sender)

    with producing.reading("2018-03-05 09:00") as work:
        page = status_page(work, producing.dossier(work, "2-1-1"))
        assert page.outcome is not None
        said = translate(Language.VI, page.outcome.told.code, page.outcome.told.params)
        open_ = select(Obligation).where(col(Obligation.party) == f"producer:{producer.id}")
        assert {each.status for each in work.session.exec(open_)} == {"cancelled"}
    assert "Lý do: chủ thể đã ngừng hoạt động (văn bản số 8/TB)." in said
    text = producing.text_of(sender.envelopes[0].message)
    assert "Lý do: chủ thể đã ngừng hoạt động (văn bản số 8/TB)." in text
    assert "Đã ghi nhận chủ thể ngừng hoạt động từ sau ngày 02/03/2018" in " ".join(text.split())
    sound(producing)


def test_the_office_reads_by_when_certificates_of_a_closed_producer_are_decided(producing: "Office") -> None:
    """Fifteen days from the finding of 1 April: 16 April; the certificate stays, and is not renewed any more."""
    certify(producing)
    with producing.at("2018-04-02 08:00") as work:
        withdrawn, in_force = close_producer(work, named(work, HIVE), Change(date(2018, 4, 1), "8/TB"))
    assert (withdrawn, in_force) == (["coast-2018/2018/r1/1-2-1"], ["01/GCN"])
    sender = RecordingEmailSender()
    producing.send("2018-04-02 08:05", sender)

    (text,) = [producing.text_of(e.message) for e in sender.envelopes if e.recipient.startswith("coordination_office")]
    assert "phải quyết định chậm nhất ngày 16/04/2018 (article 10)" in " ".join(text.split())
    with producing.at("2018-04-03 08:00") as work:
        certificate = work.session.exec(select(Certificate)).one()
        assert certificate.status == "valid"
        with pytest.raises(IneligibleError, match="has closed"):
            open_renewal(work, certificate, actor=OFFICE)
    with producing.at("2018-04-03 09:00") as work, pytest.raises(ProducerRefusedError, match="on 01/04/2018 already"):
        close_producer(work, named(work, HIVE), Change(date(2018, 4, 2), "9/TB"))
    sound(producing)


def listed(form: str | None, **more: Any) -> PlannedProduct:
    return PlannedProduct.model_validate(
        {
            "key": "9", "name": "Chè", "form": "Chè", "producer": "Nhà Chè", "unit": "hill", "source": "list",
            "producer_form": form, **more,
        }
    )  # fmt: skip


def test_a_row_of_somebody_who_may_not_take_part_is_refused_in_both_languages(producing: "Office") -> None:
    said = {}
    for language in Language:
        with producing.at("2018-03-05 08:00") as work:
            rows = [listed("large_firm")]
            (row,) = import_products(work, producing.cycle(work), rows, actor=OFFICE, language=language)
            said[language.value] = row.reason
    assert said == {
        "vi": "Loại hình doanh nghiệp lớn không thuộc đối tượng tham gia theo two-stages (article 6); đối tượng tham "
        "gia gồm: hợp tác xã, hộ sản xuất, hộ gia đình.",
        "en": "The legal form large firm may not take part under two-stages (article 6); those who may are: "
        "cooperative, household.",
    }


def test_a_household_needs_its_registration(producing: "Office") -> None:
    with producing.at("2018-03-05 08:00") as work:
        cycle = producing.cycle(work)
        (row,) = import_products(work, cycle, [listed("household")], actor=OFFICE)
        assert "(article 6.2) the legal form household takes part with a registered business" in row.reason
    with producing.at("2018-03-05 09:00") as work:
        registered = listed("household", registered_on="2016-05-01")
        (row,) = import_products(work, producing.cycle(work), [registered], actor=OFFICE)
        assert row.verdict == "new"
    with producing.reading("2018-03-05 10:00") as work:
        producer = named(work, "Nhà Chè")
        assert (producer.form, producer.registered_on) == ("household", date(2016, 5, 1))
        assert actions(work, f"producer:{producer.id}") == ["producer_form_recorded"]
        assert eligibility_of(work, producing.dossier(work, "9")) is None
        unknown = eligibility_of(work, producing.dossier(work, "1-1-1"))
        assert unknown is not None
        assert unknown.code == "eligibility.unknown"
    sound(producing)


def test_planned_products_of_those_who_may_not_take_part_are_not_opened(unopened: "Office") -> None:
    """The plan lists two products of a producer who has become a large firm after the first was opened."""
    with unopened.at("2018-03-05 08:00") as work:
        cycle = open_cycle(work, unopened.documents, year=2018, actor=OFFICE)
        register_products(work, cycle, ["1-1-1"], actor=OFFICE)
        change_form(work, named(work, HIVE), LegalForm.LARGE_FIRM, Change(DAY, "7"))
    with unopened.reading("2018-03-06 08:00") as work:
        assert missing_products(work, unopened.cycle(work)) == ["2-1-1", "2-1-2"]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE producer SET form = 'cooperative' WHERE form = 'household'", "the row's form is not"),
        ("UPDATE producer SET registered_on = '2010-01-01' WHERE form = 'household'", "the row's registered_on is not"),
        ("UPDATE producer SET closed_on = '2018-03-01' WHERE form = 'household'", "the row says closed"),
        ("UPDATE producer SET name = 'HTX Khác' WHERE name = 'HTX Ong Vàng'", "names are not those of the renaming"),
        ("UPDATE former_name SET until_on = '2018-03-01'", "names are not those of the renaming"),
        ("DELETE FROM former_name", "a former name is missing"),
        ("DELETE FROM former_holder", "the product it gave away is not"),
        (GIVEN_TO_SOMEBODY_ELSE, "is not where its transfer says"),
    ],
)
def test_verify_finds_what_was_changed_about_a_producer(producing: "Office", statement: str, sentence: str) -> None:
    """HTX Đồi Ong was renamed and gave 1-1-1 to HTX Cửa Sông; Nhà Chè is a registered household."""
    with producing.at("2018-03-05 08:00") as work:
        rename(work, named(work, HIVE), "HTX Ong Vàng", Change(DAY, "12/ĐKKD"))
        transfer(work, product_of(work, producing, "1-1-1"), named(work, RIVER), Change(DAY, "3/HĐ"))
        tea = listed("household", registered_on="2016-05-01")
        import_products(work, producing.cycle(work), [tea], actor=OFFICE)
    sound(producing)
    with producing.database.transaction() as session:
        session.connection().exec_driver_sql(statement)

    with producing.reading() as work:
        assert any(sentence in str(fault) for fault in verify(work.session).faults)


def test_a_producer_is_found_by_name_unit_and_beginning_of_the_id(producing: "Office") -> None:
    with producing.reading() as work:
        river = named(work, RIVER)
        assert named(work, f"delta/{RIVER}").id == river.id
        assert named(work, river.id[:8]).id == river.id
        with pytest.raises(ProducerNotFoundError, match="no producer matches"):
            named(work, "HTX Không Có")

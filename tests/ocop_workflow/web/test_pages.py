"""The page behind the link: one dossier, read-only, private, in two languages (promise I8)."""

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.storage.tables import Dossier, Product
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.web.conftest import Counter

VOID = {"meta", "link", "input", "br"}


class Outline(HTMLParser):
    """Checks that every element is closed in its order, and keeps what the tests look at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.seen if name == tag]


def test_status_shows_product_step_who_owes_what_and_the_last_day(counter: "Counter") -> None:
    """Everything a producer needs on the first screen; the plan says `by 2018-03-30`, a Friday."""
    answer = counter.client.get(f"/s/{counter.token()}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for shown in (
        "<title>Mật ong hoa nhãn: Chờ nộp hồ sơ</title>",
        "Bước 1/2: Đăng ký",
        "HTX Đồi Ong",
        '<time datetime="2018-03-30">Thứ Sáu, 30/03/2018</time>',
        "còn 10 ngày",
        "Văn phòng điều phối tỉnh Duyên Hải",
    ):
        assert shown in answer.text


def test_status_shows_what_is_overdue_before_any_sweep_recorded_it(counter: "Counter") -> None:
    """I9: no flow has run since the last day."""
    counter.go_to("2018-04-02 09:00")

    page = counter.client.get(f"/s/{counter.token()}").text

    assert "quá hạn 3 ngày" in page
    assert "Ngày cuối cùng còn nhận là 29/04/2018" in page  # 30 days of grace, then the dossier lapses


def test_status_tells_that_a_late_office_does_the_dossier_no_harm(counter: "Counter") -> None:
    """Only an obligation of the producer can lapse a dossier (architecture, section 5)."""
    counter.office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)

    page = counter.client.get(f"/s/{counter.token()}").text

    assert "quá hạn" in page
    assert "Cơ quan xử lý chậm không làm thay đổi tình trạng hồ sơ." in page


def test_status_of_a_returned_dossier_names_the_missing_items(counter: "Counter") -> None:
    office = counter.office
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    with office.at("2018-03-07 08:00") as work:
        request = Request(DossierTrigger.RETURN, "hill/ocop_team", details={"items": ["phiếu kiểm nghiệm"]})
        apply_trigger(work, office.dossier(work), request)

    page = counter.client.get(f"/s/{counter.token()}").text

    assert "Đã trả lại để bổ sung" in page
    assert page.index("phiếu kiểm nghiệm") < page.index('id="route"')


def test_status_of_a_recognised_product_shows_stars_and_mean(counter: "Counter") -> None:
    counter.office.to_council()
    counter.office.score("2018-03-15 08:00", "89.9", "90", "90")

    page = counter.client.get(f"/s/{counter.token()}").text

    assert "Hạng 4 sao" in page
    assert "89,96" in page  # the mean is 89.9666…, rounded down


def test_status_shows_no_other_dossier_official_address_or_id(counter: "Counter") -> None:
    """I8: one link, one dossier; people are named by their position."""
    counter.office.to_council()
    counter.office.to_council("1-2-1")
    with counter.office.reading() as work:
        mine = counter.office.dossier(work)
        ids = [work.session.get_one(Product, mine.product_id).producer_id, mine.product_id, mine.id, mine.cycle_id]

    page = counter.client.get(f"/s/{counter.token()}").text

    others = ("bạc hà", "Nước mắm", "Sóng Biển", "Cửa Sông", "0003/2018", "0004/2018")
    for hidden in (*others, "Cán bộ", "@", "coast/", *ids):
        assert hidden not in page
    assert "0001/2018" in page
    assert "0002/2018" in page


def test_status_get_writes_the_access_and_nothing_else(counter: "Counter") -> None:
    """I8: no state, no event, no notice, no business time."""
    client, token = counter.client, counter.token()
    before = counter.tables()

    client.get(f"/s/{token}")

    after = counter.tables()
    written = {name for name in after if after[name] != before[name]}
    assert written == {"link_access"}
    assert counter.accesses() == [counter.link().id]


def test_status_answers_head_like_get(counter: "Counter") -> None:
    client, path = counter.client, f"/s/{counter.token()}"

    head, get = client.head(path), client.get(path)

    assert head.status_code == 200
    assert head.headers == get.headers
    assert len(counter.accesses()) == 2


def test_status_is_well_formed_without_script_and_below_20_kilobytes(counter: "Counter") -> None:
    counter.office.to_council()
    client = counter.client

    answer = client.get(f"/s/{counter.token()}?lang=en")

    outline = Outline(answer.text)
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == 1
    assert len(outline.all("caption")) == len(outline.all("table")) == 1
    assert all("scope" in attrs for attrs in outline.all("th"))
    assert [attrs["class"] for attrs in outline.all("li") if attrs.get("aria-current") == "step"] == ["present"]
    assert outline.all("a")[0]["href"] == "#main"
    assert not outline.all("script")
    assert not [attrs for _, attrs in outline.seen if "style" in attrs or any(name[:2] == "on" for name in attrs)]
    assert len(answer.content) + len(client.get("/static/style.css").content) < 20_000


def test_status_escapes_what_people_wrote(counter: "Counter") -> None:
    with counter.office.at("2018-03-01 08:00") as work:
        product = work.session.get_one(Product, counter.office.dossier(work).product_id)
        product.name = "<script>alert(1)</script> & Chè"
        work.session.add(product)

    page = counter.client.get(f"/s/{counter.token()}").text

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Chè" in page


def test_simulated_folder_says_so_on_every_page_and_its_time_stands_still(simulated_counter: "Counter") -> None:
    client = simulated_counter.client
    before = simulated_counter.tables()["installation"]

    pages = [client.get(path).text for path in (f"/s/{simulated_counter.token()}", "/", "/s/nothing")]

    assert all("Dữ liệu mô phỏng, không phải dữ liệu thật" in page for page in pages)
    assert "07:30 02/01/2018" in pages[0]  # the last business instant, not the machine's time
    assert simulated_counter.tables()["installation"] == before


def test_live_folder_has_no_banner(counter: "Counter") -> None:
    assert "mô phỏng" not in counter.client.get(f"/s/{counter.token()}").text


def test_status_of_every_end_can_be_told(counter: "Counter") -> None:
    """A withdrawn dossier has no turn, no task and no later steps."""
    counter.office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW)
    with counter.office.reading() as work:
        assert work.session.get_one(Dossier, counter.office.dossier(work).id).closed_at is not None

    page = counter.client.get(f"/s/{counter.token()}").text

    assert "Hồ sơ đã được rút" in page
    assert "Ngày rút hồ sơ" in page
    assert "Ngày có kết quả" not in page
    assert "kết thúc ở bước này" in page
    assert "Đến lượt" not in page
    assert "Đánh giá" not in page


def test_status_of_a_rating_without_certificate_is_not_shown_as_a_success(counter: "Counter") -> None:
    """45 points are 2 stars; the rule set recognises from 3 on."""
    counter.office.to_council()
    counter.office.score("2018-03-12 08:00", "45", "45", "45")
    page = counter.client.get(f"/s/{counter.token()}?lang=vi").text

    assert "Đạt 2 sao – không thuộc mức được cấp giấy chứng nhận" in page
    assert 'class="now ended"' in page
    assert "★" not in page
    assert "Ngày có kết quả" in page


def test_status_of_a_recognised_product_ends_with_a_check_mark(counter: "Counter") -> None:
    counter.office.to_council()
    counter.office.score("2018-03-12 08:00", "75", "75", "75")
    page = counter.client.get(f"/s/{counter.token()}?lang=vi").text

    assert 'class="now good"' in page
    assert "■" not in page
    assert page.count("✓") == 2

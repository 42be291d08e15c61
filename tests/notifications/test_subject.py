"""A subject says the act and the earliest day, and how many lines there are."""

from dataclasses import replace
from datetime import date

import pytest

from notifications.catalogue import Language
from notifications.letter import Letter, Line, LineKind, Wording
from notifications.subject import LONGEST_SUBJECT, subject_of


def test_subject_of_one_line_says_act_subject_matter_and_day(letter: Letter, reminder: Line) -> None:
    one = replace(letter, lines=(replace(reminder, about="Chả mực"),))

    assert subject_of(one) == "Hạn 07/04/2018: Nộp hồ sơ đăng ký ý tưởng sản phẩm: Chả mực"
    assert (
        subject_of(replace(one, language=Language.EN))
        == "Due 07/04/2018: Submit the dossier for idea registration: Chả mực"
    )


def test_subject_of_an_overdue_line_begins_with_that(letter: Letter, overdue: Line) -> None:
    one = replace(letter, lines=(overdue,))

    assert subject_of(one) == "Quá hạn 29/03/2018: Gửi báo cáo tiến độ quý I/2018: Phòng Kinh tế Hạ Long"


def test_subject_of_an_expected_day_says_so(letter: Letter, foreseen: Line) -> None:
    assert "Dự kiến 30/09/2018: " in subject_of(replace(letter, lines=(foreseen,)))


def test_subject_of_news_says_the_day_of_the_event(letter: Letter, news: Line) -> None:
    subject = subject_of(replace(letter, lines=(news,)))

    assert subject == "Thông báo ngày 20/03/2018: Đạt bước đăng ký ý tưởng sản phẩm: Hàu – HTX Phất Cờ"


def test_subject_of_an_undated_line_has_no_date(letter: Letter, reminder: Line) -> None:
    one = replace(letter, lines=(replace(reminder, last_day=None, about="Chả mực"),))

    assert subject_of(one) == "Nộp hồ sơ đăng ký ý tưởng sản phẩm: Chả mực"


def test_subject_of_several_lines_says_their_number_and_the_earliest(letter: Letter) -> None:
    news, *obligations = letter.lines

    subject = subject_of(replace(letter, lines=tuple(obligations)))

    assert news.kind is LineKind.NEWS
    assert subject.startswith("4 việc cần làm, có việc quá hạn từ 27/03/2018: Tiếp nhận hồ sơ đánh giá cấp huyện: Ba")


@pytest.mark.parametrize(
    ("kinds", "counted"),
    [
        ((LineKind.REMINDER, LineKind.OVERDUE), "2 việc cần làm"),
        ((LineKind.NEWS, LineKind.NEWS, LineKind.NEWS), "3 thông báo"),
        ((LineKind.REMINDER, LineKind.NEWS), "2 nội dung"),
    ],
)
def test_subject_counts_tasks_and_news(
    letter: Letter, reminder: Line, kinds: tuple[LineKind, ...], counted: str
) -> None:
    lines = tuple(replace(reminder, kind=kind) for kind in kinds)

    assert subject_of(replace(letter, lines=lines)).startswith(f"{counted}, ")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("length", [20, 60, 100, 400])
def test_subject_is_shortened_in_the_name_of_the_subject_matter_only(
    letter: Letter, reminder: Line, language: Language, length: int
) -> None:
    about = ("Nước mắm sá sùng – " * 30)[:length].rstrip(" –")
    one = replace(letter, language=language, lines=(replace(reminder, about=about),))
    act = {Language.VI: "Nộp hồ sơ đăng ký ý tưởng sản phẩm", Language.EN: "Submit the dossier for idea registration"}

    subject = subject_of(one)

    due = {Language.VI: "Hạn", Language.EN: "Due"}
    assert subject.startswith(f"{due[language]} 07/04/2018: {act[language]}: Nước mắm sá")
    assert len(subject) <= LONGEST_SUBJECT
    assert ("…" in subject) is (about not in subject)


def test_subject_keeps_a_long_act_and_the_day_even_when_that_is_too_long(letter: Letter, reminder: Line) -> None:
    title = "Tổ chức hội nghị triển khai chương trình mỗi xã một sản phẩm và tập huấn cán bộ các xã, phường, thị trấn"
    line = replace(reminder, act=Wording("act.task", {"title": title}), about="Văn phòng Điều phối nông thôn mới")

    subject = subject_of(replace(letter, lines=(line,)))

    assert subject == f"Hạn 07/04/2018: Thực hiện: {title}: Văn phòng Đ…"


def test_subject_does_not_say_twice_what_the_act_says(letter: Letter, reminder: Line) -> None:
    line = replace(reminder, act=Wording("act.task", {"title": "Hội nghị cấp tỉnh"}), about="Hội nghị cấp tỉnh")

    assert subject_of(replace(letter, lines=(line,))) == "Hạn 07/04/2018: Thực hiện: Hội nghị cấp tỉnh"


def test_subject_takes_the_earliest_day_to_come(letter: Letter, reminder: Line) -> None:
    later = replace(reminder, last_day=date(2018, 5, 1))

    assert "sớm nhất 07/04/2018" in subject_of(replace(letter, lines=(later, reminder)))


def test_subject_to_a_superior_asks_and_counts_requests(letter: Letter, reminder: Line, escalation: Line) -> None:
    """Nobody above the office is told what is "to be done"."""
    above = replace(letter, to_superior=True)

    one = subject_of(replace(above, lines=(replace(reminder, about="Chả mực"),)))
    assert one == "Kính đề nghị, hạn 07/04/2018: Nộp hồ sơ đăng ký ý tưởng sản phẩm: Chả mực"
    assert subject_of(replace(above, lines=(escalation,))).startswith("Kính đề nghị, quá hạn từ 27/03/2018: Tiếp nhận")
    assert subject_of(replace(above, lines=(escalation, reminder))).startswith("2 đề nghị, có việc quá hạn từ")


def test_subject_of_escalations_alone_says_that_others_owe_them(letter: Letter, escalation: Line) -> None:
    subject = subject_of(replace(letter, lines=(escalation, replace(escalation, notice_key="another"))))

    assert subject.startswith("2 việc quá hạn cần đôn đốc, có việc quá hạn từ 27/03/2018")


def test_subject_of_news_that_asks_is_that_of_a_task(letter: Letter, news: Line) -> None:
    """A returned dossier is something to do until a day, whatever else has happened."""
    stage = {"vi": "Kế hoạch kinh doanh", "en": "Business plan"}
    returned = replace(
        news, act=Wording("act.completion", {"stage": stage}), about="Hàu", last_day=date(2018, 4, 9), asks=True
    )

    assert subject_of(replace(letter, lines=(returned,))) == (
        "Hạn 09/04/2018: Bổ sung và nộp lại hồ sơ kế hoạch kinh doanh: Hàu"
    )
    assert subject_of(replace(letter, lines=(news, returned))).startswith("2 nội dung, sớm nhất 09/04/2018: Bổ sung")

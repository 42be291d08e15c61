"""A subject says the act and the earliest day, and how many lines there are."""

from dataclasses import replace
from datetime import date

import pytest

from notifications.catalogue import Language
from notifications.letter import Letter, Line, LineKind, Wording
from notifications.subject import LONGEST_SUBJECT, subject_of


def test_subject_of_one_line_says_act_subject_matter_and_day(letter: Letter, reminder: Line) -> None:
    one = replace(letter, lines=(replace(reminder, about="Chả mực"),))

    assert subject_of(one) == "Nộp hồ sơ đăng ký ý tưởng sản phẩm: Chả mực – hạn 07/04/2018"
    assert (
        subject_of(replace(one, language=Language.EN))
        == "Submit the dossier for idea registration: Chả mực – due 07/04/2018"
    )


def test_subject_of_an_overdue_line_begins_with_that(letter: Letter, overdue: Line) -> None:
    one = replace(letter, lines=(overdue,))

    assert subject_of(one) == "Quá hạn 29/03/2018: Gửi báo cáo quý, kỳ I/2018: Phòng Kinh tế Hạ Long"


def test_subject_of_an_expected_day_says_so(letter: Letter, foreseen: Line) -> None:
    assert "dự kiến 30/09/2018" in subject_of(replace(letter, lines=(foreseen,)))


def test_subject_of_news_says_the_day_of_the_event(letter: Letter, news: Line) -> None:
    subject = subject_of(replace(letter, lines=(news,)))

    assert subject == "Kết quả đạt bước đăng ký ý tưởng sản phẩm: Hàu – HTX Phất Cờ – 20/03/2018"


def test_subject_of_an_undated_line_has_no_date(letter: Letter, reminder: Line) -> None:
    one = replace(letter, lines=(replace(reminder, last_day=None, about="Chả mực"),))

    assert subject_of(one) == "Nộp hồ sơ đăng ký ý tưởng sản phẩm: Chả mực"


def test_subject_of_several_lines_says_their_number_and_the_earliest(letter: Letter) -> None:
    news, *obligations = letter.lines

    subject = subject_of(replace(letter, lines=tuple(obligations)))

    assert news.kind is LineKind.NEWS
    assert subject.startswith("4 việc cần làm, quá hạn 27/03/2018: Tiếp nhận hồ sơ đánh giá cấp huyện: Ba kích")


@pytest.mark.parametrize(
    ("kinds", "counted"),
    [
        ((LineKind.REMINDER, LineKind.OVERDUE), "2 việc cần làm"),
        ((LineKind.NEWS, LineKind.NEWS, LineKind.NEWS), "3 tin mới"),
        ((LineKind.REMINDER, LineKind.NEWS), "2 việc và tin mới"),
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

    assert subject.startswith(f"{act[language]}: Nước mắm sá")
    assert subject.endswith("07/04/2018")
    assert len(subject) <= LONGEST_SUBJECT
    assert ("…" in subject) is (about not in subject)


def test_subject_keeps_a_long_act_and_the_day_even_when_that_is_too_long(letter: Letter, reminder: Line) -> None:
    title = "Tổ chức hội nghị triển khai chương trình mỗi xã một sản phẩm và tập huấn cán bộ các xã, phường, thị trấn"
    line = replace(reminder, act=Wording("act.task", {"title": title}), about="Văn phòng Điều phối nông thôn mới")

    subject = subject_of(replace(letter, lines=(line,)))

    assert subject == f"Thực hiện: {title}: Văn phòng Đ… – hạn 07/04/2018"


def test_subject_does_not_say_twice_what_the_act_says(letter: Letter, reminder: Line) -> None:
    line = replace(reminder, act=Wording("act.task", {"title": "Hội nghị cấp tỉnh"}), about="Hội nghị cấp tỉnh")

    assert subject_of(replace(letter, lines=(line,))) == "Thực hiện: Hội nghị cấp tỉnh – hạn 07/04/2018"


def test_subject_takes_the_earliest_day_to_come(letter: Letter, reminder: Line) -> None:
    later = replace(reminder, last_day=date(2018, 5, 1))

    assert "sớm nhất 07/04/2018" in subject_of(replace(letter, lines=(later, reminder)))

"""What must not leave is refused before it is a message."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.catalogue import UnusableParameterError
from notifications.composing import UnusableLetterError
from notifications.letter import Letter, Line, Wording

Composed = Callable[..., bytes]
CONTROL = st.characters(categories=("Cc", "Cs", "Zl", "Zp"))


@settings(max_examples=40)
@given(sign=CONTROL, place=st.integers(min_value=0, max_value=9))
def test_control_characters_are_refused_wherever_others_write(
    letter: Letter, composed: Composed, reminder: Line, sign: str, place: int
) -> None:
    poisoned = f"Chả{sign}Bcc: x@y.invalid"
    title = {"vi": "Ý tưởng", "en": poisoned}  # also in the language that is not shown

    def one(**changes: Any) -> Letter:
        return replace(letter, lines=(replace(reminder, **changes),))

    makers: tuple[Callable[[], bytes], ...] = (
        lambda: composed(replace(letter, recipient_name=poisoned)),
        lambda: composed(replace(letter, office_name=poisoned)),
        lambda: composed(replace(letter, seal=poisoned)),
        lambda: composed(letter, sender_name=poisoned),
        lambda: composed(one(about=poisoned)),
        lambda: composed(one(owed_by=poisoned)),
        lambda: composed(one(act=Wording("act.submission", {"stage": poisoned}))),
        lambda: composed(one(act=Wording("act.submission", {"stage": title}))),
        lambda: composed(one(why=Wording("why.by_month", {"month": poisoned}))),
        lambda: composed(one(url=f"https://ocop.example/{sign}")),
    )

    with pytest.raises(UnusableLetterError):
        makers[place]()


@pytest.mark.parametrize(
    "address",
    ["", "office", "a@b@c.invalid", "phòng@huyen.invalid", "a b@huyen.invalid", "a@huyen.invalid\r\nBcc: b@x.invalid",
     "a@huyen.invalid, b@huyen.invalid", "<a@huyen.invalid>", ".a@huyen.invalid", "a..b@huyen.invalid"],
)  # fmt: skip
def test_address_of_the_wrong_form_is_refused(letter: Letter, composed: Composed, address: str) -> None:
    with pytest.raises(UnusableLetterError, match="one ASCII address") as caught:
        composed(replace(letter, recipient_address=address))

    assert caught.value.part == "the address of the recipient"
    with pytest.raises(UnusableLetterError, match="the address of the sender"):
        composed(letter, sender_address=address)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.invalid/", "//x.invalid", "https://x y", "https://ấ.vn"]
)
def test_link_of_the_wrong_form_is_refused(letter: Letter, composed: Composed, reminder: Line, url: str) -> None:
    with pytest.raises(UnusableLetterError, match="the link of line 1"):
        composed(replace(letter, lines=(replace(reminder, url=url),)))


@pytest.mark.parametrize("key", ["", "a b", "a,b", "khóa", "a\r\nb", "k" * 901])
def test_notice_key_of_the_wrong_form_is_refused(letter: Letter, composed: Composed, reminder: Line, key: str) -> None:
    with pytest.raises(UnusableLetterError, match="the notice key of line 2"):
        composed(replace(letter, lines=(reminder, replace(reminder, notice_key=key))))


@pytest.mark.parametrize(
    "message_id", ["a@b.invalid", "<a>", "<a@b>\r\nBcc: x@y.invalid", "<thư@b.invalid>", "<a b@c>"]
)
def test_message_id_of_the_wrong_form_is_refused(letter: Letter, composed: Composed, message_id: str) -> None:
    with pytest.raises(UnusableLetterError, match="Message-ID"):
        composed(letter, message_id=message_id)


def test_return_path_key_of_the_wrong_form_is_refused(letter: Letter, composed: Composed) -> None:
    with pytest.raises(UnusableLetterError, match="return path key"):
        composed(letter, return_path_key="a\r\nb")


def test_time_without_zone_is_refused(letter: Letter, composed: Composed) -> None:
    with pytest.raises(UnusableLetterError, match="must be aware"):
        composed(letter, dated=datetime(2018, 3, 30, 7, 30))  # noqa: DTZ001 -- what is to be refused


def test_letter_without_lines_is_refused(letter: Letter, composed: Composed) -> None:
    with pytest.raises(UnusableLetterError, match="has no line"):
        composed(replace(letter, lines=()))


def test_sentence_that_lacks_a_parameter_is_refused(letter: Letter, composed: Composed, reminder: Line) -> None:
    with pytest.raises(UnusableParameterError, match="parameter stage is missing"):
        composed(replace(letter, lines=(replace(reminder, act=Wording("act.submission")),)))

"""Figures as people in Vietnam write them: read by their kind, refused with a reason, added up exactly."""

from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.catalogue import Language, translate
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import Figure
from ocop_workflow.policy.report_figures import FigureFault, read_figure, read_figures, shown_plain, total_of, written

Kind = Literal["count", "money", "percent", "text"]


def figure(kind: Kind, name: str = "sales") -> Figure:
    return Figure(id=name, title=LocalText(vi="Doanh thu", en="Sales"), kind=kind)


@pytest.mark.parametrize(
    ("kind", "text", "stored"),
    [
        ("count", "13", 13),
        ("count", " 1.250 ", 1250),
        ("count", "0", 0),
        ("count", "1.234.567", 1234567),
        ("money", "1.234.567", "1234567"),
        ("money", "12,5", "12.5"),
        ("money", "1.250,75", "1250.75"),
        ("money", "12,50", "12.5"),
        ("money", "0", "0"),
        ("money", "1.234", "1234"),
        ("money", "007", "7"),
        ("percent", "0", "0"),
        ("percent", "87,5", "87.5"),
        ("percent", "100", "100"),
        ("text", "  Mưa bão\r\nkéo dài ", "Mưa bão\nkéo dài"),
        ("text", "A\x00b", "Ab"),
        ("text", "Tr\u0061\u0300", "Trà"),
        ("text", "x" * 500, "x" * 500),
    ],
)
def test_read_figure_takes_what_an_official_would_write(kind: Kind, text: str, stored: int | str) -> None:
    assert read_figure(figure(kind), text) == stored


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("count", "", "figure.missing"),
        ("count", "   ", "figure.missing"),
        ("count", "-1", "figure.count"),
        ("count", "12,5", "figure.count"),
        ("count", "12.5", "figure.count"),
        ("count", "mười", "figure.count"),
        ("count", "1.23.456", "figure.count"),
        ("count", "١٢", "figure.count"),
        ("count", "1" * 16, "figure.long"),
        ("money", "12.5", "figure.money"),
        ("money", "1,5 triệu", "figure.money"),
        ("money", "-3", "figure.money"),
        ("money", "1,234,567", "figure.money"),
        ("money", "1e9", "figure.money"),
        ("percent", "100,1", "figure.percent"),
        ("percent", "75%", "figure.percent"),
        ("text", "x" * 501, "figure.text"),
        ("text", "\x00", "figure.missing"),
    ],
)
def test_read_figure_refuses_with_a_sentence_in_both_languages(kind: Kind, text: str, code: str) -> None:
    fault = read_figure(figure(kind), text)

    assert isinstance(fault, FigureFault)
    assert (fault.figure, fault.code) == ("sales", code)
    assert "Doanh thu" in translate(Language.VI, code, fault.params)
    assert "Sales" in translate(Language.EN, code, fault.params)


def test_read_figures_names_everything_that_is_wrong() -> None:
    asked = (figure("count", "rated"), figure("money", "sales"))

    figures, faults = read_figures(asked, {"rated": "4", "sold": "1"})

    assert figures == {"rated": 4}
    assert [(fault.figure, fault.code) for fault in faults] == [("sold", "figure.unknown"), ("sales", "figure.missing")]


def test_total_of_adds_counts_and_money_and_nothing_else() -> None:
    """0.1 + 0.2 is 0.3 in an office; percentages and words don't add up."""
    assert total_of(figure("count"), [1, 2, 39]) == 42
    assert total_of(figure("money"), ["0.1", "0.2"]) == "0.3"
    assert total_of(figure("money"), []) == "0"
    assert total_of(figure("percent"), ["10", "20"]) is None
    assert total_of(figure("text"), ["a"]) is None


@given(st.decimals(min_value=0, max_value=10**9, places=3, allow_nan=False))
def test_what_is_written_is_read_again(number: Decimal) -> None:
    stored = shown_plain(number)

    assert read_figure(figure("money"), written(figure("money"), stored)) == stored


@given(st.text(max_size=40), st.sampled_from(["count", "money", "percent", "text"]))
def test_read_figure_never_fails_and_keeps_only_what_can_be_written_again(text: str, kind: Kind) -> None:
    stored = read_figure(figure(kind), text)

    if not isinstance(stored, FigureFault):
        assert read_figure(figure(kind), written(figure(kind), stored)) == stored

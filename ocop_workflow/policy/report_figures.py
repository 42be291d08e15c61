"""The figures of a report: read from what people write, checked by their kind, added up."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ocop_workflow.policy.plan import Figure

LONGEST_TEXT = 500
"""Characters of a figure that is told in words."""

MOST_DIGITS = 15

_WHOLE = re.compile(r"\d+|\d{1,3}(\.\d{3})+", re.ASCII)
_DECIMAL = re.compile(r"(\d+|\d{1,3}(?:\.\d{3})+)(?:,(\d{1,6}))?", re.ASCII)

FigureValue = int | str
"""A whole number of what is counted; an exact decimal with a point as text of money and percent; or words."""


@dataclass(frozen=True, slots=True)
class FigureFault:
    """What is wrong with one figure; `code` with `params` is a sentence of the catalogue with an example."""

    figure: str
    code: str
    params: Mapping[str, str | int | Mapping[str, str]] = field(default_factory=dict)


def read_figures(
    asked: Iterable[Figure], given: Mapping[str, FigureValue]
) -> tuple[dict[str, FigureValue], tuple[FigureFault, ...]]:
    """Return the figures by id in the order of the duty, and what is wrong with them.

    Numbers are written as in Vietnam: a point groups thousands (1.234.567), a comma begins decimals (12,5). With any
    fault the figures are not to be used.

    Args:
        asked: The figures that the duty asks for; each is needed that is not optional.
        given: What was written, by the figure's id.
    """
    known = {figure.id: figure for figure in asked}
    faults = [
        FigureFault(name, "figure.unknown", {"known": ", ".join(known) or "–"}) for name in given if name not in known
    ]
    figures: dict[str, FigureValue] = {}
    for figure in known.values():
        text = str(given.get(figure.id, ""))
        if figure.optional and not _cleaned(text):
            continue
        read = read_figure(figure, text)
        if isinstance(read, FigureFault):
            faults.append(read)
        else:
            figures[figure.id] = read
    return figures, tuple(faults)


def read_figure(figure: Figure, text: str) -> FigureValue | FigureFault:  # noqa: PLR0911 -- one answer for each fault
    """Return one figure as it is stored, or what is wrong with it."""
    text = _cleaned(text)
    if not text:
        return _fault(figure, "missing")
    if figure.kind == "text":
        return text if len(text) <= LONGEST_TEXT else _fault(figure, "text", most=LONGEST_TEXT)
    if sum(letter.isdecimal() for letter in text) > MOST_DIGITS:
        return _fault(figure, "long", most=MOST_DIGITS)
    if figure.kind == "count":
        return int(text.replace(".", "")) if _WHOLE.fullmatch(text) else _fault(figure, "count")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return _fault(figure, figure.kind)
    number = Decimal(f"{match[1].replace('.', '')}.{match[2] or 0}")
    if figure.kind == "percent" and number > 100:  # noqa: PLR2004 -- a percentage
        return _fault(figure, "percent")
    return shown_plain(number)


def total_of(figure: Figure, values: Iterable[FigureValue]) -> FigureValue | None:
    """Return the sum of one figure over several reports; None of percentages and words, which don't add up."""
    if figure.kind == "count":
        return sum(int(value) for value in values)
    if figure.kind == "money":
        return shown_plain(sum((Decimal(value) for value in values), Decimal(0)))
    return None


def written(figure: Figure, value: FigureValue) -> str:
    """Return a stored figure as people write it in Vietnam, so that it can be read again."""
    if figure.kind == "text":
        return str(value)
    whole, _, decimals = str(value).partition(".")
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{grouped},{decimals}" if decimals else grouped


def shown_plain(number: Decimal) -> str:
    """Return a decimal without needless zeros and never with an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cleaned(text: str) -> str:
    """Return a text as every database and hash takes it: composed, without control characters but line ends."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    return "".join(letter for letter in composed if letter.isprintable() or letter == "\n").strip()


def _fault(figure: Figure, code: str, **params: int) -> FigureFault:
    return FigureFault(figure.id, f"figure.{code}", {"figure": figure.title.model_dump(), **params})

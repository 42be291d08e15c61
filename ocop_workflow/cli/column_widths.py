"""How wide each column of a table is, so that no date, number or word is broken where there is any way around it."""

import re
from collections.abc import Sequence

from rich.cells import cell_len

SHORT = 18
"""Characters; a cell up to this length, such as a day with its hour, keeps to one line where there is room."""

LONGEST_WORD = 40
"""Characters; a longer word may be broken."""

KEYS = (40, 32, 24, 18, 14, 10, 6)
"""Characters; up to which a key or an address is kept, tried in this order, before a plain word or a day is broken."""

_KEY = re.compile(r"[^\W\d].*\w[-/.@]\w|\w[-/.@]\w.*[^\W\d]")
"""A word of several parts, one with a letter: `unit/role`, `a@b.invalid`, but no day and no decimal number."""


def fit_whole(columns: Sequence[Sequence[str]], room: int) -> bool:
    """Tell whether all columns fit with each cell on one line."""
    return sum(_whole(cells) for cells in columns) <= room


def column_widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the width of each column; together they fill at most `room`, if each can have one character.

    Each column first gets what its short cells need, else what its longest word needs, of keys and addresses a part;
    what is left goes to the columns that are narrowest.

    Args:
        columns: The cells of each column with its title.
        room: Characters for all columns together, without lines and margins.
    """
    whole = [_whole(cells) for cells in columns]
    if fit_whole(columns, room):
        return whole
    narrow = [max(map(_kept_short, cells), default=1) for cells in columns]
    for key in KEYS:
        if sum(narrow) <= room:
            return _widened(narrow, whole, room)
        narrow = [max((_longest_word(cell, key) for cell in cells), default=1) for cells in columns]
    return _widened(narrow, whole, room) if sum(narrow) <= room else _widened([1] * len(columns), narrow, room)


def _widened(narrow: Sequence[int], wide: Sequence[int], room: int) -> list[int]:
    """Widen the columns up to one common width, as wide as the room allows, and none more than it needs."""
    common = max(wide)
    while True:
        widths = [max(less, min(more, common)) for less, more in zip(narrow, wide, strict=True)]
        if sum(widths) <= room or common <= 1:
            return widths
        common -= 1


def _whole(cells: Sequence[str]) -> int:
    return max(map(_longest_line, cells), default=1)


def _longest_line(cell: str) -> int:
    return max(map(cell_len, cell.splitlines()), default=1)


def _longest_word(cell: str, key: int) -> int:
    return max((min(cell_len(word), key if _KEY.search(word) else LONGEST_WORD) for word in cell.split()), default=1)


def _kept_short(cell: str) -> int:
    length = _longest_line(cell)
    return length if length <= SHORT else _longest_word(cell, LONGEST_WORD)

"""A first draft of a succession: which units of today a register's units may have become, by code and by name."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ocop_workflow.policy.units import Unit, UnitRegister

_KINDS = ("thành phố", "thị xã", "thị trấn", "đặc khu", "quận", "huyện", "phường", "tỉnh", "xã")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of who takes over.

    Attributes:
        take_overs: By the id of the unit of today, the units of the register that it takes over from.
        undecided: What a person has to choose: each unit with the candidates, which may be none.
    """

    take_overs: Mapping[str, tuple[Unit, ...]]
    undecided: tuple[tuple[Unit, tuple[Unit, ...]], ...]


def bare_name(name: str) -> str:
    """Return a unit's name without its kind, in small letters, for comparing."""
    text = unicodedata.normalize("NFC", " ".join(name.split())).casefold()
    kind = next((kind for kind in _KINDS if text.startswith(f"{kind} ")), None)
    return text if kind is None else text[len(kind) + 1 :]


def candidates(unit: Unit, today: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return the units of today that a unit may have become: the one with its code, else those with its name.

    A name with a number behind it counts too, as of a town that became three wards.
    """
    of_code = tuple(each for each in today if unit.code is not None and each.code == unit.code)
    return of_code or tuple(each for each in today if _is_called(each, bare_name(unit.name.vi)))


def draft_succession(
    ending: Iterable[Unit], province: Unit, communes: Sequence[Unit], *, chosen: Mapping[str, Unit]
) -> Draft:
    """Return who takes over from units that end.

    A commune is taken over by the one that a person chose, or by the only candidate; a unit of another level by the
    province, since no level is left between, where nothing else was chosen.

    Args:
        ending: The units that end.
        province: The province of today.
        communes: Its communes of today.
        chosen: The successors that a person has chosen, by the id of the unit that ends.
    """
    level = communes[0].level
    take_overs: dict[str, tuple[Unit, ...]] = {}
    undecided = []
    for unit in ending:
        heir = chosen.get(unit.id) or (province if unit.level != level else None)
        if heir is None:
            found = candidates(unit, communes)
            if len(found) != 1:
                undecided.append((unit, found))
                continue
            heir = found[0]
        take_overs[heir.id] = (*take_overs.get(heir.id, ()), unit)
    return Draft(take_overs, tuple(undecided))


def units_ending(register: UnitRegister, *, on: date, within: str | None = None) -> tuple[Unit, ...]:
    """Return the units that by the register are gone from a day on; with `within` those that lie in that unit."""
    ending = [unit for unit in register.units if unit.valid_until == on]
    if within is None:
        return tuple(ending)
    area = register.unit(within)
    return tuple(unit for unit in ending if register.ancestor(unit.id, area.level) == area)


def _is_called(unit: Unit, name: str) -> bool:
    own = bare_name(unit.name.vi)
    return own == name or (own.startswith(f"{name} ") and own[len(name) + 1 :].isdecimal())

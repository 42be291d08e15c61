"""The register of administrative units and of the roles that people hold in them."""

from collections.abc import Iterator
from datetime import date

from pydantic import Field, PrivateAttr

from ocop_workflow.policy.document import Identifier, LocalText, Record, Source


class Role(Record):
    """A role that exists in every unit of one level, such as the OCOP team of a district.

    A position is a unit and a role, written `unit/role`. `superior` names the role one step up: in the same
    unit, or with `superior_in: parent` in the unit above. A role without superior escalates to the office.
    """

    level: Identifier
    title: LocalText
    superior: Identifier | None = None
    superior_in: str = Field(default="unit", pattern="^(unit|parent)$")


class Unit(Record):
    """An administrative unit with a stable id, valid for a time (`valid_until` is the first day it is gone)."""

    id: Identifier
    level: Identifier
    name: LocalText
    parent: Identifier | None = None
    code: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    predecessors: tuple[Identifier, ...] = ()
    successors: tuple[Identifier, ...] = ()

    def exists_on(self, day: date) -> bool:
        """Tell whether the unit is there on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day < self.valid_until)


class PositionRef(Record):
    """Who: a role in a named unit, or in the unit of a level that the subject lies in."""

    role: Identifier
    unit: Identifier | None = None
    level: Identifier | None = None


class UnitRegister(Record):
    """The units of one installation, with their roles. File: `config/units/<id>.yaml`."""

    id: Identifier
    source: Source
    roles: dict[Identifier, Role]
    units: tuple[Unit, ...]
    _by_id: dict[str, Unit] = PrivateAttr(default_factory=dict)
    _areas: dict[tuple[str, str, date | None], tuple[str, ...]] = PrivateAttr(default_factory=dict)

    def model_post_init(self, _context: object) -> None:
        """Index the units: a nation has thousands, and every date of a dossier asks for one."""
        self._by_id.update((unit.id, unit) for unit in reversed(self.units))

    def unit(self, unit_id: str) -> Unit:
        """Return the unit with this id.

        Raises:
            KeyError: No unit has the id.
        """
        return self._by_id[unit_id]

    def ancestor(self, unit_id: str, level: str) -> Unit | None:
        """Return the unit of `level` that `unit_id` lies in (itself included), or None."""
        unit: Unit | None = self.unit(unit_id)
        while unit is not None and unit.level != level:
            unit = self.unit(unit.parent) if unit.parent else None
        return unit

    def units_of_level(self, level: str) -> tuple[Unit, ...]:
        """Return the units of one level in the order of the file."""
        return tuple(unit for unit in self.units if unit.level == level)

    def positions(self) -> Iterator[str]:
        """Yield every position (`unit/role`): the units in the order of the file, with the roles of their level."""
        for unit in self.units:
            yield from (f"{unit.id}/{role_id}" for role_id, role in self.roles.items() if role.level == unit.level)

    def superior_of(self, position: str) -> str | None:
        """Return the position (`unit/role`) one step above `position`, or None at the top."""
        unit_id, _, role_id = position.partition("/")
        role = self.roles[role_id]
        if role.superior is None:
            return None
        if role.superior_in == "unit":
            return f"{unit_id}/{role.superior}"
        parent = self.unit(unit_id).parent
        return f"{parent}/{role.superior}" if parent else None

    def units_meant(self, reference: PositionRef, *, office: str, on: date | None = None) -> tuple[str, ...]:
        """Return the units a reference means: the one named, or all of its level in the office's area.

        With `on`, of those without a name only the units that exist on that day.
        """
        if reference.unit is not None:
            return (reference.unit,)
        level = reference.level or self.roles[reference.role].level
        if (level, office, on) not in self._areas:  # asked for every day by every office, the same each time
            area = self.unit(office)
            self._areas[level, office, on] = tuple(
                unit.id
                for unit in self.units_of_level(level)
                if self.ancestor(unit.id, area.level) == area and (on is None or unit.exists_on(on))
            )
        return self._areas[level, office, on]

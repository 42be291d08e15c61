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


class TakeOver(Record):
    """One unit takes over from others, which end.

    `roles` names who takes over a role that the successor's level does not have. `producers` names the producers whose
    place went to another unit than the successor, by the name under which they are registered.
    """

    units: tuple[Identifier, ...] = Field(min_length=1)
    successor: Identifier
    roles: dict[Identifier, Identifier] = Field(default_factory=dict)
    producers: dict[str, Identifier] = Field(default_factory=dict)


class TakenOver(TakeOver):
    """A takeover that an act entered in a register: since which day, by which decision."""

    effective_on: date
    decision: str


class UnitRegister(Record):
    """The units of one installation, with their roles. File: `config/units/<id>.yaml`.

    `taken_over` is what acts of succession entered: the units before stay, under their names.
    """

    id: Identifier
    source: Source
    roles: dict[Identifier, Role]
    units: tuple[Unit, ...]
    taken_over: tuple[TakenOver, ...] = ()
    _by_id: dict[str, Unit] = PrivateAttr(default_factory=dict)
    _taken_over: dict[str, TakenOver] = PrivateAttr(default_factory=dict)
    _areas: dict[tuple[str, str, date | None], tuple[str, ...]] = PrivateAttr(default_factory=dict)

    def model_post_init(self, _context: object) -> None:
        """Index the units: a nation has thousands, and every date of a dossier asks for one."""
        self._by_id.update((unit.id, unit) for unit in reversed(self.units))
        self._taken_over.update((unit_id, each) for each in self.taken_over for unit_id in each.units)

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

    def seat(self, unit_id: str, level: str) -> Unit | None:
        """Return the unit of `level` that `unit_id` lies in, or that a predecessor lay in while the level existed."""
        found = self.ancestor(unit_id, level)
        if found is not None:
            return found
        before = (each for each in self.unit(unit_id).predecessors if each in self._taken_over)
        return next((seat for each in before if (seat := self.seat(each, level)) is not None), None)

    def successor_of(self, position: str) -> str:
        """Return the position (`unit/role`) that has taken over from `position`; itself while its unit goes on.

        A party that is no position is returned as it is.
        """
        if not self.taken_over:
            return position
        unit_id, slash, role = position.partition("/")
        while (entry := self._taken_over.get(unit_id)) is not None:
            unit_id, role = entry.successor, entry.roles.get(role, role)
        return f"{unit_id}{slash}{role}"

    def unit_today(self, unit_id: str, producer: str = "") -> str:
        """Return the unit that has taken over from a unit, for the producer of this name; itself while it goes on."""
        while (entry := self._taken_over.get(unit_id)) is not None:
            unit_id = entry.producers.get(producer, entry.successor)
        return unit_id

    def units_of_level(self, level: str) -> tuple[Unit, ...]:
        """Return the units of one level in the order of the file."""
        return tuple(unit for unit in self.units if unit.level == level)

    def positions(self) -> Iterator[str]:
        """Yield every position (`unit/role`): the units in the order of the file, with the roles of their level."""
        for unit in self.units:
            yield from (f"{unit.id}/{role_id}" for role_id, role in self.roles.items() if role.level == unit.level)

    def superior_of(self, position: str) -> str | None:
        """Return the position (`unit/role`) one step above `position`, or None at the top.

        Where the unit above was taken over, or its level abolished, it is the position that answers for it now.
        """
        unit_id, _, role_id = position.partition("/")
        role = self.roles[role_id]
        if role.superior is None:
            return None
        if role.superior_in == "unit":
            return f"{unit_id}/{role.superior}"
        above = self.unit(unit_id).parent
        if above is None:
            return None
        level = self.roles[role.superior].level
        if self.unit(above).level != level and (seat := self.seat(unit_id, level)) is not None:
            above = seat.id
        return self.successor_of(f"{above}/{role.superior}")

    def units_meant(self, reference: PositionRef, *, office: str, on: date | None = None) -> tuple[str, ...]:
        """Return the units a reference means: the one named, or all of its level in the office's area.

        With `on`, of those without a name only the units that exist on that day. A unit that took over from one of the
        area belongs to it too: an office that has ended itself still has what its communes became.
        """
        if reference.unit is not None:
            return (reference.unit,)
        level = reference.level or self.roles[reference.role].level
        if (level, office, on) not in self._areas:  # asked for every day by every office, the same each time
            self._areas[level, office, on] = tuple(
                unit.id
                for unit in self.units_of_level(level)
                if self.lies_in(unit.id, office) and (on is None or unit.exists_on(on))
            )
        return self._areas[level, office, on]

    def lies_in(self, unit_id: str, area: str) -> bool:
        """Tell whether a unit lies in another one, itself included, or took over from a unit that did."""
        if self.ancestor(unit_id, self.unit(area).level) == self.unit(area):
            return True
        return any(each in self._taken_over and self.lies_in(each, area) for each in self.unit(unit_id).predecessors)

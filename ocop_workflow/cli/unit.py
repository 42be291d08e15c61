"""Commands about administrative units: unit list, show. Those about successions are in unit_succession."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from notifications.catalogue import Language, has_sentence, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import ConfigOption, DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import console, print_json, print_table
from ocop_workflow.config_files import default_config_dir, load_units
from ocop_workflow.config_files.faults import shortened
from ocop_workflow.config_files.units_of_today import units_of_today
from ocop_workflow.errors import InputError
from ocop_workflow.policy.succession_drafts import bare_name, candidates
from ocop_workflow.policy.units import Unit
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import cycles_of

app = command_group()

RegisterOption = Annotated[
    str | None,
    typer.Option("--register", help="A register of the configuration, instead of those of the cycles here."),
]
TodayOption = Annotated[
    str | None,
    typer.Option("--today", metavar="PROVINCE", help="A province of today by name or code, such as 44."),
]


@app.callback()
def unit() -> None:
    """Look units up, and let units take over from others."""


@app.command("list")
def list_(
    register: RegisterOption = None,
    today: TodayOption = None,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List units: of the cycles here with what took over from them, of a register, or of a province of today."""
    units = _units(register, today, config, data)
    if as_json:
        print_json([_object(each) for each in units])
        return
    columns = [translate(language, f"table.{name}") for name in ("unit", "level", "unit_name", "code", "from", "until")]
    columns.append(translate(language, "table.successors"))
    rows = [
        [
            each.id,
            _level(each.level, language),
            each.name.in_language(language),
            each.code or "",
            _day(each.valid_from),
            _day(each.valid_until),
            ", ".join(each.successors),
        ]
        for each in units
    ]
    print_table(translate(language, "table.all_units"), columns, rows)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="UNIT", help="Its id, code or name, with or without its kind.")],
    register: RegisterOption = None,
    today: Annotated[
        str | None,
        typer.Option("--today", metavar="PROVINCE", help="Also name what it may have become in a province of today."),
    ] = None,
    config: ConfigOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show one unit: since and until when it is there, what was before it, what took over from it."""
    units = _units(register, None, config, data)
    found = [each for each in units if name in (each.id, each.code)]
    found = found or [each for each in units if each.name.vi.casefold() == name.casefold()]
    found = found or [each for each in units if bare_name(each.name.vi) == bare_name(name)]
    if len(found) != 1:
        some = f"{len(found)} units are" if found else "no unit is"
        known = f": {', '.join(each.id for each in found)}" if found else "; `ocop unit list` shows the ids"
        raise InputError(f"{some} called {shortened(name)}{known}")
    (unit,) = found
    became = None
    if today is not None:
        of_today = units_of_today(today, province_level="province", commune_level=unit.level)
        became = [f"{each.code} {each.name.vi}" for each in candidates(unit, of_today.communes)]
    if as_json:
        print_json(_object(unit) | ({} if became is None else {"may_have_become": became}))
        return
    console.print(f"{unit.name.in_language(language)} ({unit.id})", highlight=False, markup=False)
    for name_, value in _lines(unit, became or [], language):
        console.print(f"{translate(language, f'table.{name_}')}: {value}", highlight=False, markup=False)


def _lines(unit: Unit, became: list[str], language: Language) -> Iterator[tuple[str, str]]:
    """Yield what is known of a unit, by the last part of its title's code."""
    known = {
        "level": _level(unit.level, language),
        "parent": unit.parent,
        "code": unit.code,
        "from": _day(unit.valid_from),
        "until": _day(unit.valid_until),
        "predecessors": ", ".join(unit.predecessors),
        "successors": ", ".join(unit.successors),
        "may_have_become": ", ".join(became),
    }
    yield from ((name, value) for name, value in known.items() if value)


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day is not None else ""


def _level(level: str, language: Language) -> str:
    """Return the name of a level; a register may have one that the catalogues do not know."""
    return translate(language, f"level.{level}") if has_sentence(f"level.{level}") else level


def _units(register: str | None, today: str | None, config: Path | None, data: Path | None) -> list[Unit]:
    """Return the units that the options mean; of several cycles each unit once, as the latest register has it."""
    if today is not None:
        of_today = units_of_today(today, province_level="province", commune_level="commune")
        return [of_today.province, *of_today.communes]
    if register is not None:
        return list(load_units(config or default_config_dir(), register).units)
    with open_runtime(data) as runtime, runtime.reading(runtime.business_now()) as work:
        found: dict[str, Unit] = {}
        for cycle in sorted(cycles_of(work.session), key=lambda each: each.opened_at):
            found.update((each.id, each) for each in work.books.of_cycle(work.session, cycle).units.units)
        return list(found.values())


def _object(unit: Unit) -> dict[str, object]:
    return {
        "unit": unit.id,
        "level": unit.level,
        "name": unit.name.vi,
        "name_en": unit.name.en,
        "parent": unit.parent,
        "code": unit.code,
        "valid_from": unit.valid_from.isoformat() if unit.valid_from else None,
        "valid_until": unit.valid_until.isoformat() if unit.valid_until else None,
        "predecessors": list(unit.predecessors),
        "successors": list(unit.successors),
    }

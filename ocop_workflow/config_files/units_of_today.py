"""The administrative units of today as the package `vietnam-provinces` lists them: two levels since 1/7/2025.

The package knows the provinces and communes of today only, with names and codes; it has no units before the reform and
no way from them to those of today.
"""

import json
from dataclasses import dataclass
from typing import Any

from ocop_workflow.config_files.faults import shortened
from ocop_workflow.errors import InputError
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.succession_drafts import bare_name
from ocop_workflow.policy.units import Unit

_KINDS = {"phường": "Ward", "xã": "Commune", "đặc khu": "Special Zone", "tỉnh": "Province", "thành phố": "City"}
"""What a name begins with, in English."""


@dataclass(frozen=True, slots=True)
class UnitsOfToday:
    """A province of today with its communes, as units of a register; `version` is the package's."""

    province: Unit
    communes: tuple[Unit, ...]
    version: str


def units_of_today(province: str, *, province_level: str, commune_level: str) -> UnitsOfToday:
    """Return a province of today by its name or code, with its communes.

    Raises:
        InputError: No province has the name or code; the sentence names those there are.
    """
    import vietnam_provinces  # noqa: PLC0415 -- its tables are heavy, and few commands read them

    listed = json.loads(vietnam_provinces.NESTED_DIVISIONS_JSON_PATH.read_text(encoding="utf-8"))
    wanted = bare_name(province)
    found = next((each for each in listed if wanted in (bare_name(each["name"]), f"{each['code']:02}")), None)
    if found is None:
        names = ", ".join(sorted(each["name"] for each in listed))
        raise InputError(f"no province of today is called {shortened(province)}; there are {names}")
    province_id = _id_of(found["codename"])
    name = found["name"]
    if found["division_type"] == "tỉnh":  # the list leaves the word out
        name = f"tỉnh {name}"
    above = Unit(id=province_id, level=province_level, parent=None, code=f"{found['code']:02}", name=_names(name))
    communes = tuple(
        Unit(
            id=f"{province_id}.{_id_of(_codename(ward, found['wards']))}",
            level=commune_level,
            parent=province_id,
            code=f"{ward['code']:05}",
            name=_names(ward["name"]),
        )
        for ward in found["wards"]
    )
    return UnitsOfToday(above, communes, vietnam_provinces.__version__)


def _codename(ward: dict[str, Any], wards: list[dict[str, Any]]) -> str:
    """Return a commune's short name in ASCII, with its kind where another one of the province has the same."""
    short = [each["short_codename"] for each in wards]
    return str(ward["codename"] if short.count(ward["short_codename"]) > 1 else ward["short_codename"])


def _id_of(codename: str) -> str:
    return codename.replace("_", "-")


def _names(name: str) -> LocalText:
    """Return a name as registers write it: the kind in small letters before it in Vietnamese, in English behind it."""
    kind = next((kind for kind in _KINDS if name.casefold().startswith(f"{kind} ")), None)
    if kind is None:
        return LocalText(vi=name, en=name)
    own = name[len(kind) + 1 :]
    return LocalText(vi=f"{kind} {own}", en=f"{own} {_KINDS[kind]}")

"""How people call positions, periods and grounds, and what else a sentence of the catalogue is given."""

from collections.abc import Iterable, Mapping

from notifications.catalogue import Language, Parameter, has_sentence, translate
from notifications.letter import Wording
from ocop_workflow.policy.document import CHOSEN, LocalText
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.services.pinned_documents import Rulebook

Titles = dict[str, str]
"""A title by language, as the catalogue takes it."""

_OF_THE_PLAN = frozenset({"before", "by_day", "by_month", "by_quarter", "by_year", "window", "year_end"})
"""The explanations that say what a plan prints; where it prints nothing, the office chose the day."""


def position_title(units: UnitRegister, position: str) -> LocalText:
    """Return a position (`unit/role`) as people read it: in Vietnamese "Tổ OCOP huyện …", in English with a comma."""
    unit_id, _, role_id = position.partition("/")
    role, unit = units.roles[role_id].title, units.unit(unit_id).name
    return LocalText(vi=f"{role.vi} {unit.vi}", en=f"{role.en}, {unit.en}")


def is_above(units: UnitRegister, position: str, *, office: str) -> bool:
    """Tell whether a position stands above an office: on its line of superiors, or in a unit that the office lies in.

    Args:
        units: The register.
        position: A party; a producer stands above nobody.
        office: The office's own position.
    """
    unit_id, _, role_id = position.partition("/")
    if not role_id:
        return False
    if position in _superiors(units, office):
        return True
    unit, office_unit = units.unit(unit_id), office.partition("/")[0]
    return unit_id != office_unit and units.ancestor(office_unit, unit.level) == unit


def period_title(period_id: str) -> Titles:
    """Return a reporting period as people say it: `2018-Q1` is "quý I/2018" or "quarter I/2018"."""
    year, _, part = period_id.partition("-")
    params: dict[str, Parameter] = {"year": year}
    if not part:
        code = "period.year"
    elif part[0] == "H":
        code = "period.first_half" if part == "H1" else "period.second_half"
    elif part[0] == "Q":
        code, params["part"] = "period.quarter", ("I", "II", "III", "IV")[int(part[1:]) - 1]
    else:
        code, params["part"] = "period.month", int(part)
    return in_both(code, params)


def ground_title(rule_set: RuleSet, ground: str | Titles) -> str | Titles:
    """Return a ground of rejection as a title in both languages: given so, or by its id in the rule set."""
    titles: dict[str, Titles] = {each.id: each.title.model_dump() for each in rule_set.rejection_grounds}
    return titles.get(ground, ground) if isinstance(ground, str) else ground


def rung_title(rung: str) -> Titles:
    """Return a rung's id as people say it: `-3w` is "3 working days before", `+3/superior` "3 days after"."""
    days = int(rung.partition("/")[0].removesuffix("w"))
    if not days:
        return in_both("rung.on_the_day")
    unit = ".working" if rung.partition("/")[0].endswith("w") else ""
    return in_both(f"rung.{'before' if days < 0 else 'after'}{unit}", {"count": abs(days)})


def show_month(month: str) -> str:
    """Return a month such as `2018-01` as people write it."""
    year, _, number = month.partition("-")
    return f"{int(number)}/{year}"


def explanation_code(code: str, source: str) -> str:
    """Return the code of how a day came about: a plan that does not print it is not cited for it."""
    return "chosen" if code in _OF_THE_PLAN and CHOSEN in source else code


def told(book: Rulebook, code: str, params: Mapping[str, Parameter]) -> Wording:
    """Return the wording of an event, with what the documents add to it: reason, fewest stars, whom to ask."""
    added: dict[str, Parameter] = {}
    match code:
        case "news.not_passed":
            ground = params.get("ground")
            added["because"] = _because(ground) if ground else ""
        case "news.rated_uncertified":
            added["least"] = least_certified(book.rule_set)
        case "news.withdrawn":
            added["because"] = params.get("because", "")
        case "news.lapsed":
            office = book.units.successor_of(f"{book.plan.office}/{book.plan.office_role}")
            added["office"] = position_title(book.units, office).model_dump()
        case _:
            pass
    return Wording(code, {**params, **added})


def least_certified(rule_set: RuleSet) -> int:
    """Return the fewest stars with which a product is recognised."""
    return min(stars for recognition in rule_set.recognition for stars in recognition.stars)


def in_both(code: str, params: Mapping[str, Parameter] | None = None) -> Titles:
    """Return a sentence in both languages, to be put into another one."""
    return {language.value: translate(language, code, params) for language in Language}


def seat_title(book: Rulebook, stage_id: str, member: str) -> Titles:
    """Return a council member's seat as people read it; its id where the plan no longer has the seat."""
    council = book.plan.councils.get(stage_id)
    seats = council.seats if council is not None else ()
    titles: dict[str, Titles] = {seat.id: seat.title.model_dump() for seat in seats}
    return titles.get(member, {language.value: member for language in Language})


def listed_in_both(codes: Iterable[str]) -> Titles:
    """Return the sentences of several codes in both languages, one after the other."""
    said = list(codes)
    return {language.value: ", ".join(translate(language, code) for code in said) for language in Language}


def any_of(names: Iterable[str]) -> Titles:
    """Return names of which one is enough, in both languages."""
    return {language.value: f" {translate(language, 'word.or')} ".join(sorted(names)) for language in Language}


def status_title(status: str) -> Titles:
    """Return a dossier's status as people say it where no stars are told."""
    short = f"state.{status}.short"
    return in_both(short if has_sentence(short) else f"state.{status}")


def _because(ground: Parameter) -> Titles:
    return {language: f" {said}" for language, said in in_both("mail.because", {"ground": ground}).items()}


def _superiors(units: UnitRegister, position: str) -> set[str]:
    """Return every position above one; a register that leads in a circle ends it."""
    found: set[str] = set()
    superior = units.superior_of(position)
    while superior is not None and superior not in found:
        found.add(superior)
        superior = units.superior_of(superior)
    return found

"""Sentences in Vietnamese and English, by code, from the gettext catalogues in `locale/`."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


class Language(StrEnum):
    """The two languages in which everything can be said."""

    VI = "vi"
    EN = "en"


Parameter = str | int | Mapping[str, str]
"""What goes into a sentence: text, a number, or a title in both languages ({"vi": …, "en": …})."""

OFFICE_ZONE = "Asia/Ho_Chi_Minh"


class UnknownCodeError(LookupError):
    """The catalogues have no sentence for `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no sentence for the code {code[:80]}; add it to every file in notifications/locale")
        self.code = code


class UnusableParameterError(ValueError):
    """The parameter `name` that the sentence `code` needs is missing or can't be shown."""

    def __init__(self, code: str, name: str, fault: str) -> None:
        super().__init__(f"the sentence {code[:80]} can't be made: parameter {name[:80]} {fault}")
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """One language's sentences; `counted` are the codes whose form follows the parameter `count`."""

    sentences: GNUTranslations
    codes: frozenset[str]
    counted: frozenset[str]


@cache
def _catalogue(language: Language) -> _Catalogue:
    with files("notifications").joinpath("locale", f"{language}.po").open("rb") as source:
        entries = read_po(source, locale=language.value, abort_invalid=True)
    compiled = BytesIO()  # gettext itself then chooses plural forms
    write_mo(compiled, entries)
    compiled.seek(0)
    codes = {
        (entry.id[0] if isinstance(entry.id, tuple | list) else entry.id): entry.pluralizable
        for entry in entries
        if entry.id
    }
    return _Catalogue(
        sentences=GNUTranslations(compiled),
        codes=frozenset(codes),
        counted=frozenset(code for code, is_counted in codes.items() if is_counted),
    )


def has_sentence(code: str) -> bool:
    """Tell whether the catalogues have a sentence for `code`; both have the same codes (tested)."""
    return code in _catalogue(Language.VI).codes


def translate(language: Language, code: str, params: Mapping[str, Parameter] | None = None) -> str:
    """Return the sentence for `code` in `language`, NFC, with the parameters put in.

    A parameter whose name ends in `_on` is an ISO day and is shown dd/mm/yyyy; one whose name ends in `_at` is an
    ISO instant with offset and is shown as HH:MM dd/mm/yyyy in Asia/Ho_Chi_Minh. A title in two languages is shown in
    `language`; as `stage`, `next_stage` or `report` it begins in lower case inside a sentence. `count` chooses the
    plural form. Parameters that the sentence doesn't name are ignored.

    Raises:
        UnknownCodeError: No such sentence.
        UnusableParameterError: A parameter is missing, lacks the language, or is no day or instant.
    """
    params = params or {}
    catalogue = _catalogue(language)
    if code not in catalogue.codes:
        raise UnknownCodeError(code)
    if code in catalogue.counted:
        count = params.get("count")
        if not isinstance(count, int):
            raise UnusableParameterError(code, "count", "must be a whole number")
        template = catalogue.sentences.ngettext(code, code, count)
    else:
        template = catalogue.sentences.gettext(code)
    return unicodedata.normalize("NFC", template % _Shown(language, code, template, params))


def show_date(day: date) -> str:
    """Return the day as dd/mm/yyyy, the form of both languages here."""
    return f"{day:%d/%m/}{day.year:04d}"


@lru_cache(maxsize=1024)
def show_weekday(language: Language, day: date) -> str:
    """Return the name of the day of the week, such as "Thứ Bảy" or "Saturday"."""
    return format_date(day, "EEEE", locale=language.value)


def show_instant(instant: datetime) -> str:
    """Return an aware instant as HH:MM dd/mm/yyyy in the office's zone."""
    local = instant.astimezone(ZoneInfo(OFFICE_ZONE))
    return f"{local:%H:%M} {show_date(local.date())}"


@dataclass(frozen=True, slots=True)
class _Shown:
    """The parameters as a `%` template asks for them, by name."""

    language: Language
    code: str
    template: str
    params: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> str:
        value = self.params.get(name)
        if value is None:
            raise UnusableParameterError(self.code, name, "is missing")
        if isinstance(value, Mapping):
            return self._title(name, value)
        if name.endswith("_on"):
            return show_date(self._day(name, str(value)))
        if name.endswith("_at"):
            return show_instant(self._instant(name, str(value)))
        return str(value)

    def _title(self, name: str, titles: Mapping[str, str]) -> str:
        title = titles.get(self.language)
        if not title:
            raise UnusableParameterError(self.code, name, f"has no title in the language {self.language}")
        begins_sentence = self.template.startswith(f"%({name})s")
        if name in {"stage", "next_stage", "report"} and not begins_sentence and title[1:2].islower():
            return title[0].lower() + title[1:]
        return title

    def _day(self, name: str, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise UnusableParameterError(self.code, name, "must be an ISO day such as 2018-03-31") from error

    def _instant(self, name: str, text: str) -> datetime:
        fault = "must be an ISO instant with offset such as 2018-03-31T07:30:00+07:00"
        try:
            instant = datetime.fromisoformat(text)
        except ValueError as error:
            raise UnusableParameterError(self.code, name, fault) from error
        if instant.tzinfo is None:
            raise UnusableParameterError(self.code, name, fault)
        return instant

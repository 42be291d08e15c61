"""What a template may say in one language: sentences, titles, days, numbers; and which language a reader gets."""

from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup
from starlette.requests import Request

from notifications.catalogue import Language, Parameter, show_date, show_instant, show_weekday, translate
from notifications.letter import Wording
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.document import LocalText

LANGUAGE_QUERY = "lang"


@dataclass(frozen=True, slots=True)
class Voice:
    """One language, as templates use it."""

    language: Language

    def say(self, code: str, **params: Parameter) -> str:
        """Return the sentence of a code."""
        return translate(self.language, code, params)

    def tell(self, wording: Wording) -> str:
        """Return the sentence of a wording."""
        return translate(self.language, wording.code, wording.params)

    def title(self, text: LocalText) -> str:
        """Return a title in this language."""
        return text.in_language(self.language)

    def day(self, day: date) -> Markup:
        """Return a day with its weekday, as an HTML `time`."""
        return _time(day.isoformat(), f"{show_weekday(self.language, day)}, {show_date(day)}")

    def instant(self, at: datetime) -> Markup:
        """Return an aware instant in the office's zone, as an HTML `time`."""
        return _time(at.astimezone(OFFICE_ZONE).isoformat(timespec="minutes"), show_instant(at))

    def decimal(self, number: str) -> str:
        """Return a number written with a point in the way of this language: Vietnamese has a comma."""
        return number.replace(".", ",") if self.language is Language.VI else number


def language_for(request: Request, preferred: str | None = None) -> Language:
    """Return the language of the address's `lang`, else the preferred one, else the browser's, else Vietnamese."""
    asked = (request.query_params.get(LANGUAGE_QUERY), preferred, *_accepted(request))
    return next((Language(code) for code in asked if code in set(Language)), Language.VI)


def _accepted(request: Request) -> list[str]:
    """Return the browser's languages (Accept-Language, RFC 9110 section 12.5.4), the most wanted first."""
    ranked = []
    for item in request.headers.get("accept-language", "").split(","):
        tag, _, weight = item.strip().partition(";q=")
        ranked.append((_weight(weight), tag.partition("-")[0].lower()))
    return [code for weight, code in sorted(ranked, key=lambda pair: -pair[0]) if weight > 0]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1
    except ValueError:
        return 0


def _time(machine: str, shown: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine, shown)

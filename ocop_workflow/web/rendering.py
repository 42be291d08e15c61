"""The templates and the style sheet of the pages, read once from the package."""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from notifications.catalogue import Language
from ocop_workflow.web.voice import Voice

ETAG_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Renderer:
    """The pages as text, with what they have in common.

    Attributes:
        templates: The Jinja environment; everything is escaped.
        style: The style sheet.
        style_digest: The beginning of its SHA-256: its ETag, and the version in its address.
        simulated: Whether every page says that people and days are made up.
    """

    templates: Environment
    style: bytes
    style_digest: str
    simulated: bool

    def render(self, template: str, language: Language, **context: Any) -> str:
        """Return one page in a language."""
        return self.templates.get_template(f"{template}.html.j2").render(
            **context,
            voice=Voice(language),
            other=Language.EN if language is Language.VI else Language.VI,
            simulated=self.simulated,
            style_digest=self.style_digest,
        )


def load_renderer(*, simulated: bool) -> Renderer:
    """Read the templates and the style sheet."""
    templates = Environment(
        loader=PackageLoader("ocop_workflow.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("ocop_workflow.web").joinpath("static", "style.css").read_bytes()
    return Renderer(templates, style, sha256(style).hexdigest()[:ETAG_DIGITS], simulated)

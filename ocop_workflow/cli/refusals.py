"""In which language a rule's refusal is told."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

from notifications.catalogue import Language
from ocop_workflow.cli.options import language_option
from ocop_workflow.errors import RefusedError
from ocop_workflow.services.source_labels import tell_in

RefusalLanguageOption = Annotated[Language, language_option("The language in which a refusal is told.")]


@contextmanager
def refusals_in(language: Language) -> Generator[None]:
    """Let a refusal that is raised inside tell itself in a language."""
    try:
        yield
    except RefusedError as error:
        tell_in(error, language)
        raise

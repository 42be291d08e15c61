"""Refusals by rule and article, said in the language that was asked for."""

from collections.abc import Generator
from contextlib import contextmanager

from notifications.catalogue import Language, translate
from ocop_workflow.errors import InputError
from ocop_workflow.services.eligibility import IneligibleError


@contextmanager
def refusals_in(language: Language) -> Generator[None]:
    """Say in a language why a producer may not take part.

    Raises:
        InputError: The producer may not.
    """
    try:
        yield
    except IneligibleError as error:
        raise InputError(translate(language, error.why.code, error.why.params)) from error

"""Refusing what an option does not know, with the closest word that it does."""

from collections.abc import Iterable
from difflib import get_close_matches

from ocop_workflow.config_files.faults import shortened
from ocop_workflow.errors import InputError


def check_choice(what: str, given: str | None, known: Iterable[str], *, listed: str | None = None) -> None:
    """Refuse a word that is not known; None is no choice and passes.

    Args:
        what: What the word names, such as `status`.
        given: The word.
        known: The words that may be given.
        listed: Where they are listed, for those that are too many to print.

    Raises:
        InputError: The word is not known.
    """
    names = list(known)
    if given is None or given in names:
        return
    near = get_close_matches(given, names, n=1)
    guess = f'did you mean "{near[0]}"? ' if near else ""
    remedy = f"known are {', '.join(names) or 'none yet'}" if listed is None else listed
    raise InputError(f"unknown {what} {shortened(given)}; {guess}{remedy}")

"""What a check of a document finds, placed by keys instead of lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

Location = tuple[str | int, ...]

_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in a document: where (keys and list positions) and what, with its remedy."""

    loc: Location
    sentence: str


def unknown_name(loc: Location, what: str, name: str, known: Iterable[str]) -> Finding:
    """Return the finding that `name` is not among the known ones, with the closest of them or the whole list."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        remedy = f'did you mean "{close[0]}"?'
    elif len(names) > _MOST_NAMES:
        remedy = f"known are {', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"
    else:
        remedy = f"known are {', '.join(names)}" if names else "none is defined; add it"
    return Finding(loc, f'unknown {what} "{name}"; {remedy}')


def repeated_ids(loc: Location, what: str, ids: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each entry of the list at `loc` whose id stands there before."""
    for index, each in enumerate(ids):
        if each in ids[:index]:
            yield Finding((*loc, index, "id"), f'the {what} "{each}" stands twice; give each its own id')

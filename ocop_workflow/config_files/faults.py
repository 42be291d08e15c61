"""What is wrong in a file, as one sentence with its line."""

from collections.abc import Iterable
from dataclasses import dataclass

from ocop_workflow.errors import InputError


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in one line of a file, with its remedy."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        """Return `file:line: sentence`."""
        return f"{self.file}:{self.line}: {self.sentence}"


class InvalidFilesError(InputError):
    """One or more files can't be used; `faults` says each reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults in the order of their files and lines, each once."""
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


LONGEST_VALUE = 80


def shortened(value: object) -> str:
    """Return a value as text in quotes, cut so that no more than 80 of its characters are shown."""
    text = " ".join(str(value).split())
    return f'"{text}"' if len(text) <= LONGEST_VALUE else f'"{text[: LONGEST_VALUE - 1]}…"'

"""The project's errors: sentences that name what is wrong and the next step."""

from typing import ClassVar


class OcopError(Exception):
    """Something the caller can act on; `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1


class InputError(OcopError):
    """What was given is wrong: a file, an option, an id, a step out of order."""

    exit_code: ClassVar[int] = 2


class FaultFoundError(OcopError):
    """A check found a fault in what is stored."""

    exit_code: ClassVar[int] = 3

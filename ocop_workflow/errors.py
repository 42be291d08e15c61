"""The project's errors: sentences that name what is wrong and the next step."""

from typing import ClassVar

from notifications.catalogue import Language, Parameter, translate


class OcopError(Exception):
    """Something the caller can act on; `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1


class InputError(OcopError):
    """What was given is wrong: a file, an option, an id, a step out of order."""

    exit_code: ClassVar[int] = 2


class FaultFoundError(OcopError):
    """A check found a fault in what is stored."""

    exit_code: ClassVar[int] = 3


class RefusedError(InputError):
    """A rule refuses an act: a code with parameters, whose sentence the catalogues have in both languages.

    Attributes:
        code: The catalogue's code, such as `refusal.quorum`.
        params: What goes into the sentence.
        rule: The rule set's or plan's article, shown behind the sentence; None where only the input is at fault.
        language: The language in which the error tells itself; English while nobody has said which.
    """

    def __init__(self, code: str, /, *, rule: str | None, **params: Parameter) -> None:
        """Keep the parts; `code` is given without `refusal.`."""
        Exception.__init__(self, code)  # a refusal may be another kind of error too
        self.code, self.params, self.rule = f"refusal.{code}", params, rule
        self.language: Language | None = None

    def __str__(self) -> str:
        """Return the sentence with its rule."""
        sentence = translate(self.language or Language.EN, self.code, self.params)
        return f"{sentence} ({self.rule})" if self.rule else sentence

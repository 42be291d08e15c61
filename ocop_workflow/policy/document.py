"""What rule sets, plans and unit registers have in common: frozen records that name their source."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=60)]
"""An id in lower case: letters, digits, and `-`, `_` or `.` between them. Ids are data and never renamed."""

Source = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""The article, item or decision something comes from, or the words `chosen for this example`."""

CHOSEN = "chosen for this example"
"""The source of whatever the printed document leaves open."""


class Record(BaseModel):
    """A frozen piece of a document in which an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class LocalText(Record):
    """A title as people read it, in the two languages of the installation."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the text in `language` ("vi" or "en")."""
        return self.en if language == "en" else self.vi

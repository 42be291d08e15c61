"""What a verification of the record finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditFault:
    """One thing that is not as it was recorded."""

    stream: str
    seq: int | None
    sentence: str

    def __str__(self) -> str:
        """Return stream, number and sentence in one line."""
        place = self.stream if self.seq is None else f"{self.stream} event {self.seq}"
        return f"{place}: {self.sentence}"

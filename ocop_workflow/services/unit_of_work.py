"""What every use case is given: the session, the business time, the source of ids, the pinned documents."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from ocop_workflow.errors import RefusedError
from ocop_workflow.services.pinned_documents import RulebookShelf

ID_BYTES = 10


class NotYetError(RefusedError):
    """An act is said to have happened in the future."""


class IdSource(Protocol):
    """Where new ids come from."""

    def new(self, kind: str, natural_key: str) -> str:
        """Return an id for a new row of `kind` that is naturally known as `natural_key`."""
        ...


class RandomIds:
    """Ids that nobody can guess; live folders use them."""

    def new(self, kind: str, natural_key: str) -> str:  # noqa: ARG002 -- the port's signature
        """Return 20 random hexadecimal digits."""
        return secrets.token_hex(ID_BYTES)


@dataclass(frozen=True, slots=True)
class SeededIds:
    """Ids that follow from a seed and the natural key: a replayed year has the same ones, also after a crash."""

    seed: str

    def new(self, kind: str, natural_key: str) -> str:
        """Return 20 hexadecimal digits derived from seed, kind and key."""
        material = f"{self.seed}\x00{kind}\x00{natural_key}".encode()
        return hashlib.blake2b(material, digest_size=ID_BYTES).hexdigest()


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """One transaction's worth of work.

    Attributes:
        session: Open; the caller commits.
        now: Business time, aware, UTC.
        ids: The source of ids.
        books: The shelf of pinned documents, already read ones kept.
    """

    session: Session
    now: datetime
    ids: IdSource
    books: RulebookShelf

    def happened_at(self, effective_at: datetime | None) -> datetime:
        """Return when an act happened: `effective_at`, or now.

        Raises:
            NotYetError: It lies in the future.
        """
        if effective_at is None:
            return self.now
        if effective_at > self.now:
            raise NotYetError("not_yet", rule=None, act_at=effective_at.isoformat())
        return effective_at

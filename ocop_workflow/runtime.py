"""The composition root: one data folder opened, with its database, clock, ids, keys and sender."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from notifications.smtp import SmtpEmailSender, SmtpSettings
from ocop_workflow.clock import Clock, SystemClock
from ocop_workflow.errors import InputError, RefusedError
from ocop_workflow.services.delivery import PostOffice
from ocop_workflow.services.installation import (
    LIVE,
    SIMULATED,
    advance,
    create_installation,
    installation_of,
    refuse_future,
)
from ocop_workflow.services.letters import Stationery
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.source_labels import tell_in
from ocop_workflow.services.unit_of_work import IdSource, RandomIds, SeededIds, UnitOfWork
from ocop_workflow.settings import SETTINGS_FILE, Settings, load_settings
from ocop_workflow.storage.database import Database, open_database
from ocop_workflow.storage.migrating import current_revision, head_revision, migrate

DATABASE_FILE = "ocop.db"
KEYS_FILE = "link-keys"
KEY_BYTES = 32
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_active: ContextVar["Runtime | None"] = ContextVar("active_runtime", default=None)


class DataFolderError(InputError):
    """The data folder is missing, not one of ours, or may not be used so."""


@dataclass(frozen=True, slots=True)
class MomentOfAct:
    """When an act is written down, and when it happened if that was earlier."""

    now: datetime
    effective_at: datetime | None


@dataclass(frozen=True)
class Runtime:
    """An opened data folder.

    Attributes:
        data_dir: The folder.
        settings: Its settings.
        database: Its database.
        mode: `live` or `simulated`, for good.
        clock: The machine's clock.
        ids: Random in a live folder, seeded in a simulated one.
        link_keys: The keys of status links, the newest first.
        books: Pinned documents already read.
    """

    data_dir: Path
    settings: Settings
    database: Database
    mode: str
    clock: Clock
    ids: IdSource
    link_keys: tuple[bytes, ...]
    books: RulebookShelf = field(default_factory=RulebookShelf)

    @property
    def simulated(self) -> bool:
        """Return whether people and time in this folder are made up."""
        return self.mode == SIMULATED

    def business_now(self, at: datetime | None = None) -> datetime:
        """Return `at`, or what is now: the machine's time in a live folder, the last instant in a simulated one.

        Raises:
            ClockRefusedError: `at` lies in the future of a live folder.
        """
        if at is not None:
            if not self.simulated:
                refuse_future(at, machine_now=self.clock.now())
            return at
        if not self.simulated:
            return self.clock.now()
        with self.database.reading() as session:
            return installation_of(session).last_now

    def moment_of_act(self, at: datetime | None) -> MomentOfAct:
        """Return when an act is written down and when it happened.

        In a live folder something that happened at `at` is written down now, since business time never goes back; in
        a simulated one business time goes to `at`.

        Raises:
            ClockRefusedError: `at` lies in the future of a live folder.
        """
        if self.simulated or at is None:
            return MomentOfAct(self.business_now(at), None)
        return MomentOfAct(self.business_now(), self.business_now(at))

    @contextmanager
    def transaction(self, now: datetime) -> Generator[UnitOfWork, None, None]:
        """Open a unit of work at a business instant, committed at the end.

        Raises:
            ClockRefusedError: The instant is before the last one, or in the future of a live folder.
        """
        with self.database.transaction() as session:
            advance(session, now, machine_now=self.clock.now())
            yield UnitOfWork(session, now, self.ids, self.books)

    @contextmanager
    def reading(self, now: datetime, *, remembering: bool = False) -> Generator[UnitOfWork, None, None]:
        """Open a unit of work that can't write; see `Database.reading`."""
        with self.database.reading(remembering=remembering) as session:
            yield UnitOfWork(session, now, self.ids, self.books)

    @contextmanager
    def active(self) -> Generator["Runtime", None, None]:
        """Let flows called inside use this runtime instead of opening the folder again."""
        token = _active.set(self)
        try:
            yield self
        finally:
            _active.reset(token)

    def stationery(self) -> Stationery:
        """Return what every letter needs."""
        settings = self.settings
        return Stationery(
            base_url=settings.base_url.rstrip("/"),
            link_keys=self.link_keys,
            simulated=self.simulated,
            sender_name=settings.sender_name,
            sender_address=settings.sender_address,
        )

    def sender(self) -> SmtpEmailSender:
        """Return the SMTP sender of the settings.

        Raises:
            DataFolderError: A simulated folder would send to a machine other than this one.
        """
        settings = self.settings
        if self.simulated and settings.smtp_host not in LOOPBACK:
            raise DataFolderError(
                f"this folder is simulated and mails only to this machine, not to {settings.smtp_host}; "
                "set OCOP_SMTP_HOST=127.0.0.1"
            )
        password = settings.smtp_password
        return SmtpEmailSender(
            SmtpSettings(
                host=settings.smtp_host,
                port=settings.smtp_port,
                tls=settings.smtp_tls,
                username=settings.smtp_username,
                password=password.get_secret_value() if password else None,
                timeout_seconds=settings.smtp_timeout_seconds,
                connections=settings.smtp_connections,
            )
        )

    def post_office(self, now: datetime) -> PostOffice:
        """Return what delivering from a business instant on needs: in a live folder time goes on while mails leave.

        Leases are kept by the machine's clock, in a simulated folder by business time: there a year passes in seconds.
        """

        def present() -> datetime:
            return now if self.simulated else max(now, self.clock.now())

        return PostOffice(
            writing=lambda: self.transaction(present()),
            reading=lambda: self.reading(present(), remembering=True),
            sender=self.sender(),
            stationery=self.stationery(),
            lease_clock=(lambda: now) if self.simulated else self.clock.now,
            lease=timedelta(seconds=self.settings.lease_seconds),
            connections=self.settings.smtp_connections,
        )


def create_data_folder(data_dir: Path, *, mode: str, seed: str | None = None, now: datetime | None = None) -> None:
    """Make a new data folder: database, link keys, an example of `settings.env`.

    Raises:
        DataFolderError: There is something in the folder already.
    """
    if mode not in (LIVE, SIMULATED):
        raise DataFolderError(f"a folder is {LIVE} or {SIMULATED}, not {mode[:80]!r}")
    if data_dir.exists() and (not data_dir.is_dir() or any(data_dir.iterdir())):
        raise DataFolderError(f"{data_dir} is not empty; choose a new folder")
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(KEY_BYTES) if seed is None else sha256(f"link key {seed}".encode()).digest()
    _write_private(data_dir / KEYS_FILE, f"{key.hex()}\n")
    _write_private(data_dir / SETTINGS_FILE, _EXAMPLE_SETTINGS)
    url = _database_url(load_settings(data_dir), data_dir)
    migrate(url)
    database = open_database(url)
    try:
        with database.transaction() as session:
            create_installation(session, mode=mode, seed=seed, now=now or SystemClock().now())
    finally:
        database.dispose()


def migrate_data_folder(data_dir: Path | None = None) -> str:
    """Bring a data folder's database to this version's tables and return the revision.

    Raises:
        DataFolderError: No folder was named, or it is not one of ours.
    """
    settings = load_settings(data_dir)
    url = _database_url(settings, checked_folder(data_dir, settings))
    migrate(url)
    return current_revision(url) or ""


@contextmanager
def open_runtime(data_dir: Path | None = None, *, settings: Settings | None = None) -> Generator[Runtime, None, None]:
    """Open a data folder, or give the runtime that is active already.

    A refusal that is raised inside and told in no language yet is told in the folder's.

    Args:
        data_dir: The folder; `OCOP_DATA_DIR` when None.
        settings: Instead of reading them.

    Raises:
        DataFolderError: No folder was named, or it is not one of ours, or its database is behind this version.
    """
    active = _active.get()
    if active is not None:
        yield active
        return
    settings = settings or load_settings(data_dir)
    folder = checked_folder(data_dir, settings)
    url = _database_url(settings, folder)
    if current_revision(url) != head_revision():
        raise DataFolderError(f"the database in {folder} is of another version; back it up, then run `ocop migrate`")
    database = open_database(url)
    try:
        with database.reading() as session:
            row = installation_of(session)
        ids: IdSource = SeededIds(row.seed) if row.seed is not None else RandomIds()
        keys = tuple(bytes.fromhex(line) for line in (folder / KEYS_FILE).read_text(encoding="ascii").split())
        yield Runtime(folder, settings, database, row.mode, SystemClock(), ids, keys)
    except RefusedError as error:
        if error.language is None:
            tell_in(error, settings.language)
        raise
    finally:
        database.dispose()


def checked_folder(data_dir: Path | None, settings: Settings) -> Path:
    """Return the data folder that was named, or that the settings name.

    Raises:
        DataFolderError: None was named, or it is not one of ours.
    """
    folder = data_dir or settings.data_dir
    if folder is None:
        raise DataFolderError("no data folder was named; give --data DIR or set OCOP_DATA_DIR")
    if not (folder / KEYS_FILE).is_file():
        raise DataFolderError(f"{folder} is not a data folder; `ocop init --data DIR` makes one, `ocop demo` another")
    return folder


def schema_state(data_dir: Path) -> tuple[str | None, str | None]:
    """Return the revision of a data folder's database and the newest that this version knows."""
    return current_revision(_database_url(load_settings(data_dir), data_dir)), head_revision()


def _write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read: it holds keys or a password."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _database_url(settings: Settings, data_dir: Path) -> str:
    return settings.database_url or f"sqlite:///{(data_dir / DATABASE_FILE).absolute()}"


_EXAMPLE_SETTINGS = """\
# Settings of this data folder. Remove the # before a line that begins with OCOP_ to set it; an environment variable of
# the same name wins.

# The language of the tables that commands print, vi or en:
# OCOP_LANGUAGE=vi

# Where status pages are reached from outside, for the links in mails:
# OCOP_BASE_URL=https://ocop.example

# In whose name mail is sent, and where answers go:
# OCOP_SENDER_NAME=Văn phòng điều phối OCOP
# OCOP_SENDER_ADDRESS=ocop@office.example

# The mail server; OCOP_SMTP_TLS is starttls, implicit, or none for a server on this machine:
# OCOP_SMTP_HOST=mail.office.example
# OCOP_SMTP_PORT=587
# OCOP_SMTP_TLS=starttls
# OCOP_SMTP_USERNAME=ocop
# OCOP_SMTP_PASSWORD=
"""

"""The command `ocop doctor`: what would keep an installation from working, each with its remedy."""

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import packages_distributions
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from notifications.catalogue import Language, translate
from notifications.delivery import DeliveryError
from ocop_workflow.cli.options import DataOption, JsonOption
from ocop_workflow.cli.output import console, print_json
from ocop_workflow.clock import SystemClock, local_day
from ocop_workflow.errors import FaultFoundError, OcopError
from ocop_workflow.runtime import Runtime, checked_folder, open_runtime, schema_state
from ocop_workflow.services.cycles import CLOSED, cycles_of
from ocop_workflow.services.health import VACANT, troubles_by_office
from ocop_workflow.services.installation import LIVE, installation_of
from ocop_workflow.services.positions import needed_positions, producers_without_address, vacant_positions
from ocop_workflow.services.summary import unsaid_notices, waiting_drafts
from ocop_workflow.settings import load_settings
from ocop_workflow.storage.tables import Producer

PACKAGES = ("ocop_workflow", "flows", "state_machines", "notifications")
"""Our top-level names: as general as they are, another distribution could overwrite them."""

UNSAID_WINDOW = timedelta(days=30)
"""How far back notices are counted that found nobody."""

DISTRIBUTION = "ocop-workflow"
ZONE = "Asia/Ho_Chi_Minh"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: well, or what is wrong with the remedy. `noted`: well, but the office should know it."""

    name: str
    well: bool
    sentence: str
    noted: bool = False

    @property
    def mark(self) -> tuple[str, str]:
        """Return the word before the check's line, and its colour."""
        if not self.well:
            return "FAULT", "red"
        return ("note ", "yellow") if self.noted else ("ok   ", "green")


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(doctor)


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Look at everything an installation needs: folder, database, mail server, cycle, clock, zone data, names.

    Each fault comes with its remedy; with any fault the exit code is 3. A note is no fault, but work for the office.
    Nothing is changed and no mail is sent.
    """
    checks = [_zone_data(), _package_names()]
    try:
        folder = checked_folder(data, load_settings(data))
    except OcopError as error:
        checks.append(Check("data folder", well=False, sentence=str(error)))
    else:
        checks += [_writable(folder), _migrations(folder)]
        if all(check.well for check in checks):
            checks += _of_the_open_folder(folder)
    if as_json:
        print_json([{"check": c.name, "well": c.well, "noted": c.noted, "sentence": c.sentence} for c in checks])
    else:
        for check in checks:
            mark, style = check.mark
            console.print(f"{mark} {check.name}: {check.sentence}", style=style, highlight=False, soft_wrap=True)
    if not all(check.well for check in checks):
        raise typer.Exit(FaultFoundError.exit_code)


def _of_the_open_folder(folder: Path) -> list[Check]:
    with open_runtime(folder) as runtime:
        return [*folder_checks(runtime), _mail_server(runtime)]


def folder_checks(runtime: Runtime) -> list[Check]:
    """Look at what is in an opened folder, and at its settings, without the network."""
    return [
        _clock(runtime),
        _cycle(runtime),
        _base_url(runtime),
        _sender(runtime),
        *_people(runtime),
        *_health(runtime),
    ]


def _zone_data() -> Check:
    try:
        ZoneInfo(ZONE)
    except ZoneInfoNotFoundError:
        return Check("zone data", well=False, sentence=f"{ZONE} is unknown to this machine; install the package tzdata")
    return Check("zone data", well=True, sentence=f"{ZONE} is known")


def _package_names() -> Check:
    owners = packages_distributions()
    for name in PACKAGES:
        others = sorted(set(owners.get(name, [])) - {DISTRIBUTION})
        if others:
            sentence = f"{name} also belongs to {', '.join(others)}; install ours in an environment of its own"
            return Check("package names", well=False, sentence=sentence)
    return Check("package names", well=True, sentence="all four are ours alone")


def _writable(folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("data folder", well=True, sentence=f"{folder} can be written")
    except OSError:
        return Check("data folder", well=False, sentence=f"{folder} can't be written; give this user the right to it")


def _migrations(folder: Path) -> Check:
    try:
        present, newest = schema_state(folder)
    except SQLAlchemyError:
        sentence = "the database can't be opened; restore the folder from its copy"
        return Check("database", well=False, sentence=sentence)
    if present == newest:
        return Check("database", well=True, sentence=f"its tables are those of this version ({newest})")
    sentence = f"its tables are of revision {present}, this version has {newest}; copy the folder, then `ocop migrate`"
    return Check("database", well=False, sentence=sentence)


def _clock(runtime: Runtime) -> Check:
    with runtime.database.reading() as session:
        row = installation_of(session)
    now = SystemClock().now()
    if row.mode == LIVE and now < row.last_now:
        sentence = f"the machine's clock says {now:%Y-%m-%d %H:%M} UTC, before the last act here; set the clock"
        return Check("clock", well=False, sentence=sentence)
    return Check("clock", well=True, sentence="not before the last act")


def _cycle(runtime: Runtime) -> Check:
    with runtime.database.reading() as session:
        open_cycles = [cycle.key for cycle in cycles_of(session) if cycle.status != CLOSED]
    if open_cycles:
        return Check("cycle", well=True, sentence=f"open: {', '.join(open_cycles)}")
    return Check("cycle", well=False, sentence="no cycle is open; run `ocop cycle open PLAN --year YEAR`")


def _base_url(runtime: Runtime) -> Check:
    """In a live folder the links in mails must lead somewhere that a telephone reaches."""
    base_url = runtime.settings.base_url
    if not runtime.simulated and urlsplit(base_url).hostname in ("127.0.0.1", "localhost", "::1"):
        host = urlsplit(base_url).hostname
        sentence = f"{host} can't be reached from a phone; set OCOP_BASE_URL in settings.env"
        return Check("base URL", well=False, sentence=sentence)
    return Check("base URL", well=True, sentence=base_url)


def _sender(runtime: Runtime) -> Check:
    sender = runtime.settings.sender_address
    if not runtime.simulated and sender.endswith(".invalid"):
        sentence = f"{sender} can't receive answers; set OCOP_SENDER_ADDRESS in settings.env"
        return Check("sender", well=False, sentence=sentence)
    return Check("sender", well=True, sentence=sender)


def _people(runtime: Runtime) -> list[Check]:
    """Look at who can be told: vacant positions are a fault in a live folder, missing addresses are only noted."""
    now = runtime.business_now()
    with runtime.reading(now) as work:
        session, today = work.session, local_day(now)
        needed = needed_positions(session, work.books)
        vacant = vacant_positions(session, work.books, on=today)
        producers = len(session.exec(select(Producer.id)).all())
        unreachable = len(producers_without_address(session))
        unsaid = unsaid_notices(session, since=now - UNSAID_WINDOW)
        drafts = waiting_drafts(session)
    remedy = "; `ocop people list --without-address` names them"
    positions = f"{len(vacant)} of {len(needed)} are vacant, so their mails are not sent; `ocop people list --vacant`"
    return [
        Check("positions", well=False, sentence=positions)
        if vacant
        else Check("positions", well=True, sentence=f"all {len(needed)} are held"),
        _noted(
            "producers", unreachable, f"{unreachable} of {producers} have no address{remedy if unreachable else ''}"
        ),
        _noted(
            "notices",
            unsaid,
            f"{unsaid} were not sent in the last {UNSAID_WINDOW.days} days for want of a person or an address",
        ),
        _noted("escalations", drafts, f"{drafts} drafts wait for the office"),
    ]


def _noted(name: str, count: int, sentence: str) -> Check:
    return Check(name, well=True, sentence=sentence, noted=count > 0)


def _health(runtime: Runtime) -> list[Check]:
    """Look at what `check-health` tells the offices; vacant positions have a line of their own above."""
    with runtime.reading(runtime.business_now()) as work:
        found = [
            trouble for troubles in troubles_by_office(work).values() for trouble in troubles if trouble.code != VACANT
        ]
    if not found:
        return [Check("health", well=True, sentence="the flows run and mails leave")]
    sentences = [translate(Language.EN, f"health.{trouble.code}", trouble.params) for trouble in found]
    return [Check("health", well=False, sentence=sentence) for sentence in dict.fromkeys(sentences)]


def _mail_server(runtime: Runtime) -> Check:
    settings = runtime.settings
    place = f"{settings.smtp_host}:{settings.smtp_port}"
    if runtime.simulated:
        return Check("mail server", well=True, sentence="a simulated folder mails only to its own catcher")
    try:
        with contextlib.closing(asyncio.new_event_loop()) as loop:
            loop.run_until_complete(_greet(runtime))
    except (DeliveryError, OSError) as error:
        sentence = f"{place} can't be reached ({str(error)[:80]}); mend OCOP_SMTP_… in settings.env"
        return Check("mail server", well=False, sentence=sentence)
    return Check("mail server", well=True, sentence=f"{place} answers")


async def _greet(runtime: Runtime) -> None:
    """Open one connection with TLS and login as configured, and close it."""
    async with runtime.sender() as sender:
        await sender.greet()

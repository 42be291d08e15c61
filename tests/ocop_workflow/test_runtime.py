"""The data folder: live or simulated for good, business time that never goes back, mail that stays on this machine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from ocop_workflow.clock import OFFICE_ZONE, SetClock
from ocop_workflow.runtime import DataFolderError, Runtime, create_data_folder, migrate_data_folder, open_runtime
from ocop_workflow.services.installation import RUN_OVERLAP, ClockRefusedError, advance, create_installation
from ocop_workflow.services.sealing import seal_day
from ocop_workflow.services.unit_of_work import RandomIds, SeededIds
from ocop_workflow.settings import Settings, load_settings
from ocop_workflow.storage.database import Database, open_database
from ocop_workflow.storage.migrating import head_revision
from ocop_workflow.storage.tables import Installation

START = datetime(2018, 1, 2, 7, 30, tzinfo=OFFICE_ZONE)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def simulated(tmp_path: Path) -> Path:
    folder = tmp_path / "simulated"
    create_data_folder(folder, mode="simulated", seed="7", now=START)
    return folder


@pytest.fixture
def live(tmp_path: Path) -> Path:
    folder = tmp_path / "live"
    create_data_folder(folder, mode="live", now=START)
    return folder


def last_now(runtime: Runtime) -> datetime:
    with runtime.database.reading() as session:
        return session.get_one(Installation, 1).last_now


# --- folders ---


def test_create_data_folder_makes_database_keys_and_an_example_of_settings(simulated: Path) -> None:
    assert sorted(path.name for path in simulated.iterdir() if not path.name.startswith("ocop.db-")) == [
        "link-keys",
        "ocop.db",
        "settings.env",
    ]
    assert (simulated / "link-keys").stat().st_mode & 0o777 == 0o600
    example = (simulated / "settings.env").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") for line in example if line)
    assert (simulated / "settings.env").stat().st_mode & 0o777 == 0o600


def test_example_of_settings_is_right_when_its_lines_are_uncommented(simulated: Path) -> None:
    """The file says to remove the # before a line: every such line then sets what it says."""
    file = simulated / "settings.env"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text(
        "\n".join(line.removeprefix("# ") if "# OCOP_" in line else line for line in lines), encoding="utf-8"
    )

    settings = load_settings(simulated)

    assert (settings.base_url, settings.smtp_tls, settings.smtp_port) == ("https://ocop.example", "starttls", 587)
    assert settings.sender_name == "Văn phòng điều phối OCOP"


def test_create_data_folder_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(DataFolderError, match="is not empty; choose a new folder"):
        create_data_folder(tmp_path, mode="simulated", now=START)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_create_data_folder_refuses_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("mine", encoding="utf-8")

    with pytest.raises(DataFolderError, match="is not empty"):
        create_data_folder(tmp_path / "folder", mode="live", now=START)


def test_create_data_folder_refuses_a_third_mode(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="live or simulated, not 'test'"):
        create_data_folder(tmp_path / "folder", mode="test", now=START)
    assert not (tmp_path / "folder").exists()


def test_seeded_folders_have_the_same_ids_and_keys_and_live_ones_their_own(tmp_path: Path, live: Path) -> None:
    """A replayed year must give the same ids; a live folder's must not be guessed."""
    for name in ("one", "two"):
        create_data_folder(tmp_path / name, mode="simulated", seed="7", now=START)
    with open_runtime(tmp_path / "one") as one, open_runtime(tmp_path / "two") as two, open_runtime(live) as real:
        assert one.link_keys == two.link_keys != real.link_keys
        assert isinstance(one.ids, SeededIds)
        assert one.ids.new("dossier", "x") == two.ids.new("dossier", "x") != one.ids.new("report", "x")
        assert isinstance(real.ids, RandomIds)
        assert real.ids.new("dossier", "x") != real.ids.new("dossier", "x")


def test_open_runtime_refuses_a_folder_that_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="is not a data folder; `ocop init"):
        open_runtime(tmp_path).__enter__()


def test_open_runtime_refuses_when_no_folder_is_named() -> None:
    with pytest.raises(DataFolderError, match="no data folder was named"):
        open_runtime(settings=Settings(data_dir=None)).__enter__()


def test_open_runtime_refuses_a_database_of_another_version_until_it_is_migrated(simulated: Path) -> None:
    with open_runtime(simulated) as runtime, runtime.database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(DataFolderError, match="is of another version; back it up, then run `ocop migrate`"):
        open_runtime(simulated).__enter__()
    database = open_database(f"sqlite:///{simulated / 'ocop.db'}")
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head_revision()})
    database.dispose()

    assert migrate_data_folder(simulated) == head_revision()
    with open_runtime(simulated) as runtime:
        assert runtime.simulated


def test_an_active_runtime_is_used_instead_of_opening_again(simulated: Path, live: Path) -> None:
    """Flows called inside one process share it; afterwards folders are opened again."""
    with open_runtime(simulated) as outer, outer.active(), open_runtime(live) as inner:
        assert inner is outer
    with open_runtime(live) as later:
        assert later.mode == "live"


# --- business time ---


def test_a_simulated_folder_stands_at_its_last_instant(simulated: Path) -> None:
    with open_runtime(simulated) as runtime:
        assert runtime.business_now() == START
        with runtime.transaction(START + timedelta(days=30)):
            pass
        assert runtime.business_now() == START + timedelta(days=30)
        assert runtime.business_now(START) == START


def test_time_never_goes_back_in_a_simulated_folder(simulated: Path) -> None:
    with open_runtime(simulated) as runtime:
        with runtime.transaction(START + timedelta(days=1)):
            pass
        with runtime.transaction(START + timedelta(days=1)):
            pass  # the same instant again: ticks are repeated
        with pytest.raises(ClockRefusedError, match="business time never goes back"):
            runtime.transaction(START + timedelta(days=1) - MICROSECOND).__enter__()
        assert last_now(runtime) == START + timedelta(days=1)


def test_a_failed_transaction_does_not_move_time(simulated: Path) -> None:
    with open_runtime(simulated) as runtime:
        with pytest.raises(RuntimeError), runtime.transaction(START + timedelta(days=1)):
            raise RuntimeError
        assert last_now(runtime) == START


def test_reading_moves_nothing_and_cannot_write(simulated: Path) -> None:
    with open_runtime(simulated) as runtime:
        with runtime.reading(START + timedelta(days=90)) as work:
            assert work.session.exec(select(Installation)).one().last_now == START
        with pytest.raises(Exception, match="readonly"), runtime.reading(START) as work:
            work.session.execute(text("UPDATE installation SET seed = 'x'"))
        assert last_now(runtime) == START


MACHINE = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def installed(database: Database) -> Callable[[str], Database]:
    def make(mode: str) -> Database:
        with database.transaction() as session:
            create_installation(session, mode=mode, seed=None, now=MACHINE - timedelta(days=1))
        return database

    return make


@pytest.mark.parametrize(
    ("ahead", "refused"), [(timedelta(0), False), (MICROSECOND, True), (timedelta(days=300), True)]
)
def test_a_live_folder_refuses_every_future_instant(
    installed: Callable[[str], Database], ahead: timedelta, *, refused: bool
) -> None:
    with installed("live").transaction() as session:
        if refused:
            with pytest.raises(ClockRefusedError, match="is in the future and this folder is live"):
                advance(session, MACHINE + ahead, machine_now=MACHINE)
        else:
            advance(session, MACHINE + ahead, machine_now=MACHINE)


def test_a_simulated_folder_takes_future_instants(installed: Callable[[str], Database]) -> None:
    with installed("simulated").transaction() as session:
        advance(session, MACHINE + timedelta(days=300), machine_now=MACHINE)
        assert session.get_one(Installation, 1, populate_existing=True).last_now == MACHINE + timedelta(days=300)


@pytest.mark.parametrize(("behind", "refused"), [(RUN_OVERLAP, False), (RUN_OVERLAP + MICROSECOND, True)])
def test_a_live_run_may_end_beside_a_later_one_but_never_moves_time_back(
    installed: Callable[[str], Database], behind: timedelta, *, refused: bool
) -> None:
    """A flow keeps its own instant over its batches while people and other flows write at later ones."""
    database = installed("live")
    with database.transaction() as session:
        advance(session, MACHINE, machine_now=MACHINE)
    with database.transaction() as session:
        if refused:
            with pytest.raises(ClockRefusedError, match="never goes back"):
                advance(session, MACHINE - behind, machine_now=MACHINE)
        else:
            advance(session, MACHINE - behind, machine_now=MACHINE)
    with database.reading() as session:
        assert session.get_one(Installation, 1).last_now == MACHINE


def test_a_day_is_sealed_only_when_no_run_can_write_into_it_any_more(simulated: Path) -> None:
    with open_runtime(simulated) as runtime:
        midnight = START.replace(day=3, hour=0, minute=0)
        untils = []
        for now in (midnight + RUN_OVERLAP - MICROSECOND, midnight + RUN_OVERLAP):
            with runtime.transaction(now) as work:
                seal = seal_day(work)
                untils.append(seal.until.astimezone(OFFICE_ZONE) if seal else None)

    assert untils == [midnight - timedelta(days=1), midnight]


def test_a_live_folders_time_is_the_machines(live: Path) -> None:
    with open_runtime(live) as runtime:
        clock = SetClock(MACHINE)
        standing = Runtime(
            runtime.data_dir,
            runtime.settings,
            runtime.database,
            runtime.mode,
            clock,
            runtime.ids,
            runtime.link_keys,
        )
        assert standing.business_now() == MACHINE
        clock.at += timedelta(days=1)
        assert standing.business_now() == MACHINE + timedelta(days=1)


# --- mail ---


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_simulated_folder_sends_to_this_machine(simulated: Path, host: str) -> None:
    with open_runtime(simulated, settings=Settings(smtp_host=host)) as runtime:
        assert runtime.sender() is not None


@pytest.mark.parametrize("host", ["mail.office.example", "10.0.0.1", "127.0.0.1.example", "::2", ""])
def test_a_simulated_folder_refuses_to_send_anywhere_else(simulated: Path, host: str) -> None:
    """Section 6: made-up people's mail stays here, whatever the settings say."""
    settings = Settings(smtp_host=host)
    with open_runtime(simulated, settings=settings) as runtime, pytest.raises(DataFolderError, match="only to this"):
        runtime.post_office(START)


def test_a_live_folder_sends_where_its_settings_say(live: Path) -> None:
    with open_runtime(live, settings=Settings(smtp_host="mail.office.example")) as runtime:
        assert runtime.sender() is not None


def test_leases_go_by_business_time_in_a_simulated_folder_and_by_the_machine_in_a_live_one(
    simulated: Path, live: Path
) -> None:
    """Section 6, two clocks."""
    later = START + timedelta(days=40)
    with open_runtime(simulated) as runtime:
        assert runtime.post_office(later).lease_clock() == later
    with open_runtime(live) as runtime:
        assert runtime.post_office(later).lease_clock() > later

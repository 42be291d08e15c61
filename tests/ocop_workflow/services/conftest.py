"""What the tests of bundling and delivering share."""

import json
import shutil
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from notifications.delivery import Accepted, Envelope, TemporaryDeliveryError
from notifications.recording import RecordingEmailSender
from ocop_workflow.config_files import load_plan_files
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from state_machines.dossier import DossierTrigger
from tests.ocop_workflow.every_law import copied, opened_under

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office


class FailingSender(RecordingEmailSender):
    """Raises the given errors, one for each hand-over, and then accepts; `tried` holds every hand-over."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)
        self.tried: list[Envelope] = []

    async def send(self, envelope: Envelope) -> Accepted:
        self.tried.append(envelope)
        if self.errors:
            raise self.errors.pop(0)
        return await super().send(envelope)


@pytest.fixture
def failing_sender() -> type[FailingSender]:
    """The sender that fails as told."""
    return FailingSender


@pytest.fixture
def single(office: "Office") -> "Office":
    """One open dossier, 1-1-1; the news of the others' withdrawal were sent on 5 March."""
    for number in ("1-2-1", "2-1-1", "2-1-2"):
        office.act("2018-03-05 08:00", DossierTrigger.WITHDRAW, number=number)
    office.send("2018-03-05 08:00")
    return office


@pytest.fixture
def frozen(single: "Office") -> "Office":
    """The digest of 23 March (a week before the date) was frozen, and the server had no time for it."""
    single.sweep("2018-03-23 07:30", kinds=("dossier_step",))
    single.send("2018-03-23 07:30", FailingSender(TemporaryDeliveryError("451 later", 451)))
    return single


Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def office_with(unopened_office: "Office", tmp_path: Path) -> "Callable[..., Office]":
    """A way to make the small office, not yet opened, with its files edited and checked as `cycle check` does."""

    def make(*, plan: Edit | None = None, rules: Edit | None = None, units: Edit | None = None) -> "Office":
        config = tmp_path / "config"
        shutil.copytree(Path(__file__).parents[1] / "small", config, dirs_exist_ok=True)
        for name, edit in (("cycles/coast-2018", plan), ("rulesets/two-stages", rules), ("units/coast", units)):
            path = config / f"{name}.yaml"
            data = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 -- gives text only
            if edit is not None:
                edit(data)
            apart = json.loads(json.dumps(data))  # what an edit names twice is written twice, without an anchor
            path.write_text(yaml.safe_dump(apart, allow_unicode=True), encoding="utf-8")
        files = load_plan_files(config / "cycles" / "coast-2018.yaml", config)
        return replace(unopened_office, documents=documents_for(files, 2018))

    return make


@pytest.fixture(scope="session")
def june_2025(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, Office]":
    """A province's year under QĐ 148, opened on Monday 16 June 2025: submissions come before 16 July."""
    path = tmp_path_factory.mktemp("june") / "opened.db"
    with opened_under("qd-148-2023", date(2025, 6, 16), migrated_database, path) as office:
        pass
    return path, office


@pytest.fixture
def province(june_2025: "tuple[Path, Office]", tmp_path: Path) -> "Generator[Office, None, None]":
    """That province in a database of its own; whatever a test does, its record verifies."""
    template, like = june_2025
    with copied(template, tmp_path / "province.db", like) as office:
        yield office
        with office.reading() as work:
            assert [str(fault) for fault in verify(work.session).faults] == []

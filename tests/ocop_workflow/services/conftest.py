"""What the tests of bundling and delivering share."""

from typing import TYPE_CHECKING

import pytest

from notifications.delivery import Accepted, Envelope, TemporaryDeliveryError
from notifications.recording import RecordingEmailSender
from state_machines.dossier import DossierTrigger

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

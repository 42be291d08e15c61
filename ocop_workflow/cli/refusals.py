"""In which language a rule's refusal is told, and that it stands on record."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from notifications.catalogue import Language
from ocop_workflow.cli.options import language_option
from ocop_workflow.errors import RefusedError
from ocop_workflow.runtime import Runtime
from ocop_workflow.services.refused_acts import record_refused_act
from ocop_workflow.services.source_labels import tell_in
from ocop_workflow.storage.tables import Dossier

RefusalLanguageOption = Annotated[Language, language_option("The language in which a refusal is told.")]


@dataclass
class Trying:
    """On which dossier an act is being tried, and by whom."""

    dossier_id: str | None = None
    actor: str = ""

    def by(self, actor: str, dossier: Dossier) -> None:
        """Note who tries the act on which dossier, before it is done."""
        self.actor, self.dossier_id = actor, dossier.id


@contextmanager
def refusals_in(language: Language) -> Generator[None]:
    """Let a refusal that is raised inside tell itself in a language."""
    try:
        yield
    except RefusedError as error:
        tell_in(error, language)
        raise


@contextmanager
def refusals_on_record(runtime: Runtime, command: str) -> Generator[Trying]:
    """Put a refusal that is raised inside on the record of the dossier that was noted, once its act is undone.

    In a simulated folder business time stays: a refused act that was said to be later does not move it.

    Args:
        runtime: The folder.
        command: What is tried, by the name of its command, such as `dossier submit`.
    """
    trying = Trying()
    try:
        yield trying
    except RefusedError as error:
        if trying.dossier_id is not None:
            with runtime.transaction(runtime.business_now()) as work:
                dossier = work.session.get_one(Dossier, trying.dossier_id)
                record_refused_act(work, dossier, error, command=command, actor=trying.actor)
        raise

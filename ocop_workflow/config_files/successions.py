"""Loading what a decision about units says: which units end on a day, and which take over."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from ocop_workflow.config_files.documents import read_document
from ocop_workflow.config_files.faults import InvalidFilesError
from ocop_workflow.config_files.sentences import faults_of
from ocop_workflow.policy.successions import Succession, check_succession
from ocop_workflow.policy.units import UnitRegister


def load_succession(path: Path, registers: Sequence[UnitRegister]) -> Succession:
    """Load a succession and check it against the registers that it is to change.

    Raises:
        InvalidFilesError: The file has faults, or does not fit a register; one fault for each, with its line.
    """
    document = read_document(path)
    try:
        succession = Succession.model_validate(document.data)
    except ValidationError as error:
        raise InvalidFilesError(faults_of(error, document, Succession)) from None
    found = check_succession(succession, registers)
    if found:
        raise InvalidFilesError([document.fault(finding.loc, finding.sentence) for finding in found])
    return succession

"""Loading criteria sets: `config/criteria/<rule set>/<number>.yaml`, and the misprints listed beside them."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ocop_workflow.config_files.documents import Document, read_document
from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened
from ocop_workflow.config_files.sentences import faults_of
from ocop_workflow.errors import InputError
from ocop_workflow.policy.criteria import CriteriaSet, Misprint, Misprints
from ocop_workflow.policy.criteria_checks import check_criteria_set

MISPRINTS_FILE = "misprints.yaml"

_Model = TypeVar("_Model", bound=BaseModel)


def rule_sets_with_criteria(config_dir: Path) -> tuple[str, ...]:
    """Return the ids of the rule sets whose sheets are here by criterion, in alphabetical order."""
    return tuple(sorted(path.name for path in (config_dir / "criteria").glob("*") if path.is_dir()))


def load_criteria_set(config_dir: Path, rule_set_id: str, number: int) -> CriteriaSet:
    """Load and check one criteria set.

    Raises:
        InputError: The rule set has no criteria sets, or none with this number.
        InvalidFilesError: The file has faults.
    """
    paths = {int(path.stem): path for path in _files(config_dir, rule_set_id)}
    if number not in paths:
        raise InputError(f"{rule_set_id} has no criteria set {number}; there are {min(paths)} to {max(paths)}")
    return _load_set(paths[number])


def load_criteria_sets(config_dir: Path, rule_set_id: str) -> tuple[CriteriaSet, ...]:
    """Load and check all criteria sets of a rule set, by number.

    Raises:
        InputError: The rule set has no criteria sets.
        InvalidFilesError: Files have faults; it carries all of them.
    """
    sets: list[CriteriaSet] = []
    faults: list[Fault] = []
    for path in _files(config_dir, rule_set_id):
        try:
            sets.append(_load_set(path))
        except InvalidFilesError as error:
            faults += error.faults
    if faults:
        raise InvalidFilesError(faults)
    return tuple(sets)


def load_misprints(folder: Path) -> tuple[Misprint, ...]:
    """Load the list of lines that are read otherwise than printed; without the file there are none.

    Raises:
        InvalidFilesError: The file has faults.
    """
    path = folder / MISPRINTS_FILE
    return _load(path, Misprints)[0].misprints if path.exists() else ()


def _files(config_dir: Path, rule_set_id: str) -> list[Path]:
    known = rule_sets_with_criteria(config_dir)
    files = sorted((config_dir / "criteria" / rule_set_id).glob("[0-9][0-9].yaml")) if rule_set_id in known else []
    if not files:
        there = ", ".join(known) or "none"
        raise InputError(f"rule set {shortened(rule_set_id)} has no criteria sets; there are some for: {there}")
    return files


def _load_set(path: Path) -> CriteriaSet:
    criteria_set, document = _load(path, CriteriaSet)
    faults = [document.fault(finding.loc, finding.sentence) for finding in check_criteria_set(criteria_set)]
    if f"{criteria_set.number:02}" != path.stem:
        faults.append(document.fault(("number",), f"the number is not the file's name {path.name}; rename one of them"))
    if faults:
        raise InvalidFilesError(faults)
    return criteria_set


def _load(path: Path, model: type[_Model]) -> tuple[_Model, Document]:
    document = read_document(path)
    try:
        return model.model_validate(document.data), document
    except ValidationError as error:
        raise InvalidFilesError(faults_of(error, document, model)) from None

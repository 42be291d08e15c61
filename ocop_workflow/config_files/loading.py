"""Loading what `config/` holds: each file becomes a checked model, or the faults in it are raised together."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ocop_workflow.config_files.criteria import load_criteria_sets, rule_sets_with_criteria
from ocop_workflow.config_files.demo_settings import DemoSettings
from ocop_workflow.config_files.documents import Document, Location, read_document
from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened
from ocop_workflow.config_files.products import load_products
from ocop_workflow.config_files.schedules import Schedule, Schedules
from ocop_workflow.config_files.sentences import faults_of
from ocop_workflow.errors import InputError
from ocop_workflow.policy.chains import PlannedProduct, expand_chains
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.eligibility import ProducerStanding, Reason, ineligibility
from ocop_workflow.policy.findings import Finding
from ocop_workflow.policy.gate_checks import check_outcome_edges
from ocop_workflow.policy.intake import check_intakes, check_plan_intakes
from ocop_workflow.policy.plan import CalendarRules, CyclePlan
from ocop_workflow.policy.plan_checks import check_plan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.rule_set_checks import check_rule_set
from ocop_workflow.policy.task_units import unfold_tasks
from ocop_workflow.policy.unit_checks import check_register, check_rule_set_in_register
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import merged_calendar

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PlanFiles:
    """A plan with all that it names.

    `plan.calendar` already holds the installation's days as well, and a task of each unit is one for each. `criteria`
    are the criteria sets of its rule sets, by the rule set's id, where there are some.
    """

    plan: CyclePlan
    rule_sets: dict[str, RuleSet]
    units: UnitRegister
    products: tuple[PlannedProduct, ...]
    criteria: dict[str, tuple[CriteriaSet, ...]] = field(default_factory=dict)


def default_config_dir() -> Path:
    """Return the folder with the shipped configuration: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "config"
    return inside if inside.is_dir() else package.parent / "config"


def find_plan(config_dir: Path, plan_id: str) -> Path:
    """Return the file of the plan with this id.

    Raises:
        InputError: There is no such plan; the sentence names those there are.
    """
    return _find(config_dir / "cycles", plan_id, "plan")


def load_plan(path: Path) -> CyclePlan:
    """Load a plan's file without looking at the files it names.

    Raises:
        InvalidFilesError: The file can't be read, or is no plan.
    """
    return _load(path, CyclePlan)[0]


def plans_under(config_dir: Path, plan_id: str) -> tuple[str, ...]:
    """Return the ids of the plans that name this one as their parent; a file that can't be read is passed over."""
    children = []
    for path in sorted((config_dir / "cycles").glob("*.yaml")):
        with suppress(InvalidFilesError):
            data = read_document(path).data
            if isinstance(data, dict) and data.get("parent") == plan_id:
                children.append(path.stem)
    return tuple(children)


def load_rule_set(config_dir: Path, rule_set_id: str) -> RuleSet:
    """Load and check the rule set with this id.

    Raises:
        InputError: There is no such rule set.
        InvalidFilesError: Its file has faults.
    """
    return _load_rule_set(config_dir, rule_set_id)[0]


def load_rule_sets(config_dir: Path) -> dict[str, RuleSet]:
    """Load and check every rule set of a configuration, by id: also that exactly one takes each new dossier.

    Raises:
        InvalidFilesError: Their files have faults.
    """
    faults: list[Fault] = []
    every = _load_every_rule_set(config_dir, {}, faults)
    _raise_any(faults)
    return every


def load_units(config_dir: Path, register_id: str) -> UnitRegister:
    """Load and check the unit register with this id.

    Raises:
        InputError: There is no such register.
        InvalidFilesError: Its file has faults.
    """
    register, document = _load(_find(config_dir / "units", register_id, "unit register"), UnitRegister)
    _raise_any([*_id_faults(document, register_id), *_placed(document, check_register(register))])
    return register


def load_calendar(config_dir: Path) -> CalendarRules:
    """Load the installation's corrections of the public calendar; without the file there are none.

    Raises:
        InvalidFilesError: The file has faults.
    """
    path = config_dir / "calendar.yaml"
    return _load(path, CalendarRules)[0] if path.exists() else CalendarRules()


def load_schedules(config_dir: Path) -> tuple[Schedule, ...]:
    """Load the schedules in the order in which one tick runs the flows.

    Raises:
        InvalidFilesError: The file has faults.
    """
    return _load(config_dir / "schedules.yaml", Schedules)[0].schedules


def load_demo_settings(config_dir: Path) -> DemoSettings:
    """Load what the demo replays.

    Raises:
        InvalidFilesError: The file has faults.
    """
    return _load(config_dir / "demo.yaml", DemoSettings)[0]


def load_plan_files(path: Path, config_dir: Path) -> PlanFiles:
    """Load a plan with its rule sets, units and products, and run every check on them together.

    Raises:
        InvalidFilesError: Faults were found; it carries all of them, in the order of files and lines.
    """
    plan, document = _load(path, CyclePlan)
    faults: list[Fault] = []
    units: UnitRegister | None = None
    with _collecting(faults, document, ()):
        plan = plan.model_copy(update={"calendar": merged_calendar(load_calendar(config_dir), plan.calendar)})
    if path.parent.resolve() == (config_dir / "cycles").resolve():
        faults += _id_faults(document, path.stem)
    with _collecting(faults, document, ("units",)):
        units = load_units(config_dir, plan.units)
    rule_sets = _load_named_rule_sets(plan, document, config_dir, faults)
    every = _load_every_rule_set(config_dir, rule_sets, faults)
    products = expand_chains(plan)
    if plan.products is not None:
        with _collecting(faults, document, ("products",)):
            products += load_products(_find(config_dir / "products", plan.products, "product list", ".csv"))
    criteria = _load_criteria(config_dir, rule_sets, faults)
    faults += _repeated_keys(document, products)
    faults += _products_on_unknown_criteria(document, products, criteria)
    known = {rule_set_id: rule_set for rule_set_id, (rule_set, _) in rule_sets.items()}
    if plan.rule_set in known:
        faults += _products_of_ineligible(document, products, known[plan.rule_set], plan.runs_until)
    if units is not None:
        faults += _placed(document, check_plan(plan, known, units))
        faults += _placed(document, check_plan_intakes(plan, every, units))
        faults += _products_in_unknown_units(document, products, units)
        for rule_set, source in rule_sets.values():
            faults += _placed(source, check_rule_set_in_register(rule_set, units))
    if faults or units is None:
        raise InvalidFilesError(faults)
    return PlanFiles(unfold_tasks(plan, units), known, units, products, criteria)


def _load(path: Path, model: type[_Model]) -> tuple[_Model, Document]:
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise InvalidFilesError([document.fault((), "the file must hold keys with values; compare it with its schema")])
    try:
        return model.model_validate(document.data), document
    except ValidationError as error:
        raise InvalidFilesError(faults_of(error, document, model)) from None


def _load_rule_set(config_dir: Path, rule_set_id: str) -> tuple[RuleSet, Document]:
    rule_set, document = _load(_find(config_dir / "rulesets", rule_set_id, "rule set"), RuleSet)
    _raise_any([*_id_faults(document, rule_set_id), *_placed(document, check_rule_set(rule_set))])
    return rule_set, document


def _load_named_rule_sets(
    plan: CyclePlan, document: Document, config_dir: Path, faults: list[Fault]
) -> dict[str, tuple[RuleSet, Document]]:
    loaded: dict[str, tuple[RuleSet, Document]] = {}
    for loc, rule_set_id in _named_rule_sets(plan):
        if rule_set_id not in loaded:
            with _collecting(faults, document, loc):
                loaded[rule_set_id] = _load_rule_set(config_dir, rule_set_id)
    return loaded


def _load_every_rule_set(
    config_dir: Path, loaded: Mapping[str, tuple[RuleSet, Document]], faults: list[Fault]
) -> dict[str, RuleSet]:
    """Return every rule set of the configuration, those already loaded among them, and check their intakes together."""
    every = dict(loaded)
    paths = sorted((config_dir / "rulesets").glob("*.yaml"))
    for path in paths:
        if path.stem not in every and all(fault.file != str(path) for fault in faults):
            try:
                every[path.stem] = _load_rule_set(config_dir, path.stem)
            except InvalidFilesError as error:
                faults.extend(error.faults)
    if len(every) == len(paths):  # one that is missing would only seem to leave a gap
        for rule_set_id, finding in check_intakes(rule_set for rule_set, _ in every.values()):
            faults.append(every[rule_set_id][1].fault(finding.loc, finding.sentence))
    return {rule_set_id: rule_set for rule_set_id, (rule_set, _) in every.items()}


def _load_criteria(
    config_dir: Path, rule_sets: Mapping[str, tuple[RuleSet, Document]], faults: list[Fault]
) -> dict[str, tuple[CriteriaSet, ...]]:
    """Return the criteria sets of the rule sets that have some; their gates ask for outcomes at the edges of bands."""
    criteria: dict[str, tuple[CriteriaSet, ...]] = {}
    for rule_set_id in sorted(set(rule_sets) & set(rule_sets_with_criteria(config_dir))):
        rule_set, document = rule_sets[rule_set_id]
        with _collecting(faults, document, ()):
            criteria[rule_set_id] = load_criteria_sets(config_dir, rule_set_id)
            faults += _placed(document, check_outcome_edges(rule_set))
    return criteria


def _named_rule_sets(plan: CyclePlan) -> Iterator[tuple[Location, str]]:
    yield ("rule_set",), plan.rule_set
    for year, content in plan.years.items():
        if content.rule_set is not None:
            yield ("years", year, "rule_set"), content.rule_set
        for index, round_ in enumerate(content.rounds):
            if round_.rule_set is not None:
                yield ("years", year, "rounds", index, "rule_set"), round_.rule_set


def _find(folder: Path, file_id: str, what: str, suffix: str = ".yaml") -> Path:
    """Return the file of an id, which must be one of those in the folder; so no id can lead out of it."""
    known = sorted(path.stem for path in folder.glob(f"*{suffix}"))
    if file_id in known:
        return folder / f"{file_id}{suffix}"
    names = ", ".join(known) if known else "none"
    raise InputError(f"there is no {what} {shortened(file_id)}; there are: {names}")


def _id_faults(document: Document, file_id: str) -> list[Fault]:
    written = document.data["id"]
    if written == file_id:
        return []
    return [document.fault(("id",), f"the id {shortened(written)} is not the file's name; rename one of them")]


def _placed(document: Document, findings: Iterable[Finding]) -> list[Fault]:
    return [document.fault(finding.loc, finding.sentence) for finding in findings]


def _repeated_keys(document: Document, products: tuple[PlannedProduct, ...]) -> list[Fault]:
    keys = [product.key for product in products]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    return [
        document.fault(("products",), f"the product key {shortened(key)} stands twice; give each product its own key")
        for key in repeated
    ]


def _products_in_unknown_units(
    document: Document, products: tuple[PlannedProduct, ...], units: UnitRegister
) -> list[Fault]:
    known = {unit.id for unit in units.units}
    return [
        document.fault(
            ("products",),
            f"the product {shortened(product.key)} lies in the unknown unit {shortened(product.unit)}; correct it",
        )
        for product in products
        if product.chain is None and product.unit not in known  # a chain's unit is checked with the plan
    ]


def _products_on_unknown_criteria(
    document: Document, products: tuple[PlannedProduct, ...], criteria: Mapping[str, tuple[CriteriaSet, ...]]
) -> list[Fault]:
    known = {each.number for sets in criteria.values() for each in sets}
    return [
        document.fault(
            ("products",),
            f"the product {shortened(product.key)} names criteria set {product.criteria_set}, and no rule set of the "
            "plan has it; correct or empty the cell",
        )
        for product in products
        if product.criteria_set is not None and product.criteria_set not in known
    ]


def _products_of_ineligible(
    document: Document, products: tuple[PlannedProduct, ...], rules: RuleSet, runs_until: date
) -> list[Fault]:
    """Find products of producers who may not take part by the rule set of the plan, as far as the list says."""
    faults = []
    for product in products:
        standing = ProducerStanding(product.producer_form, product.registered_on)
        found = ineligibility(rules.eligibility, standing, group=product.group, on=runs_until)
        if found is not None and found.reason is not Reason.UNKNOWN:
            sentence = (
                f"the product {shortened(product.key)} is of a {found.form} who may not take part under {rules.id} "
                f"({found.source}): {found.reason}; correct the row or leave it out"
            )
            faults.append(document.fault(("products",), sentence))
    return faults


@contextmanager
def _collecting(faults: list[Fault], document: Document, loc: Location) -> Generator[None]:
    """Add the faults of another file, or at `loc` that it is missing, instead of stopping at the first."""
    try:
        yield
    except InvalidFilesError as error:
        faults.extend(error.faults)
    except InputError as error:
        faults.append(document.fault(loc, str(error)))


def _raise_any(faults: list[Fault]) -> None:
    if faults:
        raise InvalidFilesError(faults)

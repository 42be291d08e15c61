"""Every refusal of an act is a code that both catalogues can say, with the rule and article behind it."""

import ast
import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from notifications.catalogue import Language, translate
from ocop_workflow.config_files import default_config_dir, load_plan_files, load_rule_sets
from ocop_workflow.policy.rule_set import DossierKind, RuleSet, Stage
from ocop_workflow.replay import documents_for
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.dossiers import BY_FLOWS, NotOpenHereError, Request, state_after
from ocop_workflow.services.pinned_documents import RENEWAL_ROUND, Rulebook
from ocop_workflow.storage.tables import Cycle, Dossier, Product
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger, state_of
from state_machines.guards import GUARDS, Facts
from tests.ocop_workflow.refused import FAMILIES, TASKS

ROOT = Path(__file__).parents[3]
CONFIG = default_config_dir()
DISTANCE = ROOT / "ocop_workflow" / "policy" / "extension_rules.py"
PREFIX = "refusal."
NAMES = sorted(path.stem for path in (CONFIG / "rulesets").glob("*.yaml"))
RAISED = re.compile(r"(Error|Wording|super\(\))$")
OF_ACTS = (
    *("certificates", "certificate_acts", "certificate_checks", "renewals", "upgrades"),
    *("extensions", "extension_scopes", "extension_undoing", "cycle_acts", "overruns"),
    *("support", "plan_tasks", "reports", "report_review"),
    *("reopening", "dossier_successions", "successions"),
)
"""The services whose acts are not in a dossier's own table."""


def catalogue_codes() -> set[str]:
    text = (ROOT / "notifications" / "locale" / "en.po").read_text(encoding="utf-8")
    return set(re.findall(rf'^msgid "{re.escape(PREFIX)}([^"]+)"', text, re.MULTILINE))


def codes_in(tree: ast.AST) -> set[str]:
    """Return the codes of refusals that a module raises or returns: the text before `rule=`, or in a `Wording`."""
    found: set[str] = set()
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        is_refused = any(keyword.arg == "rule" for keyword in call.keywords)
        if is_refused and RAISED.search(ast.unparse(call.func).removesuffix(".__init__")):
            found |= texts(call.args[0]) | {text for argument in call.args[1:] for text in texts(argument)}
    return found


def texts(node: ast.AST) -> set[str]:
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def values_of(wording: str) -> set[str]:
    """Return the first arguments of `Wording` in a module whose refusals a service raises."""
    tree = ast.parse((ROOT / "ocop_workflow" / "policy" / wording).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Wording"]
    return {text for call in calls for text in texts(call.args[0])}


@cache
def codes_used() -> set[str]:
    modules = [path.read_text(encoding="utf-8") for path in (ROOT / "ocop_workflow").rglob("*.py")]
    raised = {code for text in modules if "rule=" in text for code in codes_in(ast.parse(text))}
    papers = {"paper_day_missing", "paper_without_day"}  # chosen into a name before they are raised
    return raised | papers | TASKS.keys() | values_of("council.py") | values_of("consultation.py")


def test_the_catalogues_have_every_refusal_and_no_other() -> None:
    assert codes_used() == catalogue_codes()
    assert len(codes_used()) >= 170


def test_every_refusal_of_an_act_is_met_by_a_test_that_knows_its_article() -> None:
    """The tables of `refused` are met whole by tests; what a service raises beside them would be met by none."""
    paths = [*(ROOT / "ocop_workflow" / "services" / f"{name}.py" for name in OF_ACTS), DISTANCE]
    raised = {code for path in paths for code in codes_in(ast.parse(path.read_text(encoding="utf-8")))}

    assert raised | TASKS.keys() == {code for family in FAMILIES for code in family}


@pytest.mark.parametrize("language", Language)
def test_every_refusal_can_be_said(language: Language) -> None:
    for code in sorted(catalogue_codes()):
        said = translate(language, f"{PREFIX}{code}", _Anything(any="x"))
        assert len(said) > 20
        assert not said.endswith(".")  # the rule follows in brackets


class _Anything(dict[str, str]):
    """Parameters of every name: a day, an instant, or a word."""

    def get(self, name: str, _default: object = None) -> str:
        if name.endswith("_on"):
            return "2027-03-31"
        return "2027-03-31T07:30:00+07:00" if name.endswith("_at") else "x"


@cache
def shipped() -> dict[str, RuleSet]:
    return load_rule_sets(CONFIG)


@cache
def book_of(name: str) -> Rulebook:
    files = load_plan_files(CONFIG / "cycles" / "province-2027.yaml", CONFIG)
    documents = documents_for(files, 2027)
    return Rulebook(2027, documents.plan, shipped()[name], documents.units, documents.days, ())


def case_at(name: str, kind: DossierKind, stage: Stage, status: DossierStatus) -> DossierCase:
    book, round_id = book_of(name), f"{RENEWAL_ROUND}1/1"
    rows: dict[str, Any] = {"dossier": Dossier, "product": Product, "cycle": Cycle}  # of each only what is read
    row = rows["dossier"](round_id=round_id, kind=kind.value, stage=stage.id, status=status.value, key="x/1")
    return DossierCase(row, rows["product"](), rows["cycle"](), book, stage, book.round(round_id))


def check_told(refusal: NotOpenHereError, name: str, stage: Stage) -> None:
    """The sentence differs by language, and both name rule set and article."""
    rule = f"({name}: {stage.source})"
    english = str(refusal)
    refusal.language = Language.VI
    vietnamese = str(refusal)
    assert english.endswith(rule)
    assert vietnamese.endswith(rule)
    assert stage.title.vi.casefold() in vietnamese.casefold() or refusal.code == "refusal.ended"
    assert english.removesuffix(rule) != vietnamese.removesuffix(rule)


@pytest.mark.parametrize("name", NAMES)
def test_every_trigger_that_a_state_does_not_take_is_refused_by_rule_and_article(name: str) -> None:
    """Every route, stage, status and trigger of the rule set: open by the table, or refused in both languages."""
    refused = 0
    routes = {
        tuple(stage.id for stage in shipped()[name].route.stages if kind in stage.kinds): kind for kind in DossierKind
    }
    for kind in routes.values():  # kinds that pass the same stages have the same table
        stages = [stage for stage in shipped()[name].route.stages if kind in stage.kinds]
        for stage, status, trigger in product(stages, DossierStatus, set(DossierTrigger) - set(BY_FLOWS)):
            case = case_at(name, kind, stage, status)
            lifecycle = case.book.lifecycle(case.dossier.round_id, kind)
            if trigger in lifecycle.triggers_from(state_of(stage.id, status)):
                continue
            with pytest.raises(NotOpenHereError) as refusal:
                state_after(case, Request(trigger, "office"))
            assert refusal.value.code == ("refusal.ended" if status in FINAL_STATUSES else "refusal.not_open")
            check_told(refusal.value, name, stage)
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("name", NAMES)
def test_every_guard_that_finds_no_fact_refuses_by_rule_and_article(name: str) -> None:
    """A council's stage without a mean, an office's without a verdict: no outcome is taken by chance."""
    seen = set()
    for kind, stage in product(DossierKind, shipped()[name].route.stages):
        if kind not in stage.kinds:
            continue
        guards = {outcome.when.guard for outcome in stage.outcomes}
        seen |= guards
        case = case_at(name, kind, stage, DossierStatus.UNDER_REVIEW)
        request = Request(DossierTrigger.CONCLUDE, "office", facts=Facts())
        if guards == {"always"}:
            assert state_after(case, request)
            continue
        with pytest.raises(NotOpenHereError) as refusal:
            state_after(case, request)
        check_told(refusal.value, name, stage)
    assert seen <= GUARDS.keys()

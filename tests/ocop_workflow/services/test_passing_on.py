"""A stage that nobody judges: the office adds its assessment and passes the dossier on, or returns it."""

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ocop_workflow.config_files import PlanFiles
from ocop_workflow.policy.rule_set import GuardChoice
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.council_case import NotJudgedSoError
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.score_sheets import record_sheets
from state_machines.dossier import DossierTrigger
from state_machines.lifecycle import TransitionNotAllowedError

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

TEAM = "hill/ocop_team"


@pytest.fixture
def assessing(unopened_office: "Office") -> Generator["Office", None, None]:
    """The small office under a law by which the first stage assesses and judges nothing; one dossier is received."""
    documents = unopened_office.documents
    rules = documents.rule_set
    first, evaluation = rules.route.stages
    outcome = first.outcomes[0].model_copy(update={"when": GuardChoice(guard="always"), "to": evaluation.id})
    stage = first.model_copy(update={"judged_by": "nobody", "outcomes": (outcome,)})
    changed = rules.model_copy(update={"route": rules.route.model_copy(update={"stages": (stage, evaluation)})})
    files = PlanFiles(documents.plan, {changed.id: changed}, documents.units, documents.products)
    office = replace(unopened_office, documents=documents_for(files, 2018))
    office.open()
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    yield office
    with office.reading() as work:
        assert verify(work.session).faults == ()


def test_the_assessment_passes_the_dossier_on_without_a_result(assessing: "Office") -> None:
    with assessing.at("2018-03-07 08:00") as work:
        dossier = assessing.dossier(work)
        conclude(work, dossier, actor=TEAM)

        assert (dossier.stage, dossier.status) == ("evaluation", "awaiting_submission")
        assert (dossier.mean, dossier.stars) == (None, None)


def test_the_assessment_may_return_the_dossier(assessing: "Office") -> None:
    assessing.act("2018-03-07 08:00", DossierTrigger.RETURN)

    with assessing.reading() as work:
        assert assessing.dossier(work).status == "returned"


@pytest.mark.parametrize("verdict", ["accepted", "declined"])
def test_the_assessment_takes_no_verdict(assessing: "Office", verdict: str) -> None:
    """Whoever says "declined" here must not see the dossier passed on."""
    with assessing.at("2018-03-07 08:00") as work:
        dossier = assessing.dossier(work)
        with pytest.raises(NotJudgedSoError, match="judges nothing; leave out the verdict"):
            conclude(work, dossier, actor=TEAM, verdict=verdict)
        with pytest.raises(NotJudgedSoError, match="it takes no score sheets"):
            record_sheets(work, dossier, {"m": {"A": Decimal(1)}}, actor=TEAM)
        assert dossier.status == "received"


def test_the_assessment_rejects_nothing(assessing: "Office") -> None:
    with pytest.raises(TransitionNotAllowedError, match="can't take `reject`"):
        assessing.act("2018-03-07 08:00", DossierTrigger.REJECT)

"""A round may have a rule set of its own: pinned with the cycle, and what its dossiers are judged by (I6, I7)."""

import json
from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlmodel import select

from ocop_workflow.config_files import PlanFiles
from ocop_workflow.policy.route import COMPLETION
from ocop_workflow.replay import documents_for
from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.storage.tables import PinnedDocument
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE = "coast/coordination_office"


@pytest.fixture
def newer_law(unopened_office: "Office") -> Generator["Office", None, None]:
    """Round 1 is under a newer law: its first stage is `intake` instead of `registration`, five stars begin at 95."""
    documents = unopened_office.documents
    older = documents.rule_set
    registration, evaluation = older.route.stages
    bands = tuple(
        band.model_copy(update={5: {"at_least": Decimal(95)}, 4: {"below": Decimal(95)}}.get(band.stars, {}))
        for band in older.bands
    )
    intake = registration.model_copy(update={"id": "intake"})
    newer = older.model_copy(
        update={"id": "newer", "bands": bands, "route": older.route.model_copy(update={"stages": (intake, evaluation)})}
    )
    round_ = documents.plan.years[2018].rounds[0]
    stages = {"intake": round_.stages["registration"], "evaluation": round_.stages["evaluation"]}
    dated = round_.model_copy(update={"rule_set": "newer", "stages": stages})
    year = documents.plan.years[2018].model_copy(update={"rounds": (dated,)})
    plan = documents.plan.model_copy(update={"years": {2018: year}})
    files = PlanFiles(plan, {older.id: older, newer.id: newer}, documents.units, documents.products)
    office = replace(unopened_office, documents=documents_for(files, 2018))
    office.open()
    yield office
    with office.reading() as work:
        assert verify(work.session).faults == ()


def test_a_rounds_own_rule_set_is_pinned_beside_the_years(newer_law: "Office") -> None:
    """I6: both texts are stored by their content, and the opening names both."""
    with newer_law.reading() as work:
        cycle = newer_law.cycle(work)
        pinned = {
            digest: json.loads(work.session.get_one(PinnedDocument, digest).body)["id"]
            for digest in (cycle.rule_set_hash, cycle.round_rule_sets["r1"])
        }
        opened = details_of(events_of(work.session, f"cycle:{cycle.id}")[0])

    assert pinned == {cycle.rule_set_hash: "two-stages", cycle.round_rule_sets["r1"]: "newer"}
    assert opened["rule_set_of_r1"] == cycle.round_rule_sets["r1"]


def test_a_dossier_passes_the_stages_of_its_rounds_rule_set(newer_law: "Office") -> None:
    with newer_law.reading() as work:
        dossier = newer_law.dossier(work)
        assert dossier.rule_set_hash == newer_law.cycle(work).round_rule_sets["r1"]
        assert dossier.stage == "intake"


def test_a_result_is_rated_by_the_rounds_rule_set(newer_law: "Office") -> None:
    """I7: 94 points give five stars by the older text and four by the newer."""
    newer_law.to_council()
    newer_law.score("2018-03-12 08:00", "94", "94", "94")

    with newer_law.reading() as work:
        assert (newer_law.dossier(work).mean, newer_law.dossier(work).stars) == ("94", 4)


def test_every_act_finds_the_stages_of_the_rounds_rule_set(newer_law: "Office") -> None:
    """Returns, extensions, sweeps and mails read the same route; a wrong one would not know the stage `intake`."""
    newer_law.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    newer_law.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    newer_law.act("2018-03-07 08:00", DossierTrigger.RETURN)
    with newer_law.at("2018-03-08 08:00") as work:
        due_at = newer_law.obligation(work, COMPLETION).due_at
        assert due_at is not None
        extension = Extension(due_at.replace(month=4), "mưa bão", "01/QĐ-GH", OFFICE)
        extend(work, newer_law.obligation(work, COMPLETION), extension)
    newer_law.sweep("2018-03-29 08:00")

    assert newer_law.send("2018-03-29 08:00").failed == 0
    newer_law.enforce("2018-06-01 08:00")
    with newer_law.reading() as work:
        assert newer_law.dossier(work).status == "lapsed"
        assert set(work.session.exec(select(PinnedDocument.kind))) == {"plan", "rule_set", "units", "days", "products"}

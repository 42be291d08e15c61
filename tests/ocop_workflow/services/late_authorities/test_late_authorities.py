"""A dossier never lapses, fails or loses its place because an authority was late (architecture, section 5).

For each rule set that is shipped and each kind of dossier, each obligation of the route is missed by years.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from ocop_workflow.config_files import default_config_dir, load_rule_sets
from ocop_workflow.policy.route import COMPLETION
from ocop_workflow.policy.rule_set import ExtendedByLaw, Owner, RuleSet, Stage
from ocop_workflow.services.audit import verify
from ocop_workflow.services.certificate_acts import Issue, issue_certificate
from ocop_workflow.services.cycles import close_cycle
from ocop_workflow.services.enforcement import ENFORCER
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.obligations import open_obligations_of
from ocop_workflow.storage.tables import Cycle, Dossier, Notice
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.services.late_authorities.conftest import Office, Walk

    Walks = Callable[..., Walk]
    Walked = Callable[["Owed"], Office]

RULE_SETS = load_rule_sets(default_config_dir())
OFFICE = "province/made_office"
LONG = timedelta(days=800)
FAIR = timedelta(days=5)
ENDED_BADLY = FINAL_STATUSES - {DossierStatus.RECOGNISED}
ROUTES = [(name, kind) for name in RULE_SETS for kind in ("first", "renewal")]
GROUND = {"vi": "Không nộp", "en": "Nothing came"}


@dataclass(frozen=True, order=True)
class Owed:
    """One obligation of a route: a step of a stage, or what a return asks for."""

    rule_set: str
    kind: str
    stage: str
    step: str

    def __str__(self) -> str:
        return f"{self.rule_set}-{self.kind}-{self.stage}-{self.step}"


def stages_passed(rule_set: RuleSet, kind: str) -> list[Stage]:
    return [stage for stage in rule_set.route.stages if kind in stage.kinds]


def obligations(*, of_producer: bool) -> list[Owed]:
    """Return every obligation of every route that a producer, or an authority, owes."""
    return [
        Owed(rule_set, kind, stage.id, step)
        for rule_set, kind in ROUTES
        for stage in stages_passed(RULE_SETS[rule_set], kind)
        for step, owner in steps_of(stage)
        if owner.producer == of_producer
    ]


def steps_of(stage: Stage) -> Iterator[tuple[str, Owner]]:
    """Yield what a stage asks of whom in the order in which it opens; a return comes before the decision is taken."""
    for step in stage.steps:
        yield step.id, step.owner
        if step.settled_by == DossierTrigger.CONCLUDE:
            yield COMPLETION, stage.submitted_by


def extension_of(owed: Owed) -> ExtendedByLaw | None:
    renewal = RULE_SETS[owed.rule_set].renewal
    return renewal.extended_by_law if renewal is not None else None


def standing(dossier: Dossier) -> tuple[object, ...]:
    place = dossier.round_id, dossier.receipt_number, dossier.received_at
    return dossier.stage, dossier.status, dossier.version, dossier.responsible, place


def cases(owed: Iterable[Owed]) -> list[Any]:
    """Return parameters; renewals under a rule set that says nothing of them go the way of first dossiers: slow."""
    return [pytest.param(each, id=str(each), marks=_marks(each.rule_set, each.kind)) for each in owed]


def _marks(rule_set: str, kind: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if kind == "renewal" and RULE_SETS[rule_set].renewal is None else []


ROUTE_CASES = [pytest.param(*route, marks=_marks(*route)) for route in ROUTES]


@pytest.fixture(scope="module")
def walked(walks: "Walks") -> "Walked":
    """A way to the office in which an obligation is open and all before it was done in time.

    A walk goes on from test to test and begins again where what is asked for lies behind it.
    """
    going: dict[tuple[str, str], Walk] = {}

    def office_at(owed: Owed) -> "Office":
        route = (owed.rule_set, owed.kind)
        if route not in going or not going[route].to(owed.stage, owed.step):
            going[route] = walks(RULE_SETS[owed.rule_set], owed.kind)
            assert going[route].to(owed.stage, owed.step)
        return going[route].office

    return office_at


@pytest.mark.parametrize("owed", cases(obligations(of_producer=False)))
def test_an_authoritys_lateness_escalates_and_costs_a_dossier_nothing(owed: Owed, walked: "Walked") -> None:
    """Section 5: the dossier stays where it is, also past the end of its cycle, and the late act still counts."""
    office = walked(owed)
    with office.undone():
        dossier, duty = office.dossier, office.owed(owed.stage, owed.step)
        assert duty is not None
        assert duty.due_at is not None
        due_at = duty.due_at
        stood = standing(dossier)

        office.sweep(due_at + timedelta(days=10))
        late = due_at + LONG  # nobody sweeps for two years, in which the cycle is closed
        close_cycle(office.at(late), office.session.exec(select(Cycle)).one(), actor=OFFICE)
        office.sweep(late)

        assert standing(dossier) == stood
        assert (duty.status, duty.overdue_at) == ("open", due_at)
        told = office.session.exec(select(Notice).where(col(Notice.obligation_id) == duty.id))
        assert {notice.rung for notice in told if notice.suppression is None} >= {"+2/superior", "+5/office"}

        now = late + timedelta(hours=1)
        office.do(duty, now)

        assert (duty.status, duty.overdue_at) == ("done", due_at)
        assert dossier.status not in ENDED_BADLY
        for following in open_obligations_of(office.session, dossier.id):
            if following.party.startswith("producer:"):
                assert following.due_at is not None
                assert following.due_at > now + FAIR
                assert following.lapse_at is not None
                assert following.lapse_at > following.due_at


EXTENDED = [
    owed for owed in obligations(of_producer=False) if owed.kind == "renewal" and extension_of(owed) is not None
]


@pytest.mark.parametrize("owed", cases(EXTENDED))
def test_a_certificate_stays_in_force_while_its_renewal_waits_for_an_authority(owed: Owed, walked: "Walked") -> None:
    """Where the rule set extends it by law, for as many days as it says; the renewal outlives the certificate."""
    office, extension = walked(owed), extension_of(owed)
    assert extension is not None
    with office.undone():
        certificate, duty = office.certificate, office.owed(owed.stage, owed.step)
        assert duty is not None
        statuses = []
        for days in (0, extension.days - 1, extension.days):
            office.sweep(certificate.expires_at + timedelta(days=days))
            statuses.append(certificate.status)
        office.do(duty, certificate.expires_at + timedelta(days=extension.days, hours=1))

        assert statuses == ["extended_by_law", "extended_by_law", "expired"]
        assert (duty.status, office.dossier.status in ENDED_BADLY) == ("done", False)


@pytest.mark.parametrize("owed", cases(obligations(of_producer=True)))
def test_a_producers_own_lateness_ends_a_dossier_on_the_ground_that_the_plan_cites(
    owed: Owed, walked: "Walked"
) -> None:
    """Section 5: not before its instant, and with the plan's ground and item in the event."""
    office = walked(owed)
    with office.undone():
        dossier, duty = office.dossier, office.owed(owed.stage, owed.step)
        assert duty is not None
        assert duty.lapse_at is not None
        lapse_at, stood = duty.lapse_at, standing(dossier)

        office.sweep(lapse_at)
        assert standing(dossier) == stood
        office.sweep(lapse_at + LONG)

        event = events_of(office.session, f"dossier:{dossier.id}")[-1]
        assert (dossier.status, event.actor, event.effective_at) == (DossierStatus.LAPSED, ENFORCER, lapse_at)
        assert details_of(event)["ground"] == GROUND
        assert details_of(event)["source"] == f"item 2, {owed.stage}, {owed.step}"


@pytest.mark.parametrize(("rule_set", "kind"), ROUTE_CASES)
def test_where_the_plan_cites_no_ground_a_producers_lateness_ends_nothing(
    rule_set: str, kind: str, walks: "Walks"
) -> None:
    walk = walks(RULE_SETS[rule_set], kind, lapsing=False)
    for owed in [owed for owed in obligations(of_producer=True) if (owed.rule_set, owed.kind) == (rule_set, kind)]:
        assert walk.to(owed.stage, owed.step)
        with walk.office.undone():
            stood = standing(walk.office.dossier)
            walk.office.sweep(walk.now + LONG)
            assert standing(walk.office.dossier) == stood


@pytest.mark.parametrize(("rule_set", "kind"), ROUTE_CASES)
def test_a_dossier_whose_authorities_are_all_late_is_recognised_in_the_end(
    rule_set: str, kind: str, walks: "Walks"
) -> None:
    """Section 5: each act of an authority comes two months after its day, each one of the producer in time."""
    walk = walks(RULE_SETS[rule_set], kind)
    office = walk.office
    while office.dossier.status not in FINAL_STATUSES:
        turn = office.dossier.responsible or ""
        walk.now += timedelta(hours=1) if turn.startswith("producer:") else timedelta(days=60)
        office.sweep(walk.now)
        office.next_act(walk.now, returning=True)

    assert office.dossier.status == DossierStatus.RECOGNISED
    issue_certificate(office.at(walk.now), office.dossier, Issue("02/GCN", "2/QĐ", walk.now.date(), OFFICE))
    assert verify(office.session).faults == ()


def test_an_upgrade_passes_the_stages_of_a_first_dossier() -> None:
    """So that what holds for first dossiers holds for upgrades, which no command opens yet."""
    for rule_set in RULE_SETS.values():
        assert stages_passed(rule_set, "upgrade") == stages_passed(rule_set, "first")

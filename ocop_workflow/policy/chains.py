"""From a plan's product chains to the products that are scored and certified."""

from datetime import date

from ocop_workflow.policy.document import Record, Source
from ocop_workflow.policy.eligibility import LegalForm
from ocop_workflow.policy.plan import Chain, CyclePlan


class PlannedProduct(Record):
    """A product that a plan foresees: one form of one producer.

    `key` is ASCII and unique in the plan: from a chain it is chain, form and producer by number (`18-2-1`).
    `criteria_set` is the number of the set on which the rule set scores it, where the list says so; `producer_form` and
    `registered_on` are the producer's legal form and the day of its business registration, where the list says them.
    """

    key: str
    chain: int | None = None
    name: str
    form: str
    producer: str
    unit: str
    planned_level: str | None = None
    group: str | None = None
    criteria_set: int | None = None
    producer_form: LegalForm | None = None
    registered_on: date | None = None
    source: Source


def expand_chains(plan: CyclePlan) -> tuple[PlannedProduct, ...]:
    """Return one product for each form of each producer, in the order of the plan.

    A chain without producer gives none: it stays a target until somebody registers. A plan without expansion
    rule gives none at all.
    """
    if plan.expansion is None:
        return ()
    return tuple(product for chain in plan.chains for product in _products_of(chain))


def _products_of(chain: Chain) -> tuple[PlannedProduct, ...]:
    return tuple(
        PlannedProduct(
            key=f"{chain.number}-{form_number}-{producer_number}",
            chain=chain.number,
            name=form if chain.name in form else f"{chain.name} – {form}",
            form=form,
            producer=producer,
            unit=chain.unit,
            source=chain.source,
        )
        for form_number, form in enumerate(chain.forms, start=1)
        for producer_number, producer in enumerate(chain.producers, start=1)
    )

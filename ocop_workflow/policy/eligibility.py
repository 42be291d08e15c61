"""Who may have products assessed: the legal forms that a rule set names, some only with a registered business."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import Field

from ocop_workflow.policy.document import Record, Source


class LegalForm(StrEnum):
    """What kind of producer somebody is."""

    COOPERATIVE = "cooperative"
    COOPERATIVE_GROUP = "cooperative_group"
    SMALL_FIRM = "small_firm"
    LARGE_FIRM = "large_firm"
    FARM = "farm"
    HOUSEHOLD = "household"
    ASSOCIATION = "association"


class EligibleForm(Record):
    """A legal form that may take part; with `registration` only if its business is registered.

    `only_groups` names the product groups for which alone it may.
    """

    form: LegalForm
    registration: bool = False
    only_groups: tuple[str, ...] = ()
    source: Source


class Eligibility(Record):
    """The legal forms that may take part, and where the rule set says so; all others are refused."""

    forms: tuple[EligibleForm, ...] = Field(min_length=1)
    source: Source


@dataclass(frozen=True, slots=True)
class ProducerStanding:
    """What is known of a producer: legal form, day of the business registration, last day; None is not known."""

    form: LegalForm | None = None
    registered_on: date | None = None
    closed_on: date | None = None


class Reason(StrEnum):
    """Why a producer may not take part, or what has to be known first."""

    CLOSED = "closed"
    FORM = "form"
    GROUP = "group"
    REGISTRATION = "registration"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ineligibility:
    """Why a producer may not take part.

    Attributes:
        reason: Which rule it is.
        source: The article; empty where no article is needed.
        form: The producer's legal form.
        allowed: What would be allowed: legal forms, or product groups.
    """

    reason: Reason
    source: str = ""
    form: LegalForm | None = None
    allowed: Sequence[str] = ()


def ineligibility(
    rules: Eligibility | None, standing: ProducerStanding, *, group: str | None, on: date
) -> Ineligibility | None:
    """Return why a producer may not have a product of a group assessed on a day, or None where it may.

    A producer whose legal form nobody has recorded is answered with `Reason.UNKNOWN`, which refuses nobody: the office
    asks for it with the papers.

    Args:
        rules: The rule set's; None where it says nothing.
        standing: What is known of the producer.
        group: The product's group, or None.
        on: The local day.
    """
    if standing.closed_on is not None and on > standing.closed_on:
        return Ineligibility(Reason.CLOSED)
    if rules is None:
        return None
    rule = next((each for each in rules.forms if each.form is standing.form), None)
    if rule is None:
        reason = Reason.UNKNOWN if standing.form is None else Reason.FORM
        return Ineligibility(reason, rules.source, standing.form, tuple(each.form for each in rules.forms))
    if rule.only_groups and group not in rule.only_groups:
        return Ineligibility(Reason.GROUP, rule.source, standing.form, rule.only_groups)
    if rule.registration and (standing.registered_on is None or standing.registered_on > on):
        return Ineligibility(Reason.REGISTRATION, rule.source, standing.form)
    return None

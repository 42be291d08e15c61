"""Whether a producer may have a product assessed, told by rule and article."""

from datetime import date

from notifications.catalogue import Language, Parameter, translate
from notifications.letter import Wording
from ocop_workflow.clock import local_day
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.eligibility import Ineligibility, LegalForm, ProducerStanding, Reason, ineligibility
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Producer, Product


class IneligibleError(RefusedError):
    """The rule set does not let this producer take part."""

    def __init__(self, why: Wording) -> None:
        """Keep the reason, whose sentence names rule set and article itself."""
        super().__init__(why.code, rule=None, **why.params)
        self.code = why.code


def standing_of(producer: Producer) -> ProducerStanding:
    """Return what is known of a producer."""
    form = LegalForm(producer.form) if producer.form is not None else None
    return ProducerStanding(form, producer.registered_on, producer.closed_on)


def check_eligible(rule_set: RuleSet, producer: Producer, *, group: str | None, on: date) -> None:
    """Refuse a producer whom the rule set does not let take part with a product of this group.

    Raises:
        IneligibleError: It does not; the error tells the rule and its article.
    """
    why = refusal(rule_set, standing_of(producer), group=group, on=on)
    if why is not None:
        raise IneligibleError(why)


def refusal(rule_set: RuleSet, standing: ProducerStanding, *, group: str | None, on: date) -> Wording | None:
    """Return why a producer is refused, or None; what is not known refuses nobody."""
    found = ineligibility(rule_set.eligibility, standing, group=group, on=on)
    return None if found is None or found.reason is Reason.UNKNOWN else told(rule_set, found)


def eligibility_of(work: UnitOfWork, dossier: Dossier) -> Wording | None:
    """Return what is to be said of an open dossier's producer today: why it is refused, what is not known, or None."""
    if dossier.closed_at is not None:
        return None
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    rule_set = work.books.of_dossier(work.session, cycle, dossier).rule_set
    product = work.session.get_one(Product, dossier.product_id)
    standing = standing_of(work.session.get_one(Producer, product.producer_id))
    found = ineligibility(rule_set.eligibility, standing, group=product.group, on=local_day(work.now))
    return None if found is None else told(rule_set, found)


def told(rule_set: RuleSet, found: Ineligibility) -> Wording:
    """Return a reason as a sentence with the rule set and the article."""
    params: dict[str, Parameter] = {
        "rule_set": rule_set.title.model_dump(),
        "source": found.source,
        "allowed": _listed(found),
    }
    if found.form is not None:
        params["form"] = form_title(found.form)
    return Wording(f"eligibility.{found.reason}", params)


def form_title(form: str) -> dict[str, str]:
    """Return a legal form as people call it, by language."""
    return {language.value: translate(language, f"producer.form.{form}") for language in Language}


def _listed(found: Ineligibility) -> dict[str, str]:
    """Return what is allowed, by language; product groups stand as the rule set writes them."""
    if found.reason is Reason.GROUP:
        return {language.value: "; ".join(found.allowed) for language in Language}
    titles = [form_title(each) for each in found.allowed]
    return {language.value: ", ".join(title[language.value] for title in titles) for language in Language}

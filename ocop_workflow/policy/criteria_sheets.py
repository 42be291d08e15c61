"""What a council says criterion by criterion: the points on a member's sheet, and how far each gated criterion came."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ocop_workflow.policy.criteria import (
    CriteriaError,
    CriteriaSet,
    Criterion,
    GatedOption,
    gates_for_rating,
    gates_of,
    scored_criteria,
)
from ocop_workflow.policy.rule_set import Gate, RuleSet


def council_gates(rule_set: RuleSet, criteria_set: CriteriaSet | None) -> tuple[Gate, ...]:
    """Return the gates that a council finds on: the rule set's own, and those of the product's criteria."""
    return (*rule_set.gates, *(() if criteria_set is None else gates_for_rating(criteria_set)))


def part_sums(points: Mapping[str, Decimal], criteria_set: CriteriaSet) -> dict[str, Decimal]:
    """Return the points of each part of which criteria were given, by part id.

    Args:
        points: Points by criterion code. Of a part all criteria or none: a forgotten one is not taken as 0.
        criteria_set: The product's criteria.

    Raises:
        CriteriaError: A code is unknown or missing, or points are those of no option: 0, one of the options' points, or
            without options the whole maximum.
    """
    known = {criterion.code for criterion in scored_criteria(criteria_set)}
    strange = sorted(set(points) - known)
    if strange:
        raise CriteriaError(
            "criterion_not_scored", rule=criteria_set.source, number=criteria_set.number, criterion=strange[0][:40]
        )
    sums: dict[str, Decimal] = {}
    for part in criteria_set.parts:
        criteria = list(scored_criteria(criteria_set.model_copy(update={"parts": (part,)})))
        if not any(criterion.code in points for criterion in criteria):
            continue
        for criterion in criteria:
            _check_points(criteria_set, criterion, points.get(criterion.code))
        sums[part.id] = sum((points[criterion.code] for criterion in criteria), Decimal(0))
    return sums


def findings_for(criteria_set: CriteriaSet, reached: Mapping[str, Decimal]) -> dict[str, bool]:
    """Return the yes or no for each gate of the criteria named; an option satisfies the gates of those below it.

    Args:
        criteria_set: The product's criteria.
        reached: The points of the option that the council found reached, by criterion code; 0 for none.

    Raises:
        CriteriaError: A criterion has no gate, or points are those of none of its options.
    """
    gates = _gates_by_code(criteria_set)
    criteria = {criterion.code: criterion for criterion in scored_criteria(criteria_set)}
    found: dict[str, bool] = {}
    for code, points in reached.items():
        if code not in gates:
            raise CriteriaError(
                "criterion_without_gate",
                rule=criteria_set.source,
                criterion=code[:40],
                number=criteria_set.number,
                known=", ".join(gates),
            )
        _check_points(criteria_set, criteria[code], points)
        found |= {gate.id: points >= gate.points for gate in gates[code]}
    return found


def with_implied(criteria_set: CriteriaSet, findings: Mapping[str, bool]) -> dict[str, bool]:
    """Return the findings with what follows from them: a yes meets the lower gates of its criterion, a no the higher.

    Raises:
        CriteriaError: A higher gate of a criterion is said to be met and a lower one not.
    """
    found = dict(findings)
    for code, gates in _gates_by_code(criteria_set).items():
        said = [(gate.points, findings[gate.id]) for gate in gates if gate.id in findings]
        met = max((points for points, yes in said if yes), default=None)
        missed = min((points for points, yes in said if not yes), default=None)
        if met is not None and missed is not None and missed <= met:
            raise CriteriaError(
                "criterion_contradicted", rule=criteria_set.source, criterion=code, met=str(met), missed=str(missed)
            )
        for gate in gates:
            if met is not None and gate.points <= met:
                found[gate.id] = True
            if missed is not None and gate.points >= missed:
                found[gate.id] = False
    return found


def allowed_points(criterion: Criterion) -> Sequence[Decimal]:
    """Return the points that a criterion can have, rising: none reached, an option, or without options all of it."""
    given = [option.points for option in criterion.options] or [criterion.maximum]
    return sorted({Decimal(0), *given})


def _check_points(criteria_set: CriteriaSet, criterion: Criterion, given: Decimal | None) -> None:
    allowed = allowed_points(criterion)
    if given is not None and given.is_finite() and given in allowed:
        return
    *others, last = (str(points) for points in allowed)
    raise CriteriaError(
        "option_missing" if given is None else "no_such_option",
        rule=criteria_set.source,
        criterion=criterion.code,
        label=criterion.label,
        given=str(given)[:40],
        allowed={"en": f"{', '.join(others)} or {last}", "vi": f"{', '.join(others)} hoặc {last}"},
    )


def _gates_by_code(criteria_set: CriteriaSet) -> dict[str, list[GatedOption]]:
    by_code: dict[str, list[GatedOption]] = {}
    for gate in gates_of(criteria_set):
        by_code.setdefault(gate.code, []).append(gate)
    return by_code

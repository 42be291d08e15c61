"""Checks of a rule set's gates: a product must go where its stars belong (promise I5)."""

from collections.abc import Iterator

from ocop_workflow.policy.findings import Finding, repeated_ids
from ocop_workflow.policy.rule_set import RuleSet


def check_gates(rule_set: RuleSet) -> Iterator[Finding]:
    """Find gates that stand twice or cap at stars that no band gives, and outcomes that cut a band in two."""
    if not rule_set.gates:
        return
    yield from repeated_ids(("gates",), "gate", [gate.id for gate in rule_set.gates])
    known = {band.stars for band in rule_set.bands}
    for index, gate in enumerate(rule_set.gates):
        if gate.cap not in known:
            yield Finding(("gates", index, "cap"), f"no band gives {gate.cap} stars; add the band or correct the cap")
    yield from check_outcome_edges(rule_set)


def check_outcome_edges(rule_set: RuleSet) -> Iterator[Finding]:
    """Find outcomes of a council that meet inside a band.

    A rating that a gate lowered is known as stars, not as points; so where there are gates, in the rule set or in its
    criteria sets, the edges of a council's outcomes must be edges of bands.
    """
    edges = {edge for band in rule_set.bands for edge in (band.at_least, band.below) if edge is not None}
    for index, stage in enumerate(rule_set.route.stages):
        for at, outcome in enumerate(stage.outcomes):
            for key in ("at_least", "below"):
                edge = getattr(outcome.when, key)
                if edge is not None and edge not in edges:
                    sentence = (
                        f"{edge} points lie inside a band, where a gate can't tell which outcome follows; "
                        "let the outcomes of a rule set with gates meet at the edges of its bands"
                    )
                    yield Finding(("route", "stages", index, "outcomes", at, "when", key), sentence)

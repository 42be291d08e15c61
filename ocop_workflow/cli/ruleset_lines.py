"""A rule set as lines that people read: section, subject, what it says, and the article it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from notifications.catalogue import Language, Parameter, has_sentence, show_date, translate
from ocop_workflow.policy.date_expressions import By, Due, Within
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.rule_set import DossierKind, Outcome, RuleSet, Stage, StatutoryLimit


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule of a rule set.

    Attributes:
        section: What kind of rule it is, a code.
        key: What it is about, a code or number; the same in two rule sets when they rule on the same thing.
        subject: The same in the reader's language.
        text: What it says.
        source: The article, or where it was found.
    """

    section: str
    key: str
    subject: str
    text: str
    source: str


def rule_lines(rule_set: RuleSet, language: Language) -> tuple[RuleLine, ...]:
    """Return every rule of a rule set, in the order in which one reads a regulation."""
    return tuple(_Reader(rule_set, language).lines())


def differing_lines(
    left: Sequence[RuleLine], right: Sequence[RuleLine]
) -> list[tuple[RuleLine | None, RuleLine | None]]:
    """Return the rules that differ, section by section; what only `right` has comes last in its section.

    Two rules are the same when they say the same, whatever article they come from.
    """
    of_left, of_right = ({(line.section, line.key): line for line in lines} for lines in (left, right))
    sections = list(dict.fromkeys(line.section for line in (*left, *right)))
    keys = sorted(dict.fromkeys((*of_left, *of_right)), key=lambda key: sections.index(key[0]))
    pairs = [(of_left.get(key), of_right.get(key)) for key in keys]
    return [(one, other) for one, other in pairs if one is None or other is None or one.text != other.text]


@dataclass(frozen=True, slots=True)
class _Reader:
    rule_set: RuleSet
    language: Language

    def lines(self) -> Iterator[RuleLine]:
        yield from self._scope()
        yield from self._route()
        yield from self._scoring()
        yield from self._times()
        yield from self._grounds()
        yield from self._transitions()

    def _scope(self) -> Iterator[RuleLine]:
        rules = self.rule_set
        if rules.issued_by is not None:
            yield RuleLine("issued_by", "", "", rules.issued_by, rules.source)
        yield RuleLine("in_force", "", "", self.term(rules.in_force.start, rules.in_force.until), rules.source)
        if rules.amends:
            yield RuleLine("amends", "", "", ", ".join(rules.amends), rules.source)
        for intake in rules.takes_new:
            subject = ", ".join([*self._kinds(intake.kinds), *map(self.level, intake.levels)])
            key = "/".join((*intake.kinds, *intake.levels))
            yield RuleLine("takes_new", key, subject, self.term(intake.start, intake.until), intake.source)
        yield RuleLine("levels", "", "", " → ".join(map(self.level, rules.levels)), rules.source)
        for each in rules.eligibility.forms if rules.eligibility is not None else ():
            said = [self._say("registered")] if each.registration else []
            text = "; ".join([*said, *each.only_groups]) or "✓"
            yield RuleLine(
                "eligibility", each.form, translate(self.language, f"producer.form.{each.form}"), text, each.source
            )

    def _route(self) -> Iterator[RuleLine]:
        for stage in self.rule_set.route.stages:
            yield RuleLine("stage", stage.id, self._title(stage.title), self._stage(stage), stage.source)
        for stage in self.rule_set.route.stages:
            text = "\n".join(f"{self._when(stage, outcome)} → {self._end(outcome)}" for outcome in stage.outcomes)
            sources = dict.fromkeys(outcome.source or stage.source for outcome in stage.outcomes)
            yield RuleLine("outcome", stage.id, self._title(stage.title), text, "\n".join(sources))

    def _scoring(self) -> Iterator[RuleLine]:
        for part in self.rule_set.parts:
            text = self._say("points", {"points": _number(part.maximum)})
            yield RuleLine("part", part.id, f"{part.id}. {self._title(part.title)}", text, part.source)
        for band in self.rule_set.bands:
            subject = self._say("stars", {"count": band.stars})
            yield RuleLine("band", str(band.stars), subject, self._mean(band.at_least, band.below), band.source)
        for gate in self.rule_set.gates:
            text = self._say("cap", {"count": gate.cap})
            yield RuleLine("gate", gate.id, self._title(gate.title), text, gate.source)
        for recognition in self.rule_set.recognition:
            for stars in recognition.stars:
                subject = self._say("stars", {"count": stars})
                level = self.level(recognition.level)
                yield RuleLine("recognition", str(stars), subject, level, recognition.source)

    def _times(self) -> Iterator[RuleLine]:
        rules = self.rule_set
        for batch in rules.batches:
            text = self._say(
                "batch",
                {"requested": _month_day(batch.requested_before), "held": _month_day(batch.held_before)},
            )
            subject = self._title(rules.route.stage(batch.stage).title)
            yield RuleLine("batch", batch.id, subject, text, batch.source)
        for limit in rules.limits:
            yield RuleLine("limit", limit.id, self._limit_subject(limit), self._due(limit.due), limit.article)
        if rules.validity_months is not None:
            text = self._say("length.months", {"count": rules.validity_months})
            yield RuleLine("validity", "", "", text, rules.validity_source or rules.source)
        if (renewal := rules.renewal) is not None:
            days = {"opens": renewal.opens_days_before, "closes": renewal.closes_days_before}
            yield RuleLine("renewal", "window", "", self._say("renewal", days), renewal.source)
            if (extension := renewal.extended_by_law) is not None:
                text = self._say("renewal.late", {"count": extension.days})
                yield RuleLine("renewal", "late", "", text, extension.source)

    def _grounds(self) -> Iterator[RuleLine]:
        grounds = {"rejection": self.rule_set.rejection_grounds, "withdrawal": self.rule_set.withdrawal_grounds}
        for section, listed in grounds.items():
            for ground in listed:
                yield RuleLine(section, ground.id, "", self._title(ground.title), ground.source)

    def _transitions(self) -> Iterator[RuleLine]:
        for transition in self.rule_set.transitions:
            key = "/".join((*transition.of, *transition.kinds))
            subject = ", ".join([*transition.of, *self._kinds(transition.kinds)])
            yield RuleLine("transition", key, subject, self._due(transition.due), transition.source)
        for block in self.rule_set.takes_over:
            titles = {stage.id: self._title(stage.title) for stage in self.rule_set.route.stages}
            text = "\n".join(f"{stage} → {titles[target]}" for stage, target in block.stages.items())
            yield RuleLine("takes_over", "/".join(block.of), ", ".join(block.of), text, block.source)
        if self.rule_set.old_certificates is not None:
            text = self._say("old_certificates")
            yield RuleLine("transition", "old_certificates", "", text, self.rule_set.old_certificates)

    def term(self, start: date, until: date | None) -> str:
        if until is None:
            return self._say("term.from", {"start_on": start.isoformat()})
        last = until - timedelta(days=1)
        return self._say("term.from_until", {"start_on": start.isoformat(), "last_on": last.isoformat()})

    def level(self, level: str) -> str:
        code = f"level.{level}"
        return translate(self.language, code) if has_sentence(code) else level

    def _stage(self, stage: Stage) -> str:
        by = stage.submitted_by
        said = [
            self.level(stage.level),
            self._say("by.producer") if by.producer else self._say("by.level", {"level": self.level(by.level or "")}),
            self._say(f"judged.{stage.judged_by}"),
        ]
        if set(stage.kinds) != set(DossierKind):
            said.append(", ".join(self._kinds(stage.kinds)))
        if stage.can_be_switched_off:
            said.append(self._say("optional"))
        return "; ".join(said)

    def _when(self, stage: Stage, outcome: Outcome) -> str:
        if stage.judged_by == "council":
            return self._mean(outcome.when.at_least, outcome.when.below)
        return self._say(f"when.{outcome.when.verdict or 'always'}")

    def _end(self, outcome: Outcome) -> str:
        for stage in self.rule_set.route.stages:
            if stage.id == outcome.to:
                return self._title(stage.title)
        short = f"ruleset.end.{outcome.to}"
        return translate(self.language, short if has_sentence(short) else f"state.{outcome.to}")

    def _mean(self, low: Decimal | None, high: Decimal | None) -> str:
        if high is None:
            return self._say("mean.from", {"low": _number(low or Decimal(0))})
        if not low:
            return self._say("mean.below", {"high": _number(high)})
        return self._say("mean.between", {"low": _number(low), "high": _number(high)})

    def _limit_subject(self, limit: StatutoryLimit) -> str:
        steps = [step for stage in self.rule_set.route.stages if stage.id == limit.stage for step in stage.steps]
        title = next((step.title for step in steps if step.id == limit.step), limit.title)
        subject = self._title(title) if title is not None else limit.id
        return subject if set(limit.kinds) == set(DossierKind) else f"{subject} ({', '.join(self._kinds(limit.kinds))})"

    def _due(self, due: Due) -> str:
        if isinstance(due.date, Within):
            term = due.date.within
            length = self._say(f"length.{term.unit.replace(' ', '_')}", {"count": term.count})
            anchor = translate(self.language, f"anchor.{term.anchor}")
            return self._say("within", {"length": length, "anchor": anchor})
        if isinstance(due.date, By):
            return self._say("finished_by", {"last_on": due.date.by.last_day.isoformat()})
        return str(due.date)

    def _kinds(self, kinds: Sequence[DossierKind]) -> list[str]:
        return [translate(self.language, f"kind.{kind}") for kind in kinds]

    def _title(self, title: LocalText) -> str:
        return title.in_language(self.language)

    def _say(self, code: str, params: Mapping[str, Parameter] | None = None) -> str:
        return translate(self.language, f"ruleset.{code}", params)


def _number(points: Decimal) -> str:
    return f"{points.normalize():f}"


def _month_day(text: str) -> str:
    return show_date(date.fromisoformat(f"2000-{text}"))[:5]

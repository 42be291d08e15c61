"""Reading from a replayed cycle what its year would be like."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, select

from notifications.catalogue import Language, Parameter, translate
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import Audience
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.policy.year_preview import (
    DayCount,
    DayOffDue,
    LateWork,
    Load,
    Part,
    Reader,
    ReportRow,
    Risk,
    SilentRung,
    Span,
    YearPreview,
    months_between,
    tets_of,
)
from ocop_workflow.services import summary
from ocop_workflow.services.letters import act_of, subject_of
from ocop_workflow.services.obligations import DOSSIER_STEP, moments_of
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import in_both, position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    Mail,
    Notice,
    Obligation,
    PlanTask,
    Producer,
    Product,
    Report,
)


def preview_of(work: UnitOfWork, cycle: Cycle, *, seed: int) -> YearPreview:
    """Return what the year of a replayed cycle came to, up to the unit of work's `now`.

    The folder must hold this cycle alone: a mail belongs to an office, not to a cycle.
    """
    session, book = work.session, work.books.of_cycle(work.session, cycle)
    first, last = local_day(cycle.opened_at), local_day(work.now)
    months = months_between(first, last)
    kinds = _kinds_of_duty(session, cycle, book, last)
    duties = [duty for kind in kinds for duty in kind.duties]
    rungs = _rungs_by_day(session, cycle)
    return YearPreview(
        plan=cycle.plan_id,
        title=book.plan.title,
        source=book.plan.source,
        year=cycle.year,
        seed=seed,
        office=cycle.office_id,
        office_title=position_title(book.units, cycle.office_position),
        first_day=first,
        last_day=last,
        months=months,
        dossiers=summary.dossiers_by_status(session, cycle),
        stars=summary.dossiers_by_stars(session, cycle),
        tasks=len(session.exec(select(PlanTask.id).where(col(PlanTask.cycle_id) == cycle.id)).all()),
        mails=_mails_by_day(session, cycle),
        readers=_readers_by_month(session, cycle, months),
        days_off=tuple(day for day in _every_day(first, last) if not book.days.is_working_day(day)),
        tets=tets_of(first, last, days=book.days, rungs=rungs),
        rungs=rungs.total(),
        silent=tuple(silent for kind in kinds for silent in kind.silent_rungs(book, cycle)),
        due_on_days_off=tuple(met for kind in kinds for met in kind.due_on_days_off(book)),
        dated=sum(duty.due_at is not None for duty in duties),
        loads=_loads(book, duties, months, first, last),
        late=tuple(sorted((late for kind in kinds if (late := kind.late(last))), key=lambda late: -late.late.count)),
        reports=_reports(work, cycle, book),
        spans=_spans(book, kinds),
        unreachable=_unreachable(session, cycle),
    )


def risk_sentence(risk: Risk, language: Language) -> str:
    """Return a risk as people read it."""
    params: dict[str, Parameter] = {**risk.params, "count": risk.part.count, "of": risk.part.of}
    return translate(language, f"preview.risk.{risk.code}", params)


@dataclass(slots=True)
class _KindOfDuty:
    """All duties that differ only in whose they are: one step of one stage, one report duty, one task."""

    key: str
    title: LocalText
    stage: str | None
    last: date
    duties: list[Obligation] = field(default_factory=list)

    def late(self, today: date) -> LateWork | None:
        dated = [duty for duty in self.duties if duty.due_at is not None]
        by = [
            ((local_day(duty.closed_at) if duty.closed_at else today) - last_day_in_time(duty.overdue_at)).days
            for duty in dated
            if duty.overdue_at is not None
        ]
        return LateWork(self.duties[0].kind, self.key, self.title, Part(len(by), len(dated)), max(by)) if by else None

    def silent_rungs(self, book: Rulebook, cycle: Cycle) -> Iterator[SilentRung]:
        speaks: dict[str, bool] = {}
        for duty in self.duties:
            floor = max(duty.opens_at, cycle.opened_at)
            for moment in moments_of(book, duty):
                speaks[moment.rung] = speaks.get(moment.rung, False) or (moment.at >= floor and not moment.merged)
        for rung, spoke in speaks.items():
            if not spoke:
                yield SilentRung(self.key, self.title, rung, len(self.duties))

    def due_on_days_off(self, book: Rulebook) -> Iterator[DayOffDue]:
        last_days = Counter(last_day_in_time(duty.due_at) for duty in self.duties if duty.due_at is not None)
        for day, count in sorted(last_days.items()):
            if not book.days.is_working_day(day):
                yield DayOffDue(self.key, self.title, day, count)

    def span(self) -> Span:
        ends = [
            local_day(duty.closed_at) if duty.closed_at else last_day_in_time(duty.due_at) if duty.due_at else self.last
            for duty in self.duties
        ]
        fixed = {
            last_day_in_time(duty.due_at)
            for duty in self.duties
            if duty.due_at is not None
            and duty.deadline_version == 1
            and "anchor" not in duty.why_params
            and duty.why_code not in ("office_delay", "next_batch")
        }
        start = min(local_day(duty.opens_at) for duty in self.duties)
        return Span(self.key, self.title, start, max({*ends, *fixed}), tuple(sorted(fixed)))


def _kinds_of_duty(session: Session, cycle: Cycle, book: Rulebook, last: date) -> list[_KindOfDuty]:
    """Return the kinds of duties in the order of their first dates."""
    plan_ids = {row.id: row.duty_id for row in session.exec(select(Report).where(col(Report.cycle_id) == cycle.id))}
    tasks = session.exec(select(PlanTask).where(col(PlanTask.cycle_id) == cycle.id))
    plan_ids.update((row.id, row.task_id.partition(".")[0]) for row in tasks)  # a task of `each` unit is one kind
    kinds: dict[str, _KindOfDuty] = {}
    obligations = select(Obligation).where(col(Obligation.cycle_id) == cycle.id)
    for duty in session.exec(obligations.order_by(col(Obligation.opens_at), col(Obligation.due_at))):
        key = f"{duty.stage}/{duty.step}" if duty.kind == DOSSIER_STEP else plan_ids[duty.subject_id]
        if key not in kinds:
            kinds[key] = _KindOfDuty(key, _title(session, book, duty), duty.stage, last)
        kinds[key].duties.append(duty)
    return list(kinds.values())


def _title(session: Session, book: Rulebook, duty: Obligation) -> LocalText:
    subject = subject_of(session, duty.kind, duty.subject_id)
    if isinstance(subject, Report):
        return next(each.title for each in book.cycle_year.report_duties if each.id == subject.duty_id)
    if isinstance(subject, PlanTask):
        return next(each.title for each in book.cycle_year.tasks if each.id == subject.task_id)
    asked = act_of(book, duty, subject)
    return LocalText.model_validate(in_both(asked.code, asked.params))


def _spans(book: Rulebook, kinds: Iterable[_KindOfDuty]) -> tuple[Span, ...]:
    """Return a span for each stage in the order of the route, then for each report and task."""
    stages: dict[str, list[Span]] = defaultdict(list)
    others: list[Span] = []
    for kind in kinds:
        (stages[kind.stage] if kind.stage else others).append(kind.span())
    of_stages = [
        Span(
            stage.id,
            stage.title,
            min(span.start for span in stages[stage.id]),
            max(span.end for span in stages[stage.id]),
            tuple(sorted({mark for span in stages[stage.id] for mark in span.marks})),
        )
        for stage in book.rule_set.route.stages
        if stage.id in stages
    ]
    return (*of_stages, *_rounds_without_dates(book), *others)


def _rounds_without_dates(book: Rulebook) -> Iterator[Span]:
    """Yield the rounds for whose steps the plan prints no date, over the days on which they take dossiers."""
    for round_ in book.cycle_year.rounds:
        if not any(dates.due for steps in round_.stages.values() for dates in steps.values()):
            title = {
                language.value: translate(language, "preview.undated", {"round": round_.title.in_language(language)})
                for language in Language
            }
            yield Span(f"round/{round_.id}", LocalText(**title), round_.opens_on, round_.closes_on, ())


def _mails_by_day(session: Session, cycle: Cycle) -> tuple[DayCount, ...]:
    counted = Counter(local_day(mail.settled_at) for mail in _sent(session, cycle) if mail.settled_at is not None)
    return tuple(DayCount(day, count) for day, count in sorted(counted.items()))


def _readers_by_month(session: Session, cycle: Cycle, months: Iterable[str]) -> dict[str, dict[Reader, int]]:
    to_superiors = select(Notice.mail_id).where(
        col(Notice.cycle_id) == cycle.id, col(Notice.audience) == Audience.SUPERIOR, col(Notice.status) == "sent"
    )
    escalating = set(session.exec(to_superiors))
    counted = {month: dict.fromkeys(Reader, 0) for month in months}
    for mail in _sent(session, cycle):
        office = addressee_of(session, cycle.office_position, on=mail.local_date)
        if mail.recipient.startswith(f"{PRODUCER}:"):
            reader = Reader.PRODUCER
        elif office is not None and mail.recipient == office.key:
            reader = Reader.OFFICE
        else:
            reader = Reader.SUPERIOR if mail.id in escalating else Reader.OFFICIAL
        if mail.settled_at is not None:
            counted[f"{local_day(mail.settled_at):%Y-%m}"][reader] += 1
    return counted


def _sent(session: Session, cycle: Cycle) -> list[Mail]:
    sent = select(Mail).where(col(Mail.office_id) == cycle.office_id, col(Mail.status) == "sent")
    return list(session.exec(sent))


def _rungs_by_day(session: Session, cycle: Cycle) -> Counter[date]:
    """Return how many rungs were said, by the day of their moment."""
    said = select(Notice.moment_at).where(
        col(Notice.cycle_id) == cycle.id, col(Notice.rung).is_not(None), col(Notice.status) == "sent"
    )
    return Counter(local_day(at) for at in session.exec(said))


def _loads(
    book: Rulebook, duties: Iterable[Obligation], months: tuple[str, ...], first: date, last: date
) -> tuple[Load, ...]:
    """Return the open duties of every position by month, the heaviest position first."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for duty in duties:
        if duty.party.startswith(f"{PRODUCER}:"):
            continue
        begins = max(local_day(duty.opens_at), first)
        ends = min(local_day(duty.closed_at), last) if duty.closed_at else last
        counted[duty.party].update(months_between(begins, ends) if begins <= ends else ())
    loads = [
        Load(position, position_title(book.units, position), tuple(by_month[month] for month in months))
        for position, by_month in counted.items()
    ]
    return tuple(sorted(loads, key=lambda load: (-load.most, load.position)))


def _reports(work: UnitOfWork, cycle: Cycle, book: Rulebook) -> tuple[ReportRow, ...]:
    tallies = summary.reports_by_unit_and_period(work.session, cycle, now=work.now)
    rows: dict[str, dict[str, tuple[int, int, int]]] = {}
    for (unit, period), tally in tallies.items():
        rows.setdefault(unit, {})[period] = (tally.on_time, tally.late, tally.missing)
    return tuple(ReportRow(unit.id, unit.name, rows[unit.id]) for unit in book.units.units if unit.id in rows)


def _unreachable(session: Session, cycle: Cycle) -> Part:
    producers = session.exec(
        select(Producer.id, Producer.email)
        .join(Product, col(Product.producer_id) == col(Producer.id))
        .join(Dossier, col(Dossier.product_id) == col(Product.id))
        .where(col(Dossier.cycle_id) == cycle.id)
        .distinct()
    ).all()
    return Part(sum(email is None for _, email in producers), len(producers))


def _every_day(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))

"""What the demo's year came to, as tables for people and as one object for programs."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from ocop_workflow.cli.output import console, print_table
from ocop_workflow.replay import Staging
from ocop_workflow.runtime import Runtime
from ocop_workflow.services import summary as totals
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.letters import period_name
from ocop_workflow.services.links import links_of, token_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.summary import ReportTally
from ocop_workflow.storage.tables import Cycle, Dossier, Product

LINKS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """Everything the end of the demo shows."""

    plan: str
    year: int
    seed: int
    book: Rulebook
    products: int
    dossiers: dict[str, int]
    stars: dict[int, int]
    funnel: dict[str, dict[str, int]]
    obligations: dict[str, int]
    notices: dict[str, int]
    suppressed: dict[str, int]
    reports: dict[tuple[str, str], ReportTally]
    mails: int
    emls: int
    events: int
    verified: bool
    seal: str | None
    links: tuple[tuple[str, str], ...]


def summarise(runtime: Runtime, staging: Staging, *, emls: int) -> DemoSummary:
    """Read what the year came to from the folder."""
    now = runtime.business_now()
    with runtime.reading(now) as work:
        session = work.session
        cycle = find_cycle(session, f"{staging.files.plan.id}/{staging.year}")
        book = work.books.of_cycle(session, cycle)
        notices, suppressed = totals.notices_by_outcome(session, cycle)
        verdict = verify(session)
        return DemoSummary(
            plan=staging.files.plan.id,
            year=staging.year,
            seed=staging.seed,
            book=book,
            products=totals.products_count(session, cycle),
            dossiers=totals.dossiers_by_status(session, cycle),
            stars=totals.dossiers_by_stars(session, cycle),
            funnel=totals.funnel(session, cycle, book),
            obligations=totals.obligations_by_status(session, cycle),
            notices=notices,
            suppressed=suppressed,
            reports=totals.reports_by_unit_and_period(session, cycle, now=now),
            mails=totals.mails_sent(session, cycle.office_id),
            emls=emls,
            events=verdict.events,
            verified=not verdict.faults,
            seal=verdict.seal,
            links=_links(runtime, cycle),
        )


def summary_object(summary: DemoSummary, *, wall_seconds: float) -> dict[str, Any]:
    """Return the summary as one JSON object; the same seed gives the same but for the time."""
    return {
        "plan": summary.plan,
        "year": summary.year,
        "seed": summary.seed,
        "simulated": True,
        "products": summary.products,
        "dossiers": summary.dossiers,
        "stars": {str(stars): count for stars, count in summary.stars.items()},
        "funnel": summary.funnel,
        "obligations": summary.obligations,
        "notices": {**summary.notices, "suppressed_by_reason": summary.suppressed},
        "reports": asdict(totals.reports_total(summary.reports)),
        "mails": summary.mails,
        "audit": {"events": summary.events, "verified": summary.verified, "seal": summary.seal},
        "links": [path for _, path in summary.links],
        "wall_seconds": wall_seconds,
    }


def print_summary(summary: DemoSummary, *, data: Path, mail: Path, wall_seconds: float) -> None:
    """Print the summary for people."""
    _print_dossiers(summary)
    _print_reports(summary)
    print_table(
        "Notices",
        ("outcome", "notices"),
        [
            *((status, count) for status, count in summary.notices.items() if status != "suppressed"),
            *((f"suppressed: {reason}", count) for reason, count in summary.suppressed.items()),
        ],
    )
    console.print(f"{summary.mails} mails were sent over SMTP; each lies as an .eml file in {mail}", highlight=False)
    state = "verified, all as recorded" if summary.verified else "NOT as recorded; run `ocop audit verify`"
    console.print(
        f"Record: {summary.events} events, {state}; last seal {summary.seal}", highlight=False, soft_wrap=True
    )
    if summary.links:
        console.print(f"\nStatus pages: run `ocop serve --data {data}`, then open", highlight=False)
    for name, path in summary.links:
        console.print(f"  http://127.0.0.1:8000{path}   {name}", highlight=False, soft_wrap=True)
    console.print(
        f"\nThe plan ({summary.book.plan.source}) with its product chains and stages is real. What it does not print "
        f"(most days, the ladders, parts of the scoring) was chosen for this example and says so. People's behaviour "
        f"is simulated (seed {summary.seed}). {wall_seconds:.1f} seconds.",
        highlight=False,
        soft_wrap=True,
    )


def _print_dossiers(summary: DemoSummary) -> None:
    if not summary.dossiers:
        console.print(
            f"{summary.plan}, {summary.year}: no dossier was opened, since the plan has no products to open one for. "
            "Its dated tasks and reports were replayed.",
            highlight=False,
            soft_wrap=True,
        )
        return
    units, stages = summary.book.units, summary.book.rule_set.route.stages
    total = [sum(row[stage.id] for row in summary.funnel.values()) for stage in stages]
    print_table(
        f"{summary.plan}, {summary.year}: how many dossiers reached each stage",
        ("unit", *(stage.title.vi for stage in stages)),
        [
            *((units.unit(unit).name.vi, *(row[stage.id] for stage in stages)) for unit, row in summary.funnel.items()),
            ("Tổng", *total),
        ],
    )
    print_table("Dossiers by status", ("status", "dossiers"), summary.dossiers.items())
    print_table("Stars", ("stars", "dossiers"), (("★" * stars, count) for stars, count in summary.stars.items()))


def _print_reports(summary: DemoSummary) -> None:
    periods = list(dict.fromkeys(period for _, period in summary.reports))
    if not periods:
        console.print("The plan asks for no dated report in this year.", highlight=False)
        return
    print_table(
        "Reports by unit and quarter",
        ("unit", *(period_name(period) for period in periods)),
        [
            (unit.name.vi, *(_shown(summary.reports[unit.id, period]) for period in periods))
            for unit in summary.book.units.units
            if (unit.id, periods[0]) in summary.reports
        ],
        caption="in time {0.on_time}, late {0.late}, missing {0.missing}".format(totals.reports_total(summary.reports)),
    )


def _shown(tally: ReportTally) -> str:
    """Return one unit's reports of one period in words; nothing when none was due yet."""
    words = (("in time", tally.on_time), ("late", tally.late), ("MISSING", tally.missing))
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in words if count)


def _links(runtime: Runtime, cycle: Cycle) -> tuple[tuple[str, str], ...]:
    """Return three status links of dossiers that ended differently, with the product's name."""
    shown: dict[str, tuple[str, str]] = {}
    with runtime.database.reading() as session:
        rows = session.exec(
            select(Dossier, Product)
            .join(Product, col(Product.id) == col(Dossier.product_id))
            .where(col(Dossier.cycle_id) == cycle.id)
            .order_by(col(Dossier.version).desc(), col(Dossier.key))
        )
        for dossier, product in rows:
            if dossier.status not in shown and len(shown) < LINKS_SHOWN:
                token = token_of(links_of(session, dossier.id)[0], runtime.link_keys)
                shown[dossier.status] = (product.name, f"/s/{token}")
    return tuple(shown.values())

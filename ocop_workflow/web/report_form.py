"""The page of one report behind its link: what is asked, a form to send it, and what was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from notifications.catalogue import Language
from notifications.letter import Wording
from ocop_workflow.clock import local_day
from ocop_workflow.policy.report_figures import FigureValue, read_figures
from ocop_workflow.runtime import Runtime
from ocop_workflow.services.events import VersionConflictError
from ocop_workflow.services.links import open_link
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.report_page import ReportPage, report_page
from ocop_workflow.services.reports import file_report, reporter_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Report, StatusLink
from ocop_workflow.web.forms import Form
from ocop_workflow.web.rendering import Renderer
from ocop_workflow.web.voice import language_for
from state_machines.report import ReportStatus

NOTHING, SEEN, FIGURE = "nothing", "seen", "figure."
"""Fields of the form: the button "nothing to report", how many filings the sender had seen, and each figure."""


class Refusal(StrEnum):
    """Why a form was not recorded; the page says so above it."""

    FIGURES = "page.report.refused.figures"
    MEANWHILE = "page.report.refused.meanwhile"
    CLOSED = "page.report.refused.closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody has typed into the form, and what is wrong with it, by the figure's id."""

    typed: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Wording] = field(default_factory=dict)
    refusal: Refusal | None = None


class ReportForms:
    """Showing and filing reports of one data folder. Showing writes nothing (promise I8)."""

    def __init__(self, runtime: Runtime, renderer: Renderer) -> None:
        self._runtime = runtime
        self._renderer = renderer

    def show(self, request: Request, work: UnitOfWork, link: StatusLink, entry: Entry | None = None) -> Response:
        """Return the page of a report; with an entry that was refused, what was typed stays in the form."""
        page = report_page(work, work.session.get_one(Report, link.report_id), link_until=link.expires_at)
        entry = entry or Entry(_recorded(page))
        body = self._renderer.render("report", self._language(request, work, link), page=page, entry=entry)
        status = {None: HTTPStatus.OK, Refusal.FIGURES: HTTPStatus.UNPROCESSABLE_ENTITY}
        return HTMLResponse(body, status.get(entry.refusal, HTTPStatus.CONFLICT))

    def file(self, request: Request, token: str, form: Form) -> Response | None:
        """File the report that a token opens and lead back to its page; None when the token opens no report.

        A form that was sent twice is recorded once. A form whose sender had not seen the latest filing is shown again
        instead of replacing it unseen.
        """
        now = self._runtime.business_now()
        with self._runtime.reading(now) as work:
            link = self._link(work, token)
            if link is None:
                return None
            language = self._language(request, work, link)
            refused = _refused(work, link, form)
        refused = refused or self._record(token, form, now)
        if refused is None:
            return RedirectResponse(f"/s/{token}?lang={language}#recorded", HTTPStatus.SEE_OTHER)
        with self._runtime.reading(now) as work:
            return self.show(request, work, link, refused)

    def _record(self, token: str, form: Form, now: datetime) -> Entry | None:
        """Record a form that was fit to be recorded a moment ago; somebody else may have been quicker."""
        try:
            with self._runtime.transaction(now) as work:
                link = self._link(work, token)
                if link is None:
                    return Entry(_typed(form), refusal=Refusal.CLOSED)
                refused = _refused(work, link, form)
                if refused is None:
                    _file(work, link, form)
                return refused
        except VersionConflictError:
            return Entry(_typed(form), refusal=Refusal.MEANWHILE)

    def _link(self, work: UnitOfWork, token: str) -> StatusLink | None:
        link = open_link(work.session, token, keys=self._runtime.link_keys, now=work.now)
        return link if link is not None and link.report_id is not None else None

    def _language(self, request: Request, work: UnitOfWork, link: StatusLink) -> Language:
        reader = addressee_of(work.session, link.recipient, on=local_day(work.now))
        return language_for(request, reader.language if reader else None)


def _refused(work: UnitOfWork, link: StatusLink, form: Form) -> Entry | None:
    """Return the entry to show again, with the reason, or None when the form can be recorded."""
    page = report_page(work, work.session.get_one(Report, link.report_id), link_until=link.expires_at)
    typed = _typed(form)
    if not page.can_file:
        return Entry(typed, refusal=Refusal.CLOSED)
    figures, faults = _figures(page, form)
    if faults:
        return Entry(typed, faults, Refusal.FIGURES)
    if form.get(SEEN) != str(len(page.filings)) and not _is_recorded(work, link, figures):
        return Entry(typed, refusal=Refusal.MEANWHILE)
    return None


def _file(work: UnitOfWork, link: StatusLink, form: Form) -> None:
    report = work.session.get_one(Report, link.report_id)
    page = report_page(work, report, link_until=link.expires_at)
    figures, _ = _figures(page, form)
    if not _is_recorded(work, link, figures):
        evidence = {"link": link.id}
        file_report(work, report, actor=reporter_of(work, report), figures=figures, evidence=evidence)


def _is_recorded(work: UnitOfWork, link: StatusLink, figures: Mapping[str, FigureValue] | None) -> bool:
    """Return whether this is what stands recorded already; what was returned is owed anew in any case."""
    report = work.session.get_one(Report, link.report_id)
    recorded = ReportStatus.NOTHING_TO_REPORT if figures is None else ReportStatus.SUBMITTED
    return report.submitted_at is not None and report.status == recorded and report.figures == figures


def _figures(page: ReportPage, form: Form) -> tuple[dict[str, FigureValue] | None, dict[str, Wording]]:
    if NOTHING in form:
        return None, {}
    given = {figure.id: form.get(f"{FIGURE}{figure.id}", "") for figure in page.figures}
    figures, faults = read_figures(page.figures, given)
    return figures, {fault.figure: Wording(fault.code, fault.params) for fault in faults}


def _typed(form: Form) -> dict[str, str]:
    return {name.removeprefix(FIGURE): value for name, value in form.items() if name.startswith(FIGURE)}


def _recorded(page: ReportPage) -> dict[str, str]:
    """Return what stands recorded, as the form is to begin with."""
    receipt = page.receipt
    return {figure.id: value for figure, value in (receipt.figures or ())} if receipt else {}

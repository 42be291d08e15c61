"""The pages: a dossier, a report or a calendar behind its link, asking for a new link, and what stands around."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from ocop_workflow.clock import local_day
from ocop_workflow.runtime import Runtime
from ocop_workflow.services.link_requests import resend_links
from ocop_workflow.services.links import log_access, open_link
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.status_page import status_page
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, StatusLink
from ocop_workflow.web.feed import answer_feed
from ocop_workflow.web.forms import Form, form_of
from ocop_workflow.web.opinion_form import OpinionForms
from ocop_workflow.web.page_headers import PAGE_HEADERS
from ocop_workflow.web.rendering import Renderer
from ocop_workflow.web.report_form import ReportForms
from ocop_workflow.web.request_rate import WINDOW_SECONDS, RequestRate
from ocop_workflow.web.voice import language_for

FORMS_A_MINUTE = 5
"""How many forms one client address may send in a minute."""

LARGEST_FORM_BYTES = 4096
LARGEST_REPORT_BYTES = 65536

STYLE_LIFE_SECONDS = 365 * 24 * 3600
"""The style sheet's address holds its version, so a browser may keep it."""


async def address_asked(request: Request) -> str:
    """Return the e-mail address of the form; "" when it is missing or the form is too large."""
    return (await form_of(request, most_bytes=LARGEST_FORM_BYTES)).get("email", "").strip()


async def report_sent(request: Request) -> Form:
    """Return the fields of a report's form; none when it is too large."""
    return await form_of(request, most_bytes=LARGEST_REPORT_BYTES)


class Pages:
    """The routes of one data folder. A GET writes nothing but the access log (promise I8)."""

    def __init__(self, runtime: Runtime, renderer: Renderer) -> None:
        self._runtime = runtime
        self._renderer = renderer
        self._rate = RequestRate(FORMS_A_MINUTE)
        self._reports = ReportForms(runtime, renderer)
        self._opinions = OpinionForms(runtime, renderer)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        reading = ["GET", "HEAD"]
        router.add_api_route("/", self.home, methods=reading)
        router.add_api_route("/healthz", self.healthz, methods=reading)
        router.add_api_route("/static/style.css", self.style, methods=reading)
        router.add_api_route("/s/new", self.new_link, methods=["POST"])
        router.add_api_route("/s/{token}", self.status, methods=reading)
        router.add_api_route("/s/{token}", self.send, methods=["POST"])
        router.add_api_route("/f/{token}.ics", self.feed, methods=reading)
        return router

    def home(self, request: Request) -> Response:
        """Say what this is."""
        return self._page(request, "home")

    def healthz(self) -> Response:
        """Answer that the process is there."""
        return PlainTextResponse("ok")

    def style(self, request: Request) -> Response:
        """Answer with the style sheet, or that the browser's copy is still good."""
        headers = {
            "ETag": f'"{self._renderer.style_digest}"',
            "Cache-Control": f"public, max-age={STYLE_LIFE_SECONDS}, immutable",
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(self._renderer.style, media_type="text/css", headers=headers)

    def status(self, request: Request, token: str) -> Response:
        """Show the dossier or report that a token opens; the fetch is logged after the answer, in its own transaction.

        Made-up, revoked and expired tokens all end in `not_found`.
        """
        now = self._runtime.business_now()
        with self._runtime.reading(now) as work:
            link = open_link(work.session, _readable(token), keys=self._runtime.link_keys, now=now)
            if link is None:
                return self.not_found(request)
            answer = self._dossier(request, work, link) if link.dossier_id else self._reports.show(request, work, link)
        answer.background = BackgroundTask(self._log_access, link, now)
        return answer

    def send(self, request: Request, token: str, form: Annotated[Form, Depends(report_sent)]) -> Response:
        """Take the report or the written opinion that a token asks for; one that asks for none ends in `not_found`."""
        readable = _readable(token)
        answer = self._reports.file(request, readable, form) or self._opinions.answer(request, readable, form)
        return answer or self.not_found(request)

    def feed(self, request: Request, token: str) -> Response:
        """Answer with the calendar that a token opens; a token that opens none ends in `not_found` too."""
        return answer_feed(self._runtime, request, _readable(token)) or self.not_found(request)

    def _dossier(self, request: Request, work: UnitOfWork, link: StatusLink) -> Response:
        asking = self._opinions.show(request, work, link)
        if asking is not None:
            return asking
        page = status_page(work, work.session.get_one(Dossier, link.dossier_id))
        reader = addressee_of(work.session, link.recipient, on=local_day(work.now))
        language = language_for(request, reader.language if reader else None)
        return HTMLResponse(self._renderer.render("status", language, page=page))

    def new_link(self, request: Request, address: Annotated[str, Depends(address_asked)]) -> Response:
        """Plan mails with the links of an address; the answer is the same for every address.

        They are planned after the answer, so that its time tells nothing either. In a simulated folder nothing is
        planned, since time stands still there.
        """
        client = request.client.host if request.client else ""
        if not self._rate.allows(client, now=self._runtime.clock.now()):
            wait = {"Retry-After": str(WINDOW_SECONDS)}
            return self._page(request, "too_many", status=HTTPStatus.TOO_MANY_REQUESTS, headers=wait)
        answer = self._page(request, "link_asked")
        if not self._runtime.simulated:
            answer.background = BackgroundTask(self._resend_links, address)
        return answer

    def not_found(self, request: Request, _error: Exception | None = None) -> Response:
        """Answer for whatever is not here, the same bytes each time, with the form that asks for a new link."""
        return self._page(request, "not_found", status=HTTPStatus.NOT_FOUND)

    def failed(self, request: Request, _error: Exception) -> Response:
        """Answer when something broke; the server's log has the cause. No middleware reaches this answer."""
        return self._page(request, "failed", status=HTTPStatus.INTERNAL_SERVER_ERROR, headers=PAGE_HEADERS)

    def _page(
        self,
        request: Request,
        template: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> Response:
        body = self._renderer.render(template, language_for(request))
        return HTMLResponse(body, status_code=status, headers=headers)

    def _log_access(self, link: StatusLink, now: datetime) -> None:
        with self._runtime.database.transaction() as session:
            log_access(session, link, now=now)

    def _resend_links(self, address: str) -> None:
        with self._runtime.transaction(self._runtime.business_now()) as work:
            resend_links(work, address)


def _readable(token: str) -> str:
    """Return a token that every database can look for: PostgreSQL refuses a NUL instead of finding nothing."""
    return token if token.isprintable() else ""

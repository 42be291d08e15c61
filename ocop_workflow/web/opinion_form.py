"""The page on which a council member answers in writing, behind the own link: shown by GET, recorded by POST."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from notifications.catalogue import Language
from ocop_workflow.clock import local_day
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.consultation import Answer
from ocop_workflow.runtime import Runtime
from ocop_workflow.services.consultation_answers import Reply, give_opinion
from ocop_workflow.services.events import VersionConflictError
from ocop_workflow.services.links import open_link
from ocop_workflow.services.opinion_page import opinion_page
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.refused_acts import record_refused_act
from ocop_workflow.services.source_labels import tell_in
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, StatusLink
from ocop_workflow.web.forms import Form
from ocop_workflow.web.rendering import Renderer
from ocop_workflow.web.voice import language_for

ANSWER, WORDS = "answer", "words"
"""Fields of the form."""

COMMAND = "dossier consultation answer"
"""By which name a refused answer stands on record: that of the command by which officials enter one."""

MOST_WORDS = 2000
"""Characters of an answer's words that are kept."""


class OpinionForms:
    """Showing and taking written opinions of one data folder. Showing writes nothing (promise I8)."""

    def __init__(self, runtime: Runtime, renderer: Renderer) -> None:
        self._runtime = runtime
        self._renderer = renderer

    def show(
        self, request: Request, work: UnitOfWork, link: StatusLink, *, form: Form | None = None, refusal: str = ""
    ) -> Response | None:
        """Return the page that asks the link's party, or None when it is asked nothing now.

        What was typed into a form that was refused stays in it, and the refusal stands above.
        """
        page = opinion_page(work, work.session.get_one(Dossier, link.dossier_id), recipient=link.recipient)
        if page is None:
            return None
        language = self._language(request, work, link)
        body = self._renderer.render("opinion", language, page=page, form=form or {}, refusal=refusal, answers=Answer)
        return HTMLResponse(body, HTTPStatus.CONFLICT if refusal else HTTPStatus.OK)

    def answer(self, request: Request, token: str, form: Form) -> Response | None:
        """Record the answer of the member whom a token's link asks and lead back; None when it asks nobody now."""
        now = self._runtime.business_now()
        with self._runtime.reading(now) as work:
            link = self._link(work, token)
            if link is None or self.show(request, work, link) is None:
                return None
            language = self._language(request, work, link)
        try:
            self._record(token, form)
        except (RefusedError, VersionConflictError) as error:
            if isinstance(error, RefusedError):
                self._put_on_record(link, error)
                tell_in(error, language)
            with self._runtime.reading(now) as work:
                return self.show(request, work, link, form=form, refusal=str(error))
        return RedirectResponse(f"/s/{token}?lang={language}#recorded", HTTPStatus.SEE_OTHER)

    def _record(self, token: str, form: Form) -> None:
        with self._runtime.transaction(self._runtime.business_now()) as work:
            link = self._link(work, token)
            dossier = work.session.get_one(Dossier, link.dossier_id) if link is not None else None
            page = opinion_page(work, dossier, recipient=link.recipient) if link is not None and dossier else None
            if link is None or dossier is None or page is None or form.get(ANSWER) not in set(Answer):
                return
            words = form.get(WORDS, "").strip()[:MOST_WORDS]
            reply = Reply(page.member, Answer(form[ANSWER]), words or None, link=link.id)
            give_opinion(work, dossier, reply, actor=link.recipient)

    def _put_on_record(self, link: StatusLink, refusal: RefusedError) -> None:
        with self._runtime.transaction(self._runtime.business_now()) as work:
            dossier = work.session.get_one(Dossier, link.dossier_id)
            record_refused_act(work, dossier, refusal, command=COMMAND, actor=link.recipient)

    def _link(self, work: UnitOfWork, token: str) -> StatusLink | None:
        link = open_link(work.session, token, keys=self._runtime.link_keys, now=work.now)
        return link if link is not None and link.dossier_id is not None else None

    def _language(self, request: Request, work: UnitOfWork, link: StatusLink) -> Language:
        reader = addressee_of(work.session, link.recipient, on=local_day(work.now))
        return language_for(request, reader.language if reader else None)

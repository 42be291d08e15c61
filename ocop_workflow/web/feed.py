"""The calendar of one official behind its link, as programs poll it."""

from hashlib import sha256
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from ocop_workflow.runtime import Runtime
from ocop_workflow.services.calendar_feed import calendar_feed
from ocop_workflow.services.feed_links import open_feed_link
from ocop_workflow.storage.tables import Official

MEDIA_TYPE = "text/calendar; charset=utf-8"


def answer_feed(runtime: Runtime, request: Request, token: str) -> Response | None:
    """Return the calendar that a token opens, or that the program's copy is still good; None for a dead link.

    A program may keep its copy but has to ask each time, so that a revoked link ends at once. Fetches are not logged:
    a program polls by the hour, whether anybody looks or not.
    """
    now = runtime.business_now()
    with runtime.reading(now) as work:
        link = open_feed_link(work.session, token, keys=runtime.link_keys, now=now)
        if link is None:
            return None
        official = work.session.get_one(Official, link.official_id)
        content = calendar_feed(work, official, simulated=runtime.simulated)
    headers = {"ETag": f'"{sha256(content).hexdigest()}"', "Cache-Control": "private, no-cache"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type=MEDIA_TYPE, headers=headers)

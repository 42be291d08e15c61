"""Reading the fields of a form that a browser sent."""

from urllib.parse import parse_qsl

from starlette.requests import Request

MOST_FIELDS = 200

Form = dict[str, str]
"""The fields by name; of a name sent twice the first one counts."""


async def form_of(request: Request, *, most_bytes: int) -> Form:
    """Return the fields of a form (`application/x-www-form-urlencoded`); none when it is too large or unreadable."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            return {}
    try:
        fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(fields))

"""What every page of the experts goes out with, and how what comes back is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

HOSTS = ("127.0.0.1", "localhost")
SCRIPT = "application/json"  # what the page's script accepts; a browser asks for HTML
LARGEST_FORM = 10_000  # bytes
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # the pictures are not to stay behind in the browser
}
STATIC = {"rating.css": "text/css", "rating.js": "text/javascript"}


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form or JSON object, all text. Raises `HTTPException` for anything else, or for too much."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise HTTPException(413)
    try:
        text = body.decode("utf-8")
        if request.headers.get("content-type", "").startswith("application/json"):
            fields = json.loads(text)
        else:
            fields = dict(parse_qsl(text))
    except ValueError as error:
        raise HTTPException(400) from error
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise HTTPException(400)
    return fields


def sentence(error: Exception) -> str:
    """A message as a sentence of its own."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."

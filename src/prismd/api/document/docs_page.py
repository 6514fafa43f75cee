"""The API as a page to read and to try: Swagger UI from an installed package, with nothing from other servers."""

from __future__ import annotations

import functools
from html import escape
from typing import Any, Final

from litestar import Request, Response, get
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped] # it brings no types

from prismd.api.document.openapi import TITLE, document
from prismd.api.http.errors import respond
from prismd.api.http.injected import PathPart
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.settings import Settings

#: Scripts and styles only from this server, none inline, no `eval`; requests only to this server; no frames.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
#: The files change only with prismd's version.
_FILE_HEADERS: Final = {"cache-control": "public, max-age=3600"}

#: A key that somebody enters to try the API stays in the page, and is gone when the page closes.
_START: Final = """\
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
#: The media types of the files beside the page, by name.
_FILES: Final = {
    "start.js": "text/javascript",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}


@get("/openapi.json", sync_to_thread=False)
def get_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Answer the OpenAPI document, with the limits of this server."""
    settings: Settings = request.app.state.runtime.settings
    return respond(Answer(200, encode(document(settings)), {"cache-control": "no-cache"}))


@get("/docs", sync_to_thread=False)
def get_page() -> Response[str]:
    """Answer the page."""
    return Response(page(), media_type="text/html", headers=_PAGE_HEADERS)


@get("/docs/{name:str}", sync_to_thread=False)
def get_page_file(name: PathPart) -> Response[bytes]:
    """Answer a file that the page loads.

    Raises:
        PrismdError: ``not_found``: the page has no such file.
    """
    if name not in _FILES:
        raise PrismdError("not_found", f"/docs has no file of that name (known: {', '.join(_FILES)})")
    return Response(_content(name), media_type=_FILES[name], headers=_FILE_HEADERS)


@functools.cache
def page() -> str:
    """Return the page, whose script reads the OpenAPI document."""
    title = escape(TITLE)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title} API</title><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="docs/swagger-ui.css"></head>'
        '<body><noscript>Without scripts, read <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</noscript>'
        '<div id="reference"></div><script src="docs/swagger-ui-bundle.js"></script>'
        '<script src="docs/start.js"></script></body></html>\n'
    )


@functools.cache
def _content(name: str) -> bytes:
    if name == "start.js":
        return _START.encode()
    content: bytes = (swagger_ui_path / name).read_bytes()
    return content

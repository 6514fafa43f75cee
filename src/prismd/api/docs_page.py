"""The API as a page to read: one HTML document made on the server, without script or anything from elsewhere."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from litestar import Response, get

from prismd.api.errors import respond
from prismd.api.openapi import document
from prismd.core.json_text import encode
from prismd.services.idempotency import Answer

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --dim: #888; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
nav ul { columns: 2; padding-left: 1.2rem; } code { font-size: .9em; overflow-wrap: anywhere; }
section { margin: 2rem 0; } table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); }
th { color: var(--dim); font-weight: 500; } .method { font-weight: 700; }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@get("/openapi.json", sync_to_thread=False)
def get_document() -> Response[bytes]:
    """Answer the OpenAPI document."""
    return respond(Answer(200, encode(document()), {}))


@get("/docs", sync_to_thread=False)
def get_page() -> Response[str]:
    """Answer the API as a page to read."""
    return Response(page(), media_type="text/html", headers={"content-security-policy": _POLICY})


@functools.cache
def page() -> str:
    """Return the page, written from the OpenAPI document."""
    described = document()
    info = described["info"]
    body = "".join((*_contents(described), *_operations(described), *_shapes(described)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1><p>{_prose(info['description'])}</p>"
        '<p>For machines: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). '
        "Send your API key in the header <code>x-api-key</code>.</p>"
        f"{body}</body></html>\n"
    )


def _each(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _contents(described: dict[str, Any]) -> Iterator[str]:
    yield "<nav><ul>"
    for _, _, operation in _each(described):
        yield f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"])}</a></li>'
    yield "</ul></nav>"


def _operations(described: dict[str, Any]) -> Iterator[str]:
    tag = None
    for method, path, operation in _each(described):
        if operation["tags"][0] != tag:
            tag = operation["tags"][0]
            yield f"<h2>{escape(tag)}</h2>"
        yield f'<section id="{operation["operationId"]}"><h3>{escape(operation["summary"])}</h3>'
        yield f'<p><code><span class="method">{method}</span> {escape(path)}</code></p>'
        yield f"<p>{_prose(operation.get('description', ''))}</p>" if operation.get("description") else ""
        yield from _parameters(operation)
        if "requestBody" in operation:
            yield f"<p>Body: {_type(operation['requestBody']['content']['application/json']['schema'])}</p>"
        yield from _answers(operation)
        yield "</section>"


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    if not operation["parameters"]:
        return
    yield "<table><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr>"
    for one in operation["parameters"]:
        cells = (f"<code>{escape(one['name'])}</code>", one["in"], _type(one["schema"]), _prose(one["description"]))
        yield _row(cells)
    yield "</table>"


def _answers(operation: dict[str, Any]) -> Iterator[str]:
    yield "<table><tr><th>Status</th><th>Body</th><th>Meaning</th></tr>"
    for status, answer in operation["responses"].items():
        json = answer.get("content", {}).get("application/json")
        headers = [f"<code>{escape(name)}</code>" for name in answer["headers"] if name != "x-request-id"]
        meaning = _prose(answer["description"]) + (f" Headers: {', '.join(headers)}" if headers else "")
        yield _row((status, _type(json["schema"]) if json else "", meaning))
    yield "</table>"


def _shapes(described: dict[str, Any]) -> Iterator[str]:
    yield "<h2>Shapes</h2>"
    for name, schema in sorted(described["components"]["schemas"].items()):
        yield f'<section id="shape-{escape(name)}"><h3>{escape(name)}</h3>'
        yield f"<p>{_prose(schema.get('description', ''))}</p>"
        yield "<table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>"
        required = schema.get("required", ())
        for field, inner in schema.get("properties", {}).items():
            optional = "" if field in required else " (optional)"
            yield _row((f"<code>{escape(field)}</code>{optional}", _type(inner), _prose(_meaning(inner))))
        yield "</table></section>"


def _row(cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _meaning(schema: dict[str, Any]) -> str:
    inner = (one.get("description", "") for one in schema.get("anyOf", ()))
    return str(schema.get("description") or next(filter(None, inner), ""))


def _type(schema: dict[str, Any]) -> str:
    """Return a JSON Schema in a few words, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {}))}"
    if isinstance(values := schema.get("additionalProperties"), dict) and values:
        return f"object of {_type(values)}"
    return escape(str(schema.get("format") or schema.get("type") or "any"))


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))

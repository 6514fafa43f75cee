"""The OpenAPI 3.1 document, made from the table of operations and from the shapes that the API really sends."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from prismd.api.document.operation import Operation, Parameter, Reply
from prismd.api.document.operations import OPERATIONS
from prismd.api.document.shapes import ErrorEnvelope
from prismd.api.http.strict_shapes import LOOKING_OVER
from prismd.api.imports.events import EVENT_STREAM
from prismd.core.errors import HTTP_STATUS
from prismd.core.mapping.document_schema import described
from prismd.settings import Settings

Document = dict[str, Any]

TITLE: Final = "prismd"
#: Version of the public contract that the document describes.
API_VERSION: Final = "2.0.0"

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_REQUEST_ID: Final = {"x-request-id": {"description": "Id of the request.", "schema": {"type": "string"}}}
#: A stream of events is described by the shape of one event.
_EVENT: Final = {"type": "object", "properties": {name: {"type": "string"} for name in ("event", "id", "data")}}
_ABOUT: Final = """\
A self-hosted server for the Prism records API, built around bulk imports. Every answer carries `x-request-id`; every
answer that is not a success has the body `ErrorEnvelope`.\
"""


_DEFAULTS: Final = Settings()
#: What :func:`prismd.core.json.shapes.in_force` writes.
_SETTING: Final = re.compile(r"\{setting:(\w+)\}")


@functools.cache
def document(settings: Settings = _DEFAULTS) -> Document:
    """Return the document of a server.

    Args:
        settings: Those in force, by whose values the document shows limits.
    """
    schemas = _Schemas(OPERATIONS)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    described: Document = _with_values(settings, _whole(paths, schemas))
    return described


def _whole(paths: Document, schemas: _Schemas) -> Document:
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": API_VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"apiKey": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in OPERATIONS)],
        "paths": paths,
        "components": {
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": schemas.components,
        },
    }


def _with_values(settings: Settings, part: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Return a part of the document with the values of settings where it names these."""
    if isinstance(part, dict):
        return {name: _with_values(settings, inner) for name, inner in part.items()}
    if isinstance(part, list | tuple):
        return [_with_values(settings, inner) for inner in part]
    if not isinstance(part, str):
        return part
    alone = _SETTING.fullmatch(part)
    return getattr(settings, alone[1]) if alone else _SETTING.sub(lambda one: f"{getattr(settings, one[1]):,}", part)


class _Schemas:
    """The JSON Schemas of all shapes, and the schema of each type."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        shapes: list[Any] = [ErrorEnvelope]
        for operation in operations:
            shapes += [operation.body, *(one for reply in operation.replies for one in _alternatives(reply.shape))]
        types = list(dict.fromkeys(shape for shape in shapes if shape is not None))
        with LOOKING_OVER:
            schemas, self.components = msgspec.json.schema_components(types, ref_template=_REF)
        described(self.components)
        self._of = dict(zip(types, schemas, strict=True))

    def of(self, shape: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any type that msgspec can describe
        schemas = [self._of[one] for one in _alternatives(shape)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _alternatives(shape: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    return shape if isinstance(shape, tuple) else (shape,)


def _operation(operation: Operation, schemas: _Schemas) -> Document:
    described: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [_parameter(parameter) for parameter in operation.all_parameters()],
        "responses": _responses(operation, schemas),
    }
    if operation.description:
        described["description"] = operation.description
    described["security"] = [{"apiKey": [scope.value]} for scope in operation.scopes]
    if operation.body is not None or operation.raw_body:
        content: Document = {} if operation.body is None else {_JSON: {"schema": schemas.of(operation.body)}}
        content |= {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in operation.raw_body}
        described["requestBody"] = {"required": operation.body_required, "content": content}
    return described


def _parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.required,
        "description": parameter.meaning,
        "schema": dict(parameter.schema),
    }


def _responses(operation: Operation, schemas: _Schemas) -> Document:
    responses = {str(reply.status): _success(reply, schemas) for reply in operation.replies}
    by_status: dict[int, list[str]] = {}
    for code in operation.all_errors():
        by_status.setdefault(HTTP_STATUS[code], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": ", ".join(f"`{code}`" for code in codes),
            "headers": _REQUEST_ID,
            "content": {_JSON: {"schema": schemas.of(ErrorEnvelope)}},
        }
    return responses


def _success(reply: Reply, schemas: _Schemas) -> Document:
    headers = {name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in reply.headers.items()}
    response: Document = {"description": reply.meaning, "headers": {**_REQUEST_ID, **headers}}
    content = {} if reply.shape is None else {_JSON: {"schema": schemas.of(reply.shape)}}
    content |= {
        media_type: {"schema": _EVENT if media_type == EVENT_STREAM else {"type": "string"}}
        for media_type in reply.texts
    }
    return {**response, "content": content} if content else response

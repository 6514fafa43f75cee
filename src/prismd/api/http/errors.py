"""The one error envelope, for errors of prismd, of the framework and of PostgreSQL (contract, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg
import structlog
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from msgspec import UNSET

from prismd.api.document.shapes import ErrorBody, ErrorEnvelope, FieldError
from prismd.api.http.scope_keys import REQUEST_ID
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.store.connections.faults import Fault, fault_of

JSON: Final = "application/json"
_RETRY_SOON_S: Final = 1
# Headers that HTTP requires with an error. The middleware adds ``Allow`` to a 405, because it knows the path.
_STANDARD_HEADERS: Final = {"unauthorized": {"www-authenticate": "x-api-key"}}
_SERVER_FAULT: Final = 500
#: The framework reports a client that leaves before its body is complete as a server error with this text.
_CLIENT_LEFT: Final = "client disconnected prematurely"

_log = structlog.get_logger()


def request_id_of(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the id of a request, which its answer carries in ``x-request-id``."""
    scope: Any = request.scope  # has a key of prismd in addition to those of ASGI
    return str(scope[REQUEST_ID])


def _path_of(request: Request[Any, Any, Any]) -> str:
    # Show the path that the client wrote, not the path that it was rewritten to for routing.
    return request.scope["raw_path"].decode("latin-1")


def internal_error() -> PrismdError:
    """Return the error for a fault of the server; its details go only to the log."""
    return PrismdError("internal_error", "Internal error")


def refusal(error: PrismdError, request_id: str) -> Answer:
    """Return the answer that reports an error.

    Args:
        error: The error.
        request_id: Id of the request; the body and the header ``x-request-id`` both carry it.
    """
    problems = [
        FieldError(field=_sendable(one.field), message=_sendable(one.message), code=one.code) for one in error.problems
    ]
    body = ErrorBody(
        code=error.code,
        message=_sendable(error.message),
        request_id=request_id,
        errors=problems or UNSET,
        details=dict(error.details) if error.details else UNSET,
    )
    headers = {"x-request-id": request_id, **_STANDARD_HEADERS.get(error.code, {}), **_retry_headers(error)}
    return Answer(error.status, encode(ErrorEnvelope(error=body)), headers)


def respond(answer: Answer, extra_headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return an answer as a response of the framework.

    Args:
        answer: A JSON body with status and headers.
        extra_headers: Headers of this response that are not part of the stored answer.
    """
    headers = {**answer.headers, **(extra_headers or {})}
    media_type = JSON if answer.body else None
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=media_type)


def _retry_headers(error: PrismdError) -> dict[str, str]:
    wait_s = error.retry_after_s
    if wait_s is None and error.code == "service_unavailable":
        wait_s = _RETRY_SOON_S
    headers = {} if wait_s is None else {"retry-after": str(wait_s)}
    if error.status == 409:  # noqa: PLR2004 - clients of 0.8.0 repeat a 409 unasked, which helps only while it is in progress
        headers["x-should-retry"] = "true" if error.code == "idempotency_key_in_progress" else "false"
    return headers


def _sendable(text: str) -> str:
    # JSON cannot carry an unpaired surrogate, and a message may quote a text that has one.
    return text.encode(errors="backslashreplace").decode()


def _on_refusal(request: Request[Any, Any, Any], error: PrismdError) -> Response[bytes]:
    return respond(refusal(error, request_id_of(request)))


def _on_database_error(request: Request[Any, Any, Any], error: psycopg.Error) -> Response[bytes]:
    fault = fault_of(error)
    if fault is Fault.OTHER:
        return _on_fault(request, error)
    reason = str(error).strip()
    _log.warning("the database did not serve a request", fault=fault.name, reason=reason)
    if fault is Fault.TOO_LARGE:
        said = error.diag.message_primary or reason
        refused = PrismdError(
            "invalid_request", f"The request asks for more than PostgreSQL can do: {said}; ask for less"
        )
    else:
        refused = PrismdError(*_AWAY[fault])
    return respond(refusal(refused, request_id_of(request)))


_AWAY: Final = {
    Fault.OUTAGE: ("service_unavailable", "The database cannot be reached at the moment; try again"),
    Fault.TOO_LONG: ("query_timeout", "The database took longer for this than it may; ask for less, or try again"),
    Fault.TOO_COSTLY: (
        "service_unavailable",
        "The database has not the memory or the room that this takes at the moment; ask for less, or try again",
    ),
}


def _on_framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code >= _SERVER_FAULT and error.detail != _CLIENT_LEFT:
        return _on_fault(request, error)
    extra = {name.lower(): value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    if allowed := extra.get("allow"):
        extra["allow"] = allowed.replace("GET", "GET, HEAD")
    return respond(refusal(_meaning(request, error), request_id_of(request)), extra)


def _meaning(request: Request[Any, Any, Any], error: HTTPException) -> PrismdError:
    method, path = request.scope["method"], _path_of(request)
    if error.status_code == 404:  # noqa: PLR2004 - the status that the framework gives to unknown routes
        return PrismdError("not_found", f"There is no route {method} {path}; /docs lists those there are")
    if error.status_code == 405:  # noqa: PLR2004 - as above, for unknown methods of known routes
        return PrismdError("method_not_allowed", f"{path} does not take {method}; the header Allow lists what it does")
    if error.status_code == 413:  # noqa: PLR2004 - as above, for bodies above the limit of their route
        bytes_max = request.route_handler.resolve_request_max_body_size()
        message = f"The body is larger than {bytes_max} bytes; send it in several requests"
        return PrismdError("payload_too_large", message)
    return PrismdError("invalid_request", f"The request cannot be read: {error.detail}")


def _on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("a request failed unexpectedly", exc_info=error, method=request.scope["method"], path=_path_of(request))
    return respond(refusal(internal_error(), request_id_of(request)))


#: Kind of exception -> the function that answers it.
EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    PrismdError: _on_refusal,
    HTTPException: _on_framework_error,
    psycopg.Error: _on_database_error,
    Exception: _on_fault,
}

"""Parameters of the query string that an operation does not have: refused, and never ignored (contract, section 8)."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from prismd.api.http.handling import operation_of
from prismd.core.json.unknown_members import refuse_unknown


async def known_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request pass whose query string says nothing that its operation does not take.

    Raises:
        PrismdError: ``invalid_request``: a parameter means nothing here.
    """
    scope: Any = connection.scope
    if scope["query_string"] and not (asked := operation_of(handler)).any_parameter:
        known = tuple(one.name for one in asked.parameters if one.place == "query")
        refuse_unknown(connection.query_params, known, ".query", "the query string")

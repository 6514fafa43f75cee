"""Refuses parameters of the query string that an operation does not know; they are never ignored (contract, 8)."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from prismd.api.http.handling import operation_of
from prismd.core.json.unknown_members import refuse_unknown


async def known_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a query string that has a parameter unknown to the operation.

    Raises:
        PrismdError: ``invalid_request``: a parameter is unknown.
    """
    scope: Any = connection.scope
    if scope["query_string"] and not (asked := operation_of(handler)).any_parameter:
        known = tuple(one.name for one in asked.parameters if one.location == "query")
        refuse_unknown(connection.query_params, known, ".query", "the query string")

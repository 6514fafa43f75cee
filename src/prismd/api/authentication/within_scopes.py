"""Whether the key of a request is good for what it asks, as the table of operations says."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from prismd.api.http.handling import operation_of
from prismd.api.http.paths import decoded
from prismd.core.api_keys.scopes import missing_scope
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.services.api_keys.authentication import Caller


async def within_scopes(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request pass whose key may do what its operation does; stands behind the check of keys.

    Of an operation on imports the object type is known only once the import is read, so whoever reads it looks again.

    Raises:
        PrismdError: ``missing_scope``.
    """
    asked = operation_of(handler)
    caller: Caller = connection.state.caller
    named = connection.path_params.get("object_type")
    object_type = None if named is None else decoded(named)
    # Of a type that there is not, the handler has more to say.
    typed_elsewhere = asked.typed_by_job or (named is not None and object_type not in OBJECT_TYPES)
    if not typed_elsewhere:
        caller.scopes.require(asked.scopes, object_type)
    elif not caller.scopes.allow_some(asked.scopes):
        raise missing_scope(asked.scopes, None)

"""The check of scopes: the key of a request must have a scope that its operation requires."""

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
    """Admit a request whose key has a scope of the operation; runs after the check of keys.

    The object type of an operation on an import is known only after the import is read, so the handler checks again.

    Raises:
        PrismdError: ``missing_scope``.
    """
    asked = operation_of(handler)
    caller: Caller = connection.state.caller
    named = connection.path_params.get("object_type")
    object_type = None if named is None else decoded(named)
    # For an unknown object type the handler has a better error message.
    typed_elsewhere = asked.typed_by_job or (named is not None and object_type not in OBJECT_TYPES)
    if not typed_elsewhere:
        caller.scopes.require(asked.scopes, object_type)
    elif not caller.scopes.allow_some(asked.scopes):
        raise missing_scope(asked.scopes, None)

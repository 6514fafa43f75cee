"""Parameters of the query string that an operation does not have: refused, and never ignored (contract, section 8)."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from prismd.api.operations import OPERATIONS
from prismd.core.unknown_members import refuse_unknown

_PART: Final = re.compile(r"{(\w+)(?::\w+)?}")


async def known_parameters(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Let a request pass whose query string says nothing that its operation does not take.

    Raises:
        PrismdError: ``invalid_request``: a parameter means nothing here.
    """
    scope: Any = connection.scope
    if scope["query_string"]:
        known = _known().get((scope["method"], _shape_of(scope["path_template"])))
        if known is not None:
            refuse_unknown(connection.query_params, known, ".query", "the query string")


@functools.cache
def _known() -> Mapping[tuple[str, str], tuple[str, ...] | None]:
    """Return the parameters of each operation by method and path; None where any name can mean something."""
    return {
        (operation.method, _shape_of(operation.path)): None
        if operation.any_parameter
        else tuple(one.name for one in operation.parameters if one.place == "query")
        for operation in OPERATIONS
    }


def _shape_of(path: str) -> str:
    """Return a path in which all parameters have one name, as the table and the routes name them differently."""
    return _PART.sub("{}", path)

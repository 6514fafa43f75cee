"""Which operation a request asks for: the row of the table that has its method and path."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from litestar.connection import ASGIConnection

from prismd.api.document.operation import Operation
from prismd.api.document.operations import OPERATIONS

_PART: Final = re.compile(r"{(\w+)(?::\w+)?}")


def operation_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Operation:
    """Return the operation that a routed request asks for.

    Raises:
        KeyError: The table lacks the route, which is a programmer's error.
    """
    scope: Any = connection.scope
    return _by_route()[scope["method"], shape_of(scope["path_template"])]


def shape_of(path: str) -> str:
    """Return a path in which all parameters have one name, as the table and the routes name them differently."""
    return _PART.sub("{}", path)


@functools.cache
def _by_route() -> Mapping[tuple[str, str], Operation]:
    return {(operation.method, shape_of(operation.path)): operation for operation in OPERATIONS}

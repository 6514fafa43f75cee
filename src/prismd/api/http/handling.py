"""A handler is declared together with its operation, which gives its route and its part of the document."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from litestar import route
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.types import Guard

from prismd.api.document.operation import TEAM, Operation

#: The key under which a handler keeps its declared operation, and whether it reads its body piece by piece.
_DECLARED: Final = "operation"
_STREAMS: Final = "streams_body"
_PARAMETER: Final = re.compile(r"{(\w+)}")
_CAPITAL: Final = re.compile(r"[A-Z]")


def handles(
    operation: Operation, *, guards: Sequence[Guard] = (), in_thread: bool = True, streams_body: bool = False
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """Make a function the handler of an operation.

    Args:
        operation: The declared operation; variable parts of its path are passed under their names in snake case.
        guards: Guards of this handler only.
        in_thread: Whether the function waits for something, so that it must not run on the event loop; ignored for a
            coroutine.
        streams_body: Whether the function reads the body piece by piece, and counts its bytes itself.
    """

    def made(function: Callable[..., Any]) -> HTTPRouteHandler:
        handler = route(
            _litestar_path(operation.path),
            http_method=[operation.method],  # type: ignore[list-item] # one of the methods that HTTP has
            guards=list(guards),
            opt={_DECLARED: operation, _STREAMS: streams_body},
            status_code=200,  # every answer sets its own
            sync_to_thread=None if inspect.iscoroutinefunction(function) else in_thread,
        )
        return handler(function)

    return made


def operation_of(handler: BaseRouteHandler) -> Operation:
    """Return the declared operation of a handler.

    Raises:
        KeyError: The handler has none, which is a programmer's error.
    """
    operation: Operation = handler.opt[_DECLARED]
    return operation


def streams_body(handler: BaseRouteHandler) -> bool:
    """Say whether a handler reads its body piece by piece."""
    return bool(handler.opt.get(_STREAMS))


def _litestar_path(path: str) -> str:
    """Return a path in Litestar's form, without its part up to the team if it has one."""
    below = path.removeprefix(TEAM)
    return _PARAMETER.sub(lambda match: f"{{{_snake(match[1])}:str}}", below)


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda match: f"_{match[0].lower()}", name)

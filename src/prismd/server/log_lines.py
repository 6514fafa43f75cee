"""Events of the log as single lines, logfmt or JSON; nothing in an event can end its line or begin another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from structlog.typing import EventDict, WrappedLogger

#: What every line has, in this order, before what is special to it.
_FIRST: Final = ("timestamp", "level", "event")
#: Signs by which a reader of logfmt would end a value that is not in quotes.
_QUOTED: Final = frozenset(' "=\\')


def logfmt_line(_logger: WrappedLogger | None, _method: str, event: EventDict) -> str:
    """Return an event as ``key=value`` pairs.

    A value in quotes is a JSON string, so whatever reads it back gets every character as it was.

    Args:
        event: What is told, by name.
    """
    return " ".join(f"{name}={_written(value)}" for name, value in _ordered(event))


def json_line(_logger: WrappedLogger | None, _method: str, event: EventDict) -> str:
    """Return an event as a JSON object, in ASCII.

    Args:
        event: What is told, by name.
    """
    return json.dumps(dict(_ordered(event)), default=str)


def _ordered(event: EventDict) -> Iterator[tuple[str, Any]]:
    yield from ((name, event[name]) for name in _FIRST if name in event)
    yield from ((name, value) for name, value in event.items() if name not in _FIRST)


def _written(value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = str(value)
    if not text.isprintable():
        return json.dumps(text)  # in ASCII: line ends of all kinds, control characters and marks of direction
    return text if text and _QUOTED.isdisjoint(text) else json.dumps(text, ensure_ascii=False)

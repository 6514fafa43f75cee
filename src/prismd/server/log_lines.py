"""Log events as single lines, in logfmt or JSON; no value in an event can end its line or start another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from structlog.typing import EventDict, WrappedLogger

#: The members at the beginning of every line, in this order.
_FIRST: Final = ("timestamp", "level", "event")
#: Characters that end an unquoted value, for programs that read logfmt.
_QUOTED: Final = frozenset(' "=\\')


def logfmt_line(_logger: WrappedLogger | None, _method: str, event: EventDict) -> str:
    """Return an event as ``key=value`` pairs.

    A value in quotes is a JSON string, so a reader gets back every character.

    Args:
        event: The members of the event, by name.
    """
    return " ".join(f"{name}={_written(value)}" for name, value in _ordered(event))


def json_line(_logger: WrappedLogger | None, _method: str, event: EventDict) -> str:
    """Return an event as a JSON object, in ASCII.

    Args:
        event: The members of the event, by name.
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
        return json.dumps(text)  # in ASCII: line ends of all kinds, control characters and direction marks
    return text if text and _QUOTED.isdisjoint(text) else json.dumps(text, ensure_ascii=False)

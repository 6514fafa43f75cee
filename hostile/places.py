"""Where in a body a value can stand: the whole of it, each part of a good one, each member that the document names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

#: Stands for the value until the body is JSON, which could not hold it.
_MARK: Final = "\u2603 here"
_MARK_BYTES: Final = json.dumps(_MARK).encode()

#: What stands before a value, and what after it.
Place = tuple[bytes, bytes]


def places(good: Any, members: Sequence[str]) -> list[Place]:  # noqa: ANN401 - JSON is any value
    """Return the places of a body, the whole of it first.

    Args:
        good: A body that the route takes; None where it takes none.
        members: Of the body, by the document.
    """
    found: list[Place] = [(b"", b"")]
    if isinstance(good, dict):
        found += [_around({**good, name: _MARK}) for name in members]
        found += [_around(body) for body in _marked(good)]
    return list(dict.fromkeys(found))


def _around(body: Any) -> Place:  # noqa: ANN401 - as above
    before, _, after = json.dumps(body).encode().partition(_MARK_BYTES)
    return before, after


def _marked(value: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    """Yield a value with the mark in the place of each of its parts in turn."""
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        for changed in (_MARK, *_marked(part)):
            copy = value.copy()
            copy[key] = changed
            yield copy
    if isinstance(value, dict):
        # A name can be hostile, too: the value stands where a colon and another value follow.
        yield {**value, _MARK: 0}

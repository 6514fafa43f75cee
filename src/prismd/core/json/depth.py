"""The limit of nesting of JSON values: a limit of prismd's own, because Python's differs between its versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Far deeper than any meaningful value, and far less than recursion on the smallest stack allows.
DEPTH_MAX: Final = 100


def is_too_deep(text: bytes, value: object) -> bool:
    """Return whether arrays and objects are nested more than :data:`DEPTH_MAX` deep.

    Args:
        text: UTF-8 JSON text; if it has few brackets, the value is not searched.
        value: The decoded value.
    """
    if text.count(b"[") + text.count(b"{") <= DEPTH_MAX:
        return False
    level = _containers([value])
    for _ in range(DEPTH_MAX):
        level = [inner for one in level for inner in _containers(one.values() if isinstance(one, dict) else one)]
    return bool(level)


def _containers(values: Iterable[object]) -> list[dict[str, object] | list[object]]:
    return [value for value in values if isinstance(value, dict | list)]

"""How deeply a JSON value may be nested: a bound of our own, as Python's is another in each of its versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Far more than any value that means something, and far less than what recursion on the slightest stack can follow.
DEPTH_MAX: Final = 100


def is_too_deep(text: bytes, value: object) -> bool:
    """Tell whether arrays and objects stand in one another more than :data:`DEPTH_MAX` deep.

    Args:
        text: UTF-8 JSON text; without many brackets its value is not looked through.
        value: What it says.
    """
    if text.count(b"[") + text.count(b"{") <= DEPTH_MAX:
        return False
    level = _containers([value])
    for _ in range(DEPTH_MAX):
        level = [inner for one in level for inner in _containers(one.values() if isinstance(one, dict) else one)]
    return bool(level)


def _containers(values: Iterable[object]) -> list[dict[str, object] | list[object]]:
    return [value for value in values if isinstance(value, dict | list)]

"""Which methods a path takes, for the answers to OPTIONS and for the header ``Allow`` of every 405."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prismd.api.operations import OPERATIONS
from prismd.api.paths import decoded

_ORDER: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_TYPE: Final = "{objectType}"


@dataclass
class _Node:
    """Where a beginning of paths leads: what stands there literally goes before what can stand for anything."""

    literal: dict[str, _Node] = field(default_factory=dict)
    other: _Node | None = None
    methods: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def at(self, part: str) -> _Node | None:
        return self.literal.get(part) or self.other


def allowed_methods(path: str) -> tuple[str, ...] | None:
    """Return the methods that a path takes, OPTIONS among them; None where no operation has such a path.

    Args:
        path: As it is routed, percent-encoded.
    """
    parts = _parts(path)
    node: _Node | None = _routes()
    for part in parts:
        node = None if node is None else node.at(part)
    if node is None or not node.methods:
        return None
    object_type = decoded(parts[_TYPE_PLACE]) if len(parts) > _TYPE_PLACE else None
    own = {method for method, types in node.methods.items() if not types or object_type in types}
    own |= {"OPTIONS"} | ({"HEAD"} if "GET" in own else set())
    return tuple(method for method in _ORDER if method in own)


_TYPE_PLACE: Final = 3


@functools.cache
def _routes() -> _Node:
    root = _Node()
    for operation in OPERATIONS:
        _add(root, operation.path, {operation.method: operation.object_types if _TYPE in operation.path else ()})
    return root


def _add(root: _Node, path: str, methods: Mapping[str, tuple[str, ...]]) -> None:
    node = root
    for part in _parts(path):
        if part.startswith("{"):
            node.other = node.other or _Node()
            node = node.other
        else:
            node = node.literal.setdefault(part, _Node())
    node.methods |= methods


def _parts(path: str) -> Sequence[str]:
    return [part for part in path.split("/") if part]

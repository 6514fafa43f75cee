"""Which route of the API a path is, and which methods that takes: for OPTIONS, for ``Allow``, and for who looks on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from prismd.api.document.operations import OPERATIONS
from prismd.api.http.paths import decoded

_ORDER: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_TYPE: Final = "{objectType}"


class Route(NamedTuple):
    """What a path is.

    Args:
        template: The path with parameters in braces, as in the table of operations.
        methods: What it takes, OPTIONS among them.
    """

    template: str
    methods: tuple[str, ...]


@dataclass
class _Node:
    """Where a beginning of paths leads: what stands there literally goes before what can stand for anything."""

    literal: dict[str, _Node] = field(default_factory=dict)
    other: _Node | None = None
    methods: dict[str, tuple[str, ...]] = field(default_factory=dict)
    template: str = ""

    def at(self, part: str) -> _Node | None:
        return self.literal.get(part) or self.other


def route_of(path: str) -> Route | None:
    """Return what a path is; None where no operation has such a path.

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
    return Route(node.template, tuple(method for method in _ORDER if method in own))


_TYPE_PLACE: Final = 3


@functools.cache
def _routes() -> _Node:
    root = _Node()
    for operation in OPERATIONS:
        _add(root, operation.path, operation.method, operation.object_types if _TYPE in operation.path else ())
    return root


def _add(root: _Node, path: str, method: str, object_types: tuple[str, ...]) -> None:
    node = root
    for part in _parts(path):
        if part.startswith("{"):
            node.other = node.other or _Node()
            node = node.other
        else:
            node = node.literal.setdefault(part, _Node())
    node.methods[method] = object_types
    node.template = node.template or path


def _parts(path: str) -> Sequence[str]:
    return [part for part in path.split("/") if part]

"""The route of a path and the methods that it takes: for OPTIONS, the header ``Allow``, logs, metrics and traces."""

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
    """A route of the API.

    Args:
        template: The path with parameters in braces, as in the table of operations.
        methods: The methods that it takes, OPTIONS included.
    """

    template: str
    methods: tuple[str, ...]


@dataclass
class _Node:
    """A node of the tree of routes; a literal part of a path wins over a parameter."""

    literal: dict[str, _Node] = field(default_factory=dict)
    other: _Node | None = None
    methods: dict[str, tuple[str, ...]] = field(default_factory=dict)
    template: str = ""

    def at(self, part: str) -> _Node | None:
        return self.literal.get(part) or self.other


def route_of(path: str) -> Route | None:
    """Return the route of a path; None if no operation has it.

    Args:
        path: The routed path, percent-encoded.
    """
    parts = _parts(path)
    node: _Node | None = _routes()
    for part in parts:
        node = None if node is None else node.at(part)
    if node is None or not node.methods:
        return None
    object_type = decoded(parts[_TYPE_INDEX]) if len(parts) > _TYPE_INDEX else None
    own = {method for method, types in node.methods.items() if not types or object_type in types}
    own |= {"OPTIONS"} | ({"HEAD"} if "GET" in own else set())
    return Route(node.template, tuple(method for method in _ORDER if method in own))


_TYPE_INDEX: Final = 3


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

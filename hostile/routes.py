"""Every route of the server's document, with ids of what there is in its path, and a body that it takes."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from prismd.settings import Settings
from tests.isolation.cases import CASES, IN_PATH, Pick, route
from tests.isolation.world import LISTED, TEXTS, World

_PARAMETER: Final = re.compile(r"{(\w+)}")
_Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A route, and a request that it takes.

    Args:
        name: Of the operation.
        method: Of HTTP.
        path: With its parameters filled in.
        parts: What stands in the path, by parameter.
        template: The path with the parameters' names.
        query: Good parameters, by name.
        parameters: Names of all that the query can have.
        headers: Names of the headers that the route looks at.
        key: The API key; empty where none is needed.
        body: A good body; None where the route takes none.
        members: Of the body.
        body_bytes_max: The largest body that the route takes.
        object_type: Of the records that it is about.
    """

    name: str
    method: str
    template: str
    parts: dict[str, str]
    query: dict[str, str]
    parameters: tuple[str, ...]
    headers: tuple[str, ...]
    key: str
    body: Any
    members: tuple[str, ...]
    body_bytes_max: int
    object_type: str

    @property
    def path(self) -> str:
        """The path with its parameters filled in."""
        return self.path_with({})

    def path_with(self, changed: dict[str, str]) -> str:
        """Return the path with some of its parameters changed; what changes is taken as it is, percent-encoded."""
        parts = {name: quote(part, safe="") for name, part in self.parts.items()} | changed
        return _PARAMETER.sub(lambda found: parts[found[1]], self.template)

    def address(self) -> str:
        """Return path and query of a good request."""
        return self.path + (f"?{urlencode(self.query)}" if self.query else "")


@dataclass
class Routes:
    """The routes of a server.

    Args:
        document: Its OpenAPI document.
        lasting: The team whose records the requests are about.
        fleeting: The team whose views, lists and properties are there to be deleted.
        settings: For the sizes of bodies.
    """

    document: _Document
    lasting: World
    fleeting: World
    settings: Settings = field(default_factory=Settings)
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatable requests, no secret

    def names(self) -> list[str]:
        """Return the names of all operations, which tell routes apart."""
        return [operation["operationId"] for _, _, operation in self._operations()]

    def targets(self, turn: int) -> Iterator[Target]:
        """Yield each route with one of the object types that it takes.

        Args:
            turn: Routes are yielded with other types in the next turn.
        """
        for number, (method, path, operation) in enumerate(self._operations()):
            types = self._types(operation)
            yield self._target(method, path, operation, types[(turn + number) % len(types)])

    def _operations(self) -> Iterator[tuple[str, str, _Document]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def _types(self, operation: _Document) -> list[str]:
        taken = next(
            (one["schema"]["enum"] for one in operation["parameters"] if one["name"] == "objectType"), [LISTED]
        )
        return [name for name in taken if name in TEXTS]

    def _target(self, method: str, path: str, operation: _Document, object_type: str) -> Target:
        world = self.fleeting if method == "DELETE" else self.lasting
        pick = Pick(self.dice.randrange, world, world)
        case = CASES.get(route(method, path))
        extras = case(pick, object_type) if case else {}
        members = self._members(operation)
        places: dict[str, list[str]] = {"query": [], "header": []}
        for one in operation["parameters"]:
            places.setdefault(one["in"], []).append(one["name"])
        large = "objects" in members
        return Target(
            name=operation["operationId"],
            method=method,
            template=path,
            parts={name: self._part(name, world, object_type) for name in _PARAMETER.findall(path)},
            query=extras.get("params", {}),
            parameters=tuple(places["query"]),
            headers=tuple(places["header"]),
            key="" if operation.get("security") == [] else world.key,
            body=extras.get("json", {} if members else None),
            members=members,
            body_bytes_max=self.settings.body_bytes_max if large else self.settings.small_body_bytes_max,
            object_type=object_type,
        )

    def _members(self, operation: _Document) -> tuple[str, ...]:
        if "requestBody" not in operation:
            return ()
        content = operation["requestBody"]["content"]
        if "application/json" not in content:  # a file, which is taken as it is
            return ()
        shape = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return tuple(self.document["components"]["schemas"][shape].get("properties", ()))

    def _part(self, name: str, world: World, object_type: str) -> str:
        if name in IN_PATH:
            # Where what was sent before lets no record be made any more, there is none.
            return world.fresh(IN_PATH[name], object_type) or str(uuid.UUID(int=0))
        known = {
            "teamId": world.team,
            "objectType": object_type,
            "slug": TEXTS[object_type],
            "value": world.name,
            "templateId": "custom",
            "name": "people",
        }
        return known[name]

"""Which endpoints of the public contract prismd serves, and why others are not wholly there."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prismd.api.http.absent_routes import ABSENT, absent_route
from prismd.api.http.meant_paths import meant_path

#: Every endpoint of the contract, one row for those that differ in nothing but the object type.
ENDPOINTS: Final = Path(__file__).parent / "endpoints.tsv"
#: Marks the endpoints of the Python client 0.8.0.
CLIENT: Final = "0.8.0"

#: Method and path of endpoints that are there, but not with all that the contract names -> what is missing.
PARTIAL: Final[Mapping[tuple[str, str], str]] = {}

ALL_TYPES: Final = 8
ALL_BUT_EVENTS: Final = 7


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row of the contract's table of endpoints, and how it stands.

    Args:
        method: The HTTP method.
        path: With parameters in braces; ``{type}`` stands for each of the types.
        types: Object types that it exists for; none where it does not depend on them.
        sdk: The client's method, if it has one.
        since: Version of the client that knew it first.
        state: ``yes``, ``partial`` or ``no``.
        why: Why it is not wholly there.
    """

    method: str
    path: str
    types: tuple[str, ...]
    sdk: str
    since: str
    state: str
    why: str

    def count(self) -> int:
        """Return how many operations of the contract the row stands for."""
        return max(1, len(self.types))


def endpoints(document: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    """Return every endpoint of the contract.

    Args:
        document: The OpenAPI document of what prismd serves.
    """
    served = set(_served(document))
    with ENDPOINTS.open(encoding="utf-8", newline="") as file:
        return tuple(_endpoint(row, served) for row in csv.DictReader(file, delimiter="\t"))


def table(document: Mapping[str, Any]) -> str:
    """Return the generated part of the page: how many endpoints are there, each of them, and what prismd adds.

    Args:
        document: The OpenAPI document of what prismd serves.
    """
    known = endpoints(document)
    head = "\n| | method | path | types | client method | in the client since | why |\n|---|---|---|---|---|---|---|\n"
    return "".join((_summary(known), head, *map(_line, known), _additions(document, known)))


def _summary(known: tuple[Endpoint, ...]) -> str:
    of_client = [one for one in known if one.since == CLIENT]
    later = [one for one in known if one.since != CLIENT]
    partly = _count(of_client, "partial")
    in_part = f", {partly} of them with less than the contract names" if partly else ""
    return (
        f"**{_there(of_client)} operations of the official client {CLIENT} are there**{in_part}. Of the others, which\n"
        f"came later or are in no client, {_there(later)} are there.\n"
    )


def _there(some: list[Endpoint]) -> str:
    return f"{_count(some) - _count(some, 'no')} of the {_count(some)}"


def _count(some: Iterable[Endpoint], state: str | None = None) -> int:
    return sum(one.count() for one in some if state in (None, one.state))


def _endpoint(row: Mapping[str, str], served: set[tuple[str, str]]) -> Endpoint:
    method, path, types = row["method"], row["path"], tuple(row["types"].split())
    concrete = [path.replace("{type}", name) for name in types] or [path]
    if all((method, _shape(meant_path(method, one).path)) in served for one in concrete):
        why = PARTIAL.get((method, path), "")
        return Endpoint(method, path, types, row["sdk"], row["since"], "partial" if why else "yes", why)
    return Endpoint(
        method, path, types, row["sdk"], row["since"], "no", ABSENT.get(absent_route(concrete[0]) or "", "")
    )


def _served(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), _shape(path)
            for parameter in operation["parameters"]:
                for name in parameter["schema"].get("enum", ()) if parameter["name"] == "objectType" else ():
                    yield method.upper(), _shape(path.replace("{objectType}", name))


def _additions(document: Mapping[str, Any], known: tuple[Endpoint, ...]) -> str:
    public = {(one.method, _shape(one.path)) for one in known}
    own = [
        f"| {method.upper()} | `{path}` | {operation['summary']} |\n"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if (method.upper(), _shape(path)) not in public
    ]
    return "\nprismd adds, and the official clients ignore:\n\n| method | path | |\n|---|---|---|\n" + "".join(own)


def _line(one: Endpoint) -> str:
    sdk = f"`{one.sdk}`" if one.sdk else ""
    return f"| {one.state} | {one.method} | `{one.path}` | {_types(one.types)} | {sdk} | {one.since} | {one.why} |\n"


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def _types(types: tuple[str, ...]) -> str:
    return {ALL_TYPES: "all eight", ALL_BUT_EVENTS: "all but event"}.get(len(types), ", ".join(types))

"""Hostile queries: selects that multiply, filters as wide as they may be, texts that a pattern could be made of."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from hostile.requests import AT_ONCE, Scale, good_body, request
from hostile.routes import Target
from hostile.wire import Request
from prismd.core.properties.native import native_schema
from tests.isolation.world import REFERENCES, TEXTS

Query = dict[str, Any]

_STEPS_MAX: Final = 4
_PATHS: Final = 500
_CONDITIONS: Final = 100
_VALUES: Final = 1_000
#: More than one statement can have parameters.
_PARAMETERS_AND_MORE: Final = 70_000
_SORTS: Final = 10
_LONG: Final = 9_000
#: Operators that look for a text.
_SEARCHES: Final = ("contains", "not_contains", "begins_with", "ends_with", "=")
_PATTERN_CHARS: Final = 1_000
#: What a pattern of any kind could be made of; some take the square of a text's length, or far more.
_PATTERNS: Final = (
    "(a+)+$",
    "(a|a)*b",
    "^(.*)*\\1$",
    "(.*)(.*)(.*)\\3\\2\\1x",
    "(.{1,250}){1,250}x",
    "(x?){200}y",
    "%_%_%_",
    "\\",
    "[[:alpha:]]*",
    "a" * 30 + "!",
    ".*" * 20,
)
_ABSURD: Final[tuple[Any, ...]] = (10**400, -1, "9999-99-99", "\x00", "\ud800", [[]], {"a": {}}, "1e999999999", 1e308)
#: Members of a body that are those of a query.
_MEMBERS: Final = frozenset({"select", "filter", "sort"})


@cache
def paths(object_type: str) -> tuple[str, ...]:
    """Return paths through as many references as there can be, those first that multiply most."""
    found = sorted(_walked(object_type, _STEPS_MAX), key=lambda path: (-_multiplies(path), path))
    return tuple(found[:_PATHS])


def _multiplies(path: str) -> int:
    return sum(path.count(slug) for slug in ("contacts", "people", "identities", "companies", "email_addresses"))


def _walked(object_type: str, steps: int) -> Iterator[str]:
    yield TEXTS[object_type]
    if not steps:
        return
    for slug, prop in native_schema(object_type).properties.items():
        if prop.target in TEXTS:
            yield from (f"{slug}.{rest}" for rest in _walked(prop.target, steps - 1))


def _selects(target: Target) -> Iterator[Query]:
    yield {"select": list(paths(target.object_type)), "limit": 50}
    for path in itertools.islice(paths(target.object_type), AT_ONCE):
        yield {"select": [path], "limit": 50}


def _conditions(target: Target, operator: str, value: Any) -> Query:  # noqa: ANN401 - JSON is any value
    named = [path for path in paths(target.object_type) if not _multiplies(path)] or ["id"]
    taken = itertools.islice(itertools.cycle(named), _CONDITIONS)
    return {"select": [], "filter": [{path: {operator: value}} for path in taken]}


def _wide_filters(target: Target) -> Iterator[Query]:
    for operator in ("contains", "not_contains", "ends_with", "begins_with", "=", "!=", "is_null", ">"):
        for combinator in ("AND", "OR"):
            yield {**_conditions(target, operator, operator == "is_null" or "a"), "combinator": combinator}


def _many_values(target: Target) -> Iterator[Query]:
    few, many = ([f"{number:05}" for number in range(count)] for count in (_VALUES, _PARAMETERS_AND_MORE))
    for operator in ("in", "not_in"):
        yield _conditions(target, operator, few)
        for slug in (TEXTS[target.object_type], REFERENCES[target.object_type][0], "id", "created_at"):
            yield {"select": [], "filter": [{slug: {operator: many}}]}


def _patterns(target: Target) -> Iterator[Query]:
    slug = TEXTS[target.object_type]
    for pattern, operator in zip(_PATTERNS, itertools.cycle(_SEARCHES), strict=False):
        for by, chars in ((operator, _LONG), ("like_regex", _PATTERN_CHARS)):
            long = (pattern * chars)[:chars]
            yield {"select": [], "filter": [{slug: {by: long}}] * _CONDITIONS, "combinator": "OR"}
        yield {"select": [], "filter": [{slug: {"like_regex": pattern}}], "sort": [{slug: "asc"}]}


def _sorts(target: Target) -> Iterator[Query]:
    single = list(_single(target.object_type, _STEPS_MAX))
    for begin in range(0, max(len(single), 1), _SORTS):
        yield {"select": [], "sort": [{path: "asc"} for path in single[begin : begin + _SORTS]], "limit": 50}


def _single(object_type: str, steps: int) -> Iterator[str]:
    yield TEXTS[object_type]
    if steps:
        for slug, prop in native_schema(object_type).properties.items():
            if prop.target in TEXTS and not prop.holds_many:
                yield from (f"{slug}.{rest}" for rest in _single(prop.target, steps - 1))


def _absurd_values(target: Target) -> Iterator[Query]:
    operators = itertools.cycle(("=", ">", "contains", "is_null", "in", "between", "begins_with"))
    for slug, value in itertools.product(native_schema(target.object_type).properties, _ABSURD):
        yield {"select": [], "filter": [{slug: {next(operators): value}}]}


def _pages(target: Target) -> Iterator[Query]:
    for page, limit in ((200, 50), (10**18, 50), (1, 10**18), (-1, -1), (10**400, 1), (0.5, 0.5), ("1", "1")):
        yield {"select": [TEXTS[target.object_type]], "page": page, "limit": limit}
    yield {"select": [TEXTS[target.object_type]], "cursor": "A" * _LONG}


#: By name, what makes queries about the records of a route.
QUERIES: Final[Mapping[str, Callable[[Target], Iterator[Query]]]] = {
    "selects through references": _selects,
    "wide filters": _wide_filters,
    "many values": _many_values,
    "text of patterns": _patterns,
    "sorts through references": _sorts,
    "absurd values": _absurd_values,
    "absurd pages": _pages,
}
#: Those that differ much from type to type.
BY_TYPE: Final = frozenset({"selects through references"})


def in_bodies(name: str, target: Target, _scale: Scale) -> Iterator[Request]:
    """Yield requests with queries of a kind; none to a route whose body holds no query."""
    for query in QUERIES[name](target):
        if "query" in target.members:
            body = {"query": query, "include_total": True}
        elif _MEMBERS & set(target.members):
            body = {**target.body, **{member: value for member, value in query.items() if member in target.members}}
        else:
            return
        yield request(target, json.dumps(body).encode())


def in_addresses(target: Target, _scale: Scale) -> Iterator[Request]:
    """Yield requests whose query selects through references, and sorts by them; none where nothing is selected."""
    for parameter in {"select", "sort"} & set(target.parameters):
        for many in (1, 20, 150):
            named = ",".join(paths(target.object_type)[:many])
            yield from [
                request(target, good_body(target), address=f"{target.path}?{parameter}={quote(named)}")
            ] * AT_ONCE


def as_parameters(target: Target) -> tuple[str, ...]:
    """Return slugs that a route takes as parameters: of text, of a reference, of a path through references."""
    if "sort" not in target.parameters:
        return ()
    slug, other = REFERENCES[target.object_type]
    return TEXTS[target.object_type], slug, f"{slug}.{TEXTS[other]}", "created_at"

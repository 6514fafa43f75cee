"""The kinds of hostile requests: each makes, for any route, requests that are hostile in one way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from hostile import queries, rows, sending, values
from hostile.places import places
from hostile.requests import AT_ONCE, Scale, good_body, request
from hostile.routes import Target
from hostile.texts import TEXTS
from hostile.wire import Request

#: Lengths of the hostile part of an address or a header: near the limit, and what passes for a value.
_CHARS: Final = (15_000, 1_000)
_PARAMETERS: Final = 4_000
_SHORT_BYTES: Final = 100
#: Headers that are looked at on every route.
_HEADERS: Final = ("accept", "content-type", "x-api-key", "x-request-id", "x-stainless-retry-count")


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to be hostile.

    Args:
        name: For the table.
        requests: Makes the requests to a route.
        waits: Whether a request lasts for some time by itself, so that those to all routes are sent at once.
        by_type: Whether the requests are about the properties of a type, so that they are sent for each type.
    """

    name: str
    requests: Callable[[Target, Scale], Iterable[Request]]
    waits: bool = False
    by_type: bool = False


def kinds(wanted: Sequence[str] = ()) -> list[Kind]:
    """Return the kinds whose names begin with one of some texts; all where none is given."""
    made = [
        *(Kind(f"body: {name}", partial(_in_bodies, name)) for name in values.VALUES),
        *(Kind(f"address: {name}", partial(_in_addresses, name)) for name in TEXTS),
        Kind("address: many parameters", _many_parameters),
        Kind("address: selects through references", queries.in_addresses, by_type=True),
        *(Kind(f"headers: {name}", partial(_in_headers, name)) for name in TEXTS),
        *(Kind(f"sending: {name}", make, waits=name in sending.WAITING) for name, make in sending.WAYS.items()),
        *(
            Kind(f"query: {name}", partial(queries.in_bodies, name), by_type=name in queries.BY_TYPE)
            for name in queries.QUERIES
        ),
        Kind("rows: hostile values among good rows", rows.imports, by_type=True),
    ]
    return [kind for kind in made if not wanted or kind.name.startswith(tuple(wanted))]


def _in_bodies(name: str, target: Target, scale: Scale) -> Iterator[Request]:
    everywhere = places(target.body, target.members)
    sizes = (scale.largest(target), *scale.sizes) if target.members else scale.sizes[:1]
    largest, *others = dict.fromkeys(values.made(name, size) for size in sizes)
    pairs = list(itertools.product(everywhere, largest))
    # What is short stands everywhere; what is long takes turns.
    most = len(pairs) if len(largest[0]) <= _SHORT_BYTES else max(AT_ONCE, len(largest))
    for place, value in itertools.islice(itertools.cycle(pairs), most):
        yield request(target, value, place=place)
    for smaller in others:
        yield from (
            request(target, value, place=place)
            for place, value in zip(everywhere, itertools.cycle(smaller), strict=False)
        )


def _in_addresses(name: str, target: Target, _scale: Scale) -> Iterator[Request]:
    body, parameters = good_body(target), (*target.parameters, *queries.as_parameters(target), "no_such")
    for text in (TEXTS[name](chars) for chars in _CHARS):
        for query in (*(f"{parameter}={text}" for parameter in parameters), text):
            yield request(target, body, address=f"{target.path}?{query}")
        for part in target.parts:
            yield request(target, body, address=target.path_with({part: text or "%20"}))


def _many_parameters(target: Target, _scale: Scale) -> Iterator[Request]:
    names = (*target.parameters, "no_such", "")
    queries_ = ["&".join([f"{name}="] * _PARAMETERS)[: _CHARS[0]] for name in names]
    queries_.append("&".join(f"p{number}=1" for number in range(_PARAMETERS // 3)))
    for query in itertools.islice(itertools.cycle(queries_), AT_ONCE):
        yield request(target, good_body(target), address=f"{target.path}?{query}")


def _in_headers(name: str, target: Target, _scale: Scale) -> Iterator[Request]:
    for header, chars in zip((*target.headers, *_HEADERS), itertools.cycle(_CHARS), strict=False):
        yield request(target, good_body(target), headers={header: TEXTS[name](chars)})

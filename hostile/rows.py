"""Imports of hostile rows among good ones: each property of a type in turn gets each hostile value."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from hostile import values
from hostile.requests import AT_ONCE, Scale, request
from hostile.routes import Target
from hostile.wire import Request
from prismd.core.properties.native import native_schema
from tests.isolation.world import TEXTS

_VALUE_BYTES: Final = 300
_OPTIONS: Final = (
    b"{}",
    b'{"dedupe_by":"%s"}',
    b'{"dedupe_by":"%s","on_match":"update"}',
    b'{"dedupe_by":"%s","on_match":"fill"}',
)


def imports(target: Target, scale: Scale) -> Iterator[Request]:
    """Yield imports of every other row good; none to other routes.

    Args:
        target: The route.
        scale: For the number of rows.
    """
    if "objects" not in target.members or "jobId" in target.parts:
        return
    slug = TEXTS[target.object_type].encode()
    body = b",".join(itertools.islice(_rows(target.object_type), scale.rows))
    for options in itertools.islice(itertools.cycle(_OPTIONS), AT_ONCE):
        named = options.replace(b"%s", slug)
        yield request(target, b'{"options":' + named + b',"objects":[' + body + b"]}")


def _rows(object_type: str) -> Iterator[bytes]:
    text, numbers = TEXTS[object_type].encode(), itertools.count()
    properties = [slug.encode() for slug in native_schema(object_type).properties]
    names = [name for name in values.VALUES if name not in values.NOT_SEPARATE]
    hostile = [value for name in names for value in values.made(name, _VALUE_BYTES)]
    for value, slug in itertools.cycle(itertools.product(hostile, properties)):
        yield b'{"default":{"%s":"good %d"}}' % (text, next(numbers))
        yield b'{"default":{"%s":%s}}' % (slug, value)

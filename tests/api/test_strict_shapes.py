"""Looking for members that mean nothing looks at nothing else: no list of values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from prismd.api.document.operations import OPERATIONS
from prismd.api.grants.shapes import GrantBody
from prismd.api.http.strict_shapes import refuse_unknown_members
from prismd.api.properties.shapes import PropertyDefinitionCreate
from prismd.core.errors import PrismdError
from prismd.core.queries.bodies import QueryBody
from prismd.core.records.bodies import BatchIds


class Closed(list[Any]):
    """A list that nobody may look into."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("somebody looked into it")


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (BatchIds, {"ids": Closed([[]])}),
        (QueryBody, {"id": Closed([[]])}),
        (QueryBody, {"query": {"select": Closed([[]])}}),
        (PropertyDefinitionCreate, {"name": Closed([[]])}),
        (PropertyDefinitionCreate, Closed([[]])),
    ],
)
def test_what_cannot_be_unknown_is_not_looked_at(shape: type[msgspec.Struct], value: Any) -> None:
    refuse_unknown_members(value, shape)


@pytest.mark.parametrize(
    ("shape", "value", "field"),
    [
        (GrantBody, {"user_id": [], "no_such": 1}, ".body.no_such"),
        (PropertyDefinitionCreate, {"options": [{"value": "a"}, {"valeu": "b"}]}, ".body.options[1].valeu"),
        (QueryBody, {"query": {"selekt": []}}, ".body.query.selekt"),
    ],
)
def test_what_is_unknown_is_found_at_every_depth(shape: type[msgspec.Struct], value: Any, field: str) -> None:
    with pytest.raises(PrismdError) as refused:
        refuse_unknown_members(value, shape)
    assert refused.value.problems[0].field == field


def test_every_body_can_be_looked_through() -> None:
    shapes = {one.body for one in OPERATIONS if isinstance(one.body, type)}
    assert len(shapes) > 10
    for shape in shapes:
        refuse_unknown_members({}, shape)

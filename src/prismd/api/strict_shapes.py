"""Members that a shape does not know, found at every depth of a body before it is read (contract, section 3)."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from prismd.core.unknown_members import refuse_unknown


def refuse_unknown_members(value: object, shape: type[msgspec.Struct], field: str = ".body") -> None:
    """Refuse members that mean nothing, wherever a shape is strict: where it says ``forbid_unknown_fields``.

    Args:
        value: Decoded JSON; what does not fit the shape otherwise is left for whoever reads it.
        shape: What it must be.
        field: Where it stands in the request.

    Raises:
        PrismdError: ``invalid_request``, with the path of the member at fault.
    """
    _refuse(value, [_type_of(shape)], field)


@functools.cache
def _type_of(shape: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(shape)


def _refuse(value: object, types: Iterable[inspect.Type], field: str) -> None:
    plain = [one for type_ in types for one in _alternatives(type_)]
    if isinstance(value, dict):
        for struct in (one for one in plain if isinstance(one, inspect.StructType)):
            _refuse_members(value, struct, field)
        below = [one.value_type for one in plain if isinstance(one, inspect.DictType)]
        for name, inner in value.items() if below else ():
            _refuse(inner, below, f"{field}.{name}")
    elif isinstance(value, list):
        below = [one.item_type for one in plain if isinstance(one, inspect.ListType)]
        for index, inner in enumerate(value) if below else ():
            _refuse(inner, below, f"{field}[{index}]")


def _refuse_members(value: dict[str, Any], struct: inspect.StructType, field: str) -> None:
    types = {one.encode_name: one.type for one in struct.fields}
    if struct.forbid_unknown_fields:
        refuse_unknown(value, types, field, "the body" if field == ".body" else "it")
    for name, type_ in types.items():
        if name in value:
            _refuse(value[name], [type_], f"{field}.{name}")


def _alternatives(type_: inspect.Type) -> Iterable[inspect.Type]:
    if isinstance(type_, inspect.Metadata):
        return _alternatives(type_.type)
    if isinstance(type_, inspect.UnionType):
        return [one for inner in type_.types for one in _alternatives(inner)]
    return (type_,)

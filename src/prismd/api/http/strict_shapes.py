"""Members that a shape does not know, found at every depth of a body before it is read (contract, section 3)."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import inspect

from prismd.core.json.unknown_members import refuse_unknown


@dataclass(frozen=True, slots=True)
class _Struct:
    """An object of named members.

    Args:
        names: All that it knows.
        strict: Whether it refuses others.
        below: Of the members in which something is strict, what they are.
    """

    names: Sequence[str]
    strict: bool
    below: Mapping[str, _Part]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a value can be, as far as something in it is strict; all else is not looked at, however much it is.

    Args:
        structs: Where it is an object.
        values: Where it is an object of any members.
        items: Where it is an array.
        items_max: Most items of that array; a longer one is refused for its length, not for what is in it.
    """

    structs: Sequence[_Struct]
    values: _Part | None
    items: _Part | None
    items_max: float


def refuse_unknown_members(value: object, shape: type[msgspec.Struct], field: str = ".body") -> None:
    """Refuse members that mean nothing, wherever a shape is strict: where it says ``forbid_unknown_fields``.

    Args:
        value: Decoded JSON; what does not fit the shape otherwise is left for whoever reads it.
        shape: What it must be.
        field: Where it stands in the request.

    Raises:
        PrismdError: ``invalid_request``, with the path of the member at fault.
    """
    _refuse(value, _strict_part(shape), field)


@functools.cache
def _strict_part(shape: type[msgspec.Struct]) -> _Part | None:
    return _part([inspect.type_info(shape)])


def _part(types: Iterable[inspect.Type]) -> _Part | None:
    """Return what is strict in values of some types; None if nothing is."""
    plain = [one for type_ in types for one in _alternatives(type_)]
    structs = [_struct(one) for one in plain if isinstance(one, inspect.StructType)]
    structs = [one for one in structs if one.strict or one.below]
    lists = [one for one in plain if isinstance(one, inspect.ListType)]
    values = _part([one.value_type for one in plain if isinstance(one, inspect.DictType)]) if plain else None
    items = _part([one.item_type for one in lists]) if plain else None
    most = max((float("inf") if one.max_length is None else one.max_length for one in lists), default=0.0)
    return _Part(structs, values, items, most) if structs or values or items else None


def _struct(type_: inspect.StructType) -> _Struct:
    parts = {one.encode_name: _part([one.type]) for one in type_.fields}
    return _Struct(
        tuple(parts), type_.forbid_unknown_fields, {name: part for name, part in parts.items() if part is not None}
    )


def _refuse(value: object, part: _Part | None, field: str) -> None:
    if part is None:
        return
    if isinstance(value, dict):
        for struct in part.structs:
            _refuse_members(value, struct, field)
        for name, inner in value.items() if part.values else ():
            _refuse(inner, part.values, f"{field}.{name}")
    elif isinstance(value, list) and len(value) <= part.items_max:
        for index, inner in enumerate(value) if part.items else ():
            _refuse(inner, part.items, f"{field}[{index}]")


def _refuse_members(value: dict[str, Any], struct: _Struct, field: str) -> None:
    if struct.strict:
        refuse_unknown(value, struct.names, field, "the body" if field == ".body" else "it")
    for name, part in struct.below.items():
        if name in value:
            _refuse(value[name], part, f"{field}.{name}")


def _alternatives(type_: inspect.Type) -> Iterable[inspect.Type]:
    if isinstance(type_, inspect.Metadata):
        return _alternatives(type_.type)
    if isinstance(type_, inspect.UnionType):
        return [one for inner in type_.types for one in _alternatives(inner)]
    return (type_,)

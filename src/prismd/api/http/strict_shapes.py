"""Finds unknown members of a JSON body, at every depth, before the body is read (contract, section 3)."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import inspect

from prismd.core.json.unknown_members import refuse_unknown

#: Held while msgspec inspects a shape, which it does at its first use: two threads at once crash the process.
LOOKING_OVER: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Struct:
    """An object with named members.

    Args:
        names: The members that the object knows.
        strict: Whether the object refuses other members.
        below: The members with a strict part, by name.
        tag: The member that tells this object from others that may stand in its place, and what it holds; or None.
    """

    names: Sequence[str]
    strict: bool
    below: Mapping[str, _Part]
    tag: tuple[str, object] | None = None

    def may_be(self, value: Mapping[str, object]) -> bool:
        """Return whether a value can be this object, as far as its tag says."""
        return self.tag is None or value.get(self.tag[0]) == self.tag[1]


@dataclass(frozen=True, slots=True)
class _Part:
    """The strict parts of a type. Everything else in a value is skipped, so that the check costs little.

    Args:
        structs: The strict objects that the value can be.
        values: The strict part of each member, if the value is an object with any members.
        items: The strict part of each item, if the value is an array.
    """

    structs: Sequence[_Struct]
    values: _Part | None
    items: _Part | None


@functools.cache
def look_over(shape: type[msgspec.Struct]) -> None:
    """Make msgspec inspect a shape, so that afterwards any number of threads can read with it."""
    with LOOKING_OVER:
        msgspec.json.Decoder(shape)
        _strict_part(shape)


def refuse_unknown_members(value: object, shape: type[msgspec.Struct], field: str = ".body") -> None:
    """Refuse unknown members of every strict shape, that is, of every shape with ``forbid_unknown_fields``.

    Args:
        value: Decoded JSON; the conversion that follows reports every other misfit.
        shape: The expected shape.
        field: Path of the value in the request.

    Raises:
        PrismdError: ``invalid_request``, with the path of the unknown member.
    """
    _refuse(value, _strict_part(shape), field)


@functools.cache
def _strict_part(shape: type[msgspec.Struct]) -> _Part | None:
    return _part([inspect.type_info(shape)])


def _part(types: Iterable[inspect.Type]) -> _Part | None:
    """Return the strict parts of values of some types; None if they have none."""
    plain = [one for type_ in types for one in _alternatives(type_)]
    structs = [_struct(one) for one in plain if isinstance(one, inspect.StructType)]
    structs = [one for one in structs if one.strict or one.below]
    lists = [one for one in plain if isinstance(one, inspect.ListType | inspect.VarTupleType)]
    values = _part([one.value_type for one in plain if isinstance(one, inspect.DictType)]) if plain else None
    items = _part([one.item_type for one in lists]) if plain else None
    return _Part(structs, values, items) if structs or values or items else None


def _struct(type_: inspect.StructType) -> _Struct:
    parts = {one.encode_name: _part([one.type]) for one in type_.fields}
    below = {name: part for name, part in parts.items() if part is not None}
    if type_.tag_field is None:
        return _Struct(tuple(parts), type_.forbid_unknown_fields, below)
    return _Struct((type_.tag_field, *parts), type_.forbid_unknown_fields, below, (type_.tag_field, type_.tag))


def _refuse(value: object, part: _Part | None, field: str) -> None:
    if part is None:
        return
    if isinstance(value, dict):
        for struct in part.structs:
            if struct.may_be(value):
                _refuse_members(value, struct, field)
        for name, inner in value.items() if part.values else ():
            _refuse(inner, part.values, f"{field}.{name}")
    elif isinstance(value, list):
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

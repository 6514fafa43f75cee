"""What a body sends back as it was read: values that a record shows already are no change, whoever may set them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from prismd.core.ids import is_uuid
from prismd.core.imports.rows import RefusedRow, Row
from prismd.core.json_text import split_members
from prismd.core.record_writes import RecordBody
from prismd.core.records import ArrayChange, Properties
from prismd.core.schema import Kind, ObjectSchema, Option, Property, held_references
from prismd.core.values import InvalidValueError, ValueLimits, parser_for

#: Values as clients see them, by list and slug; None for those of every record.
Shown = Mapping[str | None, Mapping[str, Any]]

_TIMES: Final = ValueLimits(text_chars_max=100, list_values_max=1)


def may_be_unchanged(row: Row | RefusedRow) -> bool:
    """Return whether a row is refused for values alone, so that it may pass without those that change nothing."""
    return isinstance(row, RefusedRow) and row.problems[0].slug is not None


def without_unchanged(body: RecordBody, schema: ObjectSchema, shown: Shown, list_id: str | None) -> RecordBody | None:
    """Return a body without the values that a record shows already; None where it has none of them.

    Args:
        body: As it was sent.
        schema: Of the record.
        shown: What the record shows.
        list_id: The list that the request names in its query, if it does.
    """
    members = split_members(body.raw)
    kept = {
        name: dict(_kept(name, values, split_members(bytes(members[name])), schema, shown, list_id))
        for name, values in body.buckets.items()
        if values
    }
    if all(len(kept[name]) == len(body.buckets[name]) for name in kept):
        return None
    raw = b"{%s}" % b",".join(_member(name, _object(values)) for name, values in kept.items())
    return RecordBody(raw, body.field, body.buckets, body.id)


def _kept(  # noqa: PLR0917 - a bucket, and what its values are compared with
    bucket: str,
    values: Mapping[str, Any],
    raws: Mapping[str, msgspec.Raw],
    schema: ObjectSchema,
    shown: Shown,
    list_id: str | None,
) -> Iterator[tuple[str, bytes]]:
    for name, value in values.items():
        raw = bytes(raws[name])
        if bucket == "list" and is_uuid(name):
            own = name.lower()
            inner = split_members(raw)
            yield (
                name,
                _object(
                    {slug: bytes(inner[slug]) for slug in value if not _same(own, slug, value[slug], schema, shown)}
                ),
            )
        elif not _same(list_id if bucket == "list" else None, name, value, schema, shown):
            yield name, raw


def _same(list_id: str | None, slug: str, sent: object, schema: ObjectSchema, shown: Shown) -> bool:
    there = shown.get(list_id, {}).get(slug)
    if sent == there and isinstance(sent, bool) == isinstance(there, bool):
        return True
    prop = schema.get(slug, list_id)
    # The same moment can be written in several ways.
    return prop is not None and prop.kind is Kind.DATE and _moment(prop, sent) == _moment(prop, there) is not None


def _moment(prop: Property, value: object) -> object:
    try:
        return parser_for(prop, _TIMES)(value) if isinstance(value, str) else None
    except InvalidValueError:
        return None


def _object(values: Mapping[str, bytes]) -> bytes:
    return b"{%s}" % b",".join(_member(name, raw) for name, raw in values.items())


def _member(name: str, raw: bytes) -> bytes:
    return b"%s:%s" % (msgspec.json.encode(name), raw)


def with_held_options(schema: ObjectSchema, held: Properties) -> ObjectSchema:
    """Return the schema by which a record is written: what it holds of archived options it may go on holding.

    Args:
        schema: Of the record.
        held: What the record holds.
    """
    kept = {
        prop.key: replace(prop, options=tuple(_going_on(option, held[prop.key]) for option in prop.options))
        for prop in schema
        if held.get(prop.key) and any(not option.enabled for option in prop.options)
    }
    return ObjectSchema(schema.object_type, {**schema.properties, **kept}) if kept else schema


def _going_on(option: Option, held: str | Sequence[str]) -> Option:
    # An id is never a part of another, so it does not matter whether one is held or several.
    return replace(option, enabled=option.enabled or option.id in held)


def without_held(
    rows: Sequence[Row | RefusedRow], held: Sequence[Properties], schema: ObjectSchema
) -> list[Row | RefusedRow]:
    """Return rows without the references that their records hold already, which need not lead to a record any more.

    Args:
        rows: Parsed rows; references are as they were written.
        held: What the record of each holds.
        schema: Of the rows.
    """
    keys = held_references(schema).keys()
    return [
        Row(
            {key: _without(value, before.get(key)) if key in keys else value for key, value in row.values.items()},
            row.plain,
        )
        if isinstance(row, Row) and not keys.isdisjoint(row.values)
        else row
        for row, before in zip(rows, held, strict=True)
    ]


def with_held(
    rows: Sequence[Row | RefusedRow],
    written: Sequence[Row | RefusedRow],
    held: Sequence[Properties],
    schema: ObjectSchema,
) -> list[Row | RefusedRow]:
    """Return rows with the references back that :func:`without_held` took from them, each where it stood.

    Args:
        rows: With ids of records in place of what was written.
        written: The same rows as they were before.
        held: What the record of each holds.
        schema: Of the rows.
    """
    keys = held_references(schema).keys()
    return [
        Row(
            {
                key: _with(row.values[key], value, before.get(key)) if key in keys else row.values[key]
                for key, value in sent.values.items()
            },
            row.plain,
        )
        if isinstance(row, Row) and isinstance(sent, Row) and not keys.isdisjoint(row.values)
        else row
        for row, sent, before in zip(rows, written, held, strict=True)
    ]


def _without(sent: Any, before: Any) -> Any:  # noqa: ANN401 - values of a reference
    if isinstance(sent, ArrayChange):
        return ArrayChange(sent.operation, _without(sent.values, before))
    if isinstance(sent, list):
        return [one for one in sent if one not in (before or ())]
    return None if sent == before else sent


def _with(resolved: Any, sent: Any, before: Any) -> Any:  # noqa: ANN401 - values of a reference
    if isinstance(sent, ArrayChange):
        return ArrayChange(sent.operation, _with(resolved.values, sent.values, before))
    if not isinstance(sent, list):
        return sent if sent == before else resolved
    if len(resolved) < sum(one not in (before or ()) for one in sent):
        # Two of them lead to one record, so which stood where cannot be told.
        return list(dict.fromkeys([*(one for one in sent if one in (before or ())), *resolved]))
    others = iter(resolved)
    return list(dict.fromkeys(one if one in (before or ()) else next(others) for one in sent))

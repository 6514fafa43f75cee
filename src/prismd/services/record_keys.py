"""Keeping records findable by the values of key properties, and finding them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.keys import KeyRule, is_comparable
from prismd.core.quoting import nearest, quoted
from prismd.core.records import Written
from prismd.core.schema import LISTS, ObjectSchema, Property
from prismd.store import record_keys, records
from prismd.store.postgres import Connection, nothing

#: Records whose keys are made at once when a property becomes a key.
_BACKFILL_PAGE: Final = 5_000


def key_property(schema: ObjectSchema, slug: str, field: str, list_id: str | None = None) -> Property:
    """Return the property by which a request tells records apart.

    Args:
        slug: As the caller wrote it.
        field: Where, such as ``.body.options.dedupe_by``.
        list_id: The list whose own properties can be meant too.

    Raises:
        PrismdError: ``invalid_request``: there is none of that slug, or it cannot be a key.
    """
    prop = schema.get(slug, list_id)
    if prop is None:
        hint = nearest(slug, schema.slugs(list_id))
        raise PrismdError.invalid(field, f"{schema.object_type} has no property {quoted(slug)}{hint}", "enum")
    if not is_comparable(prop):
        what = "set by the server alone" if prop.read_only else f"of type {prop.type}"
        usable = ", ".join(
            sorted({prop.slug for prop in schema if prop.list_id in (None, list_id) and is_comparable(prop)})
        )
        message = f"{slug} is {what}, so records cannot be told apart by it; use one of {usable}"
        raise PrismdError.invalid(field, message, "enum")
    return prop


def key_rules(connection: Connection, team_id: int, schema: ObjectSchema) -> list[KeyRule]:
    """Return the rules of all properties whose values are kept as keys."""
    keys = record_keys.keys_in_use(connection, team_id, schema.object_type)
    found = (LISTS if key == LISTS.key else schema.properties.get(key) for key in keys)
    return [KeyRule(schema.object_type, prop, fold_case=True) for prop in found if prop is not None]


def ensure_key(connection: Connection, team_id: int, object_type: str, prop: Property) -> None:
    """Make records findable by a property: from its first use as a key on, and for the records that there are already.

    Nobody else writes keys of the type until the transaction ends.

    Args:
        object_type: The type that has it.
        prop: A property that can be compared.
    """
    if prop.key in record_keys.keys_in_use(connection, team_id, object_type):
        return
    record_keys.lock_type(connection, team_id, object_type)
    if prop.key in record_keys.keys_in_use(connection, team_id, object_type):
        return
    rule = KeyRule(object_type, prop, fold_case=True)
    record_keys.add_key(connection, team_id, object_type, prop.key)
    for page in records.scan_values(connection, team_id, object_type, prop.key, page=_BACKFILL_PAGE):
        entries = [(key_hash, record_id) for record_id, value in page for key_hash in rule.hashes(value)]
        record_keys.insert_keys(connection, team_id, entries)


def write_keys(
    connection: Connection,
    team_id: int,
    rules: Iterable[KeyRule],
    written: Sequence[Written],
    meanwhile: Callable[[], None] = nothing,
) -> None:
    """Write the keys of records that are made and changed.

    Args:
        connection: Inside a transaction that holds the lock of the records' type.
        rules: Of the properties whose values are kept as keys.
        written: What is made and changed.
        meanwhile: Called while PostgreSQL takes keys in.
    """
    added, gone = [], []
    for rule in rules:
        key = rule.key
        for record_id, before, after in written:
            old, new = rule.hashes(before.get(key)), rule.hashes(after.get(key))
            if old:
                gone += [(key_hash, record_id) for key_hash in set(old).difference(new)]
                new = tuple(set(new).difference(old))
            added += [(key_hash, record_id) for key_hash in new]
    record_keys.delete_keys(connection, team_id, gone)
    record_keys.insert_keys(connection, team_id, added, meanwhile)


def find_by_key(
    connection: Connection, team_id: int, rule: KeyRule, object_type: str, value: object
) -> list[records.StoredRecord]:
    """Return the records whose property has a value in common with a given one, by the rule's comparison."""
    wanted = set(rule.keys(value))
    found = records.records_by_key(connection, team_id, object_type, rule.hashes(value))
    return [record for record in found if wanted & set(rule.keys(record.properties.get(rule.key)))]

"""Keeping records findable by the values of key properties, and finding them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.properties.schema import LISTS, ObjectSchema, Property
from prismd.core.records.keys import KeyRule, is_comparable
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Rewritten
from prismd.core.wording.quoting import nearest, quoted
from prismd.store.connections.postgres import Connection
from prismd.store.records import record_keys, records

#: Records that are found by a value, as who looks for one is told no more than that there are more.
FOUND_MAX: Final = 10
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


def ensure_key(
    connection: Connection, team_id: int, object_type: str, prop: Property, *, tells_apart: bool = False
) -> bool:
    """Make records findable by a property: from its first use as a key on, and for the records that there are already.

    Nobody else writes keys of the type until the transaction ends.

    Args:
        object_type: The type that has it.
        prop: A property that can be compared.
        tells_apart: Whether records are told apart by it, and not only found.

    Returns:
        Whether anything was to be done, so that the transaction holds the lock of the type.
    """
    used = record_keys.keys_in_use(connection, team_id, object_type)
    if prop.key in used and (used[prop.key] or not tells_apart):
        return False
    record_keys.lock_type(connection, team_id, object_type)
    used = record_keys.keys_in_use(connection, team_id, object_type)
    record_keys.add_key(connection, team_id, object_type, prop.key, tells_apart=tells_apart)
    if prop.key in used:
        return True
    rule = KeyRule(object_type, prop, fold_case=True)
    for page in records.scan_values(connection, team_id, object_type, prop.key, page=_BACKFILL_PAGE):
        entries = [(key_hash, record_id) for record_id, value in page for key_hash in rule.hashes(value)]
        record_keys.insert_keys(connection, team_id, entries)
    return True


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """Which keys records of a team get, and which they lose."""

    team_id: int
    added: list[record_keys.Entry]
    gone: list[record_keys.Entry]

    def write(self, connection: Connection) -> None:
        """Write them, inside a transaction that holds the lock of the records' type."""
        record_keys.delete_keys(connection, self.team_id, self.gone)
        record_keys.insert_keys(connection, self.team_id, self.added)

    def packed(self) -> PackedKeyChanges:
        """Return them as an import writes them."""
        return PackedKeyChanges(self.team_id, record_keys.key_rows(self.team_id, self.added), self.gone)


@dataclass(frozen=True, slots=True)
class PackedKeyChanges:
    """Which keys records of a team get, as PostgreSQL copies them, and which they lose."""

    team_id: int
    added: bytes
    gone: list[record_keys.Entry]

    def write(self, connection: Connection) -> None:
        """Write them, inside the import step of a transaction that holds the lock of the records' type."""
        record_keys.delete_keys(connection, self.team_id, self.gone)
        record_keys.copy_keys(connection, self.added)


def key_changes(
    team_id: int,
    rules: Iterable[KeyRule],
    made: Iterable[KnownRecord],
    changed: Iterable[Rewritten],
    *,
    hashed: str | None = None,
) -> KeyChanges:
    """Return what becomes of the keys of records that are made and changed.

    Args:
        rules: Of the properties whose values are kept as keys.
        made: Records that are made.
        changed: Records that are changed.
        hashed: The key whose hashes the records bring that are made, where they bring any.
    """
    added: list[record_keys.Entry] = []
    gone: list[record_keys.Entry] = []
    for rule in rules:
        key, hashes = rule.key, rule.hashes
        known = key == hashed
        added += [
            (key_hash, record.id)
            for record in made
            for key_hash in (record.hashes if known else None) or hashes(record.properties.get(key))
        ]
        for one in changed:
            if key in one.after:
                was, now = set(hashes(one.before.get(key))), set(hashes(one.after.get(key)))
                gone += [(key_hash, one.id) for key_hash in was - now]
                added += [(key_hash, one.id) for key_hash in now - was]
    return KeyChanges(team_id, added, gone)


def find_by_key(connection: Connection, team_id: int, rule: KeyRule, object_type: str, value: object) -> list[str]:
    """Return ids of records whose property has a value in common with a given one, by the rule's comparison.

    Where more have it than :data:`FOUND_MAX`, one more than that is returned.
    """
    wanted = set(rule.keys(value))
    found = records.values_by_key(
        connection, team_id, object_type, rule.key, rule.hashes(value), each_max=FOUND_MAX + 1
    )
    return [record_id for record_id, own in found if wanted & set(rule.keys(own))][: FOUND_MAX + 1]

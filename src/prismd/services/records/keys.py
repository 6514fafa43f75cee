"""Keeping record keys of the properties that are used for look-ups, and finding records by them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.properties.schema import LISTS, ObjectSchema, Property
from prismd.core.records.keys import KeyRule, is_comparable
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Rewritten
from prismd.core.wording.quoting import nearest, quoted
from prismd.services.session import Transaction
from prismd.store.records import record_keys, records

#: Most records that a look-up returns; for more, the caller learns only that there are more.
FOUND_MAX: Final = 10
#: Records per page when a property becomes a key and existing records get their keys.
_BACKFILL_PAGE: Final = 5_000


def key_property(schema: ObjectSchema, slug: str, field: str, list_id: str | None = None) -> Property:
    """Return the property that a request names to identify records.

    Args:
        slug: The property's slug, exactly as the caller sent it.
        field: Path of the slug in the request, such as ``.body.options.dedupe_by``.
        list_id: The list whose own properties can be named too.

    Raises:
        PrismdError: ``invalid_request``: no property has this slug, or the property cannot be a key.
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


def key_rules(transaction: Transaction, schema: ObjectSchema) -> list[KeyRule]:
    """Return the rules of all properties whose values have record keys."""
    keys = transaction.keys_in_use(schema.object_type)
    found = (LISTS if key == LISTS.key else schema.properties.get(key) for key in keys)
    return [KeyRule(schema.object_type, prop, fold_case=True) for prop in found if prop is not None]


def ensure_key(transaction: Transaction, object_type: str, prop: Property, *, tells_apart: bool = False) -> bool:
    """Give the records of a type keys of a property: existing records now, later ones as they are written.

    Nobody else writes keys of the type until the transaction ends, if this call had work to do.

    Args:
        object_type: The type that has the property.
        prop: A property whose values can be compared.
        tells_apart: Whether the property identifies records; False if it only finds them.

    Returns:
        True if the call wrote anything; the transaction then holds the lock of the type.
    """
    connection, team_id = transaction.connection, transaction.team_id
    used = transaction.keys_in_use(object_type)
    if prop.key in used and (used[prop.key] or not tells_apart):
        return False
    transaction.lock_type(object_type)
    used = record_keys.keys_in_use(connection, team_id, object_type)
    record_keys.add_key(connection, team_id, object_type, prop.key, tells_apart=tells_apart)
    if prop.key in used:
        return True
    rule = KeyRule(object_type, prop, fold_case=True)
    for page in records.scan_values(connection, team_id, object_type, prop.key, page=_BACKFILL_PAGE):
        entries = [(key_hash, record_id) for record_id, value in page for key_hash in rule.hashes(value)]
        record_keys.insert_keys(connection, team_id, entries)
    return True


def ensure_keys(transaction: Transaction, object_type: str, props: Sequence[Property]) -> None:
    """Give the records of a type keys of several properties, which find records; one statement if they have them.

    Args:
        object_type: The type that has the properties.
        props: Properties whose values can be compared.
    """
    used = transaction.keys_in_use(object_type) if props else {}
    for prop in props:
        if prop.key not in used:
            ensure_key(transaction, object_type, prop)


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """The keys to add to records, and the keys to remove."""

    added: list[record_keys.Entry]
    gone: list[record_keys.Entry]

    def write(self, transaction: Transaction) -> None:
        """Write the changes, inside a transaction that holds the lock of the records' type."""
        record_keys.delete_keys(transaction.connection, transaction.team_id, self.gone)
        record_keys.insert_keys(transaction.connection, transaction.team_id, self.added)

    def packed(self, team_id: int) -> PackedKeyChanges:
        """Return the changes in the form that imports of a team write."""
        return PackedKeyChanges(record_keys.key_rows(team_id, self.added), self.gone)


@dataclass(frozen=True, slots=True)
class PackedKeyChanges:
    """The keys to add to records, encoded for COPY, and the keys to remove."""

    added: bytes
    gone: list[record_keys.Entry]

    def write(self, transaction: Transaction) -> None:
        """Write the changes in an import's step, inside a transaction that holds the lock of the records' type."""
        record_keys.delete_keys(transaction.connection, transaction.team_id, self.gone)
        record_keys.copy_keys(transaction.connection, self.added)


def key_changes(
    rules: Iterable[KeyRule],
    made: Iterable[KnownRecord],
    changed: Iterable[Rewritten],
    *,
    hashed: str | None = None,
) -> KeyChanges:
    """Return the changes of keys for new and changed records.

    Args:
        rules: Rules of the properties whose values have record keys.
        made: The new records.
        changed: The changed records.
        hashed: The key whose hashes the new records carry already; None if they carry none.
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
    return KeyChanges(added, gone)


def find_by_key(transaction: Transaction, object_type: str, rule: KeyRule, value: object) -> list[str]:
    """Return ids of the records that share a value of a property with a given value, as the rule compares.

    The result has at most :data:`FOUND_MAX` + 1 ids; the additional one says that there are more.
    """
    wanted = set(rule.keys(value))
    found = records.values_by_key(
        transaction.connection,
        transaction.team_id,
        object_type,
        rule.key,
        rule.hashes(value),
        each_max=FOUND_MAX + 1,
    )
    return [record_id for record_id, own in found if wanted & set(rule.keys(own))][: FOUND_MAX + 1]

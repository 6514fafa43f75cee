"""Looking up references by key: records that the value of one of their properties names, however many at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.properties.schema import ObjectSchema, Property
from prismd.core.records.keys import KeyRule, is_comparable
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.missing_references import Missing, missing_of
from prismd.core.records.references import SHOWN_IDS_MAX, Fault, Found, Reference, is_address
from prismd.core.values.key_references import KeyReference
from prismd.core.values.property_values import InvalidValueError, Parser, ValueLimits, parser_for
from prismd.core.wording.quoting import nearest, quoted
from prismd.services.records.keys import ensure_keys
from prismd.services.session import Transaction
from prismd.store import properties
from prismd.store.records.key_holders import WantedKey, holders_of_values

#: Most properties that a message lists.
_SLUGS_SHOWN: Final = 12

#: Returns the ids of the contacts with given e-mail addresses.
ContactsOf = Callable[[Collection[str]], Mapping[str, list[str]]]


#: Returns records that are no records yet, with those of the given key hashes that they have.
DraftedByHash = Callable[[Collection[int]], Iterable[tuple[int, KnownRecord]]]
#: An object type, and a reference to a record of that type.
_Named = tuple[str, KeyReference]


@dataclass(frozen=True, slots=True)
class KeyLookUp:
    """The result of a look-up by key.

    Args:
        found: The ids of the records that each reference leads to; several are an error of the caller.
        faults: References by keys that no record can have.
        missing: The references that lead to no record.
    """

    found: Found
    faults: Mapping[Reference, Fault]
    missing: Mapping[Reference, Missing]


@dataclass(frozen=True, slots=True)
class _Sought:
    """A value to find records by."""

    rule: KeyRule
    object_type: str
    value: Any


@dataclass(frozen=True, slots=True)
class _Key:
    """A property to find records by, and the parser of its values."""

    prop: Property
    rule: KeyRule
    parse: Parser


def look_up_by_key(
    transaction: Transaction,
    wanted: Iterable[_Named],
    contacts_of: ContactsOf,
    drafted: DraftedByHash | None = None,
) -> KeyLookUp:
    """Return the records that references by key lead to; the number of statements does not grow with the references.

    Args:
        transaction: The team's open transaction; it makes records findable by further properties, if necessary.
        wanted: Object types and references.
        contacts_of: Returns contacts by address, for properties that hold references to contacts.
        drafted: Finds records that earlier chunks of a dry run would have created.
    """
    references = sorted(set(wanted), key=lambda one: (one[0], one[1].slug))
    types = sorted({object_type for object_type, _ in references})
    unread = [object_type for object_type in types if object_type not in transaction.loaded.schemas]
    if unread:
        schemas = properties.load_schemas(transaction.connection, transaction.team_id, unread)
        transaction.loaded.schemas.update(schemas)
    read = _Reader(
        transaction.loaded.schemas,
        ValueLimits(transaction.settings.text_chars_max, transaction.settings.list_values_max),
    )
    sought: dict[_Named, _Sought] = {}
    faults: dict[Reference, Fault] = {}
    for reference in references:
        value = read.sought(*reference)
        if isinstance(value, Fault):
            faults[reference] = value
        else:
            sought[reference] = value
    for object_type in types:
        used = {one.rule.key: one.rule.prop for one in sought.values() if one.object_type == object_type}
        ensure_keys(transaction, object_type, list(used.values()))
    stored = _with_contacts(sought, contacts_of)
    found = _found(transaction, stored, drafted)
    missing: dict[Reference, Missing] = {
        reference: missing_of(reference[0], one.rule, reference[1].value, one.value, read.limits)
        for reference, one in sought.items()
        if not found[reference]
    }
    return KeyLookUp(found, faults, missing)


class _Reader:
    """Reads the values of keys, each property's by one parser.

    Args:
        schemas: Schemas of the referenced types.
        limits: The limits of values.
    """

    def __init__(self, schemas: Mapping[str, ObjectSchema], limits: ValueLimits) -> None:
        self._schemas = schemas
        self.limits = limits
        self._keys: dict[tuple[str, str], _Key | Fault] = {}

    def sought(self, object_type: str, reference: KeyReference) -> _Sought | Fault:
        """Return the value to find records by, or why no record can have it."""
        name = object_type, reference.slug
        key = self._keys.get(name) or self._keys.setdefault(name, self._key(*name))
        if isinstance(key, Fault):
            return key
        try:
            value = key.parse(reference.value)
        except InvalidValueError as error:
            return Fault(error.code, error.message)
        if not key.rule.keys(value):
            return Fault("invalid_value", f"a blank {key.prop.slug} names no {object_type}; leave the reference out")
        return _Sought(key.rule, object_type, value)

    def _key(self, object_type: str, slug: str) -> _Key | Fault:
        schema = self._schemas[object_type]
        prop = schema.get(slug)
        if prop is not None and is_comparable(prop):
            return _Key(prop, KeyRule(object_type, prop, fold_case=True), parser_for(prop, self.limits))
        usable = sorted(one.slug for one in schema if one.list_id is None and is_comparable(one))
        if prop is None:
            return Fault("invalid_property", f"{object_type} has no property {quoted(slug)}{nearest(slug, usable)}")
        more = f" and {len(usable) - _SLUGS_SHOWN} others" if len(usable) > _SLUGS_SHOWN else ""
        names = ", ".join(usable[:_SLUGS_SHOWN])
        message = f"no {object_type} can be found by {slug}; use its id, or one of {names}{more}"
        return Fault("invalid_property", message)


def _with_contacts(sought: Mapping[_Named, _Sought], contacts_of: ContactsOf) -> Mapping[_Named, _Sought]:
    """Return values to find records by, with contacts instead of their addresses."""
    by_address = {
        reference: address
        for reference, one in sought.items()
        if one.rule.prop.target is not None
        for address in (one.value if isinstance(one.value, list) else [one.value])
        if is_address(address)
    }
    if not by_address:
        return sought
    contacts = contacts_of(set(by_address.values()))
    held = {
        reference: _Sought(sought[reference].rule, sought[reference].object_type, contacts[address])
        for reference, address in by_address.items()
    }
    return {**sought, **held}


def _found(
    transaction: Transaction, sought: Mapping[_Named, _Sought], drafted: DraftedByHash | None
) -> dict[Reference, list[str]]:
    wanted = [
        (reference, WantedKey(one.object_type, one.rule.key, key_hash))
        for reference, one in sought.items()
        for key_hash in one.rule.hashes(one.value)
    ]
    holders = holders_of_values(
        transaction.connection, transaction.team_id, [key for _, key in wanted], each_max=SHOWN_IDS_MAX + 1
    )
    found: dict[Reference, dict[str, None]] = {reference: {} for reference in sought}
    for number, record_id, value in holders:
        reference = wanted[number][0]
        if _has(value, sought[reference]):
            found[reference][record_id] = None
    missing: dict[int, list[_Named]] = {}
    for reference, key in wanted:
        if not found[reference]:
            missing.setdefault(key.key_hash, []).append(reference)
    for key_hash, draft in drafted(missing) if drafted is not None and missing else ():
        for reference in missing[key_hash]:
            if _has(draft.properties.get(sought[reference].rule.key), sought[reference]):
                found[reference][draft.id] = None
    return {reference: list(ids) for reference, ids in found.items()}


def _has(value: object, sought: _Sought) -> bool:
    return not set(sought.rule.keys(sought.value)).isdisjoint(sought.rule.keys(value))

"""Looking up the targets of references in rows: records by id and by key, and contacts also by e-mail address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import ObjectSchema, held_references
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.missing_references import Missing, with_addresses
from prismd.core.records.new_contacts import NewContacts
from prismd.core.records.references import (
    SHOWN_IDS_MAX,
    ByKey,
    Fault,
    Found,
    Reference,
    is_address,
    references_of,
    with_references,
)
from prismd.core.records.rows import Rows
from prismd.core.values.key_references import KeyReference
from prismd.core.wording.quoting import quoted
from prismd.services.records.findable import make_findable
from prismd.services.records.key_lookups import DraftedByHash, look_up_by_key
from prismd.services.records.keys import KeyChanges, ensure_key, key_changes, key_rules
from prismd.services.session import Transaction
from prismd.store import properties
from prismd.store.records import records

CONTACT: Final = "contact"
#: The property that identifies contacts.
EMAIL: Final = native_schema(CONTACT).properties["email"]

#: Most contacts that one address can stand for if the caller wants all of them.
_CONTACTS_MAX: Final = 1_000
#: Most contacts that all addresses of one look-up can stand for together.
_CONTACTS_IN_ALL_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class _Most:
    """The limits of a look-up of contacts.

    Args:
        each: Maximum number of contacts per address; a caller that needs exactly one only needs to see a second.
        in_all: Maximum number of contacts in total; None for no limit.
    """

    each: int
    in_all: int | None = None


#: Returns contacts that have any of the given key hashes and are no records yet.
Drafted = Callable[[set[int]], Iterable[KnownRecord]]


@dataclass(frozen=True, slots=True)
class ImportLookUps:
    """How an import looks references up.

    Args:
        drafted: Finds contacts that earlier chunks of a dry run would have created; None outside of dry runs.
        drafted_by_hash: Finds records of any type that these would have created.
        unreadable: Types that whoever started the import cannot read, so no row can find their records by key.
        open: Keys of the properties whose missing references by key stay in the rows, and are decided later.
        by_address: Keys of the properties in which a contact's email creates the contact, as a plain address does.
        missing: Collects the references that lead to no record.
    """

    drafted: Drafted | None = None
    drafted_by_hash: DraftedByHash | None = None
    unreadable: Collection[str] = ()
    open: Collection[str] = ()
    by_address: Collection[str] = ()
    missing: dict[Reference, Missing] = field(default_factory=dict)


def resolve_references(
    transaction: Transaction, schema: ObjectSchema, rows: Rows, contacts: NewContacts | None = None
) -> Rows:
    """Return rows whose references are ids of existing records; a row with another reference is refused.

    If rows name contacts by address, contacts become findable by address first (see :func:`make_findable`).

    Args:
        transaction: The team's open transaction; it has written nothing.
        schema: The schema of the rows' type.
        rows: Parsed rows.
        contacts: Contacts that the rows would create; each counts as existing. None if rows create no contacts.
    """
    targets = held_references(schema)
    wanted = references_of(rows, targets)
    if not wanted:
        return rows
    if _has_addresses(wanted):
        make_findable(transaction, CONTACT, EMAIL)
    return _with_references(schema, rows, _look_up(transaction, wanted), contacts)


def resolve_to_write(
    transaction: Transaction, rows: Rows, contacts: NewContacts, look_ups: ImportLookUps | None = None
) -> Rows:
    """Return rows as :func:`resolve_references` does; others cannot create contacts until the transaction ends.

    The caller holds the lock of the rows' own type already, and everybody takes the lock of contacts last: so no
    deadlock is possible. Rows without addresses take no second lock.

    Args:
        transaction: The team's open transaction.
        rows: Parsed rows.
        contacts: Collects the contacts that the rows create, and knows the schema of the rows' type.
        look_ups: How the import of the rows looks references up; None for writes of other requests.
    """
    schema = contacts.schema
    if look_ups is not None and look_ups.by_address:
        rows = [with_addresses(row, look_ups.by_address) for row in rows]
    wanted = references_of(rows, held_references(schema))
    if not wanted:
        return rows
    if _has_addresses(wanted):
        transaction.lock_type(CONTACT)
        ensure_key(transaction, CONTACT, EMAIL)
    return _with_references(schema, rows, _look_up(transaction, wanted, look_ups), contacts)


def _has_addresses(wanted: Iterable[Reference]) -> bool:
    return any(is_address(token) for _, token in wanted)


def _with_references(
    schema: ObjectSchema, rows: Rows, found: tuple[Found, ByKey], contacts: NewContacts | None
) -> Rows:
    # A contact that refers to another contact creates none: another row can have the same address.
    if contacts is not None and schema.object_type != CONTACT:
        return contacts.resolve(rows, *found)
    targets = held_references(schema)
    return [with_references(row, targets, *found) for row in rows]


def _look_up(
    transaction: Transaction, wanted: Iterable[Reference], look_ups: ImportLookUps | None = None
) -> tuple[Found, ByKey]:
    addresses = {token for _, token in wanted if is_address(token)}
    by_id = sorted((target, token) for target, token in wanted if isinstance(token, str) and token not in addresses)
    found: dict[Reference, list[str]] = {
        pair: [pair[1]] for pair in records.existing_records(transaction.connection, transaction.team_id, by_id)
    }
    look_ups, sole = look_ups or ImportLookUps(), look_ups is None
    drafted = look_ups.drafted
    if addresses:
        contacts = _contacts(transaction, addresses, drafted)
        found |= {(CONTACT, address): ids for address, ids in contacts.items()}
    keys = [(target, token) for target, token in wanted if isinstance(token, KeyReference)]
    faults = _unreadable(transaction, keys, None if sole else look_ups.unreadable)
    keys = [reference for reference in keys if reference not in faults]
    if not keys:
        return found, ByKey(faults)
    contacts_of = partial(_contacts_to_find, transaction, drafted)
    by_key = look_up_by_key(transaction, keys, contacts_of, look_ups.drafted_by_hash)
    look_ups.missing.update(by_key.missing)
    return {**found, **by_key.found}, ByKey({**faults, **by_key.faults}, look_ups.open)


def _unreadable(
    transaction: Transaction, keys: Sequence[tuple[str, KeyReference]], unreadable: Collection[str] | None
) -> dict[Reference, Fault]:
    """Return the faults of references whose records may not be read, as finding them tells their values.

    Args:
        keys: Object types and references.
        unreadable: Types that whoever started the import cannot read; None asks the caller's scopes.

    Raises:
        PrismdError: ``missing_scope``, if the caller's scopes are asked.
    """
    if unreadable is None:
        for target in sorted({target for target, _ in keys}):
            transaction.scopes.require((Scope.READ,), target, ", by which its records are found by key")
    return {
        (target, token): Fault(
            "missing_scope",
            f"the API key of the import lacks the scope {quoted(f'{Scope.READ}:{target}')}, without which no {target}"
            f" is found by its {quoted(token.slug)[1:-1]}; use ids, or a key that has the scope",
        )
        for target, token in keys
        if target in (unreadable or ())
    }


def _contacts(transaction: Transaction, addresses: Collection[str], drafted: Drafted | None) -> dict[str, list[str]]:
    rule = address_rule(transaction)
    contacts = _contacts_by_address(transaction, rule, addresses, _Most(SHOWN_IDS_MAX + 1))
    if drafted is not None:
        contacts |= _drafts_by_address(rule, addresses, drafted)
    return contacts


def _contacts_to_find(
    transaction: Transaction, drafted: Drafted | None, addresses: Collection[str]
) -> dict[str, list[str]]:
    ensure_key(transaction, CONTACT, EMAIL)
    return _contacts(transaction, addresses, drafted)


def all_contacts_by_address(transaction: Transaction, rule: KeyRule, addresses: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids of all contacts with given e-mail addresses, compared as imports compare keys.

    Args:
        transaction: The team's open transaction.
        rule: The key rule of contacts' addresses; contacts are findable by it.
        addresses: The addresses, exactly as the caller sent them.

    Raises:
        PrismdError: ``invalid_request``: one address, or all together, stand for too many contacts.
    """
    most = _Most(_CONTACTS_MAX + 1, _CONTACTS_IN_ALL_MAX + 1)
    found = _contacts_by_address(transaction, rule, addresses, most)
    if sum(map(len, found.values())) > _CONTACTS_IN_ALL_MAX:
        message = f"more than {_CONTACTS_IN_ALL_MAX:,} contacts have the addresses; ask for fewer addresses at a time"
        raise PrismdError("invalid_request", message)
    for address, ids in found.items():
        if len(ids) > _CONTACTS_MAX:
            message = f"more than {_CONTACTS_MAX:,} contacts have the address {quoted(address)}; name some by their ids"
            raise PrismdError("invalid_request", message)
    return found


def _contacts_by_address(
    transaction: Transaction, rule: KeyRule, addresses: Iterable[str], most: _Most
) -> dict[str, list[str]]:
    """Return the ids of contacts with given e-mail addresses; contacts are findable by the rule."""
    wanted = {address: rule.keys(address)[0] for address in addresses}
    hashes = {key_hash for address in wanted for key_hash in rule.hashes(address)}
    by_key: dict[str, list[str]] = {}
    for contact_id, email in records.values_by_key(
        transaction.connection,
        transaction.team_id,
        CONTACT,
        rule.key,
        hashes,
        each_max=most.each,
        most=most.in_all,
    ):
        for key in rule.keys(email):
            by_key.setdefault(key, []).append(contact_id)
    return {address: by_key.get(key, []) for address, key in wanted.items()}


def _drafts_by_address(rule: KeyRule, addresses: Iterable[str], drafted: Drafted) -> dict[str, list[str]]:
    """Return the ids of contacts that are no records yet, by address; addresses without such a contact are absent.

    A draft replaces existing contacts: without the dry run it would be older, and they would not exist.
    """
    wanted = {address: rule.keys(address)[0] for address in addresses}
    hashes = {key_hash for address in wanted for key_hash in rule.hashes(address)}
    by_key = {key: draft.id for draft in drafted(hashes) for key in rule.keys(draft.properties.get("email"))}
    return {address: [by_key[key]] for address, key in wanted.items() if key in by_key}


def address_rule(transaction: Transaction) -> KeyRule:
    """Return the key rule of contacts' addresses."""
    schema = properties.load_schema(transaction.connection, transaction.team_id, CONTACT)
    return KeyRule(CONTACT, schema.properties["email"], fold_case=True)


def keys_of_new(transaction: Transaction, object_type: str, made: Sequence[KnownRecord]) -> KeyChanges:
    """Return the keys of records created for references, in a transaction that holds the lock of their type.

    Args:
        object_type: Their type.
        made: The new records.
    """
    schema = transaction.schema(object_type)
    return key_changes(key_rules(transaction, schema), made, ())

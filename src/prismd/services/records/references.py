"""Looking up what the references of rows lead to: by id, and contacts also by their address, old ones and new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import ObjectSchema, held_references
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.new_contacts import NewContacts
from prismd.core.records.references import (
    ADDRESS_MARK,
    SHOWN_IDS_MAX,
    Found,
    Reference,
    references_of,
    with_references,
)
from prismd.core.records.rows import Rows
from prismd.core.wording.quoting import quoted
from prismd.services.records.findable import make_findable
from prismd.services.records.keys import KeyChanges, ensure_key, key_changes, key_rules
from prismd.services.session import Transaction
from prismd.store import properties
from prismd.store.connections.postgres import Connection
from prismd.store.records import record_keys, records

CONTACT: Final = "contact"
#: By which contacts are told apart.
EMAIL: Final = native_schema(CONTACT).properties["email"]

#: Contacts that one address may mean where all of them are wanted.
_CONTACTS_MAX: Final = 1_000
#: The same for all addresses that are named together.
_CONTACTS_IN_ALL_MAX: Final = 50_000

#: Returns contacts that are no records yet and carry some keys, by the hashes of these.
Drafted = Callable[[set[int]], Iterable[KnownRecord]]


def resolve_references(
    transaction: Transaction, schema: ObjectSchema, rows: Rows, contacts: NewContacts | None = None
) -> Rows:
    """Return rows whose references are ids of records that exist; rows with others are refused.

    Where they name contacts by addresses, contacts are made findable by these first (see :func:`make_findable`).

    Args:
        transaction: Of the team; it has written nothing.
        schema: Of the rows.
        rows: Parsed rows.
        contacts: Those that the rows would make, each of which counts as one that exists; None where they make none.
    """
    targets = held_references(schema)
    wanted = references_of(rows, targets)
    if not wanted:
        return rows
    if _has_addresses(wanted):
        make_findable(transaction, CONTACT, EMAIL)
    found = _look_up(transaction.connection, transaction.team_id, wanted)
    return _with_references(schema, rows, found, contacts)


def resolve_to_write(  # noqa: PLR0917 - where, what, and who may come to be
    connection: Connection,
    team_id: int,
    schema: ObjectSchema,
    rows: Rows,
    contacts: NewContacts,
    drafted: Drafted | None = None,
) -> Rows:
    """Return rows as :func:`resolve_references` does, and let nobody else make a contact until the transaction ends.

    Whoever writes holds the lock of the rows' own type by then, and the lock of contacts is the last that anybody
    takes: so nobody waits in a circle. Rows that name no addresses take no second lock.

    Args:
        schema: Of the rows.
        rows: Parsed rows.
        contacts: Those that the rows may make.
        drafted: Finds contacts that earlier chunks of a dry run would have made.
    """
    wanted = references_of(rows, held_references(schema))
    if not wanted:
        return rows
    if _has_addresses(wanted):
        record_keys.lock_type(connection, team_id, CONTACT)
        ensure_key(connection, team_id, CONTACT, EMAIL)
    found = _look_up(connection, team_id, wanted, drafted)
    return _with_references(schema, rows, found, contacts)


def _has_addresses(wanted: Iterable[Reference]) -> bool:
    return any(ADDRESS_MARK in token for _, token in wanted)


def _with_references(schema: ObjectSchema, rows: Rows, found: Found, contacts: NewContacts | None) -> Rows:
    # A contact that refers to another makes none: its address may be that of another row.
    if contacts is not None and schema.object_type != CONTACT:
        return contacts.resolve(rows, found)
    targets = held_references(schema)
    return [with_references(row, targets, found) for row in rows]


def _look_up(
    connection: Connection, team_id: int, wanted: Iterable[Reference], drafted: Drafted | None = None
) -> Found:
    by_address = [reference for reference in wanted if ADDRESS_MARK in reference[1]]
    by_id = sorted(set(wanted).difference(by_address))
    found: dict[Reference, list[str]] = {
        pair: [pair[1]] for pair in records.existing_records(connection, team_id, by_id)
    }
    if by_address:
        rule = address_rule(connection, team_id)
        contacts = contacts_by_address(connection, team_id, rule, {address for _, address in by_address}, drafted)
        found |= {reference: contacts[reference[1]] for reference in by_address}
    return found


def all_contacts_by_address(
    connection: Connection, team_id: int, rule: KeyRule, addresses: Iterable[str]
) -> dict[str, list[str]]:
    """Return the ids of all contacts that have some e-mail addresses, compared as imports compare.

    Args:
        rule: How contacts are told apart by their addresses; they are findable by these.
        addresses: As somebody wrote them.

    Raises:
        PrismdError: ``invalid_request``: more contacts have one of them than can be meant by it.
    """
    found = contacts_by_address(
        connection, team_id, rule, addresses, each_max=_CONTACTS_MAX + 1, most=_CONTACTS_IN_ALL_MAX + 1
    )
    if sum(map(len, found.values())) > _CONTACTS_IN_ALL_MAX:
        message = f"more than {_CONTACTS_IN_ALL_MAX:,} contacts have the addresses; ask for fewer addresses at a time"
        raise PrismdError("invalid_request", message)
    for address, ids in found.items():
        if len(ids) > _CONTACTS_MAX:
            message = f"more than {_CONTACTS_MAX:,} contacts have the address {quoted(address)}; name some by their ids"
            raise PrismdError("invalid_request", message)
    return found


def contacts_by_address(
    connection: Connection,
    team_id: int,
    rule: KeyRule,
    addresses: Iterable[str],
    drafted: Drafted | None = None,
    *,
    each_max: int = SHOWN_IDS_MAX + 1,
    most: int | None = None,
) -> dict[str, list[str]]:
    """Return the ids of contacts that have some e-mail addresses, compared as imports compare.

    Args:
        rule: How contacts are told apart by their addresses; they are findable by these.
        addresses: As somebody wrote them.
        drafted: Finds contacts that are no records yet.
        each_max: Contacts returned for each; who looks for one needs only to know that there are more.
        most: Contacts returned in all; None for no limit.
    """
    wanted = {address: rule.keys(address)[0] for address in addresses}
    hashes = {key_hash for address in wanted for key_hash in rule.hashes(address)}
    by_key: dict[str, list[str]] = {}
    for contact_id, email in records.values_by_key(
        connection, team_id, CONTACT, rule.key, hashes, each_max=each_max, most=most
    ):
        for key in rule.keys(email):
            by_key.setdefault(key, []).append(contact_id)
    for draft in drafted(hashes) if drafted else ():
        # Whoever has really made one meanwhile would have found it, had it been made.
        by_key |= {key: [draft.id] for key in rule.keys(draft.properties.get("email"))}
    return {address: by_key.get(key, []) for address, key in wanted.items()}


def address_rule(connection: Connection, team_id: int) -> KeyRule:
    """Return how contacts are told apart by their addresses."""
    schema = properties.load_schema(connection, team_id, CONTACT)
    return KeyRule(CONTACT, schema.properties["email"], fold_case=True)


def keys_of_contacts(connection: Connection, team_id: int, made: Sequence[KnownRecord]) -> KeyChanges:
    """Return the keys of contacts that addresses made, inside a transaction that holds the lock of contacts.

    Args:
        made: The contacts.
    """
    schema = properties.load_schema(connection, team_id, CONTACT)
    return key_changes(team_id, key_rules(connection, team_id, schema), made, ())

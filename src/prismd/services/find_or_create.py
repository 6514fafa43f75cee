"""The person of an e-mail address or the company of a domain, made where there is none (contract, section 16.4)."""

from __future__ import annotations

from prismd.core.errors import PrismdError
from prismd.core.imports.rows import RefusedRow, Row
from prismd.core.quoting import quoted
from prismd.core.record_writes import RecordBody, refusal_of
from prismd.core.records import Properties, merged
from prismd.services.record_writer import RecordWriter
from prismd.services.records import RecordView, records_with, the_one
from prismd.services.runtime import Runtime
from prismd.store.postgres import Connection
from prismd.store.records import StoredRecord

_ADDRESSES = "email_addresses"


def find_or_create_organization(
    connection: Connection, runtime: Runtime, team_id: int, domain: str, defaults: RecordBody
) -> tuple[RecordView, bool]:
    """Return the organization with a primary domain, and whether it was made.

    Args:
        connection: Inside a transaction.
        runtime: For time, ids and limits.
        team_id: The team.
        domain: As the caller wrote it; compared as imports compare keys.
        defaults: Further values of one that is made.

    Raises:
        PrismdError: ``multiple_matches``, or ``invalid_request`` with the path of each field at fault.
    """
    writer = RecordWriter(connection, runtime, team_id, "organization")
    prop = writer.schema.properties["primary_domain"]
    found = records_with(connection, team_id, "organization", prop, domain)
    if found:
        return writer.view(the_one(found, prop.slug, domain)), False
    values = _values(writer, defaults)
    return _made(writer, Row({prop.key: domain, **_without_empty(values, prop.key)}), defaults), True


def find_or_create_identity(
    connection: Connection, runtime: Runtime, team_id: int, address: str, defaults: RecordBody
) -> tuple[RecordView, bool]:
    """Return the person who has an address, and whether it was made; its contact is made where there is none.

    Args:
        connection: Inside a transaction.
        runtime: For time, ids and limits.
        team_id: The team.
        address: As the caller wrote it; compared as imports compare keys.
        defaults: Further values of a person who is made.

    Raises:
        PrismdError: ``multiple_matches``, or ``invalid_request`` with the path of each field at fault.
    """
    # Always in this order, as imports of people who are given by their addresses take the two locks.
    writer = RecordWriter(connection, runtime, team_id, "identity")
    contacts = RecordWriter(connection, runtime, team_id, "contact")
    prop = writer.schema.properties[_ADDRESSES]
    known = records_with(connection, team_id, "contact", contacts.schema.properties["email"], address)
    ids = [contact.id for contact in known]
    found = records_with(connection, team_id, "identity", prop, ids)
    if found:
        return writer.view(the_one(found, prop.slug, address)), False
    contact = _the_contact(contacts, known, address)
    values = _values(writer, defaults)
    own: list[str] = merged({}, {_ADDRESSES: values.get(_ADDRESSES)}).get(_ADDRESSES, [])
    all_of_them = list(dict.fromkeys([*own, contact.id]))
    return _made(writer, Row({**values, _ADDRESSES: all_of_them}), defaults), True


def _the_contact(contacts: RecordWriter, known: list[StoredRecord], address: str) -> StoredRecord:
    if len(known) > 1:
        message = f"{len(known)} contacts have the address {quoted(address)}, and none belongs to a person; use an id"
        raise PrismdError("multiple_matches", message)
    if known:
        return known[0]
    contact = contacts.make(Row({"email": address}), demanding=False)
    assert isinstance(contact, StoredRecord)  # noqa: S101 - nothing was demanded of it
    contacts.write()
    return contact


def _values(writer: RecordWriter, defaults: RecordBody) -> Properties:
    [row] = writer.read([defaults])
    if isinstance(row, RefusedRow):
        raise refusal_of(row.problems, defaults.place_of)
    return row.values


def _without_empty(values: Properties, key: str) -> Properties:
    return {name: value for name, value in values.items() if name != key or value is not None}


def _made(writer: RecordWriter, row: Row, defaults: RecordBody) -> RecordView:
    planned = writer.make(row)
    if not isinstance(planned, StoredRecord):
        raise refusal_of(planned, defaults.place_of)
    writer.write()
    return writer.view(planned)

"""Looking up what the references of rows lead to: by id, and contacts also by their address."""

from __future__ import annotations

from collections.abc import Iterable

from prismd.core.imports.references import ADDRESS_MARK, Found, Reference, references_of, with_references
from prismd.core.imports.rows import Rows
from prismd.core.keys import KeyRule
from prismd.core.schema import ObjectSchema, held_references
from prismd.services.record_keys import ensure_key
from prismd.store import properties, records
from prismd.store.postgres import Connection


def resolve_references(connection: Connection, team_id: int, schema: ObjectSchema, rows: Rows) -> Rows:
    """Return rows whose references are ids of records that exist; rows with others are refused.

    Args:
        schema: Of the rows.
        rows: Parsed rows.
    """
    targets = held_references(schema)
    wanted = references_of(rows, targets)
    if not wanted:
        return rows
    found = _look_up(connection, team_id, wanted)
    return [with_references(row, targets, found) for row in rows]


def _look_up(connection: Connection, team_id: int, wanted: set[Reference]) -> Found:
    by_address = [reference for reference in wanted if ADDRESS_MARK in reference[1]]
    by_id = sorted(wanted.difference(by_address))
    found: dict[Reference, list[str]] = {
        pair: [pair[1]] for pair in records.existing_records(connection, team_id, by_id)
    }
    if by_address:
        contacts = contacts_by_address(connection, team_id, {address for _, address in by_address})
        found |= {reference: contacts[reference[1]] for reference in by_address}
    return found


def contacts_by_address(connection: Connection, team_id: int, addresses: Iterable[str]) -> dict[str, list[str]]:
    """Return the ids of the contacts that have some e-mail addresses, compared as imports compare.

    Args:
        addresses: As somebody wrote them.
    """
    schema = properties.load_schema(connection, team_id, "contact")
    ensure_key(connection, team_id, "contact", schema.properties["email"])
    rule = KeyRule("contact", schema.properties["email"], fold_case=True)
    wanted = {address: rule.keys(address)[0] for address in addresses}
    hashes = {key_hash for address in wanted for key_hash in rule.hashes(address)}
    by_key: dict[str, list[str]] = {}
    for contact in records.records_by_key(connection, team_id, "contact", hashes):
        for key in rule.keys(contact.properties.get("email")):
            by_key.setdefault(key, []).append(contact.id)
    return {address: by_key.get(key, []) for address, key in wanted.items()}

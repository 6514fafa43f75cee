"""Find the person with an e-mail address or the company with a domain, or create it (contract, section 16.4)."""

from __future__ import annotations

from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.properties.schema import Property
from prismd.core.records.keys import KeyRule
from prismd.core.records.lookups import Defaults
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.records.references import several
from prismd.core.records.rows import RefusedRow, Row
from prismd.core.records.writes import refusal_of
from prismd.core.values.errors import found as found_value
from prismd.services.records.keys import ensure_key
from prismd.services.records.reading import records_with, the_one
from prismd.services.records.references import CONTACT, EMAIL, address_rule, all_contacts_by_address
from prismd.services.records.shown import RecordView
from prismd.services.records.writer import RecordWriter
from prismd.services.session import Transaction
from prismd.store.records.records import StoredRecord

_ADDRESSES: Final = "email_addresses"


def find_or_create_organization(transaction: Transaction, domain: str, defaults: Defaults) -> tuple[RecordView, bool]:
    """Return the organization with a primary domain, and whether this call created it.

    Args:
        transaction: The team's open transaction.
        domain: The domain to find, compared as imports compare keys.
        defaults: Further values for a new organization.

    Raises:
        PrismdError: ``multiple_matches``, or ``invalid_request`` with the path of each wrong field.
    """
    writer = RecordWriter(transaction, "organization")
    prop = writer.schema.properties["primary_domain"]
    row = _parsed(writer, defaults)
    _check_domain(prop, domain, row.values.get(prop.key), defaults)
    found = records_with(transaction, "organization", prop, domain)
    if found:
        return writer.view_of_one(the_one(found, prop.slug, domain)), False
    given = {key: value for key, value in row.values.items() if key != prop.key or value is not None}
    return _made(writer, Row({prop.key: domain, **given}), defaults), True


def find_or_create_identity(transaction: Transaction, address: str, defaults: Defaults) -> tuple[RecordView, bool]:
    """Return the person with an e-mail address, and whether this call created it; a missing contact is created too.

    Args:
        transaction: The team's open transaction.
        address: The address to find, compared as imports compare keys.
        defaults: Further values for a new person.

    Raises:
        PrismdError: ``multiple_matches``, or ``invalid_request`` with the path of each wrong field.
    """
    writer = RecordWriter(transaction, "identity")
    prop = writer.schema.properties[_ADDRESSES]
    row = _parsed(writer, defaults)
    ensure_key(transaction, CONTACT, EMAIL)
    ids = all_contacts_by_address(transaction, address_rule(transaction), [address])[address]
    found = records_with(transaction, "identity", prop, ids)
    if found:
        return writer.view_of_one(the_one(found, prop.slug, address)), False
    if len(ids) > 1:
        message = f"{several(ids, CONTACT, address)}, and none belongs to a person; link one to a person by its id"
        raise PrismdError("multiple_matches", message)
    everything = [*_own(row.values.get(_ADDRESSES)), address]
    return _made(writer, Row({**row.values, _ADDRESSES: everything}), defaults), True


def _check_domain(prop: Property, domain: str, given: object, defaults: Defaults) -> None:
    # The next request would not find an organization with another domain, and would create it again.
    rule = KeyRule("organization", prop, fold_case=True)
    if given is not None and rule.keys(given) != rule.keys(domain):
        field = f"{defaults.field}{'.default' if prop.slug in defaults.buckets['default'] else ''}.{prop.slug}"
        message = f"expected the domain of `match`, or none, found {found_value(given)}"
        raise PrismdError.invalid(field, f"{message}; a company made with another would not be found again", "const")


def _own(addresses: object) -> list[str]:
    if isinstance(addresses, ArrayChange):
        return addresses.values if addresses.operation is ArrayOperation.APPEND else []
    return addresses if isinstance(addresses, list) else []


def _parsed(writer: RecordWriter, defaults: Defaults) -> Row:
    # Check the defaults even if the record exists: a wrong request fails whatever the database holds.
    [row] = writer.parsed([defaults])
    if isinstance(row, RefusedRow):
        raise refusal_of(row.problems, defaults.path_of)
    return row


def _made(writer: RecordWriter, row: Row, defaults: Defaults) -> RecordView:
    [resolved] = writer.resolved([row])
    planned = resolved.problems if isinstance(resolved, RefusedRow) else writer.make(resolved)
    if not isinstance(planned, StoredRecord):
        raise refusal_of(planned, defaults.path_of)
    writer.write()
    return writer.view(planned)

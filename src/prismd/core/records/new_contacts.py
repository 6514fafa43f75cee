"""New contacts: each new e-mail address becomes one contact with the first write that links it (contract, 23).

A row's address is known to be new before the result of the row is known. So the address gets an id at once, but becomes
a contact only when a record refers to it: rows that are refused or change nothing create no contacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prismd.core.ids import NewId
from prismd.core.imports.options import ImportOptions
from prismd.core.imports.plan import Planner, RowResult
from prismd.core.properties.schema import ObjectSchema, held_references
from prismd.core.records.keys import KeyRule, normalised
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Properties
from prismd.core.records.references import (
    ByKey,
    Found,
    addresses_to_link,
    is_address,
    tokens_of,
    with_references,
)
from prismd.core.records.rows import RefusedRow, Row, Rows
from prismd.core.values.addresses import address_problem
from prismd.core.values.blanks import trimmed


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact created from an address.

    Args:
        id: Id of the contact.
        email: The address as the linking write spells it, without outer white space.
    """

    id: str
    email: str


class NewContacts:
    """The contacts that one transaction's writes to records of one type can create.

    Args:
        schema: The schema of the records' type.
        new_id: Returns the ids of new contacts.
    """

    def __init__(self, schema: ObjectSchema, new_id: NewId) -> None:
        self.schema = schema
        self._targets = held_references(schema)
        self._keys = {key for key, target in self._targets.items() if target == "contact"}
        self._new_id = new_id
        self._ids: dict[str, str] = {}
        self._unlinked: dict[str, str] = {}
        # By id() of a row; keeping the row ensures that no other row gets the same id().
        self._spelled: dict[int, tuple[Row, dict[str, str]]] = {}

    def __bool__(self) -> bool:
        """Return whether any address is new."""
        return bool(self._ids)

    def resolve(self, rows: Rows, found: Found, by_key: ByKey = ByKey()) -> Rows:  # noqa: B008 - it never changes
        """Return rows with references to the found records, and to new contacts for unknown addresses.

        Args:
            rows: Parsed rows.
            found: The results of the look-up.
            by_key: What the look-up by key says besides.
        """
        for address in addresses_to_link(rows, self._targets):
            if not found.get(("contact", address)):
                self._expect(address)
        if not self._ids:
            return [with_references(row, self._targets, found, by_key) for row in rows]
        # Include addresses that rows remove: another row can link the same address.
        new = {
            reference: [self._ids[folded]]
            for reference, ids in found.items()
            if not ids and is_address(token := reference[1]) and (folded := _folded(token)) in self._ids
        }
        known = {**found, **new}
        return [self._resolved(row, known, by_key) for row in rows]

    def _expect(self, address: str) -> None:
        folded, email = _folded(address), trimmed(address)
        if folded not in self._ids and address_problem(email) is None:
            self._ids[folded] = self._new_id()
            self._unlinked[self._ids[folded]] = email

    def _resolved(self, sent: Row | RefusedRow, found: Found, by_key: ByKey) -> Row | RefusedRow:
        row = with_references(sent, self._targets, found, by_key)
        if type(row) is Row and type(sent) is Row and row is not sent:
            tokens = [token for key in sent.values if key in self._keys for token in tokens_of(sent.values[key])]
            addresses = [one for one in reversed(tokens) if is_address(one)]
            spelled = {self._ids[key]: trimmed(one) for one in addresses if (key := _folded(one)) in self._ids}
            self._spelled[id(row)] = row, spelled
        return row

    def made_for(self, address: str) -> str | None:
        """Return the id of the contact that an earlier write created for an address; None if none did."""
        contact_id = self._ids.get(_folded(address))
        return None if contact_id in self._unlinked else contact_id

    def stand_in(self, row: Row | RefusedRow, sent: Row) -> None:
        """Take note that a row stands for another one, whose spelling of addresses counts."""
        if row is not sent and isinstance(row, Row) and id(sent) in self._spelled:
            self._spelled[id(row)] = row, self._spelled[id(sent)][1]

    def link(self, row: Row, after: Properties) -> list[NewContact]:
        """Return the contacts that a write creates: the new ones that no earlier record refers to.

        Args:
            row: The row that the write applies.
            after: The record's properties after the write.
        """
        if not self._unlinked:
            return []
        _, spelled = self._spelled.get(id(row), (row, {}))
        ids = [one for key in row.values if key in self._keys for one in tokens_of(after.get(key))]
        first = {one: self._unlinked.pop(one) for one in dict.fromkeys(ids) if one in self._unlinked}
        return [NewContact(one, spelled.get(one, email)) for one, email in first.items()]


def _folded(address: str) -> str:
    return normalised(address, fold_case=True)


class ContactPlanner(Planner):
    """Judges rows with new addresses, and creates a contact with the first row that links its address.

    Args:
        rule: The key rule of the import; None creates a record for every row.
        options: The options of the import.
        new_id: Returns the ids of new records.
        first_row: Index of the first row in the import.
        contacts: The contacts that the rows can create.
    """

    def __init__(
        self, rule: KeyRule | None, options: ImportOptions, new_id: NewId, first_row: int, *, contacts: NewContacts
    ) -> None:
        super().__init__(rule, options, new_id, first_row)
        self._contacts = contacts

    def _create(self, index: int, row: Row, keys: Sequence[str]) -> RowResult:
        result = super()._create(index, row, keys)
        self._link(result, row, self.plan.created[-1])
        return result

    def _match(self, index: int, row: Row, record: KnownRecord) -> RowResult:
        result = super()._match(index, row, record)
        if result.updated:
            self._link(result, row, record)
        return result

    def _link(self, result: RowResult, row: Row, record: KnownRecord) -> None:
        made = self._contacts.link(row, record.properties)
        if made:
            result.contacts = [(None if self._options.dry_run else one.id, one.email) for one in made]
            self.plan.contacts += [
                KnownRecord(one.id, 1, {"email": one.email}, result.index, made_by_import=True) for one in made
            ]

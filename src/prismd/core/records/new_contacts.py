"""The contacts that addresses make: one for each new address, made by the first write that links it (contract, 23).

An address of a row is known to be new before anybody knows what becomes of the row. So it gets its id at once, and
becomes a contact only when a record refers to it: rows that are refused, or leave what they match alone, make none.
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
from prismd.core.records.references import Found, addresses_to_link, tokens_of, with_references
from prismd.core.records.rows import RefusedRow, Row, Rows
from prismd.core.values.addresses import address_problem
from prismd.core.values.blanks import trimmed


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact that an address makes.

    Args:
        id: Of the contact.
        email: The address, as the write that links it has it, without white space at its ends.
    """

    id: str
    email: str


class NewContacts:
    """The contacts that the writes of a transaction may make to records of one type.

    Args:
        schema: Of the records that refer to them.
        new_id: Makes their ids.
    """

    def __init__(self, schema: ObjectSchema, new_id: NewId) -> None:
        self._targets = held_references(schema)
        self._keys = {key for key, target in self._targets.items() if target == "contact"}
        self._new_id = new_id
        self._ids: dict[str, str] = {}
        self._unlinked: dict[str, str] = {}
        # By the identity of a row, which is kept so that no other row ever has it.
        self._spelled: dict[int, tuple[Row, dict[str, str]]] = {}

    def __bool__(self) -> bool:
        """Return whether any address is new."""
        return bool(self._ids)

    def resolve(self, rows: Rows, found: Found) -> Rows:
        """Return rows with references to what was found, and to a new contact where an address leads nowhere.

        Args:
            rows: Parsed rows.
            found: What was looked up for them.
        """
        for address in addresses_to_link(rows, self._targets):
            if not found.get(("contact", address)):
                self._expect(address)
        if not self._ids:
            return [with_references(row, self._targets, found) for row in rows]
        # Also what rows remove: it may be what another one links.
        new = {
            reference: [self._ids[folded]]
            for reference, ids in found.items()
            if not ids and (folded := _folded(reference[1])) in self._ids
        }
        known = {**found, **new}
        return [self._resolved(row, known) for row in rows]

    def _expect(self, address: str) -> None:
        folded, email = _folded(address), trimmed(address)
        if folded not in self._ids and address_problem(email) is None:
            self._ids[folded] = self._new_id()
            self._unlinked[self._ids[folded]] = email

    def _resolved(self, sent: Row | RefusedRow, found: Found) -> Row | RefusedRow:
        row = with_references(sent, self._targets, found)
        if type(row) is Row and type(sent) is Row and row is not sent:
            tokens = [token for key in sent.values if key in self._keys for token in tokens_of(sent.values[key])]
            spelled = {self._ids[key]: trimmed(one) for one in reversed(tokens) if (key := _folded(one)) in self._ids}
            self._spelled[id(row)] = row, spelled
        return row

    def link(self, row: Row, after: Properties) -> list[NewContact]:
        """Return the contacts that a write makes: those to which no record has referred before.

        Args:
            row: What is written.
            after: The properties of the record from then on.
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
    """Judges rows that name new addresses: what links one makes the contact.

    Args:
        rule: How keys are compared; None creates every row.
        options: What the import asks for.
        new_id: Makes the ids of new records.
        first_row: Index of the first row in the import.
        contacts: Those that the rows may make.
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

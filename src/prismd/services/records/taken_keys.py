"""Key values that another record has taken while their record was deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.properties.schema import ObjectSchema
from prismd.core.records.keys import KeyRule
from prismd.core.records.merging import Properties
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.wording.quoting import quoted
from prismd.services.records.keys import ensure_key
from prismd.services.session import Transaction
from prismd.store.records import record_keys, records
from prismd.store.records.records import StoredRecord

#: Properties that always identify records: requests name contacts and people by address, companies by domain.
_NATURAL: Final[Mapping[str, tuple[str, ...]]] = {
    "contact": ("email",),
    "identity": ("email_addresses",),
    "organization": ("primary_domain",),
}


@dataclass(frozen=True, slots=True)
class _Owner:
    """A record that has a key value.

    Args:
        id: Id of the record.
        since: The earliest time at which the record can have got the value.
        until: Time of the record's deletion, if this transaction restores it; otherwise None.
    """

    id: str
    since: datetime
    until: datetime | None

    def took_from(self, record: StoredRecord) -> bool:
        """Return whether this record got the value of a deleted record while only one of the two existed.

        Args:
            record: The deleted record; its last change was the deletion.
        """
        return self.id != record.id and (
            self.since >= record.updated_at or (self.until is not None and record.created_at >= self.until)
        )


class TakenKeys:
    """Finds records that have taken a key value of a record that is to be restored.

    Upserts, find-or-create and imports refuse a value that several records have, so restoring must not create such a
    value unnoticed. A value that both records had before the deletion is no new conflict and is not reported.

    Args:
        transaction: A transaction that holds the lock of the type.
        schema: The schema of the records' type.
        deleted: The records to restore; at least one.
        budget: The limit on the bytes to read.
    """

    def __init__(
        self,
        transaction: Transaction,
        schema: ObjectSchema,
        deleted: Sequence[StoredRecord],
        budget: ReadingBudget,
    ) -> None:
        object_type = self._object_type = schema.object_type
        for slug in _NATURAL.get(object_type, ()):
            ensure_key(transaction, object_type, schema.properties[slug], tells_apart=True)
        used = record_keys.keys_in_use(transaction.connection, transaction.team_id, object_type)
        telling = (schema.properties.get(key) for key, tells_apart in used.items() if tells_apart)
        self._rules = [KeyRule(object_type, prop, fold_case=True) for prop in telling if prop is not None]
        self._owners: dict[tuple[str, str], list[_Owner]] = {}
        self._ignored: Collection[str] = ()
        hashes = {
            one for record in deleted for rule in self._rules for one in rule.hashes(record.properties.get(rule.key))
        }
        since = min(record.updated_at for record in deleted)
        wanted = {object_type: [rule.key for rule in self._rules]}
        for holder in records.holders_of_keys(
            transaction.connection, transaction.team_id, object_type, hashes, budget, wanted=wanted, since=since
        ):
            self._note(_Owner(holder.id, holder.updated_at, None), holder.properties)

    def check(self, record: StoredRecord) -> None:
        """Check that no other record has taken a key value of a deleted record.

        Raises:
            PrismdError: ``key_taken``.
        """
        for rule in self._rules:
            for key in rule.keys(record.properties.get(rule.key)):
                for owner in self._owners.get((rule.key, key), ()):
                    if owner.id not in self._ignored and owner.took_from(record):
                        raise self._taken(owner, rule, key)

    @property
    def owners(self) -> set[str]:
        """Ids of records that have a value of a deleted record."""
        return {owner.id for owners in self._owners.values() for owner in owners}

    def ignore(self, record_ids: Collection[str]) -> None:
        """Let records take no value from any other, as those that had it together with the deleted ones."""
        self._ignored = record_ids

    def restored(self, record: StoredRecord) -> None:
        """Note that a record has its values again, for checks of later records.

        Args:
            record: The record in its state while it was deleted.
        """
        self._note(_Owner(record.id, record.created_at, record.updated_at), record.properties)

    def _note(self, owner: _Owner, properties: Properties) -> None:
        for rule in self._rules:
            for key in rule.keys(properties.get(rule.key)):
                self._owners.setdefault((rule.key, key), []).append(owner)

    def _taken(self, owner: _Owner, rule: KeyRule, key: str) -> PrismdError:
        message = (
            f"the {self._object_type} {owner.id} has the {rule.slug} {quoted(key)} by now: restored, both have it,"
            " and upserts and imports by it would refuse them; change it there, or restore with allow_taken_key=true"
        )
        return PrismdError("key_taken", message)

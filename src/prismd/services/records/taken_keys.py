"""Values by which records are told apart and that others have taken while a record was deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

#: By what records of a type are meant wherever somebody is given by an address, or a company by its domain.
_NATURAL: Final[Mapping[str, tuple[str, ...]]] = {
    "contact": ("email",),
    "identity": ("email_addresses",),
    "organization": ("primary_domain",),
}


@dataclass(frozen=True, slots=True)
class _Owner:
    """A record that has a value.

    Args:
        id: Of the record.
        since: The earliest time from which on it may have it.
        until: When it was deleted, where it has just been restored.
    """

    id: str
    since: datetime
    until: datetime | None

    def took_from(self, record: StoredRecord) -> bool:
        """Return whether it got what a deleted record has while only one of them was there.

        Args:
            record: Which was last changed when it was deleted.
        """
        return self.id != record.id and (
            self.since >= record.updated_at or (self.until is not None and record.created_at >= self.until)
        )


class TakenKeys:
    """Tells which record has got a value by which another one, that is to be restored, would be found as well.

    Upserts, find-or-create and imports refuse a value that several records have, so whoever restores a record is told.
    What records shared already when one of them was deleted is nothing new, and is not told.

    Args:
        transaction: Holds the lock of the type.
        schema: Of the records.
        deleted: The records that may be restored, one at least.
        budget: For reading those that may have their values.
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
            ensure_key(
                transaction.connection, transaction.team_id, object_type, schema.properties[slug], tells_apart=True
            )
        used = record_keys.keys_in_use(transaction.connection, transaction.team_id, object_type)
        telling = (schema.properties.get(key) for key, tells_apart in used.items() if tells_apart)
        self._rules = [KeyRule(object_type, prop, fold_case=True) for prop in telling if prop is not None]
        self._owners: dict[tuple[str, str], list[_Owner]] = {}
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
        """See to it that nobody has taken a value by which a deleted record is found.

        Raises:
            PrismdError: ``key_taken``.
        """
        for rule in self._rules:
            for key in rule.keys(record.properties.get(rule.key)):
                for owner in self._owners.get((rule.key, key), ()):
                    if owner.took_from(record):
                        raise self._taken(owner, rule, key)

    def restored(self, record: StoredRecord) -> None:
        """Note that a record has its values again.

        Args:
            record: As it was while it was deleted.
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

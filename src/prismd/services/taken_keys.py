"""Values by which records are told apart and that others have taken while a record was deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.keys import KeyRule
from prismd.core.quoting import quoted
from prismd.core.schema import ObjectSchema
from prismd.services.record_keys import ensure_key
from prismd.store import record_keys, records
from prismd.store.postgres import Connection
from prismd.store.records import StoredRecord

#: By what records of a type are meant wherever somebody is given by an address, or a company by its domain.
_NATURAL: Final[Mapping[str, tuple[str, ...]]] = {
    "contact": ("email",),
    "identity": ("email_addresses",),
    "organization": ("primary_domain",),
}


class TakenKeys:
    """Tells which record has a value by which another one, that is to be restored, would be found as well.

    Upserts, find-or-create and imports refuse a value that several records have, so whoever restores a record is told.

    Args:
        connection: Inside a transaction that holds the lock of the type.
        team_id: The team.
        schema: Of the records.
        restored: The records that are to be restored.
    """

    def __init__(
        self, connection: Connection, team_id: int, schema: ObjectSchema, restored: Sequence[StoredRecord]
    ) -> None:
        object_type = self._object_type = schema.object_type
        for slug in _NATURAL.get(object_type, ()):
            ensure_key(connection, team_id, object_type, schema.properties[slug], tells_apart=True)
        used = record_keys.keys_in_use(connection, team_id, object_type)
        telling = (schema.properties.get(key) for key, tells_apart in used.items() if tells_apart)
        self._rules = [KeyRule(object_type, prop, fold_case=True) for prop in telling if prop is not None]
        self._owners: dict[tuple[str, str], str] = {}
        hashes = {
            one for record in restored for rule in self._rules for one in rule.hashes(record.properties.get(rule.key))
        }
        for holder in records.holders_of_keys(connection, team_id, object_type, hashes):
            self.take(holder.id, holder.properties)

    def check(self, record: StoredRecord) -> None:
        """See to it that nobody has a value by which a record is found.

        Raises:
            PrismdError: ``key_taken``.
        """
        for rule in self._rules:
            for key in rule.keys(record.properties.get(rule.key)):
                owner = self._owners.get((rule.key, key), record.id)
                if owner != record.id:
                    message = (
                        f"the {self._object_type} {owner} has the {rule.slug} {quoted(key)} by now: restored, "
                        "both would have it, and upserts and imports by it would refuse them; change it there, or "
                        "restore with allow_taken_key=true"
                    )
                    raise PrismdError("key_taken", message)

    def take(self, record_id: str, properties: Mapping[str, Any]) -> None:
        """Note that a record has its values now."""
        for rule in self._rules:
            for key in rule.keys(properties.get(rule.key)):
                self._owners.setdefault((rule.key, key), record_id)

"""An index of the records that rows of an import can match, by their present keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Properties


class KeyIndex:
    """Finds records by key while an import creates and changes them.

    Args:
        rule: The key rule of the import.
    """

    def __init__(self, rule: KeyRule) -> None:
        #: The key rule of the import.
        self.rule = rule
        self._stored: set[str] = set()
        self._by_key: dict[str, list[KnownRecord]] = {}

    def add_stored(self, records: Iterable[KnownRecord]) -> None:
        """Add records from the database.

        Args:
            records: The records; those added before keep the state in which earlier rows left them.
        """
        for record in records:
            if record.id not in self._stored:
                self._stored.add(record.id)
                self._add(record, record.properties)

    def add_new(self, record: KnownRecord, keys: Sequence[str]) -> None:
        """Add a new record.

        Args:
            record: The record.
            keys: The record's keys; no record in the index has one of them.
        """
        for key in keys:
            self._by_key[key] = [record]

    def having(self, keys: Sequence[str]) -> Sequence[KnownRecord]:
        """Return the records that have one of some keys, without repetition."""
        if len(keys) == 1:  # as most rows have
            return self._by_key.get(keys[0], ())
        return list({record.id: record for key in keys for record in self._by_key.get(key, ())}.values())

    def change(self, record: KnownRecord, after: Properties) -> None:
        """Give a record new values, and index it by their keys.

        Args:
            record: A record in the index.
            after: All of its new values.
        """
        before, record.properties = record.properties, after
        if before.get(self.rule.key) != after.get(self.rule.key):
            for key in self._keys(before):
                self._by_key[key].remove(record)
            self._add(record, after)

    def _add(self, record: KnownRecord, properties: Properties) -> None:
        for key in self._keys(properties):
            self._by_key.setdefault(key, []).append(record)

    def _keys(self, properties: Properties) -> Sequence[str]:
        return self.rule.keys(properties.get(self.rule.key))

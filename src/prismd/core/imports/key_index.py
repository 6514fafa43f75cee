"""The records that rows of an import can match, found by the keys that they have at that moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Properties


class KeyIndex:
    """Finds records by their keys while an import makes and changes them.

    Args:
        rule: How keys are compared.
    """

    def __init__(self, rule: KeyRule) -> None:
        #: How keys are compared.
        self.rule = rule
        self._stored: set[str] = set()
        self._by_key: dict[str, list[KnownRecord]] = {}

    def add_stored(self, records: Iterable[KnownRecord]) -> None:
        """Add records of the store.

        Args:
            records: One that was added before stays as rows have left it since.
        """
        for record in records:
            if record.id not in self._stored:
                self._stored.add(record.id)
                self._add(record, record.properties)

    def add_new(self, record: KnownRecord, keys: Sequence[str]) -> None:
        """Add a record that is made.

        Args:
            record: The record.
            keys: Its keys, which no record of the index has.
        """
        for key in keys:
            self._by_key[key] = [record]

    def having(self, keys: Sequence[str]) -> Sequence[KnownRecord]:
        """Return the records that have one of some keys, each once."""
        if len(keys) == 1:  # as most rows have
            return self._by_key.get(keys[0], ())
        return list({record.id: record for key in keys for record in self._by_key.get(key, ())}.values())

    def change(self, record: KnownRecord, after: Properties) -> None:
        """Give a record other values, and the keys of these.

        Args:
            record: A record of the index.
            after: All its values from now on.
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
